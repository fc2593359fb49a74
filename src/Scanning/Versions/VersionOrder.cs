using Pellicle.Domain;

namespace Pellicle.Scanning.Versions;

/// <summary>Finds the version order of an ecosystem.</summary>
public static class VersionOrder
{
    private static readonly (Ecosystem Ecosystem, IVersionOrder Order)[] Orders =
    [
        (Ecosystem.AlmaLinux, RpmOrder.Instance),
        (Ecosystem.Alpine, ApkOrder.Instance),
        (Ecosystem.AmazonLinux, RpmOrder.Instance),
        (Ecosystem.CratesIo, SemVerOrder.Instance),
        (Ecosystem.Debian, DpkgOrder.Instance),
        (Ecosystem.Generic, GenericOrder.Instance),
        (Ecosystem.Go, SemVerOrder.Instance),
        (Ecosystem.Maven, MavenOrder.Instance),
        (Ecosystem.Npm, SemVerOrder.Instance),
        (Ecosystem.NuGet, NuGetOrder.Instance),
        (Ecosystem.Packagist, PackagistOrder.Instance),
        (Ecosystem.PyPI, PyPIOrder.Instance),
        (Ecosystem.RedHat, RpmOrder.Instance),
        (Ecosystem.RockyLinux, RpmOrder.Instance),
        (Ecosystem.RubyGems, RubyGemsOrder.Instance),
        (Ecosystem.Ubuntu, DpkgOrder.Instance),
        (Ecosystem.Wolfi, ApkOrder.Instance),
    ];

    /// <summary>SemVer 2.0 precedence: the order of OSV's SEMVER ranges.</summary>
    public static IVersionOrder SemVer => SemVerOrder.Instance;

    /// <summary>Order of an ecosystem.</summary>
    public static IVersionOrder For(Ecosystem ecosystem)
    {
        ArgumentNullException.ThrowIfNull(ecosystem);
        foreach (var (known, order) in Orders)
        {
            if (known == ecosystem.Base)
            {
                return order;
            }
        }

        throw new ArgumentException($"no version order for `{ecosystem}`", nameof(ecosystem));
    }

    /// <summary>Sign used by <c>versions compare</c>: <c>&lt;</c>, <c>=</c>, <c>&gt;</c> or <c>invalid</c>.</summary>
    public static string ToSign(VersionComparison comparison) => comparison switch
    {
        VersionComparison.Less => "<",
        VersionComparison.Equal => "=",
        VersionComparison.Greater => ">",
        VersionComparison.Invalid => "invalid",
    };

    /// <summary>Sorts from old to new; texts that are no versions come first, by their characters. Never depends on the input's order.</summary>
    public static int CompareTotal(IVersionOrder order, string a, string b)
    {
        ArgumentNullException.ThrowIfNull(order);
        return order.Compare(a, b) switch
        {
            VersionComparison.Less => -1,
            VersionComparison.Greater => 1,
            VersionComparison.Equal => string.CompareOrdinal(a, b),
            VersionComparison.Invalid => (order.IsValid(a), order.IsValid(b)) switch
            {
                (true, false) => 1,
                (false, true) => -1,
                _ => string.CompareOrdinal(a, b),
            },
        };
    }

    internal static VersionComparison FromInt(int value) => value switch
    {
        < 0 => VersionComparison.Less,
        0 => VersionComparison.Equal,
        > 0 => VersionComparison.Greater,
    };
}
