using System.Text.Json;
using Pellicle.Aws;

namespace Pellicle.Protection.Tests;

/// <summary>Whatever a function had before protection is what it has after its removal.</summary>
public sealed class RestoreTests
{
    private const int Rounds = 5000;
    private const string Account = "arn:aws:lambda:eu-central-1:123456789012:layer:";
    private static readonly string[] Runtimes = ["python3.9", "python3.14", "nodejs18.x", "nodejs24.x", "java8.al2", "java25", "dotnet6", "dotnet10", "ruby3.3", "provided.al2", "provided.al2023"];

    /// <summary>Names that somebody may have set, with values that are hard to give back.</summary>
    private static readonly (string Name, string[] Values)[] Variables =
    [
        ("AWS_LAMBDA_EXEC_WRAPPER", ["", "/opt/vendor/wrapper", "/opt/pellicle/wrapper", "/var/task/start with space.sh"]),
        ("LD_PRELOAD", ["", "/opt/lib/a.so", "/opt/lib/a.so /opt/lib/b.so:c.so", "/opt/pellicle/native/libpellicle.so", "a:/opt/pellicle/native/libpellicle.so"]),
        ("NODE_OPTIONS", ["", "--require /opt/vendor/probe.js"]), ("JAVA_TOOL_OPTIONS", ["-javaagent:/opt/a.jar"]), ("DOTNET_STARTUP_HOOKS", ["/opt/h.dll"]), ("PYTHONPATH", ["", "/opt/python"]),
        ("PELLICLE_MODE", ["off", "", "monitor"]), ("PELLICLE_SERVER", ["https://other.example", ""]), ("PELLICLE_TOKEN", ["mine"]), ("PELLICLE_NEXT_WRAPPER", ["/opt/x", ""]), ("PELLICLE_LOG", ["debug"]), ("PELLICLE_OWN", ["ä\"\\\n"]),
        ("TABLE", ["orders", "", "größer ✓ \"quoted\" = \\ \t"]), ("Z", ["1"]), ("a_b", ["{\"json\":[1]}"]),
    ];

    [Fact]
    public void Removal_gives_back_exactly_what_was_there()
    {
        var (attached, refused, chained) = (0, 0, 0);
        for (var seed = 0; seed < Rounds; seed++)
        {
            var random = new Random(seed);
            var before = Make(random);
            var settings = Settings(random);
            var facts = new FunctionFacts { Bootstrap = (Bootstrap)random.Next(6) };
            var plan = AttachPlan.Attach(before, settings, facts);
            if (plan.Refusals.Count > 0)
            {
                refused++;
                continue;
            }

            attached++;
            chained += plan.Notes.Any(n => n.Contains("stays in use", StringComparison.Ordinal)) ? 1 : 0;
            var during = Apply(before, plan);
            AttachPlan.Attach(during, settings, facts).Unchanged.ShouldBeTrue($"seed {seed}: protecting twice changes something");
            // A newer layer, another server, no server: the memory of what was before survives.
            for (var again = random.Next(3); again > 0; again--)
            {
                during = Apply(during, AttachPlan.Attach(during, Settings(random), facts));
            }

            var back = AttachPlan.Detach(during);
            JsonSerializer.Serialize(back.Layers).ShouldBe(JsonSerializer.Serialize(before.Layers.Select(l => l.Arn).Where(a => !LayerPackage.IsStandalone(LayerPackage.NameOf(a)))), $"seed {seed}");
            Text(back.Variables).ShouldBe(Text(before.Variables), $"seed {seed}");
            back.Notes.ShouldContain(n => n.Contains("exactly as before", StringComparison.Ordinal), $"seed {seed}");
            AttachPlan.Detach(Apply(during, back)).Unchanged.ShouldBeTrue($"seed {seed}: removing twice changes something");
        }

        // The rounds must have met what they are for.
        attached.ShouldBeGreaterThan(Rounds / 2);
        refused.ShouldBeGreaterThan(Rounds / 50);
        chained.ShouldBeGreaterThan(Rounds / 50);
    }

    [Fact]
    public void What_was_changed_meanwhile_stays_and_is_said()
    {
        var before = Make(new Random(1)) with { Environment = new EnvironmentVariables { Variables = new() { ["PELLICLE_LOG"] = "debug", ["TABLE"] = "a" } }, Layers = [] };
        var during = Apply(before, AttachPlan.Attach(before, Settings(new Random(1))));
        during.Environment!.Variables["TABLE"] = "b";
        var back = AttachPlan.Detach(during);
        back.Variables.ShouldBe(new Dictionary<string, string> { ["PELLICLE_LOG"] = "debug", ["TABLE"] = "b" }, ignoreOrder: true);
        back.Notes.ShouldHaveSingleItem().ShouldContain("changed since");
    }

    [Fact]
    public void A_broken_memory_is_said_and_loses_nothing_of_the_function()
    {
        var before = Make(new Random(1)) with { Environment = new EnvironmentVariables { Variables = new() { ["TABLE"] = "a" } }, Layers = [] };
        var during = Apply(before, AttachPlan.Attach(before, Settings(new Random(1))));
        during.Environment!.Variables["PELLICLE_PRIOR"] = "{";
        var back = AttachPlan.Detach(during);
        back.Variables.ShouldBe(new Dictionary<string, string> { ["TABLE"] = "a" });
        back.Notes.ShouldHaveSingleItem().ShouldContain("PELLICLE_PRIOR");
    }

    private static AttachSettings Settings(Random random) => new()
    {
        LayerArn = $"{Account}pellicle:{random.Next(1, 9)}",
        Server = random.Next(4) == 0 ? null : $"https://pellicle{random.Next(3)}.example",
        Token = random.Next(3) == 0 ? null : "pi_" + random.Next(),
        PublicKey = random.Next(2) == 0 ? null : "MFkw",
    };

    private static FunctionConfiguration Make(Random random)
    {
        var layers = Enumerable.Range(0, random.Next(6)).Select(i => $"{Account}l{i}:{random.Next(1, 20)}").ToList();
        if (random.Next(10) == 0)
        {
            layers.Insert(random.Next(layers.Count + 1), $"{Account}pellicle:1"); // attached by hand, without variables
        }

        var variables = new Dictionary<string, string>();
        foreach (var (name, values) in Variables.Where(_ => random.Next(3) == 0))
        {
            variables[name] = values[random.Next(values.Length)];
        }

        if (random.Next(8) == 0)
        {
            variables["BIG"] = new string('x', random.Next(2000, 4000));
        }

        return new FunctionConfiguration
        {
            FunctionName = "orders", FunctionArn = "arn:aws:lambda:eu-central-1:123456789012:function:orders", Runtime = Runtimes[random.Next(Runtimes.Length)], Handler = "app.handler", CodeSha256 = "c2hh",
            Layers = [.. layers.Select(a => new LayerReference { Arn = a })],
            Environment = random.Next(10) == 0 ? null : new EnvironmentVariables { Variables = variables },
        };
    }

    private static FunctionConfiguration Apply(FunctionConfiguration function, AttachPlan plan) =>
        function with { Layers = [.. plan.Layers.Select(a => new LayerReference { Arn = a })], Environment = new EnvironmentVariables { Variables = new(plan.Variables) } };

    private static string Text(IReadOnlyDictionary<string, string> variables) => JsonSerializer.Serialize(variables.OrderBy(v => v.Key, StringComparer.Ordinal));
}
