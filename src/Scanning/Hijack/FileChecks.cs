using Pellicle.Domain;
using Pellicle.Scanning.Archives;
using Pellicle.Scanning.View;

namespace Pellicle.Scanning.Hijack;

/// <summary>H-3: Python files that run at interpreter start; and package files that are not as their RECORD says.</summary>
internal sealed class PythonStartupFiles : IHijackCheck
{
    public string Id => "H-3";

    public IEnumerable<Finding> Check(EffectiveView view)
    {
        foreach (var file in view.Files.Values)
        {
            var path = new ScanPath(file.Path);
            var isLayer = file.Origin != view.Function.Origin;
            if (path.FileName is "sitecustomize.py" or "usercustomize.py" && OnSearchPath(path))
            {
                yield return this.Found(isLayer ? Severity.High : Severity.Medium, file.Origin, file.Path, $"{path.FileName} runs at every start of Python", "the interpreter imports it before the handler, when its directory is on PYTHONPATH; no variable or import names it", "remove the file, or pin and review the layer", view.Family is RuntimeFamily.Python or RuntimeFamily.Unknown);
            }
            else if (path.EndsWith(".pth") && view.Text(file) is { } text && ImportLine(text) is { } line)
            {
                // setuptools and editable installs ship such lines; they are the same few words everywhere.
                var benign = path.FileName is "distutils-precedence.pth" || path.FileName.StartsWith("__editable__") || path.FileName.EndsWith("-nspkg.pth");
                var runs = view.Family is RuntimeFamily.Python or RuntimeFamily.Unknown && !(isLayer && view.Runtime.Environment.ContainsKey("PYTHONPATH"));
                yield return this.Found(benign ? Severity.Info : isLayer ? Severity.High : Severity.Medium, file.Origin, file.Path, $"{path.FileName} runs code before the handler", $"lines of .pth files that start with import are executed, and may even replace the handler: {line}", "remove the file, or pin and review the layer", runs);
            }
        }

        foreach (var target in view.Targets)
        {
            foreach (var group in target.Facts.ModifiedFiles.GroupBy(file => (file.Package, Kind: KindOf(new ScanPath(file.Path)))))
            {
                foreach (var finding in Modified(target.Origin, group.Key.Package, group.Key.Kind, [.. group]))
                {
                    yield return finding;
                }
            }
        }
    }

    private enum FileKind
    {
        Code,
        Data,
        Library,
        Metadata,
    }

    private static FileKind KindOf(ScanPath path) => path switch
    {
        _ when path.Value.Contains(".so", StringComparison.Ordinal) => FileKind.Library,
        _ when path.Directory.EndsWith("-info", StringComparison.Ordinal) || path.Extension is ".txt" or ".md" or ".rst" => FileKind.Metadata,
        { Extension: ".png" or ".jpg" or ".gif" or ".svg" or ".ico" or ".csv" or ".dat" or ".npy" or ".npz" or ".mo" or ".po" or ".html" or ".css" or ".pyi" or ".c" or ".h" or ".pyx" or ".pxd" } => FileKind.Data,
        _ => FileKind.Code,
    };

    /// <summary>
    /// Stripping debug symbols changes every library of a package, and scripts have no such excuse. Metadata runs nothing, and distributions
    /// rewrite it. Of both there is one finding a package; every other changed file is one of its own.
    /// </summary>
    private IEnumerable<Finding> Modified(string origin, string package, FileKind kind, IReadOnlyList<ModifiedFile> files)
    {
        const string Fix = "reinstall the package from its registry and compare";
        var severity = kind switch { FileKind.Code => Severity.High, FileKind.Data => Severity.Medium, FileKind.Library => Severity.Low, _ => Severity.Info };
        if (kind is FileKind.Code or FileKind.Data || files.Count == 1)
        {
            return files.Select(file => this.Found(severity, origin, file.Path, $"{file.Path} is not the file {package} was published with", file.Reason + (kind == FileKind.Library ? "; stripped debug symbols have the same effect" : ""), Fix));
        }

        var what = kind == FileKind.Library ? "native libraries" : "files of metadata";
        var why = kind == FileKind.Library ? "; stripped debug symbols have the same effect" : "; they run nothing";
        var names = string.Join(", ", files.Take(3).Select(file => new ScanPath(file.Path).FileName.ToString()));
        return [this.Found(severity, origin, files[0].Path, $"{files.Count} {what} are not those {package} was published with", $"contents differ from the recorded ones: {names}{(files.Count > 3 ? " and others" : "")}{why}", Fix)];
    }

    private static bool OnSearchPath(ScanPath path) => path.Directory is "/var/task" or "/opt/python" || (path.IsUnder("/opt/python") && path.Directory.EndsWith("site-packages", StringComparison.Ordinal)) || path.IsUnder("/opt");

    private static string? ImportLine(string text) => text.Split('\n').Select(line => line.TrimEnd()).FirstOrDefault(line => line.StartsWith("import ", StringComparison.Ordinal) || line.StartsWith("import\t", StringComparison.Ordinal)) is { } line ? line[..Math.Min(line.Length, 120)] : null;
}

/// <summary>H-4: processes that the platform starts beside the runtime.</summary>
internal sealed class ExternalExtensions : IHijackCheck
{
    // The platform's limit, internal extensions included.
    private const int MaxExtensions = 10;

    public string Id => "H-4";

    public IEnumerable<Finding> Check(EffectiveView view)
    {
        var extensions = view.Files.Values.Where(file => new ScanPath(file.Path).Directory == "/opt/extensions").ToArray();
        foreach (var file in extensions)
        {
            var publisher = Hijacks.Publisher(view, file.Origin);
            if (!Hijacks.IsExecutable(file))
            {
                yield return this.Found(Severity.High, file.Origin, file.Path, $"Extension {file.Path} is not executable", "every file of this directory is started; this one makes initialisation fail with Extension.LaunchError", "set the executable bit, or move the file elsewhere");
            }
            else
            {
                yield return this.Found(publisher is null ? Severity.Medium : Severity.Info, file.Origin, file.Path, $"Extension {new ScanPath(file.Path).FileName} runs beside the function",
                    publisher is null ? "it has the function's credentials and network and outlives invocations; its publisher is not known" : $"supplied by {publisher}", "remove the layer if the extension is not expected, else pin its version");
            }
        }

        if (extensions.Length > MaxExtensions)
        {
            yield return this.Found(Severity.High, Hijacks.Configuration, "/opt/extensions", $"{extensions.Length} extensions, more than the {MaxExtensions} allowed", "the eleventh is refused and initialisation fails", "remove layers");
        }
    }
}

/// <summary>H-5: a later layer replaces an earlier layer's file.</summary>
internal sealed class OverwrittenPaths : IHijackCheck
{
    public string Id => "H-5";

    public IEnumerable<Finding> Check(EffectiveView view) => view.Overwritten
        // Metadata that every package writes alike collides by nature.
        .Where(file => !file.Path.EndsWith(".pyc", StringComparison.Ordinal) && new ScanPath(file.Path).FileName is not ("LICENSE" or "README.md" or "requirements.txt" or ".gitkeep"))
        .Select(file =>
        {
            var starts = new ScanPath(file.Path).IsUnder("/opt/extensions") || view.Runtime.Environment.GetValueOrDefault("AWS_LAMBDA_EXEC_WRAPPER") == file.Path || new ScanPath(file.Path).IsUnder("/opt/bin");
            return this.Found(starts ? Severity.Critical : Severity.Medium, file.Winner, file.Path, $"{file.Path} of {file.Loser} is replaced by {file.Winner}",
                starts ? "the replaced file is started by the platform or found on PATH: another publisher's code runs under its name" : "the two layers hold different files at this path; the later layer wins without a message",
                "reorder or remove one of the layers, or ask its publisher to use another path");
        });
}

/// <summary>H-6: a layer brings its own copy of what the runtime provides.</summary>
internal sealed class ReplacedLibraries : IHijackCheck
{
    private static readonly string[] PythonSdk = ["boto3", "botocore", "s3transfer", "awslambdaric"], SystemLibraries = ["libc.so", "libssl.so", "libcrypto.so", "libcurl.so", "libpthread.so", "libdl.so", "libm.so", "libstdc++.so", "libz.so", "libnss_"], Programs = ["sh", "bash", "python", "python3", "node", "java", "dotnet", "ruby", "aws", "curl", "env"];

    public string Id => "H-6";

    public IEnumerable<Finding> Check(EffectiveView view)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var file in view.Files.Values.Where(file => file.Origin != view.Function.Origin))
        {
            var path = new ScanPath(file.Path);
            if (Sdk(file.Path) is { } sdk && seen.Add(file.Origin + sdk.Directory))
            {
                var loads = view.Family is RuntimeFamily.Unknown || view.Family == sdk.Family;
                yield return this.Found(Severity.Medium, file.Origin, sdk.Directory, $"{sdk.Name} comes from {file.Origin} instead of the runtime", "the AWS SDK sees every request and credential; a layer's copy is found before the runtime's and gets no updates from AWS", "remove the copy, or compare it with the published package", loads);
            }
            else if (path.Directory is "/opt/lib" or "/opt/lib64" && SystemLibraries.Any(name => path.FileName.StartsWith(name)))
            {
                // /opt/lib is last in LD_LIBRARY_PATH unless the customer changes it.
                var first = view.Runtime.Environment.GetValueOrDefault("LD_LIBRARY_PATH", "").StartsWith("/opt/lib", StringComparison.Ordinal);
                yield return this.Found(first ? Severity.High : Severity.Low, file.Origin, file.Path, $"{file.Path} has the name of a system library", first ? "LD_LIBRARY_PATH puts /opt/lib first: this copy is loaded" : "/opt/lib is searched last, so it is loaded only where the system has none", "remove the file or rename it");
            }
            else if (path.Directory == "/opt/bin" && Programs.Any(name => path.Is(name)))
            {
                var first = view.Runtime.Environment.GetValueOrDefault("PATH", "").StartsWith("/opt/bin", StringComparison.Ordinal);
                yield return this.Found(first ? Severity.High : Severity.Low, file.Origin, file.Path, $"{file.Path} has the name of a system program", first ? "PATH puts /opt/bin first: this copy is started" : "/opt/bin is last in PATH", "remove the file or rename it");
            }
        }
    }

    private static (string Name, string Directory, RuntimeFamily Family)? Sdk(string path)
    {
        var segments = path.Split('/');
        // "", "opt", "python", … , name
        for (var i = 3; i < segments.Length - 1; i++)
        {
            if (segments[2] == "python" && segments[i - 1] is "python" or "site-packages" && PythonSdk.Contains(segments[i]))
            {
                return (segments[i], string.Join('/', segments[..(i + 1)]), RuntimeFamily.Python);
            }

            if (segments[2] == "nodejs" && segments[i - 1] == "node_modules" && segments[i] is "aws-sdk" or "@aws-sdk" && Array.IndexOf(segments, "node_modules") == i - 1)
            {
                return (segments[i], string.Join('/', segments[..(i + 1)]), RuntimeFamily.Node);
            }
        }

        return null;
    }
}

/// <summary>H-7: the same package at different versions in function and layers.</summary>
internal sealed class DifferentVersions : IHijackCheck
{
    public string Id => "H-7";

    public IEnumerable<Finding> Check(EffectiveView view)
    {
        foreach (var target in view.Targets)
        {
            foreach (var package in target.Packages)
            {
                var judgement = view.Judge(package, target.Origin);
                if (judgement is { Effective: false, Winner: { } winner, ShadowedBy: { } by } && winner.Version != package.Version)
                {
                    yield return this.Found(Severity.Low, target.Origin, package.Path, $"{package.Name} {package.Version} is shadowed by {winner.Version}", $"{by} is found first ({judgement.Reason}); updating this copy changes nothing, and removing the other one changes the version that runs", $"keep one copy of {package.Name}", effective: false, purl: package.Purl.ToString());
                }
            }
        }
    }
}

/// <summary>H-10: an archive's own structure.</summary>
internal sealed class ArchiveTricks : IHijackCheck
{
    public string Id => "H-10";

    public IEnumerable<Finding> Check(EffectiveView view)
    {
        foreach (var target in view.Targets)
        {
            foreach (var trick in target.Facts.Tricks)
            {
                var (severity, title) = trick.Kind switch
                {
                    TrickKind.AbsolutePath => (Severity.High, "absolute name in the archive"),
                    TrickKind.ParentPath => (Severity.High, "name in the archive leads outside its root"),
                    TrickKind.DuplicateEntry => (Severity.Medium, "two entries of one name"),
                    TrickKind.CaseCollision => (Severity.Low, "names that differ only by case"),
                    TrickKind.SymlinkEscape => (Severity.High, "symbolic link out of the archive"),
                    TrickKind.SetUid => (Severity.Medium, "set-uid or set-gid file"),
                    TrickKind.Bomb => (Severity.High, "entry that inflates without measure"),
                    TrickKind.OverlappingEntries => (Severity.High, "entries that share bytes"),
                    TrickKind.Encrypted => (Severity.Medium, "entry under a password"),
                    TrickKind.HeaderMismatch => (Severity.Medium, "local header and directory disagree"),
                };
                yield return this.Found(severity, target.Origin, trick.Path, $"Archive trick: {title}", trick.Detail, "build the archive anew from reviewed files");
            }
        }
    }
}
