using System.Text;
using Pellicle.Domain;
using Pellicle.Scanning.Extractors;
using Pellicle.Scanning.Tests.Support;

namespace Pellicle.Scanning.Tests.Extractors;

public class ExtractorTests
{
    [Fact]
    public void Every_extractor_is_registered()
    {
        Registered<IExtractor>(AllExtractors.Create());
        Registered<ITreeExtractor>(AllExtractors.CreateTree());
        Registered<IBinaryExtractor>(AllExtractors.CreateBinary());

        static void Registered<T>(IReadOnlyList<T> list)
        {
            var shipped = typeof(T).Assembly.GetTypes().Where(type => type is { IsClass: true, IsAbstract: false } && type.IsAssignableTo(typeof(T)));
            list.Select(e => e!.GetType().FullName).Order().ShouldBe(shipped.Select(type => type.FullName).Order());
        }
    }

    [Fact]
    public void Names_are_unique()
    {
        string[] names = [.. AllExtractors.Create().Select(e => e.Name), .. AllExtractors.CreateTree().Select(e => e.Name), .. AllExtractors.CreateBinary().Select(e => e.Name)];
        names.Distinct().Count().ShouldBe(names.Length);
    }

    public static TheoryData<string> HostileTexts => ["", "{", "[]", "null", "\0\0\0", "\uD800", new string('[', 5000), new string('{', 5000), string.Concat(Enumerable.Repeat("{\"a\":", 3000)), "<a><b>", "name: \nversion: \n", "a==\n==b\n", "[[package]]\nname =\nversion\n", "- [", "&a [*a]"];

    [Theory]
    [MemberData(nameof(HostileTexts))]
    public void No_extractor_throws_or_varies_on_hostile_content(string text)
    {
        using var source = Scanning.Archives.ScanSource.FromMemory(new TestZip().ToBytes(), "t.zip");
        var tree = new ScanTree(source, "", ScanLimits.Default, new InflateBudget(1 << 20), (_, _) => { });
        foreach (var extractor in AllExtractors.Create())
        {
            var file = new ScanFile(tree, new ScanPath("a/b.dist-info/x"), Encoding.UTF8.GetBytes(text));
            var first = extractor.Extract(file);
            extractor.Extract(file).Packages.ShouldBe(first.Packages, ignoreOrder: false, extractor.Name);
        }

        foreach (var extractor in AllExtractors.CreateBinary())
        {
            extractor.Extract(new ScanFile(tree, new ScanPath("bootstrap"), [0x7F, (byte)'E', (byte)'L', (byte)'F', .. Encoding.UTF8.GetBytes(text)])).Packages.ShouldBeEmpty(extractor.Name);
        }
    }

    [Theory]
    [InlineData("poetry.lock", "[[package]]\nname = \"a\"\nversion = \"1.0\"\n[[pack", "not valid TOML; what stands there was not read")]
    [InlineData("Cargo.lock", "[[package]]\nname = \"a\"\nversion = \"1.0", "not valid TOML; what stands there was not read")]
    [InlineData("go.mod", "module m\nrequire (\n\texample.com/a v1.0.0\n", "ends inside a block of `require`")]
    [InlineData("yarn.lock", "\0\0\0\0", "holds bytes that are no text; nothing was read from it")]
    [InlineData("requirements.txt", "a\0b", "holds bytes that are no text; nothing was read from it")]
    public void A_lock_that_was_cut_or_overwritten_is_an_error_of_that_file(string path, string content, string message)
    {
        var error = new TestZip().Add(path, content).Read().Errors.ShouldHaveSingleItem();
        error.Path.ShouldBe(path);
        error.Message.ShouldBe(message);
    }
}
