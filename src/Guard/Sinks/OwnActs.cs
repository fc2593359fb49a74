using Pellicle.Domain;
using Pellicle.Guard.Channel;

namespace Pellicle.Guard.Sinks;

/// <summary>
/// Commands, statements and code that ran, word for word, while no event that could have brought them was there: they are the function's own, and an event that holds the same words
/// did not make them. Bounded: one place for each of so many remainders of a hash, the newest stays.
/// </summary>
internal sealed class OwnActs
{
    private const int Places = 4096;

    private readonly int[] _hashes = new int[Places];

    internal static bool Covers(Dimension dimension) => dimension is Dimension.Process or Dimension.Statement or Dimension.Code;

    internal void Add(Query query)
    {
        var hash = Hash(query);
        Volatile.Write(ref _hashes[(uint)hash % Places], hash);
    }

    internal bool Has(Query query)
    {
        var hash = Hash(query);
        return Volatile.Read(ref _hashes[(uint)hash % Places]) == hash;
    }

    /// <summary>Seeded at each start by the runtime: nobody outside can aim at a place. Never 0, which stands for an empty one.</summary>
    private static int Hash(Query query)
    {
        var hash = new HashCode();
        hash.Add(query.Dimension);
        foreach (var field in query.Fields)
            hash.Add(field, StringComparer.Ordinal);
        return hash.ToHashCode() is var made and not 0 ? made : 1;
    }
}
