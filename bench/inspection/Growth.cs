using System.Text.Json;
using Pellicle.Inspection;

/// <summary>Looks for texts whose inspection takes longer than their length explains.</summary>
internal static class Growth
{
    private const int Short = 8_000;
    private const int Long = 128_000;

    /// <summary>Nanoseconds per character of a long text beyond which its growth counts; below it a square would not matter.</summary>
    private const double Noticed = 100;

    /// <summary>How often dearer a character may be in the long text than in the short one: caches, and what is done once.</summary>
    private const double Allowed = 4;

    // What the detectors begin to read at, what they read to, and what stands between.
    private static readonly string[] Pieces =
    [
        "'", "\"", "`", "(", ")", "[", "]", "{", "}", "<", ">", "${", "#{", "{{", "}}", "$(", "<(", "%", "%2e", "%00", "&#", "&", "&&", "|", "||", ";", "\n", "\t", " ", "=", "/", "//", "../", "..\\", "\\", "@", ":", "?", ",", ".", "-", "--",
        "#", "/*", "*/", "*", "+", "1", "0x", "or ", "and ", "union ", "select ", "from ", "where ", "ls ", "cat ", "id", "curl ", "http://", "file:", "O:1:", "a:1:{", "s:3:", "System.", "$type", "__proto__", "rO0AB", "gASV", "<!ENTITY", "<!DOCTYPE",
        "<script", "onload=", "style=", "javascript:", "sh -c ", "/etc/passwd", "eval(", "require(", "import ", "<%=", "%>", "<?php", "\r\n", "Set-Cookie:", "sleep(", "waitfor ", "' or '", "1=1", "a", "Ab", "\u00e9", "\u4e2d", "\0", "=>", "$ne",
        "constructor", "c__builtin__\n", "{\"a\":", "169.254.169.254", "localhost", "|ls", "`ls", "$(ls", "<(ls", "'a'", "a=", "a=1&", "x.y", "(`", "`)", ":-",
    ];

    public static int Run(int rounds)
    {
        // Always the same chains: a run can be repeated.
#pragma warning disable CA5394
        var random = new Random(1);
        var units = Pieces.Concat(Pieces.SelectMany(a => Pieces, (a, b) => a + b))
            .Concat(Enumerable.Range(0, rounds).Select(i => string.Concat(Enumerable.Range(0, 3 + (i % 2)).Select(_ => Pieces[random.Next(Pieces.Length)]))));
#pragma warning restore CA5394
        var (tried, found, dearest) = (0, 0, (Each: 0.0, Unit: ""));
        foreach (var unit in units)
        {
            var (small, large) = (Each(unit, Short), Each(unit, Long));
            if (large > Noticed && large > small * Allowed)
            {
                // Once more: somebody else may have had the processor.
                (small, large) = (Each(unit, Short), Each(unit, Long));
            }

            tried++;
            dearest = large > dearest.Each ? (large, unit) : dearest;
            if (large > Noticed && large > small * Allowed)
            {
                found++;
                Console.WriteLine($"{JsonSerializer.Serialize(unit, BenchJson.Default.String)} {small:f0} ns a character in {Short}, {large:f0} in {Long}");
            }
        }

        Console.WriteLine($"{tried} pieces, {found} whose time grows faster than their length; the dearest {JsonSerializer.Serialize(dearest.Unit, BenchJson.Default.String)} with {dearest.Each:f0} ns a character");
        return found == 0 ? 0 : 1;
    }

    private static double Each(string unit, int length)
    {
        var text = string.Concat(Enumerable.Repeat(unit, (length / unit.Length) + 1))[..length];
        var json = JsonSerializer.SerializeToUtf8Bytes(new Dictionary<string, string> { ["rawPath"] = "/", ["body"] = text }, BenchJson.Default.DictionaryStringString);
        var best = double.MaxValue;
        for (var i = 0; i < 3; i++)
        {
            // Of the processor, in ticks of 100 ns: a long text takes longer than a time slice where others work too.
            var start = Environment.CpuUsage.TotalTime;
            Inspector.Inspect(json).Release();
            best = Math.Min(best, (Environment.CpuUsage.TotalTime - start).TotalNanoseconds);
        }

        return best / length;
    }
}

[System.Text.Json.Serialization.JsonSerializable(typeof(string))]
[System.Text.Json.Serialization.JsonSerializable(typeof(Dictionary<string, string>))]
internal sealed partial class BenchJson : System.Text.Json.Serialization.JsonSerializerContext;
