using System.Globalization;
using Pellicle.Server.Fleet;

namespace Pellicle.Server.Console.Parts;

/// <summary>Numbers and times in the words of the pages.</summary>
internal static class Show
{
    /// <summary>A guard polls and reports with each invocation; silent for longer means that the function was not called, or that the guard is gone.</summary>
    public static readonly TimeSpan Silence = TimeSpan.FromHours(24);

    public static string Ago(DateTimeOffset? time, DateTimeOffset now)
    {
        if (time is not { } at)
        {
            return "never";
        }

        var age = now - at;
        return age.TotalSeconds < 5 ? "just now"
            : age.TotalSeconds < 90 ? Format($"{age.TotalSeconds:0} s ago")
            : age.TotalMinutes < 90 ? Format($"{age.TotalMinutes:0} min ago")
            : age.TotalHours < 36 ? Format($"{age.TotalHours:0} h ago")
            : Format($"{age.TotalDays:0} days ago");
    }

    public static string Exact(DateTimeOffset? time) => time is { } at ? at.ToString("yyyy-MM-dd HH:mm:ss 'UTC'", CultureInfo.InvariantCulture) : "";

    public static string Percent(double share) => share >= 0.0995 ? Format($"{share * 100:0} %") : Format($"{share * 100:0.##} %");

    public static string Number(long number) => number.ToString("#,0", CultureInfo.InvariantCulture).Replace(',', '\u202f');

    public static string Count(long number, string one, string many) => $"{Number(number)} {(number == 1 ? one : many)}";

    public static string Path(string page, string value) => $"/{page}/{Uri.EscapeDataString(value)}";

    /// <summary>Where origin and path meet: what a person looks for.</summary>
    public static string Shorten(string text, int length) => text.Length <= length ? text : $"{text[..(length / 2)]}…{text[^(length / 2 - 1)..]}";

    /// <summary>What a person should look at, most urgent first; empty when all is well.</summary>
    public static IReadOnlyList<string> Concerns(FunctionSummary f, DateTimeOffset now)
    {
        var concerns = new List<string>();
        void When(bool holds, string text)
        {
            if (holds)
            {
                concerns.Add(text);
            }
        }

        When(!f.Protected, "no guard has reported");
        When(f.Protected && f.Mode == "off", "protection is switched off");
        When(f is { Protected: true, GuardMode.Length: > 0 } && f.GuardMode != f.Mode && f.Mode.Length > 0, $"the guard runs in {f.GuardMode}, the policy says {f.Mode}");
        When(f.Protected && f.Lines.TryGetProperty("process", out var process) && process.ValueKind == System.Text.Json.JsonValueKind.False, "the process line does not report");
        When(f.LastSeen is { } seen && now - seen > Silence, $"silent since {Ago(f.LastSeen, now)}");
        When(f.Health.Faults > 0, $"{Count(f.Health.Faults, "fault", "faults")} of the guard were let through");
        When(f.Health.Dropped + f.Health.SpoolDropped > 0, $"{Number(f.Health.Dropped + f.Health.SpoolDropped)} reports were dropped");
        When(f.Findings is { Critical: > 0 }, $"{Count(f.Findings?.Critical ?? 0, "critical finding", "critical findings")}");
        return concerns;
    }

    private static string Format(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
