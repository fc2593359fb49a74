using System.Diagnostics;
using System.Runtime.InteropServices;
using Pellicle.Inspection.Detectors;

namespace Pellicle.Inspection.Tests;

/// <summary>Native/masks.c as a library, as programs that are compiled ahead of time have it linked in.</summary>
internal static unsafe class WideVectors
{
    private static readonly Lazy<nint> Library = new(Load);

    /// <summary>Bits of the vectors that this processor has; 0 is the managed way, which every one has.</summary>
    public static int[] Widths { get; } = [0, .. RuntimeInformation.ProcessArchitecture == Architecture.X64 ? new[] { 256, 512 }.Where(w => w == 256 ? System.Runtime.Intrinsics.X86.Avx2.IsSupported : System.Runtime.Intrinsics.X86.Avx512BW.IsSupported) : []];

    /// <summary>The ways of one width.</summary>
    public static Clean.Functions Of(int bits)
    {
        Clean.Functions functions = default;
        if (bits > 0)
        {
            ((delegate* unmanaged<int, Clean.Functions*, int>)NativeLibrary.GetExport(Library.Value, "pellicle_functions"))(bits, &functions).ShouldBe(1);
        }

        return functions;
    }

    private static nint Load()
    {
        var root = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(root, "Pellicle.slnx")))
        {
            root = Path.GetDirectoryName(root) ?? throw new DirectoryNotFoundException("the repository's root");
        }

        var folder = Directory.CreateTempSubdirectory("pellicle-masks-");
        try
        {
            var library = Path.Combine(folder.FullName, "masks.so");
            using var compiler = Process.Start("clang", ["-O3", "-shared", "-fPIC", "-o", library, Path.Combine(root, "src/Inspection/Native/masks.c")]);
            compiler.WaitForExit();
            compiler.ExitCode.ShouldBe(0);
            return NativeLibrary.Load(library);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}

/// <summary>Tests that choose the width for the whole process run alone.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class ChoosesWidth
{
    public const string Name = "chooses the width of vectors";
}
