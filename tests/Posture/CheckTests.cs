using Pellicle.Domain;
using Pellicle.Posture.Identity;
using static Pellicle.Posture.Tests.Fixtures;

namespace Pellicle.Posture.Tests;

/// <summary>Each check has been seen to fail; the good function has been seen to pass all of them.</summary>
public sealed class CheckTests
{
    private static readonly IReadOnlyDictionary<string, CheckCase> Cases = CheckCases.All;

    public static TheoryData<string> Ids => [.. Cases.Keys];

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
        var (severity, fail, _) = Cases[id];
        var result = AllChecks.Judge(fail(Good), Context with { Roles = Cases[id].FailingRoles });
        var finding = result.Findings.First(f => f.RuleId == id);
        finding.Severity.ShouldBe(severity);
        finding.Kind.ShouldBe(FindingKind.Posture);
        finding.Description.ShouldNotBeEmpty();
        finding.Remediation.ShouldNotBeEmpty();
        finding.References.ShouldNotBeEmpty();
        finding.Fingerprint.Length.ShouldBe(32);
    }

    [Theory]
    [MemberData(nameof(Ids))]
    public void What_comes_close_passes(string id)
    {
        Cases[id].Pass.ShouldNotBeEmpty();
        foreach (var pass in Cases[id].Pass)
        {
            var result = AllChecks.Judge(pass(Good), Context with { Roles = Cases[id].PassingRoles });
            result.Findings.Where(f => f.RuleId == id).Select(f => $"{f.Path}: {f.Description}").ShouldBeEmpty();
            result.NotJudged.Select(n => n.Check).ShouldNotContain(id, "a check that did not look has not passed");
        }
    }

    [Fact]
    public void Every_check_is_registered_and_has_a_failing_and_a_passing_function()
    {
        var shipped = typeof(IPostureCheck).Assembly.GetTypes().Where(t => t is { IsClass: true, IsAbstract: false } && t.IsAssignableTo(typeof(IPostureCheck)));
        var registered = AllChecks.Create();
        registered.Select(c => c.GetType()).OrderBy(t => t.FullName).ShouldBe(shipped.OrderBy(t => t.FullName));
        registered.Select(c => c.Id).ShouldBeUnique();
        registered.Select(c => c.Id).ShouldBe(Cases.Keys, ignoreOrder: true);
    }

    [Fact]
    public void Every_check_stands_in_the_documentation()
    {
        var directory = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(directory!.FullName, "Pellicle.slnx")))
        {
            directory = directory.Parent;
        }

        var text = File.ReadAllText(Path.Combine(directory.FullName, "docs", "checks.md"));
        foreach (var check in AllChecks.Create())
        {
            text.ShouldContain($"| {check.Id} | {check.Title} | ");
        }
    }

    [Fact]
    public void Nothing_known_means_not_judged_rather_than_clean()
    {
        var result = AllChecks.Judge(new FunctionSubject { Name = "shop", Arn = Arn, RoleArn = "arn:aws:iam::123456789012:role/x", Variables = null, Layers = [new LayerSubject { Arn = Layer().Arn, Own = true }] }, Context);
        result.Findings.ShouldBeEmpty();
        result.NotJudged.Select(n => n.Check).ShouldBe(AllChecks.Create().Select(c => c.Id).Except(["D-2", "D-11", "R-1", "R-3", "S-4", "L-4", "N-2", "N-3", "N-4", "I-20"]), ignoreOrder: true);
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
        AllChecks.Judge(Good with { ResourcePolicies = Policies(CheckCases.Everyone("lambda:InvokeFunction", condition)) }, Context).Findings.Any(f => f.RuleId == "E-1").ShouldBe(open);

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
        AllChecks.Judge(Cases["E-4"].Fail(Good), context).Findings.ShouldNotContain(f => f.RuleId == "E-4");
        AllChecks.Judge(Cases["S-5"].Fail(Good), context).Findings.ShouldNotContain(f => f.RuleId == "S-5");
        AllChecks.Judge(Cases["R-3"].Fail(Good), context).Findings.ShouldNotContain(f => f.RuleId == "R-3");
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
        Actions.ServiceCount.ShouldBeGreaterThanOrEqualTo(220);
        (Actions.KnowsService("s3"), Actions.KnowsService("mediaconvert"), Actions.Find("mediaconvert:CreateJob")).ShouldBe((true, false, new ActionFact("mediaconvert:CreateJob", 'W', false, "")));
        Actions.Find("s3:GetObject")!.Tags.ShouldContain('d');
        Actions.OfMethod("s3", "list_objects_v2").ShouldBe(["s3:ListBucket"]);
        Actions.OfMethod("lambda", "Invoke").ShouldBe(["lambda:InvokeFunction"]);
    }

    [Theory]
    [InlineData("PELLICLE_TOKEN", "plc_ingest_A1b2C3d4E5f6G7h8", Severity.Low)]
    [InlineData("PELLICLE_TOKEN", "plc_person_A1b2C3d4E5f6G7h8", Severity.Critical)]
    [InlineData("OTHER_TOKEN", "plc_ingest_A1b2C3d4E5f6G7h8", Severity.Critical)]
    public void The_guards_own_token_is_no_secret_of_the_function_and_nothing_else_passes_for_it(string name, string value, Severity severity)
    {
        var found = AllChecks.Judge(Good with { Variables = new Dictionary<string, string> { [name] = value } }, Context).Findings.Where(f => f.RuleId is "D-1" or "D-3").ToList();
        found.Single(f => f.RuleId == "D-1").Severity.ShouldBe(severity);
        found.Any(f => f.RuleId == "D-3").ShouldBe(severity != Severity.Low);
    }
}
