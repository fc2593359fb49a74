using Pellicle.Posture.Code;
using Pellicle.Posture.Identity;
using static Pellicle.Posture.Tests.Fixtures;

namespace Pellicle.Posture.Tests;

public sealed class PermissionsTests
{
    private static Permissions Of(string statements, string? boundary = null) => Permissions.Of(Role(statements, boundary, logs: false))!;

    private static string Deny(string action, string resource = "*", string condition = "") => $$"""{"Effect":"Deny","Action":"{{action}}","Resource":"{{resource}}"{{condition}}}""";

    [Theory]
    [InlineData("s3:GetObject", "s3:GetObject", true)]
    [InlineData("s3:Get*", "s3:GetObject", true)]
    [InlineData("S3:getobject", "s3:GetObject", true)]
    [InlineData("s3:Get?bject", "s3:GetObject", true)]
    [InlineData("s3:Get", "s3:GetObject", false)]
    [InlineData("*", "iam:PassRole", true)]
    [InlineData("*:*", "iam:PassRole", true)]
    [InlineData("*Object", "s3:GetObject", true)]
    [InlineData("s3*:*a*b*", "s3:GetObject", false)]
    public void Patterns_match_as_in_IAM(string pattern, string action, bool granted) => Of(Allow(pattern)).Of(action).Granted.ShouldBe(granted);

    [Fact]
    public void A_denial_wins()
    {
        var permissions = Of($"{Allow("s3:*")},{Deny("s3:Delete*")}");
        permissions.Of("s3:GetObject").Everywhere.ShouldBeTrue();
        permissions.Of("s3:DeleteObject").Granted.ShouldBeFalse();
    }

    [Fact]
    public void A_denial_of_one_resource_leaves_the_others()
    {
        var grant = Of($"{Allow("s3:GetObject")},{Deny("s3:GetObject", "arn:aws:s3:::secret/*")}").Of("s3:GetObject");
        (grant.Granted, grant.Everywhere).ShouldBe((true, false));
    }

    [Fact]
    public void A_denial_for_lack_of_MFA_always_hits_a_function() =>
        Of($"{Allow("s3:*")},{Deny("s3:*", "*", ""","Condition":{"BoolIfExists":{"aws:MultiFactorAuthPresent":"false"}}""")}").Of("s3:GetObject").Granted.ShouldBeFalse();

    [Fact]
    public void A_grant_for_MFA_never_helps_a_function() =>
        Of("""{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"Bool":{"aws:MultiFactorAuthPresent":"true"}}}""").Of("s3:GetObject").Granted.ShouldBeFalse();

    [Fact]
    public void A_denial_of_plain_HTTP_takes_nothing_away() =>
        Of($"{Allow("s3:*")},{Deny("s3:*", "*", ""","Condition":{"Bool":{"aws:SecureTransport":"false"}}""")}").Of("s3:GetObject").Everywhere.ShouldBeTrue();

    [Fact]
    public void The_boundary_bounds()
    {
        var permissions = Of(Allow("*"), Allow("s3:*", "arn:aws:s3:::own/*"));
        permissions.Of("iam:PassRole").Granted.ShouldBeFalse();
        permissions.Of("s3:GetObject").ShouldSatisfyAllConditions(g => g.Granted.ShouldBeTrue(), g => g.Everywhere.ShouldBeFalse());
        permissions.Allows("s3:GetObject", "arn:aws:s3:::other/x").ShouldBeFalse();
        permissions.Of("s3:GetObject").Resources.ShouldBe(["arn:aws:s3:::own/*"]);
        permissions.LeavesWhole("*").ShouldBeFalse();
    }

    [Fact]
    public void NotAction_grants_the_rest()
    {
        var permissions = Of("""{"Effect":"Allow","NotAction":["iam:*","organizations:*"],"Resource":"*"}""");
        permissions.Of("iam:PassRole").Granted.ShouldBeFalse();
        permissions.Of("s3:GetObject").Everywhere.ShouldBeTrue();
    }

    [Fact]
    public void NotResource_grants_the_rest()
    {
        var permissions = Of("""{"Effect":"Allow","Action":"s3:GetObject","NotResource":"arn:aws:s3:::secret/*"}""");
        permissions.Allows("s3:GetObject", "arn:aws:s3:::secret/x").ShouldBeFalse();
        permissions.Allows("s3:GetObject", "arn:aws:s3:::open/x").ShouldBeTrue();
    }

    [Theory]
    // What is known of a call that a function makes.
    [InlineData("""{"Bool":{"aws:SecureTransport":"true"}}""", true, true)]
    [InlineData("""{"StringEquals":{"aws:PrincipalAccount":"123456789012"}}""", true, true)]
    [InlineData("""{"StringEquals":{"aws:PrincipalAccount":"210987654321"}}""", false, false)]
    [InlineData("""{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::*:role/sh*"}}""", true, true)]
    [InlineData("""{"ArnNotLike":{"aws:PrincipalArn":"arn:aws:iam::*:role/sh*"}}""", false, false)]
    [InlineData("""{"StringEquals":{"aws:PrincipalType":"AssumedRole"}}""", true, true)]
    [InlineData("""{"StringEquals":{"aws:PrincipalOrgID":"o-a1b2c3d4e5"}}""", true, true)]
    [InlineData("""{"StringEquals":{"aws:ResourceAccount":"${aws:PrincipalAccount}"}}""", true, true)]
    [InlineData("""{"StringEquals":{"aws:RequestedRegion":"eu-central-1"}}""", true, true)]
    [InlineData("""{"StringLike":{"aws:UserAgent":"shop"}}""", true, true)]
    // Keys that such a call does not have.
    [InlineData("""{"StringEquals":{"aws:username":"anna"}}""", false, false)]
    [InlineData("""{"StringNotEquals":{"aws:username":"anna"}}""", true, true)]
    [InlineData("""{"StringEqualsIfExists":{"aws:username":"anna"}}""", true, true)]
    [InlineData("""{"ForAllValues:StringEquals":{"aws:username":"anna"}}""", true, true)]
    [InlineData("""{"ForAnyValue:StringNotEquals":{"aws:username":"anna"}}""", false, false)]
    [InlineData("""{"Null":{"aws:username":"true"}}""", true, true)]
    [InlineData("""{"Null":{"aws:username":"false"}}""", false, false)]
    [InlineData("""{"Bool":{"AWS:MultiFactorAuthPresent":"true"}}""", false, false)]
    [InlineData("""{"BoolIfExists":{"aws:MultiFactorAuthPresent":"true"}}""", true, true)]
    [InlineData("""{"ArnLike":{"aws:SourceArn":"arn:aws:s3:::x"}}""", false, false)]
    // What depends on the call.
    [InlineData("""{"IpAddress":{"aws:SourceIp":"203.0.113.0/24"}}""", true, false)]
    [InlineData("""{"IpAddress":{"aws:SourceIp":"0.0.0.0/0"}}""", true, true)]
    [InlineData("""{"StringEquals":{"aws:ResourceTag/team":"shop"}}""", true, false)]
    [InlineData("""{"StringLike":{"s3:prefix":"home/*"}}""", true, false)]
    [InlineData("""{"StringLike":{"s3:prefix":"*"}}""", true, true)]
    [InlineData("""{"StringEquals":{"s3:prefix":"*"}}""", true, false)]
    public void An_allowance_counts_as_far_as_its_conditions_can_be_met(string condition, bool granted, bool everywhere)
    {
        var grant = Of($$"""{"Effect":"Allow","Action":"s3:GetObject","Resource":"*","Condition":{{condition}}}""").Of("s3:GetObject");
        (grant.Granted, grant.Everywhere).ShouldBe((granted, everywhere));
    }

    [Theory]
    [InlineData("""{"Bool":{"aws:SecureTransport":"false"}}""", true)]
    [InlineData("""{"StringNotEquals":{"aws:RequestedRegion":"eu-central-1"}}""", true)]
    [InlineData("""{"StringNotEquals":{"aws:PrincipalOrgID":"o-a1b2c3d4e5"}}""", true)]
    [InlineData("""{"StringNotLike":{"aws:UserAgent":"shop"}}""", true)]
    [InlineData("""{"BoolIfExists":{"aws:MultiFactorAuthPresent":"false"}}""", false)]
    [InlineData("""{"StringEquals":{"aws:PrincipalAccount":"123456789012"}}""", false)]
    [InlineData("""{"ArnNotEquals":{"aws:PrincipalArn":"arn:aws:iam::123456789012:role/admin"}}""", false)]
    [InlineData("""{"ArnNotEquals":{"aws:PrincipalArn":"arn:aws:iam::123456789012:role/shop"}}""", true)]
    public void A_denial_takes_away_only_what_it_surely_hits(string condition, bool left) =>
        Of($$"""{{Allow("s3:GetObject")}},{"Effect":"Deny","Action":"*","Resource":"*","Condition":{{condition}}}""").Of("s3:GetObject").Granted.ShouldBe(left);

    [Theory]
    [InlineData("arn:aws:dynamodb:*:${aws:PrincipalAccount}:table/*", "arn:aws:dynamodb:*:123456789012:table/*")]
    [InlineData("arn:aws:s3:::home/${aws:PrincipalTag/team}/*", "arn:aws:s3:::home/*/*")]
    [InlineData("arn:aws:s3:::home/${aws:username}/*", null)]
    [InlineData("arn:aws:s3:::home/${aws:username, 'nobody'}/*", "arn:aws:s3:::home/nobody/*")]
    public void Variables_are_filled_in_where_they_are_known(string resource, string? expected)
    {
        var action = resource.Contains("dynamodb", StringComparison.Ordinal) ? "dynamodb:GetItem" : "s3:GetObject";
        Of(Allow(action, resource)).Of(action).Resources.ShouldBe(expected is null ? [] : [expected]);
    }

    [Fact]
    public void A_denial_with_an_open_variable_takes_nothing_for_sure() =>
        Of($"{Allow("s3:GetObject")},{Deny("s3:GetObject", "arn:aws:s3:::${aws:PrincipalTag/team}/*")}").Of("s3:GetObject").Granted.ShouldBeTrue();

    [Fact]
    public void A_denial_of_everything_but_a_list_leaves_the_list()
    {
        var permissions = Of("""{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","NotAction":["s3:*"],"Resource":"*"},{"Effect":"Deny","Action":"s3:*","NotResource":"arn:aws:s3:::own/*"}""");
        permissions.Of("iam:PassRole").Granted.ShouldBeFalse();
        permissions.Of("s3:GetObject").ShouldSatisfyAllConditions(g => g.Resources.ShouldBe(["arn:aws:s3:::own/*"]), g => g.Everywhere.ShouldBeFalse());
        permissions.LeavesWhole("*").ShouldBeFalse();
        permissions.LeavesWhole("s3:*").ShouldBeFalse();
    }

    [Fact]
    public void A_boundary_that_spares_a_list_bounds_the_rest()
    {
        var permissions = Of(Allow("*"), """{"Effect":"Allow","NotAction":["iam:*","organizations:*"],"Resource":"*"}""");
        permissions.Of("iam:CreateUser").Granted.ShouldBeFalse();
        permissions.Of("s3:GetObject").Everywhere.ShouldBeTrue();
        permissions.LeavesWhole("*").ShouldBeFalse();
        permissions.LeavesWhole("s3:*").ShouldBeTrue();
        permissions.LeavesWhole("iam:*").ShouldBeFalse();
    }

    [Fact]
    public void A_denial_inside_the_boundary_counts() =>
        Of(Allow("*"), $"{Allow("*")},{Deny("iam:*")}").Of("iam:PassRole").Granted.ShouldBeFalse();

    [Fact]
    public void One_statement_for_two_services_grants_each_its_own_resources()
    {
        var permissions = Of("""{"Effect":"Allow","Action":["s3:GetObject","s3:ListBucket","dynamodb:GetItem"],"Resource":["arn:aws:s3:::orders","arn:aws:s3:::orders/*","arn:aws:dynamodb:*:*:table/orders"]}""");
        permissions.Of("s3:GetObject").Resources.ShouldBe(["arn:aws:s3:::orders/*"]);
        permissions.Of("s3:ListBucket").Resources.ShouldBe(["arn:aws:s3:::orders"]);
        permissions.Of("dynamodb:GetItem").Resources.ShouldBe(["arn:aws:dynamodb:*:*:table/orders"]);
    }

    [Theory]
    [InlineData("AWSLambdaBasicExecutionRole", "logs:CreateLogGroup logs:CreateLogStream logs:PutLogEvents")]
    [InlineData("AWSLambdaVPCAccessExecutionRole", "logs:CreateLogGroup logs:CreateLogStream logs:PutLogEvents ec2:CreateNetworkInterface ec2:DescribeNetworkInterfaces ec2:DescribeSubnets ec2:DeleteNetworkInterface ec2:AssignPrivateIpAddresses ec2:UnassignPrivateIpAddresses")]
    [InlineData("AWSXRayDaemonWriteAccess", "xray:PutTraceSegments xray:PutTelemetryRecords xray:GetSamplingRules xray:GetSamplingTargets xray:GetSamplingStatisticSummaries")]
    public void The_ordinary_managed_policies_raise_nothing(string name, string actions)
    {
        var role = Role(Allow(actions)) with { Policies = [new PolicySubject($"arn:aws:iam::aws:policy/service-role/{name}", false, Json($$"""{"Version":"2012-10-17","Statement":[{{Allow(actions)}},{{Allow("logs:CreateLogStream logs:PutLogEvents")}}]}"""))] };
        AllChecks.Judge(Good with { Role = role }, Context).Findings.Select(f => f.RuleId).ShouldBeEmpty();
    }

    [Fact]
    public void An_administrator_held_by_a_boundary_is_judged_by_what_is_left()
    {
        var findings = AllChecks.Judge(Good with { Role = Role(Allow("*"), boundary: Allow("s3:* logs:*")) }, Context).Findings;
        findings.ShouldNotContain(f => f.RuleId == "I-1");
        findings.ShouldContain(f => f.RuleId == "I-2" && f.Description.Contains("s3:*", StringComparison.Ordinal));
        findings.ShouldContain(f => f.RuleId == "I-19");
        findings.ShouldNotContain(f => f.RuleId == "I-13");
    }

    [Fact]
    public void The_proposal_keeps_conditions_and_exceptions()
    {
        var role = Role("""{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::orders/*","Condition":{"StringEquals":{"s3:ResourceAccount":"123456789012"}}},{"Effect":"Allow","Action":"dynamodb:*","NotResource":"arn:aws:dynamodb:*:*:table/salaries"},{"Effect":"Allow","Action":"sqs:SendMessage","Resource":["arn:aws:sqs:*:*:q","arn:aws:sqs:*:*:*"]}""", logs: false);
        var proposal = PolicyProposal.For(role, Calls("s3:GetObject", "dynamodb:GetItem", "sqs:SendMessage"));
        proposal.ShouldBe("""{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["dynamodb:GetItem"],"NotResource":["arn:aws:dynamodb:*:*:table/salaries"]},{"Effect":"Allow","Action":["s3:GetObject"],"Resource":["arn:aws:s3:::orders/*"],"Condition":{"StringEquals":{"s3:ResourceAccount":"123456789012"}}},{"Effect":"Allow","Action":["sqs:SendMessage"],"Resource":["arn:aws:sqs:*:*:*"]}]}""");
    }

    [Fact]
    public void The_proposal_narrows_to_the_resources_that_are_known()
    {
        var needs = PlatformNeeds.Of(Good with { InVpc = false, TracingMode = "PassThrough", KmsKeyArn = null, EventSourceMappings = [Mapping(Queue)], EventInvokeConfigs = [], Layers = [] });
        var calls = CodeCalls.Union([needs, Calls("dynamodb:GetItem")]);
        var proposal = PolicyProposal.For(Role(Allow("sqs:* dynamodb:GetItem")), calls);
        proposal.ShouldBe("""{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["dynamodb:GetItem"],"Resource":["*"]},{"Effect":"Allow","Action":["logs:CreateLogGroup","logs:CreateLogStream","logs:PutLogEvents"],"Resource":["arn:aws:logs:eu-central-1:123456789012:log-group:/aws/lambda/shop","arn:aws:logs:eu-central-1:123456789012:log-group:/aws/lambda/shop:*"]},{"Effect":"Allow","Action":["sqs:ChangeMessageVisibility","sqs:DeleteMessage","sqs:GetQueueAttributes","sqs:ReceiveMessage"],"Resource":["arn:aws:sqs:eu-central-1:123456789012:orders"]}]}""");
        // Code that receives from queues of its own choice keeps all of them.
        PolicyProposal.For(Role(Allow("sqs:*")), CodeCalls.Union([calls, Calls("sqs:ReceiveMessage")]))!.ShouldContain("""{"Effect":"Allow","Action":["sqs:ReceiveMessage"],"Resource":["*"]}""");
    }

    [Fact]
    public void A_whole_service_on_one_bucket_is_less_than_on_all()
    {
        Pellicle.Domain.Severity Of(string statement) => AllChecks.Judge(Good with { Role = Role(statement) }, Context).Findings.Single(f => f.RuleId == "I-2").Severity;
        Of("""{"Effect":"Allow","Action":["s3:*","kms:Decrypt"],"Resource":["arn:aws:s3:::orders/*","arn:aws:kms:*:*:key/*"]}""").ShouldBe(Pellicle.Domain.Severity.Medium);
        Of(Allow("s3:*", "arn:aws:s3:::*")).ShouldBe(Pellicle.Domain.Severity.High);
    }

    [Fact]
    public void A_proposal_grants_nothing_that_was_not_granted_before()
    {
        var role = Role($"{Allow("s3:* dynamodb:*", "arn:aws:s3:::orders/*")},{Allow("*")},{Deny("s3:PutObject")}", boundary: Allow("s3:* logs:*"));
        var before = Permissions.Of(role)!;
        var after = Permissions.Of(Role("{}", logs: false) with { Policies = [new PolicySubject("new", true, Json(PolicyProposal.For(role, Calls("s3:GetObject", "s3:PutObject", "dynamodb:GetItem", "iam:PassRole", "logs:PutLogEvents"))!))] })!;
        after.Granted.Select(a => a.Name).ShouldBe(["logs:PutLogEvents", "s3:GetObject"], ignoreOrder: true);
        after.Granted.ShouldAllBe(a => after.Of(a.Name).Resources.All(r => before.Allows(a.Name, r)));
    }

    [Fact]
    public void Half_of_the_policies_are_not_judged() => Permissions.Of(new RoleSubject { Arn = "arn:aws:iam::123456789012:role/x", Exists = true }).ShouldBeNull();

    [Fact]
    public void The_proposal_keeps_what_is_called_on_the_resources_granted()
    {
        var role = Role($"{Allow("s3:*")},{Allow("dynamodb:GetItem", "arn:aws:dynamodb:*:*:table/orders")},{Allow("someservice:Do")}");
        var calls = Calls("dynamodb:GetItem", "s3:GetObject", "sqs:SendMessage");
        PolicyProposal.For(role, calls).ShouldBe("""{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s3:GetObject","someservice:Do"],"Resource":["*"]},{"Effect":"Allow","Action":["dynamodb:GetItem"],"Resource":["arn:aws:dynamodb:*:*:table/orders"]}]}""");
        PolicyProposal.For(role, calls with { OpaqueServices = new HashSet<string> { "*" } }).ShouldBeNull();
    }
}
