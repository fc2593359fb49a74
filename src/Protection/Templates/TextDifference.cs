namespace Pellicle.Protection.Templates;

/// <summary>What changed between two texts, as people read it: lines with <c>+</c> and <c>-</c> among two lines of what surrounds them.</summary>
public static class TextDifference
{
    private const int Context = 2;

    // Instrumentation adds a few lines at a time; the texts are in step again soon.
    private const int Reach = 200;

    /// <summary>Empty when the texts are equal.</summary>
    public static string Of(string before, string after)
    {
        ArgumentNullException.ThrowIfNull(before);
        ArgumentNullException.ThrowIfNull(after);
        var (old, now) = (before.Split('\n'), after.Split('\n'));
        var marked = new List<(char Mark, string Line)>();
        for (int i = 0, j = 0; i < old.Length || j < now.Length;)
        {
            if (i < old.Length && j < now.Length && old[i] == now[j])
            {
                marked.Add((' ', old[i]));
                (i, j) = (i + 1, j + 1);
                continue;
            }

            var (gone, added) = NextStep(old.AsSpan(i), now.AsSpan(j));
            marked.AddRange(old.Skip(i).Take(gone).Select(l => ('-', l)));
            marked.AddRange(now.Skip(j).Take(added).Select(l => ('+', l)));
            (i, j) = (i + gone, j + added);
        }

        var shown = Enumerable.Range(0, marked.Count).Where(k => Enumerable.Range(k - Context, (2 * Context) + 1).Any(n => n >= 0 && n < marked.Count && marked[n].Mark != ' ')).ToList();
        return string.Concat(shown.Select((k, n) => (n > 0 && shown[n - 1] != k - 1 ? "@@\n" : "") + $"{marked[k].Mark}{marked[k].Line}\n"));
    }

    /// <summary>How many lines of each to pass until they agree again.</summary>
    private static (int Gone, int Added) NextStep(ReadOnlySpan<string> old, ReadOnlySpan<string> now)
    {
        for (var sum = 1; sum <= Reach; sum++)
        {
            for (var gone = 0; gone <= sum; gone++)
            {
                var added = sum - gone;
                if (gone < old.Length && added < now.Length && old[gone] == now[added])
                {
                    return (gone, added);
                }
            }
        }

        return (old.Length, now.Length);
    }
}
