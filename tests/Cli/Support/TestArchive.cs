using System.IO.Compression;
using System.Text;

namespace Pellicle.Cli.Tests.Support;

/// <summary>Zips of a few small texts; the same texts give the same bytes.</summary>
internal static class TestArchive
{
    public static byte[] Zip(string name, string text) => Zip((name, text));

    public static byte[] Zip(params (string Name, string Text)[] files)
    {
        using var stream = new MemoryStream();
        using (var archive = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach (var (name, text) in files)
            {
                var entry = archive.CreateEntry(name);
                entry.LastWriteTime = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
                using var content = entry.Open();
                content.Write(Encoding.UTF8.GetBytes(text));
            }
        }

        return stream.ToArray();
    }
}
