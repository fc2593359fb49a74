using System.Buffers;
using System.Text;
using Pellicle.Domain;

namespace Pellicle.Scanning.Extractors.Binaries;

/// <summary>Tools and libraries that no package manager recorded, known by the version strings they carry; and crates by the source paths in Rust's panic messages.</summary>
internal sealed class VersionStrings : IBinaryExtractor
{
    private const int Window = 1 << 16, Overlap = 256;

    private const string CratePath = "/registry/src/";

    // Text just before the version in the binary → package. The version must follow at once.
    private static readonly Dictionary<string, string> Anchors = new(StringComparer.Ordinal)
    {
        ["OpenSSL "] = "openssl", ["libcurl/"] = "curl", ["libcurl "] = "curl", ["FFmpeg version "] = "ffmpeg", ["ffmpeg version "] = "ffmpeg",
        [" deflate "] = "zlib", [" inflate "] = "zlib", ["node.js/v"] = "node", ["nginx/"] = "nginx", ["ImageMagick "] = "imagemagick",
        ["@(#)Bash version "] = "bash", ["BusyBox v"] = "busybox", ["X-Powered-By: PHP/"] = "php", ["libpng version "] = "libpng", ["libjpeg-turbo version "] = "libjpeg-turbo",
        ["LIBTIFF, Version "] = "libtiff", ["expat_"] = "expat", ["SSH-2.0-libssh2_"] = "libssh2", ["SSH-2.0-libssh_"] = "libssh", ["OpenSSH_"] = "openssh",
        ["stable release version "] = "glibc", ["HeadlessChrome/"] = "chromium", ["wkhtmltopdf "] = "wkhtmltopdf", ["GPL Ghostscript "] = "ghostscript",
        ["poppler version "] = "poppler", ["pdftotext version "] = "poppler", ["nghttp2/"] = "nghttp2", ["mbed TLS "] = "mbedtls", ["libgit2 "] = "libgit2",
        ["xz (XZ Utils) "] = "xz", ["tesseract "] = "tesseract", ["PostgreSQL "] = "postgresql", ["git/"] = "git", ["Wget/"] = "wget", ["wolfSSL "] = "wolfssl",
        ["LibreSSL "] = "libressl", ["GnuTLS "] = "gnutls", ["Redis server v="] = "redis", ["Lavf"] = "libavformat", ["ruby "] = "ruby", ["HAProxy version "] = "haproxy", ["Apache/"] = "httpd",
        ["libxml2-"] = "libxml2", ["zstd v"] = "zstd", ["qpdf version "] = "qpdf", ["pandoc-"] = "pandoc", ["ExifTool Version Number : "] = "exiftool", ["c-ares/"] = "c-ares", ["jq-"] = "jq",
        [CratePath] = "", ["SQLite format 3"] = "sqlite",
    };

    private static readonly SearchValues<string> Needles = SearchValues.Create([.. Anchors.Keys], StringComparison.Ordinal);

    public string Name => "generic/version-strings";

    public ExtractionResult Extract(ScanFile file)
    {
        var found = new Dictionary<(string Name, string Version), Package>();
        var chars = ArrayPool<char>.Shared.Rent(Window + Overlap);
        try
        {
            for (var start = 0; start < file.Content.Length; start += Window)
            {
                // One byte a character: positions stay equal, and the search runs on vectors.
                var count = Encoding.Latin1.GetChars(file.Content, start, Math.Min(Window + Overlap, file.Content.Length - start), chars, 0);
                Search(file, chars.AsSpan(0, count), found);
            }
        }
        finally
        {
            ArrayPool<char>.Shared.Return(chars);
        }

        AddPython(file, found);
        return found.Count == 0 ? ExtractionResult.Empty : ExtractionResult.Of([.. found.Values]);
    }

    private static void Search(ScanFile file, ReadOnlySpan<char> text, Dictionary<(string, string), Package> found)
    {
        for (var rest = text; rest.IndexOfAny(Needles) is var at and >= 0;)
        {
            rest = rest[at..];
            var anchor = rest[0] switch { _ when rest.StartsWith(CratePath) => CratePath, _ => Longest(rest) };
            var after = rest[anchor.Length..];
            if (anchor == CratePath)
            {
                AddCrate(file, after, found);
            }
            else if (anchor[0] == 'S' && Anchors[anchor] == "sqlite")
            {
                AddSqlite(file, found);
            }
            else if (ReadVersion(after, anchor) is { } version)
            {
                Add(file, Ecosystem.Generic, Anchors[anchor], version, found);
            }

            rest = rest[anchor.Length..];
        }
    }

    private static string Longest(ReadOnlySpan<char> text)
    {
        var best = "";
        foreach (var anchor in Anchors.Keys)
        {
            if (anchor.Length > best.Length && text.StartsWith(anchor))
            {
                best = anchor;
            }
        }

        return best;
    }

    /// <summary><c>1.2</c>, <c>1.2.3</c>, <c>1.1.1k</c>, <c>6.9.11-60</c>; the anchors that are ordinary words need three numbers and a plausible end.</summary>
    private static string? ReadVersion(ReadOnlySpan<char> text, string anchor)
    {
        if (text.Length > 0 && text[0] is 'n' or 'v')
        {
            text = text[1..];
        }

        var length = 0;
        var dots = 0;
        while (length < text.Length && length < 24 && (char.IsAsciiDigit(text[length]) || (text[length] == '.' && length > 0 && length + 1 < text.Length && char.IsAsciiDigit(text[length + 1]))))
        {
            dots += text[length] == '.' ? 1 : 0;
            length++;
        }

        if (dots == 0 || !char.IsAsciiDigit(text[0]))
        {
            return null;
        }

        var weak = anchor is "OpenSSL " or " deflate " or " inflate " or "ruby " or "git/" or "PostgreSQL " or "GnuTLS " or "tesseract " or "Apache/" or "nginx/" or "jq-";
        if (weak && dots < (anchor is "PostgreSQL " or "jq-" ? 1 : 2))
        {
            return null;
        }

        // OpenSSL's letter releases; ImageMagick's patch number.
        if (anchor == "OpenSSL ")
        {
            while (length < text.Length && char.IsAsciiLetterLower(text[length]) && length < 12)
            {
                length++;
            }
        }
        else if (anchor == "ImageMagick " && length + 1 < text.Length && text[length] == '-' && char.IsAsciiDigit(text[length + 1]))
        {
            do
            {
                length++;
            }
            while (length < text.Length && char.IsAsciiDigit(text[length]));
        }

        var end = length < text.Length ? text[length] : '\0';
        var plausible = anchor switch
        {
            "OpenSSL " => end is ' ' or '\0' or '-',
            " deflate " or " inflate " => end == ' ' && text[length..].StartsWith(" Copyright"),
            "ruby " => end == 'p' || end == ' ',
            _ => !char.IsAsciiDigit(end),
        };
        return plausible ? text[..length].ToString() : null;
    }

    /// <summary><c>…/registry/src/index.crates.io-6f17d22bba15001f/serde-1.0.152/src/lib.rs</c></summary>
    private static void AddCrate(ScanFile file, ReadOnlySpan<char> text, Dictionary<(string, string), Package> found)
    {
        var slash = text.IndexOf('/');
        if (slash is < 0 or > 80)
        {
            return;
        }

        var crate = text[(slash + 1)..];
        var end = crate.IndexOf('/');
        if (end is <= 0 or > 120)
        {
            return;
        }

        crate = crate[..end];
        for (var i = 1; i + 1 < crate.Length; i++)
        {
            if (crate[i] == '-' && char.IsAsciiDigit(crate[i + 1]) && crate[(i + 1)..].Count('.') >= 2)
            {
                if (crate[..i].IndexOfAnyExcept(CrateCharacters) < 0)
                {
                    Add(file, Ecosystem.CratesIo, crate[..i].ToString(), crate[(i + 1)..].ToString(), found);
                }

                return;
            }
        }
    }

    private static readonly SearchValues<char> CrateCharacters = SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_");

    /// <summary>SQLite's version stands alone between NULs, in files that also hold its format string.</summary>
    private static void AddSqlite(ScanFile file, Dictionary<(string, string), Package> found)
    {
        if (!found.Keys.Any(key => key.Item1 == "sqlite") && Lone(file.Content, "3."u8, 2) is { } version)
        {
            Add(file, Ecosystem.Generic, "sqlite", version, found);
        }
    }

    /// <summary>An interpreter's full version, when the file's own name gives its first two numbers.</summary>
    private static void AddPython(ScanFile file, Dictionary<(string, string), Package> found)
    {
        var name = file.InnerPath.FileName;
        var at = name.IndexOf("python3.");
        if (at is not (0 or 3))
        {
            return;
        }

        var minor = name[(at + 8)..];
        var digits = minor.IndexOfAnyExceptInRange('0', '9');
        minor = digits >= 0 ? minor[..digits] : minor;
        if (minor.Length > 0 && Lone(file.Content, Encoding.ASCII.GetBytes($"3.{minor}."), 2) is { } version)
        {
            Add(file, Ecosystem.Generic, "python", version, found);
        }
    }

    /// <summary>First <c>\0prefix…\0</c> of digits and dots with so many dots.</summary>
    private static string? Lone(ReadOnlySpan<byte> content, ReadOnlySpan<byte> prefix, int dots)
    {
        for (var rest = content; rest.IndexOf(prefix) is var at and >= 0; rest = rest[(at + prefix.Length)..])
        {
            var length = 0;
            var candidate = rest[at..];
            while (length < candidate.Length && length < 16 && (char.IsAsciiDigit((char)candidate[length]) || candidate[length] == '.'))
            {
                length++;
            }

            if (at > 0 && rest[at - 1] == 0 && length < candidate.Length && candidate[length] == 0 && candidate[..length].Count((byte)'.') == dots && candidate[length - 1] != '.')
            {
                return Encoding.ASCII.GetString(candidate[..length]);
            }
        }

        return null;
    }

    private static void Add(ScanFile file, Ecosystem ecosystem, string name, string version, Dictionary<(string, string), Package> found)
    {
        if (!found.ContainsKey((name, version)) && file.Package(ecosystem, name, version, PackageEvidence.Binary) is { } package)
        {
            found.Add((name, version), package);
        }
    }
}
