using System.Globalization;
using System.Net;
using Pellicle.Aws;

namespace Pellicle.Protection;

/// <summary>A repair that cannot be made or continued; the message is for people.</summary>
/// <param name="message">What is the matter.</param>
/// <param name="hint">What to do.</param>
public sealed class LayerRepairException(string message, string hint) : Exception(message)
{
    /// <summary>What to do.</summary>
    public string Hint { get; } = hint;
}

/// <summary>A published version or an alias that keeps the old layer version: both are immutable or moved by their owner only.</summary>
/// <param name="Function">Function name.</param>
/// <param name="Version">Published version.</param>
/// <param name="Aliases">Aliases that name it.</param>
/// <param name="SameCode">True when <c>$LATEST</c> has the same code: then publishing it releases nothing but the new layer and what configuration changed.</param>
public sealed record PinnedVersion(string Function, string Version, IReadOnlyList<string> Aliases, bool SameCode);

/// <summary>Replaces a layer version by a repaired one in every function that uses it, with a way back. Direction of failure: everything is put back.</summary>
/// <param name="lambda">Client.</param>
/// <param name="journalPath">Where the steps are recorded; the content lies beside it until the end.</param>
/// <param name="progress">Told each step in plain words, or null.</param>
public sealed class LayerRepair(LambdaClient lambda, string journalPath, Action<string>? progress = null)
{
    // Each conflict is somebody else's change; ours is computed anew on top of it, so that theirs is never undone.
    private const int MaxConflicts = 8;

    private string ContentPath => Path.ChangeExtension(journalPath, ".zip");

    /// <summary>The journal of an earlier run, or null.</summary>
    public RepairJournal? Journal => RepairJournal.Load(journalPath);

    /// <summary>Content of an interrupted run, or null.</summary>
    public byte[]? KeptContent => Journal is { Open: true, Reverting: false } && File.Exists(ContentPath) ? File.ReadAllBytes(ContentPath) : null;

    /// <summary>Functions whose <c>$LATEST</c> uses a layer version.</summary>
    public async Task<IReadOnlyList<FunctionConfiguration>> FindUsersAsync(string arn, CancellationToken cancellationToken = default)
    {
        var users = new List<FunctionConfiguration>();
        await foreach (var function in lambda.ListFunctionsAsync(false, cancellationToken).ConfigureAwait(false))
        {
            if (function.Layers.Any(l => l.Arn == arn))
            {
                users.Add(function);
            }
        }

        return [.. users.OrderBy(f => f.FunctionName, StringComparer.Ordinal)];
    }

    /// <summary>Published versions of these functions that go on using a layer version, with the aliases that send calls to them.</summary>
    public async Task<IReadOnlyList<PinnedVersion>> FindPinnedAsync(string arn, IEnumerable<string> functions, CancellationToken cancellationToken = default)
    {
        var pinned = new List<PinnedVersion>();
        foreach (var function in functions)
        {
            var aliases = new List<AliasConfiguration>();
            await foreach (var alias in lambda.ListAliasesAsync(function, cancellationToken).ConfigureAwait(false))
            {
                aliases.Add(alias);
            }

            string? latest = null;
            await foreach (var version in lambda.ListVersionsAsync(function, cancellationToken).ConfigureAwait(false))
            {
                latest = version.Version == "$LATEST" ? version.CodeSha256 : latest;
                if (version.Version != "$LATEST" && version.Layers.Any(l => l.Arn == arn))
                {
                    pinned.Add(new PinnedVersion(function, version.Version, [.. aliases.Where(a => a.FunctionVersion == version.Version || a.Weights.ContainsKey(version.Version)).Select(a => a.Name).Order(StringComparer.Ordinal)], version.CodeSha256 == latest));
                }
            }
        }

        return pinned;
    }

    /// <summary>Publishes <paramref name="zip"/> as a new version and re-points every user; on a failure puts everything back and throws.</summary>
    /// <param name="arn">Layer version to replace.</param>
    /// <param name="zip">Repaired content.</param>
    /// <param name="smoke">Invokes a function after its change and throws when it does not work; null to skip.</param>
    /// <param name="cancellationToken">Stops between steps; the journal then tells how to go on.</param>
    /// <exception cref="LayerRepairException">It cannot be made: another run is open, or a function cannot be changed now. Nothing was changed.</exception>
    public async Task<RepairJournal> RunAsync(string arn, byte[] zip, Func<string, CancellationToken, Task>? smoke, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(zip);
        using var alone = Lock();
        var journal = await StartAsync(arn, zip, cancellationToken).ConfigureAwait(false);
        try
        {
            journal = await PublishAsync(journal, zip, cancellationToken).ConfigureAwait(false);
            for (var i = 0; i < journal.Targets.Count; i++)
            {
                journal = await RepairAsync(journal, i, smoke, cancellationToken).ConfigureAwait(false);
            }
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            progress?.Invoke($"failed: {exception.Message}; putting everything back");
            await TakeBackAsync(RepairJournal.Load(journalPath)!, CancellationToken.None).ConfigureAwait(false);
            throw;
        }

        journal = journal with { Finished = true };
        journal.Save(journalPath);
        File.Delete(ContentPath);
        return journal;
    }

    /// <summary>Takes back what the journal says was done: functions use the old version again, a version that was published for it is deleted.</summary>
    public async Task<RepairJournal?> RevertAsync(CancellationToken cancellationToken = default)
    {
        using var alone = Lock();
        return RepairJournal.Load(journalPath) is { } journal ? await TakeBackAsync(journal, cancellationToken).ConfigureAwait(false) : null;
    }

    private async Task<RepairJournal> StartAsync(string arn, byte[] zip, CancellationToken cancellationToken)
    {
        var digest = LayerPackage.CodeSha256(zip);
        var journal = RepairJournal.Load(journalPath);
        if (journal is { Reverted: false, Reverting: true })
        {
            throw new LayerRepairException($"taking back the repair of {journal.OldArn} was interrupted", "finish that first with --revert");
        }

        if (journal is { Open: true })
        {
            if (journal.OldArn == arn && journal.ContentSha256 == digest)
            {
                progress?.Invoke("an earlier run was interrupted; going on where it stopped");
                return journal;
            }

            throw new LayerRepairException($"another repair of {journal.OldArn} was interrupted", "finish it with the same content (leave --content out), or take it back with --revert");
        }

        var users = await FindUsersAsync(arn, cancellationToken).ConfigureAwait(false);
        if (journal is { Finished: true, Reverted: false })
        {
            if (journal.ContentSha256 == digest)
            {
                // The way back of what was done already must not be lost: new users join it.
                journal = journal with { Finished = false, Targets = [.. journal.Targets, .. Targets(users.Where(u => !journal.Targets.Any(t => t.Function == u.FunctionName)))] };
                RepairJournal.Write(ContentPath, zip);
                journal.Save(journalPath);
                return journal;
            }

            if (users.Count == 0)
            {
                throw new LayerRepairException($"no function uses {arn} any more; an earlier repair replaced it by {journal.NewArn}", $"repair {journal.NewArn}, or take the earlier repair back with --revert");
            }

            File.Move(journalPath, Path.ChangeExtension(journalPath, $".{journal.Run}.json"), overwrite: true);
        }

        // Before anything is published: a function that cannot be changed now would put all of it back.
        var stuck = users.Where(u => u.LastUpdateStatus == "Failed" || u.State == "Failed").Select(u => $"`{u.FunctionName}` ({u.LastUpdateStatusReason ?? u.State})").ToList();
        if (stuck.Count > 0)
        {
            throw new LayerRepairException($"the last update of {string.Join(", ", stuck)} failed", "repair or delete these functions first; nothing was changed");
        }

        RepairJournal.Write(ContentPath, zip);
        journal = new RepairJournal
        {
            OldArn = arn,
            ContentSha256 = digest,
            Run = Guid.NewGuid().ToString("N")[..12],
            Targets = [.. Targets(users)],
        };
        journal.Save(journalPath);
        return journal;
    }

    private static IEnumerable<RepairTarget> Targets(IEnumerable<FunctionConfiguration> users) => users.Select(u => new RepairTarget { Function = u.FunctionName, LayersBefore = [.. u.Layers.Select(l => l.Arn)] });

    private async Task<RepairJournal> RepairAsync(RepairJournal journal, int index, Func<string, CancellationToken, Task>? smoke, CancellationToken cancellationToken)
    {
        var function = journal.Targets[index].Function;
        if (journal.Targets[index].Step == RepairStep.Pending)
        {
            var there = await RepointAsync(function, journal.OldArn, journal.NewArn!, settle: false, cancellationToken).ConfigureAwait(false);
            journal = Mark(journal, index, there ? RepairStep.Repointed : RepairStep.Gone);
            progress?.Invoke(there ? $"{function} uses {Short(journal.NewArn!)}" : $"{function} no longer uses {Short(journal.OldArn)}; left as it is");
        }

        if (journal.Targets[index].Step == RepairStep.Repointed)
        {
            if (smoke is not null)
            {
                await smoke(function, cancellationToken).ConfigureAwait(false);
                progress?.Invoke($"{function} works");
            }

            journal = Mark(journal, index, RepairStep.Verified);
        }

        return journal;
    }

    private async Task<RepairJournal> TakeBackAsync(RepairJournal journal, CancellationToken cancellationToken)
    {
        if (journal.Reverted)
        {
            return journal;
        }

        journal = journal with { Reverting = true };
        journal.Save(journalPath);
        // A run killed between the publishing call and its record has published all the same.
        if (journal.NewArn is null)
        {
            var (_, ours, _) = await FindVersionsAsync(journal, cancellationToken).ConfigureAwait(false);
            journal = ours is null ? journal : journal with { NewArn = ours, Published = true };
        }

        if (journal.NewArn is { } published)
        {
            for (var i = 0; i < journal.Targets.Count; i++)
            {
                // Whatever its mark says: a run killed between the call and the mark has changed it too.
                await RepointAsync(journal.Targets[i].Function, published, journal.OldArn, settle: journal.Targets[i].Step == RepairStep.Pending, cancellationToken).ConfigureAwait(false);
                journal = Mark(journal, i, RepairStep.Pending);
                progress?.Invoke($"{journal.Targets[i].Function} as before");
            }

            await DeleteAsync(journal, published, cancellationToken).ConfigureAwait(false);
        }

        journal = journal with { Reverted = true, Finished = false, Reverting = false };
        journal.Save(journalPath);
        File.Delete(ContentPath);
        return journal;
    }

    private async Task DeleteAsync(RepairJournal journal, string published, CancellationToken cancellationToken)
    {
        if (!journal.Published)
        {
            return;
        }

        var others = await FindUsersAsync(published, cancellationToken).ConfigureAwait(false);
        if (others.Count > 0)
        {
            progress?.Invoke($"{Short(published)} is kept: {string.Join(", ", others.Select(o => o.FunctionName))} began to use it meanwhile");
            return;
        }

        var parts = published.Split(':');
        await lambda.DeleteLayerVersionAsync(parts[6], long.Parse(parts[7], CultureInfo.InvariantCulture), cancellationToken).ConfigureAwait(false);
    }

    private async Task<RepairJournal> PublishAsync(RepairJournal journal, byte[] zip, CancellationToken cancellationToken)
    {
        if (journal.NewArn is not null)
        {
            return journal;
        }

        for (var attempt = 1; ; attempt++)
        {
            var (old, ours, same) = await FindVersionsAsync(journal, cancellationToken).ConfigureAwait(false);
            if (ours is not null || same is not null)
            {
                journal = journal with { NewArn = ours ?? same, Published = ours is not null };
                journal.Save(journalPath);
                progress?.Invoke(ours is null ? $"{Short(same!)} holds this content already" : $"published {Short(ours)}");
                return journal;
            }

            try
            {
                await lambda.PublishLayerVersionAsync(journal.OldArn.Split(':')[6], zip, Description(journal), old?.CompatibleRuntimes, old?.CompatibleArchitectures, old?.LicenseInfo, cancellationToken).ConfigureAwait(false);
            }
            catch (AwsException exception) when (exception.Status == 0 && attempt < 3)
            {
                // The connection broke: the look above tells whether the version was made all the same.
                progress?.Invoke($"{exception.Text}; looking whether the version was made");
            }
        }
    }

    /// <summary>The version being replaced, the one this run published, and another one with the same content.</summary>
    private async Task<(LayerVersionDetail? Old, string? Ours, string? Same)> FindVersionsAsync(RepairJournal journal, CancellationToken cancellationToken)
    {
        LayerVersionDetail? old = null;
        string? ours = null;
        string? same = null;
        await foreach (var version in lambda.ListLayerVersionsAsync(journal.OldArn.Split(':')[6], cancellationToken).ConfigureAwait(false))
        {
            if (version.LayerVersionArn == journal.OldArn)
            {
                old = version;
                continue;
            }

            if (version.Description == Description(journal))
            {
                ours = version.LayerVersionArn;
            }
            else if (same is null && (await lambda.GetLayerVersionAsync(version.LayerVersionArn, cancellationToken).ConfigureAwait(false)).Content?.CodeSha256 == journal.ContentSha256)
            {
                same = version.LayerVersionArn;
            }
        }

        return (old, ours, same);
    }

    /// <summary>False when the function is gone or has neither of the two versions.</summary>
    private async Task<bool> RepointAsync(string function, string from, string to, bool settle, CancellationToken cancellationToken)
    {
        for (var conflicts = 0; ; conflicts++)
        {
            try
            {
                var configuration = await SettledAsync(function, cancellationToken).ConfigureAwait(false);
                var layers = configuration.Layers.Select(l => l.Arn).ToList();
                var index = layers.IndexOf(from);
                if (index < 0 && !(settle && layers.Contains(to)))
                {
                    return layers.Contains(to);
                }

                // Nothing to change, but a call of a killed run may still be on its way to Lambda: this one makes its revision an old one, and Lambda refuses it.
                layers = index < 0 ? layers : [.. layers.Select((l, i) => i == index ? to : l)];
                await lambda.UpdateConfigurationAsync(function, configuration.RevisionId, layers, null, null, cancellationToken).ConfigureAwait(false);
                await lambda.WaitUpdatedAsync(function, null, null, cancellationToken).ConfigureAwait(false);
                return true;
            }
            catch (AwsException exception) when (exception.Code == "ResourceNotFoundException" && exception.Text.Contains(":function:", StringComparison.Ordinal))
            {
                return false;
            }
            catch (AwsException exception) when (exception.Code is "PreconditionFailedException" or "ResourceConflictException" && conflicts < MaxConflicts)
            {
                progress?.Invoke($"{function} was changed by somebody else meanwhile; reading it again");
            }
            catch (AwsException exception) when (exception.Code is "PreconditionFailedException" or "ResourceConflictException")
            {
                throw new LayerRepairException($"`{function}` is being changed by somebody else again and again: {exception.Text}", "try again when its deployments have ended");
            }
        }
    }

    /// <summary>Waits for a change in progress. A change that failed is an answer too: on the way back the configuration must be set all the same.</summary>
    private async Task<FunctionConfiguration> SettledAsync(string function, CancellationToken cancellationToken)
    {
        try
        {
            return await lambda.WaitUpdatedAsync(function, null, null, cancellationToken).ConfigureAwait(false);
        }
        catch (AwsException exception) when (exception is { Code: "UpdateFailed", Status: HttpStatusCode.OK })
        {
            return await lambda.GetConfigurationAsync(function, null, cancellationToken).ConfigureAwait(false);
        }
    }

    private RepairJournal Mark(RepairJournal journal, int index, RepairStep step)
    {
        var changed = journal with { Targets = [.. journal.Targets.Select((t, i) => i == index ? t with { Step = step } : t)] };
        changed.Save(journalPath);
        return changed;
    }

    /// <summary>One run at a time for one journal; the operating system frees the lock of a killed one.</summary>
    private FileStream Lock()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(journalPath))!);
        try
        {
            return new FileStream(journalPath + ".lock", FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, 1, FileOptions.None);
        }
        catch (IOException)
        {
            throw new LayerRepairException("another run of this repair is at work", "wait for it to end");
        }
    }

    private static string Description(RepairJournal journal) => $"repaired by Pellicle (run {journal.Run})";

    private static string Short(string arn) => string.Join(':', arn.Split(':').Skip(6));
}
