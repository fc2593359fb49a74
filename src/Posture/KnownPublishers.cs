using System.Collections.Frozen;

namespace Pellicle.Posture;

/// <summary>Who publishes layers, by account number: AWS, vendors, public collections. The table is data with source and date.</summary>
public static class KnownPublishers
{
    private static readonly FrozenDictionary<string, (string Kind, string Name)> All = PostureTables.Lines("publishers").ToFrozenDictionary(l => l[0], l => (l[1], l[2]), StringComparer.Ordinal);

    /// <summary>Kind (<c>aws</c>, <c>vendor</c>, <c>community</c>) and name; null for an account that the table does not hold. Layers of AWS itself may have no number.</summary>
    public static (string Kind, string Name)? Of(string account) =>
        string.IsNullOrEmpty(account) ? ("aws", "AWS") : All.TryGetValue(account, out var known) ? known : null;
}
