using System.Text.Json;
using System.Text.Json.Nodes;
using Pellicle.Aws;
using Pellicle.Protection;

namespace Pellicle.EndToEnd.Tests;

/// <summary>What Lambda itself says of a function before protection and after its removal, for many earlier configurations; and what Lambda refuses.</summary>
public sealed class ConfigurationTests(InsertionRun run) : IClassFixture<InsertionRun>
{
    private const int Rounds = 60;
    private const int RoundsByCommand = 4;

    [CircleFact]
    public async Task Unprotect_leaves_the_configuration_byte_equal()
    {
        const string name = "many-lives";
        var layers = new List<string>();
        for (var i = 0; i < 5; i++)
        {
            layers.Add(await run.Stage.PublishAsync($"other{i}", ($"other/{i}.txt", [(byte)i])));
        }

        await run.Stage.CreateAsync(name, "python3.11", "a.b", LayerPackage.Zip([new ZipFileEntry("a.py", [], 0b110_100_100)]), [], new Dictionary<string, string>());
        var protector = new Protector(run.Stage.Lambda);
        var (changed, refused) = (0, 0);
        for (var round = 0; round < Rounds; round++)
        {
            var random = new Random(round);
            await run.Stage.Lambda.UpdateConfigurationAsync(name, null, [.. layers.OrderBy(_ => random.Next()).Take(random.Next(6))], Variables(random));
            await run.Stage.Lambda.WaitUpdatedAsync(name);
            var before = await ConfigurationAsync(name, round < RoundsByCommand);
            var change = await protector.ProtectAsync(name, run.Settings);
            if (change.Refusals.Count > 0)
            {
                refused++;
                (await ConfigurationAsync(name, round < RoundsByCommand)).ShouldBe(before, $"round {round}: a refusal changed something");
                continue;
            }

            changed++;
            (await ConfigurationAsync(name, false)).ShouldNotBe(before);
            (await protector.ProtectAsync(name, run.Settings)).Changed.ShouldBeFalse($"round {round}: protecting twice changed something");
            (await protector.UnprotectAsync(name)).Notes.ShouldContain("layers and variables are exactly as before protection", $"round {round}");
            (await ConfigurationAsync(name, round < RoundsByCommand)).ShouldBe(before, $"round {round}");
            (await protector.UnprotectAsync(name)).Changed.ShouldBeFalse($"round {round}");
        }

        changed.ShouldBeGreaterThan(Rounds / 2);
        refused.ShouldBeGreaterThan(3);
    }

    [CircleFact]
    public async Task Too_large_a_function_and_an_unknown_one_are_refused_with_a_way_out()
    {
        var large = await run.Stage.PublishAsync("large", ("large/zeros", new byte[(250 * 1024 * 1024) - 4096]));
        await run.Stage.CreateAsync("too-large", "python3.11", "a.b", LayerPackage.Zip([new ZipFileEntry("a.py", [], 0b110_100_100)]), [large], new Dictionary<string, string>());
        var before = await ConfigurationAsync("too-large", false);
        var refusal = (await new Protector(run.Stage.Lambda).ProtectAsync("too-large", run.Settings)).Refusals.ShouldHaveSingleItem();
        refusal.Reason.ShouldContain("262144000");
        refusal.WayOut.ShouldContain("250 MB");
        (await ConfigurationAsync("too-large", false)).ShouldBe(before);
        (await new Protector(run.Stage.Lambda).ProtectAsync("nobody", run.Settings)).Refusals.ShouldHaveSingleItem().WayOut.ShouldContain("functions list");
    }

    [CircleFact]
    public async Task An_older_layer_version_is_exchanged_for_the_newest_and_the_memory_of_before_survives()
    {
        const string name = "old-layer";
        await run.Stage.CreateAsync(name, "nodejs20.x", "index.handler", LayerPackage.Zip([new ZipFileEntry("index.js", "exports.handler = async () => 'ok'"u8.ToArray(), 0b110_100_100)]), [], new Dictionary<string, string> { ["PELLICLE_LOG"] = "error" });
        var before = await ConfigurationAsync(name, false);
        var protector = new Protector(run.Stage.Lambda);
        var older = run.Settings with { LayerArn = await protector.EnsureLayerAsync(LayerPackage.Build(Stage.Artifacts, "x86_64", null, null, "0.0.9"), "x86_64") };
        var newer = run.Settings with { LayerArn = await protector.EnsureLayerAsync(LayerPackage.Build(Stage.Artifacts, "x86_64", null, null, "0.1.1"), "x86_64") };
        (await protector.ProtectAsync(name, older)).Changed.ShouldBeTrue();
        (await protector.ProtectAsync(name, newer)).Changed.ShouldBeTrue();
        (await run.Stage.Lambda.GetConfigurationAsync(name)).Layers.ShouldHaveSingleItem().Arn.ShouldBe(newer.LayerArn);
        (await run.Stage.InvokeAsync(name, "{}"u8.ToArray())).Answer.ShouldBe("\"ok\"");
        await protector.UnprotectAsync(name);
        (await ConfigurationAsync(name, false)).ShouldBe(before);
    }

    private static Dictionary<string, string> Variables(Random random)
    {
        (string Name, string[] Values)[] pool =
        [
            ("AWS_LAMBDA_EXEC_WRAPPER", ["", "/opt/vendor/wrapper", "/opt/pellicle/wrapper"]), ("LD_PRELOAD", ["", "/opt/a.so:/opt/b.so"]), ("NODE_OPTIONS", ["--require /opt/v.js", ""]), ("JAVA_TOOL_OPTIONS", ["-Dx=y"]),
            ("PELLICLE_MODE", ["off", ""]), ("PELLICLE_TOKEN", ["mine"]), ("PELLICLE_NEXT_WRAPPER", ["/opt/x"]), ("TABLE", ["", "größer ✓ \"q\" \\ \n"]), ("ZZ", ["1"]),
        ];
        var variables = new Dictionary<string, string>();
        foreach (var (name, values) in pool.Where(_ => random.Next(2) == 0))
        {
            variables[name] = values[random.Next(values.Length)];
        }

        if (random.Next(8) == 0)
        {
            variables["BIG"] = new string('x', 3700);
        }

        return random.Next(8) == 0 ? [] : variables;
    }

    /// <summary>As Lambda writes it, without the two members that every change moves.</summary>
    private async Task<string> ConfigurationAsync(string name, bool byCommand)
    {
        var text = byCommand
            ? await InsertionRun.RunAsync("env", "AWS_ACCESS_KEY_ID=test", "AWS_SECRET_ACCESS_KEY=test", "aws", "--region", "us-east-1", "--endpoint-url", run.Stage.Local.Address.ToString(), "--output", "json", "lambda", "get-function-configuration", "--function-name", name)
            : await run.Stage.RawConfigurationAsync(name);
        if (byCommand)
        {
            // The command's own lines, whole: what people compare.
            return string.Join('\n', text.Split('\n').Where(l => !l.TrimStart().StartsWith("\"RevisionId\":", StringComparison.Ordinal) && !l.TrimStart().StartsWith("\"LastModified\":", StringComparison.Ordinal)));
        }

        var configuration = JsonNode.Parse(text)!.AsObject();
        configuration.Remove("RevisionId").ShouldBeTrue();
        configuration.Remove("LastModified").ShouldBeTrue();
        return configuration.ToJsonString();
    }
}
