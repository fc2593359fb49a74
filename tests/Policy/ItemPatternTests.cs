using FsCheck;
using FsCheck.Fluent;

namespace Pellicle.Policy.Tests;

public sealed class ItemPatternTests
{
    [Theory]
    [InlineData("/usr/bin/id", "/usr/bin/id", true)]
    [InlineData("/usr/bin/id", "/usr/bin/id2", false)]
    [InlineData("/usr/bin/id", "/USR/bin/id", false)]
    [InlineData("/tmp/*", "/tmp/a", true)]
    [InlineData("/tmp/*", "/tmp/a/b", false)]
    [InlineData("/tmp/**", "/tmp/a/b", true)]
    [InlineData("/srv/app/", "/srv/app/x/y", true)]
    [InlineData("/srv/app/", "/srv/app2", false)]
    [InlineData("/proc/*/environ", "/proc/self/environ", true)]
    [InlineData("/proc/*/environ", "/proc/1/task/2/environ", false)]
    [InlineData("**/.aws/credentials", "/root/.aws/credentials", true)]
    [InlineData("*.example.com:443", "a.b.example.com:443", true)]
    [InlineData("*.example.com:443", "evil.com:443", false)]
    [InlineData("a*b*c", "aXbYbZc", true)]
    [InlineData("a**b*c", "a/x/b/yb-c", true)]
    [InlineData("a**b*c", "a/x/b/yb/c", false)]
    [InlineData("*", "", true)]
    [InlineData("", "", true)]
    [InlineData("", "a", false)]
    [InlineData(@"a\*", "a*", true)]
    [InlineData(@"a\*", "ab", false)]
    [InlineData(@"a\", @"a\", true)]
    [InlineData("/", "/", true)]
    [InlineData("/", "/etc", false)]
    public void Matches(string pattern, string item, bool expected) => ItemPattern.Matches(pattern, item).ShouldBe(expected);

    [Fact]
    public void Escaped_item_matches_itself_and_nothing_longer() =>
        Prop.ForAll(Items(), item => ItemPattern.Matches(ItemPattern.Escape(item), item) && !ItemPattern.Matches(ItemPattern.Escape(item), item + "x")).QuickCheckThrowOnFailure();

    [Fact]
    public void Agrees_with_a_slow_and_obvious_matcher() =>
        Prop.ForAll(
            Gen.Elements("a", "b", "/", "*", "**").ArrayOf().Select(string.Concat).ToArbitrary(),
            Gen.Elements("a", "b", "/").ArrayOf().Select(string.Concat).ToArbitrary(),
            (pattern, item) => ItemPattern.Matches(pattern, item) == Slow(pattern, item)).QuickCheckThrowOnFailure();

    [Fact]
    public void Hostile_pattern_and_item_end_soon()
    {
        var pattern = new ItemPattern(string.Concat(Enumerable.Repeat("*a**a", 200)) + "b");
        var watch = System.Diagnostics.Stopwatch.StartNew();
        pattern.IsMatch(new string('a', 4096)).ShouldBeFalse();
        watch.Elapsed.ShouldBeLessThan(TimeSpan.FromSeconds(2));
    }

    internal static Arbitrary<string> Items() =>
        Gen.Elements("a", "Z9", "/", "*", "\\", ".", "tmp", "2026-11-22", "0b5f1c58-9f3d-4f0e-8a55-9f0f2d1c7b11", "12345", ":443", "eu-west-1", ".amazonaws.com", "é", "**").ArrayOf()
            .Select(string.Concat).ToArbitrary();

    private static bool Slow(string pattern, string item)
    {
        if (pattern.Length > 1 && pattern.EndsWith('/'))
        {
            pattern += "**";
        }

        if (pattern.Length == 0)
        {
            return item.Length == 0;
        }

        if (pattern.StartsWith("**", StringComparison.Ordinal))
        {
            return Enumerable.Range(0, item.Length + 1).Any(n => Slow(pattern.TrimStart('*') is var rest && rest.Length == 0 ? "" : rest, item[n..]));
        }

        if (pattern[0] == '*')
        {
            var segment = item.IndexOf('/') is var slash && slash < 0 ? item.Length : slash;
            return Enumerable.Range(0, segment + 1).Any(n => Slow(pattern[1..], item[n..]));
        }

        return item.Length > 0 && item[0] == pattern[0] && Slow(pattern[1..], item[1..]);
    }
}
