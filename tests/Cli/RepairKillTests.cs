using System.Diagnostics;
using System.Net;
using System.Text;
using System.Text.Json;
using Amazon.Runtime;
using Pellicle.Aws;
using Pellicle.Cli.Tests.Support;
using Pellicle.Local;
using Pellicle.Protection;

namespace Pellicle.Cli.Tests;

/// <summary>
/// The command is killed (SIGKILL) at every call it makes, before the call reaches Lambda and after it was carried out but before the answer arrives, and at every
/// write of its journal. Going on or taking back then leaves the account repaired or as it was.
/// </summary>
public sealed class RepairKillTests(Xunit.Abstractions.ITestOutputHelper output) : IAsyncLifetime
{
    private static readonly string[] Functions = ["one", "two"];

    private readonly string _data = Directory.CreateTempSubdirectory("pellicle-kill-tests-").FullName;
    private readonly Gate _gate = new();
    private LocalLambda _local = null!;
    private LambdaClient _lambda = null!;
    private string _old = "";
    private string _content = "";

    public async Task InitializeAsync()
    {
        _local = await LocalLambda.StartAsync(new LocalLambdaOptions { DataDirectory = Path.Combine(_data, "local"), RuntimesDirectory = _data, TransitionTime = TimeSpan.Zero }, default);
        _gate.Start(_local.Address);
        _lambda = new LambdaClient(new AwsHttp(new AwsSettings { Region = "us-east-1", Endpoint = _local.Address, Credentials = new BasicAWSCredentials("a", "b") }));
        var beside = (await _lambda.PublishLayerVersionAsync("beside", TestArchive.Zip("b.txt", "b"), null, null, null)).LayerVersionArn;
        _old = (await _lambda.PublishLayerVersionAsync("shared", TestArchive.Zip("a.txt", "old"), "as it was", ["python3.13"], null, "MIT")).LayerVersionArn;
        foreach (var name in Functions)
        {
            await _lambda.CreateFunctionAsync(name, "python3.13", "app.handler", "arn:aws:iam::123456789012:role/worker", TestArchive.Zip("app.py", "pass"), [beside, _old], new Dictionary<string, string> { ["KEY"] = "value" }, 3, 128);
            await _lambda.WaitUpdatedAsync(name);
        }

        _content = Path.Combine(_data, "new.zip");
        await File.WriteAllBytesAsync(_content, TestArchive.Zip("a.txt", "new"));
    }

    public async Task DisposeAsync()
    {
        _gate.Dispose();
        _lambda.Http.Dispose();
        await _local.DisposeAsync();
        Directory.Delete(_data, recursive: true);
    }

    [Fact]
    public async Task Killed_at_any_step_the_account_ends_repaired_or_as_before()
    {
        var before = await StateAsync();
        var calls = await KillAsync(new Kill(int.MaxValue, false, 0), "whole");
        calls.Alive.ShouldBeTrue("the run that nobody kills ends by itself");
        (await StateAsync()).ShouldBe(before.Replace("shared:1", "shared:2", StringComparison.Ordinal));
        await TakeBackAsync("whole", before);

        var kills = new List<Kill>();
        for (var n = 1; n <= calls.Requests; n++)
        {
            kills.Add(new Kill(n, Done: false, 0));
            kills.Add(new Kill(n, Done: true, 0));
        }

        kills.AddRange(Enumerable.Range(1, calls.Writes).Select(n => new Kill(0, false, n)));
        var killed = 0;
        foreach (var (kill, index) in kills.Select((k, i) => (k, i)))
        {
            var home = $"run-{index}";
            killed += (await KillAsync(kill, home)).Alive ? 0 : 1;
            // Taking back where the number is even, going on where it is odd: each call is killed twice, so each meets both within two neighbours.
            if (index % 2 == 1)
            {
                var done = await Repair(home).RunAsync(_old, await File.ReadAllBytesAsync(_content), null);
                (await StateAsync()).ShouldBe(before.Replace("shared:1", done.NewArn!.Split(':', 7)[6], StringComparison.Ordinal), $"going on after {kill}");
            }

            await TakeBackAsync(home, before, kill.ToString());
        }

        output.WriteLine($"{killed} of {kills.Count} runs were killed: {calls.Requests} calls, each before and after it was carried out, and {calls.Writes} writes of the journal");
        killed.ShouldBe(kills.Count);
    }

    [Fact]
    public async Task Killed_while_taking_back_a_second_take_back_ends_it()
    {
        var before = await StateAsync();
        for (var n = 1; ; n++)
        {
            var home = $"back-{n}";
            (await KillAsync(new Kill(int.MaxValue, false, 0), home)).Alive.ShouldBeTrue();
            var alive = (await KillAsync(new Kill(n, n % 2 == 0, 0), home, "--revert")).Alive;
            await TakeBackAsync(home, before, $"call {n} of the take-back");
            if (alive)
            {
                n.ShouldBeGreaterThan(6);
                return;
            }
        }
    }

    private async Task TakeBackAsync(string home, string before, string why = "the whole run")
    {
        await Repair(home).RevertAsync();
        (await StateAsync()).ShouldBe(before, $"taking back after {why}");
        var left = new List<string>();
        await foreach (var version in _lambda.ListLayerVersionsAsync("shared"))
        {
            left.Add(version.LayerVersionArn);
        }

        left.ShouldBe([_old], $"no version is left behind after {why}");
    }

    /// <summary>Everything of the functions that a repair must keep.</summary>
    private async Task<string> StateAsync()
    {
        var text = new StringBuilder();
        foreach (var name in Functions)
        {
            var f = await _lambda.WaitUpdatedAsync(name);
            text.AppendLine($"{name} {f.CodeSha256} {f.Handler} {f.Timeout} {f.MemorySize} {string.Join(',', f.Variables.Select(v => $"{v.Key}={v.Value}"))} {string.Join(' ', f.Layers.Select(l => l.Arn.Split(':', 7)[6]))}");
        }

        return text.ToString();
    }

    private LayerRepair Repair(string home) => new(_lambda, JournalOf(home));

    private string JournalOf(string home) => Path.Combine(_data, home, "repairs", _old.Replace(':', '_') + ".json");

    private sealed record Kill(int Request, bool Done, int Write);

    /// <summary>Runs the command as a process of its own and kills it where it is told.</summary>
    private async Task<(bool Alive, int Requests, int Writes)> KillAsync(Kill kill, string home, params string[] more)
    {
        var directory = Path.Combine(_data, home, "repairs");
        Directory.CreateDirectory(directory);
        var dll = Path.Combine(AppContext.BaseDirectory, "pellicle-cli.dll");
        string[] arguments = ["exec", "--runtimeconfig", Path.Combine(AppContext.BaseDirectory, "pellicle-cli.runtimeconfig.json"), dll, "layers", "remediate", _old, "--endpoint-url", _gate.Address, .. more is [] ? ["--content", _content] : more];
        var start = new ProcessStartInfo("dotnet", arguments) { RedirectStandardError = true, RedirectStandardOutput = true };
        start.Environment["PELLICLE_HOME"] = Path.Combine(_data, home);
        start.Environment["TMPDIR"] = _data; // who is killed cleans nothing up
        start.Environment["DOTNET_TieredPGO"] = "0";
        using var process = new Process { StartInfo = start };
        using var watcher = new FileSystemWatcher(directory, "*.json");
        var writes = 0;
        var end = 0;
        void Stop()
        {
            if (Interlocked.Exchange(ref end, 1) == 0)
            {
                process.Kill();
            }
        }

        watcher.Renamed += (_, _) =>
        {
            if (Interlocked.Increment(ref writes) == kill.Write)
            {
                Stop();
            }
        };
        watcher.EnableRaisingEvents = true;
        _gate.Expect(kill.Request, kill.Done, Stop);
        process.Start();
        var error = process.StandardError.ReadToEndAsync();
        await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        if (end == 0)
        {
            process.ExitCode.ShouldBe(0, await error);
        }

        await _gate.DrainAsync();
        return (end == 0, _gate.Count, writes);
    }

    /// <summary>Stands between the command and Lambda, and counts calls.</summary>
    private sealed class Gate : IDisposable
    {
        private HttpListener _listener = new();
        private readonly HttpClient _http = new();
        private readonly Lock _gate = new();
        private TaskCompletionSource _idle = new();
        private int _running;
        private bool _stopped;
        private int _count;
        private int _at;
        private bool _done;
        private Action _stop = () => { };

        public string Address { get; private set; } = "";

        public int Count => _count;

        public void Start(Uri lambda)
        {
            _listener = Loopback.Listen(out var address);
            Address = address;
            _ = Loopback.ServeAsync(_listener, context => GuardAsync(context, lambda));
        }

        public void Expect(int at, bool done, Action stop)
        {
            lock (_gate)
            {
                (_count, _at, _done, _stop, _stopped) = (0, at, done, stop, false);
            }
        }

        /// <summary>Nothing that a killed command sent reaches Lambda from here on, but what was forwarded is carried out.</summary>
        public async Task DrainAsync()
        {
            Task idle;
            lock (_gate)
            {
                _stopped = true;
                _idle = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                idle = _running == 0 ? Task.CompletedTask : _idle.Task;
            }

            await idle;
        }

        public void Dispose()
        {
            _listener.Close();
            _http.Dispose();
        }

        private async Task GuardAsync(HttpListenerContext context, Uri lambda)
        {
            lock (_gate)
            {
                if (_stopped)
                {
                    context.Response.Abort();
                    return;
                }

                _running++;
            }

            try
            {
                await PassAsync(context, lambda);
            }
            finally
            {
                lock (_gate)
                {
                    if (--_running == 0)
                    {
                        _idle.TrySetResult();
                    }
                }
            }
        }

        private async Task PassAsync(HttpListenerContext context, Uri lambda)
        {
            var number = Interlocked.Increment(ref _count);
            if (number == _at && !_done)
            {
                _stop();
                context.Response.Abort();
                return;
            }

            using var body = new MemoryStream();
            await context.Request.InputStream.CopyToAsync(body);
            using var request = Loopback.Copy(context.Request, body.ToArray(), lambda);
            using var answer = await _http.SendAsync(request);
            var bytes = await answer.Content.ReadAsByteArrayAsync();
            if (number == _at)
            {
                _stop();
                context.Response.Abort();
                return;
            }

            try
            {
                context.Response.StatusCode = (int)answer.StatusCode;
                if (answer.Headers.TryGetValues("x-amzn-ErrorType", out var type))
                {
                    context.Response.Headers["x-amzn-ErrorType"] = type.First();
                }

                await context.Response.OutputStream.WriteAsync(bytes);
                context.Response.Close();
            }
            catch (HttpListenerException)
            {
                // The caller was killed at a write of its journal.
                context.Response.Abort();
            }
        }
    }
}
