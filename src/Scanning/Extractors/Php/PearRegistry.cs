using Pellicle.Domain;

namespace Pellicle.Scanning.Extractors.Php;

/// <summary>PEAR's <c>.registry/NAME.reg</c>: serialised PHP. Only the name, and the version released, are read; nothing is unserialised.</summary>
internal sealed class PearRegistry : IExtractor
{
    public string Name => "generic/pear-registry";

    public bool IsRequired(ScanPath path) => path.EndsWith(".reg") && path.HasDirectory(".registry");

    public ExtractionResult Extract(ScanFile file)
    {
        var text = file.Text;
        var release = Value(text, "release", 0);
        return file.Package(Ecosystem.Generic, Value(text, "name", 0), release ?? Value(text, "version", 0), PackageEvidence.Installed) is { Version: not null } package
            ? ExtractionResult.Of(package)
            : ExtractionResult.Failed(file, "no name or version in the PEAR registry");
    }

    /// <summary>Text behind <c>s:N:"key";s:N:"</c>, the first time it is followed by a text.</summary>
    private static string? Value(string text, string key, int from)
    {
        var mark = $"s:{key.Length}:\"{key}\";s:";
        var at = text.IndexOf(mark, from, StringComparison.Ordinal);
        if (at < 0)
        {
            return null;
        }

        var open = text.IndexOf('"', at + mark.Length);
        var close = open < 0 ? -1 : text.IndexOf('"', open + 1);
        return close > open ? text[(open + 1)..close] : null;
    }
}
