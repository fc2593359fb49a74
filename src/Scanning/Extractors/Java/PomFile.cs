using System.Xml;
using Pellicle.Domain;

namespace Pellicle.Scanning.Extractors.Java;

/// <summary>
/// A project's own <c>pom.xml</c>: dependencies whose version stands in the file, itself, as a property or in <c>dependencyManagement</c>. Those of tests and those that the platform
/// provides are left out; what a parent or an imported list of versions decides is not known here.
/// </summary>
internal sealed class PomFile : IExtractor
{
    private const int MaxDepth = 100;

    public string Name => "maven/pom";

    // Below META-INF/maven it is the identity of a jar.
    public bool IsRequired(ScanPath path) => path.Is("pom.xml") && !path.Value.Contains("META-INF/maven/", StringComparison.Ordinal);

    public ExtractionResult Extract(ScanFile file)
    {
        var properties = new Dictionary<string, string>(StringComparer.Ordinal);
        var dependencies = new List<Dictionary<string, string>>();
        var managed = new List<Dictionary<string, string>>();
        var isWhole = TryRead(file.Text, properties, dependencies, managed);
        var versions = managed.Where(d => d.GetValueOrDefault("scope") != "import").GroupBy(d => Key(d, properties), StringComparer.Ordinal).ToDictionary(g => g.Key, g => g.First(), StringComparer.Ordinal);
        var packages = new List<Package>();
        foreach (var dependency in dependencies)
        {
            var key = Key(dependency, properties);
            var fallback = versions.GetValueOrDefault(key);
            var version = Resolve(dependency.GetValueOrDefault("version") ?? fallback?.GetValueOrDefault("version"), properties);
            var scope = dependency.GetValueOrDefault("scope") ?? fallback?.GetValueOrDefault("scope") ?? "compile";
            // [1.2] names exactly this one; other ranges name none.
            version = version is ['[', .. var exact, ']'] && !exact.Contains(',', StringComparison.Ordinal) ? exact : version;
            if (scope is "compile" or "runtime" && version is { Length: > 0 } && !version.AsSpan().ContainsAny("[](),$") && !key.Contains('$', StringComparison.Ordinal) && key[0] != ':'
                && file.Package(Ecosystem.Maven, key, version, PackageEvidence.Declared) is { } package)
            {
                packages.Add(package);
            }
        }

        return new ExtractionResult(packages, isWhole ? [] : [new FileError("", file.Path.Value, "not valid XML")]);
    }

    private static string Key(Dictionary<string, string> dependency, Dictionary<string, string> properties) =>
        $"{Resolve(dependency.GetValueOrDefault("groupId"), properties)}:{Resolve(dependency.GetValueOrDefault("artifactId"), properties)}";

    /// <summary>A property's value, once: one that names another stays as it is.</summary>
    private static string? Resolve(string? text, Dictionary<string, string> properties) =>
        text is ['$', '{', .. var name, '}'] ? properties.GetValueOrDefault(name) ?? properties.GetValueOrDefault(name.Replace("project.", "", StringComparison.Ordinal)) ?? text : text;

    private static bool TryRead(string text, Dictionary<string, string> properties, List<Dictionary<string, string>> dependencies, List<Dictionary<string, string>> managed)
    {
        try
        {
            using var reader = XmlReader.Create(new StringReader(text), new XmlReaderSettings { DtdProcessing = DtdProcessing.Prohibit, XmlResolver = null });
            var path = new List<string>();
            while (reader.Read())
            {
                if (reader.NodeType == XmlNodeType.Element)
                {
                    path.Add(reader.LocalName);
                    if (path.Count > MaxDepth)
                    {
                        return false;
                    }

                    switch (path)
                    {
                        case ["project", "dependencies", "dependency"]:
                            dependencies.Add([]);
                            break;
                        case ["project", "dependencyManagement", "dependencies", "dependency"]:
                            managed.Add([]);
                            break;
                    }

                    if (reader.IsEmptyElement)
                    {
                        path.RemoveAt(path.Count - 1);
                    }
                }
                else if (reader.NodeType == XmlNodeType.EndElement)
                {
                    path.RemoveAt(path.Count - 1);
                }
                else if (reader.NodeType == XmlNodeType.Text)
                {
                    Put(path, reader.Value.Trim(), properties, dependencies, managed);
                }
            }

            return true;
        }
        catch (XmlException)
        {
            return false;
        }
    }

    private static void Put(List<string> path, string value, Dictionary<string, string> properties, List<Dictionary<string, string>> dependencies, List<Dictionary<string, string>> managed)
    {
        switch (path)
        {
            case ["project", "properties", var name]:
                properties[name] = value;
                break;
            case ["project", "version" or "groupId"]:
                properties[path[1]] = value;
                break;
            case ["project", "parent", "version" or "groupId"]:
                properties.TryAdd(path[2], value);
                properties.TryAdd("parent." + path[2], value);
                break;
            case ["project", "dependencies", "dependency", var name]:
                dependencies[^1][name] = value;
                break;
            case ["project", "dependencyManagement", "dependencies", "dependency", var name]:
                managed[^1][name] = value;
                break;
        }
    }
}
