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
        var runtimes = new Dictionary<string, string?>(StringComparer.Ordinal);
        foreach (var entry in tree.Source.Entries)
        {
            // A deps.json speaks for its own directory and the runtimes/ and culture directories below it.
            if (entry.Kind == EntryKind.File && entry.ScanPath.EndsWith(".dll") && !covered.Any(directory => entry.ScanPath.IsUnder(directory)) && !IsApplication(tree, entry) && tree.Read(entry.Path) is { } content)
            {
                try
                {
                    if (Read(content) is { } assembly && !IsRuntime(tree, entry.ScanPath.Directory, assembly.Name, assembly.Version, runtimes)
                        && Found.Package(Ecosystem.NuGet, AssemblyPackages.Name(assembly.Name), AssemblyPackages.Version(assembly), tree.Prefix + entry.Path, PackageEvidence.Binary) is { } package)
                    {
                        packages.Add(package with { Identity = Recognised });
                    }
                }
                catch (Exception e) when (e is BadImageFormatException or InvalidOperationException or ArgumentException or OverflowException or IndexOutOfRangeException)
                {
                    errors.Add(new FileError("", tree.Prefix + entry.Path, "damaged .NET metadata"));
                }
            }
        }

        foreach (var (directory, version) in runtimes.Where(runtime => runtime.Value is not null))
        {
            var path = tree.Prefix + (directory.Length == 0 ? RuntimeLibrary : $"{directory}/{RuntimeLibrary}");
            if (Found.Package(Ecosystem.NuGet, "Microsoft.NETCore.App.Runtime.linux-x64", version, path, PackageEvidence.Binary) is { } runtime)
            {
                packages.Add(runtime);
            }
        }

        return new ExtractionResult(packages, errors);
    }

    // Share of the packages found so that are there, with their version: `bench/scan/recall.sh WORK dotnet`.
    private static readonly PackageIdentity Recognised = new(IdentityMethod.Binary, 0.99);

    private const string RuntimeLibrary = "System.Private.CoreLib.dll";

    /// <summary>The customer's own program: the host reads its settings from the file of the same name.</summary>
    private static bool IsApplication(ScanTree tree, ScanEntry entry) => tree.Source.Find(entry.Path[..^4] + ".runtimeconfig.json") is not null;

    /// <summary>Assemblies of a runtime that is packed in are one package, not two hundred.</summary>
    private static bool IsRuntime(ScanTree tree, string directory, string name, string version, Dictionary<string, string?> runtimes)
    {
        if (!runtimes.TryGetValue(directory, out var own))
        {
            var library = directory.Length == 0 ? RuntimeLibrary : $"{directory}/{RuntimeLibrary}";
            runtimes[directory] = own = tree.Read(library) is { } content ? Read(content)?.Version : null;
        }

        return own is not null && (name is "System" or "mscorlib" or "netstandard" or "WindowsBase" or "Microsoft.CSharp" || name.StartsWith("System.", StringComparison.Ordinal)
            || name.StartsWith("Microsoft.Win32.", StringComparison.Ordinal) || name.StartsWith("Microsoft.VisualBasic", StringComparison.Ordinal)) && Release(version) == Release(own);
    }

    /// <summary>The first two numbers: assemblies of one runtime differ in the rest.</summary>
    private static string Release(string version) => string.Join('.', version.Split('.').Take(2));

    /// <summary>Null for native libraries and resource assemblies.</summary>
    internal static AssemblyIdentity? Read(byte[] content)
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

        var file = Attribute(reader, definition, "AssemblyFileVersionAttribute");
        var informational = Attribute(reader, definition, "AssemblyInformationalVersionAttribute");
        var version = AssemblyPackages.Clean(informational);
        if (version is null or "1.0.0")
        {
            // What no build set; the file's own version may say more.
            version = AssemblyPackages.Clean(file) ?? version ?? definition.Version.ToString(3);
        }

        if (version == "1.0.0" && informational?.Split('+')[0] is null or "1.0.0" && definition.Version is { Major: 1, Minor: 0, Build: 0, Revision: 0 } && AssemblyPackages.Clean(file) is null or "1.0.0")
        {
            // What the SDK writes where the build only numbered the package: of what says so, few are the first version.
            version = "";
        }

        return new AssemblyIdentity(name, version, file ?? "", definition.Version);
    }

    private static string? Attribute(MetadataReader reader, AssemblyDefinition definition, string attributeName)
    {
        foreach (var handle in definition.GetCustomAttributes())
        {
            var attribute = reader.GetCustomAttribute(handle);
            if (TypeName(reader, attribute.Constructor) is { IsNil: false } type && reader.StringComparer.Equals(type, attributeName))
            {
                var blob = reader.GetBlobReader(attribute.Value);
                return blob.ReadUInt16() == 1 ? blob.ReadSerializedString() : null;
            }
        }

        return null;
    }

    /// <summary>Name of the type a constructor belongs to; the core library defines its attributes itself.</summary>
    private static StringHandle TypeName(MetadataReader reader, EntityHandle constructor) => constructor.Kind switch
    {
        HandleKind.MemberReference when reader.GetMemberReference((MemberReferenceHandle)constructor).Parent is { Kind: HandleKind.TypeReference } parent => reader.GetTypeReference((TypeReferenceHandle)parent).Name,
        HandleKind.MethodDefinition => reader.GetTypeDefinition(reader.GetMethodDefinition((MethodDefinitionHandle)constructor).GetDeclaringType()).Name,
        _ => default,
    };
}
