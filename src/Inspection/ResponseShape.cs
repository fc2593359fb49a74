using System.Text.Json;

namespace Pellicle.Inspection;

/// <summary>What kind of answer a function gives: form, members and order of size, without values. Equal for ordinary answers of one kind; one that carries more, or much more, is another.</summary>
public static class ResponseShape
{
    /// <summary>Bodies inside an answer are read up to this size.</summary>
    private const int MaxBody = 64 * 1024;

    private const int MaxDepth = 3;

    /// <summary><c>json:0123456789abcdef:64K</c>, <c>text:1M</c>. Sizes are those that it stays below: 64 KiB, 256 KiB, 1 MiB, 6 MiB.</summary>
    public static string Of(ReadOnlySpan<byte> response)
    {
        var size = response.Length switch { <= 64 * 1024 => "64K", <= 256 * 1024 => "256K", <= 1024 * 1024 => "1M", _ => "6M" };
        var shape = new EventShape();
        try
        {
            return Read(response, shape, EventShape.Seed, 0) ? $"json:{shape}:{size}" : $"text:{size}";
        }
        catch (JsonException)
        {
            return $"text:{size}";
        }
        finally
        {
            shape.Release();
        }
    }

    /// <summary>False when it is no object or list.</summary>
    private static bool Read(ReadOnlySpan<byte> json, EventShape shape, ulong root, int rootDepth)
    {
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = 64 });
        if (!reader.Read() || reader.TokenType is not (JsonTokenType.StartObject or JsonTokenType.StartArray))
        {
            return false;
        }

        Span<(ulong Path, int Depth, bool Open, int Index)> frames = stackalloc (ulong, int, bool, int)[66];
        frames[0] = (root, rootDepth, false, reader.TokenType == JsonTokenType.StartArray ? 0 : -1);
        var top = 0;
        var name = default(ReadOnlySpan<byte>);
        while (top >= 0 && reader.Read())
        {
            switch (reader.TokenType)
            {
                case JsonTokenType.PropertyName:
                    name = reader.ValueSpan;
                    if (frames[top].Depth < MaxDepth)
                    {
                        shape.Add(frames[top].Path, frames[top].Depth, frames[top].Open, name);
                    }

                    break;
                case JsonTokenType.StartObject or JsonTokenType.StartArray:
                    if (frames[top].Index >= 0)
                    {
                        frames[top].Index++;
                    }

                    shape.Below(frames[top].Path, frames[top].Depth, frames[top].Index, frames[top].Open, name, out var path, out var depth);
                    frames[++top] = (path, Math.Min(depth, EventShape.MaxDepth), frames[top - 1].Index < 0 && EventShape.IsOpen(name), reader.TokenType == JsonTokenType.StartArray ? 0 : -1);
                    break;
                case JsonTokenType.EndObject or JsonTokenType.EndArray:
                    top--;
                    break;
                case JsonTokenType.String when top == 0 && rootDepth == 0 && name.SequenceEqual("body"u8) && reader.ValueSpan.Length is > 1 and <= MaxBody && reader.ValueSpan[0] is (byte)'{' or (byte)'[':
                    Body(ref reader, shape, frames[0].Path);
                    break;
                default:
                    break;
            }
        }

        return true;
    }

    private static void Body(ref Utf8JsonReader reader, EventShape shape, ulong path)
    {
        var plain = new byte[reader.ValueSpan.Length];
        var length = reader.CopyString(plain);
        shape.Below(path, 0, -1, false, "body"u8, out var below, out _);
        try
        {
            _ = Read(plain.AsSpan(0, length), shape, below, 1);
        }
        catch (JsonException)
        {
            // A text that only begins like a document has no members.
        }
    }
}
