using System.IO.Compression;
using System.Text;

namespace Pellicle.Protection;

/// <summary>
/// Makes the bootstrap of a deployment package start through the layer, for programs that nothing outside the package can come before (statically linked Go, Rust).
/// The program itself stays byte for byte; without the layer the package works as before.
/// </summary>
public static class PackageInstrumentation
{
    /// <summary>Name the program gets.</summary>
    public const string OriginalName = "bootstrap.original";

    /// <summary>By this an instrumented bootstrap is known.</summary>
    internal static ReadOnlySpan<byte> Mark => "# pellicle: starts bootstrap.original through the protection layer"u8;

    private const string Launcher =
        """
        #!/bin/sh
        # pellicle: starts bootstrap.original through the protection layer
        program=${0%/*}/bootstrap.original
        [ "$PELLICLE_MODE" != off ] && [ -x /opt/pellicle/wrapper ] && exec /opt/pellicle/wrapper --launch "$program" "$@"
        exec "$program" "$@"

        """;

    /// <summary>Writes the instrumented package.</summary>
    /// <returns>False when it is instrumented already and nothing was written.</returns>
    /// <exception cref="InvalidDataException">No zip, or no bootstrap in it; the message says which.</exception>
    public static bool Instrument(Stream package, Stream output)
    {
        using var source = new ZipArchive(package, ZipArchiveMode.Read, leaveOpen: true);
        var bootstrap = source.GetEntry("bootstrap") ?? throw new InvalidDataException("the package has no `bootstrap`: a managed runtime needs no instrumentation, `pellicle protect` is enough");
        if (Bootstraps.Of(bootstrap) == Bootstrap.Instrumented)
        {
            return false;
        }

        if (source.GetEntry(OriginalName) is not null)
        {
            throw new InvalidDataException($"the package has a file `{OriginalName}` of its own");
        }

        using var target = new ZipArchive(output, ZipArchiveMode.Create, leaveOpen: true);
        foreach (var entry in source.Entries)
        {
            Copy(entry, target, entry == bootstrap ? OriginalName : entry.FullName);
        }

        var launcher = target.CreateEntry("bootstrap");
        launcher.LastWriteTime = bootstrap.LastWriteTime;
        launcher.ExternalAttributes = (0x8000 | 0b111_101_101) << 16;
        using var stream = launcher.Open();
        stream.Write(Encoding.ASCII.GetBytes(Launcher.ReplaceLineEndings("\n")));
        return true;
    }

    private static void Copy(ZipArchiveEntry entry, ZipArchive target, string name)
    {
        var copy = target.CreateEntry(name);
        (copy.LastWriteTime, copy.ExternalAttributes) = (entry.LastWriteTime, entry.ExternalAttributes);
        if (entry.FullName.EndsWith('/'))
        {
            return;
        }

        using var from = entry.Open();
        using var to = copy.Open();
        from.CopyTo(to);
    }
}
