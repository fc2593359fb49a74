using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Pellicle.Domain;
using Pellicle.Policy;
using Pellicle.Protection;

namespace Pellicle.EndToEnd.Tests;

/// <summary>Real parts fail while requests come in: the guard of a running environment, and the server, a process of its own with a disk of its own. Each request is answered once, with its own answer.</summary>
public sealed class FaultTests(InsertionRun run) : IClassFixture<InsertionRun>, IDisposable
{
    private const string Echo = "import time\ndef handler(event, context):\n    time.sleep(event.get('wait', 0))\n    return 'answer to %d' % event['n']\n";

    /// <summary>Longer than anything here takes, and than the function may: a lost request is answered wrongly before.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly string _home = Directory.CreateTempSubdirectory("pellicle-home-").FullName;
    private int _number;

    public void Dispose() => Directory.Delete(_home, recursive: true);

    public static TheoryData<ProtectionMode> Modes => [ProtectionMode.Monitor, ProtectionMode.Protect];

    [CircleTheory]
    [MemberData(nameof(Modes))]
    public async Task The_guard_is_stopped_for_a_while(ProtectionMode mode)
    {
        var name = await ProtectedAsync($"stopped-{mode.Name()}", mode);
        await AnswersAsync(name, 3);
        for (var i = 0; i < 3; i++)
        {
            var guard = Guard(name);
            Signal(guard, "STOP");
            var (number, asked) = Ask(name);
            // It waits for as long as the guard does.
            (await Task.WhenAny(asked, Task.Delay(300))).ShouldNotBe(asked);
            Signal(guard, "CONT");
            (await asked.WaitAsync(Patience)).ShouldBe(Expected(number));
        }

        await AnswersAsync(name, 3);
    }

    [CircleTheory]
    [MemberData(nameof(Modes))]
    public async Task The_guard_is_killed_between_requests_and_within_one(ProtectionMode mode)
    {
        var name = await ProtectedAsync($"killed-{mode.Name()}", mode);
        await AnswersAsync(name, 2);
        for (var i = 0; i < 2; i++)
        {
            // The platform ends an environment whose extension ended; the next request gets another.
            var guard = Guard(name);
            Signal(guard, "KILL");
            await GoneAsync(guard);
            await AnswersAsync(name, 2);
        }

        var (number, asked) = Ask(name, wait: 50);
        await UntilAsync(() => Working(name), "the handler did not begin");
        Signal(Guard(name), "KILL");
        var answer = await asked.WaitAsync(Patience);
        using (var error = JsonDocument.Parse(answer))
        {
            // What the platform says of any extension that dies: an error of this request, and no other's answer.
            error.RootElement.GetProperty("errorType").GetString().ShouldBe("Extension.Crash", $"request {number}: {answer}");
        }

        await AnswersAsync(name, 3);
    }

    [CircleTheory]
    [MemberData(nameof(Modes))]
    public async Task The_server_is_stopped_killed_and_has_a_full_disk(ProtectionMode mode)
    {
        using var server = new OwnServer(_home);
        var name = $"server-{mode.Name()}";
        await CreateAsync(name);
        await server.PellicleAsync(run, "mode", Stage.Arn(name), mode.Name());
        (await server.PellicleAsync(run, "protect", name)).ShouldContain("protected");
        await AnswersAsync(name, 3);
        var before = await AttackAsync(name, mode);
        await ListedAsync(server, name, before);

        server.Signal("STOP");
        await AnswersAsync(name, 10);
        server.Signal("CONT");

        server.FillDisk();
        var meanwhile = await AttackAsync(name, mode);
        await AnswersAsync(name, 10);
        server.FreeDisk();
        await ListedAsync(server, name, meanwhile);

        await server.KillAsync();
        await AnswersAsync(name, 10);
        var without = await AttackAsync(name, mode);
        server.Start();
        await AnswersAsync(name, 3);
        // What was seen in its absence is told once.
        await ListedAsync(server, name, without);
        await ListedAsync(server, name, meanwhile);
        await ListedAsync(server, name, before);
    }

    private async Task<string> AttackAsync(string name, ProtectionMode mode)
    {
        var payload = JsonSerializer.SerializeToUtf8Bytes(new { n = ++_number, version = "2.0", rawPath = "/", queryStringParameters = new { host = "127.0.0.1; cat /etc/passwd" }, requestContext = new { http = new { method = "GET", path = "/" } } });
        var (request, answer) = await run.Stage.InvokeAsync(name, payload).WaitAsync(Patience);
        if (mode == ProtectionMode.Monitor)
        {
            answer.ShouldBe(Expected(_number));
        }
        else
        {
            answer.ShouldContain("403");
        }

        return request;
    }

    /// <summary>Waits, while requests go on, until the server lists the attack of one request; it must be there once.</summary>
    private async Task ListedAsync(OwnServer server, string function, string request)
    {
        var clock = Stopwatch.StartNew();
        List<JsonElement> found;
        do
        {
            // A guard that is frozen between requests can send only with the next.
            await AnswersAsync(function, 1);
            using var answer = JsonDocument.Parse(await server.PellicleAsync(run, "incidents", "list", "--function", function, "--format", "json"));
            found = [.. answer.RootElement.GetProperty("items").EnumerateArray().Where(i => i.GetProperty("requestId").GetString() == request && i.GetProperty("dimension").GetString() == "event").Select(i => i.Clone())];
        }
        while (found.Count == 0 && clock.Elapsed < Patience);
        found.ShouldHaveSingleItem($"{request}");
    }

    private async Task AnswersAsync(string name, int count)
    {
        for (var i = 0; i < count; i++)
        {
            var (number, asked) = Ask(name);
            (await asked.WaitAsync(Patience)).ShouldBe(Expected(number));
        }
    }

    private (int Number, Task<string> Answer) Ask(string name, int wait = 0)
    {
        var number = ++_number;
        return (number, Task.Run(async () => (await run.Stage.InvokeAsync(name, JsonSerializer.SerializeToUtf8Bytes(new { n = number, wait }))).Answer));
    }

    private static string Expected(int number) => $"\"answer to {number}\"";

    private async Task<string> ProtectedAsync(string name, ProtectionMode mode)
    {
        await CreateAsync(name);
        await run.ProtectAsync(name, new PolicyDocument { Mode = mode });
        return name;
    }

    private Task CreateAsync(string name) =>
        run.Stage.CreateAsync(name, "python3.11", "index.handler", LayerPackage.Zip([new ZipFileEntry("index.py", Encoding.UTF8.GetBytes(Echo), 0b110_100_100)]), [], new Dictionary<string, string>(), timeout: 60);

    /// <summary>The extension process of the function's environment.</summary>
    private static int Guard(string function) => Processes(function).Single(p => Arguments(p) is ["/opt/extensions/pellicle", ..]);

    /// <summary>The function sleeps: its runtime's process waits for the clock.</summary>
    private static bool Working(string function) =>
        Processes(function).Any(p => Arguments(p).Any(a => a.EndsWith("bootstrap.py", StringComparison.Ordinal)) && Read($"/proc/{p}/wchan").Contains("nanosleep", StringComparison.Ordinal));

    private static List<int> Processes(string function) =>
    [
        .. Directory.EnumerateDirectories("/proc").Select(d => int.TryParse(Path.GetFileName(d), NumberStyles.None, CultureInfo.InvariantCulture, out var pid) ? pid : 0)
            .Where(pid => pid > 0 && Read($"/proc/{pid}/environ").Split('\0').Contains($"AWS_LAMBDA_FUNCTION_NAME={function}")),
    ];

    private static string[] Arguments(int pid) => Read($"/proc/{pid}/cmdline").Split('\0', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>Empty when the process has ended.</summary>
    private static string Read(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }

    private static void Signal(int pid, string name)
    {
        using var kill = Process.Start("kill", [$"-{name}", pid.ToString(CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
        kill.ExitCode.ShouldBe(0);
    }

    /// <summary>Waited for by its parent: from then on the platform knows.</summary>
    private static Task GoneAsync(int pid) => UntilAsync(() => !Directory.Exists($"/proc/{pid}"), $"process {pid} did not end");

    private static async Task UntilAsync(Func<bool> condition, string otherwise)
    {
        var clock = Stopwatch.StartNew();
        while (!condition())
        {
            clock.Elapsed.ShouldBeLessThan(Patience, otherwise);
            await Task.Delay(10);
        }
    }

    /// <summary>`pellicle serve` with a data directory on a small disk that only it sees.</summary>
    private sealed class OwnServer : IDisposable
    {
        private readonly string _home;
        private readonly string _data;
        // One of its own, because it comes back to it.
        private readonly string _urls = $"http://127.0.0.1:{InsertionTests.FreePort()}";
        private Process? _mounts;
        private Process _process = null!;
        private string _token = "";

        public OwnServer(string home)
        {
            (_home, _data) = (home, Path.Combine(home, "disk"));
            Directory.CreateDirectory(_data);
            // The disk lives as long as this process, whatever becomes of the server.
            _mounts = Process.Start(new ProcessStartInfo("unshare", ["-m", "sh", "-c", $"mount -t tmpfs -o size=24m none {_data} && echo mounted && exec cat"]) { RedirectStandardOutput = true, RedirectStandardInput = true })!;
            _mounts.StandardOutput.ReadLine().ShouldBe("mounted");
            Start();
        }

        private string Disk => $"/proc/{_mounts!.Id}/root{_data}";

        public void Start()
        {
            var start = new ProcessStartInfo("nsenter", ["-m", "-t", $"{_mounts!.Id}", Path.Combine(Stage.Artifacts, "cli", "pellicle-cli"), "serve", "--data", _data, "--urls", _urls]) { RedirectStandardOutput = true, RedirectStandardError = true };
            start.Environment["PELLICLE_HOME"] = _home;
            _process = Process.Start(start)!;
            _process.ErrorDataReceived += (_, _) => { };
            _process.BeginErrorReadLine();
            string? line;
            while ((line = _process.StandardOutput.ReadLine()) is not null && !line.StartsWith("listening on ", StringComparison.Ordinal))
            {
            }

            line.ShouldNotBeNull("the server did not start")["listening on ".Length..].TrimEnd('/').ShouldBe(_urls);
            _token = File.ReadAllText(Path.Combine(Disk, "admin-token")).Trim();
        }

        public void Signal(string name) => FaultTests.Signal(_process.Id, name);

        public async Task KillAsync()
        {
            _process.Kill();
            await _process.WaitForExitAsync();
        }

        public void FillDisk()
        {
            using var dd = Process.Start(new ProcessStartInfo("dd", ["if=/dev/zero", $"of={Path.Combine(Disk, "full")}", "bs=4k"]) { RedirectStandardError = true })!;
            dd.StandardError.ReadToEnd().ShouldContain("No space left");
            dd.WaitForExit();
        }

        public void FreeDisk() => File.Delete(Path.Combine(Disk, "full"));

        public Task<string> PellicleAsync(InsertionRun run, params string[] arguments) => run.PellicleAsync(_home, 0, arguments, _urls, _token);

        public void Dispose()
        {
            if (!_process.HasExited)
            {
                _process.Kill();
                _process.WaitForExit();
            }

            _process.Dispose();
            _mounts!.Kill();
            _mounts.WaitForExit();
            _mounts.Dispose();
            _mounts = null;
        }
    }
}
