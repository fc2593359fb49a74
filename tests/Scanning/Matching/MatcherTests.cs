using Pellicle.Domain;
using Pellicle.Scanning.Advisories;
using Pellicle.Scanning.Matching;
using Pellicle.Scanning.Pipeline;
using Pellicle.Scanning.Tests.Advisories;

namespace Pellicle.Scanning.Tests.Matching;

public sealed class MatcherTests
{
    [Theory]
    // introduced 0, fixed
    [InlineData("""[{"introduced":"0"},{"fixed":"2.0.0"}]""", "1.9.9", true)]
    [InlineData("""[{"introduced":"0"},{"fixed":"2.0.0"}]""", "2.0.0-rc.1", true)]
    [InlineData("""[{"introduced":"0"},{"fixed":"2.0.0"}]""", "2.0.0", false)]
    [InlineData("""[{"introduced":"0"},{"fixed":"2.0.0"}]""", "0.0.0-alpha", true)]
    // last_affected is inside
    [InlineData("""[{"introduced":"1.0.0"},{"last_affected":"1.5.0"}]""", "1.5.0", true)]
    [InlineData("""[{"introduced":"1.0.0"},{"last_affected":"1.5.0"}]""", "1.5.1", false)]
    [InlineData("""[{"introduced":"1.0.0"},{"last_affected":"1.5.0"}]""", "0.9.0", false)]
    // events out of order, several spans in one range
    [InlineData("""[{"fixed":"1.2.0"},{"introduced":"2.0.0"},{"introduced":"1.0.0"},{"fixed":"2.1.0"}]""", "1.1.0", true)]
    [InlineData("""[{"fixed":"1.2.0"},{"introduced":"2.0.0"},{"introduced":"1.0.0"},{"fixed":"2.1.0"}]""", "1.5.0", false)]
    [InlineData("""[{"fixed":"1.2.0"},{"introduced":"2.0.0"},{"introduced":"1.0.0"},{"fixed":"2.1.0"}]""", "2.0.5", true)]
    // limit
    [InlineData("""[{"introduced":"0"},{"limit":"3.0.0"}]""", "2.9.9", true)]
    [InlineData("""[{"introduced":"0"},{"limit":"3.0.0"}]""", "3.0.0", false)]
    [InlineData("""[{"introduced":"0"},{"limit":"*"}]""", "99.0.0", true)]
    // nothing introduced
    [InlineData("""[{"fixed":"2.0.0"}]""", "1.0.0", false)]
    public void A_range_is_evaluated_as_the_schema_says(string events, string version, bool affected)
    {
        using var osv = Osv.Of($$"""{"id":"TEST-1","modified":"2026-01-01T00:00:00Z","affected":[{"package":{"ecosystem":"npm","name":"a"},"ranges":[{"type":"SEMVER","events":{{events}}}]}]}""");
        using var database = osv.Open();
        new Matcher(database).Query(Ecosystem.Npm, "a", version).Count.ShouldBe(affected ? 1 : 0);
    }

    [Theory]
    [InlineData("org.apache.tool:tool", null)] // named as it is
    [InlineData("org.apache.toolbox:box", "org.apache.tool:box")] // the one of this owner
    [InlineData("com.other:box", null)] // another owner's
    [InlineData("org.acme.a:twice", null)] // two could be meant
    [InlineData("lone:lone", "net.sourceforge.lone:lone")] // no owner guessed
    [InlineData("net.sourceforge.else:lone", null)] // a host of projects is no owner
    [InlineData("lone", null)]
    public void A_guessed_group_gives_way_to_the_one_that_advisories_know(string guess, string? known)
    {
        using var osv = Osv.Of([.. new[] { "org.apache.tool:tool", "org.apache.tool:box", "org.acme.x:twice", "org.acme.y:twice", "net.sourceforge.lone:lone" }
            .Select((name, i) => $$"""{"id":"TEST-{{i}}","modified":"2026-01-01T00:00:00Z","affected":[{"package":{"ecosystem":"Maven","name":"{{name}}"},"ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"}]}]}]}""")]);
        using var database = osv.Open();
        new Matcher(database).KnownAs(Ecosystem.Maven, guess).ShouldBe(known);
    }

    [Fact]
    public void Only_a_guess_is_looked_up_under_another_name()
    {
        using var osv = Osv.Of("""{"id":"TEST-1","modified":"2026-01-01T00:00:00Z","affected":[{"package":{"ecosystem":"Maven","name":"org.apache.tool:box"},"ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"},{"fixed":"2"}]}]}]}""");
        using var database = osv.Open();
        AdvisoryJudge.Ask(new Matcher(database), new PackageVersion("Maven", "org.apache.toolbox:box", "1.0")).Matches.ShouldBeEmpty();
        var answer = AdvisoryJudge.Ask(new Matcher(database), new PackageVersion("Maven", "org.apache.toolbox:box", "1.0", IsGuess: true));
        answer.Matches.ShouldHaveSingleItem().FixedVersions.ShouldBe(["2"]);
        answer.KnownAs.ShouldBe("org.apache.tool:box");
    }

    [Fact]
    public void Ranges_and_entries_are_or_ed_and_listed_versions_count_literally()
    {
        using var osv = Osv.Of("""
            {"id":"TEST-2","modified":"2026-01-01T00:00:00Z","affected":[
              {"package":{"ecosystem":"Maven","name":"g:a"},"ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"2.0-beta9"},{"fixed":"2.3.1"}]}]},
              {"package":{"ecosystem":"Maven","name":"g:a"},"ranges":[{"type":"GIT","repo":"https://example.org","events":[{"introduced":"0"}]},
                {"type":"ECOSYSTEM","events":[{"introduced":"2.13.0"},{"fixed":"2.15.0"}]}],"versions":["9.9-odd"]}]}
            """);
        using var database = osv.Open();
        var matcher = new Matcher(database);
        matcher.Query(Ecosystem.Maven, "g:a", "2.0").ShouldHaveSingleItem().FixedVersions.ShouldBe(["2.3.1"]);
        matcher.Query(Ecosystem.Maven, "g:a", "2.14.1").ShouldHaveSingleItem().Evidence.ShouldBe(">= 2.13.0, < 2.15.0");
        matcher.Query(Ecosystem.Maven, "g:a", "2.12.0").ShouldBeEmpty();
        matcher.Query(Ecosystem.Maven, "g:a", "9.9-odd").ShouldHaveSingleItem().Evidence.ShouldBe("listed by version");
        matcher.Query(Ecosystem.Maven, "g:b", "2.0").ShouldBeEmpty();
        matcher.Query(Ecosystem.Npm, "g:a", "2.0").ShouldBeEmpty();
    }

    [Theory]
    // the end of the version's own range only
    [InlineData("""[{"introduced":"0"},{"fixed":"1.2.0"},{"introduced":"2.0.0"},{"fixed":"2.1.0"}]""", "1.1.0", "1.2.0")]
    [InlineData("""[{"introduced":"0"},{"fixed":"1.2.0"},{"introduced":"2.0.0"},{"fixed":"2.1.0"}]""", "2.0.0", "2.1.0")]
    // the end of the first range lies inside another
    [InlineData("""[{"introduced":"0"},{"fixed":"1.5.0"}]},{"type":"SEMVER","events":[{"introduced":"1.4.0"},{"fixed":"1.8.0"}]""", "1.2.0", "1.8.0")]
    // both end above the version: the greater repairs both
    [InlineData("""[{"introduced":"0"},{"fixed":"1.5.0"}]},{"type":"SEMVER","events":[{"introduced":"0"},{"fixed":"1.6.0"}]""", "1.2.0", "1.6.0")]
    // nothing ends it
    [InlineData("""[{"introduced":"0"},{"last_affected":"1.5.0"}]""", "1.2.0", "")]
    [InlineData("""[{"introduced":"0"},{"fixed":"1.5.0"}]},{"type":"SEMVER","events":[{"introduced":"0"}]""", "1.2.0", "")]
    public void Fixed_versions_are_the_least_that_repair(string events, string version, string expected)
    {
        using var osv = Osv.Of($$"""{"id":"TEST-1","modified":"2026-01-01T00:00:00Z","affected":[{"package":{"ecosystem":"npm","name":"a"},"ranges":[{"type":"SEMVER","events":{{events}}}]}]}""");
        using var database = osv.Open();
        string.Join(',', new Matcher(database).Query(Ecosystem.Npm, "a", version).ShouldHaveSingleItem().FixedVersions).ShouldBe(expected);
    }

    [Fact]
    public void A_version_that_cannot_be_compared_is_in_no_range_that_ends()
    {
        using var osv = Osv.Of(
            """{"id":"A","modified":"2026-01-01T00:00:00Z","affected":[{"package":{"ecosystem":"npm","name":"a"},"ranges":[{"type":"SEMVER","events":[{"introduced":"0"},{"fixed":"2.0.0"}]}]}]}""",
            """{"id":"MAL-1","modified":"2026-01-01T00:00:00Z","affected":[{"package":{"ecosystem":"npm","name":"a"},"ranges":[{"type":"SEMVER","events":[{"introduced":"0"}]}]}]}""");
        using var database = osv.Open();
        var match = new Matcher(database).Query(Purl("pkg:npm/a@not-a-version")).ShouldHaveSingleItem();
        (match.Id, match.Evidence).ShouldBe(("MAL-1", "every version; the record states no end"));
        Matcher.IsComparable(Purl("pkg:npm/a@not-a-version")).ShouldBeFalse();
    }

    [Theory]
    [InlineData("pkg:golang/stdlib@1.20.1")]
    [InlineData("pkg:golang/std@v1.20.1")]
    [InlineData("pkg:golang/stdlib@go1.20.1%20X:boringcrypto")]
    public void The_standard_library_of_Go_has_two_names_and_many_version_texts(string purl)
    {
        using var osv = Osv.Of("""{"id":"GO-1","modified":"2026-01-01T00:00:00Z","affected":[{"package":{"ecosystem":"Go","name":"stdlib"},"ranges":[{"type":"SEMVER","events":[{"introduced":"1.20.0-0"},{"fixed":"1.20.2"}]}]}]}""");
        using var database = osv.Open();
        new Matcher(database).Query(Purl(purl)).ShouldHaveSingleItem().FixedVersions.ShouldBe(["1.20.2"]);
    }

    [Fact]
    public void Aliases_make_one_match_of_the_records_that_affect_the_version()
    {
        static string Record(string id, string aliases, string fix, string severity) => $$"""
            {"id":"{{id}}","modified":"2026-01-01T00:00:00Z","aliases":[{{aliases}}],"summary":"{{id}}","database_specific":{"severity":"{{severity}}"},
             "affected":[{"package":{"ecosystem":"PyPI","name":"Foo.Bar"},"ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"},{"fixed":"{{fix}}"}]}]}]}
            """;
        using var osv = Osv.Of(Record("PYSEC-1", "\"CVE-1\"", "2.0", "LOW"), Record("GHSA-1", "\"CVE-1\"", "3.0", "HIGH"), Record("GHSA-2", "", "2.0", "LOW"));
        using var database = osv.Open();
        var matcher = new Matcher(database);

        var both = matcher.Query(Purl("pkg:pypi/foo-bar@1.0"));
        both.Select(m => m.Id).ShouldBe(["GHSA-1", "GHSA-2"]);
        both[0].Aliases.ShouldBe(["CVE-1", "PYSEC-1"]);
        both[0].Severity.ShouldBe(Severity.High);
        both[0].FixedVersions.ShouldBe(["3.0"], "2.0 is still affected by the other record");

        var one = matcher.Query(Purl("pkg:pypi/foo_bar@2.5")).ShouldHaveSingleItem();
        one.Aliases.ShouldBe(["CVE-1"], "a record that does not affect the version gives no alias");
    }

    [Fact]
    public void Withdrawn_records_and_other_ecosystems_are_dropped_and_malware_is_marked()
    {
        using var osv = Osv.Of(
            """{"id":"A","modified":"2026-01-01T00:00:00Z","withdrawn":"2026-01-02T00:00:00Z","affected":[{"package":{"ecosystem":"npm","name":"a"},"versions":["1.0.0"]}]}""",
            """{"id":"B","modified":"2026-01-01T00:00:00Z","affected":[{"package":{"ecosystem":"Hex","name":"a"},"versions":["1.0.0"]}]}""",
            """{"id":"MAL-2026-1","modified":"2026-01-01T00:00:00Z","affected":[{"package":{"ecosystem":"npm:","name":"evil"},"versions":["1.0.0"]}]}""",
            "{ not json");
        osv.Summary.Withdrawn.ShouldBe(1);
        osv.Summary.Skipped.ShouldBe(1);
        osv.Summary.Errors.ShouldHaveSingleItem();
        using var database = osv.Open();
        new Matcher(database).Query(Ecosystem.Npm, "a", "1.0.0").ShouldBeEmpty();
        var evil = new Matcher(database).Query(Ecosystem.Npm, "evil", "v1.0.0").ShouldHaveSingleItem();
        evil.IsMalware.ShouldBeTrue();
        evil.Severity.ShouldBe(Severity.Critical);
    }

    [Fact]
    public void A_damaged_file_is_refused_and_never_read_wildly()
    {
        using var osv = Osv.Of("""{"id":"A","modified":"","affected":[{"package":{"ecosystem":"npm","name":"a"},"ranges":[{"type":"SEMVER","events":[{"introduced":"0"}]}]}]}""");
        var sound = File.ReadAllBytes(osv.DatabasePath);
        Should.Throw<FileNotFoundException>(() => AdvisoryDatabase.Open(osv.DatabasePath + "x"));
        var random = new Random(3);
        var refused = 0;
        for (var i = 0; i < 400; i++)
        {
            var bytes = i < sound.Length / 4 ? sound[..(i * 4)] : [.. sound];
            if (bytes.Length == sound.Length)
            {
                bytes[random.Next(bytes.Length)] ^= (byte)(1 << random.Next(8));
            }

            File.WriteAllBytes(osv.DatabasePath, bytes);
            try
            {
                using var database = AdvisoryDatabase.Open(osv.DatabasePath);
                new Matcher(database).Query(Ecosystem.Npm, "a", "1.0.0").Count.ShouldBeLessThanOrEqualTo(1);
                (database.Verify() && bytes.Length != sound.Length).ShouldBeFalse();
            }
            catch (Exception e) when (e is InvalidDataException or ArgumentOutOfRangeException)
            {
                refused++;
            }
        }

        refused.ShouldBeGreaterThan(0);
    }

    private static Purl Purl(string text) => Domain.Purl.TryParse(text, out var purl) ? purl : throw new ArgumentException(text, nameof(text));
}
