using System.Text;
using System.Text.Json.Nodes;
using Pellicle.Local.Invocation;

namespace Pellicle.Local.Tests.Environments;

/// <summary>The Runtime, Extensions and Telemetry APIs, seen from inside.</summary>
public sealed class ApiTests
{
    private const string ExtensionHead = """
        #!/usr/bin/python3 -u
        import http.client, json, os, sys, time, signal
        name = os.path.basename(sys.argv[0])
        def note(text):
            open('/tmp/notes', 'a').write(name + ':' + text + '\n')
        class Api:
            def __init__(self):
                self.c = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
            def call(self, method, path, body=None, headers={}):
                self.c.request(method, path, body, headers)
                r = self.c.getresponse()
                return r.status, r.read(), r.headers
            def register(self, events):
                s, b, h = self.call("POST", "/2020-01-01/extension/register", json.dumps({"events": events}), {"Lambda-Extension-Name": name})
                self.id = {"Lambda-Extension-Identifier": h["Lambda-Extension-Identifier"]}
                return s, b
            def next(self):
                return json.loads(self.call("GET", "/2020-01-01/extension/event/next", None, self.id)[1])
        api = Api()

        """;

    [SandboxFact]
    public async Task Calls_in_the_wrong_state_are_refused()
    {
        await using var functions = new TestFunctions();
        var function = functions.Python("""
            id = context["Lambda-Runtime-Aws-Request-Id"]
            out = [api.respond(id, '1', {'Lambda-Runtime-Function-Response-Mode': 'wrong'}), api.respond(id, '2')]
            print([(o[0], json.loads(o[1])['errorType']) for o in out])
            """);
        var (payload, result) = await functions.CallAsync(function, """{"a":2}""");
        Assert.Equal("Unhandled", result.FunctionError);
        Assert.Contains("Runtime.InvalidResponseModeHeader", payload, StringComparison.Ordinal);
        var read = functions.Python("""
            early2 = api.respond('nonsense', '1')
            return [early[0], json.loads(early[1])['errorType'], early2[0], json.loads(early2[1])['errorType'], api.next()[1].decode(), api.call('GET', '/2018-06-01/ping')[1].decode(), api.call('GET', '/nope')[0]]
            """, before: "early = api.respond('x', '1')[:2]");
        Assert.Equal("""[403, "InvalidStateTransition", 400, "InvalidRequestID", "{\"a\":2}", "pong", 404]""", (await functions.CallAsync(read, """{"a":2}""")).Payload);
    }

    [SandboxFact]
    public async Task An_answer_of_six_megabytes_passes_and_a_larger_one_does_not_lose_the_invocation()
    {
        await using var functions = new TestFunctions();
        var function = functions.Python("""
            r = api.respond(context["Lambda-Runtime-Aws-Request-Id"], b'x' * event['size'])
            print('status', r[0])
            """);
        Assert.Equal(6_291_556, (await functions.CallAsync(function, """{"size":6291556}""")).Payload.Length);
        var (payload, result) = await functions.CallAsync(function, """{"size":6291557}""");
        Assert.Equal("Unhandled", result.FunctionError);
        Assert.Equal("""{"errorType":"Function.ResponseSizeTooLarge","errorMessage":"Response payload size exceeded maximum allowed payload size (6291556 bytes)."}""", payload);
        Assert.Equal("xx", (await functions.CallAsync(function, """{"size":2}""")).Payload);
    }

    [SandboxFact]
    public async Task An_event_of_more_than_two_kilobytes_comes_in_one_chunk_as_from_the_platform()
    {
        await using var functions = new TestFunctions();
        var function = functions.Python("""return [context.get('Content-Length'), context.get('Transfer-Encoding'), len(json.dumps(event, separators=(',', ':')))]""");
        Assert.Equal("""["2048", null, 2048]""", (await functions.CallAsync(function, $$"""{"a":"{{new string('x', 2040)}}"}""")).Payload);
        Assert.Equal("""[null, "chunked", 2049]""", (await functions.CallAsync(function, $$"""{"a":"{{new string('x', 2041)}}"}""")).Payload);
        Assert.Equal("""[null, "chunked", 300008]""", (await functions.CallAsync(function, $$"""{"a":"{{new string('x', 300_000)}}"}""")).Payload);
    }

    [SandboxFact]
    public async Task A_stream_arrives_piece_by_piece_and_its_trailers_report_an_error()
    {
        await using var functions = new TestFunctions();
        var function = functions.Python("""
            host, port = os.environ["AWS_LAMBDA_RUNTIME_API"].split(':')
            s = socket.create_connection((host, int(port)))
            s.sendall(('POST /2018-06-01/runtime/invocation/%s/response HTTP/1.1\r\nHost: x\r\nContent-Type: application/octet-stream\r\nLambda-Runtime-Function-Response-Mode: streaming\r\nTransfer-Encoding: chunked\r\nTrailer: Lambda-Runtime-Function-Error-Type, Lambda-Runtime-Function-Error-Body\r\n\r\n' % context["Lambda-Runtime-Aws-Request-Id"]).encode())
            s.sendall(b'5\r\nfirst\r\n')
            time.sleep(0.2)
            s.sendall(b'6\r\nsecond\r\n')
            if event.get('fail'):
                s.sendall(b'0\r\nLambda-Runtime-Function-Error-Type: Runtime.Mine\r\nLambda-Runtime-Function-Error-Body: ' + base64.b64encode(b'{"errorType":"E"}') + b'\r\n\r\n')
            else:
                s.sendall(b'0\r\n\r\n')
            s.recv(1000)
            """);
        var chunks = new List<string>();
        var request = TestFunctions.Request(function, "{}") with
        {
            OnChunk = (data, _) =>
            {
                chunks.Add(Encoding.UTF8.GetString(data.Span));
                return ValueTask.CompletedTask;
            },
        };
        var result = await functions.Pool.InvokeAsync(function, request, CancellationToken.None);
        Assert.Equal(["first", "second"], chunks);
        Assert.Null(result.FunctionError);
        Assert.True(result.Payload.IsEmpty);
        Assert.Equal("firstsecond", (await functions.CallAsync(function)).Payload);
        var (payload, failed) = await functions.CallAsync(function, """{"fail":1}""");
        Assert.Equal(("""{"errorType":"E"}""", "Unhandled"), (payload, failed.FunctionError));
    }

    [SandboxFact]
    public async Task Extensions_start_first_get_their_events_and_are_told_the_end()
    {
        await using var functions = new TestFunctions();
        var one = functions.Layer(("extensions/b-all", ExtensionHead + """
            time.sleep(0.2)
            note('registered %s %s' % (api.register(['INVOKE', 'SHUTDOWN'])[0], '_HANDLER' in os.environ))
            while True:
                e = api.next()
                note(e['eventType'] + ' ' + e.get('shutdownReason', ''))
                if e['eventType'] == 'SHUTDOWN':
                    sys.exit(0)
            """, 0x1ED));
        var function = functions.Python("""
            if event.get('crash'):
                os._exit(1)
            return open('/tmp/notes').read().split('\n')
            """, before: "open('/tmp/notes','a').write('runtime\\n')", layers: one);
        await functions.CallAsync(function, """{"crash":1}""");
        var notes = JsonNode.Parse((await functions.CallAsync(function)).Payload)!.AsArray().Select(n => (string)n!).ToList();
        Assert.Equal(["b-all:registered 200 False", "runtime", "b-all:INVOKE ", "b-all:SHUTDOWN failure", "b-all:registered 200 False", "runtime"], notes.Take(6));
    }

    [SandboxFact]
    public async Task Broken_extensions_fail_the_function()
    {
        await using var functions = new TestFunctions();
        var notExecutable = functions.Python("return 1", layers: functions.Layer(("extensions/x", "text", 0x1A4)));
        Assert.Contains("Extension.LaunchError", (await functions.CallAsync(notExecutable)).Payload, StringComparison.Ordinal);
        var crash = functions.Python("return 1", layers: functions.Layer(("extensions/x", "#!/bin/sh\nexit 3", 0x1ED)));
        Assert.Contains("Extension.Crash", (await functions.CallAsync(crash)).Payload, StringComparison.Ordinal);
        var reports = functions.Python("return 1", layers: functions.Layer(("extensions/x", ExtensionHead + """
            api.register([])
            api.call("POST", "/2020-01-01/extension/init/error", "{}", dict(api.id, **{"Lambda-Extension-Function-Error-Type": "Extension.Mine"}))
            time.sleep(60)
            """, 0x1ED)));
        Assert.Contains("Extension.InitError", (await functions.CallAsync(reports)).Payload, StringComparison.Ordinal);
    }

    [SandboxFact]
    public async Task Registration_is_checked()
    {
        await using var functions = new TestFunctions();
        var function = functions.Python("return out + [reg('late', [])]", before: """
            def reg(name, events, raw=None):
                s, b, h = Api().call("POST", "/2020-01-01/extension/register", raw or json.dumps({"events": events}), {"Lambda-Extension-Name": name} if name else {})
                return 'ok' if s == 200 else json.loads(b)['errorType']
            out = [reg(None, []), reg('a', ['BOGUS']), reg('a', ['SHUTDOWN']), reg('a', [], '{'), Api().call("GET", "/2020-01-01/extension/event/next")[0]]
            """);
        Assert.Equal("""["Extension.InvalidExtensionName", "Extension.InvalidEventType", "Extension.InvalidEventType", "InvalidRequestFormat", 403, "Extension.RegistrationClosed"]""", (await functions.CallAsync(function)).Payload);
    }

    [SandboxFact]
    public async Task Telemetry_is_delivered_in_order()
    {
        await using var functions = new TestFunctions();
        var layer = functions.Layer(("extensions/t", ExtensionHead + """
            import threading, http.server
            class H(http.server.BaseHTTPRequestHandler):
                def do_POST(self):
                    for r in json.loads(self.rfile.read(int(self.headers['Content-Length']))):
                        open('/tmp/records', 'a').write(json.dumps([r['type'], r['record'] if r['type'] == 'function' else '']) + '\n')
                    self.send_response(200); self.end_headers()
                def log_message(self, *a): pass
            s = http.server.HTTPServer(('127.0.0.1', 0), H)
            threading.Thread(target=s.serve_forever, daemon=True).start()
            api.register(['INVOKE'])
            def put(body):
                s2, b, h = api.call("PUT", "/2022-07-01/telemetry", json.dumps(body), api.id)
                return s2
            note('bad %d' % put({"schemaVersion": "2022-12-13", "types": [], "destination": {"protocol": "HTTP", "URI": "http://sandbox.localdomain"}}))
            note('good %d' % put({"schemaVersion": "2022-12-13", "types": ["platform", "function"], "buffering": {"timeoutMs": 25}, "destination": {"protocol": "HTTP", "URI": "http://sandbox.localdomain:%d" % s.server_port}}))
            while True:
                api.next()
            """, 0x1ED));
        // Records come while the environment is awake: the second call waits for those of the first.
        var function = functions.Python("""
            print('line')
            records = ''
            while count == 2 and records.count('\n') < 7:
                time.sleep(0.01)
                records = open('/tmp/records').read() if os.path.exists('/tmp/records') else ''
            return [open('/tmp/notes').read(), [json.loads(r) for r in records.split('\n')[:-1]]]
            """, timeout: 60, layers: layer);
        await functions.CallAsync(function);
        var seen = JsonNode.Parse((await functions.CallAsync(function)).Payload)!;
        Assert.Equal("t:bad 400\nt:good 200\n", (string?)seen[0]);
        var types = seen[1]!.AsArray().Select(r => (string)r![0]! + (r[1]!.ToString() is { Length: > 0 } text ? "=" + text : "")).ToList();
        Assert.Equal(["platform.initStart", "platform.telemetrySubscription", "platform.extension", "platform.initRuntimeDone", "platform.initReport", "platform.start", "function=line"], types.Take(7));
    }
}
