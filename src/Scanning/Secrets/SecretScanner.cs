using System.Buffers;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;

namespace Pellicle.Scanning.Secrets;

/// <summary>A secret in a file. Holds no more of the value than its public prefix and its length.</summary>
/// <param name="Id">Kind, for example <c>aws-access-key</c>.</param>
/// <param name="Title">Kind, for people.</param>
/// <param name="Line">Line, from 1.</param>
/// <param name="Redacted">What may be shown.</param>
internal sealed record SecretMatch(string Id, string Title, int Line, string Redacted);

/// <summary>Finds credentials in text by structure; by entropy only where a telling name stands before the value.</summary>
internal static class SecretScanner
{
    private const int MaxMatches = 100, MinPassword = 6;

    // Rules by the first character of their prefix; those of a URL are tried where "://" stands.
    private static readonly TokenRule[][] ByFirst = [.. Enumerable.Range(0, 128).Select(c => TokenRules.All.Where(rule => rule.Prefix[0] == c && !IsOfUrl(rule)).ToArray())];

    private static readonly TokenRule[] OfUrls = [.. TokenRules.All.Where(IsOfUrl)];

    // No announced token is shorter: runs of fewer value characters are passed over without looking at each character.
    private static readonly int MinRun = TokenRules.All.Where(rule => !IsOfUrl(rule)).Min(rule => rule.Prefix.Length + rule.Min);

    private static readonly Dictionary<string, SearchValues<char>> Alphabets = TokenRules.All.Select(rule => rule.Alphabet).Distinct().ToDictionary(text => text, text => SearchValues.Create(text));

    private static readonly string[] Schemes = ["postgres://", "postgresql://", "mysql://", "mongodb://", "mongodb+srv://", "redis://", "rediss://", "amqp://", "amqps://", "mssql://", "mariadb://", "https://", "http://", "ftp://", "sftp://", "smtp://", "smtps://", "ldap://", "ldaps://", "clickhouse://", "cockroachdb://"];

    // Names whose value is a credential. Searched without regard to case.
    private static readonly string[] Names = ["secret", "password", "passwd", "token", "api_key", "apikey", "api-key", "access_key", "accesskey", "private_key", "client_key", "auth_key", "credential"];

    private static readonly SearchValues<string> Marks = SearchValues.Create(["-----BEGIN ", "PuTTY-User-Key-File-", "AccountKey=", "SharedAccessKey=", "://"], StringComparison.Ordinal);

    private static readonly SearchValues<string> Context = SearchValues.Create(Names, StringComparison.OrdinalIgnoreCase);

    // Words of names in which a telling word does not mean the value itself.
    private static readonly SearchValues<string> NoSecrets = SearchValues.Create(["arn", "_id", "name", "url", "uri", "path", "hash", "digest", "checksum", "integrity", "sha", "public", "type", "regex", "pattern", "tokenizer", "endpoint", "csrf", "header", "field", "next", "page", "continuation", "client_token", "clienttoken", "changetoken", "idempoten"], StringComparison.OrdinalIgnoreCase);

    private static readonly SearchValues<string> Placeholders = SearchValues.Create(["EXAMPLE", "PLACEHOLDER", "CHANGEME", "CHANGE_ME", "YOUR_", "YOUR-", "XXXXX", "REDACTED", "DUMMY", "SAMPLE", "INSERT", "REPLACE", "TODO", "****", "....", "1234567890", "abcdefghij", "PASSWORD", "NOTASECRET", "FAKE"], StringComparison.OrdinalIgnoreCase);

    private static readonly SearchValues<char> ValueCharacters = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=_-.~");

    private static readonly SearchValues<char> Boundaries = SearchValues.Create("/=-.~");

    private static readonly SearchValues<string> Middles = SearchValues.Create(["T3BlbkFJ", "8Q~", "-us"], StringComparison.Ordinal);

    private static readonly SearchValues<char> WordCharacters = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_");

    /// <summary>Secrets in one text, in order; the same value is reported once.</summary>
    public static IReadOnlyList<SecretMatch> Scan(ReadOnlySpan<char> text)
    {
        var found = new Matches(text);
        for (var at = 0; at < text.Length && !found.AreFull && text[at..].IndexOfAny(Marks) is var next and >= 0;)
        {
            at += next;
            at += Math.Max(1, TryMark(text, at, ref found));
        }

        ScanRuns(text, ref found);
        for (var at = 0; at < text.Length && !found.AreFull && text[at..].IndexOfAny(Context) is var next and >= 0;)
        {
            at += next;
            TryContext(text, at, ref found);
            at += 4;
        }

        return found.Sorted();
    }

    private static bool IsOfUrl(TokenRule rule) => rule.Prefix.StartsWith("https://", StringComparison.Ordinal);

    private static int TryMark(ReadOnlySpan<char> text, int at, ref Matches found)
    {
        var rest = text[at..];
        if (rest.StartsWith("-----BEGIN "))
        {
            return TryPrivateKey(text, at, ref found);
        }

        if (rest.StartsWith("PuTTY-User-Key-File-"))
        {
            return TryPuttyKey(text, at, ref found);
        }

        if (rest.StartsWith("://"))
        {
            if (at >= 5 && text[(at - 5)..].StartsWith("https") && TryToken(text, at - 5, OfUrls, ref found) is > 0 and var length)
            {
                return length - 5;
            }

            TryUrl(text, at, ref found);
            return 1;
        }

        var value = Take(rest[(rest.IndexOf('=') + 1)..]);
        if (value.Length is 44 or 88 && TryBase64(value, out var bytes) && bytes is 32 or 64 && TokenRules.Entropy(value) > 4)
        {
            found.Add("azure-storage-key", "Azure connection string key", at, value.ToString(), "");
        }

        return 11;
    }

    /// <summary>
    /// Looks at every run of value characters that is long enough for a token. A run of that length covers one of any that many
    /// positions in a row, so one character in so many is looked at until one belongs to a run.
    /// </summary>
    /// <remarks>Compiled when first used, with everything inlined: code compiled ahead calls into the framework for each character.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void ScanRuns(ReadOnlySpan<char> text, ref Matches found)
    {
        for (int probe = MinRun - 1, floor = 0; probe < text.Length && !found.AreFull; probe += MinRun)
        {
            if (!ValueCharacters.Contains(text[probe]))
            {
                continue;
            }

            var start = probe;
            while (start > floor && ValueCharacters.Contains(text[start - 1]))
            {
                start--;
            }

            var rest = text[probe..].IndexOfAnyExcept(ValueCharacters);
            var end = rest < 0 ? text.Length : probe + rest;
            if (end - start >= MinRun)
            {
                TryRun(text, start, end, ref found);
            }

            probe = floor = end;
        }
    }

    private static void TryRun(ReadOnlySpan<char> text, int start, int end, ref Matches found)
    {
        for (var at = start; at <= end - MinRun;)
        {
            var rules = text[at] < ByFirst.Length ? ByFirst[text[at]] : [];
            var length = rules.Length == 0 ? 0 : TryToken(text, at, rules, ref found);
            if (length > 0)
            {
                at += length;
                continue;
            }

            // A token begins a run, or follows one of these.
            var next = text[at..end].IndexOfAny(Boundaries);
            at = next < 0 ? end : at + next + 1;
        }

        var run = text[start..end];
        if (run.Length == 35 && run.StartsWith("AA") && start > 0 && text[start - 1] == ':')
        {
            TryTelegram(text, start - 1, ref found);
        }

        for (var at = 0; run.Length >= 36 && run[at..].IndexOfAny(Middles) is var next and >= 0; at++)
        {
            at += next;
            TryMiddle(text, start + at, ref found);
        }
    }

    private static void TryTelegram(ReadOnlySpan<char> text, int colon, ref Matches found)
    {
        var digits = 0;
        while (digits < 11 && colon - digits > 0 && char.IsAsciiDigit(text[colon - digits - 1]))
        {
            digits++;
        }

        if (digits is >= 8 and <= 10)
        {
            found.Add("telegram-token", "Telegram bot token", colon - digits, text.Slice(colon - digits, digits + 36).ToString(), "");
        }
    }

    /// <summary>Tokens that are announced by what stands inside them.</summary>
    private static void TryMiddle(ReadOnlySpan<char> text, int at, ref Matches found)
    {
        var (start, value) = Around(text, at);
        switch (text[at])
        {
            case 'T' when value.StartsWith("sk-", StringComparison.Ordinal) && value.Length == 51:
                found.Add("openai-key", "OpenAI API key", start, value, "sk-");
                break;
            case '8' when value.Length == 40 && at - start == 3 && TokenRules.IsMixed(value):
                found.Add("azure-client-secret", "Microsoft Entra client secret", start, value, "");
                break;
            case '-' when at - start == 32 && value.Length is 36 or 37 && value.AsSpan(0, 32).IndexOfAnyExcept("0123456789abcdef") < 0 && char.IsAsciiDigit(value[35]) && TokenRules.IsMixed(value):
                found.Add("mailchimp-key", "Mailchimp API key", start, value, "");
                break;
        }
    }

    /// <summary>Length of the token at a position, or 0.</summary>
    private static int TryToken(ReadOnlySpan<char> text, int at, TokenRule[] rules, ref Matches found)
    {
        foreach (var rule in rules)
        {
            if (!text[at..].StartsWith(rule.Prefix) || (at > 0 && (char.IsAsciiLetterOrDigit(text[at - 1]) || text[at - 1] is '_' or '+')))
            {
                continue;
            }

            var body = text[(at + rule.Prefix.Length)..];
            var end = body.IndexOfAnyExcept(Alphabets[rule.Alphabet]);
            var length = end < 0 ? body.Length : end;
            if (length < rule.Min || length > rule.Max || (length < body.Length && char.IsAsciiLetterOrDigit(body[length])))
            {
                continue;
            }

            var value = text.Slice(at, rule.Prefix.Length + length).TrimEnd('.').ToString();
            if (!IsPlaceholder(value) && (rule.IsValid is null || rule.IsValid(value)))
            {
                var account = rule.Id == "aws-access-key" ? TokenRules.AwsAccount(value) : null;
                found.Add(rule.Id, account is null ? rule.Title : $"{rule.Title} of account {account}", at, value, rule.Prefix);
                return value.Length;
            }
        }

        return 0;
    }

    private static int TryPrivateKey(ReadOnlySpan<char> text, int at, ref Matches found)
    {
        var rest = text[at..];
        var header = rest[11..Math.Min(rest.Length, 60)];
        var dashes = header.IndexOf("-----");
        if (dashes <= 0 || !header[..dashes].Contains("PRIVATE KEY", StringComparison.Ordinal))
        {
            return 11;
        }

        var label = header[..dashes].ToString();
        var close = rest.IndexOf($"-----END {label}-----");
        if (close <= 0)
        {
            return 11;
        }

        // Keys stand in string literals with escaped line ends; both forms must parse.
        var pem = rest[..(close + 14 + label.Length)].ToString().Replace("\\n", "\n", StringComparison.Ordinal).Replace("\\r", "", StringComparison.Ordinal);
        if (IsPrivateKey(pem, label))
        {
            var encrypted = label.StartsWith("ENCRYPTED", StringComparison.Ordinal) || pem.Contains("ENCRYPTED", StringComparison.Ordinal);
            found.Add("private-key", encrypted ? "Private key (encrypted)" : "Private key", at, pem, $"-----BEGIN {label}-----");
        }

        return close;
    }

    /// <summary>A PuTTY key file: headers, then as many lines of base64 as <c>Private-Lines</c> says.</summary>
    private static int TryPuttyKey(ReadOnlySpan<char> text, int at, ref Matches found)
    {
        var rest = text[at..Math.Min(text.Length, at + 16_384)];
        var lines = rest.ToString().Split('\n', StringSplitOptions.TrimEntries);
        var start = Array.FindIndex(lines, line => line.StartsWith("Private-Lines: ", StringComparison.Ordinal));
        if (start < 0 || !int.TryParse(lines[start].AsSpan(15), System.Globalization.CultureInfo.InvariantCulture, out var count) || count is < 1 or > 64 || start + count >= lines.Length)
        {
            return 20;
        }

        var body = string.Concat(lines[(start + 1)..(start + 1 + count)]);
        if (TryBase64(body, out var bytes) && bytes >= 16)
        {
            var encrypted = Array.Exists(lines, line => line.StartsWith("Encryption: ", StringComparison.Ordinal) && line != "Encryption: none");
            found.Add("private-key", encrypted ? "Private key (PuTTY, encrypted)" : "Private key (PuTTY)", at, body, "PuTTY-User-Key-File-");
        }

        return 20;
    }

    /// <summary>A line of base64 without the quotes and joining signs of source code; a plus inside the quotes is base64's own.</summary>
    private static string WithoutQuotes(string line)
    {
        var start = line.TrimStart(' ', '+');
        line = start.Length > 0 && start[0] is '"' or '\'' ? start : line.TrimStart(' ');
        var end = line.TrimEnd(' ', '+', ',', ';', '\\');
        line = end.Length > 0 && end[^1] is '"' or '\'' ? end : line.TrimEnd(' ', ',', ';', '\\');
        return line.Trim('"', '\'');
    }

    internal static bool IsPrivateKey(string pem, string label)
    {
        var lines = pem.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        var body = string.Concat(lines.Select(WithoutQuotes).Where(line => !line.StartsWith('-') && !line.Contains(':', StringComparison.Ordinal)));
        if (label.Contains("PGP", StringComparison.Ordinal))
        {
            // The last line is an armour checksum.
            return body.Length > 100;
        }

        if (!TryBase64(body, out var count) || count < 32)
        {
            return false;
        }

        var bytes = Convert.FromBase64String(body);
        if (label.StartsWith("OPENSSH", StringComparison.Ordinal))
        {
            return bytes.AsSpan().StartsWith("openssh-key-v1\0"u8);
        }

        if (pem.Contains("Proc-Type", StringComparison.Ordinal))
        {
            return true;
        }

        // DER: a sequence as long as the rest.
        try
        {
            System.Formats.Asn1.AsnDecoder.ReadSequence(bytes, System.Formats.Asn1.AsnEncodingRules.BER, out _, out _, out var read);
            return read == bytes.Length;
        }
        catch (System.Formats.Asn1.AsnContentException)
        {
            return false;
        }
    }

    /// <summary><c>scheme://user:password@host</c></summary>
    private static void TryUrl(ReadOnlySpan<char> text, int at, ref Matches found)
    {
        foreach (var scheme in Schemes)
        {
            var start = at - scheme.Length + 3;
            if (start < 0 || !text[start..].StartsWith(scheme) || (start > 0 && (char.IsAsciiLetterOrDigit(text[start - 1]) || text[start - 1] == '+')))
            {
                continue;
            }

            var rest = text[(at + 3)..];
            rest = rest[..Math.Min(rest.Length, 300)];
            var end = rest.IndexOfAny(" \t\r\n\"'`<>/\\,;");
            var authority = end < 0 ? rest : rest[..end];
            var sign = authority.LastIndexOf('@');
            var colon = authority.IndexOf(':');
            if (sign > 0 && colon >= 0 && colon < sign - 1 && sign + 1 < authority.Length)
            {
                var password = authority[(colon + 1)..sign];
                var host = authority[(sign + 1)..];
                var web = scheme is "https://" or "http://" or "ftp://" or "sftp://";
                if (password.Length >= MinPassword && !IsTemplate(password) && !IsPlaceholder(password.ToString()) && !IsExampleHost(host) && !IsWord(password) && (!web || host.Contains('.')))
                {
                    found.Add(web ? "url-password" : "database-url", web ? "Password in a URL" : "Connection URL with password", start, password.ToString(), scheme);
                }
            }

            return;
        }
    }

    /// <summary>A telling name, a separator, and a value that looks random.</summary>
    private static void TryContext(ReadOnlySpan<char> text, int at, ref Matches found)
    {
        var wordEnd = text[at..].IndexOfAnyExcept(WordCharacters) is var length and >= 0 ? at + length : text.Length;
        if (wordEnd < text.Length && text[wordEnd] == '-' && text[at..].StartsWith("api-key", StringComparison.OrdinalIgnoreCase))
        {
            wordEnd = Math.Min(text.Length, at + 7);
        }

        var wordStart = at;
        while (wordStart > 0 && at - wordStart < 60 && WordCharacters.Contains(text[wordStart - 1]))
        {
            wordStart--;
        }

        var name = text[wordStart..wordEnd];
        var rest = text[wordEnd..];
        rest = rest[..Math.Min(rest.Length, 400)];
        var skipped = rest.IndexOfAnyExcept("\"' \t])");
        if (skipped < 0 || skipped > 4 || name.Length > 60)
        {
            return;
        }

        rest = rest[skipped..];
        if (rest.StartsWith("=>") || rest.StartsWith(":="))
        {
            rest = rest[2..];
        }
        else if (rest.Length > 1 && rest[0] is '=' or ':' && rest[1] != '=')
        {
            rest = rest[1..];
        }
        else
        {
            return;
        }

        rest = rest.TrimStart(" \t");
        var quoted = rest.Length > 0 && rest[0] is '"' or '\'' or '`';
        var value = Take(quoted ? rest[1..] : rest);
        if (quoted ? value.Length + 1 >= rest.Length || rest[value.Length + 1] != rest[0] : value.Length < rest.Length && !char.IsWhiteSpace(rest[value.Length]) && rest[value.Length] is not (';' or ','))
        {
            return;
        }

        if (IsAwsSecretName(name) && value.Length == 40 && value.IndexOfAny(".-_~=") < 0 && TokenRules.Entropy(value) > 4 && !IsPlaceholder(value.ToString()))
        {
            found.Add("aws-secret-key", "AWS secret access key", wordStart, value.ToString(), "");
        }
        else if (value.Length is >= 20 and <= 128 && IsRandom(value) && !IsPlaceholder(value.ToString()) && !name.ContainsAny(NoSecrets) && !(IsUuid(value) && name.Contains("token", StringComparison.OrdinalIgnoreCase)))
        {
            found.Add("generic-secret", $"Random value named `{name}`", wordStart, value.ToString(), "");
        }
    }

    /// <summary>AWS's own names in every spelling: <c>aws_secret_access_key</c>, <c>SecretAccessKey</c>, <c>secretAccessKey</c>.</summary>
    private static bool IsAwsSecretName(ReadOnlySpan<char> name) => name.Contains("secret", StringComparison.OrdinalIgnoreCase)
        && (name.Contains("aws", StringComparison.OrdinalIgnoreCase) || name.Contains("accesskey", StringComparison.OrdinalIgnoreCase) || name.Contains("access_key", StringComparison.OrdinalIgnoreCase));

    /// <summary>Digits and letters, no words, no path, no code: at least 3.5 bits a character (hexadecimal: 3).</summary>
    private static bool IsRandom(ReadOnlySpan<char> value)
    {
        int digits = 0, letters = 0, breaks = 0;
        foreach (var c in value)
        {
            digits += char.IsAsciiDigit(c) ? 1 : 0;
            letters += char.IsAsciiLetter(c) ? 1 : 0;
            breaks += c is '.' or '-' or '_' or '/' ? 1 : 0;
        }

        var hex = value.IndexOfAnyExcept("0123456789abcdefABCDEF") < 0;
        return digits >= 3 && letters >= 3 && breaks <= value.Length / 8 && TokenRules.Entropy(value) >= (hex ? 3.0 : 3.5);
    }

    internal static bool IsPlaceholder(string value) => value.AsSpan().ContainsAny(Placeholders) || value.Distinct().Count() < 5;

    /// <summary>Words that stand for a password in documents.</summary>
    private static bool IsWord(ReadOnlySpan<char> value)
    {
        foreach (var word in (ReadOnlySpan<string>)["secret", "passwd", "mypass", "mysecret", "sekret", "foobar", "foo-bar", "string", "tiger", "user123", "token", "api_key", "apikey", "0@domain", "topsecret", "supersecret"])
        {
            if (value.Equals(word, StringComparison.OrdinalIgnoreCase))
            {
                return true;
            }
        }

        return false;
    }

    private static bool IsUuid(ReadOnlySpan<char> value) => value.Length == 36 && Guid.TryParseExact(value, "D", out _);

    private static bool IsTemplate(ReadOnlySpan<char> value) => value.IndexOfAny("${}<>%()[]*") >= 0 && value.IndexOfAny("${<(*[") >= 0;

    private static bool IsExampleHost(ReadOnlySpan<char> host) => host.StartsWith("localhost") || host.StartsWith("127.0.0.1") || host.StartsWith("example.") || host.Contains(".example", StringComparison.Ordinal) || host.StartsWith("host") || host.StartsWith("0.0.0.0");

    private static ReadOnlySpan<char> Take(ReadOnlySpan<char> text)
    {
        var end = text.IndexOfAnyExcept(ValueCharacters);
        return end < 0 ? text : text[..end];
    }

    /// <summary>The run of value characters around a position.</summary>
    private static (int Start, string Value) Around(ReadOnlySpan<char> text, int at)
    {
        var start = at;
        while (start > 0 && at - start < 200 && ValueCharacters.Contains(text[start - 1]) && text[start - 1] != '=')
        {
            start--;
        }

        return (start, Take(text[start..]).ToString());
    }

    private static bool TryBase64(ReadOnlySpan<char> text, out int bytes)
    {
        var buffer = ArrayPool<byte>.Shared.Rent((text.Length / 4 * 3) + 3);
        try
        {
            return Convert.TryFromBase64Chars(text, buffer, out bytes);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer, clearArray: true);
        }
    }

    /// <summary>Collects matches; keeps only hashes of values, for telling repetitions.</summary>
    private ref struct Matches(ReadOnlySpan<char> text)
    {
        private readonly ReadOnlySpan<char> text = text;
        private readonly List<SecretMatch> list = [];
        private readonly HashSet<string> seen = [];

        /// <summary>True when nothing more is kept: a file with so many secrets is named, and need not be read to its end.</summary>
        public readonly bool AreFull => list.Count >= MaxMatches;

        public readonly void Add(string id, string title, int at, string value, string prefix)
        {
            var key = Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(value)));
            if (list.Count < MaxMatches && seen.Add(key))
            {
                var redacted = prefix.Length > 0 ? $"{prefix}… ({value.Length} characters)" : $"{value.Length} characters";
                list.Add(new SecretMatch(id, title, 1 + text[..at].Count('\n'), redacted));
            }
        }

        public readonly IReadOnlyList<SecretMatch> Sorted() => [.. list.OrderBy(match => match.Line).ThenBy(match => match.Id, StringComparer.Ordinal)];
    }
}
