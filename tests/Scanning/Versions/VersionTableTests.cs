using Pellicle.Domain;
using Pellicle.Scanning.Versions;

namespace Pellicle.Scanning.Tests.Versions;

/// <summary>Tables of our own: each line ascends, or is equal where joined by <c>=</c>. All pairs of a line are compared, both ways.</summary>
public sealed class VersionTableTests
{
    [Theory]
    [InlineData("npm", "1.0.0-0 < 1.0.0-alpha < 1.0.0-alpha.1 < 1.0.0-alpha.beta < 1.0.0-beta < 1.0.0-beta.2 < 1.0.0-beta.11 < 1.0.0-rc.1 < 1.0.0 < 1.0.1 < 1.2.0 < 1.10.0 < 2.0.0")]
    [InlineData("npm", "18446744073709551615.0.0 < 18446744073709551616.0.0 < 99999999999999999999999999.0.0")]
    [InlineData("npm", "1.0.0-9 < 1.0.0-10 < 1.0.0-99999999999999999999 < 1.0.0-A < 1.0.0-a < 1.0.0-a-b")]
    [InlineData("npm", "1.2.3 = v1.2.3 = 1.2.3+build = =1.2.3")]
    [InlineData("npm", "1.2.3beta < 1.2.3")]
    [InlineData("Go", "v0.0.0-20190101000000-abcdefabcdef < v0.0.0-20200101000000-000000000000 < v0.1.0-pre < v0.1.0 < v1.0.0 < v2.0.0+incompatible < v2.0.1")]
    [InlineData("Go", "v2.0.0 = v2.0.0+incompatible = 2.0.0")]
    [InlineData("Go", "go1.20 < go1.20.1 < go1.21rc1 < go1.21 < go1.21.1")]
    [InlineData("crates.io", "0.1.0-alpha < 0.1.0 < 0.1.1 < 0.2.0")]
    [InlineData("PyPI", "foo < 1.0.dev1 < 1.0a1.dev2 < 1.0a1 < 1.0a1.post1 < 1.0b2 < 1.0rc1 < 1.0 < 1.0+local < 1.0+1 < 1.0.post1.dev1 < 1.0.post1 < 1.0.1 < 1.1 < 1!0.1")]
    [InlineData("PyPI", "1.0 = 1.0.0 = v1.0 = 1")]
    [InlineData("PyPI", "1.0c1 = 1.0rc1 = 1.0-pre-1 = 1.0.preview1 = 1.0RC1")]
    [InlineData("PyPI", "1.0-1 = 1.0.post1 = 1.0.rev1 = 1.0r1")]
    [InlineData("PyPI", "1.0alpha1 = 1.0a1 = 1.0-a-1")]
    [InlineData("PyPI", "1.0+ubuntu < 1.0+ubuntu.1 < 1.0+1 < 1.0+1.a < 1.0+10")]
    [InlineData("PyPI", "0.0.99999999999999999998 < 0.0.99999999999999999999")]
    [InlineData("Maven", "1-alpha-1 < 1-beta-1 < 1-milestone-1 < 1-rc-1 < 1-snapshot < 1 < 1-sp < 1-abc < 1-xyz < 1-1 < 1.1")]
    [InlineData("Maven", "1 = 1.0 = 1.0.0 = 1-ga = 1-final = 1.RELEASE = 1.0-FINAL")]
    [InlineData("Maven", "1a1 = 1-alpha-1 = 1-ALPHA-1")]
    [InlineData("Maven", "1-cr1 = 1-rc1")]
    [InlineData("Maven", "2.0.1-klm < 2.0.1-lmn < 2.0.1-123 < 2.0.1.1")]
    [InlineData("Maven", "20190126.230843 < 123456789012345678901234567890")]
    [InlineData("Maven", "2-RC = 2.0.RC = 2.0.0.RC")]
    [InlineData("Maven", "1.0.0.RC1 < 1.0.0-RC2 < 1.0.0")]
    [InlineData("Maven", "1.0.0.Beta1 < 1.0.0.Beta1-SP1 < 1.0.0.Beta2")]
    [InlineData("Maven", "1.0 < 1.0.Final-vendor < 1.0-sp1-vendor < 1.1.Final-vendor")]
    [InlineData("Maven", "2.14.1 < 2.15.0 < 2.17.1")]
    [InlineData("NuGet", "1.0.0-alpha < 1.0.0-ALPHA.1 < 1.0.0-beta < 1.0.0 < 1.0.0.1 < 1.0.1 < 1.10 < 2.0")]
    [InlineData("NuGet", "1.0 = 1.0.0 = 1.0.0.0 = 1.00.0 = 1.0.0+meta")]
    [InlineData("NuGet", "1.0.0-RC1 = 1.0.0-rc1")]
    [InlineData("RubyGems", "1.a < 1.b < 1.0 < 1.0.1 < 1.1.pre < 1.1 < 1.2 < 1.10")]
    [InlineData("RubyGems", "1.0 = 1 = 1.0.0")]
    [InlineData("RubyGems", "1.0.0.a = 1.a = 1.0.a")]
    [InlineData("RubyGems", "1.0-1 < 1.0")]
    [InlineData("RubyGems", "1.15.4 = 1.15.4-x86_64-linux = 1.15.4-java = 1.15.4-aarch64-linux-gnu = 1.15.4-x64-mingw32")]
    [InlineData("RubyGems", "5.2.4.rc1 < 5.2.4 < 5.2.4.1 < 5.2.10")]
    [InlineData("Packagist", "dev-main < 1.0-dev < 1.0-alpha < 1.0-beta1 < 1.0-beta2 < 1.0-RC1 < 1.0 < 1.0-p1 < 1.1 < 1.10")]
    [InlineData("Packagist", "v1.0.0 = 1.0.0 = 1.0 = 1.0.0.0 = V1.0")]
    [InlineData("Packagist", "2.0.0-beta.2 < 2.0.0-beta.11 < 2.0.0-rc.1 < 2.0.0")]
    [InlineData("Packagist", "1.0 < 1.0.2 < 1.0.x-dev = 1.0.*-dev < 1.x-dev < 2.0")]
    [InlineData("RubyGems", "1-a-.1 < 1--2 < 1-1 < 1.0")]
    [InlineData("generic", "1.0.2 < 1.0.2a < 1.0.2z < 1.0.2zg < 1.1.0 < 1.1.1-pre1 < 1.1.1 < 1.1.1k < 3.0.0-beta1 < 3.0.0 < 3.0.1")]
    [InlineData("Debian", "1.0~~ < 1.0~~a < 1.0~ < 1.0~rc1 < 1.0 < 1.0-1~deb12u1 < 1.0-1 < 1.0-1+deb12u1 < 1.0-1.1 < 1.0a < 1.0+git1 < 1.0.1 < 1.2 < 1.10 < 1:0.1 < 2:0")]
    [InlineData("Debian", "1.0 = 0:1.0 = 1.0-0 = 1.00")]
    [InlineData("Ubuntu", "2.36-9ubuntu1 < 2.36-9ubuntu1.1 < 2.36-9ubuntu1.10 < 2.36-10")]
    [InlineData("Red Hat", "1.0~rc1 < 1.0~rc2 < 1.0 < 1.0^ < 1.0^git1 < 1.0a < 1.0.1 < 1.1 < 1.10 < 1:0.5")]
    [InlineData("Red Hat", "2.34-60.el9 < 2.34-60.el9_2.1 < 2.34-83.el9 < 2.34-100.el9")]
    [InlineData("Red Hat", "1.0 = 1.00 = 0:1.0 = 1_0")]
    [InlineData("Alpine", "1.0_alpha < 1.0_alpha2 < 1.0_beta < 1.0_pre1 < 1.0_rc1 < 1.0 < 1.0-r1 < 1.0-r10 < 1.0_git20200101 < 1.0_p1 < 1.0_p2 < 1.0a < 1.0b < 1.0.1 < 1.2 < 1.10")]
    [InlineData("Alpine", "1.01 < 1.1 < 1.2")]
    [InlineData("Alpine", "3.1.3-r0 < 3.1.4-r0 < 3.1.4-r1 < 3.1.10-r0")]
    public void Versions_ascend(string ecosystem, string line)
    {
        var tokens = line.Split(' ');
        var order = Order(ecosystem);
        for (var i = 0; i < tokens.Length; i += 2)
        {
            for (var j = i; j < tokens.Length; j += 2)
            {
                var isLess = tokens.Skip(i).Take(j - i).Contains("<");
                VersionOrder.ToSign(order.Compare(tokens[i], tokens[j])).ShouldBe(isLess ? "<" : "=", $"{tokens[i]} and {tokens[j]}");
                VersionOrder.ToSign(order.Compare(tokens[j], tokens[i])).ShouldBe(isLess ? ">" : "=", $"{tokens[j]} and {tokens[i]}");
            }
        }
    }

    [Fact]
    public void White_space_behind_the_v_does_not_count_in_npm() => VersionOrder.For(Ecosystem.Npm).Compare("1.2.3", "v 1.2.3").ShouldBe(VersionComparison.Equal);

    [Theory]
    [InlineData("npm", "")]
    [InlineData("npm", "latest")]
    [InlineData("npm", "^1.0.0")]
    [InlineData("npm", "1.x")]
    [InlineData("npm", "1.0.0-")]
    [InlineData("npm", "1.0.0-a..b")]
    [InlineData("npm", "workspace:*")]
    [InlineData("Go", "(devel)")]
    [InlineData("PyPI", "")]
    [InlineData("PyPI", "1.0 beta")]
    [InlineData("Maven", "${project.version}")]
    [InlineData("NuGet", "1.*")]
    [InlineData("RubyGems", "a.b")]
    [InlineData("RubyGems", "1..2")]
    [InlineData("Packagist", "")]
    [InlineData("generic", "unknown")]
    [InlineData("Debian", "a:1.0")]
    [InlineData("Alpine", "1.0-beta")]
    [InlineData("Alpine", "v1.0")]
    [InlineData("Red Hat", "1:")]
    public void What_is_no_version_is_invalid(string ecosystem, string version)
    {
        Order(ecosystem).Compare(version, "1.0.0").ShouldBe(VersionComparison.Invalid);
        Order(ecosystem).Compare("1.0.0", version).ShouldBe(VersionComparison.Invalid);
    }

    /// <summary>Whatever the text, comparing never throws, is the same flipped, and a text equals itself.</summary>
    [Fact]
    public void Any_text_has_an_outcome()
    {
        var random = new Random(7);
        const string Alphabet = "0019.-_+~!vaAbrRc#x \u00e9\ud83d";
        foreach (var ecosystem in Ecosystem.All)
        {
            var order = VersionOrder.For(ecosystem);
            for (var i = 0; i < 20_000; i++)
            {
                var (a, b) = (Text(), Text());
                var forth = order.Compare(a, b);
                VersionOrder.ToSign(order.Compare(b, a)).ShouldBe(ConformanceTests.Flip(VersionOrder.ToSign(forth)), $"{ecosystem}: `{a}` and `{b}`");
                order.Compare(a, a).ShouldBe(order.IsValid(a) ? VersionComparison.Equal : VersionComparison.Invalid, $"{ecosystem}: `{a}`");
            }
        }

        string Text() => new([.. Enumerable.Range(0, random.Next(0, 12)).Select(_ => Alphabet[random.Next(Alphabet.Length)])]);
    }

    private static IVersionOrder Order(string ecosystem) => VersionOrder.For(Ecosystem.All.Single(e => e.Name == ecosystem));
}
