using Pellicle.Inspection.Detectors;

namespace Pellicle.Inspection.Tests;

/// <summary>The two ways through a text must tell the same.</summary>
public class LiteralTableTests
{
    private static readonly Literals First = new("select", "/etc", "<script", "__proto__");
    private static readonly Literals Second = new("union", "..//", "$(cat", "exec(");
    private static readonly LiteralTable Table = new([First, Second]);

    [Fact]
    public void Long_texts_tell_what_short_ones_do_wherever_a_literal_stands()
    {
        var random = new Random(5);
        var filler = "abcdefgh ABC,.-_/=%é§selunio<$(_".ToCharArray();
        for (var round = 0; round < 4000; round++)
        {
            var text = new char[random.Next(4, 4600)];
            for (var i = 0; i < text.Length; i++)
                text[i] = filler[random.Next(round % 2 == 0 ? 8 : filler.Length)];
            foreach (var literal in First.Values.Concat(Second.Values))
            {
                if (random.Next(3) == 0 && text.Length >= literal.Length)
                    (random.Next(2) == 0 ? literal : literal.ToUpperInvariant()).CopyTo(0, text, Place(random, text.Length - literal.Length), literal.Length);
            }
            Same(new string(text));
        }
    }

    [Theory]
    [InlineData("select")]
    [InlineData("/etc")]
    public void Every_place_of_a_text_is_looked_at(string literal)
    {
        for (var length = literal.Length; length < 2100; length += length < 140 || length > 2030 ? 1 : 97)
        {
            for (var at = 0; at <= length - literal.Length; at += at < 40 || at > length - 40 || (at > 2030 && at < 2060) ? 1 : 29)
                Same(new string('x', at) + literal + new string('x', length - at - literal.Length), expected: at);
        }
    }

    private static int Place(Random random, int last) => random.Next(4) switch { 0 => 0, 1 => last, 2 => Math.Clamp(2048 - random.Next(8), 0, last), _ => random.Next(last + 1) };

    private static void Same(string text, int expected = -1)
    {
        Span<int> places = stackalloc int[LiteralTable.MaxSets], lengths = stackalloc int[LiteralTable.MaxSets];
        Span<int> longPlaces = stackalloc int[LiteralTable.MaxSets], longLengths = stackalloc int[LiteralTable.MaxSets];
        var signs = Table.ReadShort(text, places, lengths, out var hits);
        Table.ReadLong(text, longPlaces, longLengths, out var longHits).ShouldBe(signs, text);
        longHits.ShouldBe(hits, text);
        for (var set = 0; set < 2; set++)
        {
            if ((hits >> set & 1) != 0)
                (longPlaces[set], longLengths[set]).ShouldBe((places[set], lengths[set]), text);
        }
        if (expected >= 0)
            longPlaces[0].ShouldBe(expected, text);
    }
}
