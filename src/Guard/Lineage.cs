using System.Globalization;

namespace Pellicle.Guard;

/// <summary>How often a chain of invocations came by here, as the platform counts in its tracing header: <c>Root=…;Lineage=a87bd80c:1|68fd508a:5</c>.</summary>
internal static class Lineage
{
    /// <summary>The platform stops chains between services it knows at about sixteen; others run until somebody sees the bill.</summary>
    internal const int MaxRounds = 16;

    /// <summary>The largest count of a header, 0 without one.</summary>
    internal static int Rounds(string? trace)
    {
        const string Name = "Lineage=";
        if (trace is null)
            return 0;
        var most = 0;
        foreach (var part in trace.Split(';', StringSplitOptions.TrimEntries))
        {
            if (!part.StartsWith(Name, StringComparison.OrdinalIgnoreCase))
                continue;
            foreach (var link in part[Name.Length..].Split('|'))
            {
                var colon = link.LastIndexOf(':');
                if (colon > 0 && int.TryParse(link.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var rounds))
                    most = Math.Max(most, rounds);
            }
        }
        return most;
    }
}
