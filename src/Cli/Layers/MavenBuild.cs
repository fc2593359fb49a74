using System.Xml;
using System.Xml.Linq;

namespace Pellicle.Cli.Layers;

/// <summary>Collects the libraries of a <c>pom.xml</c> with Maven, their versions raised.</summary>
internal static class MavenBuild
{
    private static readonly XNamespace Pom = "http://maven.apache.org/POM/4.0.0";

    /// <summary>Copies what the project runs with into <paramref name="target"/>.</summary>
    public static async Task RunAsync(string source, string target, string work, IReadOnlyList<FixProposal> proposals, BuildTool tool, CancellationToken cancellationToken)
    {
        var copy = Path.Combine(work, "project");
        Directory.CreateDirectory(copy);
        var pom = Path.Combine(copy, "pom.xml");
        File.Copy(Path.Combine(source, "pom.xml"), pom);
        Raise(pom, proposals);
        await tool.RunAsync("mvn", ["-B", "-q", "-f", pom, "dependency:copy-dependencies", "-DincludeScope=runtime", $"-DoutputDirectory={target}"], copy, cancellationToken);
        Directory.Delete(copy, recursive: true);
    }

    /// <summary>Raises a dependency where its version stands, a property where it stands there, and manages what comes with another library.</summary>
    public static void Raise(string path, IReadOnlyList<FixProposal> proposals)
    {
        XDocument document;
        try
        {
            document = XDocument.Load(path, LoadOptions.PreserveWhitespace);
        }
        catch (XmlException exception)
        {
            throw new CliException($"`{path}` cannot be read: {exception.Message}");
        }

        // Old files have no namespace.
        var space = document.Root!.Name.Namespace == Pom ? Pom : XNamespace.None;
        foreach (var proposal in proposals)
        {
            var parts = proposal.Package.Split(':', 2);
            var named = document.Descendants(space + "dependency").Where(d => d.Element(space + "groupId")?.Value.Trim() == parts[0] && d.Element(space + "artifactId")?.Value.Trim() == parts[^1]).ToList();
            var versions = named.Select(d => d.Element(space + "version")).OfType<XElement>().ToList();
            foreach (var version in versions)
            {
                SetVersion(document, space, version, proposal.Fixed!);
            }

            if (versions.Count == 0)
            {
                Manage(document, space, parts, proposal.Fixed!);
            }
        }

        document.Save(path);
    }

    private static void SetVersion(XDocument document, XNamespace space, XElement version, string value)
    {
        var text = version.Value.Trim();
        var property = text.StartsWith("${", StringComparison.Ordinal) && text.EndsWith('}') ? document.Root!.Element(space + "properties")?.Element(space + text[2..^1]) : null;
        (property ?? version).Value = value;
    }

    private static void Manage(XDocument document, XNamespace space, string[] parts, string version)
    {
        var management = document.Root!.Element(space + "dependencyManagement") ?? Add(document.Root, space + "dependencyManagement");
        var list = management.Element(space + "dependencies") ?? Add(management, space + "dependencies");
        list.Add(new XElement(space + "dependency", new XElement(space + "groupId", parts[0]), new XElement(space + "artifactId", parts[^1]), new XElement(space + "version", version)));

        static XElement Add(XElement parent, XName name)
        {
            var element = new XElement(name);
            parent.Add(element);
            return element;
        }
    }
}
