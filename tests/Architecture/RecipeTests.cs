namespace Pellicle.Architecture.Tests;

/// <summary>Code in CONTRIBUTING is compiled code.</summary>
public sealed class RecipeTests
{
    [Fact]
    public void Code_in_CONTRIBUTING_is_the_file_it_names()
    {
        var root = ReferenceTests.Root;
        var text = File.ReadAllText(Path.Combine(root, "CONTRIBUTING.md"));
        var blocks = text.Split("```csharp\n").Skip(1).Select(b => b.Split("```")[0]).ToList();
        blocks.Count.ShouldBeGreaterThan(1);
        foreach (var block in blocks)
        {
            var (first, rest) = (block.Split('\n')[0], block[(block.IndexOf('\n') + 1)..]);
            rest.ShouldBe(File.ReadAllText(Path.Combine(root, first[3..])), first);
        }
    }
}
