using System.Globalization;
using System.Net;
using System.Text;
using Pellicle.Guard.Native;
using static Pellicle.Guard.Native.Libc;

namespace Pellicle.Guard.RuntimeApi;

/// <summary>
/// One client connection and its own upstream connection, served by one thread: an exchange is strictly request, then answer.
/// Bytes go through as they came; the head is only read.
/// </summary>
internal sealed unsafe class Connection(int client, IPEndPoint upstreamAddress, IGate gate)
{
    /// <summary>Largest event that is buffered for inspection: the platform's 6 MiB + 100 bytes, with room for growth.</summary>
    internal const int MaxEventBytes = 16 * 1024 * 1024;

    /// <summary>Largest response held back for a check: the platform's limit for a buffered response.</summary>
    internal const int MaxHeldBytes = 6_291_556;

    private const int ConnectTimeoutMs = 5000;

    /// <summary>How often one question is asked when the platform hangs up without a word.</summary>
    private const int MaxQuestions = 3;
    private static readonly byte[] PollingRefused = Refusal("403 Forbidden", "Pellicle.SecondPoller", "only the runtime of this environment may ask for events");
    private static readonly byte[] AnswerRefused = Refusal("400 Bad Request", "InvalidRequestID", "Invalid request ID");
    private static readonly byte[] CredentialsRefused = Refusal("404 Not Found", "Pellicle.Credentials", "cannot get credentials for the provided token");
    private static readonly byte[] BadRequest = Refusal("400 Bad Request", "InvalidRequestFormat", "not an HTTP/1.1 request");

    /// <summary>What a long body is read by.</summary>
    private const int PieceBytes = 128 * 1024;

    /// <summary>What follows the last chunk of an event, as a rule.</summary>
    private const int ChunkEndBytes = 32;

    private readonly ByteBuffer _fromClient = new();
    private readonly Lock _ending = new();
    private readonly ByteBuffer _fromUpstream = new();

    /// <summary>Puts an event together that came in several chunks.</summary>
    private ByteBuffer? _pieces;
    private int _upstream = -1;
    private bool _upstreamWasReused;
    private bool _bodyAbandoned;
    private bool _restoring;
    private int _asked;

    /// <summary>Why the last connection upstream could not be made (errno), or 0.</summary>
    private int _unreachable;

    /// <summary>A request without a body that may be sent again when the platform closed an idle connection just then.</summary>
    private byte[]? _repeatable;
    private bool _closed;
    private volatile bool _left;

    /// <summary>The client's descriptor; closed by <see cref="Run"/>.</summary>
    internal int Descriptor => client;

    internal int ClientPort { get; } = Fd.PeerOf(client).Port;

    /// <summary>Process at the other end; 0 until it has been found.</summary>
    internal int Pid { get; set; }

    /// <summary>Set while this connection waits for an event.</summary>
    internal bool Polling { get; private set; }

    /// <summary>Set once it asked for an event.</summary>
    internal bool Polled { get; private set; }

    /// <summary>From another thread: ends the connection as soon as its thread notices.</summary>
    internal void Cut()
    {
        lock (_ending)
        {
            if (!_closed)
                _ = shutdown(client, 2);
        }
    }

    /// <summary>From another thread: the client will say no more. One that waits for an event takes its question with it.</summary>
    internal void ClientLeft()
    {
        lock (_ending)
        {
            _left = true;
            if (Polling && _upstream >= 0)
                _ = shutdown(_upstream, 2);
        }
    }

    internal void Run()
    {
        try
        {
            while (Exchange())
            {
                _fromClient.Trim();
                _fromUpstream.Trim();
                _pieces?.Clear();
                _pieces?.Trim();
            }
        }
        catch (Exception error)
        {
            gate.Fault("connection", error);
        }
        finally
        {
            DropUpstream();
            lock (_ending)
            {
                _closed = true;
                _ = close(client);
            }
            _fromClient.Free();
            _fromUpstream.Free();
            _pieces?.Free();
        }
    }

    /// <summary>One request and its answer. False when the connection is over.</summary>
    private bool Exchange()
    {
        var headLength = ReadHead(_fromClient, client);
        if (headLength <= 0)
        {
            if (headLength < 0)
                _ = Fd.SendAll(client, BadRequest);
            return false;
        }
        var head = _fromClient.Unread[..headLength];
        if (!HttpHead.TryRequestLine(head, out var method, out var target) || !HttpHead.TryBody(head, response: false, out var body))
        {
            _ = Fd.SendAll(client, BadRequest);
            return false;
        }
        var route = Route.Of(method, target);
        var isHead = method.SequenceEqual("HEAD"u8);
        var closes = HttpHead.ClosesAfter(head);
        switch (route.Kind)
        {
            case RouteKind.Next:
                return Next(headLength) && !closes;
            case RouteKind.Response or RouteKind.Error when !gate.MayAnswer(route.RequestId, this):
                _ = Fd.SendAll(client, AnswerRefused);
                return false;
            case RouteKind.Response or RouteKind.Error:
                return Answer(route, headLength, body) && !closes;
            case RouteKind.Credentials when gate.ServesCredentials:
                _fromClient.Skip(headLength);
                return ServeCredentials(HttpHead.GetString(head, "authorization"u8)) && !closes;
            case RouteKind.Other or RouteKind.RestoreNext or RouteKind.Credentials:
                _repeatable = body.Done && (isHead || method.SequenceEqual("GET"u8)) ? head.ToArray() : null;
                _restoring = route.Kind == RouteKind.RestoreNext;
                return ForwardRequest(headLength, body, route, inspect: false) && ForwardResponse(isHead, answered: null) && !closes;
        }
        return false;
    }

    private bool ServeCredentials(string? authorization)
    {
        if (gate.Credentials(this, authorization) is not { } document)
            return Fd.SendAll(client, CredentialsRefused) && false;
        var head = Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nCache-Control: no-store\r\nContent-Length: {document.Length}\r\n\r\n"));
        return Fd.SendAll(client, [.. head, .. document]);
    }

    private bool Next(int headLength)
    {
        if (!gate.MayPoll(this))
        {
            _ = Fd.SendAll(client, PollingRefused);
            return false;
        }
        var request = _fromClient.Unread[..headLength].ToArray();
        _fromClient.Skip(headLength);
        Polled = true;
        _asked = 0;
        try
        {
            while (true)
            {
                lock (_ending)
                {
                    Polling = true;
                    if (_left)
                        return false;
                }
                _asked++;
                if (!SendUpstream(request, repeats: true))
                    return Fd.SendAll(client, UpstreamGone) && false;
                var outcome = DeliverEvent(request);
                if (outcome == Outcome.AskNext)
                    _asked = 0;
                else if (outcome != Outcome.AskAgain)
                    return outcome == Outcome.KeepOpen;
            }
        }
        finally
        {
            Polling = false;
        }
    }

    private byte[] UpstreamGone =>
        Refusal("502 Bad Gateway", "Pellicle.Upstream", "the Runtime API cannot be reached" + (_unreachable == 0 ? "" : $" (errno {_unreachable.ToString(CultureInfo.InvariantCulture)})"));

    private enum Outcome { KeepOpen, Close, AskAgain, AskNext }

    private Outcome DeliverEvent(ReadOnlySpan<byte> request)
    {
        var headLength = ReadHead(_fromUpstream, _upstream);
        if (headLength == 0 && _fromUpstream.Count == 0 && !_left && (_upstreamWasReused || _asked < MaxQuestions))
        {
            // The platform closed the connection and said nothing: ask once more on a new one. It gives the same event to whoever asks again.
            DropUpstream();
            return Outcome.AskAgain;
        }
        if (headLength <= 0)
            return Outcome.Close;
        var head = _fromUpstream.Unread[..headLength];
        if (HttpHead.Status(head) != 200 || !HttpHead.TryBody(head, response: true, out var body) || body.Remaining > MaxEventBytes)
        {
            if (HttpHead.Status(head) == 200 && gate.ArrivedUnread(head, this) is { } refusal)
                return Refuse(request, head, refusal);
            return StreamResponse(headLength, isHead: false) ? Outcome.KeepOpen : Outcome.Close;
        }
        var length = headLength;
        if (body.Remaining > 0)
            _fromUpstream.Reserve(headLength + (int)body.Remaining);
        var ended = false;
        while (true)
        {
            length += body.Consume(_fromUpstream.Unread[length..]);
            if (body.Done || body.Bad || length > MaxEventBytes || ended)
                break;
            if (body.ChunkRemaining is > 0 and <= MaxEventBytes)
                _fromUpstream.Reserve(length + (int)body.ChunkRemaining + ChunkEndBytes);
            ended = _fromUpstream.Receive(_upstream) <= 0;
        }
        var message = _fromUpstream.Unread[..length];
        if (!body.Done && !(body.IsUntilClose && ended))
        {
            // Larger than we hold, or cut short: pass on what there is, as it is.
            if (gate.ArrivedUnread(message[..headLength], this) is { } refusal)
                return Refuse(request, message[..headLength], refusal);
            var sent = Fd.SendAll(client, message);
            _fromUpstream.Skip(length);
            return sent && !ended && !body.Bad && StreamRest(ref body) ? Outcome.KeepOpen : Outcome.Close;
        }
        var closes = ended || HttpHead.ClosesAfter(message[..headLength]);
        var payload = _fromUpstream.UnreadMemory[headLength..length];
        if (body.IsChunked)
            payload = BodyTracker.Payload(payload, _pieces ??= new ByteBuffer());
        if (!gate.HoldsEvents)
        {
            // Nothing will be stopped: the runtime starts at once, and what it does next waits for the inspection where it must.
            var invocation = gate.Announce(message[..headLength], this);
            var delivered = Fd.SendAll(client, message);
            gate.Arrived(message[..headLength], payload, held: false, invocation, this);
            _fromUpstream.Skip(length);
            if (closes)
                DropUpstream();
            return delivered && !closes ? Outcome.KeepOpen : Outcome.Close;
        }
        var own = gate.Arrived(message[..headLength], payload, held: true, null, this);
        if (own is null)
        {
            if (!Fd.SendAll(client, message))
                return Outcome.Close;
            _fromUpstream.Skip(length);
            if (closes)
                DropUpstream();
            return closes ? Outcome.Close : Outcome.KeepOpen;
        }
        var requestId = HttpHead.GetString(message[..headLength], "lambda-runtime-aws-request-id"u8) ?? "";
        _fromUpstream.Skip(length);
        if (closes)
            DropUpstream();
        return Instead(request, requestId, own);
    }

    /// <summary>The event's rest is not read: the answer goes over a new connection.</summary>
    private Outcome Refuse(ReadOnlySpan<byte> request, ReadOnlySpan<byte> head, OwnAnswer own)
    {
        var requestId = HttpHead.GetString(head, "lambda-runtime-aws-request-id"u8) ?? "";
        DropUpstream();
        return Instead(request, requestId, own);
    }

    /// <summary>The runtime never sees the event.</summary>
    private Outcome Instead(ReadOnlySpan<byte> request, string requestId, OwnAnswer own)
    {
        if (!Post(request, requestId, own))
            gate.Fault("own answer", null);
        gate.Answered(requestId);
        // Once the platform is asked again it may freeze the environment: what was stopped is told before.
        gate.Settle();
        return Outcome.AskNext;
    }

    private bool Answer(Route route, int headLength, BodyTracker body)
    {
        var held = gate.HoldsResponses;
        var most = held ? MaxHeldBytes : PieceBytes;
        var expects = HttpHead.Has(_fromClient.Unread[..headLength], "expect"u8, "100-continue");
        // Go's client sends every response in chunks. Only the header makes it a stream; without it the platform waits for the end, too.
        var gathers = body.IsChunked ? !HttpHead.Has(_fromClient.Unread[..headLength], "lambda-runtime-function-response-mode"u8, "streaming") : body.Remaining > 0 && body.Remaining <= most;
        var total = gathers && !expects ? Gather(headLength, body, most) : 0;
        if (total < 0)
            return false;
        if (total > 0)
        {
            var message = _fromClient.Unread[..total];
            var content = body.IsChunked ? BodyTracker.Payload(_fromClient.UnreadMemory[headLength..total], _pieces ??= new ByteBuffer()).Span : message[headLength..];
            var own = gate.Leaving(route.RequestId, message[..headLength], content, held, whole: true);
            if (own is not null)
            {
                var request = message[..headLength].ToArray();
                _fromClient.Skip(total);
                var accepted = Post(request, route.RequestId, own);
                gate.Answered(route.RequestId);
                return accepted && Fd.SendAll(client, Accepted);
            }
            if (!SendUpstream(message))
                return Fd.SendAll(client, UpstreamGone) && false;
            _fromClient.Skip(total);
        }
        else if (!ForwardRequest(headLength, body, route, inspect: true))
            return false;
        // Ended before its runtime hears so: whoever asks afterwards must not find it under way.
        return ForwardResponse(isHead: false, route.RequestId);
    }

    /// <summary>Receives the client's message to its end, and says how long it is. 0: its body is longer than <paramref name="most"/>, or no body; what came is kept. -1: the client went away.</summary>
    private int Gather(int headLength, BodyTracker body, int most)
    {
        var length = headLength;
        if (body.Remaining > 0)
            _fromClient.Reserve(headLength + (int)body.Remaining);
        while (true)
        {
            length += body.Consume(_fromClient.Unread[length..]);
            if (body.Done)
                return length;
            if (body.Bad || length - headLength > most)
                return 0;
            if (body.ChunkRemaining > 0 && body.ChunkRemaining <= most)
                _fromClient.Reserve(length + (int)body.ChunkRemaining + ChunkEndBytes);
            if (_fromClient.Receive(client) <= 0)
                return -1;
        }
    }

    private static ReadOnlySpan<byte> Accepted =>
        "HTTP/1.1 202 Accepted\r\nContent-Type: application/json\r\nContent-Length: 16\r\n\r\n{\"status\":\"OK\"}\n"u8;

    /// <summary>Sends the guard's own answer for an invocation on this connection's upstream side.</summary>
    private bool Post(ReadOnlySpan<byte> original, string requestId, OwnAnswer own)
    {
        HttpHead.TryRequestLine(original, out _, out var target);
        var prefix = Encoding.ASCII.GetString(target[..target.IndexOf("/runtime/"u8)]);
        var host = HttpHead.GetString(original, "host"u8) ?? upstreamAddress.ToString();
        var type = own.AsError ? $"Lambda-Runtime-Function-Error-Type: {own.ErrorType}\r\n" : "";
        var head = Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture,
            $"POST {prefix}/runtime/invocation/{requestId}/{(own.AsError ? "error" : "response")} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n{type}Content-Length: {own.Body.Length}\r\n\r\n"));
        if (!SendUpstream([.. head, .. own.Body]))
            return false;
        var length = ReadHead(_fromUpstream, _upstream);
        if (length <= 0)
            return false;
        var answer = _fromUpstream.Unread[..length];
        var status = HttpHead.Status(answer);
        var closes = HttpHead.ClosesAfter(answer);
        if (!HttpHead.TryBody(answer, response: true, out var body))
            return false;
        _fromUpstream.Skip(length);
        while (true)
        {
            _fromUpstream.Skip(body.Consume(_fromUpstream.Unread));
            if (body.Done || _fromUpstream.Receive(_upstream) <= 0)
                break;
        }
        if (closes || !body.Done)
            DropUpstream();
        return status is >= 200 and < 300;
    }

    /// <summary>Head and body of a request to the platform, streamed. An answer that comes before the body's end stops it.</summary>
    private bool ForwardRequest(int headLength, BodyTracker body, Route route, bool inspect)
    {
        var bodyPart = body.Consume(_fromClient.Unread[headLength..]);
        // INVARIANT: the head stays at the front of the buffer until it was sent, so the first piece goes out in one send.
        var head = inspect && !body.Done ? _fromClient.Unread[..headLength].ToArray() : [];
        if (inspect && bodyPart > 0)
            gate.Leaving(route.RequestId, _fromClient.Unread[..headLength], _fromClient.Unread.Slice(headLength, bodyPart), held: false, whole: false);
        if (!SendUpstream(_fromClient.Unread[..(headLength + bodyPart)]))
            return Fd.SendAll(client, UpstreamGone) && false;
        _fromClient.Skip(headLength + bodyPart);
        while (!body.Done)
        {
            if (body.Bad)
                return Fd.SendAll(client, BadRequest) && false;
            if (_fromClient.Count == 0)
            {
                if (body.IsChunked || body.Remaining > ByteBuffer.InitialBytes)
                    _fromClient.Reserve(PieceBytes);
                var got = _fromClient.Receive(client, wait: false);
                if (got == -EAgain)
                {
                    if (!AwaitEither(out var spoke))
                        return false;
                    if (!spoke)
                        continue;
                    if (!EarlyAnswer(out var final))
                        return false;
                    if (final)
                        return _bodyAbandoned = true;
                    continue;
                }
                if (got <= 0)
                    return false;
            }
            var used = body.Consume(_fromClient.Unread);
            var piece = _fromClient.Unread[..used];
            if (inspect)
                gate.Leaving(route.RequestId, head, piece, held: false, whole: false);
            if (!Fd.SendAll(_upstream, piece))
                return _bodyAbandoned = true; // the platform stopped reading: it has said why, or the connection is over
            _fromClient.Skip(used);
        }
        return true;
    }

    /// <summary>Waits until one side has something; <paramref name="upstreamSpoke"/> before the request's end means an answer to it.</summary>
    private bool AwaitEither(out bool upstreamSpoke)
    {
        var fds = stackalloc PollFd[2];
        fds[0] = new PollFd { Fd = client, Events = PollIn };
        fds[1] = new PollFd { Fd = _upstream, Events = PollIn };
        var ready = Fd.Poll(fds, 2, -1) > 0;
        upstreamSpoke = fds[1].Revents != 0;
        return ready;
    }

    /// <summary>Upstream spoke before the request's end: an interim answer is passed on, a final one ends the request.</summary>
    private bool EarlyAnswer(out bool final)
    {
        final = true;
        var length = ReadHead(_fromUpstream, _upstream);
        if (length <= 0)
            return false;
        if (HttpHead.Status(_fromUpstream.Unread) is < 100 or >= 200)
            return true;
        final = false;
        var sent = Fd.SendAll(client, _fromUpstream.Unread[..length]);
        _fromUpstream.Skip(length);
        return sent;
    }

    /// <param name="isHead">The answer has no body whatever its head says.</param>
    /// <param name="answered">The invocation that is over once the platform accepts; null for other requests.</param>
    private bool ForwardResponse(bool isHead, string? answered)
    {
        while (true)
        {
            var length = ReadHead(_fromUpstream, _upstream);
            if (length == 0 && _fromUpstream.Count == 0 && _upstreamWasReused && _repeatable is { } request)
            {
                _repeatable = null;
                DropUpstream();
                if (SendUpstream(request))
                    continue;
            }
            if (length <= 0)
                return false;
            _repeatable = null;
            var status = HttpHead.Status(_fromUpstream.Unread);
            if (_restoring && status == 200)
                gate.Restored();
            if (answered is not null && status is (>= 200 and < 300) or 413)
                gate.Answered(answered);
            if (status is < 100 or >= 200 || status == 101)
                return StreamResponse(length, isHead);
            if (!Fd.SendAll(client, _fromUpstream.Unread[..length]))
                return false;
            _fromUpstream.Skip(length);
        }
    }

    private bool StreamResponse(int headLength, bool isHead)
    {
        var head = _fromUpstream.Unread[..headLength];
        var status = HttpHead.Status(head);
        var closes = HttpHead.ClosesAfter(head);
        if (!HttpHead.TryBody(head, response: true, out var body))
            return false;
        if (isHead || status is 204 or 304)
            body = default;
        var used = headLength + body.Consume(_fromUpstream.Unread[headLength..]);
        var sent = Fd.SendAll(client, _fromUpstream.Unread[..used]);
        _fromUpstream.Skip(used);
        return sent && StreamRest(ref body) && !closes && !_bodyAbandoned;
    }

    private bool StreamRest(ref BodyTracker body)
    {
        while (!body.Done)
        {
            if (_fromUpstream.Count == 0 && (body.IsChunked || body.IsUntilClose || body.Remaining > ByteBuffer.InitialBytes))
                _fromUpstream.Reserve(PieceBytes);
            if (body.Bad || (_fromUpstream.Count == 0 && _fromUpstream.Receive(_upstream) <= 0))
                return false;
            var used = body.Consume(_fromUpstream.Unread);
            if (!Fd.SendAll(client, _fromUpstream.Unread[..used]))
                return false;
            _fromUpstream.Skip(used);
        }
        return true;
    }

    /// <summary>Length of a complete head, 0 at the end of the stream, -1 when it is too large.</summary>
    private static int ReadHead(ByteBuffer buffer, int fd)
    {
        while (true)
        {
            var length = HttpHead.Length(buffer.Unread);
            if (length > 0)
                return length;
            if (buffer.Count > HttpHead.MaxBytes)
                return -1;
            if (buffer.Receive(fd) <= 0)
                return 0;
        }
    }

    /// <param name="bytes">A request, or its beginning.</param>
    /// <param name="repeats">It is asked again where a connection kept open turns out to have been closed; nothing is asked of the connection before.</param>
    private bool SendUpstream(ReadOnlySpan<byte> bytes, bool repeats = false)
    {
        for (var attempt = 0; attempt < 2; attempt++)
        {
            if (!EnsureUpstream(known: repeats))
                return false;
            if (Fd.SendAll(_upstream, bytes))
                return true;
            DropUpstream();
        }
        return false;
    }

    private bool EnsureUpstream(bool known)
    {
        _upstreamWasReused = _upstream >= 0;
        if (_upstreamWasReused && known)
            return true;
        if (_upstreamWasReused)
        {
            byte probe;
            var got = recv(_upstream, &probe, 1, MsgPeek | MsgDontWait);
            if (got > 0 || (got < 0 && LastError == EAgain))
                return true;
            DropUpstream();
            _upstreamWasReused = false;
        }
        var fd = Fd.ConnectTcp(upstreamAddress, ConnectTimeoutMs);
        _unreachable = Math.Max(0, -fd);
        lock (_ending)
        {
            if (fd >= 0 && Polling && _left)
            {
                // Nobody waits for the answer any more, and an event that came now would be lost.
                _ = close(fd);
                fd = -1;
            }
            _upstream = fd;
        }
        return fd >= 0;
    }

    private void DropUpstream()
    {
        lock (_ending)
        {
            if (_upstream >= 0)
                _ = close(_upstream);
            _upstream = -1;
        }
        _fromUpstream.Clear();
    }

    private static byte[] Refusal(string status, string type, string message)
    {
        var body = $$"""{"errorMessage":"{{message}}","errorType":"{{type}}"}""";
        return Encoding.ASCII.GetBytes($"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {body.Length}\r\nConnection: close\r\n\r\n{body}");
    }
}
