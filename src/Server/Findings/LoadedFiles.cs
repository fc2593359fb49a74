using System.Data.Common;
using Dapper;
using Pellicle.Domain;

namespace Pellicle.Server.Findings;

/// <summary>The files a function was seen to open below <c>/var/task</c> and <c>/opt</c>: which of its packages it really uses.</summary>
internal sealed class LoadedFiles
{
    private readonly string[] _paths;

    private LoadedFiles(IEnumerable<string> paths) => _paths = [.. paths];

    public static async Task<LoadedFiles> ReadAsync(DbConnection connection, string function, string code) => new(await PathsAsync(connection, function, code));

    public static Task<IEnumerable<string>> PathsAsync(DbConnection connection, string function, string code) =>
        connection.QueryAsync<string>("SELECT path FROM loaded_files WHERE function = @function AND code_sha256 = @code ORDER BY path", new { function, code });

    /// <summary>True or false where the files can tell; null where nothing was seen yet or the evidence names no directory of code.</summary>
    public bool? Says(Finding finding)
    {
        if (_paths.Length == 0 || finding.Kind != FindingKind.Vulnerability || CodeRoots(finding) is not { Length: > 0 } roots)
        {
            return null;
        }

        // A Python distribution may import under another name (pyyaml is yaml): not seen under its own proves nothing.
        var seen = Array.Exists(roots, root => Array.Exists(_paths, p => p.StartsWith(root, StringComparison.Ordinal)));
        return seen ? true : roots.Length == 1 ? false : null;
    }

    /// <summary>Where the code of a package lies, told by the path of its evidence; several where the place is a guess.</summary>
    internal static string[] CodeRoots(Finding finding)
    {
        var root = finding.Origin == "function" ? "/var/task/" : "/opt/";
        // An archive is opened as a whole, whatever lies in it.
        var path = finding.Path.TrimStart('/').Split("!/")[0];
        var slash = path.LastIndexOf('/');
        var directory = slash < 0 ? "" : path[..slash];
        if (path.EndsWith("/package.json", StringComparison.Ordinal) && directory.Contains("node_modules/", StringComparison.Ordinal))
        {
            return [$"{root}{directory}/"];
        }

        if (path.EndsWith(".jar", StringComparison.Ordinal) || path.EndsWith(".dll", StringComparison.Ordinal))
        {
            return [root + path];
        }

        if (directory.EndsWith(".dist-info", StringComparison.Ordinal) && Purl.TryParse(finding.Purl, out var purl))
        {
            // The import name is the distribution's, nearly always; both spellings of the dash are tried.
            var site = directory.LastIndexOf('/') is var cut && cut < 0 ? "" : directory[..(cut + 1)];
            var name = purl.Name;
            return [.. new[] { name, name.Replace('-', '_') }.Distinct().SelectMany(n => new[] { $"{root}{site}{n}/", $"{root}{site}{n}.py" })];
        }

        if (path.EndsWith(".deps.json", StringComparison.Ordinal) && Purl.TryParse(finding.Purl, out var nuget))
        {
            // Assemblies mostly bear their package's name; one that does not proves nothing.
            var folder = directory.Length == 0 ? root : $"{root}{directory}/";
            return [$"{folder}{nuget.Name}.dll", $"{folder}{nuget.Name}.so"];
        }

        return [];
    }
}
