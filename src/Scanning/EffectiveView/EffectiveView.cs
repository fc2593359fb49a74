using Pellicle.Domain;
using Pellicle.Scanning.Archives;

namespace Pellicle.Scanning.View;

/// <summary>A path below <c>/opt</c> that several layers hold with different content; the last layer's file is the one on disk.</summary>
/// <param name="Path">Full path, for example <c>/opt/python/a.py</c>.</param>
/// <param name="Winner">Origin whose file is used.</param>
/// <param name="Loser">Origin whose file is replaced.</param>
public sealed record OverwrittenFile(string Path, string Winner, string Loser);

/// <summary>Whether a copy of a package is the one that loads.</summary>
/// <param name="Effective">True when it would load.</param>
/// <param name="Reason">Why not, or where it is found.</param>
/// <param name="ShadowedBy">Origin and path of the copy that loads instead; null where none does.</param>
/// <param name="Winner">That copy; null where none does.</param>
public sealed record Judgement(bool Effective, string Reason, string? ShadowedBy = null, Package? Winner = null);

/// <summary>One file of the merged tree.</summary>
/// <param name="Path">Full path below <c>/var/task</c> or <c>/opt</c>.</param>
/// <param name="Origin">Whose it is.</param>
/// <param name="Entry">Its entry there.</param>
public sealed record ViewFile(string Path, string Origin, ScanEntry Entry);

/// <summary>
/// What the sandbox really contains: the function on <c>/var/task</c>, its layers merged in order on <c>/opt</c>, and for each
/// package whether it is the copy the language's own search order finds first.
/// </summary>
public sealed class EffectiveView
{
    private readonly Dictionary<string, ViewFile> files = new(StringComparer.Ordinal);
    // Keyed by one text: collections of tuples are compiled anew at every start of the program.
    private readonly Dictionary<string, Judgement> judgements = new(StringComparer.Ordinal);
    private readonly List<OverwrittenFile> overwritten = [];

    private EffectiveView(TargetContents function, IReadOnlyList<LayerContents> layers, RuntimeInfo runtime)
    {
        Function = function;
        Layers = [.. layers.OrderBy(layer => layer.Order)];
        Runtime = runtime;
        Targets = [function, .. Layers.Select(layer => layer.Contents)];
        Family = RuntimeFamilies.Parse(runtime.Runtime);
    }

    /// <summary>The function package.</summary>
    public TargetContents Function { get; }

    /// <summary>Layers by order.</summary>
    public IReadOnlyList<LayerContents> Layers { get; }

    /// <summary>Runtime and environment.</summary>
    public RuntimeInfo Runtime { get; }

    /// <summary>Language of the runtime.</summary>
    public RuntimeFamily Family { get; }

    /// <summary>Function first, then layers in order.</summary>
    public IReadOnlyList<TargetContents> Targets { get; }

    /// <summary>All files as the sandbox sees them, by full path.</summary>
    public IReadOnlyDictionary<string, ViewFile> Files => files;

    /// <summary>Paths written by two or more layers with different content, sorted.</summary>
    public IReadOnlyList<OverwrittenFile> Overwritten => overwritten;

    /// <summary>Merges and judges. Targets' origins must differ.</summary>
    public static EffectiveView Build(TargetContents function, IReadOnlyList<LayerContents> layers, RuntimeInfo runtime)
    {
        ArgumentNullException.ThrowIfNull(function);
        ArgumentNullException.ThrowIfNull(layers);
        ArgumentNullException.ThrowIfNull(runtime);
        var view = new EffectiveView(function, layers, runtime);
        view.Merge();
        view.JudgeAll();
        return view;
    }

    /// <summary>Judgement on one package of one origin; the package must be of this view.</summary>
    public Judgement Judge(Package package, string origin)
    {
        ArgumentNullException.ThrowIfNull(package);
        return judgements.TryGetValue(Key(origin, package), out var judgement)
            ? judgement
            : throw new ArgumentException($"no package `{package.Purl}` of `{origin}` in this view", nameof(package));
    }

    /// <summary>The file at a full path, or null.</summary>
    public ViewFile? Find(string path) => files.GetValueOrDefault(path);

    /// <summary>Text kept of a file (see <see cref="ContentFacts.Texts"/>), or null.</summary>
    internal string? Text(ViewFile file) => Targets.First(target => target.Origin == file.Origin).Facts.Texts.GetValueOrDefault(file.Entry.Path);

    /// <summary>Where the files of an origin are mounted.</summary>
    internal string Mount(string origin) => origin == Function.Origin ? "/var/task/" : "/opt/";

    private void Merge()
    {
        foreach (var target in Targets)
        {
            var mount = Mount(target.Origin);
            foreach (var entry in target.Entries)
            {
                if (entry.Kind is EntryKind.Directory or EntryKind.Other)
                {
                    continue;
                }

                var path = mount + entry.Path;
                if (files.TryGetValue(path, out var earlier) && !SameContent(earlier.Entry, entry))
                {
                    overwritten.Add(new OverwrittenFile(path, target.Origin, earlier.Origin));
                }

                files[path] = new ViewFile(path, target.Origin, entry);
            }
        }

        overwritten.Sort((a, b) => string.CompareOrdinal(a.Path, b.Path) is var byPath && byPath != 0 ? byPath
            : string.CompareOrdinal(a.Winner, b.Winner) is var byWinner && byWinner != 0 ? byWinner : string.CompareOrdinal(a.Loser, b.Loser));
    }

    /// <summary>Directories on disk know no checksum; there equal sizes count as equal content.</summary>
    private static bool SameContent(ScanEntry a, ScanEntry b) => a.Size == b.Size && a.Kind == b.Kind && (a.Crc32 == b.Crc32 || a.Crc32 == 0 || b.Crc32 == 0);

    private void JudgeAll()
    {
        var order = SearchOrder.Create(this);
        var places = new List<Located>();
        var winners = new Dictionary<string, Located>(StringComparer.Ordinal);
        foreach (var target in Targets)
        {
            foreach (var package in target.Packages)
            {
                var item = new Located(target.Origin, package, order.Locate(package, target));
                places.Add(item);
                // The first copy on the search order wins; declared packages do not load anything, so they shadow nothing.
                if (item.Place is { Rank: not null, CanShadow: true } && package.Evidence is PackageEvidence.Installed or PackageEvidence.Binary
                    && (!winners.TryGetValue(Name(package), out var best) || IsBefore(item, best)))
                {
                    winners[Name(package)] = item;
                }
            }
        }

        foreach (var (origin, package, place) in places)
        {
            var key = Key(origin, package);
            if (place.Rank is not { } rank)
            {
                judgements[key] = new Judgement(false, place.Reason);
            }
            else if (IsReplaced(package, origin) is { } winnerOrigin)
            {
                judgements[key] = new Judgement(false, $"its file is overwritten by {winnerOrigin}", $"{winnerOrigin} {package.Path}");
            }
            else if (place.CanBeShadowed && winners.TryGetValue(Name(package), out var winner) && Rank.Order.Compare(winner.Place.Rank!.Value, rank) < 0 && !order.StillNeeded(package, origin))
            {
                judgements[key] = new Judgement(false, $"{winner.Place.Reason} comes first", $"{winner.Origin} {winner.Package.Path}", winner.Package);
            }
            else
            {
                judgements[key] = new Judgement(true, place.Reason);
            }
        }
    }

    private sealed record Located(string Origin, Package Package, Place Place);

    private static string Key(string origin, Package package) => $"{origin}\n{package.Path}\n{package.Name}\n{package.Version}";

    private static string Name(Package package) => $"{package.Ecosystem.Name}\n{package.Name}";

    private static bool IsBefore(Located a, Located b) =>
        Rank.Order.Compare(a.Place.Rank!.Value, b.Place.Rank!.Value) is var order && order != 0 ? order < 0 : string.CompareOrdinal(a.Package.Path, b.Package.Path) < 0;

    /// <summary>Origin of the layer whose file replaced this package's evidence, or null.</summary>
    private string? IsReplaced(Package package, string origin)
    {
        var outer = package.Path.Split("!/", 2)[0];
        return Find(Mount(origin) + outer) is { } file && file.Origin != origin && file.Origin != Function.Origin && !SameContentAs(file, origin, outer) ? file.Origin : null;
    }

    private bool SameContentAs(ViewFile file, string origin, string path) =>
        Targets.First(target => target.Origin == origin).Entries.FirstOrDefault(entry => entry.Path == path) is { } own && SameContent(own, file.Entry);
}
