using System.Collections.Frozen;
using System.Globalization;
using Pellicle.Posture.Identity;

namespace Pellicle.Posture.Checks.Supply;

/// <summary>When Lambda's runtimes end.</summary>
/// <param name="Deprecated">Last day with security updates.</param>
/// <param name="Blocked">From this day functions cannot be changed any more; null where AWS names none.</param>
internal sealed record RuntimeDates(DateOnly Deprecated, DateOnly? Blocked);

/// <summary>The table of runtimes.</summary>
internal static class Runtimes
{
    /// <summary>The day the table is of.</summary>
    public static DateOnly TableDate { get; } = PostureTables.DateOf("lambda-runtimes");

    private static readonly FrozenDictionary<string, RuntimeDates> Table = PostureTables.Lines("lambda-runtimes").ToFrozenDictionary(
        l => l[0],
        l => Parse(l[1]) is { } deprecated ? new RuntimeDates(deprecated, l[2] == "ended" ? deprecated : Parse(l[2])) : throw new InvalidOperationException($"the runtime {l[0]} has no date"),
        StringComparer.Ordinal);

    public static RuntimeDates? Find(string runtime) => Table.GetValueOrDefault(runtime);

    /// <summary>The runtime of the same family that lasts longest.</summary>
    public static string? NewestLike(string runtime)
    {
        var family = new string([.. runtime.TakeWhile(char.IsAsciiLetter)]);
        family = family == "dotnetcore" ? "dotnet" : family;
        if (family is "go" or "provided")
        {
            return "provided.al2023";
        }

        return Table.Where(r => new string([.. r.Key.TakeWhile(char.IsAsciiLetter)]) == family && r.Value.Blocked is not null).OrderByDescending(r => r.Value.Deprecated).ThenByDescending(r => Number(r.Key)).Select(r => r.Key).FirstOrDefault();
    }

    private static double Number(string id) => double.TryParse(new string([.. id.SkipWhile(char.IsAsciiLetter).TakeWhile(c => char.IsAsciiDigit(c) || c == '.')]).TrimEnd('.'), CultureInfo.InvariantCulture, out var number) ? number : 0;

    private static DateOnly? Parse(string text) => DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var date) ? date : null;
}
