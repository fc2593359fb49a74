using System.IO.Compression;
using System.Text;
using System.Text.Json;
using Amazon.Runtime;
using Pellicle.Aws;
using Pellicle.Cli.Accounts;
using Pellicle.Local;
using Pellicle.Scanning.Advisories;
using Pellicle.Scanning.Pipeline;

namespace Pellicle.Cli.Tests;

/// <summary>
/// Matching stored inventories with other advisories gives what a full scan with those advisories gives, in accounts made by chance in which copies of a package shadow
/// each other, versions cannot be ordered, and advisories come, go and change their words.
/// </summary>
public sealed class AdvisoryMatchTests(Xunit.Abstractions.ITestOutputHelper output) : IAsyncLifetime
{
    private const int Accounts = 5;
    private const int Databases = 4;

    private readonly string _data = Directory.CreateTempSubdirectory("pellicle-match-tests-").FullName;
    private readonly List<AccountScan> _scans = [];
    private LocalLambda _local = null!;
    private LambdaClient _lambda = null!;

    public async Task InitializeAsync()
    {
        _local = await LocalLambda.StartAsync(new LocalLambdaOptions { DataDirectory = Path.Combine(_data, "local"), RuntimesDirectory = _data, TransitionTime = TimeSpan.Zero }, default);
        _lambda = new LambdaClient(new AwsHttp(new AwsSettings { Region = "us-east-1", Endpoint = _local.Address, Credentials = new BasicAWSCredentials("a", "b") }));
    }

    public async Task DisposeAsync()
    {
        _scans.ForEach(s => s.Dispose());
        _lambda.Http.Dispose();
        await _local.DisposeAsync();
        Directory.Delete(_data, recursive: true);
    }

    [Fact]
    public async Task Matching_stored_inventories_is_a_full_scan()
    {
        var (compared, shadowed, changed) = (0, 0, 0);
        for (var seed = 0; seed < Accounts; seed++)
        {
            var random = new Random(seed);
            _fixed.Clear();
            await MakeAccountAsync(random, seed);
            var databases = Enumerable.Range(0, Databases).Select(n => Database(random, $"{seed}-{n}")).ToList();
            var store = Path.Combine(_data, $"store-{seed}");
            var before = (await ScanAsync(databases[0], store)).Report;
            for (var n = 1; n < Databases; n++)
            {
                // By turns as a match alone, and within a scan.
                var now = n % 2 == 1 ? Match(databases[n], store) : await ScanAsync(databases[n], store);
                var full = await ScanAsync(databases[n], Path.Combine(_data, $"full-{seed}-{n}"));
                // A match has no call from which it could know what the endpoint does not serve.
                ScanJson.Write(now.Report with { Notes = null }).ShouldBe(ScanJson.Write(full.Report with { Notes = null }), $"account {seed}, database {n}");
                Counts(now).ShouldBe(Counts(full));
                now.Summary.ShouldBe(ScanSummary.Of(now.Report.Targets));
                now.Lines.Select(l => l.Counts).ShouldBe(now.Report.Targets.Select(ResultCounts.Of));
                Rules(now.Rules).ShouldBe(Rules(Census(full.Report)));
                Changes(now.Changes).ShouldBe(Differences(before, full.Report), $"account {seed}, database {n}");
                before = full.Report;
                compared += full.Report.Targets.Count;
                shadowed += full.Report.Targets.SelectMany(t => t.Findings).Count(f => f.RuleId == AdvisoryJudge.ShadowedFixRule || !f.Effective);
                changed += Changes(now.Changes).Count;
            }
        }

        output.WriteLine($"{compared} targets compared; {shadowed} findings about copies that do not load, {changed} changes");
        shadowed.ShouldBeGreaterThan(20);
        changed.ShouldBeGreaterThan(200);
    }

    [Fact]
    public async Task What_was_fixed_and_comes_again_is_told_as_that()
    {
        await MakeAccountAsync(new Random(1), 99);
        var (some, none) = (Database(new Random(5), "some"), Database(null, "none"));
        var store = Path.Combine(_data, "again");
        await ScanAsync(some, store);
        // H-7 changes its kind with the advisories: a shadowed repair, or merely two versions.
        var gone = Changes(Match(none, store).Changes).Where(c => !c.Contains(" H-7 ", StringComparison.Ordinal)).ToList();
        gone.ShouldNotBeEmpty();
        gone.ShouldAllBe(c => c.StartsWith("fixed", StringComparison.Ordinal));
        Changes(Match(some, store).Changes).Where(c => !c.Contains(" H-7 ", StringComparison.Ordinal)).ShouldBe(gone.Select(c => c.Replace("fixed", "re-opened", StringComparison.Ordinal)));
        Match(some, store).Changes.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_scan_without_advisories_tells_of_no_repair()
    {
        await MakeAccountAsync(new Random(1), 98);
        var store = Path.Combine(_data, "without");
        var all = await ScanAsync(Database(new Random(5), "all"), store);
        var without = await ScanAsync(null, store);
        without.Changes.ShouldBeEmpty();
        without.Report.Targets.SelectMany(t => t.Findings).ShouldNotContain(f => f.Kind == Domain.FindingKind.Vulnerability);
        (await ScanAsync(Path.Combine(_data, "db-all"), store)).Changes.ShouldBeEmpty();
        all.Summary.Findings.Critical.ShouldBeGreaterThan(0);
    }

    private static readonly string[] Names = ["alpha", "beta", "gamma", "delta", "epsilon", "zeta"];
    private static readonly string[] Versions = ["1.0.0", "1.4.2", "2.0.0", "2.1.3", "3.0.0", "not a version!"];

    private async Task MakeAccountAsync(Random random, int seed)
    {
        var layers = new List<(string Arn, bool Python)>();
        for (var l = 0; l < 5; l++)
        {
            var python = l % 2 == 0;
            var root = python ? "python/" : "nodejs/node_modules/";
            var layer = await _lambda.PublishLayerVersionAsync($"layer-{seed}-{l}", Zip(Packages(random, root, python, 3), $"{root}seed.txt", $"{seed} {l}"), null, null, null);
            layers.Add((layer.LayerVersionArn, python));
        }

        for (var f = 0; f < 7; f++)
        {
            var python = f % 2 == 0;
            var code = Zip(Packages(random, python ? "" : "node_modules/", python, 4), python ? "app.py" : "app.js", f < 3 ? "" : $"{seed} {f}");
            var mine = layers.Where(l => l.Python == python && random.Next(3) > 0).Select(l => l.Arn).ToList();
            await _lambda.CreateFunctionAsync($"function-{seed}-{f}", python ? "python3.13" : "nodejs22.x", "app.handler", "arn:aws:iam::123456789012:role/r", code, mine, new Dictionary<string, string>(), 3, 128);
            await _lambda.WaitUpdatedAsync($"function-{seed}-{f}");
        }
    }

    private static List<(string Path, string Text)> Packages(Random random, string root, bool python, int count)
    {
        var files = new List<(string, string)>();
        foreach (var name in Names.OrderBy(_ => random.Next()).Take(count).ToList())
        {
            var version = Versions[random.Next(python ? Versions.Length : Versions.Length - 1)];
            files.Add(python ? ($"{root}{name}-{version}.dist-info/METADATA", $"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n") : ($"{root}{name}/package.json", JsonSerializer.Serialize(new { name, version })));
            files.Add(python ? ($"{root}{name}/__init__.py", $"v = '{version}'") : ($"{root}{name}/index.js", $"exports.v = '{version}'"));
        }

        return files;
    }

    /// <summary>Advisories made by chance; none without <paramref name="random"/>.</summary>
    private string Database(Random? random, string name)
    {
        var source = Directory.CreateDirectory(Path.Combine(_data, $"osv-{name}")).FullName;
        for (var i = 0; i < (random is null ? 1 : 14); i++)
        {
            var python = random?.Next(2) == 0;
            var package = random is null ? "no-such-package" : Names[random.Next(Names.Length)];
            object range = random?.Next(4) switch
            {
                0 => new { type = "ECOSYSTEM", events = new object[] { new { introduced = "0" } } },
                1 => new { type = "ECOSYSTEM", events = new object[] { new { introduced = "1.2.0" }, new { last_affected = "2.1.3" } } },
                _ => new { type = "ECOSYSTEM", events = new object[] { new { introduced = "0" }, new { @fixed = Versions[random?.Next(1, 5) ?? 1] } } },
            };
            var record = new
            {
                id = $"{(random?.Next(6) == 0 ? "MAL" : "SIM")}-{i}", modified = "2026-01-01T00:00:00Z", summary = random?.Next(3) == 0 ? $"in other words {name}" : $"number {i}",
                database_specific = new { severity = random?.Next(5) switch { 0 => "LOW", 1 => "MODERATE", 2 => "HIGH", 3 => "CRITICAL", _ => "" } },
                affected = new[] { new { package = new { ecosystem = python ? "PyPI" : "npm", name = package }, ranges = new[] { range } } },
            };
            File.WriteAllText(Path.Combine(source, $"{i}.json"), JsonSerializer.Serialize(record));
        }

        var builder = new AdvisoryDatabaseBuilder();
        builder.Add(source);
        builder.Summary.Errors.ShouldBeEmpty();
        builder.Write(Path.Combine(_data, $"db-{name}"), TimeProvider.System);
        return Path.Combine(_data, $"db-{name}");
    }

    private async Task<AccountScanResult> ScanAsync(string? database, string store)
    {
        var scan = new AccountScan(_lambda, database, store);
        _scans.Add(scan);
        return await scan.RunAsync(null, layers: true, default);
    }

    private AccountScanResult Match(string database, string store)
    {
        var scan = new AccountScan(_lambda, database, store);
        _scans.Add(scan);
        return scan.Match(default);
    }

    private static string Counts(AccountScanResult result) => string.Join('\n', result.Lines);

    private static List<string> Changes(IEnumerable<ChangeGroup> groups) => [.. groups.SelectMany(g => g.All()).Select(c => $"{c.Change} {c.Target} {c.RuleId} {c.Severity} {c.Title} {c.Fingerprint}").Order(StringComparer.Ordinal)];

    /// <summary>The same, told by comparing two full reports; a fixed one that comes again is not told apart.</summary>
    private List<string> Differences(ScanReport before, ScanReport now)
    {
        var changes = new List<string>();
        foreach (var (old, target) in before.Targets.Zip(now.Targets))
        {
            string Line(string change, Domain.Finding f) => $"{(change == "opened" && !_fixed.Contains($"{target.Arn} {f.Fingerprint}") ? "opened" : change == "opened" ? "re-opened" : change)} {target.Arn} {f.RuleId} {f.Severity.ToString().ToLowerInvariant()} {f.Title} {f.Fingerprint}";
            changes.AddRange(target.Findings.Where(f => old.Findings.All(o => o.Fingerprint != f.Fingerprint)).Select(f => Line("opened", f)));
            foreach (var gone in old.Findings.Where(f => target.Findings.All(o => o.Fingerprint != f.Fingerprint)))
            {
                changes.Add(Line("fixed", gone));
                _fixed.Add($"{target.Arn} {gone.Fingerprint}");
            }
        }

        return [.. changes.Order(StringComparer.Ordinal)];
    }

    private readonly HashSet<string> _fixed = new(StringComparer.Ordinal);

    private static string Rules(IEnumerable<RuleCount> rules) => string.Join('\n', rules.OrderBy(r => r.Rule, StringComparer.Ordinal).Select(r => $"{r.Rule} {r.Severity} {r.Targets}"));

    private static IReadOnlyList<RuleCount> Census(ScanReport report) =>
        [.. from target in report.Targets
            from rule in target.Findings.Where(f => f.Effective).GroupBy(f => f.RuleId, StringComparer.Ordinal)
            group rule by rule.Key into all
            select new RuleCount(all.Key, all.Max(r => r.Max(f => f.Severity)), all.Count(), "")];

    private static byte[] Zip(List<(string Path, string Text)> files, string more, string text)
    {
        using var stream = new MemoryStream();
        using (var archive = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach (var (path, content) in files.Append((more, text)))
            {
                using var entry = archive.CreateEntry(path).Open();
                entry.Write(Encoding.UTF8.GetBytes(content));
            }
        }

        return stream.ToArray();
    }
}
