using Pellicle.Domain;

namespace Pellicle.Scanning.Extractors.Java;

/// <summary>The <c>release</c> file of a Java runtime: <c>JAVA_VERSION="17.0.9"</c> beside <c>OS_ARCH</c> or <c>MODULES</c>.</summary>
internal sealed class JvmRelease : IExtractor
{
    public string Name => "generic/jvm-release";

    public bool IsRequired(ScanPath path) => path.Is("release");

    public ExtractionResult Extract(ScanFile file)
    {
        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var line in file.Text.AsSpan().EnumerateLines())
        {
            if (line.IndexOf('=') is var equals and > 0)
            {
                values.TryAdd(line[..equals].ToString(), line[(equals + 1)..].Trim(" \"\r").ToString());
            }
        }

        // Many things are called "release"; a runtime's names its version and where it runs.
        if (!values.TryGetValue("JAVA_VERSION", out var version) || !(values.ContainsKey("OS_ARCH") || values.ContainsKey("MODULES") || values.ContainsKey("IMPLEMENTOR")))
        {
            return ExtractionResult.Empty;
        }

        var name = values.ContainsKey("GRAALVM_VERSION") ? "graalvm" : "openjdk";
        return file.Package(Ecosystem.Generic, name, values.GetValueOrDefault("GRAALVM_VERSION", version), PackageEvidence.Installed) is { } package ? ExtractionResult.Of(package) : ExtractionResult.Failed(file, "version of the Java runtime is not usable");
    }
}
