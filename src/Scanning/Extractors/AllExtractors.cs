using Pellicle.Scanning.Extractors.Binaries;
using Pellicle.Scanning.Extractors.DotNet;
using Pellicle.Scanning.Extractors.Go;
using Pellicle.Scanning.Extractors.Java;
using Pellicle.Scanning.Extractors.Node;
using Pellicle.Scanning.Extractors.Php;
using Pellicle.Scanning.Extractors.Python;
using Pellicle.Scanning.Extractors.Ruby;
using Pellicle.Scanning.Extractors.Rust;

namespace Pellicle.Scanning.Extractors;

/// <summary>What ships, in order of name. A test compares these lists with the classes.</summary>
internal static class AllExtractors
{
    public static IReadOnlyList<IExtractor> Create() =>
    [
        new BunLock(),
        new CargoLock(),
        new ComposerInstalled(),
        new ComposerInstalledPhp(),
        new ComposerLock(),
        new DepsJson(),
        new GemfileLock(),
        new JavaScriptBundle(),
        new NpmPackageJson(),
        new NuGetLock(),
        new PackageLock(),
        new PackagesConfig(),
        new PipfileLock(),
        new PnpmLock(),
        new PythonMetadata(),
        new PythonTomlLock(),
        new Requirements(),
        new YarnLock(),
    ];

    public static IReadOnlyList<ITreeExtractor> CreateTree() => [new AssemblyMetadata(), new InstalledGems(), new JavaArchive(), new PythonStripped()];

    public static IReadOnlyList<IBinaryExtractor> CreateBinary() => [new CargoAuditable(), new GoBuildInfo(), new SingleFileBundle(), new VersionStrings()];
}
