using System.Globalization;
using Pellicle.Domain;

namespace Pellicle.Scanning.Advisories;

/// <summary>Base score and severity of CVSS vectors, versions 2, 3 and 4.</summary>
internal static class CvssScore
{
    /// <summary>Score from 0.0 to 10.0; false when the vector is not complete.</summary>
    public static bool TryScore(string vector, out double score)
    {
        score = 0;
        var metrics = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var part in vector.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            var colon = part.IndexOf(':', StringComparison.Ordinal);
            if (colon <= 0 || colon == part.Length - 1 || !metrics.TryAdd(part[..colon], part[(colon + 1)..]))
            {
                return false;
            }
        }

        return metrics.GetValueOrDefault("CVSS") switch
        {
            "3.0" => TryScore3(metrics, corrected: false, out score),
            "3.1" => TryScore3(metrics, corrected: true, out score),
            "4.0" => Cvss4Score.TryScore(metrics, out score),
            null => TryScore2(metrics, out score),
            _ => false,
        };
    }

    /// <summary>The qualitative scale of CVSS 3 and 4; the same bands are used for version 2, where 9.0 and more counts as critical.</summary>
    public static Severity ToSeverity(double score) => score switch
    {
        >= 9.0 => Severity.Critical,
        >= 7.0 => Severity.High,
        >= 4.0 => Severity.Medium,
        > 0.0 => Severity.Low,
        _ => Severity.Info,
    };

    /// <summary>Severity as words in <c>database_specific.severity</c>, or a number.</summary>
    public static bool TryParseSeverity(string? text, out Severity severity)
    {
        severity = text?.ToUpperInvariant() switch
        {
            "CRITICAL" => Severity.Critical,
            "HIGH" or "IMPORTANT" => Severity.High,
            "MODERATE" or "MEDIUM" => Severity.Medium,
            "LOW" => Severity.Low,
            "NONE" or "INFO" or "INFORMATIONAL" => Severity.Info,
            _ => (Severity)(-1),
        };
        if (severity >= 0)
        {
            return true;
        }

        var isNumber = double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var score) && score is >= 0 and <= 10;
        severity = isNumber ? ToSeverity(score) : Severity.Medium;
        return isNumber;
    }

    private static bool TryScore2(Dictionary<string, string> m, out double score)
    {
        score = 0;
        if (!Weight(m, "AV", out var av, ("L", 0.395), ("A", 0.646), ("N", 1.0))
            | !Weight(m, "AC", out var ac, ("H", 0.35), ("M", 0.61), ("L", 0.71))
            | !Weight(m, "Au", out var au, ("M", 0.45), ("S", 0.56), ("N", 0.704))
            | !Weight(m, "C", out var c, ("N", 0), ("P", 0.275), ("C", 0.66))
            | !Weight(m, "I", out var i, ("N", 0), ("P", 0.275), ("C", 0.66))
            | !Weight(m, "A", out var a, ("N", 0), ("P", 0.275), ("C", 0.66)))
        {
            return false;
        }

        var impact = 10.41 * (1 - ((1 - c) * (1 - i) * (1 - a)));
        var exploitability = 20 * av * ac * au;
        score = Math.Round(((0.6 * impact) + (0.4 * exploitability) - 1.5) * (impact == 0 ? 0 : 1.176), 1, MidpointRounding.AwayFromZero);
        return true;
    }

    private static bool TryScore3(Dictionary<string, string> m, bool corrected, out double score)
    {
        score = 0;
        var changed = m.GetValueOrDefault("S") == "C";
        if ((!changed && m.GetValueOrDefault("S") != "U")
            | !Weight(m, "AV", out var av, ("N", 0.85), ("A", 0.62), ("L", 0.55), ("P", 0.2))
            | !Weight(m, "AC", out var ac, ("L", 0.77), ("H", 0.44))
            | !Weight(m, "PR", out var pr, ("N", 0.85), ("L", changed ? 0.68 : 0.62), ("H", changed ? 0.5 : 0.27))
            | !Weight(m, "UI", out var ui, ("N", 0.85), ("R", 0.62))
            | !Weight(m, "C", out var c, ("H", 0.56), ("L", 0.22), ("N", 0))
            | !Weight(m, "I", out var i, ("H", 0.56), ("L", 0.22), ("N", 0))
            | !Weight(m, "A", out var a, ("H", 0.56), ("L", 0.22), ("N", 0)))
        {
            return false;
        }

        var iss = 1 - ((1 - c) * (1 - i) * (1 - a));
        var impact = changed ? (7.52 * (iss - 0.029)) - (3.25 * Math.Pow(iss - 0.02, 15)) : 6.42 * iss;
        var exploitability = 8.22 * av * ac * pr * ui;
        var raw = impact <= 0 ? 0 : Math.Min((changed ? 1.08 : 1) * (impact + exploitability), 10);
        // 3.1 defines rounding up on integers, so that 4.02 in floating point does not become 4.1.
        var scaled = (long)Math.Round(raw * 100_000);
        score = !corrected ? Math.Ceiling(Math.Round(raw * 10, 6)) / 10
            : scaled % 10_000 == 0 ? scaled / 100_000.0 : ((scaled / 10_000) + 1) / 10.0;
        return true;
    }

    private static bool Weight(Dictionary<string, string> metrics, string name, out double weight, params ReadOnlySpan<(string Value, double Weight)> weights)
    {
        weight = 0;
        if (!metrics.TryGetValue(name, out var value))
        {
            return false;
        }

        foreach (var (known, number) in weights)
        {
            if (known == value)
            {
                weight = number;
                return true;
            }
        }

        return false;
    }
}
