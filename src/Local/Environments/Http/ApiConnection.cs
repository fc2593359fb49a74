using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace Pellicle.Local.Environments.Http;

/// <summary>The peer broke HTTP or went away in the middle of a message.</summary>
internal sealed class BrokenRequestException(string message) : Exception(message);

/// <summary>
/// One keep-alive HTTP/1.1 connection of a process in an environment. Written by hand because every invocation passes here twice, because
/// trailers and raw chunks matter, and because an environment must be able to open its port in microseconds.
/// </summary>
internal sealed class ApiConnection(Socket socket) : IDisposable
{
    private const int MaxHeaderBytes = 64 * 1024;
    private const long MaxDiscardedBytes = 64L * 1024 * 1024;

    /// <summary>What the platform's server says the length of; it has no more in its hands before it must send the head.</summary>
    internal const int LengthUpToBytes = 2048;

    private static readonly ReadOnlyMemory<byte> ChunksEnd = "\r\n0\r\n\r\n"u8.ToArray();

    private readonly Dictionary<string, string> headers = new(StringComparer.OrdinalIgnoreCase);
    private byte[] buffer = new byte[16 * 1024];
    private int start;
    private int end;
    private long remaining;
    private bool chunked;
    private bool bodyDone;
    private bool continueExpected;
    private bool readsChunks = true;

    public string Method { get; private set; } = "";

    /// <summary>Path without the query.</summary>
    public string Path { get; private set; } = "";

    /// <summary>Trailers of a chunked body, known once the body has been read to its end.</summary>
    public Dictionary<string, string> Trailers { get; } = new(StringComparer.OrdinalIgnoreCase);

    public long? ContentLength => chunked ? null : remaining;

    /// <summary>Set once an answer has been written.</summary>
    public bool Answered { get; private set; }

    private bool KeepAlive { get; set; } = true;

    public string? Header(string name) => headers.GetValueOrDefault(name);

    /// <summary>Reads the next request line and headers; false at the end of the connection.</summary>
    public async ValueTask<bool> ReadRequestAsync(CancellationToken cancellationToken)
    {
        headers.Clear();
        Trailers.Clear();
        Answered = false;
        var first = await ReadLineAsync(true, cancellationToken);
        if (first is null)
        {
            return false;
        }
        var parts = first.Split(' ');
        if (parts.Length != 3 || !parts[2].StartsWith("HTTP/1.", StringComparison.Ordinal))
        {
            throw new BrokenRequestException("malformed request line");
        }
        Method = parts[0];
        var query = parts[1].IndexOf('?', StringComparison.Ordinal);
        Path = query < 0 ? parts[1] : parts[1][..query];
        await ReadFieldsAsync(headers, cancellationToken);

        var connection = Header("Connection") ?? "";
        KeepAlive = parts[2] == "HTTP/1.1" ? !connection.Contains("close", StringComparison.OrdinalIgnoreCase) : connection.Contains("keep-alive", StringComparison.OrdinalIgnoreCase);
        readsChunks = parts[2] != "HTTP/1.0";
        chunked = Header("Transfer-Encoding")?.Contains("chunked", StringComparison.OrdinalIgnoreCase) == true;
        remaining = 0;
        if (!chunked && Header("Content-Length") is { } length && !long.TryParse(length, NumberStyles.None, CultureInfo.InvariantCulture, out remaining))
        {
            throw new BrokenRequestException("malformed content length");
        }
        bodyDone = !chunked && remaining == 0;
        continueExpected = Header("Expect")?.Contains("100-continue", StringComparison.OrdinalIgnoreCase) == true;
        return true;
    }

    /// <summary>The next piece of the body, valid until the next call; empty at its end.</summary>
    public async ValueTask<ReadOnlyMemory<byte>> ReadBodyPieceAsync(CancellationToken cancellationToken)
    {
        if (bodyDone)
        {
            return default;
        }
        if (continueExpected)
        {
            continueExpected = false;
            await SendAsync("HTTP/1.1 100 Continue\r\n\r\n"u8.ToArray(), cancellationToken);
        }
        if (chunked && remaining == 0 && !await NextChunkAsync(cancellationToken))
        {
            return default;
        }
        if (start == end && !await FillAsync(cancellationToken))
        {
            throw new BrokenRequestException("body ended early");
        }
        var size = (int)Math.Min(remaining, end - start);
        var piece = buffer.AsMemory(start, size);
        start += size;
        remaining -= size;
        if (remaining == 0)
        {
            if (!chunked)
            {
                bodyDone = true;
            }
            else
            {
                mustSkipLineEnd = true;
            }
        }
        return piece;
    }

    private bool mustSkipLineEnd;

    /// <summary>The whole body, or null when it is larger than <paramref name="limit"/> (it is then read and dropped).</summary>
    public async ValueTask<byte[]?> ReadBodyAsync(long limit, CancellationToken cancellationToken)
    {
        if (!chunked && remaining > limit)
        {
            await DiscardBodyAsync(cancellationToken);
            return null;
        }
        if (!chunked)
        {
            var exact = new byte[remaining];
            var filled = 0;
            while (!bodyDone)
            {
                if (remaining > buffer.Length && start == end && !continueExpected)
                {
                    // Large bodies go straight to their place.
                    var read = await socket.ReceiveAsync(exact.AsMemory(filled, (int)remaining), cancellationToken);
                    if (read == 0)
                    {
                        throw new BrokenRequestException("body ended early");
                    }
                    filled += read;
                    remaining -= read;
                    bodyDone = remaining == 0;
                    continue;
                }
                var piece = await ReadBodyPieceAsync(cancellationToken);
                piece.CopyTo(exact.AsMemory(filled));
                filled += piece.Length;
            }
            return exact;
        }
        var whole = new MemoryStream();
        while (await ReadBodyPieceAsync(cancellationToken) is { IsEmpty: false } piece)
        {
            if (whole.Length + piece.Length > limit)
            {
                await DiscardBodyAsync(cancellationToken);
                return null;
            }
            whole.Write(piece.Span);
        }
        return whole.ToArray();
    }

    public async ValueTask DiscardBodyAsync(CancellationToken cancellationToken)
    {
        if (continueExpected)
        {
            // The peer has not sent its body and need not.
            continueExpected = false;
            bodyDone = true;
            KeepAlive = false;
            return;
        }
        long dropped = 0;
        while (!bodyDone)
        {
            var piece = await ReadBodyPieceAsync(cancellationToken);
            if ((dropped += piece.Length) > MaxDiscardedBytes)
            {
                KeepAlive = false;
                return;
            }
        }
    }

    /// <summary>
    /// Writes an answer in as few packets as possible; false when the connection must be closed afterwards. A body of more than <see cref="LengthUpToBytes"/> goes as one chunk, as from
    /// the platform's core (a Go server that is not told the length before): clients and proxies must be tried with what they meet.
    /// </summary>
    public async ValueTask<bool> RespondAsync(int status, string contentType, ReadOnlyMemory<byte> body, IEnumerable<KeyValuePair<string, string>>? fields, CancellationToken cancellationToken)
    {
        await DiscardBodyAsync(cancellationToken);
        var inChunk = body.Length > LengthUpToBytes && readsChunks;
        var head = new StringBuilder(512).Append("HTTP/1.1 ").Append(status).Append(' ').Append(Reason(status)).Append("\r\nContent-Type: ").Append(contentType)
            .Append(inChunk ? "\r\nTransfer-Encoding: chunked\r\n" : string.Create(CultureInfo.InvariantCulture, $"\r\nContent-Length: {body.Length}\r\n"));
        foreach (var (name, value) in fields ?? [])
        {
            head.Append(name).Append(": ").Append(value.ReplaceLineEndings(" ")).Append("\r\n");
        }
        head.Append(KeepAlive ? "\r\n" : "Connection: close\r\n\r\n");
        if (inChunk)
        {
            head.Append(CultureInfo.InvariantCulture, $"{body.Length:x}\r\n");
        }
        var (before, after) = (Encoding.UTF8.GetBytes(head.ToString()), inChunk ? ChunksEnd : default);
        if (body.Length <= 32 * 1024)
        {
            var whole = new byte[before.Length + body.Length + after.Length];
            before.CopyTo(whole, 0);
            body.CopyTo(whole.AsMemory(before.Length));
            after.CopyTo(whole.AsMemory(before.Length + body.Length));
            await SendAsync(whole, cancellationToken);
        }
        else
        {
            await SendAsync(before, cancellationToken);
            await SendAsync(body, cancellationToken);
            await SendAsync(after, cancellationToken);
        }
        Answered = true;
        return KeepAlive;
    }

    public void Dispose() => socket.Dispose();

    private static string Reason(int status) => status switch
    {
        200 => "OK",
        202 => "Accepted",
        400 => "Bad Request",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        413 => "Request Entity Too Large",
        _ => "Internal Server Error",
    };

    private async ValueTask SendAsync(ReadOnlyMemory<byte> data, CancellationToken cancellationToken)
    {
        while (!data.IsEmpty)
        {
            data = data[await socket.SendAsync(data, cancellationToken)..];
        }
    }

    private async ValueTask<bool> NextChunkAsync(CancellationToken cancellationToken)
    {
        if (mustSkipLineEnd)
        {
            mustSkipLineEnd = false;
            if (await ReadLineAsync(false, cancellationToken) is not "")
            {
                throw new BrokenRequestException("malformed chunk");
            }
        }
        var line = await ReadLineAsync(false, cancellationToken) ?? throw new BrokenRequestException("body ended early");
        var digits = line.AsSpan();
        if (digits.IndexOf(';') is >= 0 and var extension)
        {
            digits = digits[..extension];
        }
        if (!long.TryParse(digits.Trim(), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out remaining) || remaining < 0)
        {
            throw new BrokenRequestException("malformed chunk size");
        }
        if (remaining > 0)
        {
            return true;
        }
        bodyDone = true;
        await ReadFieldsAsync(Trailers, cancellationToken);
        return false;
    }

    private async ValueTask ReadFieldsAsync(Dictionary<string, string> into, CancellationToken cancellationToken)
    {
        var total = 0;
        while (true)
        {
            var line = await ReadLineAsync(false, cancellationToken) ?? throw new BrokenRequestException("headers ended early");
            if (line.Length == 0)
            {
                return;
            }
            var colon = line.IndexOf(':', StringComparison.Ordinal);
            if (colon <= 0 || (total += line.Length) > 1024 * 1024)
            {
                throw new BrokenRequestException("malformed header");
            }
            into[line[..colon].TrimEnd()] = line[(colon + 1)..].Trim();
        }
    }

    private async ValueTask<string?> ReadLineAsync(bool first, CancellationToken cancellationToken)
    {
        var scanned = 0;
        while (true)
        {
            var at = buffer.AsSpan(start + scanned, end - start - scanned).IndexOf((byte)'\n');
            if (at >= 0)
            {
                var length = scanned + at;
                var line = Encoding.UTF8.GetString(buffer, start, length > 0 && buffer[start + length - 1] == '\r' ? length - 1 : length);
                start += length + 1;
                return line;
            }
            scanned = end - start;
            if (scanned >= MaxHeaderBytes)
            {
                throw new BrokenRequestException("line too long");
            }
            if (!await FillAsync(cancellationToken))
            {
                return first && scanned == 0 ? null : throw new BrokenRequestException("connection ended early");
            }
        }
    }

    private async ValueTask<bool> FillAsync(CancellationToken cancellationToken)
    {
        if (start == end)
        {
            start = end = 0;
        }
        else if (end == buffer.Length)
        {
            if (start == 0)
            {
                Array.Resize(ref buffer, buffer.Length * 2);
            }
            else
            {
                Buffer.BlockCopy(buffer, start, buffer, 0, end - start);
                (start, end) = (0, end - start);
            }
        }
        var read = await socket.ReceiveAsync(buffer.AsMemory(end), cancellationToken);
        end += read;
        return read > 0;
    }
}
