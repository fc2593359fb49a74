using System.Collections.Concurrent;
using Pellicle.Domain;
using Pellicle.Scanning.Archives;

namespace Pellicle.Scanning.Pipeline;

/// <summary>
/// Inventories by content hash and scanner build: what was read once is not read again, and stored inventories are matched anew without
/// a download. In memory, and in a directory where one is given. Safe for many threads and processes. Holds no value of a secret.
/// </summary>
/// <param name="directory">Where to keep them; null keeps them in memory only.</param>
/// <param name="maxFiles">Inventories kept there; those not used for longest go first.</param>
public sealed class InventoryStore(string? directory = null, int maxFiles = 20_000)
{
    /// <summary>Inventories kept in memory; more are dropped, and come from the directory again.</summary>
    public const int MaxInMemory = 64;

    // A build is deterministic, so this changes exactly when the code that reads does.
    private static readonly string Build = typeof(InventoryStore).Module.ModuleVersionId.ToString("N")[..12];

    private readonly ConcurrentDictionary<string, TargetContents> memory = new(StringComparer.Ordinal);
    private int hits;
    private int failures;
    private int savesSinceLook;

    /// <summary>Inventories that did not have to be read again.</summary>
    public int Hits => hits;

    /// <summary>Stored files that could not be read or written; the content was scanned instead.</summary>
    public int Failures => failures;

    /// <summary>False when no stored inventory is of an archive of this many bytes: then its hash need not be known before it is read.</summary>
    public bool MayKnow(long length) => directory is not null && File.Exists(LengthMark(length));

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

    /// <summary>Whether this content is stored, without reading it.</summary>
    public bool Holds(string sha256, ScanLimits? limits = null) =>
        Key(sha256, limits ?? ScanLimits.Default) is var key && (memory.ContainsKey(key) || (directory is not null && File.Exists(PathOf(key))));

    /// <summary>Keeps an inventory of an archive of <paramref name="length"/> bytes; 0 where callers know the hash before they read.</summary>
    public void Save(TargetContents contents, ScanLimits limits, long length = 0)
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
            using (var file = File.Create(temporary))
            {
                InventoryFile.Write(file, contents);
            }

            File.Move(temporary, path, overwrite: true);
            Directory.CreateDirectory(Path.GetDirectoryName(LengthMark(length))!);
            File.Create(LengthMark(length)).Dispose();
            Prune();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Interlocked.Increment(ref failures);
            TryDelete(temporary);
        }
    }

    /// <summary>Hexadecimal SHA-256 of a file that has not changed since it was noted; null when that is not known.</summary>
    internal string? HashOf(FileStamp stamp)
    {
        if (directory is null || !File.Exists(StampOf(stamp)))
        {
            return null;
        }

        try
        {
            var words = File.ReadAllText(StampOf(stamp)).Split(' ');
            return words is [var state, { Length: 64 } sha256] && state == stamp.State && sha256.All(char.IsAsciiHexDigitLower) ? sha256 : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Interlocked.Increment(ref failures);
            return null;
        }
    }

    /// <summary>Notes the hash of a file, so that it is not read again while its stamp stays.</summary>
    internal void Note(FileStamp stamp, string sha256)
    {
        if (directory is null)
        {
            return;
        }

        var path = StampOf(stamp);
        var temporary = $"{path}.{Guid.NewGuid():N}.tmp";
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllText(temporary, $"{stamp.State} {sha256}");
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
            var contents = InventoryFile.Read(File.ReadAllBytes(PathOf(key)));
            File.SetLastWriteTimeUtc(PathOf(key), TimeProvider.System.GetUtcNow().UtcDateTime);
            return contents;
        }
        catch (Exception e) when (e is IOException or InvalidDataException or UnauthorizedAccessException)
        {
            Interlocked.Increment(ref failures);
            return null;
        }
    }

    private void Prune()
    {
        // Looking through the directory at each save would cost more than the saves.
        if (Interlocked.Increment(ref savesSinceLook) is > 1 and var saves && saves <= maxFiles / 100)
        {
            return;
        }

        Interlocked.Exchange(ref savesSinceLook, 1);
        PruneTo(new DirectoryInfo(directory!).GetFiles("*.inventory", SearchOption.AllDirectories));
        PruneTo(new DirectoryInfo(directory!).GetFiles("*.stamp", SearchOption.AllDirectories));
    }

    private void PruneTo(FileInfo[] files)
    {
        if (files.Length > maxFiles)
        {
            // A tenth at once, so that not every save has to.
            foreach (var file in files.OrderBy(f => f.LastWriteTimeUtc).Take(files.Length - maxFiles + (maxFiles / 10)))
            {
                file.Delete();
            }
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

    private string LengthMark(long length) => Path.Combine(directory!, "lengths", length.ToString("x", System.Globalization.CultureInfo.InvariantCulture));

    private string StampOf(FileStamp stamp) => Path.Combine(directory!, "stamps", $"{stamp.Name}.stamp");

    private string PathOf(string key) => Path.Combine(directory!, key[..2], $"{key}.inventory");

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
