namespace Pellicle.Posture;

/// <summary>
/// The same check in the catalogues of others: AWS Foundational Security Best Practices (Security Hub), CIS AWS Compute Services Benchmark 1.0.0
/// (section 4), Prisma Cloud. Findings carry them as aliases, so that an ignore file may name any of them.
/// </summary>
internal static class ExternalIds
{
    private static readonly Dictionary<string, string> Known = new(StringComparer.Ordinal)
    {
        ["E-1"] = "FSBP-Lambda.1 CIS-4.6", ["E-2"] = "FSBP-Lambda.1 CIS-4.6", ["E-3"] = "FSBP-Lambda.1", ["E-4"] = "CIS-4.10",
        ["I-1"] = "CIS-4.9 Prisma-436", ["I-2"] = "Prisma-437", ["I-3"] = "Prisma-438", ["I-4"] = "Prisma-439", ["I-5"] = "Prisma-440", ["I-6"] = "Prisma-441", ["I-7"] = "Prisma-442", ["I-8"] = "Prisma-443", ["I-9"] = "Prisma-444",
        ["I-10"] = "Prisma-445", ["I-11"] = "Prisma-446", ["I-12"] = "Prisma-447", ["I-14"] = "CIS-4.5", ["I-15"] = "CIS-4.7",
        ["D-1"] = "Prisma-434", ["D-3"] = "CIS-4.12", ["D-10"] = "CIS-4.3",
        ["N-1"] = "FSBP-Lambda.3", ["N-2"] = "FSBP-Lambda.5",
        ["L-3"] = "FSBP-Lambda.7", ["L-4"] = "CIS-4.2", ["L-7"] = "CIS-4.1", ["L-8"] = "FSBP-Lambda.6",
        ["R-1"] = "FSBP-Lambda.2 CIS-4.11", ["R-2"] = "CIS-4.8",
    };

    public static IReadOnlyList<string> Of(string check) => Known.TryGetValue(check, out var ids) ? [.. ids.Split(' ').Order(StringComparer.Ordinal)] : [];
}
