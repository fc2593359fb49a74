using System.Collections;
using Pellicle.Inspection;

namespace Pellicle.Guard.Sinks;

/// <summary>A comparison took more than there is time for.</summary>
internal sealed class EffortException() : Exception("the comparison takes too long");

/// <summary>
/// Work of one comparison, counted in characters that are looked at. Whoever sends an event decides how much there is to compare, and who waits for the answer goes on without it at some time:
/// a comparison that would take longer ends in the answer "no" (in <c>protect</c>). Texts of 100 KB and an ordinary command, path or statement need a thousandth.
/// </summary>
internal static class Effort
{
    /// <summary>Characters. About a fifth of a second on a processor of its own.</summary>
    internal const long Most = 1_000_000_000;

    [ThreadStatic]
    private static long t_spent;

    internal static void Begin() => t_spent = 0;

    internal static void Spend(long characters)
    {
        if ((t_spent += characters) > Most)
            throw new EffortException();
    }
}

/// <summary>Texts whose every reading counts.</summary>
internal sealed class MeteredTexts(IReadOnlyList<EventText> texts) : IReadOnlyList<EventText>
{
    /// <summary>What a text costs by itself, as characters.</summary>
    private const int Each = 200;

    public int Count => texts.Count;

    public EventText this[int index] => texts[index];

    public IEnumerator<EventText> GetEnumerator()
    {
        foreach (var text in texts)
        {
            Effort.Spend(text.Text.Length + Each);
            yield return text;
        }
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
