using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace Pellicle.Runtime;

/// <summary>Runtime API client: HTTP/1.1 over one kept connection. HttpClient would cost more to start than all the rest, and its diagnostics would show our calls among the function's.</summary>
internal sealed class RuntimeApi
{
    internal const string Version = "0.1.0";
    private const string Root = "/2018-06-01/runtime";
    private const int MaxHeaderBytes = 1 << 20; // the service allows 1 MB of request line and headers
    private const int OnePacket = 16384;

    private readonly string _address;
    private readonly string _host;
    private readonly int _port;
    private Socket? _socket;
    private BufferedStream? _input;
    private bool _answerStarted;

    internal RuntimeApi(string? address)
    {
        var colon = address?.LastIndexOf(':') ?? -1;
        if (colon < 0 || !int.TryParse(address.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out _port))
        {
            throw new ArgumentException($"AWS_LAMBDA_RUNTIME_API is not host:port: `{address}`", nameof(address));
        }

        _address = address!;
        _host = address![..colon];
    }

    /// <summary>Waits without limit: the sandbox may be frozen in here.</summary>
    internal RuntimeAnswer Next()
    {
        var answer = Call("GET", "/invocation/next", "", default);
        return answer.Status == 200 ? answer : throw new IOException($"next answered {answer.Status}: {answer.Text}");
    }

    internal void RestoreNext()
    {
        var answer = Call("GET", "/restore/next", "", default);
        if (answer.Status != 200)
        {
            throw new IOException($"restore/next answered {answer.Status}: {answer.Text}");
        }
    }

    internal void Respond(string requestId, ReadOnlyMemory<byte> body) =>
        Report($"/invocation/{requestId}/response", "Content-Type: application/json\r\n", body);

    internal void Error(string requestId, Exception error) =>
        ReportError($"/invocation/{requestId}/error", $"Lambda-Runtime-Function-Error-Type: {error.GetType().Name}\r\n", error);

    internal void InitError(Exception error) => ReportError("/init/error", "", error);

    private void ReportError(string path, string headers, Exception error)
    {
        headers += "Content-Type: application/vnd.aws.lambda.error+json\r\n";
        if (ErrorReport.XRayCause(error) is { } cause)
        {
            headers += $"Lambda-Runtime-Function-XRay-Error-Cause: {cause}\r\n";
        }

        Report(path, headers, ErrorReport.ToJson(error));
    }

    private void Report(string path, string headers, ReadOnlyMemory<byte> body)
    {
        var answer = Call("POST", path, headers, body);
        if (answer.Status >= 500)
        {
            throw new IOException($"{path} answered {answer.Status}: {answer.Text}");
        }

        if (answer.Status != 202)
        {
            // 400, 403 and 413 end this invocation on the platform's side; the next one is not affected.
            Console.Error.WriteLine($"the Runtime API refused {path}: {answer.Status} {answer.Text}");
        }
    }

    private RuntimeAnswer Call(string method, string path, string headers, ReadOnlyMemory<byte> body)
    {
        var length = method == "POST" ? $"Content-Length: {body.Length}\r\n" : "";
        var head = Encoding.Latin1.GetBytes(
            $"{method} {Root}{path} HTTP/1.1\r\nHost: {_address}\r\nUser-Agent: pellicle-dotnet/{Environment.Version}-{Version}\r\n{headers}{length}\r\n");
        var reused = _socket is not null;
        try
        {
            return Exchange(head, body);
        }
        catch (Exception error) when (error is IOException or SocketException)
        {
            var stale = reused && !_answerStarted;
            Close();
            if (!stale)
            {
                throw;
            }
        }

        return Exchange(head, body); // the kept connection was closed meanwhile
    }

    private RuntimeAnswer Exchange(byte[] head, ReadOnlyMemory<byte> body)
    {
        _answerStarted = false;
        if (_socket is null)
        {
            _socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            _socket.Connect(_host, _port);
            _input = new BufferedStream(new NetworkStream(_socket), 65536);
        }

        if (body.Length <= OnePacket)
        {
            SendAll([.. head, .. body.Span]);
        }
        else
        {
            SendAll(head);
            SendAll(body.Span);
        }

        var (status, headers) = ReadHead();
        while (status < 200)
        {
            (status, headers) = ReadHead();
        }

        var answer = new RuntimeAnswer(status, headers, ReadBody(status, headers));
        if ("close".Equals(answer.Header("connection"), StringComparison.OrdinalIgnoreCase))
        {
            Close();
        }

        return answer;
    }

    private void SendAll(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            bytes = bytes[_socket!.Send(bytes)..];
        }
    }

    private (int Status, Dictionary<string, string> Headers) ReadHead()
    {
        var line = ReadLine();
        _answerStarted = true;
        if (!line.StartsWith("HTTP/1.", StringComparison.Ordinal) || line.Length < 12)
        {
            throw new InvalidDataException($"not an HTTP answer: {line[..Math.Min(line.Length, 80)]}");
        }

        var status = int.Parse(line.AsSpan(9, 3), NumberStyles.None, CultureInfo.InvariantCulture);
        var headers = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        for (line = ReadLine(); line.Length > 0; line = ReadLine())
        {
            var colon = line.IndexOf(':', StringComparison.Ordinal);
            if (colon > 0)
            {
                headers[line[..colon]] = line[(colon + 1)..].Trim();
            }
        }

        return (status, headers);
    }

    /// <summary>Header text is UTF-8: client context and identity may hold any text.</summary>
    private string ReadLine()
    {
        var line = new byte[256];
        var length = 0;
        for (var next = _input!.ReadByte(); next != '\n'; next = _input.ReadByte())
        {
            if (next < 0)
            {
                throw new EndOfStreamException("the connection was closed before the answer");
            }

            if (length == MaxHeaderBytes)
            {
                throw new InvalidDataException("a header of the answer is too long");
            }

            if (length == line.Length)
            {
                Array.Resize(ref line, length * 2);
            }

            line[length++] = (byte)next;
        }

        return Encoding.UTF8.GetString(line, 0, length > 0 && line[length - 1] == '\r' ? length - 1 : length);
    }

    private byte[] ReadBody(int status, Dictionary<string, string> headers)
    {
        if (status is 204 or 304)
        {
            return [];
        }

        if (headers.TryGetValue("transfer-encoding", out var encoding) && encoding.Equals("chunked", StringComparison.OrdinalIgnoreCase))
        {
            var all = new MemoryStream();
            for (var size = ReadChunkSize(); size > 0; size = ReadChunkSize())
            {
                all.Write(ReadExactly(size));
                ReadLine();
            }

            while (ReadLine().Length > 0)
            {
                // trailers
            }

            return all.ToArray();
        }

        if (headers.TryGetValue("content-length", out var length))
        {
            return ReadExactly(int.Parse(length, NumberStyles.None, CultureInfo.InvariantCulture));
        }

        var rest = new MemoryStream();
        _input!.CopyTo(rest);
        Close();
        return rest.ToArray();
    }

    private int ReadChunkSize() =>
        int.Parse(ReadLine().Split(';')[0].Trim(), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);

    private byte[] ReadExactly(int size)
    {
        var bytes = new byte[size];
        _input!.ReadExactly(bytes);
        return bytes;
    }

    private void Close()
    {
        _input?.Dispose();
        _socket?.Dispose();
        _input = null;
        _socket = null;
    }
}

/// <summary>What the Runtime API answered.</summary>
internal sealed record RuntimeAnswer(int Status, Dictionary<string, string> Headers, byte[] Body)
{
    internal string Text => Encoding.UTF8.GetString(Body, 0, Math.Min(Body.Length, 200));

    internal string? Header(string name) => Headers.GetValueOrDefault(name);
}
