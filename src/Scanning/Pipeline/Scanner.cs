using Pellicle.Domain;
using Pellicle.Scanning.Archives;
using Pellicle.Scanning.Reports;
using Pellicle.Scanning.View;

namespace Pellicle.Scanning.Pipeline;

/// <summary>Open, view, extract, match, judge. Damage becomes errors of the target; only cancellation and misuse throw.</summary>
public static class Scanner
{
    /// <summary>Name of the program in reports.</summary>
    public static ToolInfo Tool { get; } = new("pellicle", typeof(Scanner).Assembly.GetName().Version?.ToString(3) ?? "0.0.0");

    /// <summary>Scans all targets of a request.</summary>
    public static ScanReport Scan(ScanRequest request, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        var targets = request.Targets.Select(target => ScanTarget(request, target, cancellationToken)).ToList();
        return new ScanReport
        {
            Tool = Tool,
            AdvisoryDatabase = request.Database is { } database
                ? new DatabaseInfo(database.Revision, database.Built.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", System.Globalization.CultureInfo.InvariantCulture), database.AdvisoryCount)
                : null,
            Targets = targets,
            Summary = ScanSummary.Of(targets),
        };
    }

    /// <summary>Scans one target without advisories, so that they can be applied, again and again, by <see cref="AdvisoryJudge.Complete"/>. Takes no suppressions.</summary>
    public static BareTarget ScanBare(ScanRequest request, TargetRequest target, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(target);
        var view = ReadView(request, target, cancellationToken);
        var (packages, findings) = new TargetJudge(request, target, view.View, view.Errors).Gather(cancellationToken);
        return new BareTarget(view.ToTarget(target) with { Packages = packages.ConvertAll(p => p.Package), Findings = AdvisoryJudge.Sorted(findings) }, packages);
    }

    private static ScanTarget ScanTarget(ScanRequest request, TargetRequest target, CancellationToken cancellationToken)
    {
        var view = ReadView(request, target, cancellationToken);
        var judged = new TargetJudge(request, target, view.View, view.Errors).Run(cancellationToken);
        return view.ToTarget(target) with { Packages = judged.Packages, Findings = judged.Findings, Suppressed = judged.Suppressed };
    }

    private static ReadTarget ReadView(ScanRequest request, TargetRequest target, CancellationToken cancellationToken)
    {
        var errors = new List<FileError>(target.MoreErrors);
        var isLayer = target.Kind == "layer";
        var opened = Open(request, target.Source, isLayer ? $"layer:{target.Name}" : "function", target.Name, errors, cancellationToken);
        var layers = new List<LayerContents>();
        if (isLayer && opened is not null)
        {
            layers.Add(new LayerContents(target.Name, target.Arn, 1, opened));
        }

        foreach (var (layer, origin) in target.Layers.Zip(OriginsOf(target.Layers)))
        {
            if (Open(request, layer.Source, origin, layer.Name, errors, cancellationToken) is { } contents)
            {
                layers.Add(new LayerContents(origin["layer:".Length..], layer.Arn, layers.Count + 1, contents));
            }
        }

        var function = isLayer ? null : opened;
        var view = EffectiveView.Build(function ?? Empty(), layers, new RuntimeInfo(target.Runtime, target.Handler, target.Environment) { Architecture = target.Architecture });
        errors.AddRange(view.Targets.SelectMany(t => t.Errors));
        request.Progress?.Report($"judging {target.Name}");
        return new ReadTarget(view, opened, layers, errors);
    }

    /// <summary>A target that was read, and what could not be read of it.</summary>
    private sealed record ReadTarget(EffectiveView View, TargetContents? Opened, List<LayerContents> Layers, List<FileError> Errors)
    {
        /// <summary>Everything but packages and findings. Called when all errors are known.</summary>
        public ScanTarget ToTarget(TargetRequest target) => new()
        {
            Kind = target.Kind,
            Name = target.Name,
            Arn = target.Arn,
            Runtime = target.Runtime,
            Sha256 = Opened?.Sha256 ?? "",
            Status = Opened is null && Layers.Count == 0 ? ScanStatus.Failed : Errors.Count > 0 ? ScanStatus.Partial : ScanStatus.Succeeded,
            Layers = [.. Layers.Select(l => new ScannedLayer(l.Name, l.Arn, l.Order, l.Contents.Sha256))],
            Errors = AdvisoryJudge.Sorted(Errors),
            Overwritten = View.Overwritten,
        };
    }

    private static TargetContents? Open(ScanRequest request, ContentSource source, string origin, string name, List<FileError> errors, CancellationToken cancellationToken)
    {
        try
        {
            var stamp = request.Store is not null && source is { Sha256: null, Path: { } file } ? FileStamp.Of(file) : null;
            if (request.Store is { } store && KnownHash(source, stamp, store) is { } known && store.Find(known, origin, request.Limits) is { } found)
            {
                return found;
            }

            request.Progress?.Report($"reading {(origin == "function" ? "" : "layer ")}{name}");
            using var opened = source.Path is { } path ? ScanSource.Open(path, request.Limits) : ScanSource.FromMemory(source.Content, name, request.Limits);
            // A directory's hash reads all of it: no cheaper than reading what matters.
            var remembers = source.Path is null || !Directory.Exists(source.Path);
            var contents = ContentsReader.Read(opened, origin, remembers ? request.Store : null, request.Limits, cancellationToken);
            if (stamp is { } seen && seen.IsSettled(request.Time.GetUtcNow()) && FileStamp.Of(source.Path!) == seen)
            {
                request.Store!.Note(seen, contents.Sha256);
            }

            return contents;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            errors.Add(new FileError(origin, "", $"`{name}` could not be opened: {e.Message.ReplaceLineEndings(" ").TrimEnd('.')}", "check that it is a zip archive or a directory that can be read"));
            return null;
        }
    }

    private static string? KnownHash(ContentSource source, FileStamp? stamp, InventoryStore store) =>
        source.Sha256 ?? (source.Path is null ? Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(source.Content.Span)) : stamp is { } seen ? store.HashOf(seen) : null);

    /// <summary>Layers of different accounts may have the same name; their origins must differ.</summary>
    private static IEnumerable<string> OriginsOf(IReadOnlyList<LayerRequest> layers)
    {
        var used = new HashSet<string>(StringComparer.Ordinal);
        foreach (var layer in layers)
        {
            var origin = $"layer:{layer.Name}";
            for (var i = 2; !used.Add(origin); i++)
            {
                origin = $"layer:{layer.Name}~{i}";
            }

            yield return origin;
        }
    }

    private static TargetContents Empty() => new() { Origin = "function", Sha256 = "", Entries = [], Packages = [], Errors = [], Secrets = [], Facts = new ContentFacts() };
}
