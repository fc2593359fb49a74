using System.Buffers;
using System.Text;
using Pellicle.Domain;
using Pellicle.Scanning.Archives;
using Pellicle.Scanning.Extractors;
using Pellicle.Scanning.Extractors.Python;
using Pellicle.Scanning.Secrets;

namespace Pellicle.Scanning;

/// <summary>The look by content at files of the target itself: records, binaries, secrets, small texts. Thread-safe.</summary>
internal sealed class ContentPass(ScanTree tree, string origin, PythonRecords records, Action<ExtractionResult> add)
{
    private const int MaxText = 64 << 10, MinBinary = 4 << 10;

    private static readonly IReadOnlyList<IBinaryExtractor> BinaryExtractors = AllExtractors.CreateBinary();

    private readonly Lock gate = new();
    private readonly List<ModifiedFile> modified = [];
    private readonly Dictionary<string, string> texts = new(StringComparer.Ordinal);

    public IReadOnlyList<ModifiedFile> ModifiedFiles => [.. modified.OrderBy(file => file.Path, StringComparer.Ordinal)];

    public IReadOnlyDictionary<string, string> Texts => texts.Keys.Order(StringComparer.Ordinal).ToDictionary(path => path, path => texts[path], StringComparer.Ordinal);

    private readonly List<NativeFile> native = [];

    public IReadOnlyList<NativeFile> NativeFiles => [.. native.OrderBy(file => file.Path, StringComparer.Ordinal)];

    private readonly List<Finding> secrets = [];

    public IReadOnlyList<Finding> Secrets => [.. secrets.OrderBy(finding => finding.Path, StringComparer.Ordinal).ThenBy(finding => finding.RuleId, StringComparer.Ordinal)];

    /// <summary>What of a file is to be looked at; no flag: nothing.</summary>
    [Flags]
    internal enum Looks
    {
        None = 0,
        Record = 1,
        Binary = 2,
        Text = 4,
        Secret = 8,
    }

    /// <summary>Decides by name, size and records, which must all have been read.</summary>
    public Looks Plan(ScanEntry entry)
    {
        if (entry.Size == 0)
        {
            return Looks.None;
        }

        var path = entry.ScanPath;
        return (tree.Limits.VerifyRecords && records.Lists(entry.Path) ? Looks.Record : 0)
            | (entry.Size >= MinBinary && MayBeBinary(path) ? Looks.Binary : 0)
            | (entry.Size <= MaxText && DecidesWhatLoads(path) ? Looks.Text : 0)
            | (tree.Limits.FindSecrets && MayHoldSecret(entry) ? Looks.Secret : 0);
    }

    /// <summary>False when the first bytes already say that there is nothing to see: most names that may be programs are not.</summary>
    public bool IsWorthReading(ScanEntry entry, Looks looks)
    {
        Span<byte> head = stackalloc byte[4];
        return looks != Looks.Binary || tree.Source.ReadPrefix(entry, head) != head.Length || IsBinary(head);
    }

    /// <summary>Looks at a file that was read.</summary>
    public void Handle(ScanFile file, Looks looks)
    {
        var (path, bytes) = (file.InnerPath, file.Content);
        var isModified = false;
        if (looks.HasFlag(Looks.Record) && records.Verify(path.Value, bytes) is { } difference)
        {
            isModified = true;
            lock (gate)
            {
                modified.Add(difference);
            }
        }

        // An untouched file of a published package holds no secret of this customer, but many keys made for tests.
        if (looks.HasFlag(Looks.Secret) && (!looks.HasFlag(Looks.Record) || isModified) && !IsBinary(bytes))
        {
            FindSecrets(path, bytes);
        }

        if (looks.HasFlag(Looks.Binary) && IsBinary(bytes))
        {
            var accounted = records.Lists(path.Value) || path.HasDirectory("node_modules");
            foreach (var extractor in BinaryExtractors)
            {
                var found = ReadSession.Guarded(extractor.Name, path.Value, () => extractor.Extract(file));
                accounted |= found.Packages.Count > 0;
                add(found);
            }

            if (NativeHeader.Read(path.Value, bytes, accounted) is { } header)
            {
                lock (gate)
                {
                    native.Add(header);
                }
            }
        }

        if (looks.HasFlag(Looks.Text) && !IsBinary(bytes))
        {
            lock (gate)
            {
                texts[path.Value] = WithoutSecrets(path, file.Text);
            }
        }
    }

    private void FindSecrets(ScanPath path, byte[] bytes)
    {
        var sensitive = SensitiveFiles.Describe(path);
        var text = ArrayPool<char>.Shared.Rent(bytes.Length);
        try
        {
            // One byte a character: every pattern is ASCII, and lines stay countable.
            var count = Encoding.Latin1.GetChars(bytes, text);
            var matches = SecretScanner.Scan(text.AsSpan(0, count));
            if (sensitive is not null)
            {
                matches = [.. matches, .. SensitiveFiles.Scan(path, new string(text, 0, count))];
            }

            matches = [.. matches, .. TemplateTokens.Scan(path, text.AsSpan(0, count))];

            // npm and yarn settings are left over only when they hold something.
            var findings = SecretFindings.Make(origin, path.Value, matches, matches.Count == 0 && path.FileName is ".npmrc" or ".yarnrc.yml" ? null : sensitive).ToArray();
            if (findings.Length > 0)
            {
                lock (gate)
                {
                    secrets.AddRange(findings);
                }
            }
        }
        finally
        {
            ArrayPool<char>.Shared.Return(text, clearArray: true);
        }
    }

    /// <summary>Text outside published packages, and sensitive names everywhere. Lock files are full of hashes and hold no secrets.</summary>
    private bool MayHoldSecret(ScanEntry entry)
    {
        var path = entry.ScanPath;
        if (SensitiveFiles.Describe(path) is not null)
        {
            return entry.Size <= tree.Limits.MaxSecretFileBytes;
        }

        if (entry.Size > tree.Limits.MaxSecretFileBytes || path.HasDirectory("node_modules") || path.HasDirectory("vendor") || path.HasDirectory(".git") || new ScanPath(path.Directory).EndsWith("-info"))
        {
            return false;
        }

        return path.Extension switch
        {
            ".py" or ".js" or ".mjs" or ".cjs" or ".ts" or ".rb" or ".php" or ".java" or ".kt" or ".go" or ".cs" or ".sh" or ".pl" or ".lua" => true,
            ".json" or ".yml" or ".yaml" or ".toml" or ".ini" or ".cfg" or ".conf" or ".config" or ".properties" or ".xml" or ".env" or ".tf" or ".template" or ".sql" => !IsLock(path),
            ".txt" or ".md" or ".html" or ".pem" or ".key" or ".crt" or ".cer" or ".log" or ".bak" or ".old" or ".csv" or ".pub" or ".map" => true,
            "" => true,
            _ => path.FileName[0] == '.',
        };
    }

    private static bool IsLock(ScanPath path) => path.FileName is "package-lock.json" or "npm-shrinkwrap.json" or "pnpm-lock.yaml" or "composer.lock" or "packages.lock.json" or "Pipfile.lock" || path.EndsWith(".deps.json");

    /// <summary>ELF, PE, Mach-O. The executable bit says nothing: zips often lose it.</summary>
    internal static bool IsBinary(ReadOnlySpan<byte> bytes) => bytes is [0x7F, (byte)'E', (byte)'L', (byte)'F', ..] or [(byte)'M', (byte)'Z', ..] or [0xCF or 0xCE, 0xFA, 0xED, 0xFE, ..];

    private static bool MayBeBinary(ScanPath path) => path.Extension switch
    {
        "" or ".so" or ".node" or ".exe" or ".bin" or ".dylib" or ".run" or ".out" or ".elf" => true,
        _ when new ScanPath(path.Directory).FileName is "bin" or "sbin" or "libexec" => true,
        var extension => path.FileName.Contains(".so.", StringComparison.Ordinal) || (extension.Length > 1 && extension[1..].IndexOfAnyExceptInRange('0', '9') < 0),
    };

    /// <summary>Small texts that the view and the hijack checks read.</summary>
    private static bool DecidesWhatLoads(ScanPath path) => path.EndsWith(".pth") || path.Value is "package.json";

    /// <summary>What is kept of such a text: inventories are stored, secrets are not.</summary>
    private static string WithoutSecrets(ScanPath path, string text)
    {
        if (path.Value is "package.json")
        {
            using var manifest = Json.ParseObject(Encoding.UTF8.GetBytes(text));
            return manifest?.RootElement.String("type") is "module" ? """{"type":"module"}""" : "{}";
        }

        return string.Join('\n', text.Split('\n').Select(line => SecretScanner.Scan(line).Count == 0 ? line : line.StartsWith("import", StringComparison.Ordinal) ? "import (this line holds a secret)" : ""));
    }
}
