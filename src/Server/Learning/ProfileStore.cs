using Dapper;
using Pellicle.Domain;
using Pellicle.Policy;
using Pellicle.Server.Fleet;
using Pellicle.Server.Policies;
using Pellicle.Server.Storage;

namespace Pellicle.Server.Learning;

/// <summary>One learned item.</summary>
/// <param name="Item">Pattern.</param>
/// <param name="Count">How often, in clean invocations and in init.</param>
/// <param name="Invocations">In how many clean invocations; 0: only in init, or only known from the code version before.</param>
/// <param name="Environments">In how many environments.</param>
/// <param name="Unclean">How often in invocations with a sign of an attack; these are not learned.</param>
/// <param name="Carried">Taken over from the code version before.</param>
/// <param name="Approved">The policy in force has it.</param>
/// <param name="FirstSeen">First time.</param>
/// <param name="LastSeen">Last time.</param>
internal sealed record LearnedItem(string Item, long Count, long Invocations, int Environments, long Unclean, bool Carried, bool Approved, DateTimeOffset FirstSeen, DateTimeOffset LastSeen)
{
    /// <summary>Seen in clean invocations or carried over: part of what an approval takes.</summary>
    public bool Learned => Count > 0 || Carried;
}

/// <summary>What is known of one dimension.</summary>
/// <param name="Dimension">Name.</param>
/// <param name="Stage">Stage in the policy; null when it has no profile for this dimension.</param>
/// <param name="Estimate">How much is still unseen.</param>
/// <param name="Items">Items, sorted.</param>
internal sealed record DimensionView(string Dimension, string? Stage, UnseenEstimate Estimate, IReadOnlyList<LearnedItem> Items);

/// <summary>What is known of a function version.</summary>
internal sealed record ProfileView
{
    public required DateTimeOffset AsOf { get; init; }
    public required string Function { get; init; }
    public required string CodeSha256 { get; init; }
    public required long Invocations { get; init; }
    public required long CleanInvocations { get; init; }
    public required int Environments { get; init; }
    public required DateTimeOffset? StartedAt { get; init; }

    /// <summary>Code version whose items were carried over; empty for none.</summary>
    public required string CarriedFrom { get; init; }

    /// <summary>Rate and confidence that make a dimension ready.</summary>
    public required LearningOptions Options { get; init; }
    public required IReadOnlyList<DimensionView> Dimensions { get; init; }
}

/// <summary>Reads what was learned, and turns it into policy.</summary>
internal sealed class ProfileStore(Database database, TimeProvider time, PolicyStore policies, ServerOptions options)
{
    /// <summary>Dimensions that a guard can stop. Shapes of events and responses are shown, and approved only by name.</summary>
    private static readonly Dimension[] ByDefault = [Dimension.Process, Dimension.Host, Dimension.Read, Dimension.Write, Dimension.Library, Dimension.Aws, Dimension.Code, Dimension.Deserialize];

    public async Task<ProfileView> GetAsync(FunctionArn arn, CancellationToken cancellationToken)
    {
        var policy = (await policies.GetAsync(arn, cancellationToken)).Parse();
        return await database.ReadAsync(async c =>
        {
            var function = new { arn = arn.Text };
            // The version that runs now: the one a guard reported from last.
            var code = await c.ExecuteScalarAsync<string?>("SELECT code_sha256 FROM environments WHERE function = @arn ORDER BY last_seen DESC, first_seen DESC LIMIT 1", function) ?? "";
            var key = new { arn = arn.Text, code };
            var (invocations, clean, started, carriedFrom) = await c.QuerySingleOrDefaultAsync<(long, long, long?, string?)>(
                "SELECT invocations, clean_invocations, started_at, carried_from FROM profiles WHERE function = @arn AND code_sha256 = @code", key);
            var environments = await c.ExecuteScalarAsync<int>("SELECT COUNT(*) FROM environments WHERE function = @arn AND code_sha256 = @code", key);
            var rows = await c.QueryAsync<Row>("""
                SELECT o.dimension, o.item, o.count, o.invocations, o.unclean, o.carried, o.first_seen AS FirstSeen, o.last_seen AS LastSeen,
                    (SELECT COUNT(*) FROM observation_environments e WHERE e.function = o.function AND e.code_sha256 = o.code_sha256 AND e.dimension = o.dimension AND e.item = o.item) AS Environments
                FROM observations o WHERE o.function = @arn AND o.code_sha256 = @code ORDER BY o.dimension, o.item
                """, key);
            var byDimension = rows.ToLookup(r => (Dimension)r.Dimension);
            return new ProfileView
            {
                AsOf = time.GetUtcNow(), Function = arn.Text, CodeSha256 = code, Invocations = invocations, CleanInvocations = clean, Environments = environments,
                StartedAt = Times.From(started), CarriedFrom = carriedFrom ?? "", Options = options.Learning,
                Dimensions = [.. DimensionNames.All.Where(d => d != Dimension.Tamper).Select(d => View(d, [.. byDimension[d]], clean, environments, policy))],
            };
        }, cancellationToken);
    }

    /// <summary>
    /// Puts learned items into the policy. Null dimensions: those that are ready and of which something is known. Named ones are taken as they
    /// are: a person decides. Items that the policy has already stay.
    /// </summary>
    public async Task<(PolicyChange? Change, IReadOnlyList<string> Approved, ProfileView Profile)> ApproveAsync(
        FunctionArn arn, IReadOnlyList<Dimension>? dimensions, ProfileStage stage, string actor, CancellationToken cancellationToken)
    {
        var profile = await GetAsync(arn, cancellationToken);
        var watched = profile.Invocations > 0;
        var chosen = profile.Dimensions.Where(d => DimensionNames.TryParse(d.Dimension, out Dimension dimension) && (dimensions?.Contains(dimension) ?? IsTaken(dimension, d, watched))).ToList();
        var names = chosen.Select(d => d.Dimension).ToList();
        if (chosen.Count == 0)
        {
            return (null, names, profile);
        }

        var note = $"approved {string.Join(", ", chosen.Select(d => $"{d.Dimension} ({d.Items.Count(i => i.Learned)} items)"))} for {stage.ToString().ToLowerInvariant()}";
        var change = await policies.ChangeAsync(arn, document =>
        {
            var next = document.Profile.ToDictionary();
            foreach (var view in chosen)
            {
                DimensionNames.TryParse(view.Dimension, out Dimension dimension);
                var known = next.TryGetValue(dimension, out var existing) ? existing.Items : [];
                next[dimension] = new DimensionProfile(stage, [.. known.Concat(view.Items.Where(i => i.Learned).Select(i => i.Item)).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)]);
            }

            return document with { Profile = next };
        }, actor, "policy.approve", note, null, cancellationToken);
        return (change, names, profile);
    }

    // An empty dimension is the most valuable profile there is (a function that starts no program), but only where the guard surely watches: processes and hosts.
    private static bool IsTaken(Dimension dimension, DimensionView view, bool watched) =>
        ByDefault.Contains(dimension) && view.Estimate.Ready && (view.Items.Any(i => i.Learned) || (watched && dimension is (Dimension.Process or Dimension.Host)));

    private DimensionView View(Dimension dimension, List<Row> rows, long invocations, int environments, PolicyDocument policy)
    {
        var inPolicy = policy.Profile.TryGetValue(dimension, out var profile);
        var approved = inPolicy ? profile!.Items.ToHashSet(StringComparer.Ordinal) : [];
        var items = rows.Select(r => new LearnedItem(r.Item, r.Count, r.Invocations, r.Environments, r.Unclean, r.Carried != 0, approved.Contains(r.Item), Times.From(r.FirstSeen), Times.From(r.LastSeen))).ToList();
        var observations = items.Where(i => i.Learned).Select(i => new Observation
        {
            Dimension = dimension, Item = i.Item, Count = i.Count, Invocations = i.Invocations, Environments = i.Environments, FirstSeen = i.FirstSeen, LastSeen = i.LastSeen,
        });
        return new DimensionView(dimension.Name(), inPolicy ? profile!.Stage.ToString().ToLowerInvariant() : null, UnseenEstimate.Of(dimension, observations, invocations, environments, options.Learning), items);
    }

    private sealed class Row
    {
        public int Dimension { get; set; }
        public string Item { get; set; } = "";
        public long Count { get; set; }
        public long Invocations { get; set; }
        public long Unclean { get; set; }
        public int Carried { get; set; }
        public int Environments { get; set; }
        public long FirstSeen { get; set; }
        public long LastSeen { get; set; }
    }
}
