using System.IO.Compression;
using System.Text;
using Pellicle.Domain;
using Pellicle.Scanning.Archives;

namespace Pellicle.Scanning.Tests.Support;

/// <summary>Makes small zips in memory: real format, written by the framework's own writer.</summary>
internal sealed class TestZip
{
    private readonly List<(string Path, byte[] Content, int Mode, bool Store)> files = [];

    public TestZip Add(string path, string content, int mode = 0x81A4, bool store = false) => Add(path, Encoding.UTF8.GetBytes(content), mode, store);

    public TestZip Add(string path, byte[] content, int mode = 0x81A4, bool store = false)
    {
        files.Add((path, content, mode, store));
        return this;
    }

    public byte[] ToBytes()
    {
        using var stream = new MemoryStream();
        using (var zip = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach (var (path, content, mode, store) in files)
            {
                var entry = zip.CreateEntry(path, store ? CompressionLevel.NoCompression : CompressionLevel.SmallestSize);
                entry.ExternalAttributes = mode << 16;
                using var target = entry.Open();
                target.Write(content);
            }
        }

        return stream.ToArray();
    }

    public TargetContents Read(string origin = "function", ScanLimits? limits = null) => Read(ToBytes(), origin, limits);

    public static TargetContents Read(byte[] zip, string origin = "function", ScanLimits? limits = null)
    {
        using var source = ScanSource.FromMemory(zip, "test.zip", limits);
        return ContentsReader.Read(source, origin, limits);
    }
}

internal static class PackageText
{
    /// <summary>Short form for comparing: <c>pkg:npm/a@1 installed path</c>.</summary>
    public static string[] Lines(this TargetContents contents) => [.. contents.Packages.Select(p => $"{p.Purl} {p.Evidence} {p.Path}")];

    public static string[] Purls(this TargetContents contents) => [.. contents.Packages.Select(p => p.Purl.ToString()).Order(StringComparer.Ordinal)];

    public static Package One(this TargetContents contents, string name) => contents.Packages.Single(p => p.Name == name);
}
