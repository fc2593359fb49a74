using System.IO.Enumeration;
using Pellicle.Aws;

namespace Pellicle.Cli.Accounts;

/// <summary>Which part of an account a scan covers; saved under a name.</summary>
internal sealed record ScanScope
{
    /// <summary>Regions; empty for those of the account.</summary>
    public IReadOnlyList<string> Regions { get; init; } = [];

    /// <summary>Function names or patterns with <c>*</c> and <c>?</c>; empty for all.</summary>
    public IReadOnlyList<string> Names { get; init; } = [];

    /// <summary><c>KEY</c> or <c>KEY=VALUE</c>; a function must have one of them. Empty for all.</summary>
    public IReadOnlyList<string> Tags { get; init; } = [];

    /// <summary>Runtimes or patterns; empty for all.</summary>
    public IReadOnlyList<string> Runtimes { get; init; } = [];

    /// <summary>True to judge the code of every published version too, those that aliases name first.</summary>
    public bool AllVersions { get; init; }

    /// <summary>Only so many functions, those changed last; null for all.</summary>
    public int? Newest { get; init; }

    /// <summary>True to leave out layer versions as targets of their own.</summary>
    public bool NoLayers { get; init; }

    /// <summary>True when every function is covered: only then a function that is missing is gone.</summary>
    public bool CoversAll => Names.Count == 0 && Tags.Count == 0 && Runtimes.Count == 0 && Newest is null;

    /// <summary>Functions of a list that are covered, by what the list tells; tags are not in it.</summary>
    public IReadOnlyList<FunctionConfiguration> Choose(IReadOnlyList<FunctionConfiguration> listed)
    {
        var chosen = listed.Where(f => Matches(Names, f.FunctionName) && Matches(Runtimes, f.Runtime ?? "image"));
        return Newest is { } most && Tags.Count == 0 ? [.. chosen.OrderByDescending(f => f.LastModified, StringComparer.Ordinal).ThenBy(f => f.FunctionName, StringComparer.Ordinal).Take(most)] : [.. chosen];
    }

    /// <summary>True when the tags of a function are covered.</summary>
    public bool HasTag(IReadOnlyDictionary<string, string>? tags) =>
        Tags.Count == 0 || (tags is not null && Tags.Any(t => t.Split('=', 2) is var parts && tags.TryGetValue(parts[0], out var value) && (parts.Length == 1 || parts[1] == value)));

    private static bool Matches(IReadOnlyList<string> patterns, string text) =>
        patterns.Count == 0 || patterns.Any(p => FileSystemName.MatchesSimpleExpression(p, text, ignoreCase: false));
}
