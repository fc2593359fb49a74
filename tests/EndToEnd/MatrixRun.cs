using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.Json;
using Pellicle.Domain;
using Pellicle.Policy;
using Pellicle.Protection;

namespace Pellicle.EndToEnd.Tests;

/// <summary>What one request brought.</summary>
/// <param name="Answer">Payload as the caller got it.</param>
/// <param name="Incidents">Incidents of this invocation.</param>
public sealed record Outcome(string Answer, IReadOnlyList<Seen> Incidents)
{
    public IEnumerable<Seen> Blocked => Incidents.Where(i => i.Decision == "blocked");

    public override string ToString() => $"answer: {(Answer.Length > 400 ? Answer[..400] : Answer)}\nincidents: {string.Join("\n", Incidents)}";
}

/// <summary>An incident as the server tells it.</summary>
public sealed record Seen(string RequestId, string Decision, string Dimension, string Item, string Detector, string Source, string Field, string Rule, string Evidence);

/// <summary>
/// Runs every attack and every benign twin once against every way of guarding, then reads all incidents in one go; the tests look at what came out.
/// Functions have their environments for themselves, so they run beside each other, each one request at a time.
/// </summary>
public sealed class MatrixRun : IAsyncLifetime
{
    private const int MaxRuns = 3;
    private readonly ConcurrentDictionary<(string Function, string Source, string Op, string Value), (string RequestId, string Answer)> _answers = [];
    private readonly ConcurrentDictionary<(string Function, string Op, string Value), List<string>> _before = [];
    private readonly ConcurrentDictionary<(string Attack, string Language, Guarding), Outcome> _alone = [];
    private readonly ConcurrentDictionary<string, List<Seen>> _incidents = [];
    private static readonly Guarding[] Plain = [Guarding.None, Guarding.Monitor, Guarding.Protect];
    private string _victims = "";
    private Stage? _stage;
    private Database? _database;

    /// <summary>Rows.</summary>
    public IReadOnlyList<Attack> Attacks { get; private set; } = [];

    /// <summary>Set when the restoring of configurations was looked at: what differs, empty for nothing.</summary>
    public IReadOnlyList<string> NotRestored { get; private set; } = [];

    /// <summary>What guards say of the seccomp filter, by function.</summary>
    public ConcurrentDictionary<string, string> Confinement { get; } = [];

    internal static string Victims => Path.Combine(Stage.Artifacts, "victims");

    public async Task InitializeAsync()
    {
        if (Stage.WhyNot is not null)
        {
            return; // every test of the class is skipped, and says why
        }

        _victims = Victims;
        await BuildVictimsAsync();
        Attacks = EndToEnd.Tests.Attacks.All(Path.Combine(_victims, "gifts"));
        await using var stage = await Stage.StartAsync();
        _stage = stage;
        await using var database = await Database.StartAsync();
        _database = database;
        var settings = await stage.PublishLayerAsync();
        using var slots = new SemaphoreSlim(4);
        var alone = Attacks.Where(a => a.Alone).SelectMany(a => Victim.All.Where(v => a.Languages.Contains(v.Language)), (attack, victim) => RunAloneAsync(attack, victim, settings, slots));
        await Task.WhenAll([.. Victim.All.SelectMany(_ => Enum.GetValues<Guarding>(), (v, g) => RunAsync(v, g, settings, slots)), .. Victim.All.SelectMany(_ => Plain, (v, g) => RunAsync(v, g, settings, slots, strict: true)), .. alone]);
        foreach (var name in Victim.All.SelectMany(_ => Plain, (v, g) => (v, g)).Where(p => p.g != Guarding.None).SelectMany(p => (string[])[Name(p.v.Language, p.g), Name(p.v.Language, p.g, strict: true)]))
        {
            Confinement[name] = (await stage.GetAsync($"/api/v1/functions/{Uri.EscapeDataString(Stage.Arn(name))}")).GetProperty("health").GetProperty("confinement").GetString()!;
        }

        NotRestored = await UnprotectAsync(stage);
        _stage = null;
        _database = null;
    }

    public Task DisposeAsync() => Task.CompletedTask;

    /// <summary>What a row's attack brought.</summary>
    public Outcome Of(Attack attack, string language, Guarding guarding, string source = Events.Default) =>
        attack.Alone ? _alone[(attack.Name, language, guarding)] : Find(guarding, language, attack.Strict, source, attack.Op, attack.ValueFor(language), attack.Before is null ? [] : _before[(Name(language, guarding, attack.Strict), attack.Op, attack.ValueFor(language))]);

    /// <summary>What the benign twins brought.</summary>
    public IEnumerable<Outcome> OfTwins(Attack attack, string language, Guarding guarding, string source = Events.Default) => attack.BenignFor(language).Select(v => Find(guarding, language, attack.Strict, source, attack.BenignOp, v));

    /// <summary>Ways of guarding in which a row is run.</summary>
    public static IEnumerable<Guarding> GuardingsOf(Attack attack) =>
        attack.NeedsProfile ? [Guarding.None, Guarding.Protect, Guarding.Profile] : attack.FromEvent ? [Guarding.None, Guarding.Monitor, Guarding.Protect, Guarding.Sinks] : [Guarding.None, Guarding.Monitor, Guarding.Protect];

    private Outcome Find(Guarding guarding, string language, bool strict, string source, string op, string value, IReadOnlyList<string>? before = null)
    {
        var name = Name(language, guarding, strict);
        var (id, answer) = _answers[(name, source, op, value)];
        return new Outcome(answer, [.. _incidents[name].Where(i => i.RequestId == id || before?.Contains(i.RequestId) == true)]);
    }

    private static string Name(string language, Guarding guarding, bool strict = false) => $"{language}-{guarding.ToString().ToLowerInvariant()}{(strict ? "-strict" : "")}";

    private async Task RunAsync(Victim victim, Guarding guarding, AttachSettings settings, SemaphoreSlim slots, bool strict = false)
    {
        await slots.WaitAsync();
        try
        {
            // What a guard without a processor did not answer in time was let through, as documented, and told: such a run says nothing about the attacks.
            var (name, told) = (Name(victim.Language, guarding, strict), 0);
            for (var run = 1; ; run++)
            {
                var silences = await RunOnceAsync(name, victim, guarding, settings, strict);
                if (silences == told || run == MaxRuns)
                {
                    break;
                }

                told = silences;
                await _stage!.DeleteAsync(name);
                foreach (var key in _answers.Keys.Where(k => k.Function == name))
                {
                    _answers.TryRemove(key, out _);
                }
            }
        }
        finally
        {
            slots.Release();
        }
    }

    /// <summary>Makes a function and does everything with it; how often its guards, also those of earlier runs, told that they had been silent.</summary>
    private async Task<int> RunOnceAsync(string name, Victim victim, Guarding guarding, AttachSettings settings, bool strict)
    {
        var stage = _stage!;
        var variables = new Dictionary<string, string> { ["ZED"] = "last", ["A_NAME"] = "with = and \"quotes\"", ["DATABASE"] = _database!.Address };
        if (strict)
        {
            variables["PELLICLE_SECCOMP"] = "strict";
        }

        await stage.CreateAsync(name, victim, _victims, variables);
        if (guarding != Guarding.None)
        {
            // Before its first start: the guard must have it from the first event on.
            await stage.PutAsync($"/api/v1/functions/{Uri.EscapeDataString(Stage.Arn(name))}/policy", System.Text.Encoding.UTF8.GetString(PolicyJson.Write(PolicyOf(guarding, stage))));
            var change = await new Protector(stage.Lambda).ProtectAsync(name, settings);
            change.Refusals.ShouldBeEmpty();
            await stage.Lambda.WaitUpdatedAsync(name);
        }

        var clock = Stopwatch.StartNew();
        foreach (var attack in Attacks.Where(a => a.Strict == strict && a.Languages.Contains(victim.Language) && GuardingsOf(a).Contains(guarding)))
        {
            foreach (var source in attack.EverySource ? Events.Sources : [Events.Default])
            {
                foreach (var value in attack.BenignFor(victim.Language))
                {
                    await CallAsync(name, source, attack.BenignOp, value);
                }

                if (!attack.Alone && !(attack.NeedsGuard && guarding == Guarding.None))
                {
                    await PrepareAsync(name, victim.Language, source, attack);
                    await CallAsync(name, source, attack.Op, attack.ValueFor(victim.Language));
                }
            }
        }

        _incidents[name] = guarding == Guarding.None ? [] : await IncidentsAsync(name);
        Times[name] = clock.Elapsed;
        return _incidents[name].Count(i => i.Detector == "guard-silent");
    }

    /// <summary>One attack in all ways of guarding, one function each.</summary>
    private async Task RunAloneAsync(Attack attack, Victim victim, AttachSettings settings, SemaphoreSlim slots)
    {
        await slots.WaitAsync();
        try
        {
            var stage = _stage!;
            string? runtime = null, spy = null;
            if (attack.Spied)
            {
                var built = CustomRuntimeLayer.Build(Stage.Artifacts, "x86_64", new CustomRuntime(victim.Language, await InsertionTests.InterpreterAsync(victim.Language)), null, null, "0.1.0");
                runtime = await new Protector(stage.Lambda).EnsureLayerAsync(built.Zip, "x86_64", LayerPackage.NameForRuntime(victim.Language, "x86_64"));
                var vendor = Path.Combine(Stage.Root, "tests", "EndToEnd", "functions", "vendor");
                spy = await stage.PublishAsync($"spy-{victim.Language}", ("bootstrap", await File.ReadAllBytesAsync(Path.Combine(vendor, "spy-bootstrap"))), ("extensions/spy", await File.ReadAllBytesAsync(Path.Combine(vendor, "proxy"))));
            }

            foreach (var guarding in GuardingsOf(attack))
            {
                var name = $"{attack.Name}-{Name(victim.Language, guarding)}";
                if (runtime is null || spy is null)
                {
                    await stage.CreateAsync(name, victim, _victims);
                }
                else
                {
                    var variables = new Dictionary<string, string> { ["VENDOR_PORT"] = $"{InsertionTests.FreePort()}", ["BACKEND"] = stage.Backend, ["OTHER"] = stage.Other, ["AWS_PORT"] = "1", ["POOL"] = "none" };
                    if (guarding == Guarding.None)
                    {
                        variables["PELLICLE_MODE"] = "off"; // the runtime comes with the guard
                    }

                    await stage.CreateAsync(name, "provided.al2023", victim.Handler, Stage.ZipOf(Path.Combine(_victims, victim.Language)), [runtime, spy], variables);
                }

                if (guarding != Guarding.None)
                {
                    await stage.SetPolicyAsync(name, PolicyOf(guarding, stage));
                    (await new Protector(stage.Lambda).ProtectAsync(name, settings)).Refusals.ShouldBeEmpty();
                    await stage.Lambda.WaitUpdatedAsync(name);
                }

                var ids = new List<string> { "" };
                for (var i = 0; i < (attack.Before?.Times ?? 0); i++)
                {
                    ids.Add((await stage.InvokeAsync(name, Events.Make(Events.Default, attack.Before!.Value.Op, attack.Before.Value.Value))).RequestId);
                }

                var (last, answer) = await stage.InvokeAsync(name, Events.Make(Events.Default, attack.Op, attack.ValueFor(victim.Language)));
                ids.Add(last);
                _alone[(attack.Name, victim.Language, guarding)] = new Outcome(answer, guarding == Guarding.None ? [] : await DecidedAsync(name, ids, attack.StoppedBy));
            }
        }
        finally
        {
            slots.Release();
        }
    }

    /// <summary>Incidents of these requests as soon as this detector decided about one of them; all of them when that does not come.</summary>
    private async Task<List<Seen>> DecidedAsync(string name, List<string> ids, string detector)
    {
        List<Seen> found = [];
        await _stage!.UntilAsync(async () => (found = [.. (await _stage.IncidentsAsync(name)).Select(Read).Where(i => ids.Contains(i.RequestId))]).Exists(i => i.Decision != "reported" && i.Detector == detector), name);
        return found;
    }

    /// <summary>Seconds each function took, for those who make it faster.</summary>
    public ConcurrentDictionary<string, TimeSpan> Times { get; } = [];

    private async Task CallAsync(string name, string source, string op, string value)
    {
        var key = (name, source, op, value);
        if (_answers.ContainsKey(key))
        {
            return;
        }

        var stage = _stage!;
        var real = value.Replace("{other}", stage.Other, StringComparison.Ordinal).Replace("{otherport}", stage.Other.Split(':')[1], StringComparison.Ordinal).Replace("{aws}", stage.ServicePort.ToString(System.Globalization.CultureInfo.InvariantCulture), StringComparison.Ordinal);
        _answers[key] = await SendAsync(name, source, op, real, value);
    }

    private async Task PrepareAsync(string name, string language, string source, Attack attack)
    {
        if (attack.Before is not var (op, value, times))
        {
            return;
        }

        var ids = _before[(name, attack.Op, attack.ValueFor(language))] = [];
        for (var i = 0; i < times; i++)
        {
            ids.Add((await SendAsync(name, source, op, value, value)).RequestId);
        }
    }

    /// <summary>What the platform writes stands in the value: its count of a chain's rounds in the tracing header, or the caller's address.</summary>
    private Task<(string RequestId, string Answer)> SendAsync(string name, string source, string op, string real, string value)
    {
        const string From = "from ";
        var trace = value.StartsWith("Lineage=", StringComparison.Ordinal) ? $"Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=0;{value}" : null;
        var sent = value.StartsWith(From, StringComparison.Ordinal) ? Events.Make(source, op, real, value[From.Length..]) : Events.Make(source, op, real);
        return _stage!.InvokeAsync(name, sent, trace);
    }

    /// <summary>Guards send in order and before they ask for the next event: when the incident of a last, marked request is there, all are.</summary>
    private async Task<List<Seen>> IncidentsAsync(string name)
    {
        var (last, _) = await _stage!.InvokeAsync(name, Events.Make(Events.Default, "environ", "none"));
        List<JsonElement> all = [];
        async Task<bool> IsThereAsync() => (all = await _stage.IncidentsAsync(name)).Any(i => i.GetProperty("requestId").GetString() == last);
        await _stage.UntilAsync(IsThereAsync, name);
        return await IsThereAsync() ? [.. all.Select(Read)] : throw new TimeoutException($"the last incident of {name} did not reach the server; there are {all.Count}");
    }

    private static Seen Read(JsonElement incident)
    {
        string Text(string name) => incident.GetProperty(name).GetString() ?? "";
        return new Seen(Text("requestId"), Text("decision"), Text("dimension"), Text("item"), Text("detector"), Text("source"), Text("field"), Text("rule"), Text("evidence"));
    }

    private static PolicyDocument PolicyOf(Guarding guarding, Stage stage)
    {
        var document = new PolicyDocument { Mode = guarding == Guarding.Monitor ? ProtectionMode.Monitor : ProtectionMode.Protect };
        return guarding switch
        {
            Guarding.Sinks => document with { Events = new EventPolicy { Mode = ProtectionMode.Off } },
            Guarding.Profile => document with
            {
                Profile = new Dictionary<Dimension, DimensionProfile>
                {
                    [Dimension.Process] = new(ProfileStage.Protect, ["/usr/bin/dash", "**/jspawnhelper"]),
                    [Dimension.Response] = new(ProfileStage.Protect, ["json:*:64K", "text:64K"]),
                    [Dimension.Host] = new(ProfileStage.Protect, [stage.Backend, "*.amazonaws.com:*"]),
                    [Dimension.Aws] = new(ProfileStage.Protect, ["dynamodb:GetItem", "dynamodb:?", "lambda:InvokeFunction"]),
                    // boto3 looks for libnuma where awscrt is installed.
                    [Dimension.Library] = new(ProfileStage.Protect, ["libnuma.so*", "/usr/**", "/lib/**", "/lib64/**", "/var/lang/**", "/var/runtime/**", "/opt/**", "/var/task/**"]),
                    [Dimension.Write] = new(ProfileStage.Protect, ["/tmp/uploads", "/tmp/uploads/**", "/tmp/hsperfdata_*", "/tmp/hsperfdata_*/**", "/tmp/clr-*", "/tmp/dotnet-*", "/tmp/.dotnet/**"]),
                },
            },
            _ => document,
        };
    }

    private static async Task<List<string>> UnprotectAsync(Stage stage)
    {
        var differences = new List<string>();
        foreach (var victim in Victim.All)
        {
            var name = Name(victim.Language, Guarding.Protect);
            // The function without layer was made with the same settings: it is what must come back.
            var original = await stage.Lambda.GetConfigurationAsync(Name(victim.Language, Guarding.None));
            await new Protector(stage.Lambda).UnprotectAsync(name);
            var restored = await stage.Lambda.WaitUpdatedAsync(name);
            var (before, after) = (JsonSerializer.Serialize(new { original.Layers, original.Variables }), JsonSerializer.Serialize(new { restored.Layers, restored.Variables }));
            if (before != after)
            {
                differences.Add($"{name}: {before} became {after}");
            }
        }

        return differences;
    }

    internal static async Task BuildVictimsAsync()
    {
        using var build = Process.Start(new ProcessStartInfo(Path.Combine(Stage.Root, "tests", "EndToEnd", "functions", "build.sh"), [Victims]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var output = build.StandardOutput.ReadToEndAsync();
        var error = build.StandardError.ReadToEndAsync();
        await build.WaitForExitAsync();
        build.ExitCode.ShouldBe(0, await output + await error);
    }
}
