using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Pellicle.Guard.Tests.Support;

/// <summary>Raw HTTP for tests: messages as bytes, nothing tidied up.</summary>
internal static class Wire
{
    /// <summary>One whole message, or null at the end of the stream.</summary>
    internal static byte[]? ReadMessage(Stream stream, bool response)
    {
        var bytes = new List<byte>();
        while (!EndsWith(bytes, "\r\n\r\n"))
        {
            var b = stream.ReadByte();
            if (b < 0)
                return bytes.Count == 0 ? null : throw new IOException("cut in the head: " + Encoding.Latin1.GetString([.. bytes]));
            bytes.Add((byte)b);
        }
        var head = Encoding.Latin1.GetString([.. bytes]);
        if (Header(head, "transfer-encoding") == "chunked")
            ReadChunks(stream, bytes);
        else if (Header(head, "content-length") is { } length)
        {
            var body = new byte[int.Parse(length, CultureInfo.InvariantCulture)];
            stream.ReadExactly(body);
            bytes.AddRange(body);
        }
        else if (response && !head.StartsWith("HTTP/1.1 204", StringComparison.Ordinal) && !head.StartsWith("HTTP/1.1 1", StringComparison.Ordinal))
        {
            for (int b; (b = stream.ReadByte()) >= 0;)
                bytes.Add((byte)b);
        }
        return [.. bytes];
    }

    internal static string? Header(string head, string name) => head.Split("\r\n\r\n")[0].Split("\r\n").Skip(1)
        .Where(l => l.StartsWith(name + ":", StringComparison.OrdinalIgnoreCase)).Select(l => l[(name.Length + 1)..].Trim()).FirstOrDefault();

    internal static string Body(byte[] message)
    {
        var text = Encoding.UTF8.GetString(message);
        return text[(text.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4)..];
    }

    private static void ReadChunks(Stream stream, List<byte> bytes)
    {
        while (true)
        {
            var size = Convert.ToInt32(Line(stream, bytes).Split(';')[0].Trim(), 16);
            if (size == 0)
                break;
            var chunk = new byte[size + 2];
            stream.ReadExactly(chunk);
            bytes.AddRange(chunk);
        }
        while (Line(stream, bytes) != "")
        {
        }
    }

    private static string Line(Stream stream, List<byte> bytes)
    {
        var start = bytes.Count;
        while (!EndsWith(bytes, "\r\n") || bytes.Count < start + 2)
        {
            var b = stream.ReadByte();
            if (b < 0)
                throw new IOException("cut in a line");
            bytes.Add((byte)b);
        }
        return Encoding.Latin1.GetString([.. bytes.Skip(start)]).TrimEnd('\r', '\n');
    }

    private static bool EndsWith(List<byte> bytes, string end)
    {
        if (bytes.Count < end.Length)
            return false;
        for (var i = 0; i < end.Length; i++)
        {
            if (bytes[bytes.Count - end.Length + i] != end[i])
                return false;
        }
        return true;
    }
}

/// <summary>A runtime that says exactly what it is told.</summary>
internal sealed class FakeRuntime : IDisposable
{
    private readonly TcpClient _client = new() { ReceiveTimeout = 60000 };

    internal FakeRuntime(IPEndPoint proxy)
    {
        _client.Connect(proxy);
        Stream = _client.GetStream();
    }

    internal NetworkStream Stream { get; }

    internal byte[] Ask(string request) => Ask(Encoding.Latin1.GetBytes(request));

    internal byte[] Ask(byte[] request)
    {
        Stream.Write(request);
        return Receive();
    }

    internal byte[] Receive() => Wire.ReadMessage(Stream, response: true) ?? throw new IOException("closed without an answer");

    internal byte[] Next() => Ask("GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: 127.0.0.1:9001\r\nuser-AGENT: test/1\r\n\r\n");

    internal byte[] Respond(string id, string body) =>
        Ask($"POST /2018-06-01/runtime/invocation/{id}/response HTTP/1.1\r\nHost: h\r\nContent-Length: {Encoding.UTF8.GetByteCount(body)}\r\n\r\n{body}");

    internal byte[] Fail(string id, string body) =>
        Ask($"POST /2018-06-01/runtime/invocation/{id}/error HTTP/1.1\r\nHost: h\r\nContent-Length: {Encoding.UTF8.GetByteCount(body)}\r\n\r\n{body}");

    public void Dispose() => _client.Dispose();
}
