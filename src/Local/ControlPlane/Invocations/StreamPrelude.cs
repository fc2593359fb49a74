using System.Text.Json;
using System.Text.Json.Nodes;

namespace Pellicle.Local.ControlPlane.Invocations;

/// <summary>
/// Takes the JSON head off a streamed HTTP answer: a JSON object, eight zero bytes, then the body. The seam does not tell the
/// content type before the end, so a stream that begins otherwise, or grows past the limit without the zeros, is all body.
/// </summary>
internal sealed class StreamPrelude
{
    /// <summary>Longest head that is waited for.</summary>
    internal const int MaxBytes = 64 * 1024;

    private static readonly byte[] End = new byte[8];

    private readonly MemoryStream _held = new();
    private bool _passed;

    /// <summary>What was held back and never decided.</summary>
    public ReadOnlyMemory<byte> Held => _passed ? default : _held.GetBuffer().AsMemory(0, (int)_held.Length);

    /// <summary>False while the head is incomplete; then nothing can be sent yet.</summary>
    public bool Accept(ReadOnlyMemory<byte> chunk, out JsonObject? head, out ReadOnlyMemory<byte> body)
    {
        (head, body) = (null, chunk);
        if (_passed || chunk.IsEmpty)
            return _passed;
        _held.Write(chunk.Span);
        var bytes = _held.GetBuffer().AsMemory(0, (int)_held.Length);
        var end = bytes.Span.IndexOf(End);
        if (end < 0 && bytes.Span[0] == '{' && bytes.Length <= MaxBytes)
            return false;

        _passed = true;
        body = bytes;
        if (end > 0 && TryParse(bytes[..end], out head))
            body = bytes[(end + End.Length)..];
        return true;
    }

    private static bool TryParse(ReadOnlyMemory<byte> bytes, out JsonObject? head)
    {
        try
        {
            head = JsonNode.Parse(bytes.Span) as JsonObject;
        }
        catch (JsonException)
        {
            head = null;
        }

        return head is not null;
    }
}
