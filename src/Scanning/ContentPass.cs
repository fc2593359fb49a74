using Pellicle.Domain;
using Pellicle.Scanning.Archives;
using Pellicle.Scanning.Extractors;
using Pellicle.Scanning.Extractors.Python;

namespace Pellicle.Scanning;

/// <summary>Second look, by content: each file is inflated once for everything that needs its bytes (records, binaries, bundles, secrets, small texts).</summary>
internal sealed class ContentPass(ScanTree tree, PythonRecords records, Action<ExtractionResult> add, Action<string, string, string> fail)
{
    private const int MaxText = 64 << 10, MinBinary = 4 << 10;

    private static readonly IReadOnlyList<IBinaryExtractor> BinaryExtractors = AllExtractors.CreateBinary();

    private readonly Lock gate = new();
    private readonly List<ModifiedFile> modified = [];
    private readonly SortedDictionary<string, string> texts = new(StringComparer.Ordinal);

    public IReadOnlyList<ModifiedFile> ModifiedFiles => [.. modified.OrderBy(file => file.Path, StringComparer.Ordinal)];

    public IReadOnlyDictionary<string, string> Texts => texts;


    private readonly record struct Work(ScanEntry Entry, bool Record, bool Binary, bool Text);

    public void Run(CancellationToken cancellationToken)
    {
        var work = tree.Source.Entries.Where(entry => entry.Kind == EntryKind.File && entry.Size > 0).Select(Plan).Where(item => item.Record || item.Binary || item.Text).ToList();
        work.Sort((a, b) => b.Entry.Size.CompareTo(a.Entry.Size));
        Parallel.ForEach(work, new ParallelOptions { CancellationToken = cancellationToken, MaxDegreeOfParallelism = Environment.ProcessorCount }, Handle);
    }

    private Work Plan(ScanEntry entry)
    {
        var path = entry.ScanPath;
        return new Work(entry, tree.Limits.VerifyRecords && records.Lists(entry.Path), entry.Size >= MinBinary && MayBeBinary(path), entry.Size <= MaxText && DecidesWhatLoads(path));
    }

    private void Handle(Work work)
    {
        if (!tree.Budget.Take(work.Entry.Size))
        {
            fail(work.Entry.Path, $"more than {tree.Limits.MaxTotalBytes} bytes in one scan; not read", "");
            return;
        }

        var result = tree.Source.Read(work.Entry, tree.Limits.MaxEntryBytes);
        if (result.Content is not { } bytes)
        {
            fail(work.Entry.Path, result.Error ?? "could not be read", result.Hint);
            return;
        }

        if (work.Record && records.Verify(work.Entry.Path, bytes) is { } difference)
        {
            lock (gate)
            {
                modified.Add(difference);
            }
        }

        var file = new ScanFile(tree, work.Entry.ScanPath, bytes);
        if (work.Binary && IsBinary(bytes))
        {
            foreach (var extractor in BinaryExtractors)
            {
                add(ReadSession.Guarded(extractor.Name, work.Entry.Path, () => extractor.Extract(file)));
            }
        }

        if (work.Text && !IsBinary(bytes))
        {
            lock (gate)
            {
                texts[work.Entry.Path] = file.Text;
            }
        }
    }

    /// <summary>ELF, PE, Mach-O. The executable bit says nothing: zips often lose it.</summary>
    internal static bool IsBinary(ReadOnlySpan<byte> bytes) => bytes is [0x7F, (byte)'E', (byte)'L', (byte)'F', ..] or [(byte)'M', (byte)'Z', ..] or [0xCF or 0xCE, 0xFA, 0xED, 0xFE, ..];

    private static bool MayBeBinary(ScanPath path) => path.Extension switch
    {
        "" or ".so" or ".node" or ".exe" or ".bin" or ".dylib" or ".run" or ".out" or ".elf" => true,
        var extension => path.FileName.Contains(".so.", StringComparison.Ordinal) || (extension.Length > 1 && extension[1..].IndexOfAnyExceptInRange('0', '9') < 0),
    };

    /// <summary>Small texts that the hijack checks read.</summary>
    private static bool DecidesWhatLoads(ScanPath path) => path.FileName is "sitecustomize.py" or "usercustomize.py" or "bootstrap" || path.EndsWith(".pth")
        || path.IsUnder("extensions") || path.Value is "package.json" || (path.Extension is "" or ".sh" && !path.HasDirectory("node_modules") && !path.Directory.EndsWith("-info", StringComparison.Ordinal));
}
