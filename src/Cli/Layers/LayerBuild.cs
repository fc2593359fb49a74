using System.ComponentModel;
using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Pellicle.Cli.Layers;

/// <summary>Builds the content of a repaired layer from the files its packages were locked with, by the ecosystem's own tool.</summary>
internal static partial class LayerBuild
{
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(10);

    /// <summary>Builds from <paramref name="source"/> (a folder with <c>package.json</c> or <c>requirements.txt</c>) with the proposed versions; returns a folder in the shape of a layer.</summary>
    public static async Task<string> RunAsync(string source, IReadOnlyList<FixProposal> proposals, string workDirectory, Action<string> say, CancellationToken cancellationToken)
    {
        if (File.Exists(Path.Combine(source, "package.json")))
        {
            await NpmAsync(source, Path.Combine(workDirectory, "nodejs"), [.. proposals.Where(p => p is { Ecosystem: "npm", Fixed: not null })], say, cancellationToken);
        }
        else if (File.Exists(Path.Combine(source, "requirements.txt")))
        {
            await PipAsync(source, workDirectory, [.. proposals.Where(p => p is { Ecosystem: "PyPI", Fixed: not null })], say, cancellationToken);
        }
        else
        {
            throw new CliException($"`{source}` holds no lock file that can be built from", "package.json with package-lock.json (npm) or requirements.txt (pip); for others build it yourself and give --content", ExitCode.Usage);
        }

        return workDirectory;
    }

    private static async Task NpmAsync(string source, string target, IReadOnlyList<FixProposal> proposals, Action<string> say, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(target);
        foreach (var name in new[] { "package.json", "package-lock.json" }.Where(n => File.Exists(Path.Combine(source, n))))
        {
            File.Copy(Path.Combine(source, name), Path.Combine(target, name));
        }

        var manifest = Path.Combine(target, "package.json");
        JsonObject package;
        try
        {
            package = JsonNode.Parse(await File.ReadAllTextAsync(manifest, cancellationToken)) as JsonObject ?? throw new JsonException("not an object");
        }
        catch (JsonException exception)
        {
            throw new CliException($"`{Path.Combine(source, "package.json")}` cannot be read: {exception.Message}");
        }

        if (proposals.Count == 0)
        {
            await ToolAsync("npm", ["ci", "--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund"], target, say, cancellationToken);
            return;
        }

        // What the project asks for itself is raised there; what comes with another package is overridden.
        foreach (var proposal in proposals)
        {
            var direct = new[] { "dependencies", "optionalDependencies" }.Select(k => package[k] as JsonObject).FirstOrDefault(d => d?.ContainsKey(proposal.Package) == true);
            if (direct is not null)
            {
                direct[proposal.Package] = proposal.Fixed;
            }
            else
            {
                var overrides = package["overrides"] as JsonObject ?? [];
                overrides[proposal.Package] = proposal.Fixed;
                package["overrides"] = overrides;
            }
        }

        await File.WriteAllTextAsync(manifest, package.ToJsonString(new JsonSerializerOptions { WriteIndented = true }), cancellationToken);
        await ToolAsync("npm", ["install", "--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund"], target, say, cancellationToken);
    }

    private static async Task PipAsync(string source, string workDirectory, IReadOnlyList<FixProposal> proposals, Action<string> say, CancellationToken cancellationToken)
    {
        var lines = await File.ReadAllLinesAsync(Path.Combine(source, "requirements.txt"), cancellationToken);
        var raised = lines.Select(line => proposals.FirstOrDefault(p => Pinned().Match(line) is { Success: true } m && Plain(m.Groups[1].Value) == Plain(p.Package)) is { } proposal ? $"{proposal.Package}=={proposal.Fixed}" : line).ToList();
        // A package that came with another one is named nowhere: then it is named now.
        raised.AddRange(proposals.Where(p => !raised.Contains($"{p.Package}=={p.Fixed}")).Select(p => $"{p.Package}=={p.Fixed}"));
        var file = Path.Combine(workDirectory, "requirements.txt");
        Directory.CreateDirectory(workDirectory);
        await File.WriteAllLinesAsync(file, raised, cancellationToken);
        await ToolAsync("python3", ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-compile", "-r", file, "-t", Path.Combine(workDirectory, "python")], workDirectory, say, cancellationToken);
        File.Delete(file);
    }

    private static async Task ToolAsync(string tool, string[] arguments, string directory, Action<string> say, CancellationToken cancellationToken)
    {
        say($"running {tool} {string.Join(' ', arguments)}");
        using var process = new Process { StartInfo = new ProcessStartInfo(tool, arguments) { WorkingDirectory = directory, RedirectStandardError = true, RedirectStandardOutput = true } };
        try
        {
            process.Start();
        }
        catch (Win32Exception)
        {
            throw new CliException($"`{tool}` is not installed", "install it, or build the content yourself and give --content");
        }

        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Longest);
        var output = process.StandardOutput.ReadToEndAsync(limit.Token);
        var error = process.StandardError.ReadToEndAsync(limit.Token);
        try
        {
            await process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            process.Kill(entireProcessTree: true);
            throw new CliException($"{tool} did not end within {Longest.TotalMinutes:0} minutes");
        }

        if (process.ExitCode != 0)
        {
            var lines = (await error + await output).Split('\n', StringSplitOptions.RemoveEmptyEntries);
            throw new CliException($"{tool} failed: {string.Join(" | ", lines.Take(5))}", "build the content yourself and give --content");
        }
    }

    private static string Plain(string name) => name.Replace('_', '-').Replace('.', '-').ToLowerInvariant();

    [GeneratedRegex(@"^\s*([A-Za-z0-9._-]+)\s*(?:\[[^\]]*\])?\s*(?:==|~=|>=|<=|$)")]
    private static partial Regex Pinned();
}
