using FsCheck;
using FsCheck.Fluent;

namespace Pellicle.Domain.Tests;

public sealed class PurlTests
{
    [Theory]
    [InlineData("npm", "lodash", "4.17.21", "pkg:npm/lodash@4.17.21")]
    [InlineData("npm", "@babel/core", "7.0.0", "pkg:npm/%40babel/core@7.0.0")]
    [InlineData("PyPI", "Typing_Extensions", "4.1", "pkg:pypi/typing-extensions@4.1")]
    [InlineData("Maven", "org.apache.logging.log4j:log4j-core", "2.14.1", "pkg:maven/org.apache.logging.log4j/log4j-core@2.14.1")]
    [InlineData("Go", "github.com/gin-gonic/gin", "v1.9.0", "pkg:golang/github.com/gin-gonic/gin@v1.9.0")]
    [InlineData("NuGet", "Newtonsoft.Json", "13.0.1", "pkg:nuget/Newtonsoft.Json@13.0.1")]
    [InlineData("Packagist", "symfony/http-kernel", "v5.0", "pkg:composer/symfony/http-kernel@v5.0")]
    [InlineData("crates.io", "serde", "1.0.0+build", "pkg:cargo/serde@1.0.0%2Bbuild")]
    public void Names_of_OSV_and_purls_are_inverse(string ecosystem, string name, string version, string text)
    {
        Ecosystem.TryParse(ecosystem, out var known).ShouldBeTrue();
        var purl = Purl.Create(known, name, version);
        purl.ToString().ShouldBe(text);
        Purl.TryParse(text, out var back).ShouldBeTrue();
        back.ShouldBe(purl);
        back.PackageName.ShouldBe(known == Ecosystem.PyPI ? Purl.NormalizePyPI(name) : name);
    }

    [Theory]
    [InlineData("lodash")]
    [InlineData("pkg:npm")]
    [InlineData("pkg:npm/")]
    [InlineData("pkg:/lodash")]
    [InlineData("")]
    public void What_has_no_type_or_name_is_refused(string text) => Purl.TryParse(text, out _).ShouldBeFalse();

    [Fact]
    public void Qualifiers_and_subpath_are_kept()
    {
        Purl.TryParse("pkg:maven/g/a@1?type=jar#sub/dir", out var purl).ShouldBeTrue();
        (purl.Version, purl.Qualifiers, purl.Subpath).ShouldBe(("1", "type=jar", "sub/dir"));
        purl.ToString().ShouldBe("pkg:maven/g/a@1?type=jar#sub/dir");
    }

    [Fact]
    public void Any_name_and_version_survives_the_round_trip()
    {
        var texts = ArbMap.Default.ArbFor<NonEmptyString>().Filter(s => !s.Get.Contains('/', StringComparison.Ordinal) && s.Get.Trim().Length == s.Get.Length && !s.Get.Any(c => char.IsSurrogate(c) || char.IsControl(c)));
        Prop.ForAll(texts, texts, (name, version) =>
        {
            var purl = Purl.Create(Ecosystem.NuGet, name.Get, version.Get);
            return Purl.TryParse(purl.ToString(), out var back) && back == purl;
        }).QuickCheckThrowOnFailure();
    }
}
