using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Pellicle.Aws;
using Pellicle.Scanning.Pipeline;

namespace Pellicle.Cli.Layers;

/// <summary>Builds the content of a repaired layer from the files its packages were locked with, by the ecosystem's own tool.</summary>
internal static partial class LayerBuild
{
    /// <summary>Builds what a folder names by its files, with the proposed versions; returns a folder in the shape of a layer.</summary>
    /// <param name="source">Folder with <c>package.json</c>, <c>requirements.txt</c>, a .NET project or <c>pom.xml</c>.</param>
    /// <param name="layer">The layer version that is replaced: what it is for.</param>
    /// <param name="old">What it holds: .NET assemblies go where they lay. Null where that could not be read.</param>
    /// <param name="proposals">Versions to raise to.</param>
    /// <param name="workDirectory">Empty folder for the result.</param>
    /// <param name="say">Told what is run.</param>
    /// <param name="cancellationToken">Stops.</param>
    public static async Task<string> RunAsync(string source, LayerVersionDetail? layer, ScanTarget? old, IReadOnlyList<FixProposal> proposals, string workDirectory, Action<string> say, CancellationToken cancellationToken)
    {
        if (!Directory.Exists(source))
        {
            throw new CliException($"there is no folder `{source}`", "", ExitCode.Usage);
        }

        var tool = new BuildTool(say);
        var content = Path.Combine(workDirectory, "content");
        Directory.CreateDirectory(content);
        bool Has(string name) => File.Exists(Path.Combine(source, name));
        IReadOnlyList<FixProposal> Of(string ecosystem) => [.. proposals.Where(p => p.Ecosystem == ecosystem && p.Fixed is not null)];
        if (Has("package.json"))
        {
            foreach (var other in new[] { "yarn.lock", "pnpm-lock.yaml", "bun.lock" }.Where(o => Has(o) && !Has("package-lock.json")))
            {
                say($"npm does not read {other}: it resolves the versions of package.json anew");
            }

            await NpmAsync(source, Path.Combine(content, "nodejs"), Of("npm"), tool, cancellationToken);
        }
        else if (Has("requirements.txt"))
        {
            await PipAsync(source, content, layer, Of("PyPI"), tool, cancellationToken);
        }
        else if (DotnetBuild.ProjectOf(source) is not null)
        {
            await DotnetBuild.RunAsync(source, Path.Combine(content, AssembliesOf(old)), workDirectory, Of("NuGet"), tool, cancellationToken);
        }
        else if (Has("pom.xml"))
        {
            await MavenBuild.RunAsync(source, Path.Combine(content, "java", "lib"), workDirectory, Of("Maven"), tool, cancellationToken);
        }
        else
        {
            throw Unknown(source);
        }

        return content;
    }

    /// <summary>Folder of a layer in which its assemblies lie; <c>dotnet</c> where it has none.</summary>
    private static string AssembliesOf(ScanTarget? old)
    {
        var path = old?.Packages.Where(p => p.Ecosystem == "NuGet").Select(p => p.Path).Order(StringComparer.Ordinal).FirstOrDefault();
        return path?.StartsWith("dotnetcore/store/", StringComparison.Ordinal) == true
            ? throw new CliException("the layer is a runtime package store, which is made with its own manifest and not by publishing a project", "make it with `dotnet store`, and give --content", ExitCode.Usage)
            : path is null ? "dotnet" : path.Split('!')[0] is var file && file.Contains('/', StringComparison.Ordinal) ? file[..file.LastIndexOf('/')] : "";
    }

    private static CliException Unknown(string source)
    {
        var there = Others.FirstOrDefault(o => File.Exists(Path.Combine(source, o.Key)));
        return there.Key is null
            ? new CliException($"`{source}` holds no file that can be built from", "package.json (npm), requirements.txt (pip), a .NET project (dotnet) or pom.xml (Maven); for others build it yourself and give --content", ExitCode.Usage)
            : new CliException($"a layer is not built from {there.Key}", there.Value, ExitCode.Usage);
    }

    // What others lock with, and the way from there.
    private static readonly Dictionary<string, string> Others = new(StringComparer.Ordinal)
    {
        ["poetry.lock"] = "write it as a file for pip first: poetry export -f requirements.txt -o requirements.txt",
        ["uv.lock"] = "write it as a file for pip first: uv export --format requirements-txt -o requirements.txt",
        ["Pipfile.lock"] = "write it as a file for pip first: pipenv requirements > requirements.txt",
        ["build.gradle"] = "Gradle builds are programs of their own: run yours, and give the folder with java/lib as --content",
        ["build.gradle.kts"] = "Gradle builds are programs of their own: run yours, and give the folder with java/lib as --content",
        ["Gemfile.lock"] = "bundle install --path build; give the folder with ruby/gems as --content",
        ["composer.lock"] = "composer install --no-dev; give the folder with vendor as --content",
        ["go.mod"] = "Go links its packages into the program: build it, and give its folder as --content",
        ["Cargo.lock"] = "Rust links its packages into the program: build it, and give its folder as --content",
    };

    private static async Task NpmAsync(string source, string target, IReadOnlyList<FixProposal> proposals, BuildTool tool, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(target);
        foreach (var name in new[] { "package.json", "package-lock.json", ".npmrc" }.Where(n => File.Exists(Path.Combine(source, n))))
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

        if (proposals.Count == 0 && File.Exists(Path.Combine(target, "package-lock.json")))
        {
            await tool.RunAsync("npm", ["ci", "--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund"], target, cancellationToken);
            File.Delete(Path.Combine(target, ".npmrc"));
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
        await tool.RunAsync("npm", ["install", "--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund"], target, cancellationToken);

        // It says where packages come from, and may hold the key to it: nothing for a layer.
        File.Delete(Path.Combine(target, ".npmrc"));
    }

    private static async Task PipAsync(string source, string workDirectory, LayerVersionDetail? layer, IReadOnlyList<FixProposal> proposals, BuildTool tool, CancellationToken cancellationToken)
    {
        var lines = await File.ReadAllLinesAsync(Path.Combine(source, "requirements.txt"), cancellationToken);
        var raised = lines.Select(line => proposals.FirstOrDefault(p => Pinned().Match(line) is { Success: true } m && Plain(m.Groups[1].Value) == Plain(p.Package)) is { } proposal ? $"{proposal.Package}=={proposal.Fixed}" : line).ToList();
        // A package that came with another one is named nowhere: then it is named now.
        raised.AddRange(proposals.Where(p => !raised.Contains($"{p.Package}=={p.Fixed}")).Select(p => $"{p.Package}=={p.Fixed}"));
        var file = Path.Combine(workDirectory, "requirements.txt");
        Directory.CreateDirectory(workDirectory);
        await File.WriteAllLinesAsync(file, raised, cancellationToken);
        await tool.RunAsync("python3", ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-compile", "-r", file, "-t", Path.Combine(workDirectory, "python"), .. await PlatformAsync(layer, tool, workDirectory, cancellationToken)], workDirectory, cancellationToken);
        File.Delete(file);
    }

    /// <summary>pip builds for the Python and processor it runs on; a layer for others takes ready-made packages of theirs.</summary>
    private static async Task<IReadOnlyList<string>> PlatformAsync(LayerVersionDetail? layer, BuildTool tool, string directory, CancellationToken cancellationToken)
    {
        var here = (await tool.RunAsync("python3", ["-c", "import sys, platform; print('python%d.%d' % sys.version_info[:2], platform.machine())"], directory, cancellationToken)).Trim().Split(' ');
        var runtimes = layer?.CompatibleRuntimes?.Where(r => r.StartsWith("python", StringComparison.Ordinal)).ToList() ?? [];
        var processors = layer?.CompatibleArchitectures?.Select(a => a == "arm64" ? "aarch64" : a).ToList() ?? [];
        if ((runtimes.Count == 0 || runtimes.Contains(here[0])) && (processors.Count == 0 || processors.Contains(here[1])))
        {
            return [];
        }

        var runtime = runtimes.Count == 0 || runtimes.Contains(here[0]) ? here[0] : runtimes[^1];
        var processor = processors.Count == 0 || processors.Contains(here[1]) ? here[1] : processors[0];
        return ["--only-binary=:all:", "--implementation", "cp", "--python-version", runtime["python".Length..], "--platform", $"manylinux2014_{processor}", "--platform", $"manylinux_2_28_{processor}"];
    }

    private static string Plain(string name) => name.Replace('_', '-').Replace('.', '-').ToLowerInvariant();

    [GeneratedRegex(@"^\s*([A-Za-z0-9._-]+)\s*(?:\[[^\]]*\])?\s*(?:==|~=|>=|<=|$)")]
    private static partial Regex Pinned();
}
