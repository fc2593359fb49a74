using System.Text.RegularExpressions;
using Pellicle.Domain;
using Pellicle.Scanning.Pipeline;
using Pellicle.Scanning.Versions;

namespace Pellicle.Cli.Layers;

/// <summary>A package and which of its versions: <c>npm/lodash</c>, <c>npm/lodash@4.17.20</c>, <c>log4j-core&lt;2.17.1</c>, <c>maven/g:a&gt;=2.0,&lt;2.17.1</c>.</summary>
internal sealed partial record PackageQuery(string? Ecosystem, string Name, IReadOnlyList<(string Sign, string Version)> Bounds)
{
    public static PackageQuery Parse(string text)
    {
        if (text.StartsWith("pkg:", StringComparison.Ordinal))
        {
            return Purl.TryParse(text, out var purl) && Domain.Ecosystem.TryParse(purl.Type, out var ecosystem)
                ? new PackageQuery(ecosystem.Name, purl.PackageName, purl.Version is { } version ? [("=", version)] : [])
                : throw Wrong(text);
        }

        var match = Form().Match(text);
        if (!match.Success)
        {
            throw Wrong(text);
        }

        var name = match.Groups["name"].Value;
        string? known = null;
        // npm names have a slash of their own (@scope/name): only a known ecosystem before it is one.
        if (name.Split('/', 2) is [var first, { Length: > 0 } rest] && Domain.Ecosystem.TryParse(first, out var named))
        {
            (known, name) = (named.Name, rest);
        }

        var bounds = Bound().Matches(match.Groups["bounds"].Value).Select(b => (b.Groups["sign"].Value is "@" or "==" ? "=" : b.Groups["sign"].Value, b.Groups["version"].Value)).ToList();
        return new PackageQuery(known, name, bounds);
    }

    public bool Matches(ScannedPackage package)
    {
        if ((Ecosystem is not null && !package.Ecosystem.Equals(Ecosystem, StringComparison.OrdinalIgnoreCase)) || !IsNamed(package.Name))
        {
            return false;
        }

        if (Bounds.Count == 0)
        {
            return true;
        }

        if (package.Version is not { } version || !Domain.Ecosystem.TryParse(package.Ecosystem, out var ecosystem))
        {
            return false;
        }

        var order = VersionOrder.For(ecosystem);
        return Bounds.All(b => order.Compare(version, b.Version) is var result && b.Sign switch
        {
            "<" => result == VersionComparison.Less,
            "<=" => result is VersionComparison.Less or VersionComparison.Equal,
            ">" => result == VersionComparison.Greater,
            ">=" => result is VersionComparison.Greater or VersionComparison.Equal,
            _ => result == VersionComparison.Equal || version == b.Version,
        });
    }

    /// <summary>A Maven artefact may be named without its group.</summary>
    private bool IsNamed(string name) => name.Equals(Name, StringComparison.OrdinalIgnoreCase) || (!Name.Contains(':', StringComparison.Ordinal) && name.EndsWith($":{Name}", StringComparison.OrdinalIgnoreCase));

    private static CliException Wrong(string text) =>
        new($"`{text}` names no package", "npm/lodash, npm/lodash@4.17.20, 'log4j-core<2.17.1', 'maven/GROUP:ARTIFACT>=2.0,<2.17.1', or a package URL; quote < and > for the shell", ExitCode.Usage);

    [GeneratedRegex(@"^(?<name>(?:[A-Za-z.]+/)?@?[^@<>=,\s]+)(?<bounds>(?:,?(?:<=|>=|==|<|>|=|@)[^<>=@,\s]+)*)$")]
    private static partial Regex Form();

    [GeneratedRegex(@"(?<sign><=|>=|==|<|>|=|@)(?<version>[^<>=@,\s]+)")]
    private static partial Regex Bound();
}
