using System.Globalization;
using Pellicle.Domain;
using Pellicle.Guard.Channel;

namespace Pellicle.Guard.Sinks;

/// <summary>
/// The system's <c>ps</c>, which opens each process's environment whatever it is asked to show, and shows none unless it is told to (<c>ps axe</c>). It does without where it may not.
/// </summary>
internal static class ProcessList
{
    private static readonly string[] Programs = ["/usr/bin/ps", "/bin/ps"];

    /// <summary>Letters behind which a value stands, in the same word or in the next: with a dash and without.</summary>
    private const string WithValue = "CGgNOopqstUuk", WithValueBare = "kNOopqtU";

    private static readonly HashSet<string> LongWithValue = new(StringComparer.Ordinal)
        { "--cols", "--columns", "--format", "--Group", "--group", "--lines", "--pid", "--ppid", "--quick-pid", "--rows", "--sid", "--sort", "--tty", "--User", "--user", "--width" };

    /// <summary>An environment is opened by such a program, for nobody to see.</summary>
    internal static bool Opens(Query query) =>
        query.Dimension == Dimension.Read && query.Item.StartsWith("/proc/", StringComparison.Ordinal) && query.Item.EndsWith("/environ", StringComparison.Ordinal)
        && new FileInfo($"/proc/{query.PeerPid.ToString(CultureInfo.InvariantCulture)}/exe").LinkTarget is { } program && Array.IndexOf(Programs, program) >= 0
        && Arguments(query.PeerPid) is { } argv && !ShowsEnvironments(argv);

    private static string[]? Arguments(int pid)
    {
        try
        {
            return File.ReadAllText($"/proc/{pid.ToString(CultureInfo.InvariantCulture)}/cmdline").TrimEnd('\0').Split('\0');
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // It is gone: nothing is known about it.
            return null;
        }
    }

    /// <summary>An <c>e</c> among letters without a dash, or among such with one that <c>ps</c> reads as if they had none (<c>-auxe</c>), or a column of that name.</summary>
    internal static bool ShowsEnvironments(IReadOnlyList<string> argv)
    {
        for (var i = 1; i < argv.Count; i++)
        {
            var word = argv[i];
            if (word.Contains("environ", StringComparison.OrdinalIgnoreCase))
                return true;
            if (word.StartsWith("--", StringComparison.Ordinal))
            {
                i += LongWithValue.Contains(word) && !IsEnvironment(argv, i + 1) ? 1 : 0;
                continue;
            }
            var dashed = word.StartsWith('-');
            if (dashed && word.Contains('x', StringComparison.Ordinal) && word.Contains('e', StringComparison.Ordinal))
                return true;
            var value = word.AsSpan().IndexOfAny(dashed ? WithValue : WithValueBare);
            if (!dashed && (value < 0 ? word : word.AsSpan(0, value)).Contains('e'))
                return true;
            i += value >= 0 && value == word.Length - 1 && !IsEnvironment(argv, i + 1) ? 1 : 0;
        }
        return false;
    }

    private static bool IsEnvironment(IReadOnlyList<string> argv, int index) => index < argv.Count && argv[index].Contains("environ", StringComparison.OrdinalIgnoreCase);
}
