namespace Pellicle.Scanning;

/// <summary>A <c>/</c>-separated path inside scanned content, relative to its root. Compared by segment, never by string prefix.</summary>
public readonly record struct ScanPath(string Value)
{
    /// <summary>Last segment.</summary>
    public ReadOnlySpan<char> FileName => Value.AsSpan(Value.LastIndexOf('/') + 1);

    /// <summary>Everything before the last segment, without the slash; empty at the root.</summary>
    public string Directory => Value.LastIndexOf('/') is var slash and > 0 ? Value[..slash] : "";

    /// <summary>Last segment's extension with the dot, or empty.</summary>
    public ReadOnlySpan<char> Extension
    {
        get
        {
            var name = FileName;
            var dot = name.LastIndexOf('.');
            return dot < 0 ? default : name[dot..];
        }
    }

    /// <summary>True when this path is <paramref name="root"/> or lies below it; the empty root holds everything.</summary>
    public bool IsUnder(string root) => root.Length == 0
        || (Value.StartsWith(root, StringComparison.Ordinal) && (Value.Length == root.Length || Value[root.Length] == '/'));

    /// <summary>True when one of the directories of the path has this name.</summary>
    public bool HasDirectory(string name)
    {
        var value = Value.AsSpan();
        for (var start = 0; start < value.Length;)
        {
            var slash = value[start..].IndexOf('/');
            if (slash < 0)
            {
                return false;
            }

            if (value.Slice(start, slash).SequenceEqual(name))
            {
                return true;
            }

            start += slash + 1;
        }

        return false;
    }

    /// <summary>True when the file name is <paramref name="name"/> (case matters).</summary>
    public bool Is(string name) => FileName.SequenceEqual(name);

    /// <summary>True when the file name ends with <paramref name="suffix"/>, whatever its case.</summary>
    public bool EndsWith(string suffix) => Value.EndsWith(suffix, StringComparison.OrdinalIgnoreCase);

    /// <inheritdoc/>
    public override string ToString() => Value;
}
