using System.Diagnostics;
using Pellicle.Domain;
using Pellicle.Guard.Channel;
using Pellicle.Guard.RuntimeApi;
using Pellicle.Guard.Telemetry;
using Pellicle.Guard.Tests.Support;
using Pellicle.Policy;

namespace Pellicle.Guard.Tests;

/// <summary>Several invocations at once in one environment: what is done belongs to the one whose worker does it, or to the one whose text it is; where neither tells, to none.</summary>
public sealed class ConcurrencyTests : IDisposable
{
    private const string Secret = "/tmp/mine/secret";

    private readonly Hop _hop = new(ProtectionMode.Monitor, s => s with { MaxConcurrency = 4 });
    private readonly StateRegion _state = new(42, Environment.ProcessId);
    private readonly ChannelServer _server;
    private readonly ChannelClient _client;
    private readonly string _channel;
    private readonly List<FakeRuntime> _workers = [];
    private readonly List<Process> _processes = [];

    public ConcurrencyTests()
    {
        var (name, ring) = ("pellicle/test-" + Guid.NewGuid(), new Ring(TimeProvider.System));
        _hop.Guardian.AttachChannel(_state, ring, _hop.Platform.Address, _hop.Proxy.Address.Port);
        _server = new ChannelServer(name, _state.Descriptor, ring.Descriptor, _hop.Proxy.Address.Port, _hop.Guardian);
        _client = new ChannelClient(name);
        _channel = name;
        _hop.Policy.Set(new PolicyDocument { Mode = ProtectionMode.Monitor, Rules = [new PolicyRule { Id = "mine", Dimension = Dimension.Read, Effect = Effect.Deny, Items = ["/tmp/mine/**"] }] }, "test");
    }

    public void Dispose()
    {
        _client.Dispose();
        _server.Dispose();
        _workers.ForEach(w => w.Dispose());
        _hop.Dispose();
        foreach (var process in _processes)
        {
            process.Kill();
            process.WaitForExit();
        }
    }

    [Fact]
    public void Of_worker_processes_each_has_its_own()
    {
        Take("a", "{}", Environment.ProcessId);
        Take("b", "{}", Start().Id);
        Ask(Dimension.Read, Secret, Secret);
        var incident = Incident();
        (incident.RequestId, incident.Detector).ShouldBe(("a", "mine"));
        incident.Reasons.ShouldNotContain(r => r.Contains("under way", StringComparison.Ordinal));
        // A worker's child belongs to it too, and the other's text proves nothing against it.
        _hop.Guardian.Invocations.Candidates(0, Start().Id).Select(i => i.RequestId).ShouldBe(["a"]);
        _hop.Guardian.Invocations.Candidates(0, _processes[0].Id).Select(i => i.RequestId).ShouldBe(["b"]);
        _hop.Guardian.Invocations.Candidates(0, 1).Select(i => i.RequestId).Order().ShouldBe(["a", "b"]);
    }

    [Fact]
    public void Of_threads_the_text_tells()
    {
        Take("a", """{"Records":[{"eventSource":"custom","name":"report;touch marker"}]}""", Environment.ProcessId);
        Take("b", """{"Records":[{"eventSource":"custom","name":"another name"}]}""", Environment.ProcessId);
        Ask(Dimension.Process, "/usr/bin/dash", "sh\0-c\0convert report;touch marker out.png", "/bin/sh");
        var incident = Incident();
        (incident.RequestId, incident.Detector).ShouldBe(("a", "command-injection"));
    }

    [BinaryTheory]
    [InlineData("python3", "thread")]
    [InlineData("python3", "child")]
    [InlineData("python3", "grandchild")]
    [InlineData("java", "thread")]
    [InlineData("java", "child")]
    [InlineData("java", "grandchild")]
    public void Of_threads_that_keep_what_they_took_each_has_its_own(string language, string who)
    {
        const string Java = """
            import java.net.*; import java.nio.file.*; import java.util.concurrent.CyclicBarrier;
            public class Worker {
                static String[] call(String method, String path) throws Exception {
                    HttpURLConnection connection = (HttpURLConnection) new URL("http://" + System.getenv("AWS_LAMBDA_RUNTIME_API") + "/2018-06-01/runtime/invocation/" + path).openConnection();
                    connection.setRequestMethod(method);
                    if (method.equals("POST")) { connection.setDoOutput(true); connection.getOutputStream().write('1'); }
                    return new String[] { connection.getHeaderField("Lambda-Runtime-Aws-Request-Id"), new String(connection.getInputStream().readAllBytes()) };
                }
                public static void main(String[] arguments) throws Exception {
                    CyclicBarrier both = new CyclicBarrier(2);
                    Runnable work = () -> {
                        try {
                            for (int i = 0; i < 2; i++) {
                                String[] event = call("GET", "next");
                                String path = arguments[1] + "/" + event[1].replace("\"", "");
                                both.await();
                                if (arguments[0].equals("thread")) Files.readAllBytes(Path.of(path));
                                else {
                                    ProcessBuilder builder = arguments[0].equals("child") ? new ProcessBuilder("cat", path) : new ProcessBuilder("sh", "-c", "cat " + path + "; true");
                                    builder.environment().remove("PELLICLE_CHANNEL");
                                    if (builder.start().waitFor() != 0) System.exit(3);
                                }
                                both.await();
                                call("POST", event[0] + "/response");
                            }
                        } catch (Exception error) { error.printStackTrace(); System.exit(2); }
                    };
                    Thread[] threads = { new Thread(work), new Thread(work) };
                    for (Thread thread : threads) thread.start();
                    for (Thread thread : threads) thread.join();
                }
            }
            """;
        const string Python = """
            import http.client, os, subprocess, sys, threading
            who, folder = sys.argv[1:]
            def call(connection, method, path, body=None):
                connection.request(method, "/2018-06-01/runtime/invocation/" + path, body)
                answer = connection.getresponse()
                return answer.getheader("Lambda-Runtime-Aws-Request-Id"), answer.read().decode()
            both = threading.Barrier(2)
            def work():
                connection = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
                for _ in range(2):
                    identity, body = call(connection, "GET", "next")
                    path = folder + "/" + body.strip('"')
                    both.wait()
                    if who == "thread":
                        open(path).close()
                    else:
                        subprocess.run(["cat", path] if who == "child" else ["sh", "-c", "cat " + path + "; true"], env={"PATH": os.environ["PATH"]}, check=True)
                    both.wait()
                    call(connection, "POST", identity + "/response", "1")
            threads = [threading.Thread(target=work) for _ in range(2)]
            [t.start() for t in threads]
            [t.join() for t in threads]
            """;
        var folder = Directory.CreateTempSubdirectory("pellicle-guard-tests").FullName;
        string[] ids = ["a", "b", "c", "d"];
        foreach (var id in ids)
            File.WriteAllText(Path.Combine(folder, id), "");
        _hop.Policy.Set(new PolicyDocument { Mode = ProtectionMode.Monitor, Rules = [new PolicyRule { Id = "mine", Dimension = Dimension.Read, Effect = Effect.Deny, Items = [folder + "/**"] }] }, "test");
        var source = Path.Combine(folder, "Worker.java");
        File.WriteAllText(source, Java);
        var start = new ProcessStartInfo(language, language == "java" ? [source, who, folder] : ["-c", Python, who, folder]) { RedirectStandardError = true };
        start.Environment["AWS_LAMBDA_RUNTIME_API"] = _hop.Proxy.Address.ToString();
        start.Environment["PELLICLE_CHANNEL"] = _channel;
        start.Environment["LD_PRELOAD"] = Path.Combine(BinaryFactAttribute.Artifacts, "native/x86_64/libpellicle.so");
        using var workers = Process.Start(start)!;
        foreach (var id in ids)
            _hop.Platform.Event(id, $"\"{id}\"");
        var errors = workers.StandardError.ReadToEnd();
        workers.WaitForExit();
        workers.ExitCode.ShouldBe(0, errors);
        _hop.Guardian.Incidents.Take(100).Where(i => i.Detector == "mine" && i.Item != source).Select(i => (i.Item, i.RequestId)).Distinct().Order()
            .ShouldBe(ids.Select(id => (Path.Combine(folder, id), id)));
        Directory.Delete(folder, recursive: true);
    }

    [BinaryTheory]
    [InlineData("workers", "read")] // threads with one loop each
    [InlineData("workers", "child")]
    [InlineData("loops", "read")] // loops in one thread that wait for what they began
    [InlineData("loops", "later")]
    [InlineData("loops", "child")]
    [InlineData("fetch", "later")]
    [InlineData("callbacks", "later")]
    [InlineData("named", "read")] // a loop that does not wait and names the request in a store, as AWS's client does
    [InlineData("named", "later")]
    [InlineData("named", "child")]
    [InlineData("workers", "promise")] // by threads of a pool
    [InlineData("loops", "promise")]
    [InlineData("loops", "callback")]
    [InlineData("loops", "stream")]
    [InlineData("loops", "lookup")]
    [InlineData("named", "promise")]
    public void Of_flows_of_Node_each_has_its_own(string shape, string act)
    {
        var (folder, ids, exit, errors) = RunNode(shape, act);
        exit.ShouldBe(0, errors);
        Told(folder).ShouldBe(ids.Select(id => (act == "lookup" ? id + ".names.invalid:0" : Path.Combine(folder, id), id)));
        Directory.Delete(folder, recursive: true);
    }

    [BinaryTheory]
    [InlineData("unnamed", "later")] // which event a loop works for that asks on before it is done
    [InlineData("shared", "later")] // what comes in on a connection that an event left behind
    public void What_Node_shares_is_nobodys(string shape, string act)
    {
        var (folder, ids, exit, errors) = RunNode(shape, act);
        exit.ShouldBe(0, errors);
        var told = Told(folder);
        told.Select(t => t.Item).Distinct().ShouldBe(ids.Select(id => Path.Combine(folder, id)));
        told.ShouldAllBe(t => t.RequestId == "" || Path.GetFileName(t.Item) == t.RequestId);
        told.ShouldContain(t => t.RequestId == "");
        Directory.Delete(folder, recursive: true);
    }

    [BinaryTheory]
    [InlineData("workers")]
    [InlineData("loops")]
    public void Of_two_that_do_the_same_in_Node_the_attacked_one_is_stopped(string shape)
    {
        // All run the same command, and only for one of them it holds what the event says.
        var (folder, _, exit, errors) = RunNode(shape, "command", id => id == "a" ? """{"Records":[{"eventSource":"custom","name":"report;touch marker"}]}""" : "\"another\"");
        exit.ShouldBe(0, errors);
        errors.Split('\n', StringSplitOptions.RemoveEmptyEntries).Order().ShouldBe(["another: ran", "another: ran", "another: ran", "report;touch marker: EACCES"]);
        _hop.Guardian.Incidents.Take(100).Where(i => i.Dimension == Dimension.Process).Select(i => (i.RequestId, i.Decision, i.Detector)).Distinct().Order()
            .ShouldBe([("a", "blocked", "command-injection")]);
        Directory.Delete(folder, recursive: true);
    }

    private (string Item, string RequestId)[] Told(string folder) =>
        [.. _hop.Guardian.Incidents.Take(100).Where(i => i.Detector is "names" || (i.Detector == "mine" && i.Item.StartsWith(folder, StringComparison.Ordinal))).Select(i => (i.Item, i.RequestId)).Distinct().Order()];

    /// <summary>Four events for a program that works for two at once; each reads the file that its event names.</summary>
    private (string Folder, string[] Ids, int Exit, string Errors) RunNode(string shape, string act, Func<string, string>? body = null)
    {
        const string Program = """
            const { AsyncLocalStorage } = require('async_hooks'), { exec, spawn } = require('child_process'), dns = require('dns'), fs = require('fs'), http = require('http'), net = require('net');
            const { Worker, isMainThread, workerData } = require('worker_threads');
            const [shape, act, folder] = process.argv.slice(2);
            const api = `http://${process.env.AWS_LAMBDA_RUNTIME_API}/2018-06-01/runtime/invocation/`;
            const nameIn = (text) => (text.startsWith('{"R') ? JSON.parse(text).Records[0].name : text.replaceAll('"', ''));
            const call = (method, path, body) => new Promise((resolve, reject) => http.request(api + path, { method }, (answer) => {
              let text = '';
              answer.on('data', (piece) => (text += piece)).on('end', () => resolve([answer.headers['lambda-runtime-aws-request-id'], nameIn(text)]));
            }).on('error', reject).end(body));
            const byFetch = async () => { const answer = await fetch(api + 'next'); return [answer.headers.get('lambda-runtime-aws-request-id'), nameIn(await answer.text())]; };
            // Two at a time: who comes first waits for another one.
            let waits;
            const meet = workerData ? async () => {
              const number = Atomics.add(workerData, 0, 1), round = number >> 1;
              if (number & 1) { Atomics.store(workerData, 1, round + 1); Atomics.notify(workerData, 1); }
              else while (Atomics.load(workerData, 1) <= round) Atomics.wait(workerData, 1, Atomics.load(workerData, 1));
            } : () => new Promise((resolve) => { if (waits) { const other = waits; waits = undefined; other(); resolve(); } else waits = resolve; });
            async function work(name) {
              const path = folder + '/' + name;
              await meet();
              if (act === 'later') {
                await new Promise((resolve) => setTimeout(resolve, 1));
                await new Promise((resolve) => setImmediate(() => process.nextTick(resolve)));
                await fs.promises.stat('/');
              }
              // The attacked one first: what one that is not attacked did before is the program's own.
              if (act === 'command' && name === 'another') await meet();
              if (act === 'command') await new Promise((resolve) => exec('true report;touch marker out.png', { cwd: folder }, (error) => { console.error(`${name}: ${error?.code ?? 'ran'}`); resolve(); }));
              else if (act === 'promise') await fs.promises.readFile(path);
              else if (act === 'callback') await new Promise((resolve) => fs.readFile(path, resolve));
              else if (act === 'stream') await new Promise((resolve) => fs.createReadStream(path).resume().on('close', resolve));
              else if (act === 'lookup') await dns.promises.lookup(name + '.names.invalid').catch(() => {});
              else if (act === 'child') await new Promise((resolve) => spawn('cat', [path], { env: { PATH: process.env.PATH } }).on('close', resolve));
              else fs.readFileSync(path);
              if (act !== 'command' || name !== 'another') await meet();
            }
            async function loop(next) {
              for (let i = 0; i < 2; i++) {
                const [id, name] = await next();
                await work(name);
                await call('POST', id + '/response', '1');
              }
            }
            function callbacks(left) {
              http.get(api + 'next', (answer) => {
                let text = '';
                answer.on('data', (piece) => (text += piece)).on('end', () => work(nameIn(text)).then(() =>
                  http.request(api + answer.headers['lambda-runtime-aws-request-id'] + '/response', { method: 'POST' }, (done) => done.resume().on('end', () => left > 1 && callbacks(left - 1))).end('1')));
              });
            }
            async function without(store) {
              for (let i = 0; i < 4; i++) {
                const [id, name] = await call('GET', 'next');
                const handle = async () => { await work(name); await call('POST', id + '/response', '1'); };
                setImmediate(() => (store ? store.run({ [Symbol('id')]: id }, handle) : handle()));
              }
            }
            // One connection to an echo, opened by the first event; what comes back is handled where it comes in.
            let connection;
            const server = net.createServer((socket) => socket.pipe(socket));
            function echo(name, done) {
              connection ??= net.connect(server.address().port, '127.0.0.1');
              connection.once('data', () => { fs.readFileSync(folder + '/' + name); done(); });
              connection.write(name);
            }
            let line = Promise.resolve();
            async function shared() {
              for (let i = 0; i < 2; i++) {
                const [id, name] = await call('GET', 'next');
                await meet();
                await (line = line.then(() => new Promise((done) => echo(name, done))));
                await meet();
                await call('POST', id + '/response', '1');
              }
            }
            const next = () => call('GET', 'next');
            if (shape === 'workers' && isMainThread) {
              const both = new Int32Array(new SharedArrayBuffer(8));
              for (let i = 0; i < 2; i++) new Worker(__filename, { argv: process.argv.slice(2), workerData: both });
            } else if (shape === 'workers') loop(next);
            else if (shape === 'callbacks') { callbacks(2); callbacks(2); }
            else if (shape === 'named') without(new AsyncLocalStorage());
            else if (shape === 'unnamed') without();
            else if (shape === 'shared') server.listen(0, '127.0.0.1', () => Promise.all([shared(), shared()]).then(() => process.exit()));
            else Promise.all([1, 2].map(() => loop(shape === 'fetch' ? byFetch : next)));
            """;
        var folder = Directory.CreateTempSubdirectory("pellicle-guard-tests").FullName;
        string[] ids = ["a", "b", "c", "d"];
        foreach (var id in ids)
            File.WriteAllText(Path.Combine(folder, id), "");
        var source = Path.Combine(Directory.CreateDirectory(folder + ".program").FullName, "program.js");
        File.WriteAllText(source, Program);
        _hop.Policy.Set(new PolicyDocument
        {
            Mode = act is "lookup" or "command" ? ProtectionMode.Protect : ProtectionMode.Monitor, // no name server is asked
            Events = new EventPolicy { Mode = ProtectionMode.Monitor },
            Rules =
            [
                new PolicyRule { Id = "mine", Dimension = Dimension.Read, Effect = Effect.Deny, Items = [folder + "/**"] },
                new PolicyRule { Id = "names", Dimension = Dimension.Host, Effect = Effect.Deny, Items = ["*.names.invalid:*"] },
            ],
        }, "test");
        var start = new ProcessStartInfo("node", [source, shape, act, folder]) { RedirectStandardError = true };
        start.Environment["AWS_LAMBDA_RUNTIME_API"] = _hop.Proxy.Address.ToString();
        start.Environment["AWS_LAMBDA_MAX_CONCURRENCY"] = "4";
        start.Environment["PELLICLE_CHANNEL"] = _channel;
        start.Environment["LD_PRELOAD"] = Path.Combine(BinaryFactAttribute.Artifacts, "native/x86_64/libpellicle.so");
        start.Environment["NODE_OPTIONS"] = "--require " + Path.Combine(BinaryFactAttribute.Artifacts, "probes/node/probe.js");
        using var program = Process.Start(start)!;
        foreach (var id in ids)
            _hop.Platform.Event(id, body?.Invoke(id) ?? $"\"{id}\"");
        var errors = program.StandardError.ReadToEnd();
        program.WaitForExit();
        Directory.Delete(folder + ".program", recursive: true);
        return (folder, ids, program.ExitCode, errors);
    }

    [Fact]
    public void Where_nothing_tells_all_are_named_and_none_is_accused()
    {
        Take("a", "{}", Environment.ProcessId);
        Take("b", "{}", Environment.ProcessId);
        Ask(Dimension.Read, Secret, Secret);
        Ask(Dimension.Read, Secret, Secret);
        var incident = Incident();
        incident.RequestId.ShouldBe("");
        incident.Reasons.ShouldContain("one of 2 invocations under way: b, a");
        // With one of them answered it is the other's.
        Answer(0, "a");
        Ask(Dimension.Read, Secret + "2", Secret + "2");
        Incident().RequestId.ShouldBe("b");
    }

    [Fact]
    public void What_may_belong_to_an_attack_is_not_learned()
    {
        Take("a", """{"Records":[{"eventSource":"custom","name":"report;touch marker"}]}""", Environment.ProcessId);
        Take("b", "{}", Environment.ProcessId);
        Ask(Dimension.Write, "/tmp/before", "/tmp/before", "open");
        Ask(Dimension.Process, "/usr/bin/dash", "sh\0-c\0convert report;touch marker out.png", "/bin/sh");
        Ask(Dimension.Write, "/tmp/after", "/tmp/after", "open");
        var seen = _hop.Guardian.Behaviours.Take().Deltas.Where(d => d.Behaviour.Dimension == Dimension.Write).ToDictionary(d => d.Behaviour.Item, d => d.Clean);
        seen.ShouldBe(new Dictionary<string, bool> { ["/tmp/before"] = false, ["/tmp/after"] = false }, ignoreOrder: true);
        Answer(0, "a");
        Ask(Dimension.Write, "/tmp/later", "/tmp/later", "open");
        _hop.Guardian.Behaviours.Take().Deltas.Single(d => d.Behaviour.Item == "/tmp/later").Clean.ShouldBeTrue();
    }

    /// <summary>A worker of this process takes an event.</summary>
    private void Take(string id, string body, int process)
    {
        var known = _hop.Proxy.Open.ToList();
        var worker = _hop.Runtime();
        _workers.Add(worker);
        _hop.Platform.Event(id, body);
        worker.Next();
        Connection connection = _hop.Proxy.Open.Except(known).Single();
        _hop.Guardian.Identified(connection, process);
        // Told from the kernel, both are this process.
        connection.Pid.ShouldBe(process);
    }

    private void Answer(int worker, string id)
    {
        _workers[worker].Respond(id, "1").ShouldBe(FakePlatform.Accepted);
        SpinWait.SpinUntil(() => _hop.Guardian.Invocations.InFlight == _workers.Count - 1, TimeSpan.FromMinutes(1)).ShouldBeTrue();
    }

    private void Ask(Dimension dimension, params string[] fields) => _client.Ask(dimension, QueryFlags.None, _state.Invocation, fields).Deny.ShouldBeFalse();

    private Process Start()
    {
        var process = Process.Start(new ProcessStartInfo("sleep", ["600"]))!;
        _processes.Add(process);
        return process;
    }

    private Incident Incident() => _hop.Guardian.Incidents.Take(10).Where(i => i.Dimension != Dimension.Event).ShouldHaveSingleItem();
}
