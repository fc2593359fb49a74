using Pellicle.Domain;
using static Pellicle.Posture.Tests.Fixtures;

namespace Pellicle.Posture.Tests;

/// <summary>Who passes a resource policy: conditions that keep strangers out, and those that only look so.</summary>
public sealed class StrangerTests
{
    [Theory]
    // Account, organisation and network are not the stranger's to choose.
    [InlineData("""{"StringEquals":{"aws:PrincipalOrgID":"o-a1b2c3d4e5"}}""", false)]
    [InlineData("""{"StringEquals":{"AWS:PRINCIPALORGID":["o-a1b2c3d4e5","o-zzzzzzzzzz"]}}""", false)]
    [InlineData("""{"StringEquals":{"aws:SourceAccount":"123456789012"}}""", false)]
    [InlineData("""{"StringEquals":{"aws:PrincipalAccount":"123456789012"}}""", false)]
    [InlineData("""{"ArnLike":{"aws:SourceArn":"arn:aws:sns:eu-central-1:123456789012:orders"}}""", false)]
    [InlineData("""{"ArnLike":{"aws:SourceArn":"arn:aws:s3:::orders"}}""", false)]
    [InlineData("""{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::123456789012:role/*"}}""", false)]
    [InlineData("""{"ArnLike":{"aws:SourceArn":"arn:aws:execute-api:*:*:a1b2c3d4e5/*"}}""", false)]
    [InlineData("""{"IpAddress":{"aws:SourceIp":["203.0.113.0/24","10.0.0.0/8"]}}""", false)]
    [InlineData("""{"StringEquals":{"aws:SourceVpce":"vpce-0a1b2c3d"}}""", false)]
    [InlineData("""{"StringLike":{"aws:userid":"AROAEXAMPLEEXAMPLEEX:*"}}""", false)]
    [InlineData("""{"ForAnyValue:StringLike":{"aws:PrincipalOrgPaths":"o-a1b2c3d4e5/r-ab12/*"}}""", false)]
    [InlineData("""{"StringEquals":{"aws:PrincipalOrgID":"${aws:ResourceOrgID}"}}""", false)]
    [InlineData("""{"StringEquals":{"lambda:EventSourceToken":"amzn1.ask.skill.x"}}""", false)]
    [InlineData("""{"StringEquals":{"aws:PrincipalOrgID":"o-a1b2c3d4e5"},"Bool":{"aws:SecureTransport":"true"}}""", false)]
    // Negated, missing, chosen by the caller, or wide.
    [InlineData("""{"StringNotEquals":{"aws:PrincipalOrgID":"o-a1b2c3d4e5"}}""", true)]
    [InlineData("""{"StringEqualsIfExists":{"aws:PrincipalOrgID":"o-a1b2c3d4e5"}}""", true)]
    [InlineData("""{"IpAddressIfExists":{"aws:SourceIp":"203.0.113.7"}}""", true)]
    [InlineData("""{"ForAllValues:StringEquals":{"aws:PrincipalOrgID":"o-a1b2c3d4e5"}}""", true)]
    [InlineData("""{"ForAllValues:StringLike":{"aws:PrincipalOrgPaths":"o-a1b2c3d4e5/*"}}""", true)]
    [InlineData("""{"Null":{"aws:PrincipalOrgID":"false"}}""", true)]
    [InlineData("""{"StringLike":{"aws:PrincipalOrgID":"o-*"}}""", true)]
    [InlineData("""{"StringLike":{"aws:SourceAccount":"*"}}""", true)]
    [InlineData("""{"StringLike":{"aws:PrincipalArn":"arn:aws:iam::*:role/deploy"}}""", true)]
    [InlineData("""{"ArnLike":{"aws:SourceArn":"arn:aws:s3:::*"}}""", true)]
    [InlineData("""{"ArnLike":{"aws:SourceArn":"arn:aws:sns:*:*:orders"}}""", true)]
    [InlineData("""{"IpAddress":{"aws:SourceIp":"0.0.0.0/0"}}""", true)]
    [InlineData("""{"IpAddress":{"aws:SourceIp":["203.0.113.0/24","0.0.0.0/1","128.0.0.0/1"]}}""", true)]
    [InlineData("""{"NotIpAddress":{"aws:SourceIp":"203.0.113.0/24"}}""", true)]
    [InlineData("""{"StringEquals":{"aws:PrincipalTag/team":"shop"}}""", true)]
    [InlineData("""{"StringLike":{"aws:UserAgent":"shop/*"}}""", true)]
    [InlineData("""{"Bool":{"aws:SecureTransport":"true"}}""", true)]
    [InlineData("""{"StringLike":{"aws:SourceVpce":"vpce-*"}}""", true)]
    [InlineData("""{"StringEquals":{"aws:PrincipalAccount":"${aws:PrincipalAccount}"}}""", true)]
    public void Conditions_count_where_they_keep_somebody_out(string condition, bool open)
    {
        var policy = Policies(CheckCases.Everyone("lambda:InvokeFunction", $",\"Condition\":{condition}"));
        AllChecks.Judge(Good with { ResourcePolicies = policy }, Context).Findings.Any(f => f.RuleId == "E-1").ShouldBe(open);
    }

    [Theory]
    [InlineData("""{"Effect":"Deny","Principal":"*","Action":"lambda:*","Resource":"*","Condition":{"StringNotEquals":{"aws:PrincipalOrgID":"o-a1b2c3d4e5"}}}""", false)]
    [InlineData("""{"Effect":"Deny","Principal":{"AWS":"*"},"Action":"lambda:InvokeFunction","Resource":"*","Condition":{"StringNotEqualsIfExists":{"aws:PrincipalOrgID":"o-a1b2c3d4e5"},"BoolIfExists":{"aws:PrincipalIsAWSService":"false"}}}""", false)]
    [InlineData("""{"Effect":"Deny","NotPrincipal":{"AWS":"arn:aws:iam::123456789012:root"},"Action":"lambda:*","Resource":"*"}""", false)]
    [InlineData("""{"Effect":"Deny","Principal":"*","Action":"lambda:*","Resource":"*"}""", false)]
    [InlineData("""{"Effect":"Deny","Principal":"*","Action":"lambda:*","Resource":"*","Condition":{"Bool":{"aws:SecureTransport":"false"}}}""", true)]
    [InlineData("""{"Effect":"Deny","Principal":"*","Action":"lambda:UpdateFunctionCode","Resource":"*"}""", true)]
    [InlineData("""{"Effect":"Deny","Principal":{"AWS":"arn:aws:iam::210987654321:root"},"Action":"lambda:*","Resource":"*"}""", true)]
    public void A_denial_that_hits_every_stranger_closes_the_door(string denial, bool open) =>
        AllChecks.Judge(Good with { ResourcePolicies = Policies($"{CheckCases.Everyone()},{denial}") }, Context).Findings.Any(f => f.RuleId == "E-1").ShouldBe(open);

    [Theory]
    [InlineData("\"*\"", true)]
    [InlineData("""{"AWS":"*"}""", true)]
    [InlineData("""{"AWS":["arn:aws:iam::123456789012:root","*"]}""", true)]
    [InlineData("""{"Service":"*"}""", false)]
    [InlineData("""{"AWS":"arn:aws:iam::123456789012:root"}""", false)]
    public void Everyone_is_written_in_several_ways(string principal, bool open) =>
        AllChecks.Judge(Good with { ResourcePolicies = Policies($$"""{"Sid":"x","Effect":"Allow","Principal":{{principal}},"Action":"lambda:InvokeFunction"}""") }, Context).Findings.Any(f => f.RuleId == "E-1").ShouldBe(open);

    [Fact]
    public void A_statement_for_a_URL_counts_as_far_as_there_is_such_a_URL()
    {
        var policy = Policies(CheckCases.Everyone("lambda:InvokeFunctionUrl", ""","Condition":{"StringEquals":{"lambda:FunctionUrlAuthType":"NONE"}}"""));
        Severity? Judge(string? url) => AllChecks.Judge(Good with { ResourcePolicies = policy, Urls = url is null ? new Dictionary<string, System.Text.Json.JsonElement>() : Url(url) }, Context).Findings.Where(f => f.RuleId == "E-1").Select(f => (Severity?)f.Severity).SingleOrDefault();
        Judge("""{"AuthType":"NONE"}""").ShouldBe(Severity.Critical);
        Judge("""{"AuthType":"AWS_IAM"}""").ShouldBe(Severity.Medium);
        Judge(null).ShouldBe(Severity.Medium);
    }

    [Fact]
    public void A_public_URL_whose_policy_is_closed_is_told_with_less_alarm()
    {
        var function = Good with { Urls = Url("""{"AuthType":"NONE","Cors":{"AllowOrigins":["*"]}}"""), Concurrency = new ConcurrencySubject(null) };
        var findings = AllChecks.Judge(function, Context).Findings;
        findings.Single(f => f.RuleId == "E-6").Severity.ShouldBe(Severity.Medium);
        findings.ShouldNotContain(f => f.RuleId == "E-9" || f.RuleId == "E-10");
    }

    [Theory]
    [InlineData("""{"StringEquals":{"aws:SourceAccount":"210987654321"}}""", true)]
    [InlineData("""{"ArnLike":{"aws:SourceArn":"arn:aws:sns:eu-central-1:210987654321:t"}}""", true)]
    [InlineData("""{"StringEquals":{"aws:SourceAccount":"123456789012"}}""", false)]
    public void Another_accounts_resource_behind_a_service_is_another_account(string condition, bool found) =>
        AllChecks.Judge(Good with { ResourcePolicies = Policies($$"""{"Sid":"x","Effect":"Allow","Principal":{"Service":"sns.amazonaws.com"},"Action":"lambda:InvokeFunction","Condition":{{condition}}}""") }, Context).Findings.Any(f => f.RuleId == "E-4").ShouldBe(found);

    [Theory]
    [InlineData("""{"StringEqualsIfExists":{"aws:SourceAccount":"123456789012"}}""", true)]
    [InlineData("""{"ForAllValues:StringEquals":{"aws:SourceAccount":"123456789012"}}""", true)]
    [InlineData("""{"StringNotEquals":{"aws:SourceAccount":"210987654321"}}""", true)]
    [InlineData("""{"StringLike":{"aws:SourceAccount":"*"}}""", true)]
    [InlineData("""{"ArnLike":{"aws:SourceArn":"arn:aws:events:*:*:rule/x"}}""", true)]
    [InlineData("{}", true)]
    [InlineData("""{"ArnEquals":{"aws:SourceArn":"arn:aws:events:eu-central-1:123456789012:rule/x"}}""", false)]
    [InlineData("""{"StringEquals":{"aws:SourceOrgID":"o-a1b2c3d4e5"}}""", false)]
    public void A_service_is_scoped_by_account_or_organisation(string condition, bool found) =>
        AllChecks.Judge(Good with { ResourcePolicies = Policies($$"""{"Sid":"x","Effect":"Allow","Principal":{"Service":"events.amazonaws.com"},"Action":"lambda:InvokeFunction","Condition":{{condition}}}""") }, Context).Findings.Any(f => f.RuleId == "E-3").ShouldBe(found);

    [Fact]
    public void Half_known_is_judged_where_the_known_half_decides()
    {
        var open = Good with { Urls = null, Concurrency = new ConcurrencySubject(null), ResourcePolicies = Policies(CheckCases.Everyone()) };
        AllChecks.Judge(open, Context).Findings.ShouldContain(f => f.RuleId == "E-9");
        AllChecks.Judge(open with { ResourcePolicies = Good.ResourcePolicies }, Context).NotJudged.ShouldContain(n => n.Check == "E-9" && n.Lacks == "lambda:ListFunctionUrlConfigs");
    }
}
