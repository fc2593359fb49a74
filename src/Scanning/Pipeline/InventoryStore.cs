using System.Collections.Concurrent;
using System.IO.Compression;
using System.Text.Json;
using System.Text.Json.Serialization;
using Pellicle.Domain;

namespace Pellicle.Scanning.Pipeline;

/// <summary>
/// Inventories by content hash and scanner build: what was read once is not read again, and stored inventories are matched anew without
/// a download. In memory, and in a directory where one is given. Safe for many threads and processes.
/// </summary>
public sealed class InventoryStore(string? directory = null)
{
    /// <summary>Inventories kept in memory; more are dropped, and come from the directory again.</summary>
    public const int MaxInMemory = 64;

    // A build is deterministic, so this changes exactly when the code that reads does.
    private static readonly string Build = typeof(InventoryStore).Module.ModuleVersionId.ToString("N")[..12];

    private readonly ConcurrentDictionary<string, TargetContents> memory = new(StringComparer.Ordinal);
    private int hits;
    private int failures;

    /// <summary>Inventories that did not have to be read again.</summary>
    public int Hits => hits;

    /// <summary>Stored files that could not be read or written; the content was scanned instead.</summary>
    public int Failures => failures;

    /// <summary>The inventory of this content, named as <paramref name="origin"/>; null when it is not stored.</summary>
    public TargetContents? Find(string sha256, string origin, ScanLimits limits)
    {
        var key = Key(sha256, limits);
        if (!memory.TryGetValue(key, out var contents))
        {
            contents = Load(key);
            if (contents is null)
            {
                return null;
            }

            Remember(key, contents);
        }

        Interlocked.Increment(ref hits);
        return Rename(contents, origin);
    }

    /// <summary>Keeps an inventory.</summary>
    public void Save(TargetContents contents, ScanLimits limits)
    {
        ArgumentNullException.ThrowIfNull(contents);
        var key = Key(contents.Sha256, limits);
        Remember(key, contents);
        if (directory is null)
        {
            return;
        }

        var path = PathOf(key);
        var temporary = $"{path}.{Guid.NewGuid():N}.tmp";
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            using (var file = new GZipStream(File.Create(temporary), CompressionLevel.Fastest))
            {
                JsonSerializer.Serialize(file, contents, InventoryJsonContext.Default.TargetContents);
            }

            File.Move(temporary, path, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Interlocked.Increment(ref failures);
            TryDelete(temporary);
        }
    }

    private TargetContents? Load(string key)
    {
        if (directory is null || !File.Exists(PathOf(key)))
        {
            return null;
        }

        try
        {
            using var file = new GZipStream(File.OpenRead(PathOf(key)), CompressionMode.Decompress);
            return JsonSerializer.Deserialize(file, InventoryJsonContext.Default.TargetContents);
        }
        catch (Exception e) when (e is IOException or JsonException or InvalidDataException or UnauthorizedAccessException)
        {
            Interlocked.Increment(ref failures);
            return null;
        }
    }

    private void Remember(string key, TargetContents contents)
    {
        if (memory.Count >= MaxInMemory)
        {
            memory.Clear();
        }

        memory[key] = contents;
    }

    /// <summary>The same content is the function of one target and a layer of another.</summary>
    private static TargetContents Rename(TargetContents contents, string origin) => contents.Origin == origin ? contents : contents with
    {
        Origin = origin,
        Errors = [.. contents.Errors.Select(e => e with { Origin = origin })],
        Secrets = [.. contents.Secrets.Select(f => f with { Origin = origin, Fingerprint = Finding.MakeFingerprint(f.Kind, f.RuleId, f.Purl, origin, f.Path) })],
    };

    private static string Key(string sha256, ScanLimits limits)
    {
        if (sha256.Length != 64 || !sha256.All(char.IsAsciiHexDigitLower))
        {
            throw new ArgumentException($"`{sha256}` is no SHA-256 in lower-case hexadecimal", nameof(sha256));
        }

        return limits == ScanLimits.Default ? $"{sha256}-{Build}" : $"{sha256}-{Build}-{(uint)limits.ToString().Aggregate(17, (hash, c) => unchecked((hash * 31) + c)):x8}";
    }

    private string PathOf(string key) => Path.Combine(directory!, key[..2], $"{key}.json.gz");

    private static void TryDelete(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Counted by the caller already; a left-over temporary file harms nobody.
        }
    }
}

internal sealed class PurlConverter : JsonConverter<Purl>
{
    public override Purl Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        Purl.TryParse(reader.GetString(), out var purl) ? purl : throw new JsonException("no purl");

    public override void Write(Utf8JsonWriter writer, Purl value, JsonSerializerOptions options) => writer.WriteStringValue(value.ToString());
}

internal sealed class EcosystemConverter : JsonConverter<Ecosystem>
{
    public override Ecosystem Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        Ecosystem.TryParse(reader.GetString(), out var ecosystem) ? ecosystem : throw new JsonException("unknown ecosystem");

    public override void Write(Utf8JsonWriter writer, Ecosystem value, JsonSerializerOptions options) => writer.WriteStringValue(value.Name);
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    Converters = [typeof(PurlConverter), typeof(EcosystemConverter)])]
[JsonSerializable(typeof(TargetContents))]
internal sealed partial class InventoryJsonContext : JsonSerializerContext;
