using Pellicle.Aws;

namespace Pellicle.Protection.Tests;

public sealed class AttachPlanTests
{
    private const string Layer = "arn:aws:lambda:eu-central-1:123456789012:layer:pellicle:3";

    private static readonly AttachSettings Settings = new() { LayerArn = Layer, Server = "https://pellicle.example", Token = "pi_0123456789" };

    private static FunctionConfiguration Function(string runtime = "python3.11", IReadOnlyList<string>? layers = null, Dictionary<string, string>? variables = null) => new()
    {
        FunctionName = "orders",
        FunctionArn = "arn:aws:lambda:eu-central-1:123456789012:function:orders",
        Runtime = runtime,
        Handler = "app.handler",
        CodeSha256 = "c2hh",
        Layers = [.. (layers ?? []).Select(a => new LayerReference { Arn = a })],
        Environment = variables is null ? null : new EnvironmentVariables { Variables = variables },
    };

    private static FunctionConfiguration Apply(FunctionConfiguration function, AttachPlan plan) =>
        function with { Layers = [.. plan.Layers.Select(a => new LayerReference { Arn = a })], Environment = new EnvironmentVariables { Variables = new(plan.Variables) } };

    [Fact]
    public void Our_layer_goes_last_and_the_wrapper_is_set()
    {
        var plan = AttachPlan.Attach(Function(layers: ["arn:aws:lambda:eu-central-1:123456789012:layer:shared:1"], variables: new() { ["TABLE"] = "t" }), Settings);
        plan.Refusals.ShouldBeEmpty();
        plan.Layers[^1].ShouldBe(Layer);
        plan.Variables["TABLE"].ShouldBe("t");
        plan.Variables["AWS_LAMBDA_EXEC_WRAPPER"].ShouldBe("/opt/pellicle/wrapper");
        plan.Variables["PELLICLE_FUNCTION_ARN"].ShouldBe("arn:aws:lambda:eu-central-1:123456789012:function:orders");
    }

    [Fact]
    public void Protecting_twice_changes_nothing()
    {
        var function = Function(variables: new() { ["TABLE"] = "t" });
        var first = AttachPlan.Attach(function, Settings);
        first.Unchanged.ShouldBeFalse();
        AttachPlan.Attach(Apply(function, first), Settings).Unchanged.ShouldBeTrue();
    }

    [Theory]
    [InlineData(null)]
    [InlineData("/opt/vendor/wrapper")]
    public void Removal_restores_layers_and_variables_exactly(string? wrapper)
    {
        var variables = new Dictionary<string, string> { ["B"] = "2", ["A"] = "1" };
        if (wrapper is not null)
        {
            variables["AWS_LAMBDA_EXEC_WRAPPER"] = wrapper;
        }

        var function = Function(layers: ["arn:aws:lambda:eu-central-1:123456789012:layer:shared:1"], variables: variables);
        var back = AttachPlan.Detach(Apply(function, AttachPlan.Attach(function, Settings)));
        back.Layers.ShouldBe(function.Layers.Select(l => l.Arn));
        back.Variables.ShouldBe(function.Variables);
        AttachPlan.Detach(function).Unchanged.ShouldBeTrue();
    }

    [Fact]
    public void What_the_owner_changed_meanwhile_stays()
    {
        var function = Function(variables: new() { ["A"] = "1" });
        var attached = Apply(function, AttachPlan.Attach(function, Settings));
        attached.Environment!.Variables["A"] = "changed";
        attached.Environment.Variables["NEW"] = "n";
        AttachPlan.Detach(attached).Variables.ShouldBe(new Dictionary<string, string> { ["A"] = "changed", ["NEW"] = "n" }, ignoreOrder: true);
    }

    [Fact]
    public void A_newer_layer_version_replaces_the_older_one()
    {
        var function = Apply(Function(), AttachPlan.Attach(Function(), Settings));
        var plan = AttachPlan.Attach(function, Settings with { LayerArn = Layer[..^1] + "4" });
        plan.Layers.ShouldBe([Layer[..^1] + "4"]);
    }

    [Fact]
    public void Five_layers_an_image_and_a_full_environment_are_refused_with_a_way_out()
    {
        var five = Enumerable.Range(1, 5).Select(i => $"arn:aws:lambda:eu-central-1:123456789012:layer:l{i}:1").ToList();
        AttachPlan.Attach(Function(layers: five), Settings).Refusals.ShouldHaveSingleItem().WayOut.ShouldNotBeEmpty();
        AttachPlan.Attach(Function() with { PackageType = "Image", Runtime = null }, Settings).Refusals.ShouldHaveSingleItem();
        AttachPlan.Attach(Function(variables: new() { ["BIG"] = new string('x', 4000) }), Settings).Refusals.ShouldHaveSingleItem().Reason.ShouldContain("4096");
    }

    [Fact]
    public void An_OS_only_runtime_takes_the_preload_variable_and_gives_it_back()
    {
        var function = Function("provided.al2023", variables: new() { ["LD_PRELOAD"] = "/opt/lib/other.so" });
        var attached = Apply(function, AttachPlan.Attach(function, Settings, new FunctionFacts { Bootstrap = Bootstrap.Dynamic }));
        attached.Variables["LD_PRELOAD"].ShouldBe("/opt/pellicle/native/libpellicle.so:/opt/lib/other.so");
        AttachPlan.IsProtected(attached).ShouldBeTrue();
        AttachPlan.Detach(attached).Variables.ShouldBe(function.Variables);
    }

    [Fact]
    public void A_static_bootstrap_is_refused_with_the_way_that_reaches_it_and_an_instrumented_one_needs_no_variable()
    {
        var function = Function("provided.al2023");
        AttachPlan.Attach(function, Settings, new FunctionFacts { Bootstrap = Bootstrap.Static }).Refusals.ShouldHaveSingleItem().WayOut.ShouldContain("pellicle instrument");
        var plan = AttachPlan.Attach(function, Settings, new FunctionFacts { Bootstrap = Bootstrap.Instrumented });
        plan.Refusals.ShouldBeEmpty();
        plan.Variables.Keys.ShouldNotContain("LD_PRELOAD");
    }

    [Theory]
    [InlineData("python3.8", true)]
    [InlineData("python3.14", true)]
    [InlineData("python3.7", false)]
    [InlineData("nodejs10.x", true)]
    [InlineData("nodejs24.x", true)]
    [InlineData("nodejs8.10", false)]
    [InlineData("java8", false)]
    [InlineData("java8.al2", true)]
    [InlineData("java25", true)]
    [InlineData("dotnetcore2.1", false)]
    [InlineData("dotnetcore3.1", true)]
    [InlineData("dotnet10", true)]
    [InlineData("ruby2.7", true)]
    [InlineData("ruby3.4", true)]
    [InlineData("ruby2.5", false)]
    [InlineData("provided.al2", true)]
    [InlineData("provided.al2023", true)]
    [InlineData("provided", false)]
    [InlineData("go1.x", false)]
    [InlineData("cobol1", false)]
    public void A_runtime_that_calls_no_wrapper_is_refused(string runtime, bool taken)
    {
        var refusals = AttachPlan.Attach(Function(runtime), Settings).Refusals;
        refusals.Count.ShouldBe(taken ? 0 : 1, string.Join("; ", refusals));
        refusals.ShouldAllBe(r => r.WayOut.Length > 0);
    }

    [Fact]
    public void Another_processor_unreadable_variables_and_signed_code_are_refused_with_a_way_out()
    {
        AttachPlan.Attach(Function() with { Architectures = ["arm64"] }, Settings).Refusals.ShouldHaveSingleItem().WayOut.ShouldContain("arm64");
        var locked = Function() with { Environment = new EnvironmentVariables { Error = System.Text.Json.JsonSerializer.SerializeToElement(new { ErrorCode = "AccessDeniedException" }) } };
        AttachPlan.Attach(locked, Settings).Refusals.ShouldHaveSingleItem().WayOut.ShouldContain("kms:Decrypt");
        AttachPlan.Detach(locked with { Layers = [new LayerReference { Arn = Layer }] }).Refusals.ShouldHaveSingleItem();
        var signed = new FunctionFacts { SignedLayersOnly = "arn:aws:lambda:eu-central-1:123456789012:code-signing-config:csc-1" };
        AttachPlan.Attach(Function(), Settings, signed).Refusals.ShouldHaveSingleItem().WayOut.ShouldContain("sign");
        AttachPlan.Attach(Function(), Settings with { ForeignLayer = true }, signed).Refusals.ShouldBeEmpty();
    }

    [Fact]
    public void A_layer_with_its_own_interpreter_keeps_its_place_and_stays_when_protection_goes()
    {
        const string bundle = "arn:aws:lambda:eu-central-1:123456789012:layer:pellicle-runtime-python:2";
        const string other = "arn:aws:lambda:eu-central-1:123456789012:layer:shared:1";
        var function = Function("provided.al2023", layers: [bundle, other]);
        var plan = AttachPlan.Attach(function, Settings);
        plan.Layers.ShouldBe([bundle, other]);
        plan.Variables.Keys.ShouldNotContain("LD_PRELOAD");
        AttachPlan.IsProtected(Apply(function, plan)).ShouldBeTrue();
        AttachPlan.Attach(Apply(function, plan), Settings with { LayerArn = bundle[..^1] + "3" }).Layers.ShouldBe([bundle[..^1] + "3", other]);
        var back = AttachPlan.Detach(Apply(function, plan));
        back.Layers.ShouldBe([bundle, other]);
        back.Variables.ShouldBeEmpty();
    }

    [Fact]
    public void A_token_that_works_is_kept()
    {
        var function = Function();
        var attached = Apply(function, AttachPlan.Attach(function, Settings));
        AttachPlan.Attach(attached, Settings with { Token = null }).Variables["PELLICLE_TOKEN"].ShouldBe("pi_0123456789");
        AttachPlan.Attach(attached, Settings with { Token = null }).Unchanged.ShouldBeTrue();
        // Another server does not know it.
        AttachPlan.Attach(attached, Settings with { Token = null, Server = "https://other.example" }).Variables["PELLICLE_TOKEN"].ShouldBe("");
    }

    [Fact]
    public void Why_a_function_is_not_protected_is_said()
    {
        AttachPlan.WhyNotProtected(Function()).ShouldBe("the layer is not attached");
        AttachPlan.WhyNotProtected(Function(layers: [Layer])).ShouldNotBeNull().ShouldContain("the wrapper is not set");
        AttachPlan.WhyNotProtected(Function(layers: [Layer], variables: new() { ["AWS_LAMBDA_EXEC_WRAPPER"] = "/opt/vendor" })).ShouldNotBeNull().ShouldContain("/opt/vendor");
        AttachPlan.WhyNotProtected(Function("provided.al2023", layers: [Layer])).ShouldNotBeNull().ShouldContain("nothing loads it");
        AttachPlan.WhyNotProtected(Function("nodejs6.10")).ShouldNotBeNull().ShouldContain("nodejs6.10");
        var attached = Apply(Function(), AttachPlan.Attach(Function(), Settings));
        AttachPlan.WhyNotProtected(attached with { Layers = [] }).ShouldNotBeNull().ShouldContain("taken out");
        AttachPlan.WhyNotProtected(attached).ShouldBeNull();
    }
}
