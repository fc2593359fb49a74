namespace Pellicle.Scanning.Versions;

/// <summary>Result of comparing two version texts.</summary>
public enum VersionComparison
{
    /// <summary>The first is older.</summary>
    Less,

    /// <summary>Neither is older.</summary>
    Equal,

    /// <summary>The first is newer.</summary>
    Greater,

    /// <summary>One of them is no version in this ecosystem.</summary>
    Invalid,
}

/// <summary>The order of versions in one ecosystem. Stateless.</summary>
public interface IVersionOrder
{
    /// <summary>Whether the text is a version here.</summary>
    bool IsValid(ReadOnlySpan<char> version);

    /// <summary>Compares two texts; white space around them does not count.</summary>
    VersionComparison Compare(ReadOnlySpan<char> a, ReadOnlySpan<char> b);
}
