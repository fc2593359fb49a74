using static Pellicle.Posture.Tests.Fixtures;

namespace Pellicle.Posture.Tests;

/// <summary>Tables of facts: built in, or a newer one that an update brought.</summary>
public sealed class TableTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("pellicle-tables-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void Every_table_names_its_source_and_day()
    {
        PostureTables.InUse().Select(t => t.Name).ShouldBe(["aws-actions", "escalation-paths", "lambda-runtimes", "publishers"]);
        PostureTables.InUse().ShouldAllBe(t => t.BuiltIn && t.Source.Length > 20 && t.Date.Year >= 2026);
    }

    [Fact]
    public void Every_embedded_table_is_one_of_them() =>
        typeof(PostureTables).Assembly.GetManifestResourceNames().Order().ShouldBe(PostureTables.Names);

    [Fact]
    public void A_newer_table_is_used()
    {
        Write("2030-01-01", 60);
        var (lines, info) = PostureTables.Read("lambda-runtimes", _directory);
        (info.BuiltIn, info.Date, lines.Count).ShouldBe((false, new DateOnly(2030, 1, 1), 60));
    }

    [Theory]
    [InlineData("2020-01-01", 60, null)]
    [InlineData("2030-01-01", 3, "lines")]
    [InlineData("soon", 60, "Date")]
    public void An_older_or_damaged_table_is_not(string date, int rows, string? why)
    {
        var text = Write(date, rows);
        PostureTables.Read("lambda-runtimes", _directory).Info.BuiltIn.ShouldBeTrue();
        (PostureTables.WhyNot("lambda-runtimes", text) ?? "").ShouldContain(why ?? "");
        (PostureTables.WhyNot("lambda-runtimes", text) is null).ShouldBe(why is null);
    }

    [Fact]
    public void A_broken_line_is_named() => PostureTables.WhyNot("publishers", "# Date: 2030-01-01\n123456789012\tvendor\n").ShouldBe("the line `123456789012 vendor` has fewer than 3 columns");

    [Fact]
    public void A_table_that_nobody_knows_is_refused() => PostureTables.WhyNot("others", "# Date: 2030-01-01\n").ShouldBe("there is no table `others`");

    [Fact]
    public void Old_tables_are_called_stale()
    {
        var day = PostureTables.InUse().Max(t => t.Date);
        PostureTables.Stale(day).ShouldBeEmpty();
        PostureTables.Stale(day.AddDays(PostureTables.MaxAgeDays + 1)).Count.ShouldBeGreaterThan(0);
    }

    [Fact]
    public void Findings_carry_the_ids_of_other_catalogues() =>
        AllChecks.Judge(CheckCases.All["R-1"].Fail(Good), Context).Findings.Single(f => f.RuleId == "R-1").Aliases.ShouldBe(["CIS-4.11", "FSBP-Lambda.2"]);

    private string Write(string date, int rows)
    {
        var text = $"# Runtimes. Date: {date}.\n" + string.Concat(Enumerable.Range(0, rows).Select(i => $"python{i}\t2031-01-01\t2031-02-01\n"));
        File.WriteAllText(Path.Combine(_directory, "lambda-runtimes.tsv"), text);
        return text;
    }
}
