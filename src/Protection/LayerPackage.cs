using System.IO.Compression;
using System.Security.Cryptography;

namespace Pellicle.Protection;

/// <summary>Builds the protection layer's zip (decision 0003). Same files, same bytes: the digest tells whether a version must be published.</summary>
public static class LayerPackage
{
    /// <summary>Name under which the layer is published.</summary>
    public const string DefaultName = "pellicle";

    private const string CustomRuntimePrefix = "pellicle-runtime-";

    /// <summary>Name of the layer for a processor: one layer each, because a layer version holds one binary.</summary>
    public static string NameFor(string architecture) => architecture == "x86_64" ? DefaultName : $"{DefaultName}-{architecture}";

    /// <summary>Name of the layer that brings its own interpreter.</summary>
    public static string NameForRuntime(string language, string architecture) => CustomRuntimePrefix + language + (architecture == "x86_64" ? "" : $"-{architecture}");

    /// <summary>The layer that is put into functions and taken out again.</summary>
    public static bool IsStandalone(string name) => name is DefaultName or DefaultName + "-arm64";

    /// <summary>The layer that a function on <c>provided.*</c> runs on.</summary>
    public static bool IsCustomRuntime(string name) => name.StartsWith(CustomRuntimePrefix, StringComparison.Ordinal);

    /// <summary>Name part of a layer version's ARN.</summary>
    public static string NameOf(string arn) => arn.Split(':') is { Length: > 6 } parts ? parts[6] : "";

    // Zip stores no year before 1980; a fixed time keeps the bytes equal from build to build.
    private static readonly DateTimeOffset Epoch = new(1980, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>Makes the zip from the built artefacts.</summary>
    /// <param name="artifacts">The <c>artifacts</c> directory: <c>guard/linux-x64/guard</c>, <c>native/x86_64/libpellicle.so</c> and <c>wrapper</c>, <c>probes/</c>.</param>
    /// <param name="architecture"><c>x86_64</c> or <c>arm64</c>.</param>
    /// <param name="policy">Policy packed as the one at t=0, or null for the guard's own (monitor).</param>
    /// <param name="publicKey">SubjectPublicKeyInfo (base64) that signs policies, or null.</param>
    /// <param name="version">Version line.</param>
    /// <exception cref="FileNotFoundException">An artefact is missing; the message names it.</exception>
    public static byte[] Build(string artifacts, string architecture, ReadOnlyMemory<byte>? policy, string? publicKey, string version) =>
        Zip(Files(artifacts, architecture, policy, publicKey, version).Values);

    /// <summary>The files of the layer by path below <c>/opt</c>.</summary>
    internal static SortedDictionary<string, ZipFileEntry> Files(string artifacts, string architecture, ReadOnlyMemory<byte>? policy, string? publicKey, string version)
    {
        var (rid, native) = architecture switch
        {
            "x86_64" => ("linux-x64", "x86_64"),
            "arm64" => ("linux-arm64", "aarch64"),
            _ => throw new ArgumentException($"unknown architecture `{architecture}`; use x86_64 or arm64", nameof(architecture)),
        };
        var files = new SortedDictionary<string, ZipFileEntry>(StringComparer.Ordinal);
        void Add(string path, byte[] bytes, int mode = 0b110_100_100) => files[path] = new ZipFileEntry(path, bytes, mode);
        Add("extensions/pellicle", Read(Path.Combine(artifacts, "guard", rid, "guard")), 0b111_101_101);
        Add("pellicle/wrapper", Read(Path.Combine(artifacts, "native", native, "wrapper")), 0b111_101_101);
        Add("pellicle/native/libpellicle.so", Read(Path.Combine(artifacts, "native", native, "libpellicle.so")), 0b111_101_101);
        Add("pellicle/version", System.Text.Encoding.ASCII.GetBytes(version + "\n"));
        foreach (var language in new[] { "node", "dotnet" })
        {
            var directory = Path.Combine(artifacts, "probes", language);
            if (!Directory.Exists(directory))
            {
                throw new FileNotFoundException($"the {language} probe is not built: {directory}");
            }

            foreach (var file in Directory.EnumerateFiles(directory, "*", SearchOption.AllDirectories))
            {
                Add($"pellicle/{language}/{Path.GetRelativePath(directory, file).Replace('\\', '/')}", File.ReadAllBytes(file));
            }
        }

        if (policy is { } document)
        {
            Add("pellicle/policy.json", document.ToArray());
        }

        if (publicKey is not null)
        {
            Add("pellicle/policy.pub", System.Text.Encoding.ASCII.GetBytes(publicKey + "\n"));
        }

        return files;
    }

    /// <summary>Writes a zip with Unix modes and fixed times.</summary>
    public static byte[] Zip(IEnumerable<ZipFileEntry> entries)
    {
        using var buffer = new MemoryStream();
        using (var zip = new ZipArchive(buffer, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach (var file in entries)
            {
                var entry = zip.CreateEntry(file.Path, CompressionLevel.Optimal);
                entry.LastWriteTime = Epoch;
                // High half: Unix mode of a regular file.
                entry.ExternalAttributes = (0x8000 | file.Mode) << 16;
                using var stream = entry.Open();
                stream.Write(file.Bytes);
            }
        }

        return buffer.ToArray();
    }

    /// <summary>Base64 SHA-256, the form Lambda calls <c>CodeSha256</c>.</summary>
    public static string CodeSha256(ReadOnlySpan<byte> zip) => Convert.ToBase64String(SHA256.HashData(zip));

    private static byte[] Read(string path) =>
        File.Exists(path) ? File.ReadAllBytes(path) : throw new FileNotFoundException($"not built yet: {path}");
}

/// <summary>One file of a zip to write.</summary>
/// <param name="Path">Path inside, <c>/</c>-separated.</param>
/// <param name="Bytes">Content.</param>
/// <param name="Mode">Unix permission bits.</param>
public sealed record ZipFileEntry(string Path, byte[] Bytes, int Mode);
