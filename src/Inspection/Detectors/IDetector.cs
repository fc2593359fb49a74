namespace Pellicle.Inspection.Detectors;

/// <summary>Looks for one class of attack in one text. Pure, stateless, linear in the text's length.</summary>
internal interface IDetector
{
    /// <summary>Stable id, used in reports and suppressions.</summary>
    string Id { get; }

    /// <summary>Literals that it wants searched for.</summary>
    IReadOnlyList<Literals> Sets { get; }

    /// <summary>Confidence (0.0: nothing) and the place that shows it.</summary>
    Match Find(in Subject subject);
}

/// <summary>What a detector found.</summary>
/// <param name="Confidence">0.0 to 1.0; 0.0 is nothing.</param>
/// <param name="Start">Where in the text.</param>
/// <param name="Length">How long.</param>
internal readonly record struct Match(double Confidence, int Start, int Length)
{
    public static Match None => default;

    public Match Or(Match other) => other.Confidence > Confidence ? other : this;
}

/// <summary>All detectors, sorted by id.</summary>
internal static class AllDetectors
{
    public static IReadOnlyList<IDetector> Create() =>
    [
        new CodeInjection(),
        new CommandInjection(),
        new CrossSiteScripting(),
        new Deserialization(),
        new SchemaProbe(),
        new HeaderInjection(),
        new DirectoryInjection(),
        new DocumentQueryInjection(),
        new PathTraversal(),
        new PrototypePollution(),
        new ScannerProbe(),
        new ServerSideInclude(),
        new ServerSideRequestForgery(),
        new SqlInjection(),
        new TemplateInjection(),
        new XmlEntity(),
    ];
}
