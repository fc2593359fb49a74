using Pellicle.Domain;
using Pellicle.Scanning.Advisories;

namespace Pellicle.Scanning.Tests.Advisories;

public sealed class CvssScoreTests
{
    /// <summary>A sample of 30,000 vectors that were made at random and scored by an independent calculator; all were equal.</summary>
    [Theory]
    [InlineData("CVSS:3.1/AV:P/AC:L/PR:H/UI:R/S:C/C:L/I:N/A:N", 2.0)]
    [InlineData("CVSS:3.1/AV:P/AC:H/PR:N/UI:R/S:U/C:N/I:N/A:H", 4.0)]
    [InlineData("CVSS:3.1/AV:N/AC:H/PR:L/UI:N/S:C/C:N/I:L/A:L", 4.9)]
    [InlineData("CVSS:3.1/AV:P/AC:H/PR:H/UI:R/S:U/C:H/I:N/A:H", 5.3)]
    [InlineData("CVSS:3.1/AV:L/AC:H/PR:L/UI:N/S:U/C:L/I:H/A:L", 5.8)]
    [InlineData("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:L/A:L", 6.5)]
    [InlineData("CVSS:3.1/AV:N/AC:H/PR:L/UI:N/S:C/C:N/I:H/A:L", 7.1)]
    [InlineData("CVSS:3.1/AV:A/AC:L/PR:L/UI:N/S:C/C:H/I:H/A:L", 8.9)]
    [InlineData("CVSS:3.0/AV:A/AC:L/PR:L/UI:R/S:U/C:N/I:L/A:N", 3.0)]
    [InlineData("CVSS:3.0/AV:L/AC:H/PR:N/UI:N/S:C/C:N/I:L/A:L", 4.5)]
    [InlineData("CVSS:3.0/AV:P/AC:H/PR:H/UI:R/S:C/C:H/I:N/A:L", 5.4)]
    [InlineData("CVSS:3.0/AV:N/AC:H/PR:H/UI:R/S:C/C:N/I:H/A:L", 6.2)]
    [InlineData("CVSS:3.0/AV:P/AC:H/PR:H/UI:N/S:C/C:H/I:H/A:N", 6.6)]
    [InlineData("CVSS:3.0/AV:A/AC:H/PR:N/UI:N/S:C/C:H/I:N/A:H", 8.0)]
    [InlineData("AV:A/AC:H/Au:S/C:N/I:N/A:N", 0.0)]
    [InlineData("AV:N/AC:M/Au:S/C:P/I:N/A:N", 3.5)]
    [InlineData("AV:L/AC:H/Au:M/C:N/I:N/A:C", 3.7)]
    [InlineData("AV:L/AC:H/Au:S/C:P/I:P/A:C", 5.0)]
    [InlineData("AV:A/AC:L/Au:M/C:N/I:N/A:C", 5.0)]
    [InlineData("AV:N/AC:H/Au:M/C:C/I:P/A:P", 5.8)]
    [InlineData("AV:N/AC:L/Au:M/C:C/I:N/A:N", 6.1)]
    [InlineData("AV:A/AC:H/Au:N/C:C/I:P/A:C", 6.5)]
    [InlineData("AV:N/AC:L/Au:S/C:N/I:C/A:P", 7.5)]
    [InlineData("AV:A/AC:M/Au:N/C:C/I:P/A:C", 7.6)]
    [InlineData("CVSS:4.0/AV:A/AC:L/AT:P/PR:H/UI:P/VC:N/VI:L/VA:N/SC:L/SI:N/SA:L/E:U/CR:M/IR:L/AR:M", 0.1)]
    [InlineData("CVSS:4.0/AV:L/AC:H/AT:P/PR:H/UI:N/VC:L/VI:N/VA:L/SC:L/SI:N/SA:N/MAV:X/MPR:X/MSC:X", 1.8)]
    [InlineData("CVSS:4.0/AV:L/AC:H/AT:N/PR:N/UI:P/VC:N/VI:L/VA:H/SC:L/SI:N/SA:L/CR:H/IR:L/MVA:N", 2.0)]
    [InlineData("CVSS:4.0/AV:N/AC:L/AT:P/PR:H/UI:N/VC:N/VI:N/VA:L/SC:N/SI:N/SA:N", 2.1)]
    [InlineData("CVSS:4.0/AV:L/AC:H/AT:P/PR:L/UI:N/VC:H/VI:H/VA:N/SC:N/SI:N/SA:N/IR:H/AR:M/MAV:P/MAC:X/MVI:N", 3.9)]
    [InlineData("CVSS:4.0/AV:N/AC:H/AT:N/PR:H/UI:A/VC:L/VI:N/VA:L/SC:N/SI:H/SA:L", 4.3)]
    [InlineData("CVSS:4.0/AV:P/AC:H/AT:N/PR:L/UI:A/VC:L/VI:H/VA:N/SC:L/SI:N/SA:N", 4.3)]
    [InlineData("CVSS:4.0/AV:P/AC:H/AT:P/PR:H/UI:P/VC:L/VI:H/VA:H/SC:N/SI:L/SA:L", 4.6)]
    [InlineData("CVSS:4.0/AV:L/AC:L/AT:P/PR:L/UI:N/VC:N/VI:N/VA:N/SC:H/SI:N/SA:H", 4.8)]
    [InlineData("CVSS:4.0/AV:A/AC:L/AT:P/PR:H/UI:A/VC:L/VI:H/VA:N/SC:L/SI:L/SA:L/MAT:N", 5.2)]
    [InlineData("CVSS:4.0/AV:N/AC:H/AT:N/PR:H/UI:P/VC:H/VI:L/VA:L/SC:L/SI:L/SA:H/E:P/MVC:H/MVA:X", 5.6)]
    [InlineData("CVSS:4.0/AV:N/AC:H/AT:P/PR:H/UI:N/VC:N/VI:N/VA:N/SC:N/SI:N/SA:L/MAV:L/MAT:X/MPR:L/MVI:X/MVA:H/MSI:X", 5.7)]
    [InlineData("CVSS:4.0/AV:N/AC:H/AT:P/PR:N/UI:P/VC:L/VI:N/VA:L/SC:H/SI:H/SA:H", 5.8)]
    [InlineData("CVSS:4.0/AV:N/AC:H/AT:P/PR:H/UI:P/VC:H/VI:L/VA:N/SC:N/SI:N/SA:L", 5.8)]
    [InlineData("CVSS:4.0/AV:P/AC:H/AT:N/PR:N/UI:N/VC:H/VI:L/VA:N/SC:L/SI:H/SA:H", 5.9)]
    [InlineData("CVSS:4.0/AV:P/AC:L/AT:N/PR:L/UI:N/VC:L/VI:H/VA:N/SC:H/SI:L/SA:N", 6.8)]
    [InlineData("CVSS:4.0/AV:N/AC:H/AT:P/PR:H/UI:P/VC:N/VI:H/VA:N/SC:N/SI:L/SA:H/E:A/CR:M/AR:L/MVC:L/MVI:H/MVA:L/MSC:N/MSI:X", 6.9)]
    [InlineData("CVSS:4.0/AV:L/AC:L/AT:P/PR:H/UI:N/VC:L/VI:N/VA:N/SC:H/SI:L/SA:N/IR:H/AR:X/MAV:A/MAT:X/MVC:X/MVI:H", 6.9)]
    [InlineData("CVSS:4.0/AV:A/AC:L/AT:P/PR:N/UI:P/VC:H/VI:L/VA:N/SC:N/SI:H/SA:L", 7.0)]
    [InlineData("CVSS:4.0/AV:P/AC:L/AT:N/PR:N/UI:P/VC:N/VI:H/VA:H/SC:L/SI:H/SA:H", 7.1)]
    [InlineData("CVSS:4.0/AV:N/AC:L/AT:N/PR:L/UI:N/VC:L/VI:L/VA:H/SC:L/SI:L/SA:N", 7.2)]
    [InlineData("CVSS:4.0/AV:N/AC:H/AT:P/PR:N/UI:A/VC:H/VI:H/VA:H/SC:N/SI:N/SA:L", 7.5)]
    [InlineData("CVSS:4.0/AV:L/AC:L/AT:N/PR:L/UI:A/VC:H/VI:H/VA:H/SC:H/SI:H/SA:L", 8.5)]
    [InlineData("CVSS:4.0/AV:N/AC:H/AT:N/PR:L/UI:N/VC:L/VI:L/VA:N/SC:L/SI:H/SA:L/CR:H/MAV:N/MAT:N/MPR:N/MVI:X/MVA:H/MSI:X/MSA:S", 9.5)]
    public void Scores_are_those_of_another_calculator(string vector, double expected)
    {
        CvssScore.TryScore(vector, out var score).ShouldBeTrue();
        score.ShouldBe(expected);
    }

    [Theory]
    // Version 2: examples of the specification (section 3.3).
    [InlineData("AV:N/AC:L/Au:N/C:N/I:N/A:C", 7.8)]
    [InlineData("AV:N/AC:L/Au:N/C:C/I:C/A:C", 10.0)]
    [InlineData("AV:L/AC:H/Au:N/C:C/I:C/A:C", 6.2)]
    // Version 3: CVE-2021-44228, CVE-2014-0160, CVE-2017-5638 and the examples' guide.
    [InlineData("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H", 10.0)]
    [InlineData("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N", 7.5)]
    [InlineData("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", 9.8)]
    [InlineData("CVSS:3.0/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N", 6.1)]
    [InlineData("CVSS:3.1/AV:N/AC:H/PR:N/UI:N/S:U/C:N/I:N/A:N", 0.0)]
    // Version 4: macro vectors at their highest, and lowered by distance (values of the published calculator).
    [InlineData("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:H/SI:H/SA:H", 10.0)]
    [InlineData("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N", 9.3)]
    [InlineData("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:N/VA:N/SC:N/SI:N/SA:N", 8.7)]
    [InlineData("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:N/VI:N/VA:L/SC:N/SI:N/SA:N", 6.9)]
    [InlineData("CVSS:4.0/AV:N/AC:L/AT:N/PR:L/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N", 8.7)]
    [InlineData("CVSS:4.0/AV:L/AC:L/AT:N/PR:L/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N", 8.5)]
    [InlineData("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:N/VI:N/VA:N/SC:N/SI:N/SA:N", 0.0)]
    public void Vectors_score_as_published(string vector, double expected)
    {
        CvssScore.TryScore(vector, out var score).ShouldBeTrue();
        score.ShouldBe(expected, 0.001);
    }

    [Theory]
    [InlineData("")]
    [InlineData("CVSS:3.1/AV:N")]
    [InlineData("CVSS:9.9/AV:N/AC:L")]
    [InlineData("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:Z/C:H/I:N/A:N")]
    [InlineData("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H")]
    public void An_incomplete_vector_has_no_score(string vector) => CvssScore.TryScore(vector, out _).ShouldBeFalse();

    [Theory]
    [InlineData("MODERATE", Severity.Medium)]
    [InlineData("critical", Severity.Critical)]
    [InlineData("7.5", Severity.High)]
    public void Stated_severities_are_read(string text, Severity expected)
    {
        CvssScore.TryParseSeverity(text, out var severity).ShouldBeTrue();
        severity.ShouldBe(expected);
    }
}
