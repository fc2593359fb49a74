namespace Pellicle.Inspection.Detectors;

/// <summary>Asks a GraphQL server for its schema. Tools do so in development; it is reported, not blocked.</summary>
internal sealed class SchemaProbe : IDetector
{
    private static readonly Literals Certain = new("__schema{", "__schema {", "__schema\n", "__type(", "introspectionquery");

    public string Id => "graphql-introspection";

    public IReadOnlyList<Literals> Sets { get; } = [Certain];

    public Match Find(in Subject subject) => subject.Find(Certain, 0.75);
}
