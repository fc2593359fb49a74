namespace Pellicle.Inspection.Detectors;

/// <summary>A path into an object that leads to the prototype of all objects, for functions that set a member by the path an event gives. Members of the event itself are judged by their names.</summary>
internal sealed class PrototypePollution : IDetector
{
    private static readonly Literals Paths = new("__proto__.", "__proto__[", "__proto__/", "constructor.prototype.", "constructor[prototype]", "constructor/prototype/", "[__proto__]", "[constructor][prototype]");

    public string Id => "prototype-pollution";

    public IReadOnlyList<Literals> Sets { get; } = [Paths];

    public Match Find(in Subject subject) => subject.Text.Length <= 256 ? subject.Find(Paths, 0.92) : Match.None;
}
