using Pellicle.Domain;
using Pellicle.Scanning.Tests.Support;
using Pellicle.Scanning.View;

namespace Pellicle.Scanning.Tests.View;

public class EffectiveViewTests
{
    private static string Metadata(string name, string version) => $"Name: {name}\nVersion: {version}\n";

    private static string PackageJson(string name, string version, string? dependency = null) =>
        $"{{\"name\":\"{name}\",\"version\":\"{version}\",\"dependencies\":{{{(dependency is null ? "" : $"\"{dependency}\":\"*\"")}}}}}";

    private static EffectiveView Build(string runtime, TestZip function, IReadOnlyList<TestZip> layers, string handler = "index.handler", params (string, string)[] environment) => EffectiveView.Build(
        function.Read(),
        [.. layers.Select((zip, i) => new LayerContents($"l{i + 1}", null, i + 1, zip.Read($"layer:l{i + 1}")))],
        new RuntimeInfo(runtime, handler, environment.ToDictionary(e => e.Item1, e => e.Item2)));

    /// <summary>One line a package: origin, name and version, and what is thought of it.</summary>
    private static string[] Lines(EffectiveView view) => [.. view.Targets.SelectMany(target => target.Packages.Select(package =>
        $"{target.Origin} {package.Name}@{package.Version} {(view.Judge(package, target.Origin) is var j && j.Effective ? "effective" : j.ShadowedBy is null ? "absent" : "shadowed by " + j.ShadowedBy.Split(' ')[0])}"))];

    [Fact]
    public void Python_function_beats_layers_and_site_packages_beat_opt_python() => Lines(Build("python3.11",
        new TestZip().Add("requests-2.0.dist-info/METADATA", Metadata("requests", "2.0")),
        [
            new TestZip().Add("python/requests-1.0.dist-info/METADATA", Metadata("requests", "1.0")).Add("python/six-1.0.dist-info/METADATA", Metadata("six", "1.0")),
            new TestZip().Add("python/lib/python3.11/site-packages/six-2.0.dist-info/METADATA", Metadata("six", "2.0")).Add("python/lib/python3.9/site-packages/six-3.0.dist-info/METADATA", Metadata("six", "3.0")),
        ])).ShouldBe([
            "function requests@2.0 effective",
            "layer:l1 requests@1.0 shadowed by function",
            "layer:l1 six@1.0 shadowed by layer:l2",
            "layer:l2 six@2.0 effective",
            "layer:l2 six@3.0 absent"]);

    [Fact]
    public void Python_in_the_same_directory_the_later_layers_files_lie_on_top() => Lines(Build("python3.11", new TestZip(),
        [
            new TestZip().Add("python/six-1.0.dist-info/METADATA", Metadata("six", "1.0")),
            new TestZip().Add("python/six-2.0.dist-info/METADATA", Metadata("six", "2.0")),
        ])).ShouldBe(["layer:l1 six@1.0 shadowed by layer:l2", "layer:l2 six@2.0 effective"]);

    [Theory]
    [InlineData("", "absent")]
    [InlineData("/opt/python", "effective")]
    public void Python_with_PYTHONPATH_set_the_layer_directories_are_not_searched(string value, string expected) => Lines(Build("python3.11", new TestZip(),
        [new TestZip().Add("python/six-1.0.dist-info/METADATA", Metadata("six", "1.0"))], "a.b", ("PYTHONPATH", value))).ShouldBe([$"layer:l1 six@1.0 {expected}"]);

    [Fact]
    public void Python_pth_lines_add_directories() => Lines(Build("python3.11",
        new TestZip().Add("extra.pth", "vendor\n").Add("vendor/six-1.0.dist-info/METADATA", Metadata("six", "1.0")).Add("other/idna-1.0.dist-info/METADATA", Metadata("idna", "1.0")), []))
        .ShouldBe(["function idna@1.0 absent", "function six@1.0 effective"]);

    [Fact]
    public void Another_language_is_not_effective_but_binaries_are()
    {
        var view = Build("python3.11", new TestZip(), [new TestZip().Add("nodejs/node_modules/a/package.json", PackageJson("a", "1.0.0"))]);
        var judgement = view.Judge(view.Targets[1].Packages[0], "layer:l1");
        (judgement.Effective, judgement.Reason).ShouldBe((false, "the function's runtime is python3.11, which does not load npm packages"));
    }

    [Fact]
    public void Node_function_beats_layer_and_the_versioned_directory_comes_first() => Lines(Build("nodejs20.x",
        new TestZip().Add("index.js", "x").Add("node_modules/a/package.json", PackageJson("a", "2.0.0")),
        [new TestZip().Add("nodejs/node_modules/a/package.json", PackageJson("a", "1.0.0")).Add("nodejs/node_modules/b/package.json", PackageJson("b", "1.0.0")).Add("nodejs/node20/node_modules/b/package.json", PackageJson("b", "2.0.0"))]))
        .ShouldBe(["function a@2.0.0 effective", "layer:l1 b@2.0.0 effective", "layer:l1 a@1.0.0 shadowed by function", "layer:l1 b@1.0.0 shadowed by layer:l1"]);

    [Fact]
    public void Node_a_layers_own_copy_still_loads_for_its_neighbours() => Lines(Build("nodejs20.x",
        new TestZip().Add("index.js", "x").Add("node_modules/a/package.json", PackageJson("a", "2.0.0")),
        [new TestZip().Add("nodejs/node_modules/a/package.json", PackageJson("a", "1.0.0")).Add("nodejs/node_modules/user/package.json", PackageJson("user", "1.0.0", "a"))]))
        .ShouldBe(["function a@2.0.0 effective", "layer:l1 a@1.0.0 effective", "layer:l1 user@1.0.0 effective"]);

    [Theory]
    [InlineData("index.mjs", null, "absent")]
    [InlineData("index.js", """{"type":"module"}""", "absent")]
    [InlineData("index.js", "{}", "effective")]
    public void Node_ES_modules_do_not_see_layers(string file, string? manifest, string expected)
    {
        var function = new TestZip().Add(file, "x");
        Lines(Build("nodejs20.x", manifest is null ? function : function.Add("package.json", manifest), [new TestZip().Add("nodejs/node_modules/a/package.json", PackageJson("a", "1.0.0"))]))
            .ShouldBe([$"layer:l1 a@1.0.0 {expected}"]);
    }

    [Fact]
    public void Java_root_then_sorted_lib_then_layer()
    {
        static byte[] Jar(string version) => new TestZip().Add("META-INF/maven/g.a/b/pom.properties", $"groupId=g.a\nartifactId=b\nversion={version}\n").ToBytes();
        Lines(Build("java21", new TestZip().Add("lib/b-2.jar", Jar("2")).Add("lib/b-1.jar", Jar("1")), [new TestZip().Add("java/lib/b-0.jar", Jar("0")).Add("elsewhere/b-3.jar", Jar("3"))]))
            .ShouldBe(["function g.a:b@1 effective", "function g.a:b@2 shadowed by function", "layer:l1 g.a:b@3 absent", "layer:l1 g.a:b@0 shadowed by function"]);
    }

    [Fact]
    public void DotNet_layers_are_not_probed()
    {
        const string deps = """{"targets":{"t":{"A/1.0.0":{"runtime":{"a.dll":{}}}}},"libraries":{"A/1.0.0":{"type":"package"}}}""";
        Lines(Build("dotnet8", new TestZip().Add("App.deps.json", deps), [new TestZip().Add("x/App.deps.json", deps)])).ShouldBe(["function A@1.0.0 effective", "layer:l1 A@1.0.0 absent"]);
    }

    [Fact]
    public void Overwritten_files_name_winner_and_loser()
    {
        var view = Build("python3.11", new TestZip(), [new TestZip().Add("bin/w", "one").Add("same", "s"), new TestZip().Add("bin/w", "two").Add("same", "s")]);
        view.Overwritten.ShouldBe([new OverwrittenFile("/opt/bin/w", "layer:l2", "layer:l1")]);
        view.Find("/opt/bin/w")!.Origin.ShouldBe("layer:l2");
    }

    [Fact]
    public void Without_a_runtime_nothing_is_ruled_out() => Lines(EffectiveView.Build(new TestZip().Add("a-1.dist-info/METADATA", Metadata("a", "1")).Read(), [], RuntimeInfo.Unknown)).ShouldBe(["function a@1 effective"]);
}
