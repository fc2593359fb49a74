using System.Text;

namespace Pellicle.Guard.Sinks;

/// <summary>
/// Host names are mapped before they are looked up (UTS 46): full-width letters and digits, digits in circles and in mathematical alphabets, raised and lowered digits stand for
/// the plain ones, other full stops for a dot, and some characters for nothing.
/// </summary>
internal static class HostSpelling
{
    /// <summary>Runs of code points and the character that the first of them stands for; the others follow in order.</summary>
    private static readonly (int First, int Last, char As)[] Runs =
    [
        (0xFF01, 0xFF5E, '!'), (0x3002, 0x3002, '.'), (0xFF61, 0xFF61, '.'),
        (0x24EA, 0x24EA, '0'), (0x2460, 0x2468, '1'), (0x24B6, 0x24CF, 'a'), (0x24D0, 0x24E9, 'a'),
        (0xB9, 0xB9, '1'), (0xB2, 0xB3, '2'), (0x2070, 0x2070, '0'), (0x2074, 0x2079, '4'), (0x2080, 0x2089, '0'),
        (0x1D7CE, 0x1D7D7, '0'), (0x1D7D8, 0x1D7E1, '0'), (0x1D7E2, 0x1D7EB, '0'), (0x1D7EC, 0x1D7F5, '0'), (0x1D7F6, 0x1D7FF, '0'),
    ];

    /// <summary>The text with these characters as URL parsers read them; the same text when it has none.</summary>
    internal static string Plain(string text)
    {
        if (Ascii.IsValid(text))
            return text;
        var plain = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes())
        {
            if (rune.Value is 0xAD or 0x200B or 0x2060 or 0xFEFF)
                continue;
            var run = Array.FindIndex(Runs, r => r.First <= rune.Value && rune.Value <= r.Last);
            if (run >= 0)
                plain.Append((char)(Runs[run].As + rune.Value - Runs[run].First));
            else
                plain.Append(rune.ToString());
        }
        return plain.ToString();
    }
}
