using Pellicle.Domain;
using Pellicle.Scanning.Versions;
using Xunit.Abstractions;

namespace Pellicle.Scanning.Tests.Versions;

public sealed class ConformanceTests(ITestOutputHelper output)
{
    [SharedDataFact]
    public void Every_pair_of_the_shared_tables_holds_in_both_directions()
    {
        var failures = new List<string>();
        var pairs = 0;
        foreach (var file in Directory.GetFiles(SharedData.Path("versions"), "*.tsv").Order(StringComparer.Ordinal))
        {
            foreach (var line in File.ReadLines(file))
            {
                var parts = line.Split('\t');
                Ecosystem.TryParse(parts[0], out var ecosystem).ShouldBeTrue(line);
                pairs++;
                Check(ecosystem!, parts[1], parts[2], parts[3], line, failures);
                Check(ecosystem!, parts[3], Flip(parts[2]), parts[1], "flipped " + line, failures);
            }
        }

        output.WriteLine($"{pairs} pairs, {failures.Count} failures");
        failures.ForEach(output.WriteLine);
        pairs.ShouldBeGreaterThan(17_000);
        failures.ShouldBeEmpty();
    }

    internal static string Flip(string sign) => sign switch { "<" => ">", ">" => "<", _ => sign };

    private static void Check(Ecosystem ecosystem, string a, string sign, string b, string line, List<string> failures)
    {
        var actual = VersionOrder.ToSign(VersionOrder.For(ecosystem).Compare(a, b));
        if (actual != sign)
        {
            failures.Add($"{line} -> {actual}");
        }
    }
}
