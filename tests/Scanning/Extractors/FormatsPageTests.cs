using System.Text.RegularExpressions;
using Pellicle.Scanning.Extractors;

namespace Pellicle.Scanning.Tests.Extractors;

/// <summary><c>docs/formats.md</c> lists what ships, and its example files are really taken.</summary>
public sealed partial class FormatsPageTests
{
    [Fact]
    public void The_page_names_every_extractor_and_no_other() =>
        Rows().Select(row => row.Name).Order(StringComparer.Ordinal).ShouldBe(
            AllExtractors.Create().Select(e => e.Name).Concat(AllExtractors.CreateTree().Select(e => e.Name)).Concat(AllExtractors.CreateBinary().Select(e => e.Name)).Order(StringComparer.Ordinal));

    [Fact]
    public void Every_example_file_is_taken_by_its_extractor()
    {
        var extractors = AllExtractors.Create().ToDictionary(e => e.Name);
        foreach (var (name, files) in Rows().Where(row => extractors.ContainsKey(row.Name)))
        {
            files.ShouldNotBeEmpty(name);
            files.Where(file => !extractors[name].IsRequired(new ScanPath(file))).ShouldBeEmpty(name);
        }
    }

    private static IEnumerable<(string Name, string[] Files)> Rows() => File.ReadLines(PagePath())
        .Select(line => Row().Match(line)).Where(match => match.Success)
        .Select(match => (match.Groups[1].Value, Code().Matches(match.Groups[2].Value).Select(m => m.Groups[1].Value).ToArray()));

    private static string PagePath()
    {
        for (var directory = new DirectoryInfo(AppContext.BaseDirectory); directory is not null; directory = directory.Parent)
        {
            if (File.Exists(Path.Combine(directory.FullName, "docs", "formats.md")))
            {
                return Path.Combine(directory.FullName, "docs", "formats.md");
            }
        }

        throw new FileNotFoundException("docs/formats.md");
    }

    [GeneratedRegex(@"^\| ([a-z]+/[a-z-]+) \| ([^|]+) \|")]
    private static partial Regex Row();

    [GeneratedRegex("`([^`]+)`")]
    private static partial Regex Code();
}
