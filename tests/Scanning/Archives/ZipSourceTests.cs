using System.Buffers.Binary;
using System.Diagnostics;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Pellicle.Scanning.Archives;
using Pellicle.Scanning.Tests.Support;

namespace Pellicle.Scanning.Tests.Archives;

public class ZipSourceTests
{
    private const string PackageJson = """{"name":"a","version":"1.0.0"}""";

    private static TestZip Ordinary() => new TestZip().Add("index.js", "exports.handler = 1").Add("node_modules/a/package.json", PackageJson);

    [Fact]
    public void Entries_are_sorted_and_read_back()
    {
        var big = RandomNumberGenerator.GetBytes(300_000);
        using var source = ScanSource.FromMemory(new TestZip().Add("z", big).Add("a/b.txt", "text", store: true).ToBytes(), "t.zip");
        source.Entries.Select(e => e.Path).ShouldBe(["a/b.txt", "z"]);
        source.Read(source.Find("z")!, long.MaxValue).Content.ShouldBe(big);
        source.Read(source.Find("a/b.txt")!, long.MaxValue).Content.ShouldBe("text"u8.ToArray());
        source.Errors.ShouldBeEmpty();
    }

    [Fact]
    public void Hash_is_the_one_of_the_whole_file()
    {
        var bytes = Ordinary().ToBytes();
        TestZip.Read(bytes).Sha256.ShouldBe(Convert.ToHexStringLower(SHA256.HashData(bytes)));
    }

    [Fact]
    public void Prepended_bytes_move_everything()
    {
        byte[] bytes = [.. Encoding.ASCII.GetBytes("#!/bin/sh\nexec java -jar $0\n"), .. Ordinary().ToBytes()];
        TestZip.Read(bytes).Purls().ShouldBe(["pkg:npm/a@1.0.0"]);
    }

    [Fact]
    public void Data_descriptors_from_a_streaming_writer_are_read()
    {
        using var target = new MemoryStream();
        using (var zip = new ZipArchive(new ForwardOnly(target), ZipArchiveMode.Create))
        {
            using var entry = zip.CreateEntry("node_modules/a/package.json").Open();
            entry.Write(Encoding.UTF8.GetBytes(PackageJson));
        }

        TestZip.Read(target.ToArray()).Purls().ShouldBe(["pkg:npm/a@1.0.0"]);
    }

    [Theory]
    [InlineData("../evil", TrickKind.ParentPath)]
    [InlineData("a/../../evil", TrickKind.ParentPath)]
    [InlineData("/etc/passwd", TrickKind.AbsolutePath)]
    [InlineData("C:/windows/x", TrickKind.AbsolutePath)]
    [InlineData("..\\evil", TrickKind.ParentPath)]
    public void Names_that_leave_the_root_are_errors_and_the_rest_is_read(string name, TrickKind kind)
    {
        var contents = Ordinary().Add(name, "x").Read();
        contents.Facts.Tricks.ShouldContain(t => t.Kind == kind);
        contents.Errors.ShouldHaveSingleItem().Message.ShouldContain("unsafe name");
        contents.Purls().ShouldBe(["pkg:npm/a@1.0.0"]);
    }

    [Fact]
    public void Of_duplicate_entries_the_last_counts_as_in_extraction()
    {
        var contents = Ordinary().Add("node_modules/a/package.json", """{"name":"a","version":"6.6.6"}""").Read();
        contents.Purls().ShouldBe(["pkg:npm/a@6.6.6"]);
        contents.Facts.Tricks.ShouldHaveSingleItem().Kind.ShouldBe(TrickKind.DuplicateEntry);
    }

    [Fact]
    public void Duplicate_entries_with_different_contents_leave_the_scan_incomplete()
    {
        var contents = Ordinary().Add("node_modules/a/package.json", """{"name":"a","version":"6.6.6"}""").Add("index.js", "exports.handler = 1").Read();
        contents.Errors.ShouldHaveSingleItem().Message.ShouldBe("two entries of this name with different contents; only the last was read");
        contents.Errors[0].Path.ShouldBe("node_modules/a/package.json");
        var jar = new TestZip().Add("META-INF/MANIFEST.MF", "Manifest-Version: 1.0\n").Add("META-INF/LICENSE", "a").Add("META-INF/LICENSE", "b");
        new TestZip().Add("lib/a.jar", jar.ToBytes()).Read().Errors.ShouldBeEmpty();
        jar.Read().Errors.ShouldBeEmpty();
        jar.Add("META-INF/maven/g/a/pom.properties", "groupId=g\nartifactId=a\nversion=1\n").Add("META-INF/maven/g/a/pom.properties", "groupId=g\nartifactId=a\nversion=2\n");
        new TestZip().Add("lib/a.jar", jar.ToBytes()).Read().Errors.ShouldHaveSingleItem().Path.ShouldBe("lib/a.jar!/META-INF/maven/g/a/pom.properties");
    }

    [Fact]
    public void An_entry_that_the_directory_does_not_list_is_an_error()
    {
        var bytes = Ordinary().Add("zz.js", "exports.hidden = 1").Add("zzz.js", "exports.last = 1").ToBytes();
        Hide(bytes, "zz.js", "zzz.js").Errors.ShouldHaveSingleItem().Path.ShouldBe("node_modules/a/package.json");
        Hide(bytes, "zzz.js", null).Errors.ShouldHaveSingleItem().Path.ShouldBe("zz.js");
        Hide(bytes, "index.js", "node_modules/a/package.json").Errors.ShouldHaveSingleItem().Message.ShouldContain("the directory does not list");

        // Takes an entry out of the directory; its bytes stay.
        static TargetContents Hide(byte[] zip, string name, string? next)
        {
            var at = FindCentral(zip, name);
            var end = next is null ? zip.Length - 22 : FindCentral(zip, next);
            byte[] cut = [.. zip[..at], .. zip[end..]];
            var size = BinaryPrimitives.ReadUInt32LittleEndian(cut.AsSpan(cut.Length - 10));
            BinaryPrimitives.WriteUInt32LittleEndian(cut.AsSpan(cut.Length - 10), size - (uint)(end - at));
            return TestZip.Read(cut);
        }
    }

    [Theory]
    [InlineData(6, 1)]
    [InlineData(14, 0x55)]
    [InlineData(18, 0x55)]
    [InlineData(22, 0x55)]
    public void A_local_header_with_other_sizes_or_encryption_is_an_error(int field, byte value)
    {
        var bytes = Ordinary().ToBytes();
        bytes[FindLocal(bytes, "node_modules/a/package.json") + field] = value;
        TestZip.Read(bytes).Errors.ShouldHaveSingleItem().Message.ShouldBe("local header and directory give different sizes, checksums or encryption");
    }

    [Fact]
    public void The_end_record_is_the_one_whose_comment_ends_with_the_file()
    {
        var bytes = Ordinary().ToBytes();
        byte[] comment = [.. "PK\u0005\u0006"u8, .. new byte[30]];
        BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(bytes.Length - 2), (ushort)comment.Length);
        var contents = TestZip.Read([.. bytes, .. comment]);
        contents.Errors.ShouldBeEmpty();
        contents.Purls().ShouldBe(["pkg:npm/a@1.0.0"]);
    }

    [Theory]
    [InlineData(0x7FFF_FFFF_FFFF_FFF0)]
    [InlineData(-1L)]
    [InlineData(1L << 60)]
    public void An_entry_beyond_the_end_of_a_file_is_an_error_and_the_rest_is_read(long offset)
    {
        var path = Path.GetTempFileName();
        try
        {
            File.WriteAllBytes(path, WithOffset64(Ordinary().Add("node_modules/b/package.json", """{"name":"b","version":"1.0.0"}""").ToBytes(), "node_modules/b/package.json", offset));
            using var source = ScanSource.Open(path);
            var contents = ContentsReader.Read(source, "function");
            contents.Errors.ShouldContain(e => e.Path == "node_modules/b/package.json");
            contents.Purls().ShouldBe(["pkg:npm/a@1.0.0"]);
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public void A_file_too_large_to_read_takes_nothing_from_the_others()
    {
        var root = Directory.CreateTempSubdirectory("pellicle-dir-");
        try
        {
            foreach (var (name, length) in (ReadOnlySpan<(string, long)>)[("a", 0), ("huge", 5L << 30)])
            {
                var file = Path.Combine(Directory.CreateDirectory(Path.Combine(root.FullName, "node_modules", name)).FullName, "package.json");
                File.WriteAllText(file, PackageJson);
                if (length > 0)
                {
                    using var handle = File.OpenHandle(file, FileMode.Open, FileAccess.Write);
                    RandomAccess.SetLength(handle, length);
                }
            }

            using var source = ScanSource.Open(root.FullName);
            var contents = ContentsReader.Read(source, "function");
            contents.Purls().ShouldBe(["pkg:npm/a@1.0.0"]);
            contents.Errors.ShouldHaveSingleItem().Path.ShouldBe("node_modules/huge/package.json");
            contents.Facts.Tricks.ShouldBeEmpty();
        }
        finally
        {
            root.Delete(recursive: true);
        }
    }

    [Fact]
    public void Links_that_lead_back_to_themselves_are_errors()
    {
        var contents = Ordinary().Add("a/one", "two", mode: 0xA1FF).Add("a/two", "../a/one", mode: 0xA1FF).Add("self", "self", mode: 0xA1FF).Add("here", ".", mode: 0xA1FF).Add("a/up", "..", mode: 0xA1FF).Add("to-loop", "self", mode: 0xA1FF).Read();
        contents.Errors.Select(e => e.Path).ShouldBe(["a/one", "a/two", "self"]);
        contents.Purls().ShouldBe(["pkg:npm/a@1.0.0"]);
        contents.Facts.Tricks.ShouldBeEmpty();
    }

    [Fact]
    public void Names_that_differ_by_case_are_noticed() =>
        new TestZip().Add("App.py", "1").Add("app.py", "2").Read().Facts.Tricks.ShouldHaveSingleItem().Kind.ShouldBe(TrickKind.CaseCollision);

    [Fact]
    public void Set_uid_files_are_noticed() => new TestZip().Add("tool", "x", mode: 0x89ED).Read().Facts.Tricks.ShouldHaveSingleItem().Kind.ShouldBe(TrickKind.SetUid);

    [Theory]
    [InlineData("/etc/shadow", true)]
    [InlineData("../../outside", true)]
    [InlineData("../inside", false)]
    [InlineData("/opt/lib/x", false)]
    [InlineData("/opt/../etc/passwd", true)]
    public void Links_out_of_the_root_are_noticed(string target, bool escapes)
    {
        var tricks = new TestZip().Add("a/link", target, mode: 0xA1FF).Read().Facts.Tricks;
        tricks.Any(t => t.Kind == TrickKind.SymlinkEscape).ShouldBe(escapes);
    }

    [Fact]
    public void A_bomb_is_refused_by_its_ratio()
    {
        var contents = Ordinary().Add("node_modules/b/package.json", new byte[8 << 20]).Read();
        contents.Errors.ShouldContain(e => e.Path == "node_modules/b/package.json");
        contents.Facts.Tricks.ShouldContain(t => t.Kind == TrickKind.Bomb);
        contents.Purls().ShouldBe(["pkg:npm/a@1.0.0"]);
    }

    [Fact]
    public void Stated_sizes_are_not_believed()
    {
        // Deflate cannot hold 200 MB in a few bytes: refused before anything is allocated.
        var bytes = Ordinary().ToBytes();
        var directory = FindCentral(bytes, "node_modules/a/package.json");
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(directory + 24), 200_000_000);
        TestZip.Read(bytes).Errors.ShouldHaveSingleItem().Message.ShouldContain("200000000");
    }

    [Fact]
    public void Content_longer_than_stated_is_an_error()
    {
        var bytes = Ordinary().ToBytes();
        foreach (var field in (ReadOnlySpan<int>)[FindCentral(bytes, "node_modules/a/package.json") + 24, FindLocal(bytes, "node_modules/a/package.json") + 22])
        {
            BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(field), 5);
        }

        TestZip.Read(bytes).Errors.ShouldHaveSingleItem().Message.ShouldBe("content is longer or shorter than the directory says");
    }

    [Fact]
    public void Damaged_content_fails_its_checksum()
    {
        var bytes = Ordinary().ToBytes();
        bytes[FindCentral(bytes, "node_modules/a/package.json") + 16] ^= 0xFF;
        bytes[FindLocal(bytes, "node_modules/a/package.json") + 14] ^= 0xFF;
        TestZip.Read(bytes).Errors.ShouldHaveSingleItem().Message.ShouldBe("checksum differs; the content is damaged");
    }

    [Fact]
    public void A_local_header_with_another_name_is_an_error()
    {
        var bytes = Ordinary().ToBytes();
        bytes[bytes.AsSpan().IndexOf("node_modules/a/package.json"u8)] = (byte)'m';
        TestZip.Read(bytes).Errors.ShouldHaveSingleItem().Message.ShouldBe("local header and directory give different names");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Archives_inside_are_read_stored_or_deflated(bool store)
    {
        var inner = new TestZip().Add("META-INF/maven/g/a/pom.properties", "groupId=g\nartifactId=a\nversion=1.2\n").ToBytes();
        new TestZip().Add("lib/a.jar", inner, store: store).Read().Purls().ShouldBe(["pkg:maven/g/a@1.2"]);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void The_first_bytes_of_an_entry_are_read_alone(bool store)
    {
        var content = RandomNumberGenerator.GetBytes(200_000);
        using var source = ScanSource.FromMemory(new TestZip().Add("a.bin", content, store: store).Add("empty", "").ToBytes(), "t.zip");
        var head = new byte[8];
        source.ReadPrefix(source.Find("a.bin")!, head).ShouldBe(8);
        head.ShouldBe(content[..8]);
        source.ReadPrefix(source.Find("empty")!, head).ShouldBe(0);
    }

    [Fact]
    public void Encrypted_entries_are_errors()
    {
        var bytes = Ordinary().ToBytes();
        bytes[FindCentral(bytes, "node_modules/a/package.json") + 8] |= 1;
        var contents = TestZip.Read(bytes);
        contents.Errors.ShouldHaveSingleItem().Message.ShouldContain("encrypted");
        contents.Facts.Tricks.ShouldHaveSingleItem().Kind.ShouldBe(TrickKind.Encrypted);
    }

    [Fact]
    public void Overlapping_entries_are_noticed()
    {
        var bytes = new TestZip().Add("a", "first content", store: true).Add("b", "second content", store: true).ToBytes();
        var (a, b) = (FindCentral(bytes, "a"), FindCentral(bytes, "b"));
        bytes.AsSpan(a + 42, 4).CopyTo(bytes.AsSpan(b + 42));
        TestZip.Read(bytes).Facts.Tricks.ShouldContain(t => t.Kind == TrickKind.OverlappingEntries);
    }

    [Fact]
    public void More_entries_than_the_limit_is_an_error()
    {
        var contents = Ordinary().Read(limits: new ScanLimits { MaxEntries = 1 });
        contents.Entries.Count.ShouldBe(1);
        contents.Errors.ShouldHaveSingleItem().Message.ShouldContain("more than 1 entries");
    }

    [Fact]
    public void More_bytes_than_the_limit_is_an_error() =>
        Ordinary().Read(limits: new ScanLimits { MaxTotalBytes = 10 }).Errors.ShouldContain(e => e.Message.Contains("more than 10 bytes"));

    [Fact]
    public void A_file_larger_than_the_evidence_limit_is_an_error() =>
        Ordinary().Read(limits: new ScanLimits { MaxEvidenceBytes = 5 }).Errors.ShouldContain(e => e.Path == "node_modules/a/package.json");

    [Fact]
    public void Nesting_deeper_than_the_limit_is_an_error()
    {
        var inner = new TestZip().Add("x.txt", "x").ToBytes();
        for (var i = 0; i < 4; i++)
        {
            inner = new TestZip().Add("n.zip", inner, store: true).ToBytes();
        }

        TestZip.Read(inner, limits: new ScanLimits { MaxDepth = 3 }).Errors.ShouldHaveSingleItem().Message.ShouldContain("nested deeper than 3");
    }

    [Fact]
    public void More_nested_archives_than_the_limit_is_an_error() =>
        new TestZip().Add("a.zip", new TestZip().ToBytes()).Add("b.zip", new TestZip().ToBytes()).Read(limits: new ScanLimits { MaxNestedArchives = 1 })
            .Errors.ShouldContain(e => e.Message.Contains("more than 1 nested archives"));

    [Fact]
    public void A_broken_nested_archive_is_an_error_of_that_file()
    {
        var contents = Ordinary().Add("lib/x.jar", "not a zip").Read();
        contents.Errors.ShouldHaveSingleItem().Path.ShouldBe("lib/x.jar");
        contents.Purls().ShouldBe(["pkg:npm/a@1.0.0"]);
    }

    [Fact]
    public void Every_truncation_is_an_error_and_none_throws()
    {
        var bytes = Ordinary().ToBytes();
        for (var length = 0; length < bytes.Length; length++)
        {
            TestZip.Read(bytes[..length]).Errors.ShouldNotBeEmpty($"cut at {length}");
        }
    }

    [Fact]
    public void Any_damage_is_survived() => Check.One(
        Config.QuickThrowOnFailure.WithMaxTest(300),
        Prop.ForAll(ArbMap.Default.ArbFor<(ushort At, byte Value, ushort At2, byte Value2)>(), damage =>
        {
            var bytes = Ordinary().Add("lib/a.jar", new TestZip().Add("META-INF/MANIFEST.MF", "Manifest-Version: 1.0\n").ToBytes()).ToBytes();
            bytes[damage.At % bytes.Length] = damage.Value;
            bytes[damage.At2 % bytes.Length] = damage.Value2;
            TestZip.Read(bytes).ShouldNotBeNull();
        }));

    [Fact]
    public void A_directory_gives_the_same_packages_as_its_zip()
    {
        var root = Directory.CreateTempSubdirectory("pellicle-dir-");
        try
        {
            Directory.CreateDirectory(Path.Combine(root.FullName, "node_modules/a"));
            File.WriteAllText(Path.Combine(root.FullName, "node_modules/a/package.json"), PackageJson);
            File.CreateSymbolicLink(Path.Combine(root.FullName, "loop"), ".");
            File.CreateSymbolicLink(Path.Combine(root.FullName, "out"), "/etc");
            using var source = ScanSource.Open(root.FullName);
            var contents = ContentsReader.Read(source, "function");
            contents.Purls().ShouldBe(["pkg:npm/a@1.0.0"]);
            contents.Facts.Tricks.ShouldHaveSingleItem().Path.ShouldBe("out");
        }
        finally
        {
            root.Delete(recursive: true);
        }
    }

    [Fact]
    public void A_pipe_is_told_and_not_waited_for()
    {
        var root = Directory.CreateTempSubdirectory("pellicle-dir-");
        try
        {
            Directory.CreateDirectory(Path.Combine(root.FullName, "node_modules/a"));
            File.WriteAllText(Path.Combine(root.FullName, "node_modules/a/package.json"), PackageJson);
            var pipe = Path.Combine(root.FullName, "requirements.txt");
            using (var made = Process.Start("mkfifo", [pipe]))
            {
                made.WaitForExit();
                made.ExitCode.ShouldBe(0);
            }

            using var source = ScanSource.Open(root.FullName);
            var contents = ContentsReader.Read(source, "function");
            contents.Purls().ShouldBe(["pkg:npm/a@1.0.0"]);
            contents.Errors.ShouldHaveSingleItem().ToString().ShouldContain("requirements.txt");
            Should.Throw<InvalidDataException>(() => ScanSource.Open(pipe)).Message.ShouldContain("no ordinary file");
            Should.Throw<InvalidDataException>(() => ScanSource.Open("/dev/zero"));
        }
        finally
        {
            root.Delete(recursive: true);
        }
    }

    /// <summary>Moves an entry by a zip64 field of its directory record.</summary>
    private static byte[] WithOffset64(byte[] zip, string name, long offset)
    {
        var at = FindCentral(zip, name);
        BinaryPrimitives.WriteUInt32LittleEndian(zip.AsSpan(at + 42), uint.MaxValue);
        var extraAt = at + 46 + BinaryPrimitives.ReadUInt16LittleEndian(zip.AsSpan(at + 28));
        BinaryPrimitives.WriteUInt16LittleEndian(zip.AsSpan(at + 30), 12);
        var extra = new byte[12];
        BinaryPrimitives.WriteUInt16LittleEndian(extra, 1);
        BinaryPrimitives.WriteUInt16LittleEndian(extra.AsSpan(2), 8);
        BinaryPrimitives.WriteInt64LittleEndian(extra.AsSpan(4), offset);
        byte[] moved = [.. zip[..extraAt], .. extra, .. zip[extraAt..]];
        BinaryPrimitives.WriteUInt32LittleEndian(moved.AsSpan(moved.Length - 10), BinaryPrimitives.ReadUInt32LittleEndian(moved.AsSpan(moved.Length - 10)) + 12);
        return moved;
    }

    private static int FindLocal(byte[] zip, string name) => zip.AsSpan().IndexOf(Encoding.UTF8.GetBytes(name)) - 30;

    private static int FindCentral(byte[] zip, string name)
    {
        var bytes = Encoding.UTF8.GetBytes(name);
        for (var at = zip.Length - 46; at >= 0; at--)
        {
            if (BinaryPrimitives.ReadUInt32LittleEndian(zip.AsSpan(at)) == 0x02014b50 && zip.AsSpan(at + 46).StartsWith(bytes))
            {
                return at;
            }
        }

        throw new InvalidOperationException($"{name} is not in the zip");
    }

    /// <summary>A stream that cannot seek makes the writer use data descriptors.</summary>
    private sealed class ForwardOnly(Stream inner) : Stream
    {
        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override void Flush() => inner.Flush();

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => inner.Write(buffer, offset, count);
    }
}
