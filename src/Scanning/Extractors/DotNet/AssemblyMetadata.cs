using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using Pellicle.Domain;
using Pellicle.Scanning.Archives;

namespace Pellicle.Scanning.Extractors.DotNet;

/// <summary>Assemblies' own names and versions, in directories where no <c>deps.json</c> tells the packages.</summary>
internal sealed class AssemblyMetadata : ITreeExtractor
{
    public string Name => "nuget/assembly";

    public ExtractionResult Extract(ScanTree tree, IReadOnlyList<Package> found)
    {
        var covered = tree.Source.Entries.Where(entry => entry.ScanPath.EndsWith(".deps.json")).Select(entry => entry.ScanPath.Directory).ToHashSet(StringComparer.Ordinal);
        var packages = new List<Package>();
        var errors = new List<FileError>();
        foreach (var entry in tree.Source.Entries)
        {
            // A deps.json speaks for its own directory and the runtimes/ and culture directories below it.
            if (entry.Kind == EntryKind.File && entry.ScanPath.EndsWith(".dll") && !covered.Any(directory => entry.ScanPath.IsUnder(directory)) && tree.Read(entry.Path, 64 << 20) is { } content)
            {
                try
                {
                    if (Read(content) is var (name, version) && Found.Package(Ecosystem.NuGet, name, version, tree.Prefix + entry.Path, PackageEvidence.Binary) is { } package)
                    {
                        packages.Add(package);
                    }
                }
                catch (Exception e) when (e is BadImageFormatException or InvalidOperationException or ArgumentException or OverflowException or IndexOutOfRangeException)
                {
                    errors.Add(new FileError("", tree.Prefix + entry.Path, "damaged .NET metadata"));
                }
            }
        }

        return new ExtractionResult(packages, errors);
    }

    /// <summary>Assembly name, and the informational version without build metadata, else the assembly version. Null for native libraries and resource assemblies.</summary>
    internal static (string Name, string Version)? Read(byte[] content)
    {
        using var pe = new PEReader(new MemoryStream(content, writable: false));
        if (!pe.HasMetadata)
        {
            return null;
        }

        var reader = pe.GetMetadataReader();
        if (!reader.IsAssembly)
        {
            return null;
        }

        var definition = reader.GetAssemblyDefinition();
        var name = reader.GetString(definition.Name);
        if (name.EndsWith(".resources", StringComparison.Ordinal))
        {
            return null;
        }

        var version = Informational(reader, definition) is { } text ? text.Split('+', ' ')[0] : null;
        version = version is { Length: > 0 } && char.IsAsciiDigit(version[0]) ? version : definition.Version.ToString(3);
        return (name, version);
    }

    private static string? Informational(MetadataReader reader, AssemblyDefinition definition)
    {
        foreach (var handle in definition.GetCustomAttributes())
        {
            var attribute = reader.GetCustomAttribute(handle);
            if (attribute.Constructor.Kind == HandleKind.MemberReference
                && reader.GetMemberReference((MemberReferenceHandle)attribute.Constructor).Parent is { Kind: HandleKind.TypeReference } parent
                && reader.StringComparer.Equals(reader.GetTypeReference((TypeReferenceHandle)parent).Name, "AssemblyInformationalVersionAttribute"))
            {
                var blob = reader.GetBlobReader(attribute.Value);
                return blob.ReadUInt16() == 1 ? blob.ReadSerializedString() : null;
            }
        }

        return null;
    }
}
