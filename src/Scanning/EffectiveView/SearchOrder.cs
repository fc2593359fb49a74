using Pellicle.Domain;

namespace Pellicle.Scanning.View;

/// <summary>Position on a search order: entry of the path, then name within it, then the layer (a later layer's files lie on top).</summary>
internal readonly record struct Rank(int Entry, string Name, int Layer)
{
    public static IComparer<Rank> Order { get; } = Comparer<Rank>.Create((a, b) =>
        a.Entry != b.Entry ? a.Entry.CompareTo(b.Entry)
        : string.CompareOrdinal(a.Name, b.Name) is var byName && byName != 0 ? byName
        : b.Layer.CompareTo(a.Layer));
}

/// <summary>Where a package stands.</summary>
/// <param name="Rank">Null: not on the search order.</param>
/// <param name="Reason">Place, or why there is none.</param>
/// <param name="CanShadow">True when other copies are hidden by this one.</param>
/// <param name="CanBeShadowed">False for copies that their own host finds first (nested, vendored, bundled).</param>
internal readonly record struct Place(Rank? Rank, string Reason, bool CanShadow = true, bool CanBeShadowed = true)
{
    public static Place Nowhere(string reason) => new(null, reason);

    public static Place Own(string reason) => new(new Rank(0, "", 0), reason, CanShadow: false, CanBeShadowed: false);
}

/// <summary>Search order of one language (LAMBDA_PLATFORM 3.3).</summary>
internal abstract class SearchOrder(EffectiveView view)
{
    protected EffectiveView View { get; } = view;

    /// <summary>Ecosystem this language loads.</summary>
    protected abstract Ecosystem? Language { get; }

    public static SearchOrder Create(EffectiveView view) => view.Family switch
    {
        RuntimeFamily.Python => new PythonSearchOrder(view),
        RuntimeFamily.Node => new NodeSearchOrder(view),
        RuntimeFamily.Java => new JavaSearchOrder(view),
        RuntimeFamily.DotNet => new DotNetSearchOrder(view),
        RuntimeFamily.Ruby => new RubySearchOrder(view),
        RuntimeFamily.Unknown or RuntimeFamily.Custom => new OpenSearchOrder(view),
    };

    public Place Locate(Package package, TargetContents target)
    {
        var inFunction = target.Origin == View.Function.Origin;
        if (package.Ecosystem == Ecosystem.Generic || package.Ecosystem == Ecosystem.Go || package.Ecosystem == Ecosystem.CratesIo || package.Evidence == PackageEvidence.Binary && package.Ecosystem != Ecosystem.NuGet)
        {
            return Place.Own("part of a native binary");
        }

        if (Language is null)
        {
            return Place.Own("no managed runtime rules it out");
        }

        if (package.Ecosystem != Language)
        {
            return LoadedByExtension(package, target) ?? Place.Nowhere($"the function's runtime is {View.Runtime.Runtime}, which does not load {package.Ecosystem} packages");
        }

        var layer = inFunction ? 0 : 1 + View.Layers.TakeWhile(item => item.Contents.Origin != target.Origin).Count();
        var place = LocateOwn(package, inFunction, layer);
        return place.Rank is null ? LoadedByExtension(package, target) ?? place : place;
    }

    /// <summary>True when a shadowed copy still loads, because something beside it needs it.</summary>
    public virtual bool StillNeeded(Package package, string origin) => false;

    protected abstract Place LocateOwn(Package package, bool inFunction, int layer);

    /// <summary>An extension is a process of its own and finds its packages where it likes.</summary>
    private Place? LoadedByExtension(Package package, TargetContents target)
    {
        var inLanguageDirectory = package.Path.Split('/')[0] is "python" or "nodejs" or "java" or "ruby" or "dotnetcore";
        return target.Origin != View.Function.Origin && !inLanguageDirectory && target.Entries.Any(entry => entry.Path.StartsWith("extensions/", StringComparison.Ordinal))
            ? Place.Own("an extension of this layer may load it")
            : null;
    }
}

/// <summary>No runtime, or one that brings its own language.</summary>
internal sealed class OpenSearchOrder(EffectiveView view) : SearchOrder(view)
{
    protected override Ecosystem? Language => null;

    protected override Place LocateOwn(Package package, bool inFunction, int layer) => Place.Own("no managed runtime rules it out");
}

internal sealed class PythonSearchOrder : SearchOrder
{
    private readonly List<string> roots = [];

    public PythonSearchOrder(EffectiveView view) : base(view)
    {
        var number = RuntimeFamilies.Number(view.Runtime.Runtime);
        roots.Add("/var/task");
        if (view.Runtime.Environment.TryGetValue("PYTHONPATH", out var custom))
        {
            // Set, even to nothing: the layer directories are not added (bootstrap.py).
            roots.AddRange(custom.Split(':', StringSplitOptions.RemoveEmptyEntries).Select(path => path.TrimEnd('/')));
        }
        else
        {
            roots.AddRange([$"/opt/python/lib/python{number}/site-packages", "/opt/python"]);
        }

        AddPthDirectories();
    }

    protected override Ecosystem Language => Ecosystem.PyPI;

    protected override Place LocateOwn(Package package, bool inFunction, int layer)
    {
        var mount = inFunction ? "/var/task" : "/opt";
        var inside = PackageSet.PythonRoot(package.Path);
        var root = inside.Length == 0 ? mount : $"{mount}/{inside}";
        if (package.Evidence == PackageEvidence.Declared)
        {
            return inFunction ? Place.Own("declared by the function") : Place.Nowhere("only declared in a layer");
        }

        if (package.Evidence == PackageEvidence.Bundled)
        {
            // Vendored inside another package: loads when its host lies on the path.
            return roots.Exists(host => new ScanPath(root).IsUnder(host)) ? Place.Own("vendored inside another package") : Place.Nowhere("its host package is not on Python's search path");
        }

        var at = roots.IndexOf(root);
        return at >= 0 ? new Place(new Rank(at, "", layer), root) : Place.Nowhere($"{root} is not on Python's search path");
    }

    /// <summary>Plain lines of <c>.pth</c> files add directories at the end of the path.</summary>
    private void AddPthDirectories()
    {
        foreach (var root in roots.ToArray())
        {
            foreach (var file in View.Files.Values.Where(file => new ScanPath(file.Path) is var path && path.EndsWith(".pth") && path.Directory == root).OrderBy(file => file.Path, StringComparer.Ordinal))
            {
                foreach (var line in (View.Text(file) ?? "").Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
                {
                    if (line[0] != '#' && !line.StartsWith("import ", StringComparison.Ordinal) && !line.StartsWith("import\t", StringComparison.Ordinal))
                    {
                        roots.Add(System.IO.Path.GetFullPath(line, root).TrimEnd('/'));
                    }
                }
            }
        }
    }
}

internal sealed class NodeSearchOrder : SearchOrder
{
    private readonly List<string> nodePath;
    private readonly bool isModule;
    private readonly ILookup<string, (string Origin, Package Package)> dependents;

    public NodeSearchOrder(EffectiveView view) : base(view)
    {
        var number = RuntimeFamilies.Number(view.Runtime.Runtime);
        nodePath = view.Runtime.Environment.TryGetValue("NODE_PATH", out var custom)
            ? [.. custom.Split(':', StringSplitOptions.RemoveEmptyEntries).Select(path => path.TrimEnd('/'))]
            : [$"/opt/nodejs/node{number}/node_modules", "/opt/nodejs/node_modules"];
        isModule = HandlerIsModule(view);
        dependents = view.Targets.SelectMany(target => target.Packages.Where(package => package.Ecosystem == Ecosystem.Npm).SelectMany(package =>
            target.Facts.Dependencies.GetValueOrDefault(package.Path, []).Select(name => (Name: name, target.Origin, Package: package)))).ToLookup(item => item.Name, item => (item.Origin, item.Package));
    }

    protected override Ecosystem Language => Ecosystem.Npm;

    /// <summary>A layer's package is found from its neighbours by walking upwards, before NODE_PATH and the function are asked.</summary>
    public override bool StillNeeded(Package package, string origin) =>
        origin != View.Function.Origin && dependents[package.Name].Any(dependent => dependent.Origin != View.Function.Origin && Root(dependent.Package.Path) == Root(package.Path) && IsTop(dependent.Package.Path) && !IsShadowed(dependent.Package));

    protected override Place LocateOwn(Package package, bool inFunction, int layer)
    {
        if (inFunction)
        {
            return package.Evidence == PackageEvidence.Installed && IsTop(package.Path) ? new Place(new Rank(0, "", 0), "/var/task/" + Root(package.Path)) : Place.Own("part of the function");
        }

        var path = "/opt/" + package.Path;
        var at = nodePath.FindIndex(root => new ScanPath(path).IsUnder(root));
        if (at < 0)
        {
            return View.Runtime.Environment.GetValueOrDefault("NODE_OPTIONS", "").Contains("/opt/" + package.Path.Split('/')[0], StringComparison.Ordinal)
                ? Place.Own("loaded by NODE_OPTIONS")
                : Place.Nowhere("not below a directory of NODE_PATH");
        }

        if (isModule)
        {
            return Place.Nowhere("the handler is an ES module, and ES modules ignore NODE_PATH");
        }

        return IsTop(package.Path) && package.Evidence == PackageEvidence.Installed ? new Place(new Rank(1 + at, "", layer), nodePath[at]) : Place.Own("found by its host package");
    }

    /// <summary>True when nothing lies between its node_modules and the root: reachable by name from the function.</summary>
    private static bool IsTop(string path) => path.IndexOf("node_modules/", StringComparison.Ordinal) is var first and >= 0 && first == path.LastIndexOf("node_modules/", StringComparison.Ordinal);

    private static string Root(string path) => path.IndexOf("node_modules/", StringComparison.Ordinal) is var at and >= 0 ? path[..(at + "node_modules".Length)] : "";

    private bool IsShadowed(Package package) => View.Function.Packages.Any(own => own.Ecosystem == Ecosystem.Npm && own.Name == package.Name && own.Evidence == PackageEvidence.Installed && IsTop(own.Path));

    private static bool HandlerIsModule(EffectiveView view)
    {
        if (view.Runtime.Handler is not { Length: > 0 } handler)
        {
            return false;
        }

        var slash = handler.LastIndexOf('/');
        var dot = handler.IndexOf('.', slash + 1);
        var file = "/var/task/" + (dot > 0 ? handler[..dot] : handler);
        if (view.Find(file + ".js") is null && view.Find(file + ".cjs") is null)
        {
            return view.Find(file + ".mjs") is not null;
        }

        return view.Find(file + ".js") is not null && view.Find("/var/task/package.json") is { } manifest && view.Text(manifest) is { } text && IsModuleType(text);
    }

    private static bool IsModuleType(string text)
    {
        using var document = Extractors.Json.ParseObject(System.Text.Encoding.UTF8.GetBytes(text));
        return document is not null && Extractors.Json.String(document.RootElement, "type") == "module";
    }
}

internal sealed class JavaSearchOrder(EffectiveView view) : SearchOrder(view)
{
    protected override Ecosystem Language => Ecosystem.Maven;

    protected override Place LocateOwn(Package package, bool inFunction, int layer)
    {
        var outer = new ScanPath(package.Path.Split("!/", 2)[0]);
        var isJar = package.Path.Contains("!/", StringComparison.Ordinal);
        if (!isJar)
        {
            // Exploded or shaded into the root: /var/task itself is the first entry.
            return inFunction ? new Place(new Rank(0, "", 0), "/var/task") : Place.Nowhere("Java loads only jars from a layer, not exploded classes");
        }

        return (inFunction, outer.Directory) switch
        {
            (true, "lib") => new Place(new Rank(1, outer.FileName.ToString(), 0), "/var/task/" + outer),
            (true, "BOOT-INF/lib" or "WEB-INF/lib") => Place.Own("loaded by the framework's own class loader"),
            (false, "java/lib") => new Place(new Rank(2, outer.FileName.ToString(), layer), "/opt/" + outer),
            (true, _) => Place.Nowhere("only jars in lib/ are on the class path"),
            (false, _) => IsAgent(outer) ? Place.Own("loaded as a Java agent") : Place.Nowhere("only jars in java/lib/ of a layer are on the class path"),
        };
    }

    private bool IsAgent(ScanPath jar) => new[] { "JAVA_TOOL_OPTIONS", "_JAVA_OPTIONS", "JDK_JAVA_OPTIONS" }.Any(name => View.Runtime.Environment.GetValueOrDefault(name, "").Contains("/opt/" + jar, StringComparison.Ordinal));
}

internal sealed class DotNetSearchOrder(EffectiveView view) : SearchOrder(view)
{
    protected override Ecosystem Language => Ecosystem.NuGet;

    protected override Place LocateOwn(Package package, bool inFunction, int layer)
    {
        if (inFunction)
        {
            return package.Path.Contains('/', StringComparison.Ordinal) && package.Path.EndsWith(".deps.json", StringComparison.OrdinalIgnoreCase)
                ? Place.Nowhere("only the deps.json at the function's root is read")
                : new Place(new Rank(0, "", 0), "/var/task");
        }

        var store = View.Runtime.Environment.GetValueOrDefault("DOTNET_SHARED_STORE", "").Split(':').Any(path => path.StartsWith("/opt/", StringComparison.Ordinal) && new ScanPath("/opt/" + package.Path).IsUnder(path.TrimEnd('/')));
        var hook = View.Runtime.Environment.GetValueOrDefault("DOTNET_STARTUP_HOOKS", "").Contains("/opt/" + new ScanPath(package.Path).Directory, StringComparison.Ordinal);
        return store || hook ? new Place(new Rank(1, "", layer), "/opt/" + package.Path) : Place.Nowhere(".NET probes nothing in a layer");
    }
}

internal sealed class RubySearchOrder(EffectiveView view) : SearchOrder(view)
{
    protected override Ecosystem Language => Ecosystem.RubyGems;

    protected override Place LocateOwn(Package package, bool inFunction, int layer) => (inFunction, package.Path) switch
    {
        (true, _) => new Place(new Rank(0, "", 0), "/var/task", CanShadow: package.Evidence == PackageEvidence.Installed),
        (false, var path) when path.StartsWith("ruby/gems/", StringComparison.Ordinal) || path.StartsWith("ruby/lib/", StringComparison.Ordinal) => new Place(new Rank(1, "", layer), "/opt/ruby"),
        _ => Place.Nowhere("not below ruby/gems or ruby/lib of the layer"),
    };
}
