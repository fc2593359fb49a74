using System.Formats.Tar;
using System.IO.Compression;

namespace Pellicle.Protection.Tests;

/// <summary>What goes into the layers, on directories made for the test; that they run is shown end to end.</summary>
public sealed class CustomRuntimeTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("pellicle-layers-").FullName;

    public CustomRuntimeTests()
    {
        foreach (var file in new[] { "guard/linux-x64/guard", "native/x86_64/libpellicle.so", "native/x86_64/wrapper", "probes/node/probe.js", "probes/dotnet/Pellicle.Probe.dll", "runtimes/python/bootstrap", "runtimes/python/.stamp", "runtimes/dotnet/bootstrap" })
        {
            Write("artifacts/" + file, "content of " + file);
        }
    }

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public void Everything_of_an_interpreter_lies_in_one_place_below_opt_with_the_guard_beside_it()
    {
        Write("python/bin/python3.12", "program", executable: true);
        Write("python/lib/python3.12/os.py", "import sys");
        File.CreateSymbolicLink(Path.Combine(_root, "python/bin/python3"), "python3.12");
        File.CreateSymbolicLink(Path.Combine(_root, "python/bin/nowhere"), "absent");
        var built = Build("python", "python");
        using var zip = new ZipArchive(new MemoryStream(built.Zip));
        var names = zip.Entries.Select(e => e.FullName).ToList();
        names.ShouldBe(["bootstrap", "extensions/pellicle", "pellicle/dotnet/Pellicle.Probe.dll", "pellicle/native/libpellicle.so", "pellicle/node/probe.js", "pellicle/runtime/bootstrap",
            "pellicle/runtime/lang/bin/python3", "pellicle/runtime/lang/bin/python3.12", "pellicle/runtime/lang/lib/python3.12/os.py", "pellicle/version", "pellicle/wrapper"]);
        (zip.GetEntry("pellicle/runtime/lang/bin/python3")!.ExternalAttributes >> 16 & 0b001_001_001).ShouldBe(0b001_001_001);
        using var start = new StreamReader(zip.GetEntry("bootstrap")!.Open());
        start.ReadToEnd().ShouldContain("AWS_LAMBDA_EXEC_WRAPPER=/opt/pellicle/wrapper");
        built.UnzippedBytes.ShouldBe(zip.Entries.Sum(e => e.Length));
        built.Notes.ShouldContain(n => n.Contains("250 MB"));
    }

    [Fact]
    public void The_SDK_of_NET_stays_out_and_a_system_without_ICU_is_told_to_NET()
    {
        Write("net/dotnet", "program", executable: true);
        Write("net/shared/Microsoft.NETCore.App/10.0.0/System.Private.CoreLib.dll", "code");
        Write("net/sdk/10.0.100/big.dll", "code");
        using var zip = new ZipArchive(new MemoryStream(Build("dotnet", "net").Zip));
        zip.Entries.ShouldNotContain(e => e.FullName.Contains("sdk"));
        zip.GetEntry("pellicle/runtime/lang/bin/dotnet").ShouldNotBeNull();
        using var start = new StreamReader(zip.GetEntry("bootstrap")!.Open());
        start.ReadToEnd().ShouldContain("GLOBALIZATION_INVARIANT");
    }

    [Theory]
    [InlineData("python", "bin/python3")]
    [InlineData("node", "bin/node")]
    [InlineData("java", "lib/modules")]
    [InlineData("dotnet", "shared/Microsoft.NETCore.App")]
    public void A_directory_that_is_no_interpreter_is_refused_by_what_it_lacks(string language, string missing)
    {
        Directory.CreateDirectory(Path.Combine(_root, "empty"));
        Write("artifacts/runtimes/node/bootstrap", "x");
        Write("artifacts/runtimes/java/bootstrap", "x");
        Should.Throw<FileNotFoundException>(() => Build(language, "empty")).Message.ShouldContain(missing);
        Should.Throw<FileNotFoundException>(() => Build(language, "absent")).Message.ShouldContain("no directory");
    }

    [Fact]
    public void More_than_Lambda_allows_is_refused_by_what_takes_the_room()
    {
        Write("big/bin/python3.12", "program");
        Write("big/lib/python3.12/os.py", "");
        using (var huge = File.Create(Path.Combine(_root, "big/lib/python3.12/huge")))
        {
            huge.SetLength(CustomRuntimeLayer.MaxUnzippedBytes); // a hole, no bytes on disk
        }

        Should.Throw<InvalidDataException>(() => Build("python", "big")).Message.ShouldContain("lib/python3.12 250 MB");
    }

    [Fact]
    public void A_newer_C_library_than_the_runtime_has_is_said()
    {
        Write("node/bin/node", "\u007fELF GLIBC_2.17\0GLIBC_2.38\0GLIBC_2.4\0");
        Write("artifacts/runtimes/node/bootstrap", "x");
        Build("node", "node").Notes.ShouldContain(n => n.Contains("2.38") && n.Contains("2.34"));
        Write("node/bin/node", "\u007fELF GLIBC_2.28\0");
        Build("node", "node").Notes.ShouldContain(n => n.Contains("provided.al2 (2.26) is too old"));
    }

    [Fact]
    public void Images_get_the_same_files_in_one_archive()
    {
        var first = ImageFiles.Build(Path.Combine(_root, "artifacts"), "x86_64", null, "key", "1.0");
        first.ShouldBe(ImageFiles.Build(Path.Combine(_root, "artifacts"), "x86_64", null, "key", "1.0"));
        using var tar = new TarReader(new MemoryStream(first));
        var entries = new List<(string, UnixFileMode)>();
        while (tar.GetNextEntry() is { } entry)
        {
            entries.Add((entry.Name, entry.Mode));
        }

        entries.Select(e => e.Item1).ShouldBe(["opt/", "opt/extensions/", "opt/pellicle/", "opt/pellicle/dotnet/", "opt/pellicle/native/", "opt/pellicle/node/", "opt/extensions/pellicle", "opt/pellicle/dotnet/Pellicle.Probe.dll",
            "opt/pellicle/native/libpellicle.so", "opt/pellicle/node/probe.js", "opt/pellicle/policy.pub", "opt/pellicle/version", "opt/pellicle/wrapper"]);
        entries.First(e => e.Item1 == "opt/extensions/pellicle").Item2.HasFlag(UnixFileMode.OtherExecute).ShouldBeTrue();
        ImageFiles.Dockerfile("a.tar").ShouldContain("ADD a.tar /");
    }

    private CustomRuntimeBuild Build(string language, string interpreter) =>
        CustomRuntimeLayer.Build(Path.Combine(_root, "artifacts"), "x86_64", new CustomRuntime(language, Path.Combine(_root, interpreter)), null, null, "1.0");

    private void Write(string path, string text, bool executable = false)
    {
        var full = Path.Combine(_root, path);
        Directory.CreateDirectory(Path.GetDirectoryName(full)!);
        File.WriteAllText(full, text);
        File.SetUnixFileMode(full, (UnixFileMode)(executable ? 0b111_101_101 : 0b110_100_100));
    }
}
