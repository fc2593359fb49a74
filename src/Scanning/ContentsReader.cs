using Pellicle.Domain;
using Pellicle.Scanning.Archives;
using Pellicle.Scanning.Extractors;
using Pellicle.Scanning.Extractors.Java;
using Pellicle.Scanning.Extractors.Node;
using Pellicle.Scanning.Extractors.Python;
using Pellicle.Scanning.Pipeline;

namespace Pellicle.Scanning;

/// <summary>Opens the files of one target that matter and gathers what they prove. Each file is inflated once, for everything that needs its bytes; nothing is written to disk.</summary>
public static class ContentsReader
{
    /// <summary>Reads one target. Damage becomes errors; only cancellation and lost access to the target itself throw.</summary>
    public static TargetContents Read(IScanSource source, string origin, ScanLimits? limits = null, CancellationToken cancellationToken = default) =>
        Read(source, origin, null, limits ?? ScanLimits.Default, cancellationToken);

    /// <summary>Reads one target, or takes what a store remembers of its content.</summary>
    internal static TargetContents Read(IScanSource source, string origin, InventoryStore? store, ScanLimits limits, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentException.ThrowIfNullOrEmpty(origin);
        var session = new ReadSession(source, origin, limits, cancellationToken);
        var hash = "";
        if (store?.MayKnow(source.Length) == true)
        {
            hash = source.ComputeSha256(cancellationToken);
            if (store.Find(hash, origin, limits) is { } found)
            {
                return found;
            }

            session.Run();
        }
        else
        {
            // The hash of the whole file reads what the scan does not; both are bound by one core each.
            Parallel.Invoke(new ParallelOptions { CancellationToken = cancellationToken }, () => hash = source.ComputeSha256(cancellationToken), session.Run);
        }

        var contents = session.Finish(hash);
        store?.Save(contents, limits, source.Length);
        return contents;
    }
}

/// <summary>State of one <see cref="ContentsReader"/>.</summary>
internal sealed class ReadSession(IScanSource source, string origin, ScanLimits limits, CancellationToken cancellationToken)
{
    private static readonly IReadOnlyList<IExtractor> FileExtractors = AllExtractors.Create();
    private static readonly IReadOnlyList<ITreeExtractor> TreeExtractors = AllExtractors.CreateTree();

    private readonly Lock gate = new();
    private readonly List<Package> packages = [];
    private readonly List<FileError> errors = [];
    private readonly Dictionary<string, IReadOnlyList<string>> dependencies = new(StringComparer.Ordinal);
    private readonly InflateBudget budget = new(limits.MaxTotalBytes);
    private readonly PythonRecords records = new();
    private ContentPass? content;
    private int nestedArchives;
    private int droppedErrors;

    public void Run()
    {
        foreach (var error in source.Errors)
        {
            Fail(error.Path, error.Message, error.Hint);
        }

        var tree = Tree(source, "");
        content = new ContentPass(tree, origin, records, Add);
        ReadRecords(tree);
        ReadTree(tree, 0);
    }

    public TargetContents Finish(string sha256)
    {
        if (droppedErrors > 0)
        {
            errors.Add(new FileError(origin, "", $"{droppedErrors} more errors are not listed"));
        }

        return new TargetContents
        {
            Origin = origin,
            Sha256 = sha256,
            Entries = source.Entries,
            Packages = PackageSet.Consolidate(packages),
            Errors = [.. errors.Distinct().OrderBy(e => e.Path, StringComparer.Ordinal).ThenBy(e => e.Message, StringComparer.Ordinal)],
            Secrets = content?.Secrets ?? [],
            Facts = new ContentFacts
            {
                Tricks = source.Tricks,
                ModifiedFiles = content?.ModifiedFiles ?? [],
                NativeFiles = content?.NativeFiles ?? [],
                Texts = content?.Texts ?? new Dictionary<string, string>(),
                Dependencies = dependencies,
            },
        };
    }

    /// <summary>Before everything else: which files a package's RECORD lists decides what is looked at.</summary>
    private void ReadRecords(ScanTree tree) =>
        Parallel.ForEach(tree.Source.Entries.Where(entry => entry.Kind == EntryKind.File && PythonRecords.IsRecord(entry.ScanPath)), Parallelism(), entry =>
        {
            if (tree.TryRead(entry, limits.MaxEvidenceBytes, out var bytes))
            {
                records.Add(entry.Path, bytes);
            }
        });

    private ParallelOptions Parallelism() => new() { CancellationToken = cancellationToken, MaxDegreeOfParallelism = Environment.ProcessorCount };

    private void ReadTree(ScanTree tree, int depth)
    {
        var found = new List<Package>();
        var work = new List<Work>();
        // Build tools put licences and the like into jars as often as they come.
        var isJar = tree.Source.Find("META-INF/MANIFEST.MF") is not null;
        foreach (var entry in tree.Source.Entries)
        {
            var item = entry.Kind == EntryKind.File ? Plan(entry, depth) : null;
            if (item is not null)
            {
                work.Add(item);
            }

            if (entry.HidesOther && (item is { Extractors.Count: > 0 } or { IsArchive: true } || JavaArchive.IsPom(entry.ScanPath) || (item is not null && !isJar)))
            {
                Fail(tree.Prefix + entry.Path, "two entries of this name with different contents; only the last was read", "build the archive anew");
            }
        }

        // What is nested deeper runs inside its parent's worker; a function that is one war has all its jars at depth 1.
        if (depth == 0 || (depth == 1 && work.Exists(item => item.IsArchive)))
        {
            // Largest first, so that no worker is left with the one big archive at the end.
            work.Sort((a, b) => b.Entry.Size.CompareTo(a.Entry.Size));
            Parallel.ForEach(work, Parallelism(), item => Handle(tree, item, depth, found));
        }
        else
        {
            foreach (var item in work)
            {
                cancellationToken.ThrowIfCancellationRequested();
                Handle(tree, item, depth, found);
            }
        }

        foreach (var extractor in TreeExtractors)
        {
            Add(Guarded(extractor.Name, tree.Prefix, () => extractor.Extract(tree, found)), found);
        }
    }

    private sealed record Work(ScanEntry Entry, IReadOnlyList<IExtractor> Extractors, bool IsArchive, ContentPass.Looks Looks);

    /// <summary>Everybody who wants this file; null when nobody does.</summary>
    private Work? Plan(ScanEntry entry, int depth)
    {
        var path = entry.ScanPath;
        List<IExtractor>? extractors = null;
        foreach (var extractor in FileExtractors)
        {
            if (extractor.IsRequired(path))
            {
                (extractors ??= []).Add(extractor);
            }
        }

        var looks = depth == 0 && content is not null ? content.Plan(entry) : ContentPass.Looks.None;
        var isArchive = IsArchive(path);
        return extractors is null && !isArchive && looks == ContentPass.Looks.None ? null : new Work(entry, extractors ?? [], isArchive, looks);
    }

    private void Handle(ScanTree tree, Work work, int depth, List<Package> found)
    {
        var (entry, extractors, isArchive, looks) = work;
        if (isArchive)
        {
            ReadNested(tree, entry, depth);
        }

        if (extractors.Count > 0 && looks == ContentPass.Looks.None)
        {
            if (tree.TryRead(entry, limits.MaxEvidenceBytes, out var evidence))
            {
                Extract(new ScanFile(tree, entry.ScanPath, evidence), extractors, found);
            }

            return;
        }

        if (looks == ContentPass.Looks.None || (extractors.Count == 0 && !content!.IsWorthReading(entry, looks)) || !tree.TryRead(entry, limits.MaxEntryBytes, out var bytes))
        {
            return;
        }

        var file = new ScanFile(tree, entry.ScanPath, bytes);
        if (extractors.Count > 0 && bytes.Length > limits.MaxEvidenceBytes)
        {
            Fail(file.Path.Value, $"{bytes.Length} bytes, more than the limit of {limits.MaxEvidenceBytes}; not read as evidence of packages");
        }
        else
        {
            Extract(file, extractors, found);
        }

        content!.Handle(file, looks);
    }

    private void Extract(ScanFile file, IReadOnlyList<IExtractor> extractors, List<Package> found)
    {
        foreach (var extractor in extractors)
        {
            var result = Guarded(extractor.Name, file.Path.Value, () => extractor.Extract(file));
            Add(result, found);
            if (result is { Packages.Count: 0, Errors.Count: 0 } && extractor is not JavaScriptBundle && IsNoText(file.Content))
            {
                Fail(file.Path.Value, "holds bytes that are no text; nothing was read from it");
            }
        }
    }

    /// <summary>NUL where a format of lines would have its first; UTF-16 says by its mark that it is text.</summary>
    private static bool IsNoText(ReadOnlySpan<byte> content) => content is not ([0xFF, 0xFE, ..] or [0xFE, 0xFF, ..]) && content[..Math.Min(content.Length, 512)].Contains((byte)0);

    private void ReadNested(ScanTree tree, ScanEntry entry, int depth)
    {
        var path = tree.Prefix + entry.Path;
        if (depth + 1 >= limits.MaxDepth)
        {
            Fail(path, $"archives are nested deeper than {limits.MaxDepth}; not opened");
            return;
        }

        if (Interlocked.Increment(ref nestedArchives) > limits.MaxNestedArchives)
        {
            Fail(path, $"more than {limits.MaxNestedArchives} nested archives; not opened");
            return;
        }

        var taken = entry.Size <= limits.MaxEntryBytes ? entry.Size : 0;
        var failure = ReadResult.Failed($"more than {limits.MaxTotalBytes} bytes in one scan; not read");
        var bytes = budget.Take(taken) ? tree.Source.OpenEntry(entry, limits.MaxEntryBytes, out failure) : null;
        if (bytes is null)
        {
            budget.Return(failure.WasInflated ? 0 : taken);
            Unreadable(path, failure);
            return;
        }

        Span<byte> start = stackalloc byte[2];
        if ((bytes.Read(0, start) < start.Length || !start.SequenceEqual("PK"u8)) && !IsAlwaysArchive(entry.ScanPath))
        {
            // Parameter files end with .par, resource archives of other kinds with .rar.
            bytes.Dispose();
            return;
        }

        using var nested = ZipSource.Open(bytes, entry.ScanPath.FileName.ToString(), limits);
        foreach (var error in nested.Errors)
        {
            Fail(error.Path.Length == 0 ? path : $"{path}!/{error.Path}", error.Message, error.Hint);
        }

        ReadTree(Tree(nested, path + "!/"), depth + 1);
    }

    private ScanTree Tree(IScanSource files, string prefix) => new(files, prefix, limits, budget, Unreadable);

    private void Unreadable(string path, ReadResult why) => Fail(path, why.Error ?? "could not be read", why.Hint);

    internal static bool IsArchive(ScanPath path) => JavaArchive.IsJavaArchive(path) || path.EndsWith(".whl") || path.EndsWith(".egg") || path.EndsWith(".zip");

    /// <summary>Extensions that nothing else uses: what bears them and is no zip is damaged.</summary>
    private static bool IsAlwaysArchive(ScanPath path) => path.Extension is ".jar" or ".war" or ".ear" or ".whl" or ".egg" or ".zip";

    internal static ExtractionResult Guarded(string extractor, string path, Func<ExtractionResult> extract)
    {
        try
        {
            return extract();
        }
        catch (Exception e) when (e is not OperationCanceledException and not OutOfMemoryException)
        {
            // A bug of ours, shown as such: the scan goes on and is partial.
            return new ExtractionResult([], [new FileError("", path, $"extractor `{extractor}` failed: {e.GetType().Name}", "please report this file")]);
        }
    }

    private void Add(ExtractionResult result) => Add(result, null);

    private void Add(ExtractionResult result, List<Package>? found)
    {
        if (result.Packages.Count == 0 && result.Errors.Count == 0)
        {
            return;
        }

        lock (gate)
        {
            packages.AddRange(result.Packages);
            found?.AddRange(result.Packages);
            foreach (var (path, names) in result.Dependencies)
            {
                dependencies[path] = names;
            }
        }

        foreach (var error in result.Errors)
        {
            Fail(error.Path, error.Message, error.Hint);
        }
    }

    private void Fail(string path, string message, string hint = "")
    {
        lock (gate)
        {
            if (errors.Count < limits.MaxErrors)
            {
                errors.Add(new FileError(origin, path, message, hint));
            }
            else
            {
                droppedErrors++;
            }
        }
    }
}
