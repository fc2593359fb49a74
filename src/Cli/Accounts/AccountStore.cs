using System.Globalization;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.Data.Sqlite;
using Pellicle.Aws;
using Pellicle.Domain;
using Pellicle.Posture;
using Pellicle.Scanning.Pipeline;

namespace Pellicle.Cli.Accounts;

/// <summary>What an earlier scan left of a target, without its text.</summary>
/// <param name="Kind"><c>function</c> or <c>layer</c>.</param>
/// <param name="Name">Name.</param>
/// <param name="Arn">ARN: the key.</param>
/// <param name="View">Id of the packages it loads, shared by targets that load the same.</param>
/// <param name="Inputs">Hash of everything the result depends on besides advisories.</param>
/// <param name="Lacks">Checks that no permission would let judge.</param>
/// <param name="Rules">Rules of its own findings.</param>
/// <param name="Own">Counts of its own findings and errors: configuration, role.</param>
internal sealed record StoredResult(string Kind, string Name, string Arn, string View, string Inputs, IReadOnlyList<NotJudged> Lacks, IReadOnlyList<RuleHit> Rules, ResultCounts Own);

/// <summary>A rule that a finding that loads was made by.</summary>
internal readonly record struct RuleHit(string Rule, Severity Severity);

/// <summary>Counts of one target, kept beside its text so that a summary needs no text.</summary>
internal sealed record ResultCounts(ScanStatus Status, int Packages, int Critical, int High, int Medium, int Low, int Info, int Errors)
{
    public static ResultCounts Of(ScanStatus status, int packages, IEnumerable<Severity> findings, int errors)
    {
        Span<int> by = stackalloc int[5];
        foreach (var severity in findings)
        {
            by[(int)severity]++;
        }

        return new ResultCounts(status, packages, by[(int)Severity.Critical], by[(int)Severity.High], by[(int)Severity.Medium], by[(int)Severity.Low], by[(int)Severity.Info], errors);
    }

    public static ResultCounts Of(ScanTarget target) => Of(target.Status, target.Packages.Count, target.Findings.Select(f => f.Severity), target.Errors.Count);

    /// <summary>Of a target with these packages and its own findings.</summary>
    public ResultCounts With(ResultCounts own) => new(
        Status == ScanStatus.Failed ? ScanStatus.Failed : own.Errors > 0 ? ScanStatus.Partial : Status,
        Packages, Critical + own.Critical, High + own.High, Medium + own.Medium, Low + own.Low, Info + own.Info, Errors + own.Errors);

    /// <summary>With findings of a severity more, or less.</summary>
    public ResultCounts Plus(Severity severity, int count) => severity switch
    {
        Severity.Critical => this with { Critical = Critical + count },
        Severity.High => this with { High = High + count },
        Severity.Medium => this with { Medium = Medium + count },
        Severity.Low => this with { Low = Low + count },
        Severity.Info => this with { Info = Info + count },
    };
}

/// <summary>What a target has of its own, besides what it loads.</summary>
internal sealed record OwnPart(IReadOnlyList<Finding> Findings, IReadOnlyList<FileError> Errors)
{
    public ResultCounts Counts => ResultCounts.Of(ScanStatus.Succeeded, 0, Findings.Select(f => f.Severity), Errors.Count);

    public IReadOnlyList<RuleHit> Rules => ViewState.RulesOf(Findings);
}

/// <summary>
/// One account in one region, as the last scan saw it. Nothing is kept twice: packages and what loads once for all targets that load the same (views), what
/// advisories say once for each package version (answers), configuration findings with their target (results). One SQLite file, texts compressed one by one, so
/// that neither reading nor writing ever holds more than a target. Values of environment variables are not kept.
/// </summary>
internal sealed class AccountStore : IDisposable
{
    private const int Schema = 6;

    // Fields, for the tuple of an EPSS value.
    private static readonly JsonSerializerOptions Compact = new() { IncludeFields = true };

    private readonly SqliteConnection _connection;
    private readonly Lock _gate = new();
    private readonly Dictionary<string, SqliteCommand> _commands = new(StringComparer.Ordinal);
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
                DROP TABLE IF EXISTS views; DROP TABLE IF EXISTS view_states; DROP TABLE IF EXISTS answers; DROP TABLE IF EXISTS change_members;
                CREATE TABLE functions (name TEXT PRIMARY KEY, listing TEXT NOT NULL, read_at INTEGER NOT NULL, document BLOB NOT NULL) WITHOUT ROWID;
                CREATE TABLE layers (arn TEXT PRIMARY KEY, document BLOB NOT NULL) WITHOUT ROWID;
                CREATE TABLE results (target TEXT PRIMARY KEY, kind TEXT NOT NULL, name TEXT NOT NULL, view TEXT NOT NULL, inputs TEXT NOT NULL, lacks TEXT NOT NULL, rules TEXT NOT NULL,
                    critical INTEGER NOT NULL, high INTEGER NOT NULL, medium INTEGER NOT NULL, low INTEGER NOT NULL, info INTEGER NOT NULL, errors INTEGER NOT NULL, own BLOB NOT NULL);
                CREATE TABLE views (id TEXT PRIMARY KEY, shape BLOB NOT NULL, document BLOB NOT NULL);
                CREATE TABLE view_states (id TEXT PRIMARY KEY, rules TEXT NOT NULL, status INTEGER NOT NULL, packages INTEGER NOT NULL, critical INTEGER NOT NULL, high INTEGER NOT NULL, medium INTEGER NOT NULL, low INTEGER NOT NULL,
                    info INTEGER NOT NULL, errors INTEGER NOT NULL) WITHOUT ROWID;
                CREATE TABLE contents (sha256 TEXT PRIMARY KEY, build TEXT NOT NULL, packages BLOB NOT NULL) WITHOUT ROWID;
                CREATE TABLE answers (ecosystem TEXT NOT NULL, name TEXT NOT NULL, version TEXT NOT NULL, guess INTEGER NOT NULL, hash TEXT NOT NULL, document BLOB NOT NULL, PRIMARY KEY (ecosystem, name, version, guess)) WITHOUT ROWID;
                CREATE TABLE changes (scan INTEGER NOT NULL, at INTEGER NOT NULL, members INTEGER NOT NULL, change TEXT NOT NULL, severity TEXT NOT NULL, rule TEXT NOT NULL, title TEXT NOT NULL, fingerprint TEXT NOT NULL);
                CREATE INDEX changes_fingerprint ON changes (fingerprint) WHERE change = 'fixed';
                CREATE TABLE change_members (id INTEGER NOT NULL, target TEXT NOT NULL, name TEXT NOT NULL);
                CREATE INDEX change_members_id ON change_members (id);
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
        (string Listing, long At, byte[] Document)? found = null;
        Read("SELECT listing, read_at, document FROM functions WHERE name = $a", row => found = (row.GetString(0), row.GetInt64(1), (byte[])row[2]), name);
        return found is { } f ? new KnownFunction(f.Listing, DateTimeOffset.FromUnixTimeMilliseconds(f.At), JsonSerializer.Deserialize<FunctionInventory>(Inflate(f.Document))!) : null;
    }

    /// <summary>Names of the functions that earlier scans read.</summary>
    public IReadOnlyList<string> FunctionNames()
    {
        var names = new List<string>();
        Read("SELECT name FROM functions", row => names.Add(row.GetString(0)));
        return names;
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

    /// <summary>Packages of a content, or null when this build of the scanner did not read it.</summary>
    public IReadOnlyList<ContentPackage>? Packages(string sha256, string build) =>
        Scalar("SELECT packages FROM contents WHERE sha256 = $a AND build = $b", sha256, build) is byte[] text ? JsonSerializer.Deserialize<List<ContentPackage>>(Inflate(text)) : null;

    /// <summary>Packages of a content, whichever build read it.</summary>
    public IReadOnlyList<ContentPackage>? Packages(string sha256) =>
        Scalar("SELECT packages FROM contents WHERE sha256 = $a", sha256) is byte[] text ? JsonSerializer.Deserialize<List<ContentPackage>>(Inflate(text)) : null;

    public void SavePackages(string sha256, string build, IReadOnlyList<ContentPackage> packages) =>
        Run("INSERT INTO contents VALUES ($a, $b, $c) ON CONFLICT (sha256) DO UPDATE SET build = excluded.build, packages = excluded.packages", sha256, build, Deflate(JsonSerializer.SerializeToUtf8Bytes(packages)));

    public Dictionary<string, StoredResult> Results()
    {
        var all = new Dictionary<string, StoredResult>(StringComparer.Ordinal);
        Read("SELECT target, kind, name, view, inputs, lacks, rules, critical, high, medium, low, info, errors FROM results", row => all[row.GetString(0)] = new StoredResult(
            row.GetString(1), row.GetString(2), row.GetString(0), row.GetString(3), row.GetString(4),
            [.. row.GetString(5).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => l.Split('\t', 2)).Select(l => new NotJudged(l[0], l[1]))],
            ViewState.ParseRules(row.GetString(6)),
            new ResultCounts(ScanStatus.Succeeded, 0, row.GetInt32(7), row.GetInt32(8), row.GetInt32(9), row.GetInt32(10), row.GetInt32(11), row.GetInt32(12))));
        return all;
    }

    /// <summary>Name, view and own findings of a target.</summary>
    public (string Name, string View, OwnPart Own)? Result(string target)
    {
        (string, string, OwnPart)? found = null;
        Read("SELECT name, view, own FROM results WHERE target = $a", row => found = (row.GetString(0), row.GetString(1), JsonSerializer.Deserialize<OwnPart>(Inflate((byte[])row[2]), Compact)!), target);
        return found;
    }

    public void SaveResult(StoredResult result, OwnPart own) => Run("""
        INSERT INTO results VALUES ($a, $b, $c, $d, $e, $f, $g, $h, $i, $j, $k, $l, $m, $n)
        ON CONFLICT (target) DO UPDATE SET kind = excluded.kind, name = excluded.name, view = excluded.view, inputs = excluded.inputs, lacks = excluded.lacks, rules = excluded.rules, critical = excluded.critical,
            high = excluded.high, medium = excluded.medium, low = excluded.low, info = excluded.info, errors = excluded.errors, own = excluded.own
        """,
        result.Arn, result.Kind, result.Name, result.View, result.Inputs, string.Join('\n', result.Lacks.Select(l => $"{l.Check}\t{l.Lacks}")), ViewState.WriteRules(result.Rules),
        result.Own.Critical, result.Own.High, result.Own.Medium, result.Own.Low, result.Own.Info, result.Own.Errors, Deflate(JsonSerializer.SerializeToUtf8Bytes(own, Compact)));

    /// <summary>Removes what no longer exists.</summary>
    public void RemoveResult(string key) => Run("DELETE FROM results WHERE target = $a", key);

    public void RemoveFunction(string name) => Run("DELETE FROM functions WHERE name = $a", name);

    /// <summary>Ids, shapes and states of all views.</summary>
    public Dictionary<string, (ViewShape Shape, ViewState State)> Views()
    {
        var all = new Dictionary<string, (ViewShape, ViewState)>(StringComparer.Ordinal);
        Read("SELECT v.id, v.shape, s.rules, s.status, s.packages, s.critical, s.high, s.medium, s.low, s.info, s.errors FROM views v JOIN view_states s ON s.id = v.id", row => all[row.GetString(0)] = (
            JsonSerializer.Deserialize<ViewShape>((byte[])row[1])!,
            new ViewState(ViewState.ParseRules(row.GetString(2)), new ResultCounts((ScanStatus)row.GetInt32(3), row.GetInt32(4), row.GetInt32(5), row.GetInt32(6), row.GetInt32(7), row.GetInt32(8), row.GetInt32(9), row.GetInt32(10)))));
        return all;
    }

    public BareTarget? View(string id) => Scalar("SELECT document FROM views WHERE id = $a", id) is byte[] document ? JsonSerializer.Deserialize<BareTarget>(Inflate(document), Compact) : null;

    public void SaveView(string id, ViewShape shape, BareTarget view) =>
        Run("INSERT INTO views VALUES ($a, $b, $c) ON CONFLICT (id) DO UPDATE SET shape = excluded.shape, document = excluded.document", id, JsonSerializer.SerializeToUtf8Bytes(shape), Deflate(JsonSerializer.SerializeToUtf8Bytes(view, Compact)));

    public void SaveViewState(string id, ViewState state) => Run(
        """
        INSERT INTO view_states VALUES ($a, $b, $c, $d, $e, $f, $g, $h, $i, $j)
        ON CONFLICT (id) DO UPDATE SET rules = excluded.rules, status = excluded.status, packages = excluded.packages, critical = excluded.critical, high = excluded.high, medium = excluded.medium, low = excluded.low, info = excluded.info, errors = excluded.errors
        """,
        id, ViewState.WriteRules(state.Rules), (int)state.Counts.Status, state.Counts.Packages, state.Counts.Critical, state.Counts.High, state.Counts.Medium, state.Counts.Low, state.Counts.Info, state.Counts.Errors);

    /// <summary>Removes views that no target has any more.</summary>
    public void PruneViews() => Run("DELETE FROM views WHERE id NOT IN (SELECT view FROM results); DELETE FROM view_states WHERE id NOT IN (SELECT id FROM views)");

    /// <summary>Hashes of what advisories said; package versions without any are not in it.</summary>
    public Dictionary<PackageVersion, string> AnswerHashes()
    {
        var all = new Dictionary<PackageVersion, string>();
        Read("SELECT ecosystem, name, version, guess, hash FROM answers", row => all[new PackageVersion(row.GetString(0), row.GetString(1), row.GetString(2), row.GetInt32(3) != 0)] = row.GetString(4));
        return all;
    }

    public AdvisoryAnswer Answer(PackageVersion package) =>
        Scalar("SELECT document FROM answers WHERE ecosystem = $a AND name = $b AND version = $c AND guess = $d", package.Ecosystem, package.Name, package.Version, package.IsGuess ? 1 : 0) is byte[] text ? JsonSerializer.Deserialize<AdvisoryAnswer>(text, Compact)! : AdvisoryAnswer.None;

    /// <summary>An answer as it is stored, and its hash; both empty where no advisory says anything.</summary>
    public static (string Hash, byte[] Text) Write(AdvisoryAnswer answer)
    {
        if (answer is { Matches.Count: 0, IsUncomparable: false })
        {
            return ("", []);
        }

        var text = JsonSerializer.SerializeToUtf8Bytes(answer, Compact);
        return (Convert.ToHexStringLower(SHA256.HashData(text).AsSpan(0, 16)), text);
    }

    public void SaveAnswer(PackageVersion package, string hash, byte[] text)
    {
        if (text.Length == 0)
        {
            Run("DELETE FROM answers WHERE ecosystem = $a AND name = $b AND version = $c AND guess = $d", package.Ecosystem, package.Name, package.Version, package.IsGuess ? 1 : 0);
        }
        else
        {
            Run("INSERT INTO answers VALUES ($a, $b, $c, $d, $e, $f) ON CONFLICT (ecosystem, name, version, guess) DO UPDATE SET hash = excluded.hash, document = excluded.document", package.Ecosystem, package.Name, package.Version, package.IsGuess ? 1 : 0, hash, text);
        }
    }

    /// <summary>Keeps changes that all of some targets share.</summary>
    public void AddChanges(long scan, DateTimeOffset at, ChangeGroup group)
    {
        var members = Convert.ToInt64(Scalar("SELECT COALESCE(MAX(id), 0) + 1 FROM change_members"), CultureInfo.InvariantCulture);
        foreach (var (target, name) in group.Targets)
        {
            Run("INSERT INTO change_members VALUES ($a, $b, $c)", members, target, name);
        }

        foreach (var change in group.Changes)
        {
            Run("INSERT INTO changes VALUES ($a, $b, $c, $d, $e, $f, $g, $h)", scan, at.ToUnixTimeMilliseconds(), members, change.Change, Word(change.Severity), change.RuleId, change.Title, change.Fingerprint);
        }
    }

    /// <summary>True when any finding was fixed once before.</summary>
    public bool HasFixed => Scalar("SELECT 1 FROM changes WHERE change = 'fixed' LIMIT 1") is not null;

    /// <summary>Targets in which this finding was fixed once before.</summary>
    public HashSet<string> FixedIn(string fingerprint)
    {
        var targets = new HashSet<string>(StringComparer.Ordinal);
        Read("SELECT m.target FROM changes c JOIN change_members m ON m.id = c.members WHERE c.change = 'fixed' AND c.fingerprint = $a", row => targets.Add(row.GetString(0)), fingerprint);
        return targets;
    }

    public IReadOnlyList<ChangeGroup> Changes(long scan)
    {
        var changes = new Dictionary<long, List<SharedChange>>();
        var targets = new Dictionary<long, List<(string, string)>>();
        Read(
            "SELECT members, change, severity, rule, title, fingerprint FROM changes WHERE scan = $a ORDER BY rowid",
            row => Of(changes, row.GetInt64(0)).Add(new SharedChange(row.GetString(1), Enum.Parse<Severity>(row.GetString(2), ignoreCase: true), row.GetString(3), row.GetString(4), row.GetString(5))),
            scan);
        Read(
            "SELECT id, target, name FROM change_members WHERE id IN (SELECT DISTINCT members FROM changes WHERE scan = $a) ORDER BY rowid",
            row => Of(targets, row.GetInt64(0)).Add((row.GetString(1), row.GetString(2))),
            scan);
        return [.. changes.Select(c => new ChangeGroup(c.Value, Of(targets, c.Key)))];

        static List<T> Of<T>(Dictionary<long, List<T>> all, long id) => all.TryGetValue(id, out var found) ? found : all[id] = [];
    }

    public void Dispose()
    {
        foreach (var command in _commands.Values)
        {
            command.Dispose();
        }

        _transaction?.Dispose();
        _connection.Dispose();
    }

    private static string Word(Severity severity) => severity.ToString().ToLowerInvariant();

    private void Run(string sql, params object[] values)
    {
        lock (_gate)
        {
            Command(sql, values).ExecuteNonQuery();
        }
    }

    private object? Scalar(string sql, params object[] values)
    {
        lock (_gate)
        {
            return Command(sql, values).ExecuteScalar();
        }
    }

    private void Read(string sql, Action<SqliteDataReader> row, params object[] values)
    {
        lock (_gate)
        {
            using var reader = Command(sql, values).ExecuteReader();
            while (reader.Read())
            {
                row(reader);
            }
        }
    }

    /// <summary>A statement, prepared once. Called and used under the lock.</summary>
    private SqliteCommand Command(string sql, object[] values)
    {
        if (!_commands.TryGetValue(sql, out var command))
        {
            command = _connection.CreateCommand();
            command.CommandText = sql;
            for (var i = 0; i < values.Length; i++)
            {
                command.Parameters.AddWithValue($"${(char)('a' + i)}", values[i]);
            }

            _commands.Add(sql, command);
        }

        command.Transaction = _transaction;
        for (var i = 0; i < values.Length; i++)
        {
            command.Parameters[i].Value = values[i];
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
