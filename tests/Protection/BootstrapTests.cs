using System.IO.Compression;
using System.Text;

namespace Pellicle.Protection.Tests;

public sealed class BootstrapTests
{
    [Theory]
    [InlineData("#!/bin/sh\necho", Bootstrap.Script)]
    [InlineData("no program", Bootstrap.Unknown)]
    [InlineData("", Bootstrap.Unknown)]
    [InlineData("\u007fELF cut short", Bootstrap.Unknown)]
    public void What_a_bootstrap_is_shows_in_its_first_bytes(string text, Bootstrap expected)
    {
        using var package = Package(("bootstrap", Encoding.Latin1.GetBytes(text)));
        Bootstraps.Of(package).ShouldBe(expected);
    }

    [Fact]
    public void Programs_of_this_machine_are_told_apart()
    {
        using var dynamic = Package(("bootstrap", File.ReadAllBytes("/bin/sh")));
        Bootstraps.Of(dynamic).ShouldBe(Bootstrap.Dynamic);
        // The loader itself is a program without an interpreter, as a static one is.
        var loader = File.ResolveLinkTarget("/lib64/ld-linux-x86-64.so.2", returnFinalTarget: true)?.FullName ?? "/lib64/ld-linux-x86-64.so.2";
        using var alone = Package(("bootstrap", File.ReadAllBytes(loader)));
        Bootstraps.Of(alone).ShouldBe(Bootstrap.Static);
        // Our library needs glibc; another C library's loader would refuse to start the program.
        var musl = File.ReadAllBytes("/bin/sh");
        var at = musl.AsSpan().IndexOf("/lib64/ld-linux"u8);
        "/lib/ld-musl-x86"u8[..15].CopyTo(musl.AsSpan(at));
        using var other = Package(("bootstrap", musl));
        Bootstraps.Of(other).ShouldBe(Bootstrap.Static);
    }

    [Fact]
    public void A_package_without_bootstrap_gets_it_from_a_layer()
    {
        using var package = Package(("index.py", [1]));
        Bootstraps.Of(package).ShouldBe(Bootstrap.None);
        Should.Throw<InvalidDataException>(() => PackageInstrumentation.Instrument(package, Stream.Null)).Message.ShouldContain("no `bootstrap`");
    }

    [Fact]
    public void Any_bytes_are_judged_without_a_fault()
    {
        var program = File.ReadAllBytes("/bin/sh");
        for (var seed = 0; seed < 2000; seed++)
        {
            var random = new Random(seed);
            var bytes = program[..Math.Min(program.Length, 4096)];
            for (var i = random.Next(1, 40); i > 0; i--)
            {
                bytes[random.Next(4, 512)] = (byte)random.Next(256);
            }

            Enum.IsDefined(Bootstraps.Of(bytes.AsSpan(0, random.Next(bytes.Length)))).ShouldBeTrue();
        }
    }

    [Fact]
    public void Instrumentation_keeps_the_program_and_every_other_file_and_is_done_once()
    {
        byte[] program = [0x7f, (byte)'E', (byte)'L', (byte)'F', .. Enumerable.Repeat((byte)0, 100)];
        using var package = Package(("bootstrap", program), ("data/a.txt", "text"u8.ToArray()));
        using var made = new MemoryStream();
        PackageInstrumentation.Instrument(package, made).ShouldBeTrue();
        using (var zip = new ZipArchive(made, ZipArchiveMode.Read, leaveOpen: true))
        {
            zip.Entries.Select(e => e.FullName).ShouldBe(["bootstrap.original", "data/a.txt", "bootstrap"]);
            Content(zip, "bootstrap.original").ShouldBe(program);
            Content(zip, "data/a.txt").ShouldBe("text"u8.ToArray());
            Encoding.ASCII.GetString(Content(zip, "bootstrap")).ShouldStartWith("#!/bin/sh\n");
            (zip.GetEntry("bootstrap")!.ExternalAttributes >> 16 & 0b111_111_111).ShouldBe(0b111_101_101);
        }

        Bootstraps.Of(made).ShouldBe(Bootstrap.Instrumented);
        PackageInstrumentation.Instrument(made, Stream.Null).ShouldBeFalse();
    }

    private static byte[] Content(ZipArchive zip, string name)
    {
        using var stream = zip.GetEntry(name)!.Open();
        using var all = new MemoryStream();
        stream.CopyTo(all);
        return all.ToArray();
    }

    private static MemoryStream Package(params (string Name, byte[] Content)[] files) => new(LayerPackage.Zip(files.Select(f => new ZipFileEntry(f.Name, f.Content, 0b111_101_101))));
}
