using Pellicle.Domain;
using Pellicle.Posture.Identity;
using static Pellicle.Posture.Tests.Fixtures;

namespace Pellicle.Posture.Tests;

/// <summary>Each check has been seen to fail; the good function has been seen to pass all of them.</summary>
public sealed class CheckTests
{
    private static string Everyone(string action = "lambda:InvokeFunction", string condition = "") => $$"""{"Sid":"all","Effect":"Allow","Principal":"*","Action":"{{action}}","Resource":"{{Arn}}"{{condition}}}""";

    private static readonly Dictionary<string, (Severity Severity, Func<FunctionSubject, FunctionSubject> Spoil)> Failing = new()
    {
        ["E-1"] = (Severity.Critical, f => f with { ResourcePolicies = Policies(Everyone()) }),
        ["E-2"] = (Severity.Critical, f => f with { ResourcePolicies = Policies(Everyone(), "live") }),
        ["E-3"] = (Severity.High, f => f with { ResourcePolicies = Policies("""{"Sid":"s","Effect":"Allow","Principal":{"Service":"s3.amazonaws.com"},"Action":"lambda:InvokeFunction","Condition":{"ArnLike":{"AWS:SourceArn":"arn:aws:s3:::orders"}}}""") }),
        ["E-4"] = (Severity.Medium, f => f with { ResourcePolicies = Policies($$"""{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::{{Stranger}}:root"},"Action":"lambda:InvokeFunction"}""") }),
        ["E-5"] = (Severity.Medium, f => f with { ResourcePolicies = Policies($$"""{"Effect":"Allow","Principal":{"AWS":"{{Account}}"},"Action":["lambda:InvokeFunction","lambda:UpdateFunctionCode"]}""") }),
        ["E-6"] = (Severity.Critical, f => f with { Urls = Url("""{"AuthType":"NONE"}"""), ResourcePolicies = Policies(Everyone("lambda:InvokeFunctionUrl", ""","Condition":{"StringEquals":{"lambda:FunctionUrlAuthType":"NONE"}}""")) }),
        ["E-7"] = (Severity.High, f => f with { Urls = Url("""{"AuthType":"AWS_IAM","Cors":{"AllowOrigins":["*"],"AllowCredentials":true}}""") }),
        ["E-9"] = (Severity.Critical, f => f with { ResourcePolicies = Policies(Everyone()), Concurrency = new ConcurrencySubject(null) }),
        ["E-10"] = (Severity.Critical, f => f with { Urls = Url("""{"AuthType":"NONE","Cors":{"AllowOrigins":["*"]}}"""), ResourcePolicies = Policies(Everyone("lambda:InvokeFunctionUrl")) }),
        ["I-1"] = (Severity.Critical, f => f with { Role = Role(Allow("*")) }),
        ["I-2"] = (Severity.High, f => f with { Role = Role(Allow("s3:*")) }),
        ["I-3"] = (Severity.Medium, f => f with { Role = Role(Allow("dynamodb:GetItem")) }),
        ["I-4"] = (Severity.High, f => f with { Role = Role(Allow("cloudtrail:StopLogging")) }),
        ["I-5"] = (Severity.Medium, f => f with { Role = Role(Allow("ec2:DescribeInstances")) }),
        ["I-6"] = (Severity.High, f => f with { Role = Role(Allow("secretsmanager:GetSecretValue")) }),
        ["I-7"] = (Severity.Medium, f => f with { Role = Role(Allow("s3:PutObject")) }),
        ["I-8"] = (Severity.High, f => f with { Role = Role(Allow("ssm:SendCommand")) }),
        ["I-9"] = (Severity.Medium, f => f with { Role = Role(Allow("ec2:TerminateInstances")) }),
        ["I-10"] = (Severity.High, f => f with { Role = Role(Allow("s3:PutBucketPolicy")) }),
        ["I-11"] = (Severity.High, f => f with { Role = Role(Allow("iam:CreateUser")) }),
        ["I-12"] = (Severity.High, f => f with { Role = Role(Allow("iam:PassRole")) }),
        ["I-13"] = (Severity.High, f => f with { Role = Role(Allow("iam:PassRole lambda:CreateFunction lambda:InvokeFunction")) }),
        ["I-14"] = (Severity.Medium, f => f with { RoleUsers = ["shop", "billing"] }),
        ["I-15"] = (Severity.High, f => f with { Role = new RoleSubject { Arn = f.RoleArn!, Exists = false } }),
        ["I-16"] = (Severity.Low, f => f with { Role = Role(Allow("dynamodb:GetItem", "arn:aws:dynamodb:*:*:table/orders"), logs: false) }),
        ["I-17"] = (Severity.High, f => f with { Role = Role(Allow("dynamodb:GetItem"), trust: $$"""{"Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com","AWS":"{{Stranger}}"},"Action":"sts:AssumeRole"}]}""") }),
        ["I-18"] = (Severity.High, f => f with { Role = Role("""{"Effect":"Allow","NotAction":"s3:*","Resource":"*"}""") }),
        ["I-19"] = (Severity.Info, f => f with { Role = Role(Allow("*"), boundary: Allow("dynamodb:GetItem")) }),
        ["I-21"] = (Severity.Critical, f => f with { Variables = new Dictionary<string, string> { ["X"] = "AKIAIOSFODNN7EXAMPLE" } }),
        ["D-1"] = (Severity.Critical, f => f with { Variables = new Dictionary<string, string> { ["DB_PASSWORD"] = "correct horse" } }),
        ["D-2"] = (Severity.Medium, f => f with { KmsKeyArn = null }),
        ["D-3"] = (Severity.Medium, f => f with { Variables = new Dictionary<string, string> { ["API_TOKEN"] = "abcdef123456" } }),
        ["D-8"] = (Severity.Medium, f => f with { Description = "uses postgres://app:hunter22@db/x" }),
        ["D-9"] = (Severity.Low, f => f with { SourceKmsKeyArn = null }),
        ["D-11"] = (Severity.Low, f => f with { EphemeralStorage = 2048 }),
        ["N-1"] = (Severity.Low, f => f with { Variables = new Dictionary<string, string> { ["DB_HOST"] = "orders.abc.eu-central-1.rds.amazonaws.com" } }),
        ["L-3"] = (Severity.Low, f => f with { TracingMode = "PassThrough" }),
        ["L-6"] = (Severity.Low, f => f with { Logging = Json("""{"LogFormat":"Text"}""") }),
        ["L-8"] = (Severity.Low, f => f with { Tags = new Dictionary<string, string> { ["aws:cloudformation:stack-name"] = "x" } }),
        ["S-1"] = (Severity.Low, f => f with { EventInvokeConfigs = [] }),
        ["S-2"] = (Severity.Low, f => f with { Concurrency = new ConcurrencySubject(null) }),
        ["S-3"] = (Severity.Medium, f => f with { EventSourceMappings = [Json("""{"UUID":"m","EventSourceArn":"arn:aws:dynamodb:eu-central-1:123456789012:table/t/stream/x"}""")] }),
        ["S-4"] = (Severity.Low, f => f with { Timeout = 900 }),
        ["S-5"] = (Severity.Critical, f => f with { EventInvokeConfigs = [Json($$$$$"""{"FunctionArn":"{{{{{Arn}}}}}:$LATEST","DestinationConfig":{"OnFailure":{"Destination":"arn:aws:sqs:eu-central-1:{{{{{Stranger}}}}}:q"}}}""")] }),
        ["S-6"] = (Severity.Medium, f => f with { Aliases = [new AliasSubject("live", "3", "", new Dictionary<string, double> { ["2"] = 0.05 })] }),
        ["S-7"] = (Severity.Low, f => f with { Versions = [] }),
        ["R-1"] = (Severity.High, f => f with { Runtime = "nodejs20.x" }),
        ["R-2"] = (Severity.Medium, f => f with { CodeSigning = null }),
        ["R-3"] = (Severity.High, f => f with { Layers = [Layer(Stranger)] }),
        ["R-4"] = (Severity.High, f => f with { Layers = [Layer(policy: """{"Sid":"p","Effect":"Allow","Principal":"*","Action":"lambda:GetLayerVersion"}""")] }),
        ["R-5"] = (Severity.Medium, f => f with { Layers = [Layer() with { Newest = 3 }] }),
        ["R-6"] = (Severity.Medium, f => f with { RuntimeManagement = Json("""{"UpdateRuntimeOn":"Manual","RuntimeVersionArn":"arn:x"}""") }),
    };

    public static TheoryData<string> Ids => [.. Failing.Keys];

    [Fact]
    public void A_good_function_passes_every_check()
    {
        var result = AllChecks.Judge(Good, Context);
        result.NotJudged.ShouldBeEmpty();
        result.Findings.Select(f => $"{f.RuleId} {f.Path} {f.Description}").ShouldBeEmpty();
    }

    [Theory]
    [MemberData(nameof(Ids))]
    public void A_spoiled_function_fails_its_check(string id)
    {
        var (severity, spoil) = Failing[id];
        var result = AllChecks.Judge(spoil(Good), Context);
        var finding = result.Findings.First(f => f.RuleId == id);
        finding.Severity.ShouldBe(severity);
        finding.Kind.ShouldBe(FindingKind.Posture);
        finding.Description.ShouldNotBeEmpty();
        finding.Remediation.ShouldNotBeEmpty();
        finding.References.ShouldNotBeEmpty();
        finding.Fingerprint.Length.ShouldBe(32);
    }

    [Fact]
    public void A_role_that_may_change_functions_is_told_at_each_of_them()
    {
        var role = Role(Allow("lambda:UpdateFunctionCode"), name: "deployer");
        AllChecks.Judge(Good, Context with { Roles = [role] }).Findings.ShouldHaveSingleItem().RuleId.ShouldBe("I-20");
        var other = Role(Allow("lambda:UpdateFunctionCode", "arn:aws:lambda:*:*:function:other"), name: "deployer");
        AllChecks.Judge(Good, Context with { Roles = [other] }).Findings.ShouldBeEmpty();
    }

    [Fact]
    public void Every_check_is_registered_and_has_a_failing_fixture()
    {
        var shipped = typeof(IPostureCheck).Assembly.GetTypes().Where(t => t is { IsClass: true, IsAbstract: false } && t.IsAssignableTo(typeof(IPostureCheck)));
        var registered = AllChecks.Create();
        registered.Select(c => c.GetType()).OrderBy(t => t.FullName).ShouldBe(shipped.OrderBy(t => t.FullName));
        registered.Select(c => c.Id).ShouldBeUnique();
        registered.Select(c => c.Id).Except(Failing.Keys).ShouldBe(["I-20"], "I-20 has a test of its own");
    }

    [Fact]
    public void Nothing_known_means_not_judged_rather_than_clean()
    {
        var result = AllChecks.Judge(new FunctionSubject { Name = "shop", Arn = Arn, RoleArn = "arn:aws:iam::123456789012:role/x", Variables = null, Layers = [new LayerSubject { Arn = Layer().Arn, Own = true }] }, Context);
        result.Findings.ShouldBeEmpty();
        result.NotJudged.Select(n => n.Check).ShouldBe(AllChecks.Create().Select(c => c.Id).Except(["D-2", "D-11", "R-1", "R-3", "S-4", "I-20"]), ignoreOrder: true);
        result.NotJudged.ShouldAllBe(n => n.IsPermission);
    }

    [Theory]
    [InlineData(""","Condition":{"StringEquals":{"aws:PrincipalOrgID":"o-1"}}""", false)]
    [InlineData(""","Condition":{"StringNotEquals":{"aws:PrincipalOrgID":"o-1"}}""", true)]
    [InlineData(""","Condition":{"StringEqualsIfExists":{"aws:PrincipalOrgID":"o-1"}}""", true)]
    [InlineData(""","Condition":{"StringEquals":{"lambda:FunctionUrlAuthType":"AWS_IAM"}}""", true)]
    [InlineData(""","Condition":{"IpAddress":{"aws:SourceIp":["0.0.0.0/0"]}}""", true)]
    [InlineData(""","Condition":{"ArnLike":{"aws:SourceArn":"arn:aws:s3:::*"}}""", true)]
    [InlineData(""","Condition":{"Bool":{"aws:SecureTransport":"true"}}""", true)]
    [InlineData(""","Condition":{"StringEquals":{"lambda:EventSourceToken":"amzn1.ask.skill.x"}}""", false)]
    public void Conditions_count_only_where_they_keep_somebody_out(string condition, bool open) =>
        AllChecks.Judge(Good with { ResourcePolicies = Policies(Everyone("lambda:InvokeFunction", condition)) }, Context).Findings.Any(f => f.RuleId == "E-1").ShouldBe(open);

    [Theory]
    [InlineData("python3.14", null)]
    [InlineData("nodejs22.x", Severity.Low)]
    [InlineData("dotnet8", Severity.High)]
    [InlineData("nodejs12.x", Severity.Critical)]
    [InlineData("not-yet-known", null)]
    public void Runtimes_end_by_date(string runtime, Severity? severity) =>
        AllChecks.Judge(Good with { Runtime = runtime }, Context).Findings.Where(f => f.RuleId == "R-1").Select(f => (Severity?)f.Severity).SingleOrDefault().ShouldBe(severity);

    [Theory]
    [InlineData("2026-11-22", null)]
    [InlineData("2026-11-22", 180)]
    public void A_runtime_is_announced_only_within_the_notice(string today, int? days)
    {
        var context = Context with { Today = DateOnly.Parse(today, System.Globalization.CultureInfo.InvariantCulture), RuntimeNoticeDays = days ?? 10 };
        AllChecks.Judge(Good with { Runtime = "nodejs22.x" }, context).Findings.Any(f => f.RuleId == "R-1").ShouldBe(days == 180);
    }

    [Fact]
    public void Old_tables_say_so()
    {
        var finding = AllChecks.Judge(Good with { Runtime = "python3.20" }, Context with { Today = new DateOnly(2028, 1, 1) }).Findings.ShouldHaveSingleItem();
        (finding.RuleId, finding.Severity).ShouldBe(("R-1", Severity.Info));
    }

    [Theory]
    [InlineData("017000801446", Severity.Info)]
    [InlineData("464622532012", Severity.Info)]
    [InlineData(Stranger, Severity.High)]
    public void Publishers_of_layers_are_told_apart(string account, Severity severity) =>
        AllChecks.Judge(Good with { Layers = [Layer(account)] }, Context).Findings.Single(f => f.RuleId == "R-3").Severity.ShouldBe(severity);

    [Fact]
    public void Trusted_accounts_raise_nothing()
    {
        var context = Context with { TrustedAccounts = new HashSet<string> { Stranger } };
        AllChecks.Judge(Failing["E-4"].Spoil(Good), context).Findings.ShouldNotContain(f => f.RuleId == "E-4");
        AllChecks.Judge(Failing["S-5"].Spoil(Good), context).Findings.ShouldNotContain(f => f.RuleId == "S-5");
        AllChecks.Judge(Failing["R-3"].Spoil(Good), context).Findings.ShouldNotContain(f => f.RuleId == "R-3");
    }

    [Fact]
    public void Values_of_secrets_are_never_shown()
    {
        var spoiled = Good with { Variables = new Dictionary<string, string> { ["DB_PASSWORD"] = "correct-horse-battery", ["URL"] = "mysql://root:tr0ub4dor@db/x", ["K"] = "AKIAIOSFODNN7EXAMPLE" }, Description = "mysql://root:tr0ub4dor@db/x" };
        var all = string.Join('\n', AllChecks.Judge(spoiled, Context).Findings.Select(f => $"{f.Title}{f.Description}{f.Remediation}{f.Path}"));
        all.ShouldNotContain("horse");
        all.ShouldNotContain("tr0ub4dor");
        all.ShouldNotContain("AKIAIOSFODNN7EXAMPLE");
    }

    [Theory]
    [InlineData("DB_PASSWORD_SECRET_ARN", "arn:aws:secretsmanager:x")]
    [InlineData("TOKEN_TTL", "3600000")]
    [InlineData("API_KEY", "/prod/shop/api-key")]
    [InlineData("SECRET_NAME", "prod/shop")]
    [InlineData("PASSWORD", "{{resolve:secretsmanager:x}}")]
    [InlineData("DB_PASSWORD", "AQICAHhMtQ1HMnKz5x")]
    [InlineData("MONKEY", "banana-banana")]
    [InlineData("COMPASS", "north-north")]
    [InlineData("URL", "https://example.com/x:y@z")]
    public void References_and_ordinary_variables_are_no_secrets(string name, string value) =>
        AllChecks.Judge(Good with { Variables = new Dictionary<string, string> { [name] = value } }, Context).Findings.ShouldNotContain(f => f.RuleId == "D-1" || f.RuleId == "D-3");

    [Fact]
    public void Images_are_not_asked_for_signing_or_runtime_settings() =>
        AllChecks.Judge(Good with { IsImage = true, Runtime = null, CodeSigningRead = false, RuntimeManagement = null, DetailRead = false, Layers = [] }, Context).ShouldSatisfyAllConditions(r => r.Findings.ShouldBeEmpty(), r => r.NotJudged.ShouldBeEmpty());

    [Fact]
    public void The_tables_hold_what_the_checks_need()
    {
        Actions.Services.Count.ShouldBeGreaterThanOrEqualTo(40);
        Actions.Find("s3:GetObject")!.Tags.ShouldContain('d');
        Actions.OfMethod("s3", "list_objects_v2").ShouldBe(["s3:ListBucket"]);
        Actions.OfMethod("lambda", "Invoke").ShouldBe(["lambda:InvokeFunction"]);
    }
}
