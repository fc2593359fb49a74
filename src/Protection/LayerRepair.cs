using System.Text.Json;
using Pellicle.Aws;

namespace Pellicle.Protection;

/// <summary>One function that a repair re-points.</summary>
public sealed record RepairTarget
{
    /// <summary>Function name.</summary>
    public required string Function { get; init; }

    /// <summary>Layer ARNs before, in order.</summary>
    public required IReadOnlyList<string> LayersBefore { get; init; }

    /// <summary>True once it uses the new version.</summary>
    public bool Repointed { get; init; }
}

/// <summary>Everything a repair has done so far; written before and after each step, so that a killed run continues or reverts.</summary>
public sealed record RepairJournal
{
    /// <summary>Version being replaced.</summary>
    public required string OldArn { get; init; }

    /// <summary>Digest of the new content.</summary>
    public required string ContentSha256 { get; init; }

    /// <summary>Version that replaces it; null until it is published.</summary>
    public string? NewArn { get; init; }

    /// <summary>Functions.</summary>
    public required IReadOnlyList<RepairTarget> Targets { get; init; }

    /// <summary>True when every step is done.</summary>
    public bool Finished { get; init; }

    /// <summary>True when every step was taken back.</summary>
    public bool Reverted { get; init; }

    /// <summary>Reads a journal, or null when there is none.</summary>
    public static RepairJournal? Load(string path) =>
        File.Exists(path) ? JsonSerializer.Deserialize<RepairJournal>(File.ReadAllBytes(path)) : null;

    /// <summary>Writes it so that a crash leaves either the old or the new text.</summary>
    public void Save(string path)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        var temporary = path + ".new";
        using (var stream = new FileStream(temporary, FileMode.Create, FileAccess.Write))
        {
            JsonSerializer.Serialize(stream, this);
            stream.Flush(flushToDisk: true);
        }

        File.Move(temporary, path, overwrite: true);
    }
}

/// <summary>Replaces a layer version by a repaired one in every function that uses it, with a way back.</summary>
/// <param name="lambda">Client.</param>
/// <param name="journalPath">Where the steps are recorded.</param>
/// <param name="progress">Told each step in plain words, or null.</param>
public sealed class LayerRepair(LambdaClient lambda, string journalPath, Action<string>? progress = null)
{
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

    /// <summary>Publishes <paramref name="zip"/> as a new version and re-points every user; on a failure puts everything back and throws.</summary>
    /// <param name="arn">Layer version to replace.</param>
    /// <param name="zip">Repaired content.</param>
    /// <param name="smoke">Invokes a function after its change and throws when it does not work; null to skip.</param>
    /// <param name="cancellationToken">Stops between steps; the journal then tells how to go on.</param>
    public async Task<RepairJournal> RunAsync(string arn, byte[] zip, Func<string, CancellationToken, Task>? smoke, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(zip);
        var digest = LayerPackage.CodeSha256(zip);
        var journal = RepairJournal.Load(journalPath);
        if (journal is not null && journal.OldArn == arn && journal.ContentSha256 == digest && journal is { Finished: false, Reverted: false })
        {
            progress?.Invoke("an earlier run was interrupted; going on where it stopped");
        }
        else if (journal is { Finished: false, Reverted: false })
        {
            throw new InvalidOperationException($"another repair ({journal.OldArn}) was interrupted; finish it with the same content or take it back with --revert");
        }
        else
        {
            var users = await FindUsersAsync(arn, cancellationToken).ConfigureAwait(false);
            journal = new RepairJournal
            {
                OldArn = arn,
                ContentSha256 = digest,
                Targets = [.. users.Select(u => new RepairTarget { Function = u.FunctionName, LayersBefore = [.. u.Layers.Select(l => l.Arn)] })],
            };
            journal.Save(journalPath);
        }

        try
        {
            journal = await PublishAsync(journal, zip, cancellationToken).ConfigureAwait(false);
            for (var i = 0; i < journal.Targets.Count; i++)
            {
                if (journal.Targets[i].Repointed)
                {
                    continue;
                }

                await RepointAsync(journal.Targets[i].Function, journal.OldArn, journal.NewArn!, cancellationToken).ConfigureAwait(false);
                journal = Mark(journal, i, true);
                progress?.Invoke($"{journal.Targets[i].Function} uses {Short(journal.NewArn!)}");
                if (smoke is not null)
                {
                    await smoke(journal.Targets[i].Function, cancellationToken).ConfigureAwait(false);
                }
            }
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            progress?.Invoke($"failed: {exception.Message}; putting everything back");
            await RevertAsync(CancellationToken.None).ConfigureAwait(false);
            throw;
        }

        journal = journal with { Finished = true };
        journal.Save(journalPath);
        return journal;
    }

    /// <summary>Takes back what the journal says was done: functions use the old version again, the new version is deleted.</summary>
    public async Task<RepairJournal?> RevertAsync(CancellationToken cancellationToken = default)
    {
        var journal = RepairJournal.Load(journalPath);
        if (journal is null)
        {
            return null;
        }

        if (journal.NewArn is not { } published)
        {
            journal = journal with { Reverted = true };
            journal.Save(journalPath);
            return journal;
        }

        for (var i = 0; i < journal.Targets.Count; i++)
        {
            // Marked or not: a run killed between the call and the mark has changed it too.
            await RepointAsync(journal.Targets[i].Function, published, journal.OldArn, cancellationToken).ConfigureAwait(false);
            journal = Mark(journal, i, false);
        }

        var parts = published.Split(':');
        await lambda.DeleteLayerVersionAsync(parts[6], long.Parse(parts[7], System.Globalization.CultureInfo.InvariantCulture), cancellationToken).ConfigureAwait(false);
        journal = journal with { Reverted = true, Finished = false };
        journal.Save(journalPath);
        return journal;
    }

    private async Task<RepairJournal> PublishAsync(RepairJournal journal, byte[] zip, CancellationToken cancellationToken)
    {
        if (journal.NewArn is not null)
        {
            return journal;
        }

        // The content is the idempotency key: a run killed after the call and before the journal finds its version again.
        var name = journal.OldArn.Split(':')[6];
        string? found = null;
        LayerVersionDetail? old = null;
        await foreach (var version in lambda.ListLayerVersionsAsync(name, cancellationToken).ConfigureAwait(false))
        {
            var detail = await lambda.GetLayerVersionAsync(version.LayerVersionArn, cancellationToken).ConfigureAwait(false);
            if (version.LayerVersionArn == journal.OldArn)
            {
                old = detail;
            }
            else if (detail.Content?.CodeSha256 == journal.ContentSha256 && found is null)
            {
                found = version.LayerVersionArn;
            }
        }

        if (found is null)
        {
            var published = await lambda.PublishLayerVersionAsync(name, zip, "repaired by Pellicle", old?.CompatibleRuntimes, old?.CompatibleArchitectures, old?.LicenseInfo, cancellationToken).ConfigureAwait(false);
            found = published.LayerVersionArn;
        }

        journal = journal with { NewArn = found };
        journal.Save(journalPath);
        progress?.Invoke($"published {Short(found)}");
        return journal;
    }

    private async Task RepointAsync(string function, string from, string to, CancellationToken cancellationToken)
    {
        for (var conflicts = 0; ; conflicts++)
        {
            var configuration = await lambda.WaitUpdatedAsync(function, null, null, cancellationToken).ConfigureAwait(false);
            var layers = configuration.Layers.Select(l => l.Arn).ToList();
            var index = layers.IndexOf(from);
            if (index < 0)
            {
                return;
            }

            layers[index] = to;
            try
            {
                await lambda.UpdateConfigurationAsync(function, configuration.RevisionId, layers, null, null, cancellationToken).ConfigureAwait(false);
                await lambda.WaitUpdatedAsync(function, null, null, cancellationToken).ConfigureAwait(false);
                return;
            }
            catch (AwsException exception) when (exception.Code is "PreconditionFailedException" or "ResourceConflictException" && conflicts < 5)
            {
                // Somebody else changed it meanwhile: read again and try on top of that.
            }
        }
    }

    private RepairJournal Mark(RepairJournal journal, int index, bool repointed)
    {
        var changed = journal with { Targets = [.. journal.Targets.Select((t, i) => i == index ? t with { Repointed = repointed } : t)] };
        changed.Save(journalPath);
        return changed;
    }

    private static string Short(string arn) => string.Join(':', arn.Split(':').Skip(6));
}
