using Pellicle.Domain;

namespace Pellicle.Scanning.Extractors.Java;

/// <summary>Gradle's dependency locks: <c>group:artifact:version=configuration,configuration</c> a line. What only tests, annotation processors or checks resolve is left out.</summary>
internal sealed class GradleLock : IExtractor
{
    private static readonly string[] AtRunTime = ["runtimeClasspath", "compileClasspath", "default", "runtime", "compile"];

    public string Name => "maven/gradle-lock";

    public bool IsRequired(ScanPath path) => path.EndsWith(".lockfile") && (path.Is("gradle.lockfile") || path.Is("buildscript-gradle.lockfile") || path.HasDirectory("dependency-locks"));

    public ExtractionResult Extract(ScanFile file)
    {
        // One file a configuration was Gradle's form before 6.8: the file's name is the configuration, and lines have none.
        var isOfOne = file.InnerPath.HasDirectory("dependency-locks");
        if (file.InnerPath.Is("buildscript-gradle.lockfile") || (isOfOne && !IsAtRunTime(file.InnerPath.FileName[..^".lockfile".Length])))
        {
            return ExtractionResult.Empty;
        }

        var packages = new List<Package>();
        var damaged = 0;
        foreach (var raw in file.Text.AsSpan().EnumerateLines())
        {
            var line = raw.Trim();
            if (line.IsEmpty || line[0] == '#' || line.StartsWith("empty="))
            {
                continue;
            }

            var equals = line.IndexOf('=');
            var parts = (equals < 0 ? line : line[..equals]).ToString().Split(':');
            if (parts.Length != 3 || parts.Any(part => part.Length == 0) || file.Package(Ecosystem.Maven, $"{parts[0]}:{parts[1]}", parts[2], PackageEvidence.Declared) is not { } package)
            {
                damaged++;
            }
            else if (isOfOne || equals < 0 || line[(equals + 1)..].ToString().Split(',').Any(configuration => IsAtRunTime(configuration)))
            {
                packages.Add(package);
            }
        }

        return new ExtractionResult(packages, damaged == 0 ? [] : [new FileError("", file.Path.Value, $"{damaged} line{(damaged == 1 ? "" : "s")} not of the form group:artifact:version=configurations")]);
    }

    /// <summary>Also configurations of source sets other than the tests': <c>appRuntimeClasspath</c>.</summary>
    private static bool IsAtRunTime(ReadOnlySpan<char> configuration)
    {
        var name = configuration.Trim();
        if (name.StartsWith("test", StringComparison.OrdinalIgnoreCase) || name.Contains("Test", StringComparison.Ordinal))
        {
            return false;
        }

        foreach (var known in AtRunTime)
        {
            if (name.SequenceEqual(known) || name.EndsWith(char.ToUpperInvariant(known[0]) + known[1..], StringComparison.Ordinal))
            {
                return true;
            }
        }

        return false;
    }
}
