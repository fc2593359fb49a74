using Pellicle.Inspection.Detectors;

namespace Pellicle.Inspection.Tests;

/// <summary>Native/masks.c says what the managed way says, with every width of vectors that this processor has.</summary>
public sealed unsafe class TextMasksTests
{
    [Theory]
    [InlineData(256)]
    [InlineData(512)]
    public void Wide_vectors_say_the_same(int bits)
    {
        if (WideVectors.Widths.Contains(bits))
        {
            Compare(WideVectors.Of(bits).Masks);
        }
    }

    private static void Compare(delegate* unmanaged[SuppressGCTransition]<byte*, nint, byte*, TextMasks.Row*, void> native)
    {
        var random = new Random(17);
        var literals = AllDetectors.Create().SelectMany(d => d.Sets).SelectMany(s => s.Values).ToArray();
        var seen = default(TextMasks.Row);
        for (var round = 0; round < 400; round++)
        {
            var text = new byte[(TextMasks.Block * random.Next(1, 40)) + TextMasks.Behind];
            random.NextBytes(text);
            for (var at = 0; round % 2 == 0 && at < text.Length; at++)
            {
                text[at] = (byte)(32 + (text[at] % 96));
            }

            for (var i = 0; i < 8; i++)
            {
                var literal = System.Text.Encoding.ASCII.GetBytes(literals[random.Next(literals.Length)]);
                literal.AsSpan(0, Math.Min(literal.Length, text.Length)).CopyTo(text.AsSpan(random.Next(Math.Max(1, text.Length - literal.Length))));
            }

            var (wide, narrow) = (new TextMasks.Row[text.Length / TextMasks.Block], new TextMasks.Row[text.Length / TextMasks.Block]);
            fixed (byte* from = text)
            fixed (TextMasks.Row* to = wide)
            fixed (byte* tables = Inspector.Screened.Masks.AllTables)
            {
                native(from, wide.Length, tables, to);
            }

            Inspector.Screened.Masks.ReadManaged(ref text[0], narrow);
            for (var i = 0; i < wide.Length; i++)
            {
                wide[i].ShouldBe(narrow[i]);
                seen.Words |= wide[i].Words;
                seen.Marked |= wide[i].Marked;
                seen.Conditions |= wide[i].Conditions;
            }
        }

        (seen.Words & seen.Marked & seen.Conditions).ShouldBe(ulong.MaxValue);
    }

    [Fact]
    public void Wide_vectors_find_the_same_end()
    {
        if (!WideVectors.Widths.Contains(256))
        {
            return; // there are none
        }

        var native = WideVectors.Of(256).TextEnd;
        for (var stop = 0; stop < 256; stop++)
        {
            for (var length = 0; length < 100; length++)
            {
                for (var percent = -1; percent <= length + 1; percent += 7)
                {
                    var text = new byte[length + 64];
                    text.AsSpan(0, length).Fill((byte)'x');
                    text[length] = (byte)stop;
                    if (percent >= 0)
                    {
                        text[percent] = (byte)'%';
                    }

                    var end = text.AsSpan().IndexOfAny(Stops);
                    fixed (byte* from = text)
                    {
                        native(from).ShouldBe((ulong)(uint)end | (text.AsSpan(0, end).Contains((byte)'%') ? 1UL << 63 : 0));
                    }
                }
            }
        }
    }

    private static readonly System.Buffers.SearchValues<byte> Stops = System.Buffers.SearchValues.Create([(byte)'"', (byte)'\\', .. Enumerable.Range(0, 32).Select(c => (byte)c)]);
}
