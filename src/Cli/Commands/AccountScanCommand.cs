using System.CommandLine;
using System.Globalization;
using Pellicle.Cli.Accounts;
using Pellicle.Domain;
using Pellicle.Scanning.Reports;

namespace Pellicle.Cli.Commands;

/// <summary><c>account scan</c>, <c>account match</c>, <c>account changes</c>.</summary>
internal static class AccountScanCommand
{
    private static Argument<string> NameArgument() => new("NAME") { Description = "name given to the account" };

    public static Command Create()
    {
        var name = NameArgument();
        var scopeName = new Option<string?>("--scope") { Description = "saved scope (default: the one named default, else everything)", HelpName = "SCOPE" };
        var noLayers = new Option<bool>("--no-layers") { Description = "leave out layer versions as targets of their own" };
        var maxAge = new Option<double?>("--max-age") { Description = "functions whose revision did not change and that were read within so many hours are not read again (default: all are)", HelpName = "HOURS" };
        var functions = new Option<string[]>("--function") { Description = "only this function; repeat for several", HelpName = "NAME" };
        var db = DbCommand.PathOption();
        var noAdvisories = new Option<bool>("--no-advisories") { Description = "judge without advisories: configuration, roles, secrets, takeovers" };
        var report = new ReportOptionsGroup();
        var command = new Command("scan", "scans every function and layer version of an account") { name, scopeName, noLayers, maxAge, functions, db, noAdvisories };
        report.AddTo(command);
        var overrides = new ScopeOptions(command);
        var server = new ServerOptionsGroup(command);
        command.SetAction(async (result, cancellationToken) =>
        {
            var entry = AccountBook.Find(result.GetValue(name)!);
            var scope = overrides.Apply(result, entry.Scope(result.GetValue(scopeName)));
            scope = result.GetValue(noLayers) ? scope with { NoLayers = true } : scope;
            var age = result.GetValue(maxAge) is { } hours and > 0 ? TimeSpan.FromHours(hours) : (TimeSpan?)null;
            var only = result.GetValue(functions) is { Length: > 0 } names ? names.ToHashSet(StringComparer.Ordinal) : null;
            using var run = await AccountRun.StartAsync(entry, scope, result.GetValue(noAdvisories) ? null : result.GetValue(db)!, age, only, cancellationToken);
            Talk(run);
            return await report.WriteAsync(result, run, server, cancellationToken);
        });
        return command;
    }

    public static Command CreateMatch()
    {
        var name = NameArgument();
        var db = DbCommand.PathOption();
        var report = new ReportOptionsGroup();
        var command = new Command("match", "matches what scans have stored with the advisories of now: no call to AWS, no download") { name, db };
        report.AddTo(command);
        var server = new ServerOptionsGroup(command);
        command.SetAction(async (result, cancellationToken) =>
        {
            var entry = AccountBook.Find(result.GetValue(name)!);
            using var run = await AccountRun.MatchAsync(entry, result.GetValue(db)!, cancellationToken);
            if (run.Lines.Count == 0)
            {
                throw new CliException($"nothing is stored of `{entry.Name}`", $"scan it first: `pellicle account scan {entry.Name}`");
            }

            foreach (var (region, part, _) in run.Parts)
            {
                Messages.Note(string.Create(CultureInfo.InvariantCulture, $"{region}: {part.Lines.Count:N0} stored targets, {part.Judged:N0} of them got another answer"));
            }

            return await report.WriteAsync(result, run, server, cancellationToken);
        });
        return command;
    }

    public static Command CreateChanges()
    {
        var name = NameArgument();
        var command = new Command("changes", "findings that came and went with the last scan") { name };
        var format = new FormatOption(command);
        command.SetAction(result =>
        {
            var entry = AccountBook.Find(result.GetValue(name)!);
            var changes = new List<ChangeGroup>();
            string[] files = Directory.Exists(AccountRun.StoreOf(entry)) ? [.. Directory.EnumerateFiles(AccountRun.StoreOf(entry), "*.db").Order(StringComparer.Ordinal)] : [];
            foreach (var file in files)
            {
                using var store = new AccountStore(AccountRun.StoreOf(entry), Path.GetFileNameWithoutExtension(file));
                if (store.Meta("scan") is { } last)
                {
                    Messages.Note($"{Path.GetFileNameWithoutExtension(file)}: scan {last} of {store.Meta("at")}");
                    changes.AddRange(store.Changes(long.Parse(last, CultureInfo.InvariantCulture)));
                }
            }

            if (format.IsJson(result))
            {
                Output.PrintJson(changes.SelectMany(g => g.All()).OrderBy(c => c.Change, StringComparer.Ordinal).ThenBy(c => c.Name, StringComparer.Ordinal).ThenBy(c => c.RuleId, StringComparer.Ordinal).ThenBy(c => c.Fingerprint, StringComparer.Ordinal)
                    .Select(c => new { change = c.Change, target = c.Target, name = c.Name, severity = c.Severity, ruleId = c.RuleId, title = c.Title, fingerprint = c.Fingerprint }).ToList());
            }
            else
            {
                AccountSummary.PrintChanges(changes, int.MaxValue);
            }

            return (int)ExitCode.Done;
        });
        return command;
    }

    private static void Talk(AccountRun run)
    {
        foreach (var (region, part, http) in run.Parts)
        {
            foreach (var gap in part.Inventory.Gaps)
            {
                Messages.Note($"{region}: {AccountScan.Describe(gap)}");
            }

            Messages.Note(string.Create(CultureInfo.InvariantCulture,
                $"{region}: {part.Lines.Count(l => l.Kind == "function"):N0} functions, {part.Lines.Count(l => l.Kind == "layer"):N0} layer versions, {part.Inventory.Roles.Count:N0} roles; {part.Judged:N0} judged anew"));
            Messages.Note(string.Create(CultureInfo.InvariantCulture,
                $"{region}: {http.Calls:N0} calls in {part.Times.Calls.TotalSeconds:N1} s ({string.Join(", ", http.CallsByKind.Select(c => $"{c.Key} {c.Value:N0}"))}), {http.Throttled:N0} throttled; {(part.Downloads == 0 ? "nothing to download" : string.Create(CultureInfo.InvariantCulture, $"beside them {part.Downloads:N0} downloads, {part.DownloadedBytes / 1048576.0:N1} MB, in {part.Times.Downloads.TotalSeconds:N1} s"))}; all of it in {part.Times.All.TotalSeconds:N1} s"));
        }
    }
}

/// <summary>How a scan of an account is printed, written, sent and turned into an exit code.</summary>
internal sealed class ReportOptionsGroup
{
    private readonly Option<string> _format = new("--format") { Description = string.Join(", ", ReportWriter.Names), DefaultValueFactory = _ => "table", HelpName = "FORMAT" };
    private readonly Option<string?> _output = new("--output") { Description = "file to write the report to", HelpName = "FILE" };
    private readonly Option<bool> _full = new("--full") { Description = "print every finding of every target, with its place and repair" };
    private readonly Option<string?> _failOn = new("--fail-on") { Description = "exit 1 on findings of this severity or worse", HelpName = "SEVERITY" };
    private readonly Option<bool> _upload = new("--upload") { Description = "send the report to the server too" };

    public void AddTo(Command command)
    {
        _format.AcceptOnlyFromAmong([.. ReportWriter.Names]);
        _failOn.AcceptOnlyFromAmong([.. Enum.GetNames<Severity>().Select(n => n.ToLowerInvariant())]);
        command.Add(_format);
        command.Add(_output);
        command.Add(_full);
        command.Add(_failOn);
        command.Add(_upload);
    }

    public async Task<int> WriteAsync(ParseResult result, AccountRun run, ServerOptionsGroup server, CancellationToken cancellationToken)
    {
        var file = result.GetValue(_output);
        ReportWriter.TryParse(result.GetValue(_format), out var form);
        if (form == ReportFormat.Json)
        {
            await using var stream = file is null ? System.Console.OpenStandardOutput() : File.Create(file);
            await run.WriteJsonAsync(stream, cancellationToken);
        }
        else if (form == ReportFormat.Table && file is null && !result.GetValue(_full))
        {
            AccountSummary.Print(run, run.Changes.Count > 0 || run.Parts.All(p => p.Result.Judged < p.Result.Lines.Count));
        }
        else
        {
            var text = ReportWriter.Write(run.Report, form, new ReportOptions(file is null && Output.Out.Profile.Out.IsTerminal, TimeProvider.System.GetUtcNow()));
            await (file is null ? System.Console.Out.WriteAsync(text) : File.WriteAllTextAsync(file, text, cancellationToken));
            if (form == ReportFormat.Table && file is null && run.Changes.Count > 0)
            {
                AccountSummary.PrintChanges(run.Changes, 20);
            }
        }

        if (result.GetValue(_upload))
        {
            using var client = server.Connect(result);
            await run.UploadAsync(client, cancellationToken);
        }

        return (int)run.Exit(result.GetValue(_failOn) is { } severity ? Enum.Parse<Severity>(severity, ignoreCase: true) : null);
    }
}
