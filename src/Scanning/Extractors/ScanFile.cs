using System.Text;
using Pellicle.Domain;
using Pellicle.Scanning.Archives;

namespace Pellicle.Scanning.Extractors;

/// <summary>One source with its place in the scan: the target itself, or an archive inside it.</summary>
/// <param name="Source">Its files.</param>
/// <param name="Prefix">Empty for the target; <c>lib/a.jar!/</c> for an archive inside it.</param>
/// <param name="Limits">Bounds.</param>
/// <param name="Budget">Bytes this scan may still inflate, shared by all its trees.</param>
/// <param name="Unreadable">Told of each file that could not be read: its path as reported, and why.</param>
internal sealed record ScanTree(IScanSource Source, string Prefix, ScanLimits Limits, InflateBudget Budget, Action<string, ReadResult> Unreadable)
{
    /// <summary>File name of the nested archive; empty for the target itself.</summary>
    public string ContainerName => Prefix.Length == 0 ? "" : new ScanPath(Prefix[..^2]).FileName.ToString();

    /// <summary>Content of a file of this tree, or null when it is absent; one that could not be read is an error of the scan too.</summary>
    public byte[]? Read(string path) => Source.Find(path) is { Kind: EntryKind.File } entry && TryRead(entry, Limits.MaxEvidenceBytes, out var content) ? content : null;

    /// <summary>As <see cref="Read(string)"/>, for files that are not what is looked for when they are larger.</summary>
    public byte[]? Read(string path, long maxBytes) => Source.Find(path) is { Kind: EntryKind.File } entry && entry.Size <= maxBytes && TryRead(entry, maxBytes, out var content) ? content : null;

    /// <summary>Content of an entry of this tree, within the scan's budget; false when it could not be read, which is told.</summary>
    public bool TryRead(ScanEntry entry, long maxBytes, out byte[] content)
    {
        // What is too large is refused by its source, and takes nothing from the others.
        var taken = entry.Size <= maxBytes ? entry.Size : 0;
        var result = Budget.Take(taken) ? Source.Read(entry, maxBytes) : ReadResult.Failed($"more than {Limits.MaxTotalBytes} bytes in one scan; not read");
        content = result.Content ?? [];
        if (result.Content is null)
        {
            Budget.Return(result.WasInflated ? 0 : taken);
            Unreadable(Prefix + entry.Path, result);
        }

        return result.Content is not null;
    }
}

/// <summary>Counts down what one scan may inflate.</summary>
internal sealed class InflateBudget(long bytes)
{
    private long left = bytes;

    /// <summary>False when the scan has used up its bytes.</summary>
    public bool Take(long count) => Interlocked.Add(ref left, -count) >= 0;

    /// <summary>Gives back what was taken for a file that was not inflated after all.</summary>
    public void Return(long count) => Interlocked.Add(ref left, count);
}

/// <summary>One opened file.</summary>
/// <param name="Tree">Where it lies.</param>
/// <param name="InnerPath">Path inside its own tree.</param>
/// <param name="Content">All of it.</param>
internal sealed record ScanFile(ScanTree Tree, ScanPath InnerPath, byte[] Content)
{
    /// <summary>Path as reported: with the archives it is in.</summary>
    public ScanPath Path => Tree.Prefix.Length == 0 ? InnerPath : new ScanPath(Tree.Prefix + InnerPath.Value);

    /// <summary>Content as text, without a byte order mark; UTF-16 is recognised by its mark. Bad bytes become U+FFFD.</summary>
    public string Text
    {
        get
        {
            var encoding = Content switch
            {
                [0xFF, 0xFE, ..] => Encoding.Unicode,
                [0xFE, 0xFF, ..] => Encoding.BigEndianUnicode,
                _ => Encoding.UTF8,
            };
            return encoding.GetString(Content).TrimStart('\uFEFF');
        }
    }

    /// <summary>Content without a UTF-8 byte order mark, for JSON.</summary>
    public ReadOnlyMemory<byte> Utf8 => Content is [0xEF, 0xBB, 0xBF, ..] ? Content.AsMemory(3) : Content;

    public Package? Package(Ecosystem ecosystem, string? name, string? version, PackageEvidence evidence, string? license = null, IReadOnlyList<string>? provides = null) =>
        Found.Package(ecosystem, name, version, Path.Value, evidence, license, provides);
}
