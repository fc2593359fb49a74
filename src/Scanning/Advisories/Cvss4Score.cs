namespace Pellicle.Scanning.Advisories;

/// <summary>CVSS 4.0 score: the macro vector's value in the specification's table, lowered by the distance to its highest vector.</summary>
internal static class Cvss4Score
{
    // Ten times the score of each macro vector (FIRST, CVSS 4.0 specification, section 8). Order: EQ1, EQ2, EQ3, EQ4, EQ5, EQ6; where EQ3 is 2, EQ6 is always 1.
    private static ReadOnlySpan<byte> Table =>
    [
        100, 99, 98, 95, 95, 92, 100, 96, 93, 87, 91, 81, 93, 90, 89, 80, 81, 68,
        98, 95, 95, 92, 90, 84, 93, 92, 89, 81, 81, 65, 88, 80, 78, 70, 69, 48,
        92, 82, 72, 79, 69, 50, 69, 55, 27,
        99, 97, 95, 92, 92, 85, 95, 91, 90, 83, 84, 71, 92, 81, 82, 71, 72, 53,
        95, 93, 92, 85, 85, 73, 92, 82, 80, 72, 70, 59, 84, 70, 71, 52, 50, 30,
        86, 75, 52, 71, 52, 29, 63, 29, 17,
        98, 95, 94, 87, 91, 81, 94, 89, 86, 74, 77, 64, 87, 75, 74, 63, 63, 49,
        94, 89, 88, 77, 76, 67, 86, 76, 74, 58, 59, 50, 72, 57, 57, 52, 52, 25,
        83, 70, 54, 65, 58, 26, 53, 21, 13,
        95, 90, 88, 76, 76, 70, 90, 77, 75, 62, 61, 53, 77, 66, 68, 59, 52, 30,
        89, 78, 76, 67, 62, 58, 74, 59, 57, 57, 47, 23, 61, 52, 57, 29, 24, 16,
        71, 59, 30, 58, 26, 15, 23, 13, 6,
        93, 87, 86, 72, 75, 58, 86, 74, 74, 61, 56, 34, 70, 54, 52, 40, 40, 22,
        85, 75, 74, 55, 62, 51, 72, 57, 55, 41, 46, 19, 53, 36, 34, 19, 19, 8,
        64, 51, 20, 47, 21, 11, 24, 9, 4,
        88, 75, 73, 53, 60, 50, 73, 55, 59, 40, 41, 20, 54, 43, 45, 22, 20, 11,
        75, 55, 58, 45, 40, 21, 61, 51, 48, 18, 20, 9, 46, 18, 17, 7, 8, 2,
        53, 24, 14, 24, 12, 5, 10, 3, 1,
    ];

    // Highest vectors of each level, one letter a metric in the order of the group.
    private static readonly string[][] Highest1 = [["NNN"], ["ANN", "NLN", "NNP"], ["PNN", "ALP"]];
    private static readonly string[][] Highest2 = [["LN"], ["HN", "LP"]];
    private static readonly string[][] Highest36 =
    [
        ["HHHHHH"], ["HHLMMH", "HHHMMM"],
        ["LHHHHH", "HLHHHH"], ["LHLHMH", "LHHHMM", "HLHMHM", "HLLMHH", "LLHHHM"],
        [], ["LLLHHH"],
    ];

    private static readonly string[][] Highest4 = [["HSS"], ["HHH"], ["LLL"]];
    private static readonly int[] Depth1 = [1, 4, 5];
    private static readonly int[] Depth2 = [1, 2];
    private static readonly int[] Depth36 = [7, 6, 8, 8, 0, 10];
    private static readonly int[] Depth4 = [6, 5, 4];

    public static bool TryScore(Dictionary<string, string> m, out double score)
    {
        score = 0;
        if (!Read(m, "AV", "NALP", out var av) | !Read(m, "AC", "LH", out var ac) | !Read(m, "AT", "NP", out var at) | !Read(m, "PR", "NLH", out var pr)
            | !Read(m, "UI", "NPA", out var ui) | !Read(m, "VC", "HLN", out var vc) | !Read(m, "VI", "HLN", out var vi) | !Read(m, "VA", "HLN", out var va)
            | !Read(m, "SC", "HLN", out var sc) | !Read(m, "SI", "SHLN", out var si) | !Read(m, "SA", "SHLN", out var sa))
        {
            return false;
        }

        if (!Optional(m, "CR", "HML", 'H', out var cr) | !Optional(m, "IR", "HML", 'H', out var ir) | !Optional(m, "AR", "HML", 'H', out var ar) | !Optional(m, "E", "APU", 'A', out var e))
        {
            return false;
        }

        if ((vc, vi, va, sc, si, sa) == ('N', 'N', 'N', 'N', 'N', 'N'))
        {
            return true;
        }

        var eq1 = (av, pr, ui) == ('N', 'N', 'N') ? 0 : av != 'P' && (av == 'N' || pr == 'N' || ui == 'N') ? 1 : 2;
        var eq2 = (ac, at) == ('L', 'N') ? 0 : 1;
        var eq3 = (vc, vi) == ('H', 'H') ? 0 : vc == 'H' || vi == 'H' || va == 'H' ? 1 : 2;
        var eq4 = si == 'S' || sa == 'S' ? 0 : sc == 'H' || si == 'H' || sa == 'H' ? 1 : 2;
        var eq5 = e switch { 'P' => 1, 'U' => 2, _ => 0 };
        var eq6 = (cr, vc) == ('H', 'H') || (ir, vi) == ('H', 'H') || (ar, va) == ('H', 'H') ? 0 : 1;

        var value = Look(eq1, eq2, eq3, eq4, eq5, eq6);
        var lower36 = (eq3, eq6) switch
        {
            (0, 0) => Math.Max(Look(eq1, eq2, 0, eq4, eq5, 1), Look(eq1, eq2, 1, eq4, eq5, 0)),
            (0, _) or (1, 0) => Look(eq1, eq2, 1, eq4, eq5, 1),
            (1, _) => Look(eq1, eq2, 2, eq4, eq5, 1),
            _ => -1,
        };
        var group36 = (eq3 * 2) + eq6;
        double sum = 0;
        var groups = 0;
        Lower(eq1 < 2 ? Look(eq1 + 1, eq2, eq3, eq4, eq5, eq6) : -1, Distance(Highest1[eq1], [av, pr, ui], "NALP", "NLH", "NPA"), Depth1[eq1]);
        Lower(eq2 < 1 ? Look(eq1, eq2 + 1, eq3, eq4, eq5, eq6) : -1, Distance(Highest2[eq2], [ac, at], "LH", "NP"), Depth2[eq2]);
        Lower(lower36, Distance(Highest36[group36], [vc, vi, va, cr, ir, ar], "HLN", "HLN", "HLN", "HML", "HML", "HML"), Depth36[group36]);
        Lower(eq4 < 2 ? Look(eq1, eq2, eq3, eq4 + 1, eq5, eq6) : -1, Distance(Highest4[eq4], [sc, si, sa], "SHLN", "SHLN", "SHLN"), Depth4[eq4]);
        Lower(eq5 < 2 ? Look(eq1, eq2, eq3, eq4, eq5 + 1, eq6) : -1, 0, 1);

        // The reference calculator adds a millionth before it rounds, so that 8.55 in floating point does not become 8.5.
        score = Math.Floor(Math.Clamp(value - (groups == 0 ? 0 : sum / groups), 0, 100) + 0.5 + 1e-5) / 10;
        return true;

        void Lower(double next, int distance, int depth)
        {
            if (next >= 0)
            {
                groups++;
                sum += (value - next) * distance / depth;
            }
        }
    }

    private static double Look(int eq1, int eq2, int eq3, int eq4, int eq5, int eq6) =>
        Table[(((eq1 * 2) + eq2) * 45) + (eq3 < 2 ? (eq3 * 18) + (eq4 * 6) + (eq5 * 2) + eq6 : 36 + (eq4 * 3) + eq5)];

    /// <summary>Steps below the first highest vector that is not below in any metric.</summary>
    private static int Distance(string[] highest, ReadOnlySpan<char> actual, params ReadOnlySpan<string> scales)
    {
        foreach (var vector in highest)
        {
            var total = 0;
            var fits = true;
            for (var i = 0; i < vector.Length; i++)
            {
                var steps = scales[i].IndexOf(actual[i]) - scales[i].IndexOf(vector[i]);
                fits &= steps >= 0;
                total += steps;
            }

            if (fits)
            {
                return total;
            }
        }

        return 0;
    }

    /// <summary>The modified (environmental) value where given, else the base value. Safety is a modified value only.</summary>
    private static bool Read(Dictionary<string, string> metrics, string name, string allowed, out char value)
    {
        var isModified = metrics.GetValueOrDefault("M" + name) is not (null or "X");
        var text = metrics.GetValueOrDefault(isModified ? "M" + name : name);
        value = text is { Length: 1 } ? text[0] : '?';
        return allowed.Contains(value, StringComparison.Ordinal) && (value != 'S' || isModified) && metrics.ContainsKey(name);
    }

    private static bool Optional(Dictionary<string, string> metrics, string name, string allowed, char whenAbsent, out char value)
    {
        var text = metrics.GetValueOrDefault(name);
        value = text is null or "X" ? whenAbsent : text.Length == 1 ? text[0] : '?';
        return allowed.Contains(value, StringComparison.Ordinal);
    }
}
