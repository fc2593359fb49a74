using Pellicle.Domain;
using Pellicle.Scanning.Tests.Support;

namespace Pellicle.Scanning.Tests.Extractors;

public class NodeTests
{
    [Theory]
    [InlineData("node_modules/a/package.json", true)]
    [InlineData("nodejs/node_modules/@s/a/package.json", true)]
    [InlineData("node_modules/b/node_modules/a/package.json", true)]
    [InlineData("node_modules/.pnpm/a@1.0.0/node_modules/a/package.json", true)]
    [InlineData("node_modules/test/node_modules/a/package.json", true)]
    [InlineData("package.json", false)]
    [InlineData("node_modules/b/dist/package.json", false)]
    [InlineData("node_modules/b/test/fixtures/node_modules/a/package.json", false)]
    [InlineData("node_modules/@s/package.json", false)]
    public void Only_installed_packages_count(string path, bool counts) =>
        new TestZip().Add(path, """{"name":"a","version":"1.0.0","license":"MIT"}""").Read().Packages.Count.ShouldBe(counts ? 1 : 0);

    [Fact]
    public void Licence_forms_are_read()
    {
        var contents = new TestZip().Add("node_modules/a/package.json", """{"name":"a","version":"1","licenses":[{"type":"MIT"},{"type":"BSD"}],"dependencies":{"b":"^1"}}""").Read();
        contents.One("a").License.ShouldBe("MIT OR BSD");
        contents.Facts.Dependencies.Values.ShouldHaveSingleItem().ShouldBe(["b"]);
    }

    [Fact]
    public void Binary_bun_locks_give_what_comes_from_the_registry()
    {
        var content = BunLockFile.Build(("corpus", 0, 0, 0, "", 1), ("ws", 8, 5, 0, "", 2), ("@middy/core", 4, 4, 0, "", 2), ("a-folder-of-mine", 0, 0, 0, "", 4), ("next", 14, 0, 0, "canary.1234", 2));
        string.Join(' ', new TestZip().Add("bun.lockb", content).Read().Purls()).ShouldBe("pkg:npm/%40middy/core@4.4.0 pkg:npm/next@14.0.0-canary.1234 pkg:npm/ws@8.5.0");
        new TestZip().Add("bun.lockb", content[..^40]).Read().Errors.ShouldHaveSingleItem().Message.ShouldBe("not a whole bun lock file of format 2");
    }

    public static TheoryData<string, string, string> Locks => new()
    {
        { "package-lock.json", """{"lockfileVersion":1,"dependencies":{"a":{"version":"1.0.0","dependencies":{"b":{"version":"2.0.0"}}},"d":{"version":"1.0.0","dev":true},"g":{"version":"git+ssh://x"},"al":{"version":"npm:real@3.0.0"}}}""", "pkg:npm/a@1.0.0 pkg:npm/b@2.0.0 pkg:npm/real@3.0.0" },
        { "package-lock.json", """{"lockfileVersion":3,"packages":{"":{"name":"app","version":"0.0.1"},"node_modules/@s/a":{"version":"1.0.0"},"node_modules/x/node_modules/b":{"version":"2.0.0"},"node_modules/d":{"version":"1.0.0","dev":true},"node_modules/l":{"link":true}}}""", "pkg:npm/%40s/a@1.0.0 pkg:npm/b@2.0.0" },
        { "yarn.lock", "# yarn lockfile v1\n\n\"@s/a@^1.0.0\", \"@s/a@~1\":\n  version \"1.0.0\"\n  resolved \"x\"\n  dependencies:\n    b \"^2\"\n\nb@^2:\n  version \"2.0.0\"\n", "pkg:npm/%40s/a@1.0.0 pkg:npm/b@2.0.0" },
        { "yarn.lock", "__metadata:\n  version: 8\n\n\"a@npm:^1.0.0\":\n  version: 1.0.0\n  resolution: \"a@npm:1.0.0\"\n\n\"app@workspace:.\":\n  version: 0.0.0-use.local\n", "pkg:npm/a@1.0.0" },
        { "pnpm-lock.yaml", "lockfileVersion: '9.0'\nimporters:\n  .:\n    dependencies:\n      a: {specifier: ^1, version: 1.0.0}\npackages:\n  '@s/a@1.0.0':\n    resolution: {integrity: sha512-x}\n    engines: {node: '>=1'}\n  b@2.0.0(c@1.0.0):\n    cpu: [x64]\n    resolution: {integrity: y}\nsnapshots:\n  z@9.0.0: {}\n", "pkg:npm/%40s/a@1.0.0 pkg:npm/b@2.0.0" },
        { "pnpm-lock.yaml", "lockfileVersion: 5.4\npackages:\n  /@s/a/1.0.0:\n    dev: false\n  /b/2.0.0_c@1.0.0:\n    dev: false\n", "pkg:npm/%40s/a@1.0.0 pkg:npm/b@2.0.0" },
        { "bun.lock", "{\n  \"lockfileVersion\": 1, // text\n  \"packages\": {\n    \"a\": [\"a@1.0.0\", \"\", {}, \"sha512-x\"],\n    \"@s/b\": [\"@s/b@2.0.0\", \"\"],\n  }\n}", "pkg:npm/%40s/b@2.0.0 pkg:npm/a@1.0.0" },
    };

    [Theory]
    [MemberData(nameof(Locks))]
    public void Lock_files_declare(string path, string content, string purls)
    {
        var contents = new TestZip().Add(path, content).Read();
        contents.Errors.ShouldBeEmpty();
        string.Join(' ', contents.Purls()).ShouldBe(purls);
        contents.Packages.ShouldAllBe(p => p.Evidence == PackageEvidence.Declared);
    }
}
