using System.Diagnostics;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Pellicle.Aws;
using Pellicle.Cli.Commands;
using Pellicle.Domain;
using Pellicle.Protection;
using Pellicle.Scanning.Pipeline;
using Spectre.Console;

namespace Pellicle.Cli.Demo;

/// <summary>The tour. Everything it prints was asked of the running parts a moment before; a step that does not come out as it should ends it with an error.</summary>
internal sealed class Tour(DemoStage stage)
{
    // The upper bound of the share still unseen is then 1 %.
    private const int LearningInvocations = 300;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly Dictionary<string, string> _layers = [];
    private readonly Dictionary<string, string> _answers = [];
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private int _step;

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        await DeployAsync(cancellationToken);
        await ScanAsync(cancellationToken);
        await AttackAsync(cancellationToken);
        await ProtectAsync(cancellationToken);
        await StopAsync(cancellationToken);
        await SecondLineAsync(cancellationToken);
        await SwitchAsync(cancellationToken);
        await LearnAsync(cancellationToken);
        await RepairAsync(cancellationToken);
        Line("");
        Line($"[bold]The circle is closed[/] after {_clock.Elapsed.TotalSeconds:f0} s: scanned, protected, attacked, learned, repaired. No line of a function was changed.");
    }

    private async Task DeployAsync(CancellationToken cancellationToken)
    {
        Title("Deploy four functions through the Lambda API");
        var folder = Path.Combine(Places.Artifacts, "samples");
        foreach (var name in Sample.All.SelectMany(s => s.Layers).Distinct())
        {
            var version = await stage.Lambda.PublishLayerVersionAsync(name, Zips.Load(Path.Combine(folder, "layers", name)), "sample", null, null, null, cancellationToken);
            _layers[name] = version.LayerVersionArn;
        }

        foreach (var sample in Sample.All)
        {
            await stage.Lambda.CreateFunctionAsync(sample.Name, sample.Runtime, sample.Handler, "arn:aws:iam::123456789012:role/demo", Zips.Load(Path.Combine(folder, "functions", sample.Name)), [.. sample.Layers.Select(l => _layers[l])], new Dictionary<string, string>(), 20, 256, cancellationToken);
        }

        // Somebody was careless: this one may be called by the whole world.
        await stage.Lambda.AddPermissionAsync("hosts-python", "everybody", "lambda:InvokeFunction", "*", null, cancellationToken);
        foreach (var sample in Sample.All)
        {
            await stage.Lambda.WaitUpdatedAsync(sample.Name, null, null, cancellationToken);
        }

        Table(["function", "runtime", "layers", "what is wrong with it"], Sample.All.Select(s => new[] { s.Name, s.Runtime, string.Join(", ", s.Layers), s.Weakness }));
    }

    private async Task ScanAsync(CancellationToken cancellationToken)
    {
        Title("Scan functions and layers, apart");
        var db = Path.Combine(stage.Directory, "advisories.db");
        var imported = DbCommand.ImportInto(db, [Path.Combine(Places.Samples, "advisories")]);
        var report = await ScanAllAsync(cancellationToken);
        Line($"{imported.Records} sample advisories, {report.Summary.Packages} package copies; import the full set with [blue]pellicle db update[/]");
        var packages = report.Targets.SelectMany(t => t.Packages.Select(p => (Target: t.Name, Package: p))).Where(p => p.Package.Evidence == PackageEvidence.Installed).ToList();
        Table(
            ["function", "package", "version", "from", "loads"],
            packages.OrderBy(p => p.Target, StringComparer.Ordinal).ThenBy(p => p.Package.Name, StringComparer.Ordinal).Select(p => new[] { p.Target, p.Package.Name, p.Package.Version ?? "", p.Package.Origin, p.Package.Effective ? "yes" : p.Package.ShadowedBy is { } by ? $"no: {by} wins" : "no: not on its search order" }));
        var findings = report.Targets.SelectMany(t => t.Findings.Select(f => (Target: t.Name, Finding: f))).ToList();
        var ranked = findings.OrderByDescending(f => f.Finding.Effective).ThenByDescending(f => f.Finding.Severity).ThenBy(f => f.Target, StringComparer.Ordinal).ToList();
        var shown = ranked.Where(f => f.Finding is { Effective: true } and ({ Kind: FindingKind.Vulnerability } or { Severity: Severity.Critical })).Concat(ranked.Where(f => !f.Finding.Effective).Take(2)).ToList();
        Table(
            ["severity", "function", "from", "finding", "fixed in"],
            shown.Select(f => new[] { f.Finding.Severity.ToString().ToLowerInvariant() + (f.Finding.Effective ? "" : " (never loads)"), f.Target, f.Finding.Origin, $"{f.Finding.RuleId} {f.Finding.Title}", f.Finding.FixedVersions.Count > 0 ? f.Finding.FixedVersions[0] : "" }));
        if (ranked.Count > shown.Count)
        {
            Line($"[grey]and {ranked.Count - shown.Count} more: configuration, and copies that never load[/]");
        }

        Check(findings.Any(f => f.Finding.Kind == FindingKind.Vulnerability && f.Finding.Origin == "layer:shared-helpers" && f.Finding.Effective), "a vulnerable package of the layer that really loads is found");
        Check(packages.Any(p => p.Package is { Name: "minimist", Effective: false, Origin: "layer:shared-helpers" } && p.Target == "documents-node"), "documents-node loads its own minimist; the layer's old copy is there, but never loads");
        Check(findings.Any(f => f.Finding.Kind == FindingKind.Posture && f.Target == "hosts-python"), "hosts-python may be called by the whole world");
    }

    private async Task AttackAsync(CancellationToken cancellationToken)
    {
        Title("Attack, unprotected");
        foreach (var sample in Sample.All)
        {
            foreach (var request in sample.Benign)
            {
                _answers[$"{sample.Name} {request.Value}"] = await CallAsync(sample, request, cancellationToken);
            }

            var answer = await CallAsync(sample, sample.Attack, cancellationToken);
            Line($"[bold]{sample.Name}[/]  {Markup.Escape(sample.Attack.Key)} = [yellow]{Markup.Escape(sample.Attack.Value)}[/]");
            Line($"    answer: [red]{Markup.Escape(Excerpt(answer, sample.Evidence))}[/]");
            Check(answer.Contains(sample.Evidence, StringComparison.Ordinal), "the attack works");
        }
    }

    private async Task ProtectAsync(CancellationToken cancellationToken)
    {
        Title("Protect, through the Lambda API only");
        var zip = LayerCommand.BuildZip("x86_64", null, null);
        var protector = new Protector(stage.Lambda);
        var arn = await protector.EnsureLayerAsync(zip, "x86_64", LayerPackage.DefaultName, cancellationToken);
        Line($"one layer for all languages, {zip.Length / 1048576.0:f1} MB: {Markup.Escape(arn)}");
        var settings = await ProtectCommand.SettingsAsync(arn, stage.Client, cancellationToken);
        var rows = new List<string[]>();
        foreach (var sample in Sample.All)
        {
            var before = await stage.Lambda.GetConfigurationAsync(sample.Name, null, cancellationToken);
            var change = await protector.ProtectAsync(sample.Name, settings, cancellationToken: cancellationToken);
            var after = await stage.Lambda.GetConfigurationAsync(sample.Name, null, cancellationToken);
            rows.Add([sample.Name, before.CodeSha256[..16], after.CodeSha256[..16], before.CodeSha256 == after.CodeSha256 && before.Handler == after.Handler ? "untouched" : "CHANGED"]);
            Require(change.Changed && before.CodeSha256 == after.CodeSha256 && before.Handler == after.Handler, $"{sample.Name}: only layers and environment change");
        }

        Table(["function", "CodeSha256 before", "after", "code and handler"], rows);
    }

    private async Task StopAsync(CancellationToken cancellationToken)
    {
        Title("The same requests again, now in protect");
        foreach (var sample in Sample.All)
        {
            // The first invocation starts the guard, which tells the server that it is there.
            await CallAsync(sample, sample.Benign[0], cancellationToken);
            await SetModeAsync(sample.Name, "protect", cancellationToken);
        }

        foreach (var sample in Sample.All)
        {
            // Each environment follows by itself: several answers in a row show that all have.
            await UntilAsync(async () => await StoppedAsync(sample, cancellationToken) && await StoppedAsync(sample, cancellationToken) && await StoppedAsync(sample, cancellationToken), $"{sample.Name}: protection takes effect");
            var sent = Now();
            var clock = Stopwatch.StartNew();
            var answer = await CallAsync(sample, sample.Attack, cancellationToken);
            var incident = await IncidentAsync(sample.Name, sent, cancellationToken);
            var visible = clock.ElapsedMilliseconds;
            Line($"[bold]{sample.Name}[/]  {Markup.Escape(sample.Attack.Key)} = [yellow]{Markup.Escape(sample.Attack.Value)}[/]");
            Line($"    answer: [green]{Markup.Escape(Excerpt(answer, ""))}[/]");
            Line($"    incident after {visible} ms: {Markup.Escape(Describe(incident))}");
            Check(!answer.Contains(sample.Evidence, StringComparison.Ordinal), "the attack is stopped");
            foreach (var request in sample.Benign)
            {
                Require(await CallAsync(sample, request, cancellationToken) == _answers[$"{sample.Name} {request.Value}"], $"{sample.Name} answers {request.Value} exactly as before");
            }

            Check(true, $"{sample.Benign.Count} ordinary requests are answered byte for byte as before");
        }
    }

    /// <summary>Nobody looks at the events any more: what the functions do is judged alone.</summary>
    private async Task SecondLineAsync(CancellationToken cancellationToken)
    {
        Title("The same attacks, with the event check switched off: the second line alone");
        foreach (var sample in Sample.All)
        {
            var path = $"/api/v1/functions/{sample.Name}/policy";
            var before = JsonNode.Parse((await stage.Client.GetAsync(path, cancellationToken)).GetRawText())!.AsObject();
            var changed = before.DeepClone().AsObject();
            changed["events"]!["mode"] = "off";
            await stage.Client.PutAsync(path, changed.ToJsonString(), cancellationToken);
            JsonElement incident = default;
            var answer = "";
            await UntilAsync(
                async () =>
                {
                    var sent = Now();
                    answer = await CallAsync(sample, sample.Attack, cancellationToken);
                    incident = await IncidentAsync(sample.Name, sent, cancellationToken);
                    return incident.GetProperty("rule").GetString() != "events";
                },
                $"{sample.Name} follows its policy");
            Line($"[bold]{sample.Name}[/]  answer: [green]{Markup.Escape(Excerpt(answer, ""))}[/]");
            Line($"    incident: {Markup.Escape(Describe(incident))}");
            Check(!answer.Contains(sample.Evidence, StringComparison.Ordinal), "stopped where it would have done harm");
            await stage.Client.PutAsync(path, before.ToJsonString(), cancellationToken);
        }
    }

    private async Task SwitchAsync(CancellationToken cancellationToken)
    {
        Title("Switch off and on while it runs");
        var sample = Sample.All[0];
        foreach (var (mode, works) in new[] { ("off", true), ("protect", false) })
        {
            var clock = Stopwatch.StartNew();
            await SetModeAsync(sample.Name, mode, cancellationToken);
            InvokeAnswer? last = null;
            await UntilAsync(
                async () =>
                {
                    last = await stage.Lambda.InvokeAsync(sample.Name, sample.Event(sample.Attack), null, true, cancellationToken);
                    return Encoding.UTF8.GetString(last.Payload.Span).Contains(sample.Evidence, StringComparison.Ordinal) == works;
                },
                $"{sample.Name} follows the switch to {mode}");
            Require(!last!.LogTail!.Contains("Init Duration", StringComparison.Ordinal), $"no cold start; the log says: {last.LogTail}");
            Check(true, $"{mode}: the attack {(works ? "works again" : "is stopped again")}, {clock.ElapsedMilliseconds} ms after the switch; no deployment, no cold start");
        }
    }

    private async Task LearnAsync(CancellationToken cancellationToken)
    {
        Title("Learn what is normal, then stop what is not");
        var sample = Sample.All[1];
        var unknown = ("diagnostics", "1");
        await SetModeAsync(sample.Name, "monitor", cancellationToken);
        var profile = await ProfileAsync(sample, cancellationToken);
        Table(
            ["dimension", "known", "seen once", "chance that the next one is new", "at most (95 %)"],
            profile.GetProperty("dimensions").EnumerateArray().Where(d => d.GetProperty("items").GetArrayLength() > 0 || d.GetProperty("dimension").GetString() == "process").Select(d =>
            {
                var estimate = d.GetProperty("estimate");
                return new[] { d.GetProperty("dimension").GetString()!, $"{estimate.GetProperty("items").GetInt32()}", $"{estimate.GetProperty("singletons").GetInt32()}", $"{estimate.GetProperty("unseen").GetDouble():p2}", $"{estimate.GetProperty("upperBound").GetDouble():p2}" };
            }));
        Line($"from {profile.GetProperty("cleanInvocations").GetInt64()} clean invocations. The function has a forgotten branch that runs [yellow]uname[/]; no signature knows it, and nobody used it:");
        await stage.Client.PostAsync($"/api/v1/functions/{sample.Name}/approve", JsonSerializer.Serialize(new { dimensions = new[] { "process" } }), cancellationToken);
        await SetModeAsync(sample.Name, "protect", cancellationToken);
        var sent = Now();
        string answer = "";
        await UntilAsync(async () => !(answer = await CallAsync(sample, unknown, cancellationToken)).Contains("Linux", StringComparison.Ordinal), "the approved profile takes effect");
        Line($"    answer: [green]{Markup.Escape(Excerpt(answer, ""))}[/]");
        Line($"    incident: {Markup.Escape(Describe(await IncidentAsync(sample.Name, sent, cancellationToken)))}");
        foreach (var request in sample.Benign)
        {
            Require(await CallAsync(sample, request, cancellationToken) == _answers[$"{sample.Name} {request.Value}"], $"{sample.Name} answers {request.Value} exactly as before");
        }

        Check(true, "a process that was never seen is stopped; what was learned goes on");
    }

    private async Task RepairAsync(CancellationToken cancellationToken)
    {
        Title("Repair the layer");
        var old = _layers["shared-helpers"];
        var repair = new LayerRepair(stage.Lambda, Path.Combine(stage.Directory, "repair.json"), text => Line($"    {Markup.Escape(text)}"));
        var zip = Zips.Load(Path.Combine(Places.Artifacts, "samples", "layers", "shared-helpers-repaired"));
        var journal = await repair.RunAsync(old, zip, null, cancellationToken);
        var report = await ScanAllAsync(cancellationToken);
        var left = report.Targets.SelectMany(t => t.Findings).Where(f => f.Kind == FindingKind.Vulnerability && f.Origin == "layer:shared-helpers").ToList();
        Check(left.Count == 0, $"{journal.Targets.Count} functions use {journal.NewArn!.Split(':')[6]}:{journal.NewArn.Split(':')[7]}; the next scan finds no vulnerable package in the layer");
        foreach (var sample in Sample.All.Where(s => s.Layers.Count > 0))
        {
            foreach (var request in sample.Benign)
            {
                Require(await CallAsync(sample, request, cancellationToken) == _answers[$"{sample.Name} {request.Value}"], $"{sample.Name} answers {request.Value} exactly as before");
            }
        }

        Check(true, $"both functions still answer as before; back with [blue]pellicle layers remediate {Markup.Escape(old.Split(':')[6])} --revert[/]");
    }

    private async Task<ScanReport> ScanAllAsync(CancellationToken cancellationToken)
    {
        using var scan = new AccountScan(stage.Lambda, Path.Combine(stage.Directory, "advisories.db"), Path.Combine(stage.Directory, "inventories"));
        var report = await scan.RunAsync([.. Sample.All.Select(s => s.Name)], cancellationToken);
        await stage.Client.PutAsync("/api/v1/scans", ScanJson.Write(report), cancellationToken);
        return report;
    }

    private async Task<string> CallAsync(Sample sample, (string Key, string Value) query, CancellationToken cancellationToken) =>
        Encoding.UTF8.GetString((await stage.Lambda.InvokeAsync(sample.Name, sample.Event(query), null, false, cancellationToken)).Payload.Span);

    private async Task<bool> StoppedAsync(Sample sample, CancellationToken cancellationToken) =>
        !(await CallAsync(sample, sample.Attack, cancellationToken)).Contains(sample.Evidence, StringComparison.Ordinal);

    private Task SetModeAsync(string function, string mode, CancellationToken cancellationToken) =>
        stage.Client.PutAsync($"/api/v1/functions/{function}/mode", JsonSerializer.Serialize(new { mode }), cancellationToken);

    private async Task<JsonElement> IncidentAsync(string function, DateTimeOffset since, CancellationToken cancellationToken)
    {
        JsonElement found = default;
        await UntilAsync(
            async () =>
            {
                var answer = await stage.Client.GetAsync($"/api/v1/incidents?function={function}&limit=1&since={Uri.EscapeDataString(since.ToString("O"))}", cancellationToken);
                var items = answer.GetProperty("items");
                if (items.GetArrayLength() == 0)
                {
                    return false;
                }

                found = items[0];
                return true;
            },
            $"the incident of {function} reaches the server");
        return found;
    }

    /// <summary>Ordinary traffic until the server knows of enough of it (guards report counts every few seconds).</summary>
    private async Task<JsonElement> ProfileAsync(Sample sample, CancellationToken cancellationToken)
    {
        JsonElement profile = default;
        await UntilAsync(
            async () =>
            {
                for (var i = 0; i < 50; i++)
                {
                    await CallAsync(sample, sample.Benign[i % sample.Benign.Count], cancellationToken);
                }

                profile = await stage.Client.GetAsync($"/api/v1/functions/{sample.Name}/profile", cancellationToken);
                return profile.GetProperty("cleanInvocations").GetInt64() >= LearningInvocations;
            },
            $"the profile of {sample.Name} reaches the server");
        return profile;
    }

    /// <summary>Incidents carry milliseconds; a finer time would lie after them.</summary>
    private static DateTimeOffset Now() => DateTimeOffset.FromUnixTimeMilliseconds(TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds());

    private static async Task UntilAsync(Func<Task<bool>> condition, string what)
    {
        var clock = Stopwatch.StartNew();
        while (!await condition())
        {
            if (clock.Elapsed > Patience)
            {
                throw new CliException($"the demo stopped: {what}: not within {Patience.TotalSeconds:f0} s");
            }
        }
    }

    private static string Describe(JsonElement incident)
    {
        string Text(string name) => incident.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString()! : "";
        var what = new[] { Text("detector"), Text("rule"), Text("dimension") }.First(t => t.Length > 0);
        var reason = incident.TryGetProperty("reasons", out var reasons) && reasons.GetArrayLength() > 0 ? reasons[0].GetString()! : "";
        return Text("rule") == "events"
            ? $"{Text("decision")} {what} in {Text("field")}: {Text("evidence")}"
            : $"{Text("decision")} {Text("dimension")} {Text("item")}: {(reason.Length > 0 ? reason : what)}";
    }

    private static string Excerpt(string text, string around)
    {
        var at = around.Length == 0 ? 0 : Math.Max(0, text.IndexOf(around, StringComparison.Ordinal) - 20);
        var part = text[at..Math.Min(text.Length, at + 110)].Replace("\\n", " ", StringComparison.Ordinal).Replace('\n', ' ');
        return (at > 0 ? "…" : "") + part + (at + 110 < text.Length ? "…" : "");
    }

    private void Title(string text)
    {
        Line("");
        Line($"[bold blue]{++_step}  {Markup.Escape(text)}[/]");
    }

    private static void Line(string markup) => Output.Out.MarkupLine(markup);

    private static void Check(bool holds, string text)
    {
        Require(holds, text);
        Line($"    [green]ok[/] {text}");
    }

    private static void Require(bool holds, string text)
    {
        if (!holds)
        {
            throw new CliException($"the demo stopped, this does not hold: {text}");
        }
    }

    private static void Table(IReadOnlyList<string> headings, IEnumerable<string[]> rows) => Output.PrintTable(headings, rows);
}
