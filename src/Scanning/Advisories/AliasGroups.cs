namespace Pellicle.Scanning.Advisories;

/// <summary>Joins records that name each other, or the same third id, as aliases: one hole, one finding.</summary>
internal static class AliasGroups
{
    /// <summary>A group number for each record; records of one group have the same.</summary>
    public static int[] Of(IReadOnlyList<AdvisoryRecord> records)
    {
        var parents = Enumerable.Range(0, records.Count).ToArray();
        var owners = new Dictionary<string, int>(StringComparer.Ordinal);
        for (var i = 0; i < records.Count; i++)
        {
            Join(records[i].Id, i);
            foreach (var alias in records[i].Aliases)
            {
                Join(alias, i);
            }
        }

        for (var i = 0; i < parents.Length; i++)
        {
            parents[i] = Find(i);
        }

        return parents;

        void Join(string id, int record)
        {
            if (owners.TryGetValue(id, out var other))
            {
                var (a, b) = (Find(record), Find(other));
                // The smaller index wins, so that the numbers do not depend on the order of the aliases.
                parents[Math.Max(a, b)] = Math.Min(a, b);
            }
            else
            {
                owners.Add(id, record);
            }
        }

        int Find(int record)
        {
            while (parents[record] != record)
            {
                record = parents[record] = parents[parents[record]];
            }

            return record;
        }
    }
}
