namespace Pellicle.Inspection.Detectors;

/// <summary>Says quickly of most words that they are none of some; of the others their set says it. Case apart.</summary>
internal sealed class KnownWords
{
    private const int Longest = 31;

    // A bit for each length, by the lower five bits of the first two characters.
    private readonly uint[] _lengths = new uint[1024];

    public KnownWords(IEnumerable<string> words)
    {
        foreach (var word in words)
        {
            if (word.Length is 0 or > Longest || !System.Text.Ascii.IsValid(word))
            {
                throw new ArgumentException($"word `{word}` is too long or not ASCII", nameof(words));
            }

            _lengths[Slot(word)] |= 1u << word.Length;
        }
    }

    /// <summary>False of a word that is none of them.</summary>
    public bool MayHave(ReadOnlySpan<char> word) => word.Length is > 0 and <= Longest && ((_lengths[Slot(word)] >> word.Length & 1) != 0 || word[0] >= 128 || (word.Length > 1 && word[1] >= 128));

    private static int Slot(ReadOnlySpan<char> word) => (word[0] & 31) << 5 | (word.Length > 1 ? word[1] & 31 : 0);
}
