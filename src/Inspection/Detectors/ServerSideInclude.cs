namespace Pellicle.Inspection.Detectors;

/// <summary>A directive that a web server would carry out when it delivers the text.</summary>
internal sealed class ServerSideInclude : IDetector
{
    private static readonly Literals Certain = new("<!--#exec", "<!--#include", "<!--#echo", "<!--#printenv", "<!--#config", "<!--#set", "<esi:include");

    public string Id => "server-side-include";

    public IReadOnlyList<Literals> Sets { get; } = [Certain];

    public Match Find(in Subject subject) => subject.Find(Certain, subject.Text.Length < 2048 ? 0.93 : 0.6);
}
