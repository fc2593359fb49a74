using System.Buffers.Binary;
using System.Text;
using Pellicle.Domain;
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

    [Fact]
    public void Assemblies_speak_where_deps_json_is_missing()
    {
        var dll = File.ReadAllBytes(typeof(ShouldlyConfiguration).Assembly.Location);
        new TestZip().Add("Shouldly.dll", dll).Read().Lines().ShouldBe(["pkg:nuget/Shouldly@4.2.1 Binary Shouldly.dll"]);
        new TestZip().Add("Shouldly.dll", dll).Add("App.deps.json", Deps).Read().Purls().ShouldBe(["pkg:nuget/Newtonsoft.Json@12.0.1"]);
    }

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
}
