using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Pellicle.Policy;
using Pellicle.Protection;

namespace Pellicle.EndToEnd.Tests;

/// <summary>Both ways in: the standalone layer, and the layer with its own interpreter for <c>provided.*</c>; other vendors' wrappers and proxies stay in use.</summary>
public sealed class InsertionTests(InsertionRun run) : IClassFixture<InsertionRun>
{
    private const string Attack = "x; id";
    private const string Benign = "Anna Maria";

    private static string Functions => Path.Combine(Stage.Root, "tests", "EndToEnd", "functions");

    [CircleTheory]
    [InlineData("python")]
    [InlineData("node")]
    [InlineData("java")]
    [InlineData("dotnet")]
    public async Task A_layer_with_its_own_interpreter_runs_the_same_handlers_behind_the_guard(string language)
    {
        await MatrixRun.BuildVictimsAsync();
        var victim = Victim.All.First(v => v.Language == language);
        var managed = $"managed-{language}";
        await run.Stage.CreateAsync(managed, victim, MatrixRun.Victims);

        var built = CustomRuntimeLayer.Build(Stage.Artifacts, "x86_64", new CustomRuntime(language, await InterpreterAsync(language)), null, null, "0.1.0");
        built.UnzippedBytes.ShouldBeLessThan(CustomRuntimeLayer.MaxUnzippedBytes);
        var layer = await new Protector(run.Stage.Lambda).EnsureLayerAsync(built.Zip, "x86_64", LayerPackage.NameForRuntime(language, "x86_64"));
        var name = $"own-{language}";
        await run.Stage.CreateAsync(name, "provided.al2023", victim.Handler, Stage.ZipOf(Path.Combine(MatrixRun.Victims, language)), [layer], new Dictionary<string, string> { ["BACKEND"] = run.Stage.Backend, ["OTHER"] = run.Stage.Other });

        // Before anybody protects it the layer only watches: the same answers, attacks included.
        var attacked = await run.CallAsync(managed, Attack);
        attacked.ShouldContain("uid=");
        (await run.CallAsync(name, Attack)).ShouldBe(attacked);
        await run.ProtectAsync(name);
        foreach (var (op, value) in new[] { ("shell", Benign), ("read", "sub/deep.txt"), ("fetch", "articles"), ("deserialize", "") })
        {
            (await run.CallAsync(name, value, op)).ShouldBe(await run.CallAsync(managed, value, op), op);
        }

        var (request, answer) = await run.Stage.InvokeAsync(name, Events.Make(Events.Default, "shell", Attack));
        answer.ShouldNotContain("uid=");
        await run.Stage.ShouldReportAsync(name, request, "blocked", "event");
        (request, answer) = await run.Stage.InvokeAsync(name, Events.Make(Events.Default, "environ", "none"));
        answer.ShouldNotContain("AWS_SECRET");
        await run.Stage.ShouldReportAsync(name, request, "blocked", "read");
        await ShouldHaveLinesAsync(name, probe: true);
        await run.UnprotectAsync(name);
        (await run.CallAsync(name, Attack)).ShouldBe(attacked);
    }

    [CircleTheory]
    [InlineData("dynamic")]
    [InlineData("script")]
    [InlineData("static")]
    public async Task Any_other_program_for_an_OS_only_runtime_gets_the_first_line_and_the_second_where_it_is_dynamic(string kind)
    {
        var package = LayerPackage.Zip([new ZipFileEntry("bootstrap", await BootstrapAsync(kind), 0b111_101_101)]);
        foreach (var (policy, name) in new[] { (InsertionRun.Protect, $"osonly-{kind}"), (InsertionRun.Sinks, $"osonly-{kind}-sinks") })
        {
            await run.Stage.CreateAsync(name, "provided.al2023", "none", package, [], new Dictionary<string, string>());
            (await run.CallAsync(name, Attack)).ShouldContain("uid=");
            if (kind == "static")
            {
                // Nothing outside the package can come before it: refused, and the way out works.
                var refused = await new Protector(run.Stage.Lambda).ProtectAsync(name, run.Settings);
                refused.Refusals.ShouldHaveSingleItem().WayOut.ShouldContain("pellicle instrument");
                using var instrumented = new MemoryStream();
                PackageInstrumentation.Instrument(new MemoryStream(package), instrumented).ShouldBeTrue();
                await run.Stage.UpdateCodeAsync(name, instrumented.ToArray());
                (await run.CallAsync(name, Attack)).ShouldContain("uid=", Case.Sensitive, "without the layer it works as before");
            }

            await run.ProtectAsync(name, policy);
            (await run.CallAsync(name, Benign)).ShouldBe($"{{\"out\":\"hello {Benign}{(kind == "script" ? "" : "\\n")}\"}}");
            var (request, answer) = await run.Stage.InvokeAsync(name, Events.Make(Events.Default, "shell", Attack));
            // The start of a shell by a static program is not seen; what that shell starts is, and the event holds it.
            answer.ShouldNotContain("uid=");
            await run.Stage.ShouldReportAsync(name, request, "blocked", policy == InsertionRun.Sinks ? "process" : "event");

            // Programs that a static one starts are covered by the variable they inherit; it is not, and the line is not its own.
            await ShouldHaveLinesAsync(name, process: kind != "static");
            await run.UnprotectAsync(name);
            (await run.CallAsync(name, Attack)).ShouldContain("uid=");
        }
    }

    [CircleTheory]
    [InlineData("python3.11", "index.handler")]
    [InlineData("nodejs20.x", "index.handler")]
    public async Task Another_vendors_wrapper_and_proxy_stay_in_use_and_both_see_everything(string runtime, string handler)
    {
        const string python = "import os, subprocess\ndef handler(event, context):\n    v = event['queryStringParameters']['v']\n    return {'mark': os.environ.get('VENDOR_WAS_HERE'), 'out': subprocess.getoutput('echo hello ' + v)}\n";
        const string node = "const { execSync } = require('child_process');\nexports.handler = async event => ({ mark: process.env.VENDOR_WAS_HERE, out: execSync('echo hello ' + event.queryStringParameters.v).toString() });\n";
        foreach (var withProxy in new[] { false, true })
        {
            var name = $"vendor-{runtime.Replace(".", "", StringComparison.Ordinal)}-{(withProxy ? "proxy" : "wrapper")}";
            var files = new List<(string, byte[])> { ("vendor/wrapper", await File.ReadAllBytesAsync(Path.Combine(Functions, "vendor", "wrapper"))) };
            var variables = new Dictionary<string, string> { ["AWS_LAMBDA_EXEC_WRAPPER"] = "/opt/vendor/wrapper" };
            if (withProxy)
            {
                files.Add(("extensions/vendor-proxy", await File.ReadAllBytesAsync(Path.Combine(Functions, "vendor", "proxy"))));
                variables["VENDOR_PORT"] = FreePort().ToString(System.Globalization.CultureInfo.InvariantCulture);
            }

            var layer = await run.Stage.PublishAsync("vendor", [.. files]);
            var code = LayerPackage.Zip([new ZipFileEntry("index.py", Encoding.UTF8.GetBytes(python), 0b110_100_100), new ZipFileEntry("index.js", Encoding.UTF8.GetBytes(node), 0b110_100_100)]);
            await run.Stage.CreateAsync(name, runtime, handler, code, [layer], variables);
            var (benign, attacked) = (await run.CallAsync(name, Benign), await run.CallAsync(name, Attack));
            benign.ShouldContain("\"mark\":", Case.Sensitive);
            benign.Replace(" ", "", StringComparison.Ordinal).ShouldContain("\"mark\":\"wrapped/var/lang/bin/");
            benign.Contains("seen-by-vendor", StringComparison.Ordinal).ShouldBe(withProxy, benign);
            attacked.ShouldContain("uid=");

            var change = await run.ProtectAsync(name);
            change.Notes.ShouldContain(n => n.Contains("/opt/vendor/wrapper"));
            (await run.CallAsync(name, Benign)).ShouldBe(benign);
            var (request, answer) = await run.Stage.InvokeAsync(name, Events.Make(Events.Default, "shell", Attack));
            answer.ShouldNotContain("uid=");
            answer.Contains("seen-by-vendor", StringComparison.Ordinal).ShouldBe(withProxy, answer);
            await run.Stage.ShouldReportAsync(name, request, "blocked", "event");
            await ShouldHaveLinesAsync(name, probe: true);
            await run.UnprotectAsync(name);
            (await run.CallAsync(name, Attack)).ShouldBe(attacked);
        }
    }

    [CircleTheory]
    [InlineData("python", Domain.ProtectionMode.Protect)]
    [InlineData("node", Domain.ProtectionMode.Protect)]
    [InlineData("java", Domain.ProtectionMode.Protect)]
    [InlineData("dotnet", Domain.ProtectionMode.Protect)]
    [InlineData("python", Domain.ProtectionMode.Monitor)]
    public async Task A_process_that_stays_behind_is_ended_where_the_policy_says_so(string language, Domain.ProtectionMode mode)
    {
        await MatrixRun.BuildVictimsAsync();
        var name = $"lingers-{language}-{mode}";
        await run.Stage.CreateAsync(name, Victim.All.First(v => v.Language == language), MatrixRun.Victims);
        (await run.CallAsync(name, "none", "background")).ShouldContain("left behind");
        (await run.CallAsync(name, "none", "sleepers")).ShouldContain("\"1\\n\"");
        var rules = new Dictionary<string, Effect> { [BuiltinRules.LingeringProcess] = Effect.Deny };
        await run.ProtectAsync(name, InsertionRun.Protect with { Mode = mode, Builtin = rules });
        var (request, answer) = await run.Stage.InvokeAsync(name, Events.Make(Events.Default, "background", "none"));
        answer.ShouldContain("left behind");
        (await run.CallAsync(name, "none", "sleepers")).ShouldContain(mode == Domain.ProtectionMode.Protect ? "\"0\\n\"" : "\"1\\n\"");
        await run.Stage.ShouldReportAsync(name, request, mode == Domain.ProtectionMode.Protect ? "blocked" : "would-block", "process", BuiltinRules.LingeringProcess);
        await run.UnprotectAsync(name);
    }

    [CircleFact]
    public async Task A_function_that_takes_too_long_or_ends_itself_is_answered_as_without_protection()
    {
        const string code = "import os, time\n\ndef handler(event, context):\n    if event == 'exit':\n        os._exit(3)\n    if event == 'long':\n        time.sleep(60)\n    return 'ok'\n";
        var zip = LayerPackage.Zip([new ZipFileEntry("index.py", Encoding.UTF8.GetBytes(code), 0b110_100_100)]);
        var answers = new List<string>();
        foreach (var name in new[] { "slow-plain", "slow-protected" })
        {
            await run.Stage.CreateAsync(name, "python3.11", "index.handler", zip, [], new Dictionary<string, string>(), timeout: 5); // the start that follows an end counts, too
            if (name == "slow-protected")
            {
                await run.ProtectAsync(name);
            }

            var all = new List<string>();
            foreach (var value in new[] { "short", "long", "short", "exit", "short" })
            {
                var (request, answer) = await run.Stage.InvokeAsync(name, JsonSerializer.SerializeToUtf8Bytes(value));
                all.Add(answer.Replace(request, "<id>", StringComparison.Ordinal));
            }

            answers.Add(string.Join('\n', all));
        }

        answers[0].ShouldContain("timed out after 5.00 seconds");
        answers[1].ShouldBe(answers[0]);
    }

    [CircleFact]
    public void The_layer_is_at_most_8_megabytes() => LayerPackage.Build(Stage.Artifacts, "x86_64", null, null, "0.1.0").Length.ShouldBeLessThanOrEqualTo(8 * 1024 * 1024);

    /// <summary>What `pellicle status` shows: the lines that the guard of the newest environment says are active.</summary>
    private async Task ShouldHaveLinesAsync(string name, bool process = true, bool probe = false)
    {
        string[] wanted = ["events", .. process ? (string[])["process"] : [], .. probe ? (string[])["probe"] : []];
        JsonElement lines = default;
        async Task<bool> TellsAllAsync()
        {
            lines = (await run.Stage.GetAsync($"/api/v1/functions/{Uri.EscapeDataString(Stage.Arn(name))}")).GetProperty("lines");
            return wanted.All(w => lines.TryGetProperty(w, out var line) && line.GetBoolean()) && lines.GetProperty("process").GetBoolean() == process;
        }

        // A first word of the interposer that came too late on a busy machine is said again; before the runtime's own process is known, any that reported in counts.
        await run.Stage.UntilAsync(TellsAllAsync, name);
        foreach (var line in wanted)
        {
            lines.GetProperty(line).GetBoolean().ShouldBeTrue($"{line}: {lines}");
        }

        lines.GetProperty("process").GetBoolean().ShouldBe(process, lines.ToString());
    }

    private static async Task<byte[]> BootstrapAsync(string kind)
    {
        var source = Path.Combine(Functions, "osonly", kind == "script" ? "bootstrap.sh" : "bootstrap.c");
        if (kind == "script")
        {
            return await File.ReadAllBytesAsync(source);
        }

        var program = Path.Combine(Path.GetTempPath(), $"pellicle-osonly-{kind}-{Environment.ProcessId}");
        await InsertionRun.RunAsync("gcc", ["-O1", "-Wall", "-Werror", "-o", program, source, .. kind == "static" ? (string[])["-static"] : []]);
        var bytes = await File.ReadAllBytesAsync(program);
        File.Delete(program);
        return bytes;
    }

    internal static async Task<string> InterpreterAsync(string language)
    {
        var directory = Path.Combine(Stage.Artifacts, "interpreters", language);
        if (!Directory.Exists(directory))
        {
            Directory.CreateDirectory(Path.GetDirectoryName(directory)!);
            var made = $"{directory}.{Environment.ProcessId}";
            await InsertionRun.RunAsync(Path.Combine(Stage.Root, "eng", "interpreter.sh"), language, made);
            Directory.Move(made, directory);
        }

        return directory;
    }

    private static int _lastPort = 10_000 + (Environment.ProcessId % 10_000);

    /// <summary>For one who listens later: below those that the kernel gives to connections and to whoever asks for any, so that nobody else gets it meanwhile.</summary>
    internal static int FreePort()
    {
        while (true)
        {
            var port = Interlocked.Increment(ref _lastPort);
            using var listener = new TcpListener(IPAddress.Loopback, port);
            try
            {
                listener.Start();
                return port;
            }
            catch (SocketException e) when (e.SocketErrorCode == SocketError.AddressAlreadyInUse)
            {
                // Somebody's service; the next one.
            }
        }
    }
}
