using System.Globalization;
using System.Runtime.Versioning;
using System.Text;
using System.Text.RegularExpressions;

namespace Pellicle.Protection;

/// <summary>What to pack into a layer that brings its own interpreter.</summary>
/// <param name="Language"><c>python</c>, <c>node</c>, <c>java</c> or <c>dotnet</c>.</param>
/// <param name="Interpreter">Directory of the interpreter as it is installed: <c>bin/python3.*</c> and <c>lib/python3.*</c>; <c>bin/node</c>; a Java runtime image; a .NET root with <c>dotnet</c> and <c>shared</c>.</param>
public sealed record CustomRuntime(string Language, string Interpreter);

/// <summary>A layer for <c>provided.*</c>: our bootstrap, which loads the guard before the handler, and an interpreter.</summary>
[UnsupportedOSPlatform("windows")]
public static partial class CustomRuntimeLayer
{
    /// <summary>Lambda's limit of function and layers together, unzipped.</summary>
    public const long MaxUnzippedBytes = 250L * 1024 * 1024;

    private const long MaxDirectUploadBytes = 50L * 1024 * 1024;

    /// <summary>C library of <c>provided.al2023</c>: 2.34, of <c>provided.al2</c>: 2.26.</summary>
    private static readonly Version Al2023 = new(2, 34);

    private static readonly Version Al2 = new(2, 26);

    // A layer's later files overwrite earlier ones, so all of it lies in a directory of its own, which the guard's rules know as the platform's.
    private const string Home = "pellicle/runtime/";

    private const string Bootstrap =
        """
        #!/bin/sh
        # Loads the guard, then this layer's runtime, then the handler.
        runtime=/opt/pellicle/runtime
        export LAMBDA_RUNTIME_DIR=$runtime PATH=$runtime/lang/bin:$PATH LD_LIBRARY_PATH=${LD_LIBRARY_PATH:+$LD_LIBRARY_PATH:}$runtime/lang/lib
        if [ -n "$AWS_LAMBDA_EXEC_WRAPPER" ] && [ "$AWS_LAMBDA_EXEC_WRAPPER" != /opt/pellicle/wrapper ]; then
          export PELLICLE_NEXT_WRAPPER=$AWS_LAMBDA_EXEC_WRAPPER
        fi
        export AWS_LAMBDA_EXEC_WRAPPER=/opt/pellicle/wrapper
        exec $runtime/bootstrap

        """;

    /// <summary>Makes the zip.</summary>
    /// <exception cref="FileNotFoundException">An artefact is missing, or the directory holds no such interpreter; the message says what.</exception>
    /// <exception cref="InvalidDataException">More than <see cref="MaxUnzippedBytes"/>; the message says what takes the room.</exception>
    public static CustomRuntimeBuild Build(string artifacts, string architecture, CustomRuntime runtime, ReadOnlyMemory<byte>? policy, string? publicKey, string version)
    {
        ArgumentNullException.ThrowIfNull(runtime);
        var files = LayerPackage.Files(artifacts, architecture, policy, publicKey, version);
        void Add(string path, string file) => files[path] = new ZipFileEntry(path, File.ReadAllBytes(file), ModeOf(file));
        var own = Path.Combine(artifacts, "runtimes", runtime.Language);
        if (!File.Exists(Path.Combine(own, "bootstrap")))
        {
            throw new FileNotFoundException($"the {runtime.Language} runtime is not built: {own}");
        }

        foreach (var (relative, file) in FilesBelow(own).Where(f => f.Relative != ".stamp"))
        {
            Add(Home + relative, file);
        }

        var packed = Interpreter(runtime).ToList();
        files["bootstrap"] = new ZipFileEntry("bootstrap", Encoding.ASCII.GetBytes(BootstrapOf(runtime, packed).ReplaceLineEndings("\n")), 0b111_101_101);
        var total = files.Values.Sum(f => (long)f.Bytes.Length) + packed.Sum(f => new FileInfo(f.File).Length);
        if (total > MaxUnzippedBytes)
        {
            throw new InvalidDataException($"the layer would have {Megabytes(total)} unzipped, and Lambda allows 250 MB for function and layers together; largest: {Largest(packed)}");
        }

        foreach (var (relative, file) in packed)
        {
            Add($"{Home}lang/{relative}", file);
        }

        var zip = LayerPackage.Zip(files.Values);
        return new CustomRuntimeBuild(zip, total, Notes([.. packed.Select(p => p.File)], total, zip.Length));
    }

    private static string BootstrapOf(CustomRuntime runtime, IEnumerable<(string Relative, string File)> packed) => runtime.Language == "dotnet" && !packed.Any(f => Path.GetFileName(f.Relative).StartsWith("libicuuc", StringComparison.Ordinal))
        // The system has no ICU, and .NET does not start without it unless it is told so.
        ? Bootstrap.Replace("exec $runtime", "export DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=${DOTNET_SYSTEM_GLOBALIZATION_INVARIANT:-1}\nexec $runtime", StringComparison.Ordinal)
        : Bootstrap;

    /// <summary>Files of the interpreter, by their place below <c>lang/</c>.</summary>
    private static IEnumerable<(string Relative, string File)> Interpreter(CustomRuntime runtime)
    {
        var root = runtime.Interpreter;
        if (!Directory.Exists(root))
        {
            throw new FileNotFoundException($"there is no directory `{root}`");
        }

        bool Has(string pattern) => Directory.Exists(Path.Combine(root, "bin")) && Directory.EnumerateFiles(Path.Combine(root, "bin"), pattern).Any();
        void Must(bool condition, string what)
        {
            if (!condition)
            {
                throw new FileNotFoundException($"`{root}` is no {runtime.Language} interpreter: it has no {what}");
            }
        }

        switch (runtime.Language)
        {
            case "python":
                Must(Has("python3*"), "bin/python3");
                Must(Directory.Exists(Path.Combine(root, "lib")) && Directory.EnumerateDirectories(Path.Combine(root, "lib"), "python3*").Any(), "lib/python3.*");
                break;
            case "node":
                Must(Has("node"), "bin/node");
                break;
            case "java":
                Must(Has("java") && File.Exists(Path.Combine(root, "lib", "modules")), "bin/java with lib/modules");
                break;
            case "dotnet":
                Must(File.Exists(Path.Combine(root, "dotnet")) && Directory.Exists(Path.Combine(root, "shared", "Microsoft.NETCore.App")), "dotnet with shared/Microsoft.NETCore.App");
                return FilesBelow(root).Where(f => !f.Relative.StartsWith("sdk/", StringComparison.Ordinal)).Select(f => ("bin/" + f.Relative, f.File));
            default:
                throw new ArgumentException($"unknown language `{runtime.Language}`; use python, node, java or dotnet", nameof(runtime));
        }

        return FilesBelow(root);
    }

    /// <summary>Links become the files they point to: links in layers are not verified on the platform.</summary>
    private static IEnumerable<(string Relative, string File)> FilesBelow(string root) =>
        Directory.EnumerateFiles(root, "*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = 0, IgnoreInaccessible = false })
            .Select(f => (Relative: Path.GetRelativePath(root, f).Replace('\\', '/'), File: File.ResolveLinkTarget(f, returnFinalTarget: true)?.FullName ?? f))
            .Where(f => File.Exists(f.File)); // a link to nowhere is no file

    private static int ModeOf(string file) => ((int)File.GetUnixFileMode(file) & 0b111_111_111) | 0b100_100_100;

    private static IReadOnlyList<string> Notes(IReadOnlyList<string> files, long total, long zipped)
    {
        var notes = new List<string> { $"{Megabytes(total)} unzipped of 250 MB, which function and layers share" };
        if (zipped > MaxDirectUploadBytes)
        {
            notes.Add($"{Megabytes(zipped)} zipped: more than the 50 MB that Lambda takes directly; publish it through a bucket (`aws lambda publish-layer-version --content S3Bucket=…`)");
        }

        var needed = files.Select(GlibcOf).Max() ?? new Version(0, 0);
        if (needed > Al2)
        {
            notes.Add(needed > Al2023 ? $"the interpreter needs a C library of version {needed}: newer than the {Al2023} of provided.al2023, so it starts on neither provided runtime of today; build it on Amazon Linux 2023" : $"the interpreter needs a C library of version {needed}: provided.al2023 has {Al2023}, provided.al2 ({Al2}) is too old");
        }

        return notes;
    }

    /// <summary>Newest glibc version that a program or library names; null for other files.</summary>
    private static Version? GlibcOf(string file)
    {
        using var stream = File.OpenRead(file);
        Span<byte> magic = stackalloc byte[4];
        if (stream.ReadAtLeast(magic, 4, throwOnEndOfStream: false) < 4 || !magic.SequenceEqual("\u007fELF"u8))
        {
            return null;
        }

        return GlibcVersion().Matches(Encoding.Latin1.GetString(File.ReadAllBytes(file))).Select(m => new Version(2, int.Parse(m.Groups[1].ValueSpan, CultureInfo.InvariantCulture))).Max();
    }

    private static string Largest(IEnumerable<(string Relative, string File)> files) => string.Join(", ", files
        .GroupBy(f => string.Join('/', f.Relative.Split('/').SkipLast(1).Take(2)), f => new FileInfo(f.File).Length)
        .Select(g => (Name: g.Key, Bytes: g.Sum())).OrderByDescending(g => g.Bytes).Take(3).Select(g => $"{g.Name} {Megabytes(g.Bytes)}"));

    private static string Megabytes(long bytes) => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1048576.0:f0} MB");

    [GeneratedRegex("GLIBC_2\\.([0-9]{1,3})(?![0-9])")]
    private static partial Regex GlibcVersion();
}

/// <summary>A built layer.</summary>
/// <param name="Zip">The archive.</param>
/// <param name="UnzippedBytes">What it takes of the 250 MB.</param>
/// <param name="Notes">Things to know before it is used.</param>
public sealed record CustomRuntimeBuild(byte[] Zip, long UnzippedBytes, IReadOnlyList<string> Notes);
