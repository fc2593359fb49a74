using FsCheck;
using FsCheck.Fluent;
using Pellicle.Domain;

namespace Pellicle.Policy.Tests;

public sealed class PolicyEvaluatorTests
{
    private static readonly PolicyDocument Protect = new() { Mode = ProtectionMode.Protect };

    [Theory]
    [InlineData(Dimension.Read, "/proc/self/environ", "credential-files")]
    [InlineData(Dimension.Read, "/proc/17/environ", "credential-files")]
    [InlineData(Dimension.Read, "/proc/1/task/1/environ", "credential-files")]
    [InlineData(Dimension.Write, "/proc/1/mem", "credential-files")]
    [InlineData(Dimension.Process, "/tmp/x", "exec-temp")]
    [InlineData(Dimension.Process, "/tmp/a/b/x", "exec-temp")]
    [InlineData(Dimension.Process, "/memfd:x (deleted)", "exec-memory")]
    [InlineData(Dimension.Process, "/proc/self/fd/7", "exec-memory")]
    [InlineData(Dimension.Read, "/var/task/.env", "secret-files")]
    [InlineData(Dimension.Read, "/root/.aws/credentials", "secret-files")]
    [InlineData(Dimension.Read, "/var/task/.git/config", "secret-files")]
    [InlineData(Dimension.Read, "/var/task/vendor/x/.git/config", "secret-files")]
    [InlineData(Dimension.Read, "/home/sbx_user1051/.ssh/id_ed25519", "secret-files")]
    [InlineData(Dimension.Read, "/etc/shadow", "system-secrets")]
    [InlineData(Dimension.Host, "169.254.169.254:80", "metadata-host")]
    [InlineData(Dimension.Deserialize, "pickle:os.system", "deserialize-gadget")]
    [InlineData(Dimension.Tamper, "ptrace", "tamper")]
    [InlineData(Dimension.Write, "/tmp/.pellicle/policy.json", "guard-files")]
    [InlineData(Dimension.Write, "/opt/pellicle/wrapper", "guard-files")]
    [InlineData(Dimension.Write, "/opt/pellicle/native/libpellicle.so", "guard-files")]
    [InlineData(Dimension.Host, "pool.supportxmr.com:443", "mining-pool")]
    [InlineData(Dimension.Host, "xmr-eu1.nanopool.org:0", "mining-pool")]
    [InlineData(Dimension.Host, "dns:198.51.100.53:53", "foreign-resolver")]
    public void Built_in_rules_deny_in_protect_without_a_profile(Dimension dimension, string item, string rule)
    {
        var decision = PolicyEvaluator.Evaluate(new(dimension, item), Protect);
        decision.Effect.ShouldBe(Effect.Deny);
        decision.IncidentDecision.ShouldBe("blocked");
        decision.Reasons.ShouldContain(r => r.Rule == $"builtin:{rule}");

        var monitored = PolicyEvaluator.Evaluate(new(dimension, item), Protect with { Mode = ProtectionMode.Monitor });
        monitored.Effect.ShouldBe(Effect.Report);
        monitored.WouldDeny.ShouldBeTrue();
        PolicyEvaluator.Evaluate(new(dimension, item), Protect with { Mode = ProtectionMode.Off }).Effect.ShouldBe(Effect.Allow);
        PolicyEvaluator.Evaluate(new(dimension, item), Protect with { Builtin = new Dictionary<string, Effect> { [rule] = Effect.Allow, ["exec-temp"] = Effect.Allow } })
            .Reasons.ShouldNotContain(r => r.Rule == $"builtin:{rule}");
    }

    [Theory]
    [InlineData(Dimension.Read, "/proc/self/maps")]
    [InlineData(Dimension.Read, "/proc/self/status")]
    [InlineData(Dimension.Read, "/etc/passwd")]
    [InlineData(Dimension.Read, "/tmp/environ")]
    [InlineData(Dimension.Read, "/tmp/repo/.git/config")]
    [InlineData(Dimension.Read, "/tmp/.kube/config")]
    [InlineData(Dimension.Read, "/tmp/.aws/config")]
    [InlineData(Dimension.Process, "/usr/bin/ffmpeg")]
    [InlineData(Dimension.Process, "/opt/bin/tool")]
    [InlineData(Dimension.Write, "/tmp/out.pdf")]
    [InlineData(Dimension.Host, "dynamodb.eu-west-1.amazonaws.com:443")]
    [InlineData(Dimension.Host, "169.254.100.1:9001")]
    [InlineData(Dimension.Host, "api.nanopool.org:443")]
    [InlineData(Dimension.Host, "api2.nicehash.com:443")]
    [InlineData(Dimension.Write, "/opt/pellicle/runtime/lang/lib/python3.11/__pycache__/x.cpython-311.pyc.140380298825856")]
    [InlineData(Dimension.Deserialize, "pickle:collections.OrderedDict")]
    [InlineData(Dimension.Tamper, "memfd")]
    public void Ordinary_behaviour_goes_on_without_a_profile(Dimension dimension, string item) =>
        PolicyEvaluator.Evaluate(new(dimension, item), Protect).Effect.ShouldBe(Effect.Allow);

    [Fact]
    public void Own_secrets_may_be_read_while_the_function_starts()
    {
        var decision = PolicyEvaluator.Evaluate(new(Dimension.Read, "/var/task/.env"), Protect, new EvaluationContext { Init = true });
        decision.Effect.ShouldBe(Effect.Allow);
        decision.Stable.ShouldBeFalse();
    }

    [Fact]
    public void Approved_items_lift_liftable_rules_and_no_others()
    {
        var document = Protect with
        {
            Profile = new Dictionary<Dimension, DimensionProfile>
            {
                [Dimension.Process] = new(ProfileStage.Protect, ["/tmp/chromium"]),
                [Dimension.Read] = new(ProfileStage.Protect, ["/proc/*/environ", "/var/task/.env"]),
            },
        };
        PolicyEvaluator.Evaluate(new(Dimension.Process, "/tmp/chromium"), document).Effect.ShouldBe(Effect.Allow);
        PolicyEvaluator.Evaluate(new(Dimension.Process, "/tmp/other"), document).Effect.ShouldBe(Effect.Deny);
        PolicyEvaluator.Evaluate(new(Dimension.Read, "/var/task/.env"), document).Effect.ShouldBe(Effect.Allow);
        PolicyEvaluator.Evaluate(new(Dimension.Read, "/proc/self/environ"), document).Effect.ShouldBe(Effect.Deny);
    }

    [Theory]
    [InlineData(ProfileStage.Learn, "e", Effect.Allow, false)]
    [InlineData(ProfileStage.Shadow, "e", Effect.Report, true)]
    [InlineData(ProfileStage.Protect, "e", Effect.Deny, false)]
    public void Stages_decide_what_happens_to_the_unknown(ProfileStage stage, string environment, Effect effect, bool wouldDeny)
    {
        var document = Protect with { Profile = new Dictionary<Dimension, DimensionProfile> { [Dimension.Process] = new(stage, ["/usr/bin/known"]) } };
        var decision = PolicyEvaluator.Evaluate(new(Dimension.Process, "/usr/bin/new"), document, new EvaluationContext { Environment = environment });
        (decision.Effect, decision.WouldDeny).ShouldBe((effect, wouldDeny));
        PolicyEvaluator.Evaluate(new(Dimension.Process, "/usr/bin/known"), document).Effect.ShouldBe(Effect.Allow);
        PolicyEvaluator.Evaluate(new(Dimension.Host, "example.com:443"), document).Effect.ShouldBe(Effect.Allow);
    }

    [Fact]
    public void Canary_stops_in_about_its_share_of_environments()
    {
        var document = Protect with { CanaryShare = 0.25, Profile = new Dictionary<Dimension, DimensionProfile> { [Dimension.Process] = new(ProfileStage.Canary, []) } };
        var denied = Enumerable.Range(0, 4000).Count(i =>
            PolicyEvaluator.Evaluate(new(Dimension.Process, "/x"), document, new EvaluationContext { Environment = $"env-{i}" }).Effect == Effect.Deny);
        denied.ShouldBeInRange(850, 1150);
        PolicyEvaluator.IsCanary("x", 1).ShouldBeTrue();
        PolicyEvaluator.IsCanary("x", 0).ShouldBeFalse();
    }

    [Theory]
    [InlineData("dynamodb:GetItem", "dynamodb:GetItem", true)]
    [InlineData("dynamodb:GetItem", "dynamodb:Scan", false)]
    [InlineData("dynamodb:GetItem", "dynamodb:?", false)]
    [InlineData("dynamodb:?", "dynamodb:Scan", false)]
    [InlineData("dynamodb:Get*", "dynamodb:GetItem", true)]
    [InlineData("dynamodb:*", "dynamodb:?", true)]
    // As guards learned it that knew services only, by the names of hosts.
    [InlineData(@"dynamodb:\*", "dynamodb:Scan", true)]
    [InlineData(@"monitoring:\*", "cloudwatch:PutMetricData", true)]
    public void Operations_of_aws_are_items_and_a_star_is_all_of_a_service(string known, string item, bool allowed)
    {
        var document = new PolicyDocument { Mode = ProtectionMode.Protect, Profile = new Dictionary<Dimension, DimensionProfile> { [Dimension.Aws] = new(ProfileStage.Protect, [known]) } };
        PolicyEvaluator.Evaluate(new Behaviour(Dimension.Aws, item), document).Effect.ShouldBe(allowed ? Effect.Allow : Effect.Deny);
        var service = item.Split(':')[0];
        new CompiledPolicy(document).KnowsService(service).ShouldBeTrue();
        new CompiledPolicy(document).KnowsService("iam").ShouldBeFalse();
        var ruled = new PolicyDocument { Rules = [new PolicyRule { Id = "a", Dimension = Dimension.Aws, Effect = Effect.Allow, Items = [known] }, new PolicyRule { Id = "b", Dimension = Dimension.Aws, Effect = Effect.Deny, Items = ["iam:*"] }] };
        new CompiledPolicy(ruled).KnowsService(service).ShouldBeTrue();
        new CompiledPolicy(ruled).KnowsService("iam").ShouldBeFalse();
    }

    [Fact]
    public void Rules_deny_beats_report_beats_allow_and_allow_beats_the_profile()
    {
        PolicyRule Rule(string id, Effect effect, string item) => new() { Id = id, Dimension = Dimension.Host, Effect = effect, Items = [item] };
        var document = Protect with
        {
            Rules = [Rule("1", Effect.Allow, "*.example.com:443"), Rule("2", Effect.Deny, "bad.example.com:*"), Rule("3", Effect.Report, "odd.example.com:443")],
            Profile = new Dictionary<Dimension, DimensionProfile> { [Dimension.Host] = new(ProfileStage.Protect, []) },
        };
        PolicyEvaluator.Evaluate(new(Dimension.Host, "good.example.com:443"), document).Effect.ShouldBe(Effect.Allow);
        PolicyEvaluator.Evaluate(new(Dimension.Host, "bad.example.com:443"), document).Effect.ShouldBe(Effect.Deny);
        var odd = PolicyEvaluator.Evaluate(new(Dimension.Host, "odd.example.com:443"), document);
        (odd.Effect, odd.WouldDeny).ShouldBe((Effect.Report, false));
        PolicyEvaluator.Evaluate(new(Dimension.Host, "elsewhere.net:443"), document).Effect.ShouldBe(Effect.Deny);
    }

    [Fact]
    public void What_cannot_be_judged_is_stopped_only_when_failing_closed()
    {
        var unresolved = new EvaluationContext { Unresolved = true };
        PolicyEvaluator.Evaluate(new(Dimension.Read, "x"), Protect, unresolved).Effect.ShouldBe(Effect.Allow);
        PolicyEvaluator.Evaluate(new(Dimension.Read, "x"), Protect with { FailClosed = true }, unresolved).Effect.ShouldBe(Effect.Deny);
        PolicyEvaluator.Evaluate(new(Dimension.Read, "x"), Protect with { FailClosed = true, Mode = ProtectionMode.Monitor }, unresolved).Effect.ShouldNotBe(Effect.Deny);
        PolicyEvaluator.Evaluate(new((Dimension)99, "x"), Protect).Effect.ShouldBe(Effect.Report);
        PolicyEvaluator.Evaluate(new((Dimension)99, "x"), Protect with { FailClosed = true }).Effect.ShouldBe(Effect.Deny);
        PolicyEvaluator.Evaluate(new(Dimension.Read, ""), Protect with { FailClosed = true }).Effect.ShouldBe(Effect.Deny);
    }

    [Fact]
    public void Order_of_rules_and_items_has_no_influence() =>
        Prop.ForAll(PolicyJsonTests.Documents().ToArbitrary(), Cases().ToArbitrary(), (document, behaviour) =>
        {
            var turned = document with
            {
                Rules = [.. document.Rules.Reverse().Select(r => r with { Items = [.. r.Items.Reverse()] })],
                Profile = document.Profile.Reverse().ToDictionary(p => p.Key, p => p.Value with { Items = [.. p.Value.Items.Reverse()] }),
            };
            var first = PolicyEvaluator.Evaluate(behaviour, document);
            var second = PolicyEvaluator.Evaluate(behaviour, turned);
            var read = PolicyEvaluator.Evaluate(behaviour, PolicyJson.Parse(PolicyJson.Write(document)).Document!);
            return Same(first, second) && Same(first, read);
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void Only_protect_stops_and_off_is_silent() =>
        Prop.ForAll(PolicyJsonTests.Documents().ToArbitrary(), Cases().ToArbitrary(), (document, behaviour) =>
            PolicyEvaluator.Evaluate(behaviour, document with { Mode = ProtectionMode.Monitor }).Effect != Effect.Deny
            && PolicyEvaluator.Evaluate(behaviour, document with { Mode = ProtectionMode.Off }).Effect == Effect.Allow).QuickCheckThrowOnFailure();

    [Fact]
    public void One_more_deny_rule_never_loosens() =>
        Prop.ForAll(PolicyJsonTests.Documents().ToArbitrary(), Cases().ToArbitrary(), (document, behaviour) =>
        {
            var stricter = document with { Rules = [.. document.Rules, new PolicyRule { Id = "more", Dimension = behaviour.Dimension, Effect = Effect.Deny, Items = ["**"] }] };
            return PolicyEvaluator.Evaluate(behaviour, stricter).Effect >= PolicyEvaluator.Evaluate(behaviour, document).Effect;
        }).QuickCheckThrowOnFailure();

    private static Gen<Behaviour> Cases() =>
        from dimension in Gen.Elements(DimensionNames.All.ToArray())
        from item in Gen.OneOf(ItemPatternTests.Items().Generator, Gen.Elements("/proc/1/environ", "/tmp/x", "/var/task/.env", "/var/task/app.py", "a", "Z9"))
        select new Behaviour(dimension, item);

    private static bool Same(Decision a, Decision b) =>
        (a.Effect, a.WouldDeny, a.Known, a.Stable) == (b.Effect, b.WouldDeny, b.Known, b.Stable) && a.Reasons.SequenceEqual(b.Reasons);
}
