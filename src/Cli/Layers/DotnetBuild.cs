using System.Xml;
using System.Xml.Linq;

namespace Pellicle.Cli.Layers;

/// <summary>Builds assemblies from a project with <c>dotnet publish</c>, its packages raised; the lock file holds where nothing is raised.</summary>
internal static class DotnetBuild
{
    // Outputs of earlier builds, and what no build needs.
    private static readonly string[] LeftOut = ["bin", "obj", ".git", ".vs"];

    /// <summary>The project of a folder, or null.</summary>
    public static string? ProjectOf(string source) => Directory.EnumerateFiles(source, "*.??proj").Order(StringComparer.Ordinal).FirstOrDefault();

    /// <summary>Publishes into <paramref name="target"/>.</summary>
    public static async Task RunAsync(string source, string target, string work, IReadOnlyList<FixProposal> proposals, BuildTool tool, CancellationToken cancellationToken)
    {
        var copy = Path.Combine(work, "project");
        Copy(source, copy);
        var project = ProjectOf(copy)!;
        if (proposals.Count > 0)
        {
            Raise(project, Path.Combine(copy, "Directory.Packages.props"), proposals);
            File.Delete(Path.Combine(copy, "packages.lock.json"));
        }

        var locked = File.Exists(Path.Combine(copy, "packages.lock.json"));
        await tool.RunAsync("dotnet", ["publish", project, "-c", "Release", "-o", target, "-v", "q", "-nologo", "--self-contained", "false", $"-p:RestoreLockedMode={(locked ? "true" : "false")}"], copy, cancellationToken);
        Directory.Delete(copy, recursive: true);
    }

    /// <summary>Raises what the project names, where it is named; what comes with another package is named now.</summary>
    public static void Raise(string project, string central, IReadOnlyList<FixProposal> proposals)
    {
        var document = Load(project);
        var versions = File.Exists(central) ? Load(central) : null;
        foreach (var proposal in proposals)
        {
            var reference = Items(document, "PackageReference", proposal.Package);
            var managed = versions is null ? null : Items(versions, "PackageVersion", proposal.Package);
            if (reference is null)
            {
                var item = new XElement(document.Root!.Name.Namespace + "PackageReference", new XAttribute("Include", proposal.Package));
                document.Root.Add(new XElement(document.Root.Name.Namespace + "ItemGroup", item));
                reference = item;
            }

            if (versions is null || reference.Attribute("VersionOverride") is not null)
            {
                reference.Elements().Where(e => e.Name.LocalName == "Version").Remove();
                reference.SetAttributeValue(versions is null ? "Version" : "VersionOverride", proposal.Fixed);
            }
            else if (managed is not null)
            {
                managed.SetAttributeValue("Version", proposal.Fixed);
            }
            else
            {
                versions.Root!.Add(new XElement(versions.Root.Name.Namespace + "ItemGroup", new XElement(versions.Root.Name.Namespace + "PackageVersion", new XAttribute("Include", proposal.Package), new XAttribute("Version", proposal.Fixed!))));
            }
        }

        document.Save(project);
        versions?.Save(central);
    }

    private static XElement? Items(XDocument document, string kind, string package) =>
        document.Descendants().FirstOrDefault(e => e.Name.LocalName == kind && string.Equals(e.Attribute("Include")?.Value ?? e.Attribute("Update")?.Value, package, StringComparison.OrdinalIgnoreCase));

    private static XDocument Load(string path)
    {
        try
        {
            return XDocument.Load(path);
        }
        catch (XmlException exception)
        {
            throw new CliException($"`{path}` cannot be read: {exception.Message}");
        }
    }

    private static void Copy(string from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (var file in Directory.EnumerateFiles(from))
        {
            File.Copy(file, Path.Combine(to, Path.GetFileName(file)));
        }

        foreach (var directory in Directory.EnumerateDirectories(from).Where(d => !LeftOut.Contains(Path.GetFileName(d)) && new DirectoryInfo(d).LinkTarget is null))
        {
            Copy(directory, Path.Combine(to, Path.GetFileName(directory)));
        }
    }
}
