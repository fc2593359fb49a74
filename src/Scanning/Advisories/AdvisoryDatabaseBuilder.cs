using System.IO.Compression;
using System.Text.Json;
using Pellicle.Domain;

namespace Pellicle.Scanning.Advisories;

/// <summary>What an import did.</summary>
/// <param name="Records">Records taken, of all files.</param>
/// <param name="Withdrawn">Records dropped because they were withdrawn.</param>
/// <param name="Skipped">Records without a package of a known ecosystem, and other JSON in a directory.</param>
/// <param name="Errors">Files that could not be read.</param>
public sealed record ImportSummary(int Records, int Withdrawn, int Skipped, IReadOnlyList<FileError> Errors);

/// <summary>Collects OSV records and compiles them. Not for several threads.</summary>
public sealed class AdvisoryDatabaseBuilder
{
    /// <summary>Largest single record read, in bytes; the largest published ones are near 3 MB.</summary>
    public const long MaxRecordBytes = 32 << 20;

    /// <summary>Most records read from one archive; all of OSV's npm archive, with malware, is near 250,000.</summary>
    public const int MaxRecords = 2_000_000;

    private const int MaxErrors = 100;

    private readonly Dictionary<string, AdvisoryRecord> records = new(StringComparer.Ordinal);
    private readonly ExploitData exploits = new();
    private readonly List<FileError> errors = [];
    private int taken;
    private int withdrawn;
    private int skipped;
    private int failures;

    /// <summary>What was imported so far.</summary>
    public ImportSummary Summary => new(taken, withdrawn, skipped, failures > errors.Count
        ? [.. errors, new FileError("advisories", "", $"{failures - errors.Count} more records could not be read")] : errors);

    /// <summary>Takes everything a compiled file holds; later imports replace its records.</summary>
    public void AddDatabase(AdvisoryDatabase database)
    {
        ArgumentNullException.ThrowIfNull(database);
        foreach (var (record, stored) in database.ReadAll())
        {
            records[record.Id] = record;
            foreach (var cve in record.Aliases.Append(record.Id).Where(a => a.StartsWith("CVE-", StringComparison.Ordinal)))
            {
                exploits.Add(cve, stored.IsExploited, stored.Epss, stored.Percentile);
            }
        }
    }

    /// <summary>Drops what is known of an ecosystem, before its full archive is added: what that no longer has is gone.</summary>
    public void RemoveEcosystem(Ecosystem ecosystem)
    {
        foreach (var record in records.Values.Where(r => r.Affected.Any(a => a.Ecosystem == ecosystem)).ToList())
        {
            var rest = record.Affected.Where(a => a.Ecosystem != ecosystem).ToList();
            if (rest.Count == 0)
            {
                records.Remove(record.Id);
            }
            else
            {
                records[record.Id] = record with { Affected = rest };
            }
        }
    }

    /// <summary>Adds a directory (all <c>.json</c>, <c>.zip</c> and <c>.csv</c> below it), an archive of records, one record, a known-exploited list or an EPSS table.</summary>
    public void Add(string path)
    {
        if (Directory.Exists(path))
        {
            foreach (var file in Directory.EnumerateFiles(path, "*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint })
                .Where(f => Path.GetExtension(f) is ".json" or ".zip" or ".csv").Order(StringComparer.Ordinal))
            {
                // A directory may hold other JSON too, an index for example.
                AddFile(file, mayBeOther: true);
            }
        }
        else if (File.Exists(path))
        {
            AddFile(path, mayBeOther: false);
        }
        else
        {
            Fail(path, "no such file or directory", "give a directory or archive of OSV records");
        }
    }

    /// <summary>
    /// Adds an archive of records, as OSV publishes one for each ecosystem; with <paramref name="replaces"/> it is all there is of that
    /// ecosystem. False, with an error and nothing changed, when it is not sound.
    /// </summary>
    public bool AddArchive(Stream archive, string name, Ecosystem? replaces = null)
    {
        ArgumentNullException.ThrowIfNull(archive);
        // Nothing is taken before all of it was read and checked.
        var read = new List<AdvisoryRecord>();
        try
        {
            using var zip = new ZipArchive(archive, ZipArchiveMode.Read);
            if (zip.Entries.Count > MaxRecords)
            {
                Fail(name, $"more than {MaxRecords} entries", "");
                return false;
            }

            foreach (var entry in zip.Entries.Where(e => e.FullName.EndsWith(".json", StringComparison.OrdinalIgnoreCase)))
            {
                if (entry.Length > MaxRecordBytes)
                {
                    throw new InvalidDataException($"`{entry.FullName}` is larger than {MaxRecordBytes} bytes");
                }

                if (Parse(Inflate(entry), $"{name}!/{entry.FullName}", mayBeOther: false) is { } record)
                {
                    read.Add(record);
                }
            }
        }
        catch (Exception e) when (e is InvalidDataException or EndOfStreamException or IOException or NotSupportedException)
        {
            Fail(name, $"is no sound archive: {Line(e)}", "fetch it again");
            return false;
        }

        if (replaces is not null)
        {
            if (read.Count == 0)
            {
                Fail(name, "holds no records", "check the address");
                return false;
            }

            RemoveEcosystem(replaces);
        }

        read.ForEach(Take);
        return true;
    }

    /// <summary>Adds CISA's known-exploited list, or a map of CVEs.</summary>
    public void AddKnownExploited(ReadOnlyMemory<byte> json, string name)
    {
        if (TryKnownExploited(json) != true)
        {
            Fail(name, "is no known-exploited list", "");
        }
    }

    /// <summary>Compiles to a file, replacing it in one step; a failure leaves the old file as it was.</summary>
    public void Write(string path, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(time);
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        DatabaseWriter.Write(path, [.. records.Values], exploits, time.GetUtcNow());
    }

    /// <summary>Reads an entry whole and compares length and CRC-32: the framework's reader checks neither.</summary>
    private static byte[] Inflate(ZipArchiveEntry entry)
    {
        var bytes = new byte[entry.Length];
        using var stream = entry.Open();
        stream.ReadExactly(bytes);
        return stream.ReadByte() < 0 && System.IO.Hashing.Crc32.HashToUInt32(bytes) == entry.Crc32 ? bytes
            : throw new InvalidDataException($"`{entry.FullName}` is damaged: its checksum is wrong");
    }

    private void AddFile(string file, bool mayBeOther)
    {
        try
        {
            switch (Path.GetExtension(file))
            {
                case ".zip":
                    using (var stream = File.OpenRead(file))
                    {
                        AddArchive(stream, file);
                    }

                    break;
                case ".csv":
                    using (var reader = new StreamReader(file))
                    {
                        if (exploits.ReadEpss(reader) == 0)
                        {
                            Fail(file, "is no EPSS table", "expected rows of `cve,epss,percentile`");
                        }
                    }

                    break;
                default:
                    if (new FileInfo(file).Length > MaxRecordBytes)
                    {
                        Fail(file, $"larger than {MaxRecordBytes} bytes", "");
                        break;
                    }

                    if (Parse(File.ReadAllBytes(file), file, mayBeOther) is { } record)
                    {
                        Take(record);
                    }

                    break;
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Fail(file, Line(e), "");
        }
    }

    private AdvisoryRecord? Parse(ReadOnlyMemory<byte> json, string name, bool mayBeOther)
    {
        try
        {
            return OsvReader.Read(json);
        }
        catch (JsonException e)
        {
            switch (TryKnownExploited(json))
            {
                case true:
                    break;
                case false when mayBeOther:
                    skipped++;
                    break;
                default:
                    Fail(name, Line(e), "");
                    break;
            }

            return null;
        }
    }

    private void Take(AdvisoryRecord record)
    {
        taken++;
        if (record.IsWithdrawn)
        {
            withdrawn++;
            records.Remove(record.Id);
        }
        else if (record.Affected.Count == 0)
        {
            skipped++;
        }
        else
        {
            records[record.Id] = records.TryGetValue(record.Id, out var old) ? Merge(old, record) : record;
        }
    }

    /// <summary>Null when this is no JSON at all: the caller reports the first error.</summary>
    private bool? TryKnownExploited(ReadOnlyMemory<byte> json)
    {
        try
        {
            return exploits.TryReadKnownExploited(json);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>
    /// The same id again: the newer one speaks, but sources that each list only their own packages (as exports of one CVE for several
    /// ecosystems do) must not erase each other's.
    /// </summary>
    private static AdvisoryRecord Merge(AdvisoryRecord old, AdvisoryRecord record)
    {
        var head = string.CompareOrdinal(old.Modified, record.Modified) > 0 ? old : record;
        var replaced = record.Affected.Select(a => (a.Ecosystem.Name, a.Name)).ToHashSet();
        return head with
        {
            Aliases = [.. old.Aliases.Union(record.Aliases, StringComparer.Ordinal)],
            Affected = [.. old.Affected.Where(a => !replaced.Contains((a.Ecosystem.Name, a.Name))), .. record.Affected],
        };
    }

    private void Fail(string path, string message, string hint)
    {
        failures++;
        if (errors.Count < MaxErrors)
        {
            errors.Add(new FileError("advisories", path, message, hint));
        }
    }

    private static string Line(Exception e) => e.Message.ReplaceLineEndings(" ").TrimEnd('.');
}
