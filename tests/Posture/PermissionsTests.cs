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
        permissions.Of("s3:GetObject", "arn:aws:s3:::other/x").Granted.ShouldBeFalse();
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
        permissions.Of("s3:GetObject", "arn:aws:s3:::secret/x").Granted.ShouldBeFalse();
        permissions.Of("s3:GetObject", "arn:aws:s3:::open/x").Granted.ShouldBeTrue();
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
