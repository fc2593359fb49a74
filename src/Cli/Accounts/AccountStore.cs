using System.Globalization;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.Data.Sqlite;
using Pellicle.Aws;
using Pellicle.Posture;
using Pellicle.Scanning.Pipeline;

namespace Pellicle.Cli.Accounts;

/// <summary>What an earlier scan left of a target, without its text.</summary>
/// <param name="Kind"><c>function</c> or <c>layer</c>.</param>
/// <param name="Name">Name.</param>
/// <param name="Arn">ARN: the key.</param>
/// <param name="Inputs">Hash of everything the result depends on.</param>
/// <param name="Vulnerable">Hash of the advisories' answers it holds.</param>
/// <param name="Lacks">Checks that no permission would let judge.</param>
/// <param name="Counts">Counts.</param>
internal sealed record StoredResult(string Kind, string Name, string Arn, string Inputs, string Vulnerable, IReadOnlyList<NotJudged> Lacks, ResultCounts Counts);

/// <summary>Counts of one target, kept beside its text so that a summary needs no text.</summary>
internal sealed record ResultCounts(ScanStatus Status, int Packages, int Critical, int High, int Medium, int Low, int Info, int Errors);

/// <summary>A finding that came or went.</summary>
internal sealed record FindingChange(string Target, string Name, string Change, string Severity, string RuleId, string Title, string Fingerprint);

/// <summary>
/// One account in one region, as the last scan saw it: functions, layer versions, packages, results. One SQLite file, texts compressed one by one, so that
/// neither reading nor writing ever holds more than a target. Values of environment variables are not kept.
/// </summary>
internal sealed class AccountStore : IDisposable
{
    private const int Schema = 4;

    // Loader variables decide which copy of a package loads; they are paths and switches. Nothing else of the environment is kept.
    private static readonly HashSet<string> Kept = new(StringComparer.Ordinal)
    {
        "NODE_PATH", "NODE_OPTIONS", "PYTHONPATH", "PYTHONHOME", "PYTHONSTARTUP", "PYTHONUSERBASE", "JAVA_TOOL_OPTIONS", "CLASSPATH", "LD_LIBRARY_PATH", "LD_PRELOAD", "GEM_PATH", "GEM_HOME", "RUBYLIB", "RUBYOPT",
        "DOTNET_STARTUP_HOOKS", "DOTNET_ADDITIONAL_DEPS", "DOTNET_SHARED_STORE", "AWS_LAMBDA_EXEC_WRAPPER", "PATH",
    };

    private static readonly JsonSerializerOptions Compact = new(ScanJson.Options) { WriteIndented = false };

    private readonly SqliteConnection _connection;
    private readonly Lock _gate = new();
    private SqliteTransaction? _transaction;

    public AccountStore(string directory, string region)
    {
        Directory.CreateDirectory(directory);
        var file = Path.Combine(directory, $"{region}.db");
        if (!File.Exists(file))
        {
            // Configuration of other people's functions: for the owner's eyes.
            using var made = new FileStream(file, new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.Write, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite });
        }

        _connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = file, Pooling = false, DefaultTimeout = 60 }.ToString());
        _connection.Open();
        Run("PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-16000;");
        if (Convert.ToInt32(Scalar("PRAGMA user_version"), CultureInfo.InvariantCulture) != Schema)
        {
            // A cache of what can be read again.
            Run("""
                DROP TABLE IF EXISTS functions; DROP TABLE IF EXISTS layers; DROP TABLE IF EXISTS results; DROP TABLE IF EXISTS contents; DROP TABLE IF EXISTS changes; DROP TABLE IF EXISTS packages; DROP TABLE IF EXISTS meta;
                CREATE TABLE functions (name TEXT PRIMARY KEY, listing TEXT NOT NULL, read_at INTEGER NOT NULL, document BLOB NOT NULL) WITHOUT ROWID;
                CREATE TABLE layers (arn TEXT PRIMARY KEY, document BLOB NOT NULL) WITHOUT ROWID;
                CREATE TABLE results (target TEXT PRIMARY KEY, kind TEXT NOT NULL, name TEXT NOT NULL, inputs TEXT NOT NULL, vulnerable TEXT NOT NULL, lacks TEXT NOT NULL, status INTEGER NOT NULL, packages INTEGER NOT NULL,
                    critical INTEGER NOT NULL, high INTEGER NOT NULL, medium INTEGER NOT NULL, low INTEGER NOT NULL, info INTEGER NOT NULL, errors INTEGER NOT NULL, generation INTEGER NOT NULL, request BLOB NOT NULL, document BLOB NOT NULL);
                CREATE TABLE contents (sha256 TEXT PRIMARY KEY, build TEXT NOT NULL, packages BLOB NOT NULL) WITHOUT ROWID;
                CREATE TABLE changes (scan INTEGER NOT NULL, at INTEGER NOT NULL, target TEXT NOT NULL, name TEXT NOT NULL, change TEXT NOT NULL, severity TEXT NOT NULL, rule TEXT NOT NULL, title TEXT NOT NULL, fingerprint TEXT NOT NULL);
                CREATE INDEX changes_fingerprint ON changes (target, fingerprint);
                CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
                """ + string.Create(CultureInfo.InvariantCulture, $"PRAGMA user_version={Schema}"));
        }
    }

    /// <summary>Everything until <see cref="Commit"/> is kept together, or not at all.</summary>
    public void Begin()
    {
        lock (_gate)
        {
            _transaction = _connection.BeginTransaction();
        }
    }

    public void Commit()
    {
        lock (_gate)
        {
            _transaction?.Commit();
            _transaction?.Dispose();
            _transaction = null;
        }
    }

    public string? Meta(string name) => Scalar("SELECT value FROM meta WHERE name = $a", name) as string;

    public void SetMeta(string name, string value) => Run("INSERT INTO meta VALUES ($a, $b) ON CONFLICT (name) DO UPDATE SET value = excluded.value", name, value);

    public KnownFunction? Function(string name)
    {
        lock (_gate)
        {
            using var command = Command("SELECT listing, read_at, document FROM functions WHERE name = $a", name);
            using var reader = command.ExecuteReader();
            return reader.Read() ? new KnownFunction(reader.GetString(0), DateTimeOffset.FromUnixTimeMilliseconds(reader.GetInt64(1)), JsonSerializer.Deserialize<FunctionInventory>(Inflate((byte[])reader[2]))!) : null;
        }
    }

    /// <summary>Keeps a function without the values of its variables; returns the hash of what is kept.</summary>
    public string SaveFunction(FunctionInventory function, string listing, DateTimeOffset now)
    {
        var bare = function with { Configuration = function.Configuration with { Environment = function.Configuration.Environment is null ? null : new EnvironmentVariables { Error = function.Configuration.Environment.Error } } };
        var text = JsonSerializer.SerializeToUtf8Bytes(bare);
        Run("INSERT INTO functions VALUES ($a, $b, $c, $d) ON CONFLICT (name) DO UPDATE SET listing = excluded.listing, read_at = excluded.read_at, document = excluded.document", function.Configuration.FunctionName, listing, now.ToUnixTimeMilliseconds(), Deflate(text));
        return Convert.ToHexStringLower(SHA256.HashData(text));
    }

    public LayerInventory? Layer(string arn) => Scalar("SELECT document FROM layers WHERE arn = $a", arn) is byte[] document ? JsonSerializer.Deserialize<LayerInventory>(Inflate(document)) : null;

    public void SaveLayer(LayerInventory layer) =>
        Run("INSERT INTO layers VALUES ($a, $b) ON CONFLICT (arn) DO UPDATE SET document = excluded.document", layer.Arn, Deflate(JsonSerializer.SerializeToUtf8Bytes(layer)));

    /// <summary>Purls of a content, or null when this build of the scanner did not read it.</summary>
    public IReadOnlyList<string>? Packages(string sha256, string build) =>
        Scalar("SELECT packages FROM contents WHERE sha256 = $a AND build = $b", sha256, build) is byte[] text ? System.Text.Encoding.UTF8.GetString(Inflate(text)).Split('\n', StringSplitOptions.RemoveEmptyEntries) : null;

    public void SavePackages(string sha256, string build, IEnumerable<string> purls) =>
        Run("INSERT INTO contents VALUES ($a, $b, $c) ON CONFLICT (sha256) DO UPDATE SET build = excluded.build, packages = excluded.packages", sha256, build, Deflate(System.Text.Encoding.UTF8.GetBytes(string.Join('\n', purls))));

    public Dictionary<string, StoredResult> Results()
    {
        lock (_gate)
        {
            var all = new Dictionary<string, StoredResult>(StringComparer.Ordinal);
            using var command = Command("SELECT target, kind, name, inputs, vulnerable, lacks, status, packages, critical, high, medium, low, info, errors FROM results");
            using var reader = command.ExecuteReader();
            while (reader.Read())
            {
                all[reader.GetString(0)] = new StoredResult(reader.GetString(1), reader.GetString(2), reader.GetString(0), reader.GetString(3), reader.GetString(4),
                    [.. reader.GetString(5).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => l.Split('\t', 2)).Select(l => new NotJudged(l[0], l[1]))],
                    new ResultCounts((ScanStatus)reader.GetInt32(6), reader.GetInt32(7), reader.GetInt32(8), reader.GetInt32(9), reader.GetInt32(10), reader.GetInt32(11), reader.GetInt32(12), reader.GetInt32(13)));
            }

            return all;
        }
    }

    public ScanTarget? Target(string target) => Scalar("SELECT document FROM results WHERE target = $a", target) is byte[] document ? JsonSerializer.Deserialize<ScanTarget>(Inflate(document), Compact) : null;

    /// <summary>Text of a target in the form of the scan report.</summary>
    public byte[]? TargetText(string target) => Scalar("SELECT document FROM results WHERE target = $a", target) is byte[] document ? Inflate(document) : null;

    public TargetOrder? Order(string target) => Scalar("SELECT request FROM results WHERE target = $a", target) is byte[] document ? JsonSerializer.Deserialize<TargetOrder>(Inflate(document)) : null;

    public void SaveResult(string key, ScanTarget target, TargetOrder order, string inputs, string vulnerable, IReadOnlyList<NotJudged> lacks, long generation)
    {
        var counts = Count(target);
        var kept = order with { Variables = order.Variables.Where(v => Kept.Contains(v.Key)).ToDictionary() };
        Run("""
            INSERT INTO results VALUES ($a, $b, $c, $d, $e, $f, $g, $h, $i, $j, $k, $l, $m, $n, $o, $p, $q)
            ON CONFLICT (target) DO UPDATE SET kind = excluded.kind, name = excluded.name, inputs = excluded.inputs, vulnerable = excluded.vulnerable, lacks = excluded.lacks, status = excluded.status, packages = excluded.packages, critical = excluded.critical,
                high = excluded.high, medium = excluded.medium, low = excluded.low, info = excluded.info, errors = excluded.errors, generation = excluded.generation, request = excluded.request, document = excluded.document
            """,
            key, target.Kind, target.Name, inputs, vulnerable, string.Join('\n', lacks.Select(l => $"{l.Check}\t{l.Lacks}")), (int)counts.Status, counts.Packages, counts.Critical, counts.High, counts.Medium, counts.Low, counts.Info, counts.Errors, generation,
            Deflate(JsonSerializer.SerializeToUtf8Bytes(kept)), Deflate(JsonSerializer.SerializeToUtf8Bytes(target, Compact)));
    }

    /// <summary>Removes what no longer exists.</summary>
    public void RemoveResult(string key) => Run("DELETE FROM results WHERE target = $a", key);

    public void RemoveFunction(string name) => Run("DELETE FROM functions WHERE name = $a", name);

    public void AddChange(long scan, DateTimeOffset at, FindingChange change) =>
        Run("INSERT INTO changes VALUES ($a, $b, $c, $d, $e, $f, $g, $h, $i)", scan, at.ToUnixTimeMilliseconds(), change.Target, change.Name, change.Change, change.Severity, change.RuleId, change.Title, change.Fingerprint);

    /// <summary>True when this finding was fixed once before.</summary>
    public bool WasFixed(string target, string fingerprint) => Scalar("SELECT 1 FROM changes WHERE target = $a AND fingerprint = $b AND change = 'fixed' LIMIT 1", target, fingerprint) is not null;

    public IReadOnlyList<FindingChange> Changes(long scan)
    {
        lock (_gate)
        {
            var all = new List<FindingChange>();
            using var command = Command("SELECT target, name, change, severity, rule, title, fingerprint FROM changes WHERE scan = $a ORDER BY change, name, rule, fingerprint", scan);
            using var reader = command.ExecuteReader();
            while (reader.Read())
            {
                all.Add(new FindingChange(reader.GetString(0), reader.GetString(1), reader.GetString(2), reader.GetString(3), reader.GetString(4), reader.GetString(5), reader.GetString(6)));
            }

            return all;
        }
    }

    public static ResultCounts Count(ScanTarget target)
    {
        Span<int> by = stackalloc int[5];
        foreach (var finding in target.Findings)
        {
            by[(int)finding.Severity]++;
        }

        return new ResultCounts(target.Status, target.Packages.Count, by[(int)Domain.Severity.Critical], by[(int)Domain.Severity.High], by[(int)Domain.Severity.Medium], by[(int)Domain.Severity.Low], by[(int)Domain.Severity.Info], target.Errors.Count);
    }

    public void Dispose()
    {
        _transaction?.Dispose();
        _connection.Dispose();
    }

    private void Run(string sql, params object[] values)
    {
        lock (_gate)
        {
            using var command = Command(sql, values);
            command.ExecuteNonQuery();
        }
    }

    private object? Scalar(string sql, params object[] values)
    {
        lock (_gate)
        {
            using var command = Command(sql, values);
            return command.ExecuteScalar();
        }
    }

    private SqliteCommand Command(string sql, params object[] values)
    {
        var command = _connection.CreateCommand();
        command.CommandText = sql;
        command.Transaction = _transaction;
        for (var i = 0; i < values.Length; i++)
        {
            command.Parameters.AddWithValue($"${(char)('a' + i)}", values[i]);
        }

        return command;
    }

    private static byte[] Deflate(byte[] text)
    {
        using var buffer = new MemoryStream();
        using (var stream = new DeflateStream(buffer, CompressionLevel.Fastest, leaveOpen: true))
        {
            stream.Write(text);
        }

        return buffer.ToArray();
    }

    private static byte[] Inflate(byte[] blob)
    {
        using var buffer = new MemoryStream();
        using var stream = new DeflateStream(new MemoryStream(blob), CompressionMode.Decompress);
        stream.CopyTo(buffer);
        return buffer.ToArray();
    }
}

/// <summary>What decides the packages of a target and which of them load: same order, same answer.</summary>
internal sealed record TargetOrder
{
    public required string Kind { get; init; }

    public required string Name { get; init; }

    public string? Arn { get; init; }

    public string? Runtime { get; init; }

    public string? Handler { get; init; }

    public string? Architecture { get; init; }

    /// <summary>Hexadecimal digest of the code; null where it could not be had.</summary>
    public string? Code { get; init; }

    public IReadOnlyList<OrderedLayer> Layers { get; init; } = [];

    public IReadOnlyDictionary<string, string> Variables { get; init; } = new Dictionary<string, string>();

    /// <summary>Equal for targets whose packages are judged alike; name and ARN do not count.</summary>
    public string Key()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        void Add(string? text) => hash.AppendData(System.Text.Encoding.UTF8.GetBytes((text ?? "\u0001") + "\n"));
        Add(Kind);
        // A layer's own name is in the origin of what it holds.
        Add(Kind == "layer" ? Name : "");
        Add(Runtime);
        Add(Handler);
        Add(Architecture);
        Add(Code);
        foreach (var layer in Layers)
        {
            Add(layer.Arn);
            Add(layer.Sha256);
        }

        foreach (var (name, value) in Variables.OrderBy(v => v.Key, StringComparer.Ordinal))
        {
            Add(name);
            Add(value);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}

/// <summary>A layer version whose content is stored.</summary>
internal sealed record OrderedLayer(string Name, string Arn, string Sha256);
