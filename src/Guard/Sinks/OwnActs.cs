using Pellicle.Domain;
using Pellicle.Guard.Channel;

namespace Pellicle.Guard.Sinks;

/// <summary>
/// Commands, statements and code that ran, word for word, while no event that could have brought them was there: they are the function's own, and an event that holds the same words
/// did not make them. Twice, in different invocations or before the first: what passed once may have been an attack in a disguise. Bounded: one place for each of so many
/// remainders of a hash, the newest stays.
/// </summary>
internal sealed class OwnActs
{
    private const int Places = 4096;

    private readonly int[] _hashes = new int[Places];
    private readonly long[] _first = new long[Places];

    /// <summary>Of a program only a shell's command: others are compared word for word as it is.</summary>
    internal static bool Covers(Query query) => query.Dimension is Dimension.Statement or Dimension.Code
        || (query.Dimension is Dimension.Process && ShellCommand.TextOf(query.Field(1).TrimEnd('\0').Split('\0'), query.Item) is not null);

    /// <param name="query">What ran.</param>
    /// <param name="requestId">Of the invocation; null before the first.</param>
    internal void Add(Query query, string? requestId)
    {
        var number = requestId is null ? Own : requestId.GetHashCode(StringComparison.Ordinal);
        var hash = Hash(query);
        var place = (uint)hash % Places;
        if (Volatile.Read(ref _hashes[place]) == hash)
        {
            if (_first[place] != number)
                _first[place] = Own;
            return;
        }
        _first[place] = number;
        Volatile.Write(ref _hashes[place], hash);
    }

    internal bool Has(Query query)
    {
        var hash = Hash(query);
        var place = (uint)hash % Places;
        return Volatile.Read(ref _hashes[place]) == hash && _first[place] == Own;
    }

    /// <summary>No hash of a request id.</summary>
    private const long Own = long.MaxValue;

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
