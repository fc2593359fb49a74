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
        var attached = Apply(function, AttachPlan.Attach(function, Settings));
        attached.Variables["LD_PRELOAD"].ShouldBe("/opt/pellicle/native/libpellicle.so:/opt/lib/other.so");
        AttachPlan.IsProtected(attached).ShouldBeTrue();
        AttachPlan.Detach(attached).Variables.ShouldBe(function.Variables);
    }
}
