namespace Pellicle.Scanning.Versions;

/// <summary>NuGet: up to four numbers and more in the wild, then SemVer 2 labels without regard to case; metadata never counts.</summary>
internal sealed class NuGetOrder : IVersionOrder
{
    public static NuGetOrder Instance { get; } = new();

    public bool IsValid(ReadOnlySpan<char> version) => SemVerOrder.TrySplit(version, out _, out _);

    public VersionComparison Compare(ReadOnlySpan<char> a, ReadOnlySpan<char> b)
    {
        if (!SemVerOrder.TrySplit(a, out var coreA, out var preA) || !SemVerOrder.TrySplit(b, out var coreB, out var preB))
        {
            return VersionComparison.Invalid;
        }

        var core = SemVerOrder.CompareCore(coreA, coreB);
        return VersionOrder.FromInt(core != 0 ? core : SemVerOrder.ComparePreRelease(preA, preB, ignoreCase: true));
    }
}
