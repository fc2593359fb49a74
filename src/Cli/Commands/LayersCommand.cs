using System.CommandLine;
using System.Globalization;
using System.Text.RegularExpressions;
using System.Text.Json;
using Pellicle.Aws;
using Pellicle.Cli.Layers;
using Pellicle.Scanning.Pipeline;

namespace Pellicle.Cli.Commands;

internal static partial class LayersCommand
{
    public static Command Create() => new("layers", "layer versions as assets") { List(), Show(), Usage(), LayersDiff.Create(), LayersRemediate.Create() };

    private static Command List()
    {
        var unused = new Option<bool>("--unused") { Description = "only versions that nothing uses" };
        var command = new Command("list", "lists layer versions, who published them, and what uses them") { unused };
        var aws = new AwsOptions(command);
        var format = new FormatOption(command);
        command.SetAction(async (result, cancellationToken) =>
        {
            var assets = (await LayerAssets.ReadAsync(aws.Connect(result), cancellationToken)).Where(a => !result.GetValue(unused) || a.Users.Count == 0).ToList();
            if (format.IsJson(result))
            {
                Output.PrintJson(assets.Select(a => new
                {
                    arn = a.Arn, name = a.Name, version = a.Version, publisher = a.Publisher, created = a.Created, newest = a.Newest, state = a.State,
                    functions = a.Users.Where(u => u.Version == "$LATEST").Select(u => u.Function).ToList(), versions = a.Users.Where(u => u.Version != "$LATEST").Select(u => new { function = u.Function, version = u.Version, aliases = u.Aliases }).ToList(),
                }).ToList());
            }
            else
            {
                Output.PrintTable(["LAYER", "VERSION", "PUBLISHER", "CREATED", "FUNCTIONS", "VERSIONS", "STATE"], assets.Select(a => (IReadOnlyList<string>)
                [
                    Fit(a.Name, 30), Number(a.Version), Fit(a.Publisher, 22), a.Created?.Split('T')[0] ?? "-", Number(a.Users.Count(u => u.Version == "$LATEST")), Number(a.Users.Count(u => u.Version != "$LATEST")), a.State,
                ]));
            }

            return (int)ExitCode.Done;
        });
        return command;
    }

    private static Command Show()
    {
        var arn = new Argument<string>("ARN") { Description = "layer version" };
        var db = DbCommand.PathOption();
        var command = new Command("show", "shows one layer version: who made it, who may use it, who does, its packages and findings") { arn, db };
        var aws = new AwsOptions(command);
        var format = new FormatOption(command);
        command.SetAction(async (result, cancellationToken) =>
        {
            var lambda = aws.Connect(result);
            var detail = await lambda.GetLayerVersionAsync(result.GetValue(arn)!, cancellationToken);
            var (users, account) = await LayerAssets.UsersAsync(lambda, cancellationToken);
            var use = users.GetValueOrDefault(detail.LayerVersionArn) ?? [];
            var shared = await SharingAsync(lambda, detail, cancellationToken);
            var target = await ScanAsync(lambda, detail.LayerVersionArn, result.GetValue(db)!, cancellationToken);
            if (format.IsJson(result))
            {
                Output.PrintJson(new
                {
                    arn = detail.LayerVersionArn, version = detail.Version, publisher = LayerAssets.PublisherOf(detail.LayerVersionArn, account), description = detail.Description, created = detail.CreatedDate, compatibleRuntimes = detail.CompatibleRuntimes ?? [],
                    compatibleArchitectures = detail.CompatibleArchitectures ?? [], licence = detail.LicenseInfo, codeSha256 = detail.Content?.CodeSha256, codeSize = detail.Content?.CodeSize, sharedWith = shared,
                    functions = use.Where(u => u.Version == "$LATEST").Select(u => u.Function).ToList(), versions = use.Where(u => u.Version != "$LATEST").Select(u => new { function = u.Function, version = u.Version, aliases = u.Aliases }).ToList(),
                    packages = target.Packages.Select(p => p.Purl).Distinct().ToList(), findings = target.Findings.Select(f => new { severity = f.Severity.ToString().ToLowerInvariant(), ruleId = f.RuleId, purl = f.Purl, title = f.Title, fixedVersions = f.FixedVersions }).ToList(),
                });
            }
            else
            {
                Output.PrintTable(["", ""], new (string, string?)[]
                {
                    ("arn", detail.LayerVersionArn), ("publisher", LayerAssets.PublisherOf(detail.LayerVersionArn, account)), ("created", detail.CreatedDate), ("description", detail.Description), ("licence", detail.LicenseInfo),
                    ("runtimes", detail.CompatibleRuntimes is { Count: > 0 } runtimes ? string.Join(", ", runtimes) : "any"), ("size", string.Create(CultureInfo.InvariantCulture, $"{detail.Content?.CodeSize ?? 0:N0} bytes")), ("may use it", shared), ("used by", use.Count == 0 ? "nothing" : Fit(string.Join(", ", use.Select(u => u.Name)), 80)),
                }.Where(r => !string.IsNullOrEmpty(r.Item2)).Select(r => (IReadOnlyList<string>)[r.Item1, r.Item2!]));
                Output.Heading($"Packages ({target.Packages.Count})");
                Output.PrintTable(["PACKAGE", "VERSION", "FINDINGS"], target.Packages.GroupBy(p => (p.Ecosystem, p.Name, p.Version)).OrderBy(g => g.Key.Name, StringComparer.Ordinal).Select(g => (IReadOnlyList<string>)
                    [$"{g.Key.Ecosystem}/{g.Key.Name}", g.Key.Version ?? "?", Fit(string.Join(", ", target.Findings.Where(f => g.Any(p => p.Purl == f.Purl)).Select(f => $"{f.RuleId} ({f.Severity.ToString().ToLowerInvariant()})").Distinct()), 60) is { Length: > 0 } text ? text : "-"]));
            }

            return (int)(target.Errors.Count > 0 ? ExitCode.Incomplete : ExitCode.Done);
        });
        return command;
    }

    private static Command Usage()
    {
        var what = new Argument<string?>("WHAT") { Description = "layer version ARN, layer ARN or layer name; else a package (log4j-core<2.17.1) or an advisory (CVE, GHSA, ...)", Arity = ArgumentArity.ZeroOrOne };
        var package = new Option<string?>("--package") { Description = "only layers that hold this package, with versions if given: npm/lodash, npm/lodash@4.17.20, 'log4j-core<2.17.1'", HelpName = "PACKAGE" };
        var advisory = new Option<string?>("--advisory") { Description = "only layers with a package that this advisory names (CVE, GHSA, ...)", HelpName = "ID" };
        var db = DbCommand.PathOption();
        var command = new Command("usage", "lists the functions and versions that use a layer, or a package through a layer") { what, package, advisory, db };
        var aws = new AwsOptions(command);
        var format = new FormatOption(command);
        command.SetAction(async (result, cancellationToken) =>
        {
            var wanted = result.GetValue(what);
            var query = result.GetValue(package) is { } text ? PackageQuery.Parse(text) : null;
            var id = result.GetValue(advisory);
            if (wanted is null && query is null && id is null)
            {
                throw new CliException("nothing was named to look for", "give a layer, --package PACKAGE, or --advisory ID", ExitCode.Usage);
            }

            var lambda = aws.Connect(result);
            var all = (await LayerAssets.UsersAsync(lambda, cancellationToken)).ByArn;
            if (wanted is not null && !wanted.StartsWith("arn:", StringComparison.Ordinal) && query is null && id is null && !await IsLayerAsync(lambda, all.Keys, wanted, cancellationToken))
            {
                // What no layer is called is a package or an advisory.
                (query, id) = AdvisoryId().IsMatch(wanted) ? ((PackageQuery?)null, (string?)wanted) : (PackageQuery.Parse(wanted), null);
                Messages.Note(id is null ? $"no layer is called `{wanted}`; looking for a package" : $"no layer is called `{wanted}`; looking for an advisory");
                wanted = null;
            }

            var users = all.Where(u => wanted is null || u.Key == wanted || u.Key.StartsWith(wanted + ":", StringComparison.Ordinal) || u.Key.Split(':')[6] == wanted).OrderBy(u => u.Key, StringComparer.Ordinal).ToList();
            if (query is null && id is null)
            {
                Print(users.SelectMany(u => u.Value.Select(f => new UsageRow(f.Name, u.Key, null, null))), format.IsJson(result), detailed: false);
                if (users.Count == 0)
                {
                    Messages.Note($"no function and no version uses `{wanted}`");
                }

                return (int)ExitCode.Done;
            }

            var (rows, incomplete) = await InsideAsync(lambda, users, query, id, result.GetValue(db)!, cancellationToken);
            Print(rows, format.IsJson(result), detailed: true);
            if (rows.Count == 0)
            {
                Messages.Note($"no function loads {(id is null ? "such a package" : "a package it names")} through a layer");
            }

            return (int)(incomplete ? ExitCode.Incomplete : ExitCode.Done);
        });
        return command;
    }

    [GeneratedRegex("^(?:[A-Z]{2,10}|cve|ghsa)-[0-9A-Za-z-]+$")]
    private static partial Regex AdvisoryId();

    private static async Task<bool> IsLayerAsync(LambdaClient lambda, IEnumerable<string> used, string name, CancellationToken cancellationToken)
    {
        if (used.Any(u => u.Split(':')[6] == name))
        {
            return true;
        }

        await foreach (var layer in lambda.ListLayersAsync(cancellationToken))
        {
            if (layer.LayerName == name)
            {
                return true;
            }
        }

        return false;
    }

    private sealed record UsageRow(string Function, string Layer, string? Package, bool? Effective);

    /// <summary>Scanned as functions, because only there can be told whether the layer's copy loads; published versions by the layer alone.</summary>
    private static async Task<(List<UsageRow> Rows, bool Incomplete)> InsideAsync(LambdaClient lambda, List<KeyValuePair<string, List<LayerUse>>> users, PackageQuery? query, string? advisory, string database, CancellationToken cancellationToken)
    {
        using var scan = new AccountScan(lambda, advisory is null ? null : database, null);
        var latest = users.SelectMany(u => u.Value).Where(u => u.Version == "$LATEST").Select(u => u.Function).Distinct(StringComparer.Ordinal).ToList();
        var rows = new List<UsageRow>();
        var incomplete = false;
        var inside = new Dictionary<string, HashSet<string>>(StringComparer.Ordinal);
        foreach (var target in (await scan.RunAsync(latest, cancellationToken)).Targets)
        {
            if (target.Errors.FirstOrDefault(e => e.Path != "configuration") is { } error)
            {
                incomplete = true;
                Messages.Note($"{target.Name}: {error.Message}");
            }

            foreach (var layer in target.Layers.Where(l => users.Exists(u => u.Key == l.Arn)))
            {
                foreach (var (purl, effective) in Contents(target, layer, query, advisory))
                {
                    rows.Add(new UsageRow(target.Name, layer.Arn!, purl, effective));
                    (inside.TryGetValue(layer.Arn!, out var found) ? found : inside[layer.Arn!] = []).Add(purl);
                }
            }
        }

        foreach (var (arn, use) in users.Where(u => u.Value.TrueForAll(x => x.Version != "$LATEST")))
        {
            var target = await ScanAsync(lambda, arn, database, cancellationToken);
            incomplete |= target.Status != ScanStatus.Succeeded;
            inside[arn] = [.. Contents(target, new ScannedLayer(arn.Split(':')[6], arn, 1, ""), query, advisory).Select(c => c.Purl)];
        }

        rows.AddRange(users.Where(u => inside.ContainsKey(u.Key)).SelectMany(u => u.Value.Where(x => x.Version != "$LATEST").SelectMany(x => inside[u.Key].Select(p => new UsageRow(x.Name, u.Key, p, null)))));
        return ([.. rows.Distinct().OrderBy(r => r.Function, StringComparer.Ordinal).ThenBy(r => r.Layer, StringComparer.Ordinal).ThenBy(r => r.Package, StringComparer.Ordinal)], incomplete);
    }

    private static void Print(IEnumerable<UsageRow> rows, bool json, bool detailed)
    {
        if (json)
        {
            Output.PrintJson(rows.Select(r => detailed ? (object)new { function = r.Function, layer = r.Layer, package = r.Package, effective = r.Effective } : new { function = r.Function, layer = r.Layer }).ToList());
            return;
        }

        static string Layer(string arn) => string.Join(':', arn.Split(':').Skip(6));
        Output.PrintTable(detailed ? ["FUNCTION", "LAYER VERSION", "PACKAGE", "LOADS"] : ["FUNCTION", "LAYER VERSION", "ARN"], rows.Select(r => (IReadOnlyList<string>)(detailed
            ? [r.Function, Layer(r.Layer), r.Package ?? "", r.Effective switch { true => "yes", false => "no, shadowed", null => "not judged" }]
            : [r.Function, Layer(r.Layer), r.Layer])));
    }

    /// <summary>Package copies of one layer that match a query and an advisory.</summary>
    private static IEnumerable<(string Purl, bool Effective)> Contents(ScanTarget target, ScannedLayer layer, PackageQuery? query, string? advisory)
    {
        var origin = $"layer:{layer.Name}";
        var vulnerable = advisory is null ? null : target.Findings.Where(f => f.Origin == origin && (Same(f.RuleId, advisory) || f.Aliases.Any(a => Same(a, advisory)))).Select(f => (f.Purl, f.Path)).ToHashSet();
        return target.Packages.Where(p => p.Origin == origin && query?.Matches(p) != false && vulnerable?.Contains((p.Purl, p.Path)) != false).Select(p => (p.Purl, p.Effective));

        static bool Same(string a, string b) => a.Equals(b, StringComparison.OrdinalIgnoreCase);
    }

    private static async Task<ScanTarget> ScanAsync(LambdaClient lambda, string arn, string database, CancellationToken cancellationToken)
    {
        using var scan = new AccountScan(lambda, null, null);
        var request = await scan.RequestAsync($"layer:{arn}", cancellationToken);
        using var advisories = File.Exists(database) ? DbCommand.Open(database) : null;
        return Scanner.Scan(new ScanRequest { Targets = [request], Database = advisories, MatchAdvisories = advisories is not null }, cancellationToken).Targets[0];
    }

    /// <summary>Who may use a layer version, in words.</summary>
    private static async Task<string> SharingAsync(LambdaClient lambda, LayerVersionDetail detail, CancellationToken cancellationToken)
    {
        var parts = detail.LayerVersionArn.Split(':');
        try
        {
            if (await lambda.GetLayerPolicyAsync(parts[6], detail.Version, cancellationToken) is not { } text)
            {
                return "this account";
            }

            using var policy = JsonDocument.Parse(text);
            var who = policy.RootElement.GetProperty("Statement").EnumerateArray().Select(s =>
            {
                var principal = s.TryGetProperty("Principal", out var p) ? p.ValueKind == JsonValueKind.Object && p.TryGetProperty("AWS", out var aws) ? aws.ToString() : p.ToString() : "?";
                var organization = s.TryGetProperty("Condition", out var condition) ? condition.ToString() : "";
                return principal == "*" ? organization.Length > 0 ? "an organisation" : "everyone" : principal;
            });
            return $"this account, {string.Join(", ", who.Distinct(StringComparer.Ordinal))}";
        }
        catch (AwsException exception) when (exception.IsDenied)
        {
            return "unknown: lambda:GetLayerVersionPolicy is denied";
        }
    }

    private static string Number(long value) => value.ToString("N0", CultureInfo.InvariantCulture);

    private static string Fit(string text, int width) => text.Length <= width ? text : text[..(width - 1)] + "…";
}
