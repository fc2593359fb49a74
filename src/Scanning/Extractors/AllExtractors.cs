using Pellicle.Scanning.Extractors.Binaries;
using Pellicle.Scanning.Extractors.Conda;
using Pellicle.Scanning.Extractors.Distributions;
using Pellicle.Scanning.Extractors.DotNet;
using Pellicle.Scanning.Extractors.Go;
using Pellicle.Scanning.Extractors.Java;
using Pellicle.Scanning.Extractors.Node;
using Pellicle.Scanning.Extractors.Php;
using Pellicle.Scanning.Extractors.Python;
using Pellicle.Scanning.Extractors.Ruby;
using Pellicle.Scanning.Extractors.Rust;
using Pellicle.Scanning.Extractors.Sbom;

namespace Pellicle.Scanning.Extractors;

/// <summary>What ships, in order of name. A test compares these lists with the classes.</summary>
internal static class AllExtractors
{
    public static IReadOnlyList<IExtractor> Create() =>
    [
        new ApkInstalled(),
        new BunLock(),
        new CargoLock(),
        new CargoToml(),
        new ComposerInstalled(),
        new ComposerInstalledPhp(),
        new ComposerLock(),
        new CondaMeta(),
        new CycloneDxFile(),
        new DenoLock(),
        new DepsJson(),
        new DpkgStatus(),
        new GemfileLock(),
        new GoMod(),
        new GoVendorModules(),
        new GradleLock(),
        new JavaScriptBundle(),
        new JvmRelease(),
        new NpmPackageJson(),
        new NuGetLock(),
        new PackageLock(),
        new PackagesConfig(),
        new PaketLock(),
        new PearRegistry(),
        new PipfileLock(),
        new PnpmLock(),
        new PomFile(),
        new ProjectAssets(),
        new ProjectFile(),
        new PythonMetadata(),
        new PythonTomlLock(),
        new Requirements(),
        new RpmDatabase(),
        new SpdxFile(),
        new YarnLock(),
    ];

    public static IReadOnlyList<ITreeExtractor> CreateTree() => [new AssemblyMetadata(), new InstalledGems(), new JavaArchive(), new PythonStripped()];

    public static IReadOnlyList<IBinaryExtractor> CreateBinary() => [new CargoAuditable(), new GoBuildInfo(), new NativeImageSbom(), new SingleFileBundle(), new VersionStrings()];
}
