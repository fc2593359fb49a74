using System.Globalization;
using System.Text.Json;
using Amazon.Runtime;
using Pellicle.Aws;
using Pellicle.Domain;
using Pellicle.Scanning.Pipeline;
using Pellicle.Scanning.Reports;

namespace Pellicle.Cli.Accounts;

/// <summary>A scan of all regions of an account. One that cannot be read does not stop the others.</summary>
internal sealed class AccountRun : IDisposable
{
    /// <summary>Targets of one upload: a server takes a bounded body.</summary>
    private const int UploadTargets = 100;

    private readonly List<AccountScan> _scans = [];
    private readonly List<(string Region, AccountScanResult Result, AwsHttp Http)> _parts = [];
    private readonly List<string> _failed = [];

    private AccountRun()
    {
    }

    public IReadOnlyList<(string Region, AccountScanResult Result, AwsHttp Http)> Parts => _parts;

    public IReadOnlyList<TargetLine> Lines => [.. _parts.SelectMany(p => p.Result.Lines)];

    public IReadOnlyList<ChangeGroup> Changes => [.. _parts.SelectMany(p => p.Result.Changes)];

    /// <summary>Regions that could not be read, with the reason.</summary>
    public IReadOnlyList<string> Failed => _failed;

    public IEnumerable<InventoryGap> Gaps => _parts.SelectMany(p => p.Result.Inventory.Gaps);

    public ScanSummary Summary => AccountScanResult.SummaryOf(Lines);

    public IReadOnlyList<string> Notes => [.. _parts.SelectMany(p => p.Result.Notes).Distinct(StringComparer.Ordinal)];

    public ScanReport Report => new() { Notes = Notes.Count > 0 ? Notes : null, Tool = Scanner.Tool, AdvisoryDatabase = _parts[0].Result.Database, Targets = [.. _parts.SelectMany(p => p.Result.Targets)], Summary = Summary };

    public static string StoreOf(AccountEntry entry) => Path.Combine(Places.Home, "inventories", entry.Name);

    /// <summary>Scans; <paramref name="functions"/> limits it to these names.</summary>
    public static Task<AccountRun> StartAsync(AccountEntry entry, ScanScope? scope, string? database, TimeSpan? maxAge, IReadOnlySet<string>? functions, CancellationToken cancellationToken) =>
        RunAsync(entry, (scope ?? entry.Scope(null)).Regions, database, maxAge, (scan, token) => scan.RunAsync(functions, scope ?? entry.Scope(null), token), cancellationToken);

    /// <summary>Matches what earlier scans stored with the advisories of now.</summary>
    public static Task<AccountRun> MatchAsync(AccountEntry entry, string database, CancellationToken cancellationToken) =>
        RunAsync(entry, [], database, null, (scan, token) => Task.Run(() => scan.Match(token), token), cancellationToken);

    /// <summary>1 when a finding stops, 3 when something could not be read, else 0.</summary>
    public ExitCode Exit(Severity? failOn)
    {
        static bool Stops(Severity failOn, ResultCounts c) => failOn switch
        {
            Severity.Critical => c.Critical > 0,
            Severity.High => c.Critical + c.High > 0,
            Severity.Medium => c.Critical + c.High + c.Medium > 0,
            Severity.Low => c.Critical + c.High + c.Medium + c.Low > 0,
            Severity.Info => c.Critical + c.High + c.Medium + c.Low + c.Info > 0,
        };
        var lines = Lines;
        return failOn is { } lowest && lines.Any(l => Stops(lowest, l.Counts)) ? ExitCode.Findings
            : _failed.Count > 0 || Gaps.Any() || lines.Any(l => l.Counts.Status != ScanStatus.Succeeded) ? ExitCode.Incomplete
            : ExitCode.Done;
    }

    /// <summary>Writes the report as JSON, target by target: memory does not grow with their number.</summary>
    public async Task WriteJsonAsync(Stream stream, CancellationToken cancellationToken)
    {
        await using var json = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = false, SkipValidation = true });
        Head(json);
        foreach (var text in _parts.SelectMany(p => p.Result.Texts))
        {
            json.WriteRawValue(text, skipInputValidation: true);
            if (json.BytesPending > 1 << 20)
            {
                await json.FlushAsync(cancellationToken);
            }
        }

        json.WriteEndArray();
        json.WritePropertyName("summary");
        JsonSerializer.Serialize(json, Summary, ScanJson.Options);
        json.WriteEndObject();
        await json.FlushAsync(cancellationToken);
        stream.WriteByte((byte)'\n');
    }

    /// <summary>Sends the report to a server, a bounded number of targets at a time.</summary>
    public async Task UploadAsync(ServerClient client, CancellationToken cancellationToken)
    {
        foreach (var chunk in _parts.SelectMany(p => p.Result.Targets).Chunk(UploadTargets))
        {
            var report = new ScanReport { Tool = Scanner.Tool, AdvisoryDatabase = _parts[0].Result.Database, Targets = chunk, Summary = ScanSummary.Of(chunk) };
            await client.PutAsync("/api/v1/scans", ScanJson.Write(report), cancellationToken);
        }
    }

    public void Dispose()
    {
        foreach (var scan in _scans)
        {
            scan.Dispose();
        }
    }

    private static async Task<AccountRun> RunAsync(AccountEntry entry, IReadOnlyList<string> regions, string? database, TimeSpan? maxAge, Func<AccountScan, CancellationToken, Task<AccountScanResult>> work, CancellationToken cancellationToken)
    {
        var run = new AccountRun();
        Exception? last = null;
        foreach (var lambda in entry.Connect(regions))
        {
            var region = lambda.Http.Settings.Region;
            using var line = ProgressLine.OnError();
            var scan = new AccountScan(lambda, database, StoreOf(entry), entry.Trusted.ToHashSet(StringComparer.Ordinal), seen: SeenReading.Find()) { Progress = new Steps(region, line).Report, MaxAge = maxAge };
            run._scans.Add(scan);
            try
            {
                run._parts.Add((region, await work(scan, cancellationToken), lambda.Http));
            }
            catch (Exception exception) when (exception is AwsException or AmazonClientException)
            {
                line.Dispose();
                Messages.Note($"{region} could not be scanned: {exception.Message}");
                run._failed.Add(region);
                last = exception;
            }
        }

        if (run._parts.Count == 0)
        {
            run.Dispose();
            throw last as AwsException ?? new AwsException("scan", "NoRegion", last?.Message ?? "there is no region to scan", 0);
        }

        return run;
    }

    private void Head(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteNumber("schemaVersion", 1);
        json.WriteStartObject("tool");
        json.WriteString("name", Scanner.Tool.Name);
        json.WriteString("version", Scanner.Tool.Version);
        json.WriteEndObject();
        json.WritePropertyName("advisoryDatabase");
        JsonSerializer.Serialize(json, _parts[0].Result.Database, ScanJson.Options);
        if (Notes is { Count: > 0 } notes)
        {
            json.WritePropertyName("notes");
            JsonSerializer.Serialize(json, notes, ScanJson.Options);
        }

        json.WriteStartArray("targets");
    }
}

/// <summary>Steps that run beside each other, on one line.</summary>
internal sealed class Steps(string region, IProgress<string> line)
{
    private readonly Lock _gate = new();
    private readonly List<(string Step, int Done, int Of)> _running = [];

    public void Report(string step, int done, int of)
    {
        lock (_gate)
        {
            _running.RemoveAll(r => r.Step == step || r.Done >= r.Of);
            _running.Add((step, done, of));
            line.Report($"{region}: {string.Join(", ", _running.OrderBy(r => r.Step, StringComparer.Ordinal).Select(r => string.Create(CultureInfo.InvariantCulture, $"{r.Step} {r.Done:N0}{(r.Of > r.Done ? $" of {r.Of:N0}" : "")}")))}");
        }
    }
}
