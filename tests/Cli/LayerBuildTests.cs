using System.Formats.Tar;
using System.IO.Compression;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Pellicle.Aws;
using Pellicle.Cli.Layers;
using Pellicle.Cli.Tests.Support;
using Pellicle.Scanning.Pipeline;

namespace Pellicle.Cli.Tests;

/// <summary>Content of a repaired layer, made by npm, pip and dotnet themselves from registries of this test; Maven's file is raised, and run where its plugins are.</summary>
public sealed class LayerBuildTests : IDisposable
{
    private readonly string _data = Directory.CreateTempSubdirectory("pellicle-build-tests-").FullName;
    private readonly List<string> _said = [];

    public void Dispose() => Directory.Delete(_data, recursive: true);

    [Fact]
    public async Task Npm_raises_what_is_asked_for_and_what_comes_along()
    {
        using var registry = new Registry();
        registry.Add("direct", "1.0.0", """{"transitive":"1.0.0"}""");
        registry.Add("direct", "1.2.0", """{"transitive":"1.0.0"}""");
        registry.Add("transitive", "1.0.0", "{}");
        registry.Add("transitive", "1.0.1", "{}");
        Write("package.json", """{"name":"shared","version":"1.0.0","dependencies":{"direct":"1.0.0"}}""");
        Write(".npmrc", $"registry={registry.Address}\n//127.0.0.1/:_authToken=secret\ncache={_data}/npm-cache\n");
        var layer = await BuildAsync([Proposal("npm", "direct", "1.0.0", "1.2.0"), Proposal("npm", "transitive", "1.0.0", "1.0.1")]);
        Versions(layer).ShouldBe(["npm direct 1.2.0 nodejs/node_modules/direct/package.json", "npm transitive 1.0.1 nodejs/node_modules/transitive/package.json"]);
        Directory.EnumerateFiles(layer, ".npmrc", SearchOption.AllDirectories).ShouldBeEmpty();
    }

    [Fact]
    public async Task Pip_raises_pins_and_names_what_came_along()
    {
        var wheels = Directory.CreateDirectory(Path.Combine(_data, "wheels")).FullName;
        foreach (var (name, version, requires) in new[] { ("direct_one", "1.0", "transitive"), ("direct_one", "1.5", "transitive"), ("transitive", "2.0", ""), ("transitive", "2.1", "") })
        {
            await File.WriteAllBytesAsync(Path.Combine(wheels, $"{name}-{version}-py3-none-any.whl"), Wheel(name, version, requires));
        }

        Write("requirements.txt", $"--no-index\n--find-links {wheels}\ndirect-one==1.0\n");
        var layer = await BuildAsync([Proposal("PyPI", "direct-one", "1.0", "1.5"), Proposal("PyPI", "transitive", "2.0", "2.1")]);
        Versions(layer).ShouldBe(["PyPI direct-one 1.5 python/direct_one-1.5.dist-info/METADATA", "PyPI transitive 2.1 python/transitive-2.1.dist-info/METADATA"]);
    }

    [Fact]
    public async Task Pip_takes_packages_of_the_layers_own_python_and_processor()
    {
        var wheels = Directory.CreateDirectory(Path.Combine(_data, "wheels")).FullName;
        foreach (var tag in new[] { "cp39-cp39-manylinux2014_aarch64", "cp313-cp313-manylinux2014_aarch64", "cp313-cp313-manylinux2014_x86_64" })
        {
            await File.WriteAllBytesAsync(Path.Combine(wheels, $"native-1.0-{tag}.whl"), Wheel("native", "1.0", "", tag));
        }

        Write("requirements.txt", $"--no-index\n--find-links {wheels}\nnative==1.0\n");
        var layer = await BuildAsync([], new LayerVersionDetail { CompatibleRuntimes = ["python3.13"], CompatibleArchitectures = ["arm64"] });
        File.ReadAllText(Path.Combine(layer, "python", "native", "__init__.py")).ShouldContain("cp313-cp313-manylinux2014_aarch64");
    }

    [Fact]
    public async Task Dotnet_publishes_with_raised_packages_where_the_old_assemblies_lay()
    {
        var feed = Directory.CreateDirectory(Path.Combine(_data, "feed")).FullName;
        foreach (var version in new[] { "1.0.0", "1.0.1" })
        {
            await File.WriteAllBytesAsync(Path.Combine(feed, $"Pellicle.Made.Up.{version}.nupkg"), Package("Pellicle.Made.Up", version));
        }

        Write("shared.csproj", """<Project Sdk="Microsoft.NET.Sdk"><PropertyGroup><TargetFramework>net10.0</TargetFramework><RestorePackagesWithLockFile>true</RestorePackagesWithLockFile></PropertyGroup><ItemGroup><PackageReference Include="Pellicle.Made.Up" Version="1.0.0" /></ItemGroup></Project>""");
        Write("NuGet.config", $"""<configuration><config><add key="globalPackagesFolder" value="{_data}/packages" /></config><packageSources><clear /><add key="own" value="{feed}" /></packageSources><auditSources><clear /></auditSources></configuration>""");
        var old = new ScanTarget { Kind = "layer", Name = "shared", Status = ScanStatus.Succeeded, Packages = [new ScannedPackage { Purl = "pkg:nuget/Pellicle.Made.Up@1.0.0", Ecosystem = "NuGet", Name = "Pellicle.Made.Up", Version = "1.0.0", Origin = "layer:shared", Path = "lib/shared/shared.deps.json", Evidence = Domain.PackageEvidence.Installed }] };
        var layer = await BuildAsync([Proposal("NuGet", "pellicle.made.up", "1.0.0", "1.0.1")], old: old);
        File.Exists(Path.Combine(layer, "lib", "shared", "Pellicle.Made.Up.dll")).ShouldBeTrue();
        Versions(layer).ShouldBe(["NuGet Pellicle.Made.Up 1.0.1 lib/shared/shared.deps.json"]);
        File.ReadAllText(Path.Combine(Source, "shared.csproj")).ShouldContain("1.0.0", Case.Sensitive, "the project itself is not changed");
    }

    [Fact]
    public void Versions_of_a_project_are_raised_where_they_stand()
    {
        Write("a.csproj", """<Project><ItemGroup><PackageReference Include="Central" /><PackageReference Include="Own" VersionOverride="1.0" /></ItemGroup></Project>""");
        Write("Directory.Packages.props", """<Project><ItemGroup><PackageVersion Include="Central" Version="1.0" /></ItemGroup></Project>""");
        DotnetBuild.Raise(Path.Combine(Source, "a.csproj"), Path.Combine(Source, "Directory.Packages.props"), [Proposal("NuGet", "central", "1.0", "1.1"), Proposal("NuGet", "Own", "1.0", "1.2"), Proposal("NuGet", "Along", "1.0", "1.3")]);
        File.ReadAllText(Path.Combine(Source, "a.csproj")).ShouldSatisfyAllConditions(t => t.ShouldContain("""Include="Own" VersionOverride="1.2" """.Trim()), t => t.ShouldContain("""Include="Along" """.Trim()));
        File.ReadAllText(Path.Combine(Source, "Directory.Packages.props")).ShouldSatisfyAllConditions(t => t.ShouldContain("""Include="Central" Version="1.1" """.Trim()), t => t.ShouldContain("""Include="Along" Version="1.3" """.Trim()));
    }

    [Theory]
    [InlineData("""<project xmlns="http://maven.apache.org/POM/4.0.0"><dependencies><dependency><groupId>g</groupId><artifactId>a</artifactId><version>1</version></dependency></dependencies></project>""", "<version>2</version>")]
    [InlineData("<project><properties><v>1</v></properties><dependencies><dependency><groupId>g</groupId><artifactId>a</artifactId><version>${v}</version></dependency></dependencies></project>", "<v>2</v>")]
    [InlineData("<project><dependencies><dependency><groupId>other</groupId><artifactId>a</artifactId><version>1</version></dependency></dependencies></project>", "<dependencyManagement>")]
    public void Versions_of_a_pom_are_raised_where_they_stand(string pom, string expected)
    {
        Write("pom.xml", pom);
        MavenBuild.Raise(Path.Combine(Source, "pom.xml"), [Proposal("Maven", "g:a", "1", "2")]);
        File.ReadAllText(Path.Combine(Source, "pom.xml")).ShouldContain(expected);
    }

    [Fact]
    public async Task What_cannot_be_built_is_refused_with_the_way_there()
    {
        Write("poetry.lock", "");
        (await Should.ThrowAsync<CliException>(() => BuildAsync([]))).Hint.ShouldContain("poetry export");
        File.Move(Path.Combine(Source, "poetry.lock"), Path.Combine(Source, "build.gradle"));
        (await Should.ThrowAsync<CliException>(() => BuildAsync([]))).Hint.ShouldContain("--content");
        (await Should.ThrowAsync<CliException>(() => new BuildTool(_said.Add).RunAsync("no-such-tool", [], _data, default))).Message.ShouldBe("`no-such-tool` is not installed");
        (await Should.ThrowAsync<CliException>(() => new BuildTool(_said.Add).RunAsync("sh", ["-c", "echo reason >&2; exit 1"], _data, default))).Message.ShouldContain("reason");
    }

    private string Source => Path.Combine(_data, "source");

    private Task<string> BuildAsync(IReadOnlyList<FixProposal> proposals, LayerVersionDetail? layer = null, ScanTarget? old = null) =>
        LayerBuild.RunAsync(Source, layer, old, proposals, Directory.CreateDirectory(Path.Combine(_data, "work")).FullName, _said.Add, default);

    private void Write(string name, string text)
    {
        Directory.CreateDirectory(Source);
        File.WriteAllText(Path.Combine(Source, name), text);
    }

    private static FixProposal Proposal(string ecosystem, string package, string version, string to) => new(ecosystem, package, version, to, ["SIM-1"], []);

    /// <summary>What the scanner finds installed in what was built.</summary>
    private static List<string> Versions(string layer)
    {
        var zip = Path.Combine(Path.GetDirectoryName(layer)!, "built.zip");
        File.WriteAllBytes(zip, Zips.Load(layer));
        var target = Scanner.Scan(new ScanRequest { MatchAdvisories = false, Targets = [new TargetRequest { Kind = "layer", Name = "built", Source = ContentSource.File(zip) }] }).Targets[0];
        target.Errors.ShouldBeEmpty();
        return [.. target.Packages.Where(p => p.Evidence == Domain.PackageEvidence.Installed).Select(p => $"{p.Ecosystem} {p.Name} {p.Version} {p.Path}").Distinct()];
    }

    private static byte[] Wheel(string name, string version, string requires, string tag = "py3-none-any") => TestArchive.Zip(
        ($"{name}/__init__.py", $"tag = '{tag}'\n"),
        ($"{name}-{version}.dist-info/METADATA", $"Metadata-Version: 2.1\nName: {name.Replace('_', '-')}\nVersion: {version}\n{(requires.Length > 0 ? $"Requires-Dist: {requires}\n" : "")}"),
        ($"{name}-{version}.dist-info/WHEEL", $"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: {tag}\n"),
        ($"{name}-{version}.dist-info/RECORD", ""));

    private static byte[] Package(string id, string version)
    {
        using var stream = new MemoryStream();
        using (var archive = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true))
        {
            using (var entry = archive.CreateEntry($"{id}.nuspec").Open())
            {
                entry.Write(Encoding.UTF8.GetBytes($"""<package><metadata><id>{id}</id><version>{version}</version><authors>t</authors><description>d</description></metadata></package>"""));
            }

            // Any assembly will do: the name of the file is what counts here.
            archive.CreateEntryFromFile(typeof(FixProposal).Assembly.Location, $"lib/netstandard2.0/{id}.dll");
        }

        return stream.ToArray();
    }

    /// <summary>An npm registry of a few packages.</summary>
    private sealed class Registry : IDisposable
    {
        private readonly HttpListener _listener;
        private readonly Dictionary<string, SortedDictionary<string, (string Manifest, byte[] Tarball)>> _packages = new(StringComparer.Ordinal);

        public Registry()
        {
            _listener = Loopback.Listen(out var address);
            Address = address;
            _ = ServeAsync();
        }

        public string Address { get; }

        public void Add(string name, string version, string dependencies)
        {
            var manifest = $$"""{"name":"{{name}}","version":"{{version}}","dependencies":{{dependencies}}}""";
            using var stream = new MemoryStream();
            using (var gzip = new GZipStream(stream, CompressionLevel.Fastest, leaveOpen: true))
            using (var tar = new TarWriter(gzip))
            {
                tar.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, "package/package.json") { DataStream = new MemoryStream(Encoding.UTF8.GetBytes(manifest)) });
            }

            (_packages.TryGetValue(name, out var versions) ? versions : _packages[name] = new(StringComparer.Ordinal))[version] = (manifest, stream.ToArray());
        }

        public void Dispose() => _listener.Close();

        private async Task ServeAsync()
        {
            while (_listener.IsListening)
            {
                try
                {
                    var context = await _listener.GetContextAsync();
                    var bytes = Answer(context.Request.Url!.AbsolutePath.Trim('/'));
                    context.Response.StatusCode = bytes is null ? 404 : 200;
                    await context.Response.OutputStream.WriteAsync(bytes ?? []);
                    context.Response.Close();
                }
                catch (Exception exception) when (exception is HttpListenerException or ObjectDisposedException)
                {
                    return;
                }
            }
        }

        private byte[]? Answer(string path)
        {
            if (path.Split("/-/") is [var name, var file])
            {
                return _packages[name][file[(name.Length + 1)..^4]].Tarball;
            }

            if (!_packages.TryGetValue(path, out var versions))
            {
                return null;
            }

            var all = new JsonObject();
            foreach (var (version, (manifest, tarball)) in versions)
            {
                var entry = JsonNode.Parse(manifest)!.AsObject();
                entry["dist"] = new JsonObject { ["tarball"] = $"{Address}{path}/-/{path}-{version}.tgz", ["integrity"] = $"sha512-{Convert.ToBase64String(SHA512.HashData(tarball))}" };
                all[version] = entry;
            }

            return JsonSerializer.SerializeToUtf8Bytes(new JsonObject { ["name"] = path, ["dist-tags"] = new JsonObject { ["latest"] = versions.Keys.Last() }, ["versions"] = all });
        }
    }
}
