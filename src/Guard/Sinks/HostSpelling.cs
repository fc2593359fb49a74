using System.Text;

namespace Pellicle.Guard.Sinks;

/// <summary>
/// Host names are mapped before they are looked up (UTS 46): full-width letters and digits, digits in circles and in mathematical alphabets, raised and lowered digits stand for
/// the plain ones, other full stops for a dot, and some characters for nothing.
/// </summary>
internal static class HostSpelling
{
    /// <summary>The text with these characters as URL parsers read them; the same text when it has none.</summary>
    internal static string Plain(string text)
    {
        if (Ascii.IsValid(text))
            return text;
        var plain = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes())
        {
            switch (rune.Value)
            {
                case >= 0xFF01 and <= 0xFF5E:
                    plain.Append((char)(rune.Value - 0xFEE0));
                    break;
                case 0x3002 or 0xFF61:
                    plain.Append('.');
                    break;
                case >= 0x2460 and <= 0x2468:
                    plain.Append((char)('1' + rune.Value - 0x2460));
                    break;
                case 0x24EA:
                    plain.Append('0');
                    break;
                case >= 0x24B6 and <= 0x24CF:
                    plain.Append((char)('a' + rune.Value - 0x24B6));
                    break;
                case >= 0x24D0 and <= 0x24E9:
                    plain.Append((char)('a' + rune.Value - 0x24D0));
                    break;
                case 0xB9:
                    plain.Append('1');
                    break;
                case 0xB2 or 0xB3:
                    plain.Append((char)('2' + rune.Value - 0xB2));
                    break;
                case 0x2070 or (>= 0x2074 and <= 0x2079):
                    plain.Append((char)('0' + rune.Value - 0x2070));
                    break;
                case >= 0x2080 and <= 0x2089:
                    plain.Append((char)('0' + rune.Value - 0x2080));
                    break;
                case >= 0x1D7CE and <= 0x1D7FF:
                    plain.Append((char)('0' + ((rune.Value - 0x1D7CE) % 10)));
                    break;
                case 0xAD or 0x200B or 0x2060 or 0xFEFF:
                    break;
                default:
                    plain.Append(rune.ToString());
                    break;
            }
        }
        return plain.ToString();
    }
}
