using System.Formats.Tar;

namespace Pellicle.Protection;

/// <summary>The layer's files for a container image: one archive that a Dockerfile adds. Same files, same bytes.</summary>
public static class ImageFiles
{
    // As in the zip: builds of the same files are equal.
    private static readonly DateTimeOffset Epoch = new(1980, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>Makes the archive; its paths begin with <c>opt/</c>.</summary>
    /// <exception cref="FileNotFoundException">An artefact is missing; the message names it.</exception>
    public static byte[] Build(string artifacts, string architecture, ReadOnlyMemory<byte>? policy, string? publicKey, string version)
    {
        using var buffer = new MemoryStream();
        using (var tar = new TarWriter(buffer, TarEntryFormat.Ustar, leaveOpen: true))
        {
            var files = LayerPackage.Files(artifacts, architecture, policy, publicKey, version).Values;
            foreach (var directory in files.SelectMany(f => Above("opt/" + f.Path)).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal))
            {
                tar.WriteEntry(new UstarTarEntry(TarEntryType.Directory, directory + "/") { Mode = (UnixFileMode)0b111_101_101, ModificationTime = Epoch });
            }

            foreach (var file in files)
            {
                using var content = new MemoryStream(file.Bytes);
                tar.WriteEntry(new UstarTarEntry(TarEntryType.RegularFile, "opt/" + file.Path) { Mode = (UnixFileMode)file.Mode, ModificationTime = Epoch, DataStream = content });
            }
        }

        return buffer.ToArray();
    }

    /// <summary>What belongs into the Dockerfile.</summary>
    public static string Dockerfile(string archive) =>
        $"""
        # Before the function's own files; ADD unpacks the archive to /opt.
        ADD {archive} /
        # AWS base images of Python, Node.js, Java, .NET and Ruby call this wrapper by themselves:
        ENV AWS_LAMBDA_EXEC_WRAPPER=/opt/pellicle/wrapper
        # Any other image starts its runtime through it, for example:
        # ENTRYPOINT ["/opt/pellicle/wrapper", "/usr/bin/python3", "-m", "awslambdaric"]

        """.ReplaceLineEndings("\n");

    private static IEnumerable<string> Above(string path)
    {
        for (var cut = path.LastIndexOf('/'); cut > 0; cut = path.LastIndexOf('/', cut - 1))
        {
            yield return path[..cut];
        }
    }
}
