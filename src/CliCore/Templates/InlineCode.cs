using System.IO.Compression;

namespace Pellicle.Cli.Templates;

/// <summary>Code that stands in a template itself.</summary>
internal static class InlineCode
{
    /// <summary>A zip of one file as CloudFormation makes it from <c>ZipFile</c>: <c>index</c>, in JavaScript or Python; empty without code.</summary>
    public static byte[] Zip(string? code)
    {
        using var bytes = new MemoryStream();
        using (var zip = new ZipArchive(bytes, ZipArchiveMode.Create, leaveOpen: true))
        {
            if (code is not null)
            {
                var isPython = code.Contains("def ", StringComparison.Ordinal) && !code.Contains("=>", StringComparison.Ordinal);
                using var writer = new StreamWriter(zip.CreateEntry(isPython ? "index.py" : "index.js").Open());
                writer.Write(code);
            }
        }

        return bytes.ToArray();
    }
}
