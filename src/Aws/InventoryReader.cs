using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Pellicle.Aws;

/// <summary>What an inventory covers.</summary>
public sealed record InventoryOptions
{
    /// <summary>Only these functions, or null for all. Even then all are listed, to know who shares a role.</summary>
    public IReadOnlySet<string>? Functions { get; init; }

    /// <summary>Names that are tried one by one where functions may not be listed; event source mappings name more.</summary>
    public IReadOnlyCollection<string> NamesKnown { get; init; } = [];

    /// <summary>Roles of functions that are not read, too: one of them may change those that are (I-20).</summary>
    public bool AllRoles { get; init; } = true;

    /// <summary>Own layer versions that no function uses, too.</summary>
    public bool AllLayers { get; init; }

    /// <summary>Functions of the list that are read; null reads all that <see cref="Functions"/> names. It sees what the list tells: name, runtime, time of change.</summary>
    public Func<IReadOnlyList<FunctionConfiguration>, IReadOnlyList<FunctionConfiguration>>? Choose { get; init; }

    /// <summary>What an earlier run knew of a function, or null. Policies are taken from it where the revision is the same: every change of a policy changes the revision.</summary>
    public Func<string, KnownFunction?>? Known { get; init; }

    /// <summary>A function that did not change and was read after this time is not read again at all; null reads every function.</summary>
    public DateTimeOffset? FreshAfter { get; init; }

    /// <summary>What is known of the content of a layer version, which never changes; null where it must be asked for.</summary>
    public Func<string, LayerInventory?>? KnownLayer { get; init; }

    /// <summary>Takes each function as it is read, with the hash of its row in the list; then <see cref="Inventory.Functions"/> stays empty. Called by several tasks at once.</summary>
    public Action<FunctionInventory, string>? OnFunction { get; init; }

    /// <summary>Takes each layer version as it is read, so that its content can be fetched while the rest is read. Called by several tasks at once.</summary>
    public Action<LayerInventory>? OnLayer { get; init; }

    /// <summary>Told how far it is: step, done, of.</summary>
    public Action<string, int, int>? Progress { get; init; }

    /// <summary>Published versions whose resource policy is asked for, newest first: a call each.</summary>
    public int MaxVersions { get; init; } = 20;

    /// <summary>Layers that only published versions use, too.</summary>
    public bool VersionLayers { get; init; }

    /// <summary>Calls in flight. How many a second AWS takes shows itself: what it throttles is sent more slowly (<see cref="CallRate"/>).</summary>
    public int Parallelism { get; init; } = 32;
}

/// <summary>A function as an earlier run read it.</summary>
/// <param name="Listing">Hash of its row in the list, published versions included.</param>
/// <param name="ReadAt">When.</param>
/// <param name="Inventory">What was read.</param>
public sealed record KnownFunction(string Listing, DateTimeOffset ReadAt, FunctionInventory Inventory);

/// <summary>A published version: enough to know what it runs and whether it changed.</summary>
public sealed record VersionSummary
{
    /// <summary>Function name.</summary>
    public string FunctionName { get; init; } = "";

    /// <summary>Number.</summary>
    public string Version { get; init; } = "";

    /// <summary>Changes with its policy.</summary>
    public string RevisionId { get; init; } = "";

    /// <summary>Base64 SHA-256 of the zip.</summary>
    public string CodeSha256 { get; init; } = "";

    /// <summary>Runtime.</summary>
    public string? Runtime { get; init; }

    /// <summary>Handler.</summary>
    public string? Handler { get; init; }

    /// <summary>Layers in order.</summary>
    public IReadOnlyList<LayerReference> Layers { get; init; } = [];
}

/// <summary>Reads one account in one region. A denied or failing call becomes a gap; the run goes on.</summary>
public sealed class InventoryReader(LambdaClient lambda, IamClient iam, StsClient sts, InventoryOptions options)
{
    /// <summary>Denials of one permission, without any success, after which it is not tried again.</summary>
    public const int GiveUpAfter = 20;

    // Up to here it is cheaper to ask for each than for all of the region.
    private const int FewFunctions = 20;

    private readonly ConcurrentDictionary<string, Tally> _tallies = new(StringComparer.Ordinal);

    /// <summary>Reads. Throws <see cref="AwsException"/> only when the credentials are refused, the list fails, or a function asked for by name cannot be read.</summary>
    public async Task<Inventory> ReadAsync(CancellationToken cancellationToken)
    {
        var identity = await TryAsync("sts:GetCallerIdentity", "", "the account's number", () => sts.GetCallerIdentityAsync(cancellationToken)!).ConfigureAwait(false);
        var mappings = await GroupMappingsAsync(cancellationToken).ConfigureAwait(false);
        var list = await ListAsync(mappings, cancellationToken).ConfigureAwait(false);
        var account = identity?.Account is { Length: > 0 } known ? known : list.Rows.FirstOrDefault()?.Account ?? "";
        RoleUsers = !list.Complete ? RoleUsers : list.Rows.Where(f => f.Role is not null).GroupBy(f => f.Role!, StringComparer.Ordinal)
            .ToDictionary(g => g.Key, IReadOnlyList<string> (g) => [.. g.Select(f => f.Name).Order(StringComparer.Ordinal)], StringComparer.Ordinal);
        var wanted = Choose(list.Rows);
        var roleArns = (options.AllRoles ? list.Rows : wanted).Select(r => r.Role).OfType<string>().Distinct(StringComparer.Ordinal).ToList();
        var signing = await SigningAsync(wanted.Count, cancellationToken).ConfigureAwait(false);
        var functions = new ConcurrentDictionary<string, FunctionInventory>(StringComparer.Ordinal);
        var used = new ConcurrentDictionary<string, byte>(StringComparer.Ordinal);
        var roles = new ConcurrentDictionary<string, RoleInventory>(StringComparer.Ordinal);
        // Side by side: AWS counts functions, policies and roles each for themselves. The list tells which layers there are.
        var rolesRead = EachAsync("roles", roleArns, async (arn, token) => roles[arn] = await RoleAsync(arn, token).ConfigureAwait(false), cancellationToken);
        var layersRead = LayersAsync(account, wanted.SelectMany(r => r.Layers).Concat(options.VersionLayers ? wanted.SelectMany(r => list.Versions?[r.Name] ?? []).SelectMany(v => v.Layers).Select(l => l.Arn) : []), options.AllLayers, cancellationToken);
        var functionsRead = EachAsync(
            "functions",
            DistinctCodeFirst(wanted),
            async (row, token) =>
            {
                var (function, listing) = await FunctionAsync(row, list.Versions, mappings, signing, token).ConfigureAwait(false);
                foreach (var layer in function.Configuration.Layers.Concat(options.VersionLayers ? function.Versions?.SelectMany(v => v.Layers) ?? [] : []))
                {
                    used.TryAdd(layer.Arn, 0);
                }

                if (options.OnFunction is { } take)
                {
                    take(function, listing);
                }
                else
                {
                    functions[row.Name] = function;
                }
            },
            cancellationToken);
        await Task.WhenAll(rolesRead, layersRead, functionsRead).ConfigureAwait(false);
        var layers = await layersRead.ConfigureAwait(false);
        if (used.Keys.Where(u => !layers.ContainsKey(u)).ToList() is { Count: > 0 } late)
        {
            // Attached since the list was read.
            layers = new Dictionary<string, LayerInventory>(layers.Concat(await LayersAsync(account, late, false, cancellationToken).ConfigureAwait(false)).DistinctBy(l => l.Key), StringComparer.Ordinal);
        }

        return new Inventory
        {
            Account = account,
            Region = lambda.Http.Settings.Region,
            Functions = [.. functions.Values.OrderBy(f => f.Configuration.FunctionName, StringComparer.Ordinal)],
            Listed = [.. list.Rows.Select(r => r.Name).Order(StringComparer.Ordinal)],
            Layers = layers,
            Roles = roles,
            Complete = list.Complete,
            Gaps = Gaps(),
        };
    }

    /// <summary>Functions that use a role, of everything listed; empty when the list is incomplete.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>> RoleUsers { get; private set; } = new Dictionary<string, IReadOnlyList<string>>();

    /// <summary>One function of each code first: what takes longest, downloads, starts at once.</summary>
    private static List<Row> DistinctCodeFirst(List<Row> rows)
    {
        var first = rows.DistinctBy(r => r.Code, StringComparer.Ordinal).ToHashSet();
        return [.. first, .. rows.Where(r => !first.Contains(r))];
    }

    private List<Row> Choose(List<Row> rows)
    {
        rows = options.Functions is { } names ? [.. rows.Where(r => names.Contains(r.Name))] : rows;
        if (options.Choose is null)
        {
            return rows;
        }

        var chosen = options.Choose([.. rows.Select(r => r.Configuration)]).Select(f => f.FunctionName).ToHashSet(StringComparer.Ordinal);
        return [.. rows.Where(r => chosen.Contains(r.Name))];
    }

    /// <summary>The list, functions and their versions in one: two passes would cost as many calls again.</summary>
    private async Task<(List<Row> Rows, ILookup<string, VersionSummary>? Versions, bool Complete)> ListAsync(ILookup<string, JsonElement>? mappings, CancellationToken cancellationToken)
    {
        var rows = new List<Row>();
        var versions = new List<VersionSummary>();
        var few = options.Functions is { Count: <= FewFunctions };
        try
        {
            await foreach (var document in lambda.ListFunctionDocumentsAsync(!few, cancellationToken).ConfigureAwait(false))
            {
                if (Text(document, "Version") is null or "$LATEST")
                {
                    rows.Add(new Row(document));
                }
                else
                {
                    versions.Add(document.Deserialize<VersionSummary>()!);
                }

                options.Progress?.Invoke("list", rows.Count, rows.Count);
            }
        }
        catch (AwsException exception) when (exception.IsDenied && options.Functions is not null)
        {
            Note("lambda:ListFunctions", "", "which functions share a role", exception);
            foreach (var name in options.Functions.Order(StringComparer.Ordinal))
            {
                rows.Add(new Row(JsonSerializer.SerializeToElement(await lambda.GetConfigurationAsync(name, null, cancellationToken).ConfigureAwait(false))));
            }

            return (rows, await VersionsAsync(options.Functions, cancellationToken).ConfigureAwait(false), false);
        }
        catch (AwsException exception) when (exception.IsPermissionMissing)
        {
            Note("lambda:ListFunctions", "", "every function that no event source mapping, log group or earlier scan names", exception);
            await foreach (var row in UnlistedAsync(mappings, cancellationToken).ConfigureAwait(false))
            {
                rows.Add(row);
            }

            return (rows, await VersionsAsync([.. rows.Select(r => r.Name)], cancellationToken).ConfigureAwait(false), false);
        }

        return (rows, few ? await VersionsAsync(options.Functions!, cancellationToken).ConfigureAwait(false) : versions.ToLookup(v => v.FunctionName, StringComparer.Ordinal), true);
    }

    /// <summary>Functions that are known by name although they may not be listed.</summary>
    private async IAsyncEnumerable<Row> UnlistedAsync(ILookup<string, JsonElement>? mappings, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (var name in (mappings?.Select(m => m.Key) ?? []).Where(n => n.Length > 0).Union(options.NamesKnown).Union(await LoggedAsync(cancellationToken).ConfigureAwait(false)).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal))
        {
            if (await TryAsync("lambda:GetFunctionConfiguration", name, "functions that may not be listed", () => ThereAsync(name, cancellationToken)).ConfigureAwait(false) is { } configuration)
            {
                yield return new Row(JsonSerializer.SerializeToElement(configuration));
            }
        }
    }

    private async Task<FunctionConfiguration?> ThereAsync(string name, CancellationToken cancellationToken)
    {
        try
        {
            return await lambda.GetConfigurationAsync(name, null, cancellationToken).ConfigureAwait(false);
        }
        catch (AwsException exception) when (exception.IsNotFound)
        {
            return null;
        }
    }

    /// <summary>Functions that ever wrote a log, by their log groups.</summary>
    private async Task<IReadOnlyList<string>> LoggedAsync(CancellationToken cancellationToken)
    {
        const string prefix = "/aws/lambda/";
        var services = new OtherServices(lambda.Http);
        var names = new List<string>();
        try
        {
            for (string? token = null; ;)
            {
                var page = await services.TargetAsync("logs", "Logs_20140328.DescribeLogGroups", token is null ? new { logGroupNamePrefix = prefix, limit = 50 } : (object)new { logGroupNamePrefix = prefix, limit = 50, nextToken = token }, cancellationToken).ConfigureAwait(false);
                if (page.ValueKind == JsonValueKind.Object && page.TryGetProperty("logGroups", out var groups) && groups.ValueKind == JsonValueKind.Array)
                {
                    names.AddRange(groups.EnumerateArray().Select(g => Text(g, "logGroupName")?[prefix.Length..]).OfType<string>().Where(n => !n.Contains('/', StringComparison.Ordinal)));
                }

                token = page.ValueKind == JsonValueKind.Object ? Text(page, "nextToken") : null;
                if (string.IsNullOrEmpty(token))
                {
                    return names;
                }
            }
        }
        catch (Exception exception) when (exception is AwsException or JsonException)
        {
            // The reading of the surroundings says what is missing; here it is one source of names among others.
            return names;
        }
    }

    private Task<ILookup<string, VersionSummary>?> VersionsAsync(IReadOnlyCollection<string> names, CancellationToken cancellationToken) => TryAsync(
        "lambda:ListVersionsByFunction",
        "",
        "published versions",
        async () =>
        {
            var all = new List<VersionSummary>();
            foreach (var name in names)
            {
                await foreach (var version in lambda.ListVersionsAsync(name, cancellationToken).ConfigureAwait(false))
                {
                    all.Add(new VersionSummary { FunctionName = name, Version = version.Version, RevisionId = version.RevisionId, CodeSha256 = version.CodeSha256, Runtime = version.Runtime, Handler = version.Handler, Layers = version.Layers });
                }
            }

            return (ILookup<string, VersionSummary>?)all.Where(v => v.Version != "$LATEST").ToLookup(v => v.FunctionName, StringComparer.Ordinal);
        });

    /// <summary>A function of the list. Its text is kept and not its object: ten thousand of those are a tenth of a gigabyte.</summary>
    private sealed class Row
    {
        private readonly byte[] _text;

        public Row(JsonElement document)
        {
            _text = JsonSerializer.SerializeToUtf8Bytes(document);
            Name = Text(document, "FunctionName") ?? "";
            Role = Text(document, "Role");
            HasRevision = !string.IsNullOrEmpty(Text(document, "RevisionId"));
            Account = Text(document, "FunctionArn") is { } arn ? Part(arn, 4) : "";
            Code = Text(document, "CodeSha256") ?? "";
            Layers = document.TryGetProperty("Layers", out var layers) && layers.ValueKind == JsonValueKind.Array ? [.. layers.EnumerateArray().Select(l => Text(l, "Arn")).OfType<string>()] : [];
        }

        public string Code { get; }

        public IReadOnlyList<string> Layers { get; }

        public string Name { get; }

        public string? Role { get; }

        public string Account { get; }

        public bool HasRevision { get; }

        public FunctionConfiguration Configuration => JsonSerializer.Deserialize<FunctionConfiguration>(_text)!;

        /// <summary>Same hash: neither the configuration, nor the code, nor the policy of the function or of a version changed.</summary>
        public string Hash(IEnumerable<VersionSummary> versions)
        {
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            hash.AppendData(_text);
            foreach (var version in versions)
            {
                hash.AppendData(Encoding.UTF8.GetBytes($"\n{version.Version} {version.RevisionId}"));
            }

            return Convert.ToHexStringLower(hash.GetHashAndReset());
        }
    }

    private Task<ILookup<string, JsonElement>?> GroupMappingsAsync(CancellationToken cancellationToken) => TryAsync(
        "lambda:ListEventSourceMappings",
        "",
        "queues and streams that feed functions (S-1, S-3)",
        async () => (ILookup<string, JsonElement>?)(await ToListAsync(lambda.ListEventSourceMappingsAsync(null, cancellationToken)).ConfigureAwait(false))
            .ToLookup(m => Text(m, "FunctionArn") is { } arn && arn.Split(':') is { Length: > 6 } parts ? parts[6] : "", StringComparer.Ordinal));

    /// <summary>
    /// Code-signing configurations by function name, from their own side: a call for each configuration and not for each function. Null where that cannot be had, or where
    /// the functions are few.
    /// </summary>
    private async Task<IReadOnlyDictionary<string, JsonElement?>?> SigningAsync(int functions, CancellationToken cancellationToken)
    {
        if (functions <= FewFunctions)
        {
            return null;
        }

        var found = new Dictionary<string, JsonElement?>(StringComparer.Ordinal);
        try
        {
            await foreach (var configuration in lambda.ListCodeSigningConfigsAsync(cancellationToken).ConfigureAwait(false))
            {
                await foreach (var arn in lambda.ListFunctionsByCodeSigningConfigAsync(Text(configuration, "CodeSigningConfigArn") ?? "", cancellationToken).ConfigureAwait(false))
                {
                    found[Part(arn, 6)] = configuration;
                }
            }

            return found;
        }
        catch (AwsException)
        {
            // Each function is asked then, and says what is missing.
            return null;
        }
    }

    private async Task<(bool Read, JsonElement? Document)> SigningOfAsync(FunctionConfiguration function, IReadOnlyDictionary<string, JsonElement?>? all, CancellationToken cancellationToken)
    {
        if (all is not null || function.PackageType == "Image")
        {
            return (true, all?.GetValueOrDefault(function.FunctionName));
        }

        var signing = (Read: false, Document: (JsonElement?)null);
        await TryAsync(
            "lambda:GetFunctionCodeSigningConfig",
            function.FunctionName,
            "code signing (R-2)",
            async () =>
            {
                var arn = await lambda.GetCodeSigningArnAsync(function.FunctionName, cancellationToken).ConfigureAwait(false);
                signing = string.IsNullOrEmpty(arn) ? (true, null) : (true, await lambda.GetCodeSigningConfigAsync(arn, cancellationToken).ConfigureAwait(false));
                return "";
            }).ConfigureAwait(false);
        return signing;
    }

    private async Task<(FunctionInventory Function, string Listing)> FunctionAsync(Row row, ILookup<string, VersionSummary>? versions, ILookup<string, JsonElement>? mappings, IReadOnlyDictionary<string, JsonElement?>? allSigning, CancellationToken cancellationToken)
    {
        var name = row.Name;
        var published = versions?[name].OrderByDescending(v => long.TryParse(v.Version, System.Globalization.CultureInfo.InvariantCulture, out var n) ? n : 0).ToList();
        var listing = row.Hash(published ?? []);
        // Without a revision (Lambda always gives one, its look-alikes may not) nothing tells that a policy is the same.
        var known = row.HasRevision && options.Known?.Invoke(name) is { } before && before.Listing == listing ? before : null;
        if (known?.ReadAt > options.FreshAfter && known.Inventory.IsWhole)
        {
            // Values of variables are in the list and not in what was kept.
            return (known.Inventory with { Configuration = known.Inventory.Configuration with { Environment = row.Configuration.Environment }, EventSourceMappings = mappings?[name].ToList() ?? known.Inventory.EventSourceMappings }, listing);
        }

        var listed = row.Configuration;
        var detail = await TryAsync("lambda:GetFunction", name, "the code: no packages, secrets or AWS calls of the function", () => lambda.GetFunctionAsync(name, null, cancellationToken)!).ConfigureAwait(false);
        var tags = detail is { TagsError: null } ? detail.Tags ?? [] : await TryAsync("lambda:ListTags", name, "tags (L-8, D-8)", () => lambda.ListTagsAsync(listed.UnqualifiedArn, cancellationToken)!).ConfigureAwait(false);
        var aliases = await TryAsync("lambda:ListAliases", name, "aliases (S-6, S-7) and their policies (E-2)", () => ToListAsync(lambda.ListAliasesAsync(name, cancellationToken))!).ConfigureAwait(false);
        var urls = await TryAsync("lambda:ListFunctionUrlConfigs", name, "function URLs (E-6, E-7, E-10)", async () => await UrlsAsync(name, cancellationToken).ConfigureAwait(false)).ConfigureAwait(false);
        var signing = await SigningOfAsync(listed, allSigning, cancellationToken).ConfigureAwait(false);
        return (new FunctionInventory
        {
            Configuration = detail?.Configuration ?? listed,
            DetailRead = detail is not null,
            CodeLocation = detail?.Code?.Location,
            Tags = tags,
            SourceKmsKeyArn = detail?.Code?.SourceKMSKeyArn,
            Concurrency = detail is null
                ? await TryAsync("lambda:GetFunctionConcurrency", name, "reserved concurrency (S-2, E-9)", () => lambda.GetConcurrencyAsync(name, cancellationToken)!).ConfigureAwait(false)
                : detail.Concurrency ?? new ReservedConcurrency(),
            Policies = await PoliciesAsync(name, aliases, published, known?.Inventory, cancellationToken).ConfigureAwait(false),
            Urls = urls?.GroupBy(Qualifier, StringComparer.Ordinal).ToDictionary(g => g.Key, g => g.First(), StringComparer.Ordinal),
            Aliases = aliases,
            Versions = published,
            EventInvokeConfigs = await TryAsync("lambda:ListFunctionEventInvokeConfigs", name, "asynchronous destinations (S-1, S-5)", () => ToListAsync(lambda.ListEventInvokeConfigsAsync(name, cancellationToken))!).ConfigureAwait(false),
            EventSourceMappings = mappings?[name].ToList(),
            CodeSigningRead = signing.Read,
            CodeSigning = signing.Document,
            RuntimeManagement = await TryAsync("lambda:GetRuntimeManagementConfig", name, "pinned runtimes (R-6)", async () => (object?)await lambda.GetRuntimeManagementAsync(name, cancellationToken).ConfigureAwait(false)).ConfigureAwait(false) as JsonElement?,
        }, listing);
    }

    /// <summary>A look-alike of Lambda may know the call for one URL only.</summary>
    private async Task<List<JsonElement>?> UrlsAsync(string name, CancellationToken cancellationToken)
    {
        try
        {
            return await ToListAsync(lambda.ListFunctionUrlDocumentsAsync(name, cancellationToken)).ConfigureAwait(false);
        }
        catch (AwsException exception) when (exception.Code == "Http404")
        {
            return await lambda.TryGetAsync("GetFunctionUrlConfig", "/2021-10-31/functions/{F}/url", name, null, cancellationToken).ConfigureAwait(false) is { } one ? [one] : [];
        }
    }

    private async Task<IReadOnlyDictionary<string, JsonElement>?> PoliciesAsync(string name, List<AliasConfiguration>? aliases, List<VersionSummary>? versions, FunctionInventory? known, CancellationToken cancellationToken)
    {
        var policies = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
        IEnumerable<string> qualifiers = ["", .. aliases?.Select(a => a.Name) ?? [], .. versions?.Take(options.MaxVersions).Select(v => v.Version) ?? []];
        if (versions?.Count > options.MaxVersions)
        {
            Note("lambda:GetPolicy", name, $"policies of versions older than the newest {options.MaxVersions} (E-2)", "there are more versions than are asked for", denied: false);
        }

        foreach (var qualifier in qualifiers)
        {
            // The list shows the revisions of the function and its versions; an alias has its own.
            if (known?.Policies is { } stored && (aliases?.FirstOrDefault(a => a.Name == qualifier) is not { } alias || known.Aliases?.Any(a => a.Name == qualifier && a.RevisionId == alias.RevisionId) == true))
            {
                if (stored.TryGetValue(qualifier, out var policy))
                {
                    policies[qualifier] = policy;
                }

                continue;
            }

            var asked = false;
            var text = await TryAsync(
                "lambda:GetPolicy",
                name,
                "who may call the function (E-1 to E-5)",
                async () =>
                {
                    var policy = await lambda.GetPolicyAsync(name, qualifier.Length == 0 ? null : qualifier, cancellationToken).ConfigureAwait(false);
                    asked = true;
                    return policy;
                }).ConfigureAwait(false);
            if (!asked && qualifier.Length == 0)
            {
                return null;
            }

            if (text is not null)
            {
                policies[qualifier] = Parse(text);
            }
        }

        return policies;
    }

    private async Task<RoleInventory> RoleAsync(string arn, CancellationToken cancellationToken)
    {
        var name = arn[(arn.LastIndexOf('/') + 1)..];
        var asked = false;
        var role = await TryAsync(
            "iam:GetRole",
            name,
            "who may assume the role, its boundary (I-15, I-17, I-19)",
            async () =>
            {
                var found = await iam.GetRoleAsync(name, cancellationToken).ConfigureAwait(false);
                asked = true;
                return found;
            }).ConfigureAwait(false);
        if (role is null)
        {
            return new RoleInventory { Arn = arn, Exists = asked ? false : null };
        }

        var policies = new List<NamedPolicy>();
        var inline = await TryAsync("iam:ListRolePolicies", name, "what the role may do (all of I)", () => iam.ListRolePoliciesAsync(name, cancellationToken)!).ConfigureAwait(false);
        var attached = await TryAsync("iam:ListAttachedRolePolicies", name, "what the role may do (all of I)", () => iam.ListAttachedRolePoliciesAsync(name, cancellationToken)!).ConfigureAwait(false);
        var whole = inline is not null && attached is not null;
        foreach (var policy in inline ?? [])
        {
            var read = await TryAsync("iam:GetRolePolicy", name, "what the role may do (all of I)", () => iam.GetRolePolicyAsync(name, policy, cancellationToken)!).ConfigureAwait(false);
            whole &= read is not null;
            policies.AddRange(read is null ? [] : [read]);
        }

        foreach (var policy in attached ?? [])
        {
            var read = await ManagedAsync(policy, "attached", cancellationToken).ConfigureAwait(false);
            whole &= read is not null;
            policies.AddRange(read is null ? [] : [read]);
        }

        return new RoleInventory
        {
            Arn = arn,
            Exists = true,
            TrustPolicy = role.TrustPolicy,
            Policies = whole ? policies : null,
            BoundaryArn = role.BoundaryArn,
            Boundary = role.BoundaryArn is { } boundary ? (await ManagedAsync(boundary, "boundary", cancellationToken).ConfigureAwait(false))?.Document : null,
        };
    }

    private readonly ConcurrentDictionary<string, Lazy<Task<NamedPolicy?>>> _managed = new(StringComparer.Ordinal);

    /// <summary>Managed policies are shared by many roles: each is read once.</summary>
    private Task<NamedPolicy?> ManagedAsync(string arn, string kind, CancellationToken cancellationToken) =>
        _managed.GetOrAdd(arn, a => new Lazy<Task<NamedPolicy?>>(() => TryAsync("iam:GetPolicyVersion", a, "what the role may do (all of I)", () => iam.GetManagedPolicyAsync(a, kind, cancellationToken)!))).Value;

    private async Task<IReadOnlyDictionary<string, LayerInventory>> LayersAsync(string account, IEnumerable<string> used, bool all, CancellationToken cancellationToken)
    {
        var arns = new HashSet<string>(used, StringComparer.Ordinal);
        var newest = new ConcurrentDictionary<string, long>(StringComparer.Ordinal);
        var listed = new ConcurrentDictionary<string, IReadOnlyList<LayerVersionDetail>>(StringComparer.Ordinal);
        var names = arns.Where(a => Part(a, 4) == account).Select(a => Part(a, 6)).ToHashSet(StringComparer.Ordinal);
        if (all)
        {
            names.UnionWith(await TryAsync("lambda:ListLayers", "", "layers that no function uses", async () => (await ToListAsync(lambda.ListLayersAsync(cancellationToken)).ConfigureAwait(false)).ConvertAll(l => l.LayerName)).ConfigureAwait(false) ?? []);
        }

        await EachAsync(
            "layers",
            names,
            async (name, token) =>
            {
                if (await TryAsync("lambda:ListLayerVersions", name, "newer versions of a layer (R-5)", () => ToListAsync(lambda.ListLayerVersionsAsync(name, token))!).ConfigureAwait(false) is { Count: > 0 } versions)
                {
                    listed[name] = versions;
                    newest[name] = versions.Max(v => v.Version);
                }
            },
            cancellationToken).ConfigureAwait(false);
        if (all)
        {
            arns.UnionWith(listed.Values.SelectMany(v => v).Select(v => v.LayerVersionArn));
        }

        var layers = new ConcurrentDictionary<string, LayerInventory>(StringComparer.Ordinal);
        var details = listed.Values.SelectMany(v => v).DistinctBy(v => v.LayerVersionArn).ToDictionary(v => v.LayerVersionArn, StringComparer.Ordinal);
        await EachAsync("layer versions", arns, async (arn, token) =>
        {
            layers[arn] = await LayerAsync(arn, Part(arn, 4) == account, newest, details.GetValueOrDefault(arn), token).ConfigureAwait(false);
        }, cancellationToken).ConfigureAwait(false);
        return layers;
    }

    private async Task<LayerInventory> LayerAsync(string arn, bool own, ConcurrentDictionary<string, long> newest, LayerVersionDetail? listed, CancellationToken cancellationToken)
    {
        var layer = new LayerInventory { Arn = arn, Own = own, Newest = own && newest.TryGetValue(Part(arn, 6), out var n) ? n : null };
        try
        {
            // A version never changes: one that is still listed is what it was.
            if (listed is not null && options.KnownLayer?.Invoke(arn) is { CodeSha256: not null } known)
            {
                layer = known with { Own = own, Newest = layer.Newest, Readable = true, PolicyRead = false, Policy = null };
            }
            else
            {
                var detail = await lambda.GetLayerVersionAsync(arn, cancellationToken).ConfigureAwait(false);
                layer = layer with
                {
                    Readable = true, CodeSha256 = detail.Content?.CodeSha256, CodeSize = detail.Content?.CodeSize ?? 0, Created = detail.CreatedDate, Description = detail.Description,
                    Runtimes = detail.CompatibleRuntimes ?? [], Architectures = detail.CompatibleArchitectures ?? [], CodeLocation = detail.Content?.Location,
                };
                options.OnLayer?.Invoke(layer);
            }
        }
        catch (AwsException exception) when (exception.IsNotFound || (exception.IsDenied && !own))
        {
            // Deleted, or a publisher who does not let us read: R-5 says so.
            layer = layer with { Readable = false };
        }
        catch (AwsException exception)
        {
            Note("lambda:GetLayerVersion", arn, "packages of the layer", exception);
        }

        if (!own || !long.TryParse(Part(arn, 7), System.Globalization.CultureInfo.InvariantCulture, out var version))
        {
            return layer;
        }

        await TryAsync(
            "lambda:GetLayerVersionPolicy",
            arn,
            "who may use the layer (R-4)",
            async () =>
            {
                var policy = await lambda.GetLayerPolicyAsync(Part(arn, 6), version, cancellationToken).ConfigureAwait(false);
                layer = layer with { PolicyRead = true, Policy = policy is null ? null : Parse(policy) };
                return "";
            }).ConfigureAwait(false);
        return layer;
    }

    private async Task EachAsync<T>(string step, IReadOnlyCollection<T> items, Func<T, CancellationToken, Task> read, CancellationToken cancellationToken)
    {
        var done = 0;
        await Parallel.ForEachAsync(items, new ParallelOptions { MaxDegreeOfParallelism = options.Parallelism, CancellationToken = cancellationToken }, async (item, token) =>
        {
            await read(item, token).ConfigureAwait(false);
            options.Progress?.Invoke(step, Interlocked.Increment(ref done), items.Count);
        }).ConfigureAwait(false);
    }

    /// <summary>Null when the call is denied or fails for good; the gap is noted.</summary>
    private async Task<T?> TryAsync<T>(string permission, string subject, string cost, Func<Task<T?>> call)
        where T : class
    {
        var tally = _tallies.GetOrAdd(permission, p => new Tally(p, cost));
        if (tally.GaveUp)
        {
            tally.Add(subject, cost, null, denied: true);
            return null;
        }

        try
        {
            var answer = await call().ConfigureAwait(false);
            tally.Succeeded();
            return answer;
        }
        catch (AwsException exception)
        {
            tally.Add(subject, cost, exception.Text, exception.IsDenied);
            return null;
        }
    }

    private void Note(string permission, string subject, string cost, AwsException exception) => Note(permission, subject, cost, exception.Text, exception.IsDenied);

    private void Note(string permission, string subject, string cost, string reason, bool denied) => _tallies.GetOrAdd(permission, p => new Tally(p, cost)).Add(subject, cost, reason, denied);

    private IReadOnlyList<InventoryGap> Gaps() => [.. _tallies.Values.SelectMany(t => t.Gaps()).OrderBy(g => g.Permission, StringComparer.Ordinal).ThenBy(g => g.Cost, StringComparer.Ordinal)];

    private static string Qualifier(JsonElement url) => Text(url, "FunctionArn")?.Split(':') is { Length: > 7 } parts ? parts[7] : "";

    private static string Part(string arn, int index) => arn.Split(':') is { } parts && parts.Length > index ? parts[index] : "";

    private static string? Text(JsonElement element, string name) => element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static JsonElement Parse(string text)
    {
        using var document = JsonDocument.Parse(text);
        return document.RootElement.Clone();
    }

    private static async Task<List<T>> ToListAsync<T>(IAsyncEnumerable<T> items)
    {
        var list = new List<T>();
        await foreach (var item in items.ConfigureAwait(false))
        {
            list.Add(item);
        }

        return list;
    }

    /// <summary>Successes and failures of one permission.</summary>
    private sealed class Tally(string permission, string cost)
    {
        private const int MaxSubjects = 5;

        private readonly Lock _gate = new();
        private readonly Dictionary<(string Cost, bool Denied), (List<string> Subjects, int Count, string Reason)> _gaps = [];
        private int _denials;
        private bool _answered;

        public bool GaveUp
        {
            get
            {
                lock (_gate)
                {
                    return !_answered && _denials >= GiveUpAfter;
                }
            }
        }

        public void Succeeded()
        {
            lock (_gate)
            {
                _answered = true;
            }
        }

        public void Add(string subject, string ownCost, string? reason, bool denied)
        {
            lock (_gate)
            {
                _denials += denied ? 1 : 0;
                var (subjects, count, first) = _gaps.TryGetValue((ownCost, denied), out var known) ? known : ([], 0, reason ?? "not tried again after many denials");
                if (subject.Length > 0 && subjects.Count < MaxSubjects)
                {
                    subjects.Add(subject);
                }

                _gaps[(ownCost, denied)] = (subjects, count + 1, first);
            }
        }

        public IEnumerable<InventoryGap> Gaps()
        {
            lock (_gate)
            {
                return [.. _gaps.Select(g => new InventoryGap(permission, g.Key.Cost.Length > 0 ? g.Key.Cost : cost, g.Value.Reason, g.Key.Denied, [.. g.Value.Subjects.Order(StringComparer.Ordinal)], g.Value.Count))];
            }
        }
    }
}
