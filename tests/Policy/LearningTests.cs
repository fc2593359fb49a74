using FsCheck;
using FsCheck.Fluent;
using Pellicle.Domain;

namespace Pellicle.Policy.Tests;

public sealed class LearningTests
{
    [Theory]
    [InlineData(Dimension.Read, "/tmp/0b5f1c58-9f3d-4f0e-8a55-9f0f2d1c7b11/in.json", "/tmp/*/in.json")]
    [InlineData(Dimension.Write, "/tmp/report-2026-11-22.pdf", "/tmp/report-*.pdf")]
    [InlineData(Dimension.Write, "/tmp/tmpab12cd_4", "/tmp/tmp*")]
    [InlineData(Dimension.Write, "/tmp/tmp.Ab3dE9xYz1", "/tmp/tmp.*")]
    [InlineData(Dimension.Write, "/tmp/upload-x8Kq2Z.png", "/tmp/upload-*.png")]
    [InlineData(Dimension.Write, "/tmp/hsperfdata_root/17", "/tmp/hsperfdata_root/*")]
    [InlineData(Dimension.Write, "/tmp/report.pdf", "/tmp/report.pdf")]
    [InlineData(Dimension.Write, "/tmp/thumbnail.png", "/tmp/thumbnail.png")]
    [InlineData(Dimension.Read, "/proc/123/stat", "/proc/*/stat")]
    [InlineData(Dimension.Read, "/mnt/efs/d41d8cd98f00b204e9800998ecf8427e.bin", "/mnt/efs/*.bin")]
    [InlineData(Dimension.Read, "/mnt/efs/libfoo.so.1.2", "/mnt/efs/libfoo.so.1.2")]
    [InlineData(Dimension.Read, "/var/task/data/2026-11-22.json", "/var/task/data/2026-11-22.json")]
    [InlineData(Dimension.Read, "/usr/lib/python3.11/os.py", "/usr/lib/python3.11/os.py")]
    [InlineData(Dimension.Process, "/tmp/tmpab12cd_4/chrome", "/tmp/tmp*/chrome")]
    [InlineData(Dimension.Process, "/tmp/x1234567", "/tmp/x1234567")]
    [InlineData(Dimension.Host, "dynamodb.eu-west-1.amazonaws.com:443", "dynamodb.*.amazonaws.com:443")]
    [InlineData(Dimension.Host, "my-bucket.s3.us-gov-west-1.amazonaws.com:443", "my-bucket.s3.*.amazonaws.com:443")]
    [InlineData(Dimension.Host, "abc123.execute-api.eu-west-1.amazonaws.com:443", "abc123.execute-api.*.amazonaws.com:443")]
    [InlineData(Dimension.Host, "eu-west-1.evil.com:443", "eu-west-1.evil.com:443")]
    [InlineData(Dimension.Host, "d111111abcdef8.cloudfront.net:443", "d111111abcdef8.cloudfront.net:443")]
    [InlineData(Dimension.Host, "10.1.2.3:5432", "10.1.2.3:5432")]
    [InlineData(Dimension.Aws, "dynamodb:Query", "dynamodb:Query")]
    [InlineData(Dimension.Read, "/tmp/*", @"/tmp/\*")]
    public void Generalizes(Dimension dimension, string item, string pattern) => Generalizer.Generalize(dimension, item).ShouldBe(pattern);

    [Fact]
    public void The_pattern_matches_the_item_it_came_from() =>
        Prop.ForAll(
            Gen.Zip(Gen.Elements(DimensionNames.All.ToArray()), Gen.OneOf(ItemPatternTests.Items().Generator, ItemPatternTests.Items().Generator.Select(i => "/tmp/" + i), ArbMap.Default.GeneratorFor<NonNull<string>>().Select(s => "/" + s.Get))).ToArbitrary(),
            pair => ItemPattern.Matches(Generalizer.Generalize(pair.Item1, pair.Item2), pair.Item2)).QuickCheckThrowOnFailure();

    [Fact]
    public void A_learned_pattern_never_reaches_across_directories() =>
        Prop.ForAll(ItemPatternTests.Items(), item => !ItemPattern.Matches(Generalizer.Generalize(Dimension.Write, "/tmp/" + item), "/tmp/" + item + "/../../etc/x/y")).QuickCheckThrowOnFailure();

    [Fact]
    public void Rule_of_three_holds_when_nothing_was_seen_once()
    {
        var estimate = UnseenEstimate.Of(Dimension.Process, [Seen("/a", 1000)], 1000, 1);
        estimate.Unseen.ShouldBe(0);
        estimate.UpperBound.ShouldBe(0.003, 0.0001);
        estimate.Ready.ShouldBeTrue();
        estimate.InvocationsToGo.ShouldBe(0);
    }

    [Fact]
    public void Few_invocations_are_never_ready_and_say_how_many_more()
    {
        var estimate = UnseenEstimate.Of(Dimension.Process, [Seen("/a", 100)], 100, 1);
        estimate.Ready.ShouldBeFalse();
        estimate.InvocationsToGo.ShouldBe(200);
        UnseenEstimate.Of(Dimension.Process, [], 0, 0).UpperBound.ShouldBe(1);
    }

    [Fact]
    public void Singletons_keep_a_dimension_open()
    {
        var observations = Enumerable.Range(0, 20).Select(i => Seen($"/{i}", 1)).Append(Seen("/x", 980));
        var estimate = UnseenEstimate.Of(Dimension.Process, observations, 1000, 1);
        estimate.Unseen.ShouldBe(0.02);
        estimate.UpperBound.ShouldBeGreaterThan(0.02);
        estimate.Ready.ShouldBeFalse();
    }

    [Fact]
    public void Init_only_items_and_other_dimensions_do_not_count()
    {
        var estimate = UnseenEstimate.Of(Dimension.Read, [new Observation { Dimension = Dimension.Read, Item = "/x", Count = 1, Invocations = 0, Environments = 1, FirstSeen = default, LastSeen = default }, Seen("/p", 1)], 1000, 1);
        (estimate.Items, estimate.Singletons).ShouldBe((1, 0));
    }

    [Fact]
    public void More_environments_can_be_asked_for() =>
        UnseenEstimate.Of(Dimension.Process, [Seen("/a", 1000)], 1000, 1, new LearningOptions { Environments = 2 }).Ready.ShouldBeFalse();

    /// <summary>The promise itself: over many random worlds the true unseen share lies under the bound at least as often as the confidence says.</summary>
    [Fact]
    public void The_bound_covers_the_truth()
    {
        var random = new System.Random(20261122);
        var covered = 0;
        const int worlds = 400;
        for (var world = 0; world < worlds; world++)
        {
            var kinds = random.Next(5, 60);
            var chance = Enumerable.Range(0, kinds).Select(_ => Math.Pow(10, -random.NextDouble() * 4)).ToArray();
            var counts = new long[kinds];
            const int invocations = 500;
            for (var i = 0; i < invocations; i++)
            {
                for (var k = 0; k < kinds; k++)
                {
                    counts[k] += random.NextDouble() < chance[k] ? 1 : 0;
                }
            }

            var truth = 1 - Enumerable.Range(0, kinds).Where(k => counts[k] == 0).Aggregate(1.0, (all, k) => all * (1 - chance[k]));
            var estimate = UnseenEstimate.Of(Dimension.Process, counts.Select((n, k) => (n, k)).Where(p => p.n > 0).Select(p => Seen($"/{p.k}", p.n)), invocations, 1);
            covered += truth <= estimate.UpperBound ? 1 : 0;
        }

        ((double)covered / worlds).ShouldBeGreaterThanOrEqualTo(0.95);
    }

    private static Observation Seen(string item, long invocations) =>
        new() { Dimension = Dimension.Process, Item = item, Count = invocations, Invocations = invocations, Environments = 1, FirstSeen = default, LastSeen = default };
}
