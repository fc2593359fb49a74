using System.IO.Compression;
using System.Text;
using System.Text.Json;
using Pellicle.Posture.Code;

namespace Pellicle.Cli.Accounts;

/// <summary>Reads AWS calls out of zips, once per content; kept beside the inventories.</summary>
internal sealed class CodeReading(string directory)
{
    /// <summary>Bytes inflated of one package; beyond, its calls count as not followed.</summary>
    public const long MaxInflatedBytes = 512L * 1024 * 1024;

    private const long MaxNestedBytes = 64L * 1024 * 1024;

    // A build is deterministic: another extractor has another id, and its predecessor's results are not taken.
    private static readonly string Build = typeof(AwsCallExtractor).Module.ModuleVersionId.ToString("N")[..12];

    // Part of the platform or of the SDK: they call nothing on their own account.
    private static readonly string[] Platform = ["System.", "Microsoft.", "AWSSDK.", "Newtonsoft.", "Amazon.Lambda."];

    public CodeCalls? Find(string sha256)
    {
        try
        {
            return File.Exists(PathOf(sha256)) && JsonSerializer.Deserialize<Stored>(File.ReadAllText(PathOf(sha256))) is { } stored
                ? new CodeCalls(new SortedDictionary<string, string>(stored.Actions, StringComparer.OrdinalIgnoreCase), stored.Opaque.ToHashSet(StringComparer.OrdinalIgnoreCase), stored.Languages.ToHashSet(StringComparer.Ordinal))
                : null;
        }
        catch (JsonException)
        {
            // A damaged note is written anew.
            return null;
        }
    }

    public CodeCalls Read(string zip, string sha256)
    {
        var budget = MaxInflatedBytes;
        var skipped = false;
        CodeCalls calls;
        try
        {
            using var archive = ZipFile.OpenRead(zip);
            calls = AwsCallExtractor.Extract(Files(archive, nested: true));
        }
        catch (InvalidDataException)
        {
            // The scan itself reports the damage.
            skipped = true;
            calls = CodeCalls.Union([]);
        }

        calls = skipped ? calls with { OpaqueServices = calls.OpaqueServices.Append("*").ToHashSet(StringComparer.OrdinalIgnoreCase) } : calls;
        Directory.CreateDirectory(directory);
        var temporary = PathOf(sha256) + $".{Guid.NewGuid():N}";
        File.WriteAllText(temporary, JsonSerializer.Serialize(new Stored(calls.Actions.ToDictionary(), [.. calls.OpaqueServices], [.. calls.Languages])));
        File.Move(temporary, PathOf(sha256), overwrite: true);
        return calls;

        IEnumerable<(string Path, string Text)> Files(ZipArchive archive, bool nested)
        {
            foreach (var entry in archive.Entries)
            {
                var jar = nested && entry.FullName.EndsWith(".jar", StringComparison.Ordinal);
                if ((!jar && AwsCallExtractor.LanguageOf(entry.FullName) is null) || Platform.Any(p => entry.Name.StartsWith(p, StringComparison.Ordinal)))
                {
                    continue;
                }

                budget -= entry.Length;
                if (budget < 0 || entry.Length > (jar ? MaxNestedBytes : AwsCallExtractor.MaxBytesOf(entry.FullName)))
                {
                    skipped = true;
                    continue;
                }

                using var content = new MemoryStream();
                using (var stream = entry.Open())
                {
                    stream.CopyTo(content);
                }

                if (jar)
                {
                    content.Position = 0;
                    using var inner = new ZipArchive(content, ZipArchiveMode.Read);
                    foreach (var file in Files(inner, nested: false))
                    {
                        yield return file;
                    }
                }
                else
                {
                    var bytes = content.GetBuffer().AsSpan(0, (int)content.Length);
                    yield return (entry.FullName, Path.GetExtension(entry.FullName) is ".dll" or ".class" or "" ? Encoding.Latin1.GetString(bytes) : Encoding.UTF8.GetString(bytes));
                }
            }
        }
    }

    private string PathOf(string sha256) => Path.Combine(directory, $"{sha256}-{Build}.json");

    private sealed record Stored(Dictionary<string, string> Actions, List<string> Opaque, List<string> Languages);
}
