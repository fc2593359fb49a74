using System.Globalization;
using System.Text.RegularExpressions;
using Pellicle.Local.Environments.Sandboxes;

namespace Pellicle.Local.Environments;

/// <summary>The function cannot be started; what the platform would call an invalid entry point.</summary>
internal sealed class EntryPointException(string message) : Exception(message);

/// <summary>How one runtime identifier runs on this machine.</summary>
internal sealed partial record HostRuntime
{
    /// <summary>Folder of the bootstrap below the runtimes directory; null for <c>provided</c>.</summary>
    public string? Folder { get; private init; }

    /// <summary>What stands in for the language, said in the log.</summary>
    public string Description { get; private init; } = "";

    public IReadOnlyDictionary<string, string> Variables { get; private init; } = new Dictionary<string, string>();

    private Action<SandboxPlan> Language { get; init; } = _ => { };

    public void AddLanguage(SandboxPlan plan) => Language(plan);

    /// <exception cref="EntryPointException">Unknown, or this machine lacks the interpreter.</exception>
    public static HostRuntime Find(string runtime)
    {
        var match = Identifier().Match(runtime);
        var version = match.Groups["version"].Value;
        return match.Groups["language"].Value switch
        {
            "provided" => new HostRuntime { Description = "custom runtime" },
            "python" => Python(version),
            "nodejs" => Node(),
            "java" => Java(version),
            "dotnet" => DotNet(runtime),
            "ruby" => Ruby(),
            _ => throw new EntryPointException($"runtime `{runtime}` is not supported by the local Lambda; supported are python3.x, nodejsNN.x, java17 and later, dotnet8 and later, ruby3.x and later, provided.al2 and provided.al2023"),
        };
    }

    private static HostRuntime Python(string version)
    {
        var name = "python" + version;
        var program = FirstFile($"/usr/bin/{name}", $"/usr/local/bin/{name}")
            ?? throw new EntryPointException($"this machine has no {name}: install the package {name}, or use the runtime of the Python it has ({string.Join(", ", Installed("/usr/bin", "python3.*"))})");
        return new HostRuntime
        {
            Folder = "python",
            Description = program,
            Language = plan =>
            {
                foreach (var link in new[] { name, "python3", "python" })
                {
                    plan.Link(program, "/var/lang/bin/" + link);
                }
            },
        };
    }

    private static HostRuntime Node()
    {
        var program = FirstFile("/usr/bin/node", "/usr/local/bin/node", "/usr/bin/nodejs") ?? throw new EntryPointException("this machine has no node: install the package nodejs");
        // One host version stands for all; the identifier stays as configured.
        return new HostRuntime { Folder = "node", Description = $"{program} whatever its version", Language = plan => plan.Link(program, "/var/lang/bin/node") };
    }

    private static HostRuntime Ruby()
    {
        var program = FirstFile("/usr/bin/ruby", "/usr/local/bin/ruby") ?? throw new EntryPointException("this machine has no ruby: install the package ruby");
        return new HostRuntime { Folder = "ruby", Description = $"{program} whatever its version", Language = plan => plan.Link(program, "/var/lang/bin/ruby") };
    }

    private static HostRuntime Java(string version)
    {
        if (!int.TryParse(version.Split('.')[0], NumberStyles.None, CultureInfo.InvariantCulture, out var major) || major < 11)
        {
            throw new EntryPointException($"runtime `java{version}` is not supported by the local Lambda: use java17 or later");
        }
        var home = Directory.Exists("/usr/lib/jvm")
            ? Directory.EnumerateDirectories("/usr/lib/jvm").Where(path => HasMajor(path, major) && File.Exists(path + "/bin/java"))
                .OrderBy(path => path.Contains("java-" + major.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal) ? 0 : 1).ThenBy(path => path, StringComparer.Ordinal).FirstOrDefault()
            : null;
        if (home is null)
        {
            throw new EntryPointException($"this machine has no Java {major} below /usr/lib/jvm: install openjdk-{major}-jdk-headless");
        }
        return new HostRuntime { Folder = "java", Description = home, Language = plan => plan.Bind(home, "/var/lang") };
    }

    private static HostRuntime DotNet(string runtime)
    {
        var root = FirstFile("/usr/share/dotnet/dotnet", "/usr/lib/dotnet/dotnet", "/usr/local/share/dotnet/dotnet", "/opt/dotnet/dotnet",
            Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".dotnet/dotnet"));
        root = Path.GetDirectoryName(root) ?? throw new EntryPointException("this machine has no .NET runtime: install dotnet-runtime-10.0");
        var variables = new Dictionary<string, string>
        {
            ["DOTNET_ROOT"] = "/var/lang/bin",
            ["LAMBDA_RUNTIME_NAME"] = runtime,
            ["DOTNET_NOLOGO"] = "true",
            ["DOTNET_CLI_TELEMETRY_OPTOUT"] = "true",
            ["DOTNET_RUNNING_IN_CONTAINER"] = "true",
        };
        if (runtime is not "dotnet10")
        {
            variables["DOTNET_ROLL_FORWARD"] = "Major"; // the host's version stands in for the one asked for
        }
        if (!Installed("/usr/lib", "libicuuc.so.*").Concat(Directory.EnumerateDirectories("/usr/lib", "*-linux-gnu").SelectMany(folder => Installed(folder, "libicuuc.so.*"))).Any())
        {
            variables["DOTNET_SYSTEM_GLOBALIZATION_INVARIANT"] = "1";
        }
        return new HostRuntime { Folder = "dotnet", Description = root, Variables = variables, Language = plan => plan.Bind(root, "/var/lang/bin") };
    }

    private static bool HasMajor(string home, int major)
    {
        var release = Path.Combine(home, "release");
        return File.Exists(release) && File.ReadLines(release).Any(line => line.StartsWith($"JAVA_VERSION=\"{major}", StringComparison.Ordinal) && !char.IsAsciiDigit(line[$"JAVA_VERSION=\"{major}".Length]));
    }

    private static string? FirstFile(params string[] paths) => paths.FirstOrDefault(File.Exists);

    private static IEnumerable<string> Installed(string directory, string pattern) =>
        Directory.EnumerateFiles(directory, pattern).Select(path => Path.GetFileName(path)).Where(name => !name.EndsWith("-config", StringComparison.Ordinal));

    [GeneratedRegex("^(?<language>provided|python|nodejs|java|dotnet|ruby)(?<version>[0-9.]*|\\.al2|\\.al2023)(\\.x|\\.al2)?$")]
    private static partial Regex Identifier();
}
