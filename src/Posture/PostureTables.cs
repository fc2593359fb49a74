using System.Globalization;
using System.Reflection;

namespace Pellicle.Posture;

/// <summary>A table of facts that checks use.</summary>
/// <param name="Name">Name, for example <c>lambda-runtimes</c>.</param>
/// <param name="Date">Day its facts are of.</param>
/// <param name="Source">Where they come from, in words.</param>
/// <param name="BuiltIn">False when an update brought it.</param>
public sealed record TableInfo(string Name, DateOnly Date, string Source, bool BuiltIn);

/// <summary>
/// Tables of facts: built in, or a newer one of the data directory. Text, tab-separated; lines that begin with <c>#</c> say source and
/// <c>Date: YYYY-MM-DD</c>. A table that is damaged or not newer than the built-in one is not used.
/// </summary>
public static class PostureTables
{
    /// <summary>Older tables are called stale in the report: half a year is two of AWS's rounds of deprecations.</summary>
    public const int MaxAgeDays = 180;

    private static readonly Dictionary<string, int> ColumnsOf = new(StringComparer.Ordinal) { ["aws-actions"] = 3, ["escalation-paths"] = 2, ["lambda-runtimes"] = 3, ["publishers"] = 3 };

    private static string? _directory;

    /// <summary>Names of all tables.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. ColumnsOf.Keys.Order(StringComparer.Ordinal)];

    /// <summary>Looks for newer tables in a directory. To be called before the first check runs: a table is read once.</summary>
    public static void UseDirectory(string? directory) => _directory = directory;

    /// <summary>The tables in use.</summary>
    public static IReadOnlyList<TableInfo> InUse() => [.. Names.Select(n => Read(n, _directory).Info)];

    /// <summary>Tables in use that are older than <see cref="MaxAgeDays"/>, in words.</summary>
    public static IReadOnlyList<string> Stale(DateOnly today) =>
        [.. InUse().Where(t => today.DayNumber - t.Date.DayNumber > MaxAgeDays).Select(t => string.Create(CultureInfo.InvariantCulture, $"the table {t.Name} is of {t.Date:yyyy-MM-dd}, more than {MaxAgeDays} days old: what AWS changed since is not judged; renew it with `pellicle db update --tables URL`"))];

    /// <summary>Why a text cannot be the table of this name, or null when it can.</summary>
    public static string? WhyNot(string name, string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (!ColumnsOf.TryGetValue(name, out var columns))
        {
            return $"there is no table `{name}`";
        }

        var (lines, info) = Parse(name, text, builtIn: false);
        return info is null ? "no line says `Date: YYYY-MM-DD`"
            : lines.FirstOrDefault(l => l.Length < columns) is { } bad ? $"the line `{string.Join(' ', bad)}` has fewer than {columns} columns"
            : lines.Count < Parse(name, BuiltIn(name), builtIn: true).Lines.Count / 2 ? $"it has {lines.Count} lines, less than half of the built-in one"
            : null;
    }

    /// <summary>Rows of a table in use.</summary>
    internal static IReadOnlyList<string[]> Lines(string name) => Read(name, _directory).Lines;

    /// <summary>Day of a table in use.</summary>
    internal static DateOnly DateOf(string name) => Read(name, _directory).Info.Date;

    internal static (IReadOnlyList<string[]> Lines, TableInfo Info) Read(string name, string? directory)
    {
        var (lines, info) = Parse(name, BuiltIn(name), builtIn: true);
        if (directory is not null && Path.Combine(directory, $"{name}.tsv") is var path && File.Exists(path))
        {
            var text = File.ReadAllText(path);
            var (newer, about) = Parse(name, text, builtIn: false);
            if (WhyNot(name, text) is null && about!.Date > info!.Date)
            {
                return (newer, about);
            }
        }

        return (lines, info ?? throw new InvalidOperationException($"the table {name} has no date"));
    }

    private static (IReadOnlyList<string[]> Lines, TableInfo? Info) Parse(string name, string text, bool builtIn)
    {
        var lines = new List<string[]>();
        var about = new List<string>();
        foreach (var line in text.Split('\n').Select(l => l.TrimEnd('\r')).Where(l => l.Length > 0))
        {
            if (line[0] == '#')
            {
                about.Add(line.TrimStart('#', ' '));
            }
            else
            {
                lines.Add(line.Split('\t'));
            }
        }

        const string mark = "Date: ";
        var all = string.Join(' ', about);
        var at = all.IndexOf(mark, StringComparison.Ordinal);
        return at >= 0 && all.Length >= at + mark.Length + 10 && DateOnly.TryParseExact(all.AsSpan(at + mark.Length, 10), "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var date)
            ? (lines, new TableInfo(name, date, all[..at].Trim(), builtIn))
            : (lines, null);
    }

    private static string BuiltIn(string name)
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(name) ?? throw new InvalidOperationException($"the table {name} is not embedded");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
