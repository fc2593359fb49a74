using System.Text;

namespace Pellicle.Scanning.Tests.Support;

/// <summary>A binary bun lock as bun 1.1 writes it: only names and resolutions filled in.</summary>
internal static class BunLockFile
{
    public static byte[] Build(params (string Name, int Major, int Minor, int Patch, string Label, byte Kind)[] packages)
    {
        using var texts = new MemoryStream();
        using var stream = new MemoryStream();
        using var writer = new BinaryWriter(stream);
        writer.Write("#!/usr/bin/env bun\nbun-lockfile-format-v0\n"u8);
        writer.Write(2);
        writer.Write(new byte[32]);
        var size = stream.Position;
        writer.Write(0L);
        writer.Write((long)packages.Length);
        writer.Write(8L);
        writer.Write(8L);
        var begin = stream.Position + 16;
        writer.Write(begin);
        writer.Write(begin + (packages.Length * 100L));
        foreach (var package in packages)
        {
            writer.Write(Text(package.Name, texts));
        }

        writer.Write(new byte[packages.Length * 8]);
        foreach (var (_, major, minor, patch, label, kind) in packages)
        {
            writer.Write((long)kind);
            writer.Write(Text("https://example.invalid/a.tgz", texts));
            writer.Write(major);
            writer.Write(minor);
            writer.Write(patch);
            writer.Write(0);
            writer.Write(Text(label, texts));
            writer.Write(new byte[24]);
        }

        writer.Write(new byte[packages.Length * 20]);
        for (var i = 0; i < 6; i++)
        {
            var content = i == 5 ? texts.ToArray() : [1, 2, 3];
            var prefix = "\n<u8> 1 sizeof, 1 alignof\n"u8;
            var start = stream.Position + 16 + prefix.Length;
            writer.Write(start);
            writer.Write(start + content.Length);
            writer.Write(prefix);
            writer.Write(content);
        }

        stream.Position = size;
        writer.Write(stream.Length);
        return stream.ToArray();
    }

    private static byte[] Text(string text, MemoryStream texts)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        var place = new byte[8];
        if (bytes.Length <= 8)
        {
            bytes.CopyTo(place, 0);
            return place;
        }

        BitConverter.TryWriteBytes(place, (uint)texts.Position);
        BitConverter.TryWriteBytes(place.AsSpan(4), (uint)bytes.Length | 0x8000_0000);
        texts.Write(bytes);
        return place;
    }
}
