using Pellicle.Aws;
using Pellicle.Cli.Accounts;
using Pellicle.Cli.Commands;
using Pellicle.Domain;
using Pellicle.Posture;
using Pellicle.Posture.Code;
using Pellicle.Scanning;
using Pellicle.Scanning.Archives;
using Pellicle.Scanning.Hijack;
using Pellicle.Scanning.Pipeline;

namespace Pellicle.Cli;

/// <summary>What a scan of deployed functions found, and what it lacked.</summary>
/// <param name="Report">Report of all targets.</param>
/// <param name="Inventory">What the account holds.</param>
/// <param name="Downloads">Zips that had to be fetched.</param>
internal sealed record AccountScanResult(ScanReport Report, Inventory Inventory, int Downloads);

/// <summary>Scans deployed functions with their layers: reads the inventory, downloads each zip once per digest, judges configuration, roles and packages.</summary>
internal sealed class AccountScan : IDisposable
{
    /// <summary>Downloads at once.</summary>
    private const int MaxDownloads = 4;

    private readonly LambdaClient _lambda;
    private readonly string? _database;
    private readonly SeenReading? _seen;
    private readonly string _downloads = Directory.CreateTempSubdirectory("pellicle-scan-").FullName;
    private readonly InventoryStore _store;
    private readonly CodeReading _code;
    private readonly PostureContext _context;
    private readonly Dictionary<string, CodeCalls> _calls = new(StringComparer.Ordinal);
    private IReadOnlyDictionary<string, CodeCalls> _seenCalls = new Dictionary<string, CodeCalls>();
    private readonly Dictionary<string, string> _files = new(StringComparer.Ordinal);

    public AccountScan(LambdaClient lambda, string? database, string? store, IReadOnlySet<string>? trusted = null, TimeProvider? time = null, SeenReading? seen = null)
    {
        (_lambda, _database, _seen) = (lambda, database, seen);
        var directory = store ?? Path.Combine(_downloads, "inventories");
        _store = new InventoryStore(directory);
        _code = new CodeReading(Path.Combine(directory, "calls"));
        _context = PostureContext.Of(time ?? TimeProvider.System) with { TrustedAccounts = trusted ?? new HashSet<string>() };
    }

    /// <summary>Scans functions by name.</summary>
    public async Task<ScanReport> RunAsync(IReadOnlyList<string> functions, CancellationToken cancellationToken) =>
        (await RunAsync(functions.ToHashSet(StringComparer.Ordinal), layers: false, cancellationToken)).Report;

    /// <summary>Scans the functions named, or all of the region; <paramref name="layers"/> adds every layer version as a target of its own.</summary>
    public async Task<AccountScanResult> RunAsync(IReadOnlySet<string>? functions, bool layers, CancellationToken cancellationToken)
    {
        var (inventory, users) = await ReadAsync(functions, layers, cancellationToken);
        var before = _files.Count;
        var missing = await FetchAsync(inventory, keep: false, cancellationToken);
        var judged = Judge(inventory, users);
        using var advisories = _database is null ? null : DbCommand.Open(_database);
        var targets = new List<ScanTarget>();
        foreach (var function in inventory.Functions)
        {
            var (subject, result) = judged[function.Configuration.FunctionName];
            targets.Add(Scan(Request(function, inventory, missing, result.Findings), Errors(result, function, inventory, missing), subject.Name, advisories, cancellationToken));
        }

        foreach (var layer in layers ? inventory.Layers.Values.OrderBy(l => l.Arn, StringComparer.Ordinal) : Enumerable.Empty<LayerInventory>())
        {
            var subject = Subjects.Of(layer);
            var result = AllChecks.Judge(subject, _context);
            var request = Hex(layer.CodeSha256) is { } hex && !missing.ContainsKey(layer.Arn)
                ? new TargetRequest { Kind = "layer", Name = subject.Name, Arn = layer.Arn, Source = Stored(hex), MoreFindings = result.Findings }
                : Unreadable("layer", subject.Name, layer.Arn, null, result.Findings);
            List<FileError> errors = [.. result.NotJudged.Select(n => Lacking($"layer:{subject.Name}", n))];
            if (missing.TryGetValue(layer.Arn, out var why))
            {
                errors.Add(new FileError($"layer:{subject.Name}", "", why));
            }

            targets.Add(Scan(request, errors, subject.Name, advisories, cancellationToken));
        }

        // An account without functions still says which advisories it would have used.
        var frame = Scanner.Scan(new ScanRequest { Targets = [], Database = advisories }, cancellationToken);
        return new AccountScanResult(frame with { Targets = targets, Summary = ScanSummary.Of(targets), Notes = NotesOf(inventory, judged.Values) }, inventory, _files.Count - before);
    }

    /// <summary>Fetches what <c>function:NAME</c> or <c>layer:ARN</c> names. The files stay until this object is disposed.</summary>
    public async Task<TargetRequest> RequestAsync(string target, CancellationToken cancellationToken)
    {
        var name = target[(target.IndexOf(':', StringComparison.Ordinal) + 1)..];
        if (!target.StartsWith("function:", StringComparison.Ordinal))
        {
            var detail = await _lambda.GetLayerVersionAsync(name, cancellationToken);
            var hex = Hex(detail.Content?.CodeSha256) ?? throw new CliException($"Lambda gave no content for `{name}`");
            await DownloadAsync(detail.Content?.Location, hex, keep: true, cancellationToken);
            return new TargetRequest { Kind = "layer", Name = detail.LayerVersionArn.Split(':')[6], Arn = detail.LayerVersionArn, Source = ContentSource.File(_files[hex], hex) };
        }

        var configuration = await _lambda.GetConfigurationAsync(name, null, cancellationToken);
        if (configuration.PackageType == "Image")
        {
            throw new CliException($"`{name}` is a container image", "scan its image file system as a directory");
        }

        var (inventory, users) = await ReadAsync(new HashSet<string> { configuration.FunctionName }, layers: false, cancellationToken);
        var missing = await FetchAsync(inventory, keep: true, cancellationToken);
        var function = inventory.Functions.FirstOrDefault() ?? throw new CliException($"there is no function `{name}`", "list them with `pellicle functions list`");
        if (missing.FirstOrDefault() is { Key: { } lost, Value: { } why })
        {
            throw new CliException($"`{lost}`: {why}");
        }

        var (_, result) = Judge(inventory, users)[configuration.FunctionName];
        foreach (var gap in inventory.Gaps)
        {
            Output.Note(Describe(gap));
        }

        var request = Request(function, inventory, missing, result.Findings)!;
        return request with { Source = ContentSource.File(_files[request.Source.Sha256!], request.Source.Sha256), Layers = [.. request.Layers.Select(l => l with { Source = ContentSource.File(_files[l.Source.Sha256!], l.Source.Sha256) })] };
    }

    /// <summary>The least-privilege policy of a role, or null with the reason on stderr.</summary>
    public async Task<string?> ProposeAsync(string role, CancellationToken cancellationToken)
    {
        var (all, users) = await ReadAsync(new HashSet<string>(), layers: false, cancellationToken);
        var arn = users.Keys.FirstOrDefault(a => a == role || a[(a.LastIndexOf('/') + 1)..] == role) ?? throw new CliException($"no function of this region has the role `{role}`");
        var (inventory, _) = await ReadAsync(users[arn].ToHashSet(StringComparer.Ordinal), layers: false, cancellationToken);
        await FetchAsync(inventory, keep: false, cancellationToken);
        var subject = Judge(inventory, users).Values.First().Subject;
        return Pellicle.Posture.Identity.PolicyProposal.For(subject.Role, subject.RoleCalls);
    }

    private List<string>? NotesOf(Inventory inventory, IEnumerable<(FunctionSubject Subject, PostureResult Result)> judged)
    {
        List<string> notes = [.. PostureTables.Stale(_context.Today), .. NotServed(inventory), .. NotFollowed(judged)];
        return notes.Count > 0 ? notes : null;
    }

    /// <summary>What no permission would show: code that cannot be followed.</summary>
    private static IEnumerable<string> NotFollowed(IEnumerable<(FunctionSubject Subject, PostureResult Result)> judged) =>
        from item in judged
        from lack in item.Result.NotJudged
        where !lack.IsPermission && !lack.Lacks.StartsWith(RegionSubject.EndpointThatServes, StringComparison.Ordinal)
        group (lack.Check, item.Subject.Name) by lack.Lacks into reason
        orderby reason.Key
        let names = reason.Select(r => r.Name).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).ToList()
        select $"{string.Join(", ", reason.Select(r => r.Check).Distinct(StringComparer.Ordinal))} not judged for {string.Join(", ", names.Take(5))}{(names.Count > 5 ? $" and {names.Count - 5} more" : "")}: it would take {reason.Key}";

    private static IEnumerable<string> NotServed(Inventory inventory) =>
        inventory.Surroundings is { NotServed: { Count: > 0 } services } ? [$"the endpoint does not serve {string.Join(", ", services)}: what needs it is not judged"] : [];

    /// <summary>A gap in words.</summary>
    public static string Describe(InventoryGap gap) =>
        $"{(gap.Denied ? "not allowed" : "failed")}: {gap.Permission}{(gap.Subjects.Count == 0 ? "" : $" for {string.Join(", ", gap.Subjects)}{(gap.Count > gap.Subjects.Count ? $" and {gap.Count - gap.Subjects.Count} more" : "")}")}; without it: {gap.Cost} ({gap.Reason})";

    /// <summary>Removes what was downloaded.</summary>
    public void Dispose() => Directory.Delete(_downloads, recursive: true);

    private async Task<(Inventory Inventory, IReadOnlyDictionary<string, IReadOnlyList<string>> RoleUsers)> ReadAsync(IReadOnlySet<string>? functions, bool layers, CancellationToken cancellationToken)
    {
        var reader = new InventoryReader(_lambda, new IamClient(_lambda.Http), new StsClient(_lambda.Http), new InventoryOptions { Functions = functions, AllLayers = layers });
        var inventory = await reader.ReadAsync(cancellationToken);
        _seenCalls = _seen is null ? _seenCalls : await _seen.ReadAsync([.. inventory.Functions.Select(f => f.Configuration.UnqualifiedArn)], cancellationToken);
        var around = await new SurroundingsReader(_lambda.Http).ReadAsync(inventory, cancellationToken);
        return (inventory with { Surroundings = around, Gaps = [.. inventory.Gaps, .. around.Gaps] }, reader.RoleUsers);
    }

    /// <summary>Makes sure that every zip is in the store with its calls; returns what could not be had, by function name or layer ARN, and why.</summary>
    private async Task<Dictionary<string, string>> FetchAsync(Inventory inventory, bool keep, CancellationToken cancellationToken)
    {
        var missing = new Dictionary<string, string>(StringComparer.Ordinal);
        var wanted = new Dictionary<string, (string Subject, Func<Task<string?>> Locate)>(StringComparer.Ordinal);
        foreach (var function in inventory.Functions)
        {
            var name = function.Configuration.FunctionName;
            if (function.Configuration.PackageType == "Image")
            {
                missing[name] = "a container image: its file system is not read here";
            }
            else if (!function.DetailRead || Hex(function.Configuration.CodeSha256) is not { } hex)
            {
                missing[name] = "the code could not be read: lambda:GetFunction is denied or failed";
            }
            else
            {
                wanted.TryAdd(hex, (name, async () => (await _lambda.GetFunctionAsync(name, null, cancellationToken)).Code?.Location));
            }
        }

        foreach (var layer in inventory.Layers.Values)
        {
            if (Hex(layer.CodeSha256) is { } hex)
            {
                wanted.TryAdd(hex, (layer.Arn, async () => (await _lambda.GetLayerVersionAsync(layer.Arn, cancellationToken)).Content?.Location));
            }
            else
            {
                missing[layer.Arn] = layer.Readable == false ? "the layer version is deleted or hidden" : "the layer version could not be read: lambda:GetLayerVersion is denied or failed";
            }
        }

        await Parallel.ForEachAsync(wanted, new ParallelOptions { MaxDegreeOfParallelism = MaxDownloads, CancellationToken = cancellationToken }, async (item, token) =>
        {
            var (hex, (subject, locate)) = item;
            try
            {
                if (!keep && _code.Find(hex) is { } known && _store.Find(hex, "function", ScanLimits.Default) is not null)
                {
                    lock (_calls)
                    {
                        _calls[hex] = known;
                    }
                }
                else
                {
                    await DownloadAsync(await locate(), hex, keep, token);
                }
            }
            catch (Exception exception) when (exception is AwsException or IOException or HttpRequestException or CliException)
            {
                lock (missing)
                {
                    missing[subject] = $"the code could not be downloaded: {exception.Message}";
                }
            }
        });
        return missing;
    }

    private async Task DownloadAsync(string? location, string hex, bool keep, CancellationToken cancellationToken)
    {
        var path = Path.Combine(_downloads, $"{hex}.zip");
        await using (var source = await _lambda.Http.DownloadAsync(new Uri(location ?? throw new CliException("Lambda gave no address for the code")), cancellationToken))
        await using (var file = File.Create(path))
        {
            await source.CopyToAsync(file, cancellationToken);
        }

        using (var archive = ScanSource.Open(path))
        {
            _store.Save(ContentsReader.Read(archive, "function", null, cancellationToken), ScanLimits.Default);
        }

        var calls = _code.Read(path, hex);
        lock (_calls)
        {
            _calls[hex] = calls;
            _files[hex] = path;
        }

        if (!keep)
        {
            File.Delete(path);
        }
    }

    private Dictionary<string, (FunctionSubject Subject, PostureResult Result)> Judge(Inventory inventory, IReadOnlyDictionary<string, IReadOnlyList<string>> users)
    {
        var roles = inventory.Roles.ToDictionary(r => r.Key, r => Subjects.Of(r.Value), StringComparer.Ordinal);
        var region = Subjects.RegionOf(inventory.Surroundings);
        var subjects = inventory.Functions.ToDictionary(f => f.Configuration.FunctionName, f => Subjects.Of(f, inventory, region, roles, f.Configuration.Role is { } role ? users.GetValueOrDefault(role) : null), StringComparer.Ordinal);
        var calls = inventory.Functions.ToDictionary(f => f.Configuration.FunctionName, f => CallsOf(f, inventory, subjects[f.Configuration.FunctionName]), StringComparer.Ordinal);
        var byRole = new Dictionary<string, CodeCalls?>(StringComparer.Ordinal);
        var context = _context with { Roles = [.. roles.Values.OrderBy(r => r.Arn, StringComparer.Ordinal)] };
        return subjects.ToDictionary(
            s => s.Key,
            s =>
            {
                var subject = s.Value.RoleArn is { } role ? s.Value with { RoleCalls = OfRole(role, s.Value) } : s.Value;
                return (subject, AllChecks.Judge(subject, context));
            },
            StringComparer.Ordinal);

        // What one function of a role does not call, another may.
        CodeCalls? OfRole(string role, FunctionSubject subject)
        {
            if (!byRole.TryGetValue(role, out var union))
            {
                var parts = subject.RoleUsers?.Select(u => calls.GetValueOrDefault(u)).ToList();
                byRole[role] = union = parts is null || parts.Contains(null) ? null : parts.Any(p => p!.Languages.Count == 0) ? CodeCalls.Union(parts!) with { Languages = new HashSet<string>() } : CodeCalls.Union(parts!);
            }

            return union;
        }
    }

    /// <summary>Calls of a function with its layers, and what Lambda does in its name; null when some of the code is missing.</summary>
    private CodeCalls? CallsOf(FunctionInventory function, Inventory inventory, FunctionSubject subject)
    {
        var parts = new List<CodeCalls> { PlatformNeeds.Of(subject) };
        foreach (var sha256 in function.Configuration.Layers.Select(l => inventory.Layers.GetValueOrDefault(l.Arn)?.CodeSha256).Prepend(function.Configuration.CodeSha256))
        {
            if (Hex(sha256) is not { } hex || !_calls.TryGetValue(hex, out var calls))
            {
                return null;
            }

            parts.Add(calls);
        }

        if (_seenCalls.TryGetValue(subject.Arn, out var seen))
        {
            parts.Add(seen.Beside(CodeCalls.Union(parts)));
        }

        // Layers alone do not tell in which language the function is written.
        return CodeCalls.Union(parts) with { Languages = parts[1].Languages };
    }

    private static TargetRequest Request(FunctionInventory function, Inventory inventory, Dictionary<string, string> missing, IReadOnlyList<Finding> findings)
    {
        var configuration = function.Configuration;
        if (missing.ContainsKey(configuration.FunctionName) || Hex(configuration.CodeSha256) is not { } hex)
        {
            return Unreadable("function", configuration.FunctionName, configuration.UnqualifiedArn, configuration.Runtime, findings) with { Handler = configuration.Handler, Environment = configuration.Variables };
        }

        return new TargetRequest
        {
            Kind = "function",
            Name = configuration.FunctionName,
            Arn = configuration.UnqualifiedArn,
            Runtime = configuration.Runtime,
            Handler = configuration.Handler,
            Environment = configuration.Variables,
            Architecture = configuration.Architectures is [var one] ? one : null,
            Source = Stored(hex),
            Layers = [.. configuration.Layers.Where(l => !missing.ContainsKey(l.Arn) && Hex(inventory.Layers.GetValueOrDefault(l.Arn)?.CodeSha256) is not null).Select(l => new LayerRequest(l.Name, Stored(Hex(inventory.Layers[l.Arn].CodeSha256)!), l.Arn))],
            MoreFindings = findings,
        };
    }

    /// <summary>Configuration is judged even where the code cannot be had: the empty path says so to <see cref="Scan"/>.</summary>
    private static TargetRequest Unreadable(string kind, string name, string arn, string? runtime, IReadOnlyList<Finding> findings) =>
        new() { Kind = kind, Name = name, Arn = arn, Runtime = runtime, Source = ContentSource.Memory(default), MoreFindings = findings };

    private ScanTarget Scan(TargetRequest request, IReadOnlyList<FileError> errors, string name, Scanning.Advisories.AdvisoryDatabase? advisories, CancellationToken cancellationToken)
    {
        if (request.Source is { Path: null })
        {
            return new ScanTarget { Kind = request.Kind, Name = name, Arn = request.Arn, Runtime = request.Runtime, Status = ScanStatus.Partial, Errors = errors, Findings = [.. request.MoreFindings.Concat(request.Kind == "function" ? HijackChecks.RunOnConfiguration(new RuntimeInfo(request.Runtime, request.Handler, request.Environment)) : []).Order(FindingOrder.WorstFirst)] };
        }

        var target = Scanner.Scan(new ScanRequest { Targets = [request], Database = advisories, MatchAdvisories = _database is not null, Store = _store }, cancellationToken).Targets[0];
        return errors.Count == 0 ? target : target with { Errors = [.. target.Errors, .. errors], Status = target.Status == ScanStatus.Failed ? ScanStatus.Failed : ScanStatus.Partial };
    }

    private static List<FileError> Errors(PostureResult result, FunctionInventory function, Inventory inventory, Dictionary<string, string> missing)
    {
        var errors = result.NotJudged.Where(n => n.IsPermission).GroupBy(n => n.Lacks, n => n.Check, StringComparer.Ordinal)
            .Select(g => new FileError("function", "configuration", $"not judged for lack of {g.Key}: {string.Join(", ", g)}", "grant it: `pellicle account policy` prints the policy")).ToList();
        if (missing.TryGetValue(function.Configuration.FunctionName, out var why))
        {
            errors.Add(new FileError("function", "", why, why.StartsWith("a container", StringComparison.Ordinal) ? "scan its image file system as a directory" : ""));
        }

        errors.AddRange(function.Configuration.Layers.Where(l => missing.ContainsKey(l.Arn)).Select(l => new FileError($"layer:{l.Name}", "", missing[l.Arn])));
        return errors;
    }

    private static FileError Lacking(string origin, NotJudged lack) => new(origin, "configuration", $"not judged for lack of {lack.Lacks}: {lack.Check}", "grant it: `pellicle account policy` prints the policy");

    // The store holds it: the path is only shown where that fails.
    private static ContentSource Stored(string hex) => ContentSource.File($"{hex}.zip", hex);

    private static string? Hex(string? codeSha256)
    {
        var bytes = new byte[33];
        return Convert.TryFromBase64String(codeSha256 ?? "", bytes, out var length) && length == 32 ? Convert.ToHexStringLower(bytes.AsSpan(0, 32)) : null;
    }
}
