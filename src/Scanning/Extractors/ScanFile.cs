using System.Text;
using Pellicle.Domain;
using Pellicle.Scanning.Archives;

namespace Pellicle.Scanning.Extractors;

/// <summary>One source with its place in the scan: the target itself, or an archive inside it.</summary>
/// <param name="Source">Its files.</param>
/// <param name="Prefix">Empty for the target; <c>lib/a.jar!/</c> for an archive inside it.</param>
/// <param name="Limits">Bounds.</param>
/// <param name="Budget">Bytes this scan may still inflate, shared by all its trees.</param>
internal sealed record ScanTree(IScanSource Source, string Prefix, ScanLimits Limits, InflateBudget Budget)
{
    /// <summary>File name of the nested archive; empty for the target itself.</summary>
    public string ContainerName => Prefix.Length == 0 ? "" : new ScanPath(Prefix[..^2]).FileName.ToString();

    /// <summary>Content of a file of this tree, or null when it is absent or could not be read.</summary>
    public byte[]? Read(string path, long maxBytes = 1 << 20) =>
        Source.Find(path) is { Kind: EntryKind.File } entry && Budget.Take(entry.Size) ? Source.Read(entry, maxBytes).Content : null;
}

/// <summary>Counts down what one scan may inflate.</summary>
internal sealed class InflateBudget(long bytes)
{
    private long left = bytes;

    /// <summary>False when the scan has used up its bytes.</summary>
    public bool Take(long count) => Interlocked.Add(ref left, -count) >= 0;
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
