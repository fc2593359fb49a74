using Pellicle.Posture.Identity;

namespace Pellicle.Posture.Tests;

/// <summary>Wildcards, held against all short patterns and texts there are.</summary>
public sealed class GlobTests
{
    private static readonly IReadOnlyList<string> Patterns = [.. Words("ab*?", 3)];

    private static readonly IReadOnlyList<string> Texts = [.. Words("abc", 6)];

    [Fact]
    public void A_pattern_covers_what_it_matches_all_of()
    {
        var checkedPairs = 0;
        foreach (var outer in Patterns)
        {
            foreach (var inner in Patterns)
            {
                var expected = Texts.Where(t => Glob.MatchExactly(inner, t)).All(t => Glob.MatchExactly(outer, t));
                var covers = Glob.Covers(outer, inner);
                (expected || !covers).ShouldBeTrue($"{outer} does not cover {inner}");
                (covers || !expected || outer.Contains('?', StringComparison.Ordinal)).ShouldBeTrue($"{outer} covers {inner}");
                checkedPairs++;
            }
        }

        checkedPairs.ShouldBe(85 * 85);
    }

    [Fact]
    public void Patterns_overlap_where_a_text_matches_both()
    {
        foreach (var a in Patterns)
        {
            foreach (var b in Patterns)
            {
                Glob.Overlaps(a, b).ShouldBe(Texts.Any(t => Glob.MatchExactly(a, t) && Glob.MatchExactly(b, t)), $"{a} overlaps {b}");
            }
        }
    }

    [Fact]
    public void A_pattern_matches_like_a_regular_expression()
    {
        foreach (var pattern in Patterns)
        {
            var expression = new System.Text.RegularExpressions.Regex("^" + System.Text.RegularExpressions.Regex.Escape(pattern).Replace("\\*", ".*", StringComparison.Ordinal).Replace("\\?", ".", StringComparison.Ordinal) + "$");
            foreach (var text in Texts)
            {
                Glob.MatchExactly(pattern, text).ShouldBe(expression.IsMatch(text), $"{pattern} on {text}");
            }
        }
    }

    [Fact]
    public void Actions_ignore_case_and_resources_do_not()
    {
        Glob.Match("S3:get*", "s3:GetObject").ShouldBeTrue();
        Glob.MatchExactly("arn:aws:s3:::Orders/*", "arn:aws:s3:::orders/x").ShouldBeFalse();
    }

    [Theory]
    [InlineData("*", true)]
    [InlineData("**", true)]
    [InlineData("arn:aws:*", true)]
    [InlineData("arn:*", true)]
    [InlineData("arn:aws:*:*:*:*", true)]
    [InlineData("arn:aws:s3:::*", false)]
    [InlineData("arn:aws:*:eu-central-1:*:*", false)]
    public void All_resources_are_told(string pattern, bool all) => ResourcePattern.IsAll(pattern).ShouldBe(all);

    [Theory]
    [InlineData("arn:aws:s3:::*", true)]
    [InlineData("arn:aws:s3:::*/*", true)]
    [InlineData("arn:aws:sqs", true)]
    [InlineData("arn:aws:dynamodb:*:*:table/*", true)]
    [InlineData("arn:aws:dynamodb:eu-central-1:123456789012:table/*", true)]
    [InlineData("arn:aws:lambda:*:*:function:*", true)]
    [InlineData("arn:aws:dynamodb:*:*:table/orders", false)]
    [InlineData("arn:aws:dynamodb:*:*:table/orders-*", false)]
    [InlineData("arn:aws:s3:::orders/*", false)]
    public void Whole_services_are_told(string pattern, bool whole) => ResourcePattern.IsWholeService(pattern).ShouldBe(whole);

    [Theory]
    [InlineData("arn:aws:s3:::orders", "s3:ListBucket", true)]
    [InlineData("arn:aws:s3:::orders/*", "s3:ListBucket", false)]
    [InlineData("arn:aws:s3:::orders/*", "s3:GetObject", true)]
    [InlineData("arn:aws:s3:::orders", "s3:GetObject", false)]
    [InlineData("arn:aws:s3:::orders*", "s3:GetObject", true)]
    [InlineData("arn:aws:dynamodb:*:*:table/orders", "s3:GetObject", false)]
    [InlineData("arn:aws:ec2:*:*:instance/*", "ec2:DescribeInstances", false)]
    [InlineData("*", "ec2:DescribeInstances", true)]
    [InlineData("arn:aws:ec2:*:*:instance/*", "ssm:SendCommand", true)]
    [InlineData("arn:aws:iam::123456789012:role/x", "sts:AssumeRole", true)]
    public void Resources_fit_their_actions(string pattern, string action, bool fits) => ResourcePattern.Fits(pattern, action).ShouldBe(fits);

    [Fact]
    public void Hostile_patterns_take_no_time()
    {
        var pattern = string.Concat(Enumerable.Repeat("a*?", 1_000));
        Glob.Overlaps("b" + pattern, pattern).ShouldBeFalse();
        Glob.Covers(pattern, pattern).ShouldBeTrue();
        Glob.MatchExactly(pattern, new string('a', 2_000)).ShouldBeTrue();
    }

    private static IEnumerable<string> Words(string letters, int longest) =>
        Enumerable.Range(0, longest + 1).SelectMany(n => Enumerable.Range(0, (int)Math.Pow(letters.Length, n)).Select(i => new string([.. Enumerable.Range(0, n).Select(p => letters[i / (int)Math.Pow(letters.Length, p) % letters.Length])])));
}
