using System.Collections.Concurrent;
using System.Text.Json;

namespace Pellicle.Aws;

/// <summary>What an inventory covers.</summary>
public sealed record InventoryOptions
{
    /// <summary>Only these functions, or null for all. Even then all are listed, to know who shares a role.</summary>
    public IReadOnlySet<string>? Functions { get; init; }

    /// <summary>Own layer versions that no function uses, too.</summary>
    public bool AllLayers { get; init; }

    /// <summary>Published versions whose resource policy is asked for, newest first: a call each.</summary>
    public int MaxVersions { get; init; } = 20;

    /// <summary>Calls in flight; AWS counts 15 a second for the whole account, and the customer's deployments share them.</summary>
    public int Parallelism { get; init; } = 8;
}

/// <summary>Reads one account in one region. A denied or failing call becomes a gap; the run goes on.</summary>
public sealed class InventoryReader(LambdaClient lambda, IamClient iam, StsClient sts, InventoryOptions options)
{
    /// <summary>Denials of one permission, without any success, after which it is not tried again.</summary>
    public const int GiveUpAfter = 20;

    private readonly ConcurrentDictionary<string, Tally> _tallies = new(StringComparer.Ordinal);

    /// <summary>Reads. Throws <see cref="AwsException"/> only when functions can neither be listed nor, by name, be read.</summary>
    public async Task<Inventory> ReadAsync(CancellationToken cancellationToken)
    {
        var identity = await TryAsync("sts:GetCallerIdentity", "", "the account's number", () => sts.GetCallerIdentityAsync(cancellationToken)!).ConfigureAwait(false);
        var (listed, complete) = await ListAsync(cancellationToken).ConfigureAwait(false);
        var versions = await GroupVersionsAsync(cancellationToken).ConfigureAwait(false);
        var mappings = await GroupMappingsAsync(cancellationToken).ConfigureAwait(false);
        var functions = new ConcurrentDictionary<string, FunctionInventory>(StringComparer.Ordinal);
        await EachAsync(
            listed.Where(f => options.Functions?.Contains(f.FunctionName) != false),
            async (f, token) => functions[f.FunctionName] = await FunctionAsync(f, versions, mappings, token).ConfigureAwait(false),
            cancellationToken).ConfigureAwait(false);

        var roles = new ConcurrentDictionary<string, RoleInventory>(StringComparer.Ordinal);
        await EachAsync(
            listed.Select(f => f.Role).OfType<string>().Distinct(StringComparer.Ordinal),
            async (arn, token) => roles[arn] = await RoleAsync(arn, token).ConfigureAwait(false),
            cancellationToken).ConfigureAwait(false);

        var account = identity?.Account is { Length: > 0 } known ? known : listed.FirstOrDefault()?.FunctionArn.Split(':')[4] ?? "";
        var layers = await LayersAsync(account, functions.Values.SelectMany(f => f.Configuration.Layers).Select(l => l.Arn), cancellationToken).ConfigureAwait(false);
        return new Inventory
        {
            Account = account,
            Region = lambda.Http.Settings.Region,
            Functions = [.. listed.Where(f => functions.ContainsKey(f.FunctionName)).Select(f => functions[f.FunctionName]).OrderBy(f => f.Configuration.FunctionName, StringComparer.Ordinal)],
            Layers = layers,
            Roles = roles,
            Complete = complete,
            Gaps = Gaps(),
        };
    }

    /// <summary>Functions that use a role, of everything listed; null when the list is incomplete.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>> RoleUsers { get; private set; } = new Dictionary<string, IReadOnlyList<string>>();

    private async Task<(List<FunctionConfiguration> Functions, bool Complete)> ListAsync(CancellationToken cancellationToken)
    {
        var listed = new List<FunctionConfiguration>();
        try
        {
            await foreach (var function in lambda.ListFunctionsAsync(false, cancellationToken).ConfigureAwait(false))
            {
                listed.Add(function);
            }

            RoleUsers = listed.Where(f => f.Role is not null).GroupBy(f => f.Role!, StringComparer.Ordinal)
                .ToDictionary(g => g.Key, IReadOnlyList<string> (g) => [.. g.Select(f => f.FunctionName).Order(StringComparer.Ordinal)], StringComparer.Ordinal);
            return (listed, true);
        }
        catch (AwsException exception) when (exception.IsDenied && options.Functions is not null)
        {
            Note("lambda:ListFunctions", "", "which functions share a role", exception);
            foreach (var name in options.Functions.Order(StringComparer.Ordinal))
            {
                listed.Add(await lambda.GetConfigurationAsync(name, null, cancellationToken).ConfigureAwait(false));
            }

            return (listed, false);
        }
    }

    /// <summary>One listing of all versions is cheaper than one call for each function.</summary>
    private async Task<ILookup<string, FunctionConfiguration>?> GroupVersionsAsync(CancellationToken cancellationToken) => await TryAsync(
        "lambda:ListFunctions",
        "",
        "published versions",
        async () =>
        {
            var all = new List<FunctionConfiguration>();
            if (options.Functions is { Count: <= 20 } few)
            {
                foreach (var name in few)
                {
                    await foreach (var version in lambda.ListVersionsAsync(name, cancellationToken).ConfigureAwait(false))
                    {
                        all.Add(version);
                    }
                }
            }
            else
            {
                await foreach (var version in lambda.ListFunctionsAsync(true, cancellationToken).ConfigureAwait(false))
                {
                    all.Add(version);
                }
            }

            return (ILookup<string, FunctionConfiguration>?)all.Where(v => v.Version != "$LATEST").ToLookup(v => v.FunctionName, StringComparer.Ordinal);
        }).ConfigureAwait(false);

    private Task<ILookup<string, JsonElement>?> GroupMappingsAsync(CancellationToken cancellationToken) => TryAsync(
        "lambda:ListEventSourceMappings",
        "",
        "queues and streams that feed functions (S-1, S-3)",
        async () => (ILookup<string, JsonElement>?)(await ToListAsync(lambda.ListEventSourceMappingsAsync(null, cancellationToken)).ConfigureAwait(false))
            .ToLookup(m => Text(m, "FunctionArn") is { } arn && arn.Split(':') is { Length: > 6 } parts ? parts[6] : "", StringComparer.Ordinal));

    private async Task<FunctionInventory> FunctionAsync(FunctionConfiguration listed, ILookup<string, FunctionConfiguration>? versions, ILookup<string, JsonElement>? mappings, CancellationToken cancellationToken)
    {
        var name = listed.FunctionName;
        var detail = await TryAsync("lambda:GetFunction", name, "the code: no packages, secrets or AWS calls of the function", () => lambda.GetFunctionAsync(name, null, cancellationToken)!).ConfigureAwait(false);
        var tags = detail is { TagsError: null } ? detail.Tags ?? [] : await TryAsync("lambda:ListTags", name, "tags (L-8, D-8)", () => lambda.ListTagsAsync(listed.UnqualifiedArn, cancellationToken)!).ConfigureAwait(false);
        var aliases = await TryAsync("lambda:ListAliases", name, "aliases (S-6, S-7) and their policies (E-2)", () => ToListAsync(lambda.ListAliasesAsync(name, cancellationToken))!).ConfigureAwait(false);
        var published = versions?[name].OrderByDescending(v => long.TryParse(v.Version, System.Globalization.CultureInfo.InvariantCulture, out var n) ? n : 0).ToList();
        var urls = await TryAsync("lambda:ListFunctionUrlConfigs", name, "function URLs (E-6, E-7, E-10)", () => ToListAsync(lambda.ListFunctionUrlDocumentsAsync(name, cancellationToken))!).ConfigureAwait(false);
        var signing = (Read: false, Document: (JsonElement?)null);
        await TryAsync(
            "lambda:GetFunctionCodeSigningConfig",
            name,
            "code signing (R-2)",
            async () =>
            {
                var arn = listed.PackageType == "Image" ? null : await lambda.GetCodeSigningArnAsync(name, cancellationToken).ConfigureAwait(false);
                signing = string.IsNullOrEmpty(arn) ? (true, null) : (true, await lambda.GetCodeSigningConfigAsync(arn, cancellationToken).ConfigureAwait(false));
                return "";
            }).ConfigureAwait(false);
        return new FunctionInventory
        {
            Configuration = detail?.Configuration ?? listed,
            DetailRead = detail is not null,
            Tags = tags,
            SourceKmsKeyArn = detail?.Code?.SourceKMSKeyArn,
            Concurrency = detail is null
                ? await TryAsync("lambda:GetFunctionConcurrency", name, "reserved concurrency (S-2, E-9)", () => lambda.GetConcurrencyAsync(name, cancellationToken)!).ConfigureAwait(false)
                : detail.Concurrency ?? new ReservedConcurrency(),
            Policies = await PoliciesAsync(name, aliases, published, cancellationToken).ConfigureAwait(false),
            Urls = urls?.GroupBy(Qualifier, StringComparer.Ordinal).ToDictionary(g => g.Key, g => g.First(), StringComparer.Ordinal),
            Aliases = aliases,
            Versions = published,
            EventInvokeConfigs = await TryAsync("lambda:ListFunctionEventInvokeConfigs", name, "asynchronous destinations (S-1, S-5)", () => ToListAsync(lambda.ListEventInvokeConfigsAsync(name, cancellationToken))!).ConfigureAwait(false),
            EventSourceMappings = mappings?[name].ToList(),
            CodeSigningRead = signing.Read,
            CodeSigning = signing.Document,
            RuntimeManagement = await TryAsync("lambda:GetRuntimeManagementConfig", name, "pinned runtimes (R-6)", async () => (object?)await lambda.GetRuntimeManagementAsync(name, cancellationToken).ConfigureAwait(false)).ConfigureAwait(false) as JsonElement?,
        };
    }

    private async Task<IReadOnlyDictionary<string, JsonElement>?> PoliciesAsync(string name, List<AliasConfiguration>? aliases, List<FunctionConfiguration>? versions, CancellationToken cancellationToken)
    {
        var policies = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
        IEnumerable<string> qualifiers = ["", .. aliases?.Select(a => a.Name) ?? [], .. versions?.Take(options.MaxVersions).Select(v => v.Version) ?? []];
        if (versions?.Count > options.MaxVersions)
        {
            Note("lambda:GetPolicy", name, $"policies of versions older than the newest {options.MaxVersions} (E-2)", "there are more versions than are asked for", denied: false);
        }

        foreach (var qualifier in qualifiers)
        {
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

    private async Task<IReadOnlyDictionary<string, LayerInventory>> LayersAsync(string account, IEnumerable<string> used, CancellationToken cancellationToken)
    {
        var arns = new HashSet<string>(used, StringComparer.Ordinal);
        var newest = new ConcurrentDictionary<string, long>(StringComparer.Ordinal);
        var listed = new ConcurrentDictionary<string, IReadOnlyList<LayerVersionDetail>>(StringComparer.Ordinal);
        var names = arns.Where(a => Part(a, 4) == account).Select(a => Part(a, 6)).ToHashSet(StringComparer.Ordinal);
        if (options.AllLayers)
        {
            names.UnionWith(await TryAsync("lambda:ListLayers", "", "layers that no function uses", async () => (await ToListAsync(lambda.ListLayersAsync(cancellationToken)).ConfigureAwait(false)).ConvertAll(l => l.LayerName)).ConfigureAwait(false) ?? []);
        }

        await EachAsync(
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
        if (options.AllLayers)
        {
            arns.UnionWith(listed.Values.SelectMany(v => v).Select(v => v.LayerVersionArn));
        }

        var layers = new ConcurrentDictionary<string, LayerInventory>(StringComparer.Ordinal);
        await EachAsync(arns, async (arn, token) => layers[arn] = await LayerAsync(arn, Part(arn, 4) == account, newest, token).ConfigureAwait(false), cancellationToken).ConfigureAwait(false);
        return layers;
    }

    private async Task<LayerInventory> LayerAsync(string arn, bool own, ConcurrentDictionary<string, long> newest, CancellationToken cancellationToken)
    {
        var layer = new LayerInventory { Arn = arn, Own = own, Newest = own && newest.TryGetValue(Part(arn, 6), out var n) ? n : null };
        try
        {
            var detail = await lambda.GetLayerVersionAsync(arn, cancellationToken).ConfigureAwait(false);
            layer = layer with { Readable = true, CodeSha256 = detail.Content?.CodeSha256 };
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

    private Task EachAsync<T>(IEnumerable<T> items, Func<T, CancellationToken, Task> read, CancellationToken cancellationToken) =>
        Parallel.ForEachAsync(items, new ParallelOptions { MaxDegreeOfParallelism = options.Parallelism, CancellationToken = cancellationToken }, async (item, token) => await read(item, token).ConfigureAwait(false));

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
