using System.Buffers;
using System.Text;
using Pellicle.Domain;

namespace Pellicle.Scanning.Extractors.Binaries;

/// <summary>
/// Tools and libraries that no package manager recorded: by the text before their version, by a shared library's own name, by the path they
/// were built in; and crates by the source paths in Rust's panic messages.
/// </summary>
internal sealed class VersionStrings : IBinaryExtractor
{
    private const int Window = 1 << 16, Overlap = 256;

    private const string CratePath = "/registry/", Sqlite = "SQLite format 3";

    private static readonly string[] BuildPaths = ["/reproducible-path/", "/build/", "/BUILD/", "/usr/src/debug/"];

    private static readonly ILookup<string, VersionAnchor> Anchors = NativeTables.Anchors.ToLookup(anchor => anchor.Before, StringComparer.Ordinal);

    private static readonly string[] Proofs = [.. NativeTables.Programs.Select(program => program.Proof), .. NativeTables.Anchors.SelectMany(anchor => anchor.Proofs)];

    // A search for more than 80 texts at once falls back from vectors to an automaton, which is slower than several vectorised searches.
    private const int MaxNeedles = 60;

    private static readonly Needles[] Groups =
        [.. ((string[])[.. NativeTables.Anchors.Select(a => a.Before), .. Proofs, .. BuildPaths, CratePath, Sqlite]).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).Chunk(MaxNeedles).Select(texts => new Needles(texts))];

    private static readonly SearchValues<char> CrateCharacters = SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_");

    public string Name => "generic/version-strings";

    public ExtractionResult Extract(ScanFile file)
    {
        var findings = new Findings(file);
        var chars = ArrayPool<char>.Shared.Rent(Window + Overlap);
        try
        {
            for (var start = 0; start < file.Content.Length; start += Window)
            {
                // One byte a character: positions stay equal, and the search runs on vectors.
                var count = Encoding.Latin1.GetChars(file.Content, start, Math.Min(Window + Overlap, file.Content.Length - start), chars, 0);
                foreach (var group in Groups)
                {
                    Search(chars.AsSpan(0, count), group, findings);
                }
            }
        }
        finally
        {
            ArrayPool<char>.Shared.Return(chars);
        }

        findings.Settle();
        AddLone(file, findings);
        return findings.Packages.Count == 0 ? ExtractionResult.Empty : ExtractionResult.Of([.. findings.Packages]);
    }

    private static void Search(ReadOnlySpan<char> text, Needles needles, Findings findings)
    {
        for (var at = 0; text[at..].IndexOfAny(needles.Any) is var next and >= 0; at++)
        {
            at += next;
            foreach (var (needle, lead) in needles.ByFirst[text[at]])
            {
                if (at < lead || !text[(at - lead)..].StartsWith(needle))
                {
                    continue;
                }

                findings.Seen.Add(needle);
                var after = text[(at - lead + needle.Length)..];
                foreach (var anchor in Anchors[needle])
                {
                    if (ReadVersion(after, anchor.Form) is { } version)
                    {
                        findings.Note(anchor, anchor.Name == "lame" ? $"3.{version}" : version);
                    }
                }

                if (needle == CratePath)
                {
                    AddCrate(after, findings);
                }
                else if (BuildPaths.Contains(needle))
                {
                    AddBuildPath(after, findings);
                }
            }
        }
    }

    private static string? ReadVersion(ReadOnlySpan<char> text, VersionForm form)
    {
        if (text.Length > 0 && text[0] is 'n' or 'v')
        {
            text = text[1..];
        }

        var length = Numbers(text, out var dots);
        if (length == 0 || (dots == 0 && form != VersionForm.Two) || (form is VersionForm.Three or VersionForm.Copyright or VersionForm.Patchlevel or VersionForm.Letters && dots < 2))
        {
            return null;
        }

        if (form == VersionForm.Letters)
        {
            while (length < text.Length && char.IsAsciiLetterLower(text[length]) && length < 12)
            {
                length++;
            }
        }
        else if (form == VersionForm.Patch || form == VersionForm.Portable)
        {
            var mark = form == VersionForm.Patch ? '-' : 'p';
            var digits = length < text.Length && text[length] == mark ? Digits(text[(length + 1)..]) : 0;
            length += digits > 0 ? digits + 1 : 0;
            if (digits == 0 && form == VersionForm.Portable)
            {
                return null;
            }
        }

        var end = length < text.Length ? text[length] : '\0';
        var plausible = form switch
        {
            VersionForm.Letters => end is ' ' or '\0' or '-',
            VersionForm.Copyright => text[length..].StartsWith(" Copyright"),
            VersionForm.Patchlevel => end is 'p' or ' ',
            VersionForm.Two => dots > 0 || (end is '\0' or ' ' or '\n' && length > 1),
            VersionForm.Three or VersionForm.Patch or VersionForm.Portable => true,
        };
        return plausible && !char.IsAsciiDigit(end) ? text[..length].ToString() : null;
    }

    private static int Numbers(ReadOnlySpan<char> text, out int dots)
    {
        dots = 0;
        var length = 0;
        while (length < text.Length && length < 24 && (char.IsAsciiDigit(text[length]) || (text[length] == '.' && length > 0 && length + 1 < text.Length && char.IsAsciiDigit(text[length + 1]))))
        {
            dots += text[length] == '.' ? 1 : 0;
            length++;
        }

        return length;
    }

    private static int Digits(ReadOnlySpan<char> text) => text.IndexOfAnyExceptInRange('0', '9') is var end and >= 0 ? end : text.Length;

    /// <summary><c>…/registry/src/index.crates.io-6f17d22bba15001f/serde-1.0.152/src/lib.rs</c>, or a directory that holds the crates itself: <c>/usr/share/cargo/registry/serde-1.0.152/src/…</c></summary>
    private static void AddCrate(ReadOnlySpan<char> text, Findings findings)
    {
        if (text.StartsWith("src/"))
        {
            var slash = text[4..].IndexOf('/');
            if (slash is < 0 or > 80)
            {
                return;
            }

            text = text[(4 + slash + 1)..];
        }

        var end = text.IndexOf('/');
        if (end is > 0 and <= 120 && SplitNameVersion(text[..end], 2) is var (name, version) && name.AsSpan().IndexOfAnyExcept(CrateCharacters) < 0 && text[end..].StartsWith("/") && IsSource(text[end..]))
        {
            findings.Add(Ecosystem.CratesIo, name, version);
        }
    }

    /// <summary>Behind the crate's directory comes one of its source files.</summary>
    private static bool IsSource(ReadOnlySpan<char> path) => path[..Math.Min(path.Length, 200)].IndexOf(".rs") > 0;

    /// <summary><c>/build/reproducible-path/wget-1.21.3=.</c>, <c>/build/gdb-kUlB6r/gdb-13.1/gdb/…</c>, <c>BUILD/openssl-1.1.1k/</c></summary>
    private static void AddBuildPath(ReadOnlySpan<char> text, Findings findings)
    {
        for (var i = 0; i < 2; i++)
        {
            var end = text[..Math.Min(text.Length, 120)].IndexOfAny("/=\0 ");
            if (end <= 0)
            {
                return;
            }

            if (SplitNameVersion(text[..end], 1) is var (name, version) && NativeTables.BuildNames.TryGetValue(name, out var package))
            {
                version = version.Split('+', '~')[0];
                findings.Weak.TryAdd(package, version.EndsWith(".dfsg", StringComparison.Ordinal) ? version[..^5] : version);
                return;
            }

            text = text[(end + 1)..];
        }
    }

    /// <summary>Texts that are searched at once. A zero byte before or behind a text is compared afterwards: it is too frequent to search for, and would take the search off the vectors.</summary>
    private sealed class Needles(string[] texts)
    {
        public SearchValues<string> Any { get; } = SearchValues.Create([.. texts.Select(text => text.Trim('\0')).Distinct(StringComparer.Ordinal)], StringComparison.Ordinal);

        /// <summary>By the first character that is searched, with how many stand before it; longest first: the first that fits is the right one.</summary>
        public ILookup<char, (string Text, int Lead)> ByFirst { get; } = texts.OrderByDescending(text => text.Length).Select(text => (text, text.Length - text.TrimStart('\0').Length)).ToLookup(needle => needle.text[needle.Item2]);
    }

    private static (string Name, string Version)? SplitNameVersion(ReadOnlySpan<char> text, int dots)
    {
        for (var i = 1; i + 1 < text.Length; i++)
        {
            if (text[i] == '-' && char.IsAsciiDigit(text[i + 1]) && text[(i + 1)..].Count('.') >= dots)
            {
                return (text[..i].ToString(), text[(i + 1)..].ToString());
            }
        }

        return null;
    }

    /// <summary>Versions that are a text of their own, in files known by other means.</summary>
    private static void AddLone(ScanFile file, Findings findings)
    {
        foreach (var (name, proof, numbers) in NativeTables.Programs)
        {
            if (findings.Seen.Contains(proof) && !findings.Has(name) && LoneVersion.Find(file.Content, numbers) is { } version)
            {
                findings.Add(Ecosystem.Generic, name, version);
            }
        }

        if (findings.Seen.Contains(Sqlite) && LoneVersion.Find(file.Content, 3, "3.") is { } sqlite)
        {
            findings.Add(Ecosystem.Generic, "sqlite", sqlite);
        }

        AddBySoname(file, findings);
        AddPython(file, findings);
        foreach (var (name, version) in findings.Weak)
        {
            if (!findings.Has(name))
            {
                findings.Add(Ecosystem.Generic, name, version);
            }
        }
    }

    private static void AddBySoname(ScanFile file, Findings findings)
    {
        var soname = ElfName.Read(file.Content);
        var end = soname?.IndexOf(".so", StringComparison.Ordinal) ?? -1;
        if (end <= 0)
        {
            return;
        }

        var stem = soname![..end];
        if (stem is "libxml2" or "libxslt" && LoneVersion.FindPacked(file.Content, stem == "libxml2" ? '2' : '1') is { } packed)
        {
            findings.Add(Ecosystem.Generic, stem, packed);
        }
        else if (NativeTables.Sonames.TryGetValue(stem, out var rule) && !findings.Has(rule.Name) && LoneVersion.Find(file.Content, rule.Numbers) is { } version)
        {
            findings.Add(Ecosystem.Generic, rule.Name, version);
        }
    }

    /// <summary>An interpreter's full version, when the file's own name gives its first two numbers.</summary>
    private static void AddPython(ScanFile file, Findings findings)
    {
        var name = file.InnerPath.FileName;
        var at = name.IndexOf("python3.");
        if (at is 0 or 3 && Digits(name[(at + 8)..]) is > 0 and var digits && LoneVersion.Find(file.Content, 3, $"3.{name.Slice(at + 8, digits)}.") is { } version)
        {
            findings.Add(Ecosystem.Generic, "python", version);
        }
    }

    private sealed class Findings(ScanFile file)
    {
        private readonly Dictionary<(string Name, string Version), Package> found = [];
        private readonly List<(VersionAnchor Anchor, string Version)> noted = [];

        public HashSet<string> Seen { get; } = new(StringComparer.Ordinal);

        /// <summary>Versions that count only where nothing better is found.</summary>
        public SortedDictionary<string, string> Weak { get; } = new(StringComparer.Ordinal);

        public IReadOnlyCollection<Package> Packages => found.Values;

        public bool Has(string name) => found.Keys.Any(key => key.Name == name);

        public void Note(VersionAnchor anchor, string version) => noted.Add((anchor, version));

        /// <summary>Decides about anchors that need a proof, once the whole file was seen.</summary>
        public void Settle()
        {
            foreach (var (anchor, version) in noted)
            {
                if (anchor.Proofs.Length == 0 || anchor.Proofs.Any(Seen.Contains))
                {
                    Add(Ecosystem.Generic, anchor.Name, version);
                }
            }
        }

        // Share of the libraries found so that are there: `bench/scan/recall.sh WORK native`.
        private static readonly PackageIdentity Recognised = new(IdentityMethod.Binary, 0.97);

        public void Add(Ecosystem ecosystem, string name, string version)
        {
            if (!found.ContainsKey((name, version)) && file.Package(ecosystem, name, version, PackageEvidence.Binary) is { } package)
            {
                found.Add((name, version), package with { Identity = Recognised });
            }
        }
    }
}
