namespace Pellicle.Scanning.Extractors.Python;

/// <summary>The version that a module's source assigns to itself.</summary>
internal static class PythonVersionText
{
    private static readonly string[] Targets = ["__version__", "version", "VERSION", "_version", "__VERSION__", "PYTHON_VERSION_TEXT", "full_version", "__version_info__", "version_info", "short_version", "Version", "version_tuple", "__versionstr__"];

    // Versions kept as numbers: MAJOR, VERSION_MINOR, MICRO.
    private static readonly string[][] Parts = [["MAJOR"], ["MINOR"], ["MICRO", "PATCH", "BUILD", "BUGFIX"]];

    /// <summary>
    /// Value of the first assignment at the left margin to <c>__version__</c>, <c>version</c> or the like that looks like a version, as text
    /// (<c>"1.2"</c>, <c>'''1.2'''</c>), tuple (<c>(1, 2, 3)</c>) or call (<c>Version("Twisted", 22, 4, 0)</c>); numbers assigned to <c>MAJOR</c>, <c>MINOR</c> and <c>MICRO</c>; or versioneer's JSON <c>"version": "1.2"</c>. Null where there is none.
    /// </summary>
    public static string? Find(string text)
    {
        string? tuple = null;
        var numbers = new string?[Parts.Length];
        foreach (var raw in text.AsSpan().EnumerateLines())
        {
            if (raw.Length == 0 || raw[0] is '#' or '\t')
            {
                continue;
            }

            if (raw[0] == ' ')
            {
                if (raw.Trim() is var line && line.StartsWith("\"version\": \"") && Quoted(line[11..]) is { } json)
                {
                    return json;
                }

                continue;
            }

            if (Value(raw.Trim()) is { IsEmpty: false } value)
            {
                if (Quoted(value) is { } found)
                {
                    return found;
                }

                tuple ??= Tuple(value);
            }
            else if (raw.IndexOf('=') is var equals and > 0 && raw[(equals + 1)..].Trim() is { Length: > 0 and < 5 } digits && !digits.ContainsAnyExceptInRange('0', '9'))
            {
                var name = raw[..equals].Trim();
                var word = name[(name.LastIndexOf('_') + 1)..].ToString();
                var part = Array.FindIndex(Parts, words => words.Contains(word));
                if (part >= 0 && (name.Length == word.Length || name.Contains("VERSION", StringComparison.Ordinal)))
                {
                    numbers[part] ??= digits.ToString();
                }
            }
        }

        return tuple ?? (numbers[0] is not null && numbers[1] is not null ? string.Join('.', numbers.TakeWhile(number => number is not null)) : null);
    }

    /// <summary>Text of a <c>VERSION</c> file: one word that looks like a version; null for anything else.</summary>
    public static string? OfFile(string text) => text.Trim() is { Length: > 0 and < 40 } word && char.IsAsciiDigit(word[0]) && word.Contains('.', StringComparison.Ordinal) && !word.AsSpan().ContainsAny(" \t\r\n") ? word : null;

    /// <summary>As the index writes it: 2022.09.24 is published as 2022.9.24. Texts that are more than dotted numbers stay.</summary>
    public static string? WithoutLeadingZeros(string? version) => version is null || version.AsSpan().ContainsAnyExcept("0123456789.") ? version : string.Join('.', version.Split('.').Select(part => part.TrimStart('0') is { Length: > 0 } digits ? digits : part.Length > 0 ? "0" : part));

    /// <summary>Right side of <c>target = value</c>, <c>target: type = value</c> or <c>a = target = value</c>; empty for other lines.</summary>
    private static ReadOnlySpan<char> Value(ReadOnlySpan<char> line)
    {
        var isVersion = false;
        while (line.IndexOf('=') is var equals and > 0 && equals + 1 < line.Length && line[equals + 1] != '=')
        {
            var target = line[..equals].Trim();
            var colon = target.IndexOf(':');
            target = colon > 0 ? target[..colon].Trim() : target;
            if (target.IsEmpty || target.IndexOfAny(" ('\"[.") >= 0)
            {
                break;
            }

            isVersion |= Array.IndexOf(Targets, target.ToString()) >= 0;
            line = line[(equals + 1)..].Trim();
        }

        return isVersion ? line : default;
    }

    private static string? Quoted(ReadOnlySpan<char> value)
    {
        value = value.TrimStart("ub");
        if (value.Length < 3 || value[0] is not ('"' or '\''))
        {
            return null;
        }

        value = value.TrimStart(value[0]);
        var close = value.IndexOfAny('"', '\'');
        return close > 0 && close < 40 && char.IsAsciiDigit(value[0]) && (value[..close].Contains('.') || value[..close].IndexOfAnyExceptInRange('0', '9') < 0) && !value[..close].ContainsAny(' ', '%', '{') ? value[..close].ToString() : null;
    }

    private static string? Tuple(ReadOnlySpan<char> value)
    {
        // A call names the package first, at most.
        var call = value.IndexOf('(');
        if (call > 0 && !value[..call].ContainsAny(" .,\"'[") && value[(call + 1)..].IndexOf(')') > 0)
        {
            var rest = value[(call + 1)..];
            value = rest[0] is '"' or '\'' && rest.IndexOf(',') is var comma and > 0 ? $"({rest[(comma + 1)..]}" : value[call..];
        }

        if (value[0] is not ('(' or '[') || value.IndexOfAny(')', ']') is not (> 0 and var end))
        {
            return null;
        }

        var parts = value[1..end].ToString().Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Select(part => part.Trim('"', '\'')).TakeWhile(part => part.Length > 0 && part.All(char.IsAsciiDigit)).ToArray();
        return parts.Length >= 2 ? string.Join('.', parts) : null;
    }
}
