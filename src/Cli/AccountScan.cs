using Pellicle.Aws;
using Pellicle.Cli.Accounts;
using Pellicle.Cli.Commands;
using Pellicle.Posture;
using Pellicle.Posture.Code;
using Pellicle.Scanning.Pipeline;

namespace Pellicle.Cli;

/// <summary>Scans deployed functions with their layers: reads the inventory, downloads each zip once per digest, judges configuration, roles and packages.</summary>
internal sealed class AccountScan : IDisposable
{
    private readonly LambdaClient _lambda;
    private readonly string? _database;
    private readonly string? _ownStore;
    private readonly CodeFetcher _fetcher;
    private readonly InventoryStore _contents;
    private readonly CodeReading _code;
    private readonly AccountStore _store;
    private readonly TimeProvider _time;
    private readonly IReadOnlySet<string> _trusted;
    private readonly SeenReading? _seen;
    private IReadOnlyDictionary<string, CodeCalls> _seenCalls = new Dictionary<string, CodeCalls>();

    public AccountScan(LambdaClient lambda, string? database, string? store, IReadOnlySet<string>? trusted = null, TimeProvider? time = null, SeenReading? seen = null)
    {
        (_lambda, _database, _time, _trusted, _seen) = (lambda, database, time ?? TimeProvider.System, trusted ?? new HashSet<string>(), seen);
        var directory = store ?? (_ownStore = Directory.CreateTempSubdirectory("pellicle-scan-").FullName);
        _contents = new InventoryStore(directory);
        _code = new CodeReading(Path.Combine(directory, "calls"));
        _store = new AccountStore(directory, lambda.Http.Settings.Region);
        _fetcher = new CodeFetcher(lambda.Http, _contents, _store, _code, _time);
    }

    /// <summary>Told how far it is, in words.</summary>
    public Action<string, int, int>? Progress { get; init; }

    /// <summary>A function that did not change and was read within this time is taken from the scan before; null reads all.</summary>
    public TimeSpan? MaxAge { get; init; }

    public AccountStore Store => _store;

    /// <summary>Scans functions by name.</summary>
    public async Task<ScanReport> RunAsync(IReadOnlyList<string> functions, CancellationToken cancellationToken) =>
        (await RunAsync(functions.ToHashSet(StringComparer.Ordinal), layers: false, cancellationToken)).Report;

    /// <summary>Scans the functions named, or all of the region; <paramref name="layers"/> adds every layer version as a target of its own.</summary>
    public Task<AccountScanResult> RunAsync(IReadOnlySet<string>? functions, bool layers, CancellationToken cancellationToken) =>
        RunAsync(functions, new ScanScope { NoLayers = !layers }, cancellationToken);

    /// <summary>Scans what a scope covers, or only the functions named.</summary>
    public async Task<AccountScanResult> RunAsync(IReadOnlySet<string>? functions, ScanScope scope, CancellationToken cancellationToken)
    {
        var start = _time.GetTimestamp();
        var (inventory, users, rows) = await ReadAsync(functions, scope, keep: false, cancellationToken);
        var read = _time.GetElapsedTime(start);
        var missing = await FetchAsync(inventory, rows, keep: false, cancellationToken);
        var fetched = _time.GetElapsedTime(start);
        using var advisories = _database is null ? null : DbCommand.Open(_database);
        var judge = new AccountJudge(_store, _contents, advisories, _fetcher.CallsOf, _seenCalls, _trusted, _time) { Progress = Progress };
        var judged = judge.Run(inventory, users, rows, missing, scope, functions is null, cancellationToken);
        return new AccountScanResult(_store, inventory, judged with { Notes = [.. NotServed(inventory), .. judged.Notes] }, judge.Database, _fetcher.Fetched, _fetcher.Bytes)
        {
            Times = new ScanTimes(read, _fetcher.Span, fetched, _time.GetElapsedTime(start)),
        };
    }

    /// <summary>Matches what is stored with the advisories as they are now: no call, no download.</summary>
    public AccountScanResult Match(CancellationToken cancellationToken)
    {
        using var advisories = DbCommand.Open(_database ?? throw new CliException("matching needs an advisory database", "", ExitCode.Usage));
        var judge = new AccountJudge(_store, _contents, advisories, _fetcher.CallsOf, _seenCalls, _trusted, _time) { Progress = Progress };
        var judged = judge.Match(cancellationToken);
        var inventory = new Inventory { Account = _store.Meta("account") ?? "", Region = _lambda.Http.Settings.Region, Functions = [], Layers = new Dictionary<string, LayerInventory>(), Roles = new Dictionary<string, RoleInventory>(), Gaps = [] };
        return new AccountScanResult(_store, inventory, judged, judge.Database, 0, 0);
    }

    /// <summary>Fetches what <c>function:NAME</c> or <c>layer:ARN</c> names. The files stay until this object is disposed.</summary>
    public async Task<TargetRequest> RequestAsync(string target, CancellationToken cancellationToken)
    {
        var name = target[(target.IndexOf(':', StringComparison.Ordinal) + 1)..];
        if (!target.StartsWith("function:", StringComparison.Ordinal))
        {
            var detail = await _lambda.GetLayerVersionAsync(name, cancellationToken);
            var hex = Hex(detail.Content?.CodeSha256) ?? throw new CliException($"Lambda gave no content for `{name}`");
            if (await _fetcher.Want(new CodeOrder(hex, name, async token => (await _lambda.GetLayerVersionAsync(name, token)).Content?.Location, detail.Content?.Location, Keep: true)) is { } failure)
            {
                throw new CliException($"`{name}`: {failure}");
            }

            return new TargetRequest { Kind = "layer", Name = detail.LayerVersionArn.Split(':')[6], Arn = detail.LayerVersionArn, Source = ContentSource.File(_fetcher.FileOf(hex), hex) };
        }

        var configuration = await _lambda.GetConfigurationAsync(name, null, cancellationToken);
        if (configuration.PackageType == "Image")
        {
            throw new CliException($"`{name}` is a container image", "scan its image file system as a directory");
        }

        var (inventory, users, rows) = await ReadAsync(new HashSet<string> { configuration.FunctionName }, new ScanScope { NoLayers = true }, keep: true, cancellationToken);
        var row = rows.SingleOrDefault() ?? throw new CliException($"there is no function `{name}`", "list them with `pellicle functions list`");
        var missing = await FetchAsync(inventory, rows, keep: true, cancellationToken);
        if (missing.FirstOrDefault() is { Key: { } lost, Value: { } why })
        {
            throw new CliException($"`{lost}`: {why}");
        }

        foreach (var gap in inventory.Gaps)
        {
            Messages.Note(Describe(gap));
        }

        var judge = new AccountJudge(_store, _contents, null, _fetcher.CallsOf, _seenCalls, _trusted, _time);
        var (order, findings) = judge.Posture(inventory, users, rows, row, missing);
        return new TargetRequest
        {
            Kind = "function", Name = order.Name, Arn = order.Arn, Runtime = order.Runtime, Handler = order.Handler, Environment = order.Variables, Architecture = order.Architecture, MoreFindings = findings,
            Source = ContentSource.File(_fetcher.FileOf(order.Code!), order.Code), Layers = [.. order.Layers.Select(l => new LayerRequest(l.Name, ContentSource.File(_fetcher.FileOf(l.Sha256), l.Sha256), l.Arn))],
        };
    }

    /// <summary>The least-privilege policy of a role. Null and known: its functions use nothing that it grants. Null and unknown: not enough of them could be read.</summary>
    public async Task<(string? Policy, bool Known)> ProposeAsync(string role, CancellationToken cancellationToken)
    {
        var (_, users, _) = await ReadAsync(new HashSet<string>(), new ScanScope { NoLayers = true }, keep: false, cancellationToken, allRoles: false);
        var arn = users.Keys.FirstOrDefault(a => a == role || a[(a.LastIndexOf('/') + 1)..] == role) ?? throw new CliException($"no function of this region has the role `{role}`");
        var (inventory, all, rows) = await ReadAsync(users[arn].ToHashSet(StringComparer.Ordinal), new ScanScope { NoLayers = true }, keep: false, cancellationToken, allRoles: false);
        await FetchAsync(inventory, rows, keep: false, cancellationToken);
        var judge = new AccountJudge(_store, _contents, null, _fetcher.CallsOf, _seenCalls, _trusted, _time);
        var subject = judge.Subject(inventory, all, rows, rows[0]);
        return (Pellicle.Posture.Identity.PolicyProposal.For(subject.Role, subject.RoleCalls), Pellicle.Posture.Identity.PolicyProposal.CanBeMade(subject.Role, subject.RoleCalls));
    }

    /// <summary>A gap in words.</summary>
    public static string Describe(InventoryGap gap) =>
        $"{(gap.Denied ? "not allowed" : "failed")}: {gap.Permission}{(gap.Subjects.Count == 0 ? "" : $" for {string.Join(", ", gap.Subjects)}{(gap.Count > gap.Subjects.Count ? $" and {gap.Count - gap.Subjects.Count} more" : "")}")}; without it: {gap.Cost} ({gap.Reason})";

    /// <summary>Hexadecimal form of Lambda's digest, or null when it is none.</summary>
    public static string? Hex(string? codeSha256)
    {
        var bytes = new byte[33];
        return Convert.TryFromBase64String(codeSha256 ?? "", bytes, out var length) && length == 32 ? Convert.ToHexStringLower(bytes.AsSpan(0, 32)) : null;
    }

    /// <summary>Removes what was downloaded.</summary>
    public void Dispose()
    {
        _fetcher.Dispose();
        _store.Dispose();
        if (_ownStore is not null)
        {
            Directory.Delete(_ownStore, recursive: true);
        }
    }

    private async Task<(Inventory Inventory, IReadOnlyDictionary<string, IReadOnlyList<string>> RoleUsers, IReadOnlyList<FunctionRow> Rows)> ReadAsync(IReadOnlySet<string>? functions, ScanScope scope, bool keep, CancellationToken cancellationToken, bool allRoles = true)
    {
        var rows = new List<FunctionRow>();
        var around = new List<FunctionInventory>();
        var now = _time.GetUtcNow();
        // Which of those with a tag are the newest is known at the end only.
        var early = scope is not { Newest: not null, Tags.Count: > 0 };
        var reader = new InventoryReader(_lambda, new IamClient(_lambda.Http), new StsClient(_lambda.Http), new InventoryOptions
        {
            Functions = functions,
            AllRoles = allRoles,
            NamesKnown = _store.FunctionNames(),
            Choose = scope.CoversAll ? null : scope.Choose,
            AllLayers = !scope.NoLayers,
            VersionLayers = scope.AllVersions,
            Known = _store.Function,
            KnownLayer = _store.Layer,
            FreshAfter = MaxAge is { } age ? now - age : null,
            Progress = Progress,
            OnFunction = (function, listing) =>
            {
                if (!scope.HasTag(function.Tags))
                {
                    return;
                }

                var row = FunctionRow.Of(function, _store.SaveFunction(function, listing, now), scope.AllVersions);
                if (early && row is { IsImage: false, DetailRead: true, Code: { } hex })
                {
                    _ = _fetcher.Want(Order(row, hex, function.CodeLocation, keep));
                }

                lock (rows)
                {
                    rows.Add(row);
                    around.Add(Bare(function));
                }
            },
            OnLayer = layer =>
            {
                if (early && Hex(layer.CodeSha256) is { } hex)
                {
                    _ = _fetcher.Want(Order(layer, hex, keep));
                }
            },
        });
        var whole = false;
        _store.Begin();
        try
        {
            var inventory = await reader.ReadAsync(cancellationToken);
            foreach (var layer in inventory.Layers.Values)
            {
                _store.SaveLayer(layer);
            }

            _store.SetMeta("account", inventory.Account);
            _seenCalls = _seen is null ? _seenCalls : await _seen.ReadAsync([.. rows.Select(r => r.Arn)], cancellationToken);
            var surroundings = await new SurroundingsReader(_lambda.Http).ReadAsync(inventory with { Functions = around }, cancellationToken);
            inventory = inventory with { Surroundings = surroundings, Gaps = [.. inventory.Gaps, .. surroundings.Gaps] };
            rows.Sort((a, b) => string.CompareOrdinal(a.Name, b.Name));
            IReadOnlyList<FunctionRow> chosen = scope is { Newest: { } most, Tags.Count: > 0 } ? [.. rows.OrderByDescending(r => r.LastModified, StringComparer.Ordinal).Take(most).OrderBy(r => r.Name, StringComparer.Ordinal)] : rows;
            whole = true;
            return (inventory, reader.RoleUsers, chosen);
        }
        finally
        {
            if (!whole)
            {
                await _fetcher.StopAsync();
            }

            // Also when it was stopped: what was read of a function is whole.
            _store.Commit();
        }
    }

    private CodeOrder Order(FunctionRow row, string hex, string? location, bool keep) =>
        new(hex, row.Name, async token => (await _lambda.GetFunctionAsync(row.Name, null, token)).Code?.Location, location, keep);

    private CodeOrder Order(LayerInventory layer, string hex, bool keep) =>
        new(hex, layer.Arn, async token => (await _lambda.GetLayerVersionAsync(layer.Arn, token)).Content?.Location, layer.CodeLocation, keep);

    /// <summary>What reading the surroundings needs of a function, and no more: all of them are in memory together.</summary>
    private static FunctionInventory Bare(FunctionInventory function) => new()
    {
        Configuration = new FunctionConfiguration
        {
            FunctionName = function.Configuration.FunctionName, FunctionArn = function.Configuration.FunctionArn,
            Other = function.Configuration.Other?.Where(o => o.Key is "VpcConfig" or "LoggingConfig").ToDictionary(),
        },
        EventSourceMappings = function.EventSourceMappings,
        Policies = function.Policies,
    };

    private static IEnumerable<string> NotServed(Inventory inventory) =>
        inventory.Surroundings is { NotServed: { Count: > 0 } services } ? [$"the endpoint does not serve {string.Join(", ", services)}: what needs it is not judged"] : [];

    /// <summary>Makes sure that every zip is in the store with its calls; returns what could not be had, by function name or layer ARN, and why.</summary>
    private async Task<Dictionary<string, string>> FetchAsync(Inventory inventory, IReadOnlyList<FunctionRow> rows, bool keep, CancellationToken cancellationToken)
    {
        var missing = new Dictionary<string, string>(StringComparer.Ordinal);
        var wanted = new Dictionary<string, CodeOrder>(StringComparer.Ordinal);
        foreach (var row in rows)
        {
            if (row.IsImage)
            {
                missing[row.Name] = "a container image: its file system is not read here";
            }
            else if (!row.DetailRead || row.Code is not { } hex)
            {
                missing[row.Name] = "the code could not be read: lambda:GetFunction is denied or failed";
            }
            else
            {
                wanted.TryAdd(hex, Order(row, hex, null, keep));
                foreach (var version in row.Versions.Where(v => v.Code is not null))
                {
                    wanted.TryAdd(version.Code!, new CodeOrder(version.Code!, $"{row.Name}:{version.Version}", async token => (await _lambda.GetFunctionAsync(row.Name, version.Version, token)).Code?.Location, null, keep));
                }
            }
        }

        foreach (var layer in inventory.Layers.Values)
        {
            if (Hex(layer.CodeSha256) is { } hex)
            {
                wanted.TryAdd(hex, Order(layer, hex, keep));
            }
            else
            {
                missing[layer.Arn] = layer.Readable == false ? "the layer version is deleted or hidden" : "the layer version could not be read: lambda:GetLayerVersion is denied or failed";
            }
        }

        var done = 0;
        var under = wanted.Values.Select(async order =>
        {
            var failure = await _fetcher.Want(order);
            Progress?.Invoke("packages of code", Interlocked.Increment(ref done), wanted.Count);
            return (order.Subject, Failure: failure);
        }).ToList();
        try
        {
            foreach (var (subject, failure) in await Task.WhenAll(under).WaitAsync(cancellationToken))
            {
                if (failure is not null)
                {
                    missing[subject] = failure;
                }
            }
        }
        catch (OperationCanceledException)
        {
            await _fetcher.StopAsync();
            throw;
        }

        // The same content under other names is missing there too.
        foreach (var row in rows.Where(r => r.Code is { } code && !missing.ContainsKey(r.Name) && wanted[code].Subject is var subject && missing.ContainsKey(subject)))
        {
            missing[row.Name] = missing[wanted[row.Code!].Subject];
        }

        foreach (var layer in inventory.Layers.Values.Where(l => Hex(l.CodeSha256) is { } code && !missing.ContainsKey(l.Arn) && missing.ContainsKey(wanted[code].Subject)).ToList())
        {
            missing[layer.Arn] = missing[wanted[Hex(layer.CodeSha256)!].Subject];
        }

        return missing;
    }
}

/// <summary>What is kept in memory of each function while a scan runs; the rest lies in the store.</summary>
internal sealed record FunctionRow
{
    public required string Name { get; init; }

    public required string Arn { get; init; }

    public string? Runtime { get; init; }

    public string? Handler { get; init; }

    public string? Role { get; init; }

    public string? Architecture { get; init; }

    public required string LogGroup { get; init; }

    public string? LastModified { get; init; }

    public bool IsImage { get; init; }

    public bool DetailRead { get; init; }

    public string? Code { get; init; }

    public required IReadOnlyList<LayerReference> Layers { get; init; }

    public EnvironmentVariables? Environment { get; init; }

    public IReadOnlyList<VersionRow> Versions { get; init; } = [];

    /// <summary>Hash of what the store keeps of it.</summary>
    public required string Digest { get; init; }

    /// <summary>What Lambda does in its name.</summary>
    public required CodeCalls Needs { get; init; }

    public static FunctionRow Of(FunctionInventory function, string digest, bool versions)
    {
        var configuration = function.Configuration;
        var empty = new Inventory { Account = "", Region = "", Functions = [], Layers = new Dictionary<string, LayerInventory>(), Roles = new Dictionary<string, RoleInventory>(), Gaps = [] };
        return new FunctionRow
        {
            Name = configuration.FunctionName, Arn = configuration.UnqualifiedArn, Runtime = configuration.Runtime, Handler = configuration.Handler, Role = configuration.Role, Architecture = configuration.Architectures is [var one] ? one : null, LogGroup = SurroundingsReader.LogGroupOf(configuration), LastModified = configuration.LastModified,
            IsImage = configuration.PackageType == "Image", DetailRead = function.DetailRead, Code = AccountScan.Hex(configuration.CodeSha256), Layers = configuration.Layers, Environment = configuration.Environment, Digest = digest,
            Needs = PlatformNeeds.Of(Subjects.Of(function, empty, new RegionSubject(), new Dictionary<string, RoleSubject>(), null)),
            Versions = !versions ? [] : [.. (function.Versions ?? []).Select(v => new VersionRow(v.Version, v.Runtime, v.Handler, AccountScan.Hex(v.CodeSha256), v.Layers, [.. (function.Aliases ?? []).Where(a => a.FunctionVersion == v.Version || a.Weights.ContainsKey(v.Version)).Select(a => a.Name)]))],
        };
    }
}

/// <summary>A published version.</summary>
internal sealed record VersionRow(string Version, string? Runtime, string? Handler, string? Code, IReadOnlyList<LayerReference> Layers, IReadOnlyList<string> Aliases);
