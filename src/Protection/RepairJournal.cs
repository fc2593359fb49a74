using System.Text.Json;

namespace Pellicle.Protection;

/// <summary>How far one function is.</summary>
public enum RepairStep
{
    /// <summary>Uses the old version, or it is not known whether the change was made.</summary>
    Pending,

    /// <summary>Uses the new version; its smoke test has not passed yet.</summary>
    Repointed,

    /// <summary>Uses the new version and works, or was not to be invoked.</summary>
    Verified,

    /// <summary>Somebody else took the layer out of it, or deleted it, meanwhile: left as it is.</summary>
    Gone,
}

/// <summary>One function that a repair re-points.</summary>
public sealed record RepairTarget
{
    /// <summary>Function name.</summary>
    public required string Function { get; init; }

    /// <summary>Layer ARNs before, in order.</summary>
    public required IReadOnlyList<string> LayersBefore { get; init; }

    /// <summary>How far it is.</summary>
    public RepairStep Step { get; init; }
}

/// <summary>Everything a repair has done so far; written before and after each step, so that a killed run continues or reverts.</summary>
public sealed record RepairJournal
{
    /// <summary>Version being replaced.</summary>
    public required string OldArn { get; init; }

    /// <summary>Digest of the new content.</summary>
    public required string ContentSha256 { get; init; }

    /// <summary>Names this run in the description of the version it publishes: a run killed between the call and the journal finds it by that.</summary>
    public string Run { get; init; } = "";

    /// <summary>Version that replaces it; null until it is known.</summary>
    public string? NewArn { get; init; }

    /// <summary>False when a version with this content was there already: then a take-back leaves it.</summary>
    public bool Published { get; init; }

    /// <summary>Functions.</summary>
    public required IReadOnlyList<RepairTarget> Targets { get; init; }

    /// <summary>True when every step is done.</summary>
    public bool Finished { get; init; }

    /// <summary>True from the first step of a take-back on.</summary>
    public bool Reverting { get; init; }

    /// <summary>True when every step was taken back.</summary>
    public bool Reverted { get; init; }

    /// <summary>True while a run or a take-back is not at its end.</summary>
    public bool Open => !Reverted && (Reverting || !Finished);

    /// <summary>Reads a journal, or null when there is none.</summary>
    /// <exception cref="InvalidDataException">The file is no journal.</exception>
    public static RepairJournal? Load(string path)
    {
        try
        {
            return File.Exists(path) ? JsonSerializer.Deserialize<RepairJournal>(File.ReadAllBytes(path)) : null;
        }
        catch (JsonException exception)
        {
            throw new InvalidDataException($"the journal `{path}` cannot be read: {exception.Message}", exception);
        }
    }

    /// <summary>Writes it so that a crash leaves either the old or the new text.</summary>
    public void Save(string path) => Write(path, JsonSerializer.SerializeToUtf8Bytes(this));

    /// <summary>Replaces a file in one step, flushed to the disk.</summary>
    internal static void Write(string path, ReadOnlySpan<byte> bytes)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        var temporary = path + ".new";
        using (var stream = new FileStream(temporary, FileMode.Create, FileAccess.Write))
        {
            stream.Write(bytes);
            stream.Flush(flushToDisk: true);
        }

        File.Move(temporary, path, overwrite: true);
    }
}
