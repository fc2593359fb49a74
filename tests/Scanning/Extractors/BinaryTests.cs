using System.Text;
using Pellicle.Domain;
using Pellicle.Scanning.Tests.Support;

namespace Pellicle.Scanning.Tests.Extractors;

public class BinaryTests
{
    private static byte[] Elf(params byte[][] parts) => [0x7F, (byte)'E', (byte)'L', (byte)'F', 2, 1, .. new byte[4200], .. parts.SelectMany(part => part)];

    private static byte[] Text(string text) => Encoding.Latin1.GetBytes(text);

    private static byte[] GoString(string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        return [(byte)((bytes.Length & 0x7F) | 0x80), (byte)(bytes.Length >> 7), .. bytes];
    }

    [Fact]
    public void Go_build_info_gives_modules_replacements_and_the_standard_library()
    {
        const string modules = "0123456789abcdefpath\tapp\nmod\tapp\t(devel)\t\ndep\tgithub.com/a/b\tv1.2.3\th1:x=\ndep\tgithub.com/old/c\tv1.0.0\n=>\tgithub.com/new/c\tv1.1.0\th1:y=\n0123456789abcdef";
        byte[] header = [0xFF, .. Text(" Go buildinf:"), 8, 2, .. new byte[16]];
        var contents = new TestZip().Add("bootstrap", Elf(header, GoString("go1.21.4"), GoString(modules)), mode: 0x81A4).Read();
        contents.Purls().ShouldBe(["pkg:golang/github.com/a/b@1.2.3", "pkg:golang/github.com/new/c@1.1.0", "pkg:golang/stdlib@1.21.4"]);
    }

    [Fact]
    public void Native_images_of_GraalVM_carry_their_components()
    {
        var image = NativeImageFile.Build("""{"bomFormat":"CycloneDX","components":[{"type":"library","purl":"pkg:maven/io.netty/netty-common@4.1.100.Final"},{"purl":"pkg:maven/g/a@1.0","components":[{"purl":"pkg:maven/g/b@2.0"}]}]}""");
        var contents = new TestZip().Add("bootstrap", image).Read();
        contents.Purls().ShouldBe(["pkg:maven/g/a@1.0", "pkg:maven/g/b@2.0", "pkg:maven/io.netty/netty-common@4.1.100.Final"]);
        contents.Packages.ShouldAllBe(package => package.Evidence == PackageEvidence.Binary);

        image[image.AsSpan().IndexOf<byte>([0x1F, 0x8B]) + 12] ^= 0xFF;
        new TestZip().Add("bootstrap", image).Read().Errors.ShouldHaveSingleItem().Message.ShouldBe("damaged list of components in a native image");
    }

    [Fact]
    public void The_magic_alone_is_no_build_info() => new TestZip().Add("tool", Elf([0xFF, .. Text(" Go buildinf:")])).Read().Packages.ShouldBeEmpty();

    [Theory]
    [InlineData("OpenSSL 1.1.1k  25 Mar 2021\0crypto/bn/bn_lib.c", "pkg:generic/openssl@1.1.1k")]
    [InlineData("OpenSSL 3.0.7 1 Nov 2022\0ssl/ssl_lib.c", "pkg:generic/openssl@3.0.7")]
    [InlineData("nginx/1.22.1\0OpenSSL 3.0.7 1 Nov 2022", "pkg:generic/nginx@1.22.1")]
    [InlineData("OpenSSH_6.6*\0OpenSSH_9.2p1", "pkg:generic/openssh@9.2p1")]
    [InlineData("v5.36.0\0/usr/local/share/perl/5.36.0\0PERL_INTERNAL_RAND_SEED", "pkg:generic/perl@5.36.0")]
    [InlineData("jq - commandline JSON processor [version %s]\u00001.6\0", "pkg:generic/jq@1.6")]
    [InlineData("-ffile-prefix-map=/build/reproducible-path/wget-1.21.3=.", "pkg:generic/wget@1.21.3")]
    [InlineData("/usr/share/cargo/registry/regex-1.7.1/src/lib.rs", "pkg:cargo/regex@1.7.1")]
    [InlineData(" deflate 1.2.11 Copyright 1995-2017", "pkg:generic/zlib@1.2.11")]
    [InlineData("FFmpeg version n4.4.1-static", "pkg:generic/ffmpeg@4.4.1")]
    [InlineData("SQLite format 3\0abc\u00003.40.1\0", "pkg:generic/sqlite@3.40.1")]
    [InlineData("\0libcurl/7.88.1\0", "pkg:generic/curl@7.88.1")]
    [InlineData("/root/.cargo/registry/src/index.crates.io-6f17d22bba15001f/serde_json-1.0.96/src/de.rs", "pkg:cargo/serde_json@1.0.96")]
    [InlineData("requires OpenSSL 1.0 or later", "")]
    public void Binaries_are_known_by_their_version_strings(string text, string purl) =>
        string.Join(' ', new TestZip().Add("bin/tool", Elf(Text("\0" + text + "\0"))).Read().Purls()).ShouldBe(purl);

    [Theory]
    [InlineData("libnghttp2.so.14", "1.52.0", "pkg:generic/nghttp2@1.52.0")]
    [InlineData("libicuuc.so.72", "72.1", "pkg:generic/icu@72.1")]
    [InlineData("libpcre2-8.so.0", "10.42 2022-12-11", "pkg:generic/pcre2@10.42")]
    [InlineData("libbz2.so.1.0", "1.0.8, 13-Jul-2019", "pkg:generic/bzip2@1.0.8")]
    [InlineData("libxml2.so.2", "20914", "pkg:generic/libxml2@2.9.14")]
    [InlineData("libacme.so.1", "1.2.3", "")]
    public void Shared_libraries_are_known_by_their_own_name(string soname, string text, string purl) =>
        string.Join(' ', new TestZip().Add("lib/renamed.so", SharedLibrary(soname, text)).Read().Purls()).ShouldBe(purl);

    /// <summary>An ELF file with one loaded segment at address 0 and a dynamic section that names it.</summary>
    private static byte[] SharedLibrary(string soname, string text)
    {
        var elf = new byte[5000];
        new byte[] { 0x7F, (byte)'E', (byte)'L', (byte)'F', 2, 1 }.CopyTo(elf, 0);
        BitConverter.TryWriteBytes(elf.AsSpan(32), 64UL);
        BitConverter.TryWriteBytes(elf.AsSpan(54), (ushort)56);
        BitConverter.TryWriteBytes(elf.AsSpan(56), (ushort)2);
        Segment(64, 1, 0, (ulong)elf.Length);
        Segment(120, 2, 400, 48);
        ulong[] dynamic = [14, 1, 5, 600, 0, 0];
        for (var i = 0; i < dynamic.Length; i++)
        {
            BitConverter.TryWriteBytes(elf.AsSpan(400 + (i * 8)), dynamic[i]);
        }

        Text(soname).CopyTo(elf, 601);
        Text(text).CopyTo(elf, 2000);
        return elf;

        void Segment(int at, uint type, ulong offset, ulong size)
        {
            BitConverter.TryWriteBytes(elf.AsSpan(at), type);
            BitConverter.TryWriteBytes(elf.AsSpan(at + 8), offset);
            BitConverter.TryWriteBytes(elf.AsSpan(at + 16), offset);
            BitConverter.TryWriteBytes(elf.AsSpan(at + 32), size);
        }
    }

    [Fact]
    public void Version_strings_across_a_window_border_are_found()
    {
        for (var shift = -30; shift < 5; shift += 7)
        {
            new TestZip().Add("t", Elf(new byte[65_536 - 4206 + shift], Text("\0OpenSSL 1.1.1k  25 Mar 2021\0crypto/bn/bn_lib.c\0"))).Read().Purls().ShouldBe(["pkg:generic/openssl@1.1.1k"]);
        }
    }
}
