using System.Buffers.Binary;
using System.Text;
using System.Reflection;
using System.Reflection.Emit;
using Pellicle.Domain;
using Pellicle.Scanning.Extractors.DotNet;
using Pellicle.Scanning.Tests.Support;

namespace Pellicle.Scanning.Tests.Extractors;

public class DotNetTests
{
    private const string Deps = """
        {"targets":{".NETCoreApp,Version=v8.0":{"App/1.0.0":{"runtime":{"App.dll":{}}},"Newtonsoft.Json/12.0.1":{"runtime":{"lib/Newtonsoft.Json.dll":{}}},"Analyzer/1.0.0":{}}},
         "libraries":{"App/1.0.0":{"type":"project"},"Newtonsoft.Json/12.0.1":{"type":"package"},"Analyzer/1.0.0":{"type":"package"}}}
        """;

    [Fact]
    public void Deps_json_gives_what_has_files() => new TestZip().Add("App.deps.json", Deps).Read().Lines().ShouldBe(["pkg:nuget/Newtonsoft.Json@12.0.1 Installed App.deps.json"]);

    [Fact]
    public void Lock_and_config_declare()
    {
        new TestZip().Add("packages.lock.json", """{"version":1,"dependencies":{"net8.0":{"Dapper":{"type":"Direct","resolved":"2.0.0"},"lib":{"type":"Project"}}}}""").Read().Purls().ShouldBe(["pkg:nuget/Dapper@2.0.0"]);
        new TestZip().Add("packages.config", "<packages><package id=\"Dapper\" version=\"2.0.0\" /></packages>").Read().Purls().ShouldBe(["pkg:nuget/Dapper@2.0.0"]);
    }

    [Theory]
    [InlineData("1.2.3+abcdef", "1.2.3")]
    [InlineData("2.1.0-rtm-30799", "2.1.0")]
    [InlineData("10.0.111-servicing.26373.116", "10.0.111")]
    [InlineData("2.10.0-master-24b67c6", "2.10.0")]
    [InlineData("2.0.8.0-.NET", "2.0.8")]
    [InlineData("1.16.0.4ab8c0", "1.16.0")]
    [InlineData("6.8.0.11012235604.824068adaeb7", "6.8.0")]
    [InlineData("4.6.26515.06 @BuiltBy: x", "4.6.26515.06")]
    [InlineData("3.0.0-preview.2", "3.0.0-preview.2")]
    [InlineData("4.5.3.3", "4.5.3.3")]
    [InlineData("2.3.260-e1e721aa558791e96d65bbd2a7dcfd05a8668caa", "2.3.260")]
    [InlineData("1.0.0-dev+54ab5aef", "1.0.0")]
    [InlineData("built by hand", null)]
    public void What_build_servers_add_to_a_version_is_cut(string text, string? version) => AssemblyPackages.Clean(text).ShouldBe(version);

    [Theory]
    [InlineData("System.Text.Encodings.Web", "4.6.26515.06", "4.6.26515.06", "4.0.3.0", "4.5.0")]
    [InlineData("System.Text.Json", "3.1.4", "4.700.20.21406", "4.0.1.2", "4.7.2")]
    [InlineData("System.Text.Json", "8.0.10", "8.0.1024.46610", "8.0.0.5", "8.0.5")]
    [InlineData("System.Drawing.Common", "4.6.26919.02", "4.6.26919.02", "4.0.0.1", null)]
    [InlineData("Microsoft.Extensions.Options", "6.0.0", "6.0.21.52210", "6.0.0.0", "6.0.0")]
    [InlineData("System.IO.Packaging", "8.0.10", "8.0.1024.46610", "8.0.0.0", "8.0.1")]
    [InlineData("Microsoft.Extensions.Options", "8.0.10", "8.0.1024.46611", "8.0.0.0", null)]
    [InlineData("Microsoft.Extensions.Options", "9.0.10", "9.0.1025.47515", "9.0.0.0", "9.0.10")]
    [InlineData("System.Linq.Async", "7.0.1", "7.0.1.1234", "7.0.0.0", "7.0.1")]
    [InlineData("System.Drawing.Common", "3.1.0", "4.700.19.56404", "4.0.2.0", "4.7.0")]
    [InlineData("Newtonsoft.Json", "13.0.3", "13.0.3.27908", "13.0.0.0", "13.0.3")]
    public void Assemblies_that_a_runtime_numbered_get_their_packages_version(string name, string version, string file, string assembly, string? expected) =>
        AssemblyPackages.Version(new AssemblyIdentity(name, version, file, Version.Parse(assembly))).ShouldBe(expected);

    [Fact]
    public void Assemblies_speak_where_deps_json_is_missing()
    {
        var dll = File.ReadAllBytes(typeof(ShouldlyConfiguration).Assembly.Location);
        new TestZip().Add("Shouldly.dll", dll).Read().Lines().ShouldBe(["pkg:nuget/Shouldly@4.2.1 Binary Shouldly.dll"]);
        new TestZip().Add("Shouldly.dll", dll).Add("App.deps.json", Deps).Read().Purls().ShouldBe(["pkg:nuget/Newtonsoft.Json@12.0.1"]);
    }

    [Theory]
    [InlineData("1.0.0+0123456789abcdef0123456789abcdef01234567", "1.0.0.0", "pkg:nuget/Acme")]
    [InlineData("1.0.0-dev+0123456789abcdef0123456789abcdef01234567", "1.0.0.0", "pkg:nuget/Acme@1.0.0")]
    [InlineData("1.0.0", "3.2.0.0", "pkg:nuget/Acme@3.2.0")]
    public void What_the_SDK_writes_where_nobody_set_a_version_is_none(string informational, string file, string purl)
    {
        var name = new AssemblyName("Acme") { Version = new Version(1, 0, 0, 0) };
        var assembly = new PersistedAssemblyBuilder(name, typeof(object).Assembly, [Attribute<AssemblyInformationalVersionAttribute>(informational), Attribute<AssemblyFileVersionAttribute>(file)]);
        assembly.DefineDynamicModule("Acme");
        using var content = new MemoryStream();
        assembly.Save(content);
        new TestZip().Add("Acme.dll", content.ToArray()).Read().Purls().ShouldBe([purl]);
    }

    private static CustomAttributeBuilder Attribute<T>(string value) => new(typeof(T).GetConstructor([typeof(string)])!, [value]);

    [Fact]
    public void The_program_itself_is_no_package()
    {
        var dll = File.ReadAllBytes(typeof(ShouldlyConfiguration).Assembly.Location);
        new TestZip().Add("App.dll", dll).Add("App.runtimeconfig.json", "{}").Read().Packages.ShouldBeEmpty();
    }

    [Fact]
    public void A_packed_in_runtime_is_one_package()
    {
        var library = File.ReadAllBytes(typeof(object).Assembly.Location);
        var contents = new TestZip().Add("System.Private.CoreLib.dll", library).Add("System.Linq.dll", File.ReadAllBytes(typeof(Enumerable).Assembly.Location)).Read();
        contents.Packages.ShouldHaveSingleItem().Name.ShouldBe("Microsoft.NETCore.App.Runtime.linux-x64");
    }

    [Fact]
    public void Damaged_assemblies_are_errors()
    {
        var dll = File.ReadAllBytes(typeof(ShouldlyConfiguration).Assembly.Location);
        dll.AsSpan(dll.Length / 2).Fill(0xAB);
        var contents = new TestZip().Add("Bad.dll", dll).Add("node_modules/a/package.json", """{"name":"a","version":"1"}""").Read();
        contents.Packages.ShouldContain(p => p.Name == "a");
    }

    [Fact]
    public void A_single_file_bundle_is_read_through_its_manifest()
    {
        byte[] marker = Convert.FromHexString("8b1202b96a612038727b930214d7a03213f5b9e6efae3318ee3b2dce24b36aae");
        var deps = Encoding.UTF8.GetBytes(Deps);
        var host = new byte[8192];
        "\u007fELF"u8.CopyTo(host);
        marker.CopyTo(host, 1008);
        using var manifest = new MemoryStream();
        using (var writer = new BinaryWriter(manifest, Encoding.UTF8, leaveOpen: true))
        {
            writer.Write(6u);
            writer.Write(0u);
            writer.Write(1);
            writer.Write("bundle-id");
            writer.Write((long)host.Length);
            writer.Write((long)deps.Length);
        }

        BinaryPrimitives.WriteInt64LittleEndian(host.AsSpan(1000), host.Length + deps.Length);
        new TestZip().Add("bootstrap", (byte[])[.. host, .. deps, .. manifest.ToArray()]).Read().Lines().ShouldBe(["pkg:nuget/Newtonsoft.Json@12.0.1 Installed bootstrap"]);
    }

    [Fact]
    public void Project_files_declare_plain_versions()
    {
        const string project = """
            <Project Sdk="Microsoft.NET.Sdk"><ItemGroup>
              <PackageReference Include="A" Version="1.0.0" />
              <PackageReference Include="B"><Version>2.0.0</Version></PackageReference>
              <PackageReference Include="C" Version="[3.0.0]"></PackageReference>
              <PackageReference Include="Floating" Version="4.*" /><PackageReference Include="Range" Version="[1.0,2.0)" /><PackageReference Include="Property" Version="$(V)" /><PackageReference Include="Central" />
              <PackageReference Include="Analyzer" Version="1.0.0" PrivateAssets="all" /><PackageReference Include="Builder" Version="1.0.0"><PrivateAssets>all</PrivateAssets></PackageReference>
            </ItemGroup></Project>
            """;
        new TestZip().Add("fn.csproj", project).Add("Directory.Packages.props", "<Project><ItemGroup><PackageVersion Include=\"D\" Version=\"4.0.0\" /></ItemGroup></Project>").Add("bad.fsproj", "<Project>").Read()
            .Lines().ShouldBe(["pkg:nuget/A@1.0.0 Declared fn.csproj", "pkg:nuget/B@2.0.0 Declared fn.csproj", "pkg:nuget/C@3.0.0 Declared fn.csproj", "pkg:nuget/D@4.0.0 Declared Directory.Packages.props"], ignoreOrder: true);
    }
}
