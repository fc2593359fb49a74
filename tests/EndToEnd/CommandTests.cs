using System.Text;
using System.Text.Json;
using Pellicle.Protection;

namespace Pellicle.EndToEnd.Tests;

/// <summary>The commands people use, against the local Lambda and a server: protect, status, mode, scan, unprotect.</summary>
public sealed class CommandTests(InsertionRun run) : IClassFixture<InsertionRun>, IDisposable
{
    private readonly string _home = Directory.CreateTempSubdirectory("pellicle-home-").FullName;

    public void Dispose() => Directory.Delete(_home, recursive: true);

    [CircleFact]
    public async Task Functions_are_protected_by_pattern_and_tag_and_status_says_what_is_and_why_not()
    {
        foreach (var name in new[] { "shop-orders", "shop-bills", "lab-notes", "lab-full" })
        {
            await CreateAsync(name, name == "lab-full" ? new() { ["BIG"] = new string('x', 3900) } : []);
        }

        await run.Stage.TagAsync("lab-notes", "team", "lab");
        await run.Stage.TagAsync("lab-full", "team", "lab");
        (await PellicleAsync(0, "protect", "shop-*")).ShouldContain("shop-bills: protected; code unchanged");
        (await PellicleAsync(0, "protect", "shop-*")).Split('\n').Count(l => l.EndsWith(": nothing to change", StringComparison.Ordinal)).ShouldBe(2, "protecting twice changes nothing, the token included");
        // One that cannot be protected does not stop the others.
        var partly = await PellicleAsync(3, "protect", "--tag", "team=lab");
        partly.ShouldContain("lab-notes: protected");
        partly.ShouldContain("lab-full: refused");
        partly.ShouldContain("way out: ");

        // By name or pattern before the first invocation.
        await PellicleAsync(0, "mode", "shop-orders", "protect");
        await PellicleAsync(0, "mode", "shop-b*", "protect");
        await run.Stage.InvokeAsync("shop-orders", "{}"u8.ToArray());
        var rows = await StatusUntilAsync("shop-orders", r => r.GetProperty("lines").GetString()!.StartsWith("1,2", StringComparison.Ordinal));
        rows["shop-orders"].GetProperty("isProtected").GetBoolean().ShouldBeTrue();
        rows["shop-orders"].GetProperty("mode").GetString().ShouldBe("protect");
        rows["shop-orders"].GetProperty("lastSeen").GetString().ShouldBe("now");
        rows["shop-bills"].GetProperty("mode").GetString().ShouldBe("protect");
        rows["shop-bills"].GetProperty("remarks")[0].GetString()!.ShouldContain("not seen yet");
        rows["lab-full"].GetProperty("isProtected").GetBoolean().ShouldBeFalse();
        rows["lab-full"].GetProperty("remarks")[0].GetString().ShouldBe("the layer is not attached");

        // A newer layer version exists: shown, and exchanged in one command for those that are protected.
        await new Protector(run.Stage.Lambda).EnsureLayerAsync(LayerPackage.Build(Stage.Artifacts, "x86_64", null, null, "9.9.9"), "x86_64");
        (await StatusUntilAsync("shop-bills", r => r.GetProperty("isOutdated").GetBoolean()))["lab-full"].GetProperty("isOutdated").GetBoolean().ShouldBeFalse();
        var upgraded = await PellicleAsync(0, "protect", "--upgrade");
        upgraded.ShouldContain("shop-bills: protected");
        upgraded.ShouldNotContain("lab-full");
        (await StatusUntilAsync("shop-bills", r => !r.GetProperty("isOutdated").GetBoolean())).ShouldNotBeEmpty();

        (await PellicleAsync(0, "unprotect", "--tag", "team=lab")).ShouldContain("lab-notes: protection removed");
        var removed = await PellicleAsync(0, "unprotect", "shop-*");
        removed.ShouldContain("exactly as before protection");
        foreach (var name in new[] { "shop-orders", "shop-bills", "lab-notes" })
        {
            var function = await run.Stage.Lambda.GetConfigurationAsync(name);
            function.Layers.ShouldBeEmpty();
            function.Variables.ShouldBeEmpty();
        }
    }

    [Arm64Fact]
    public async Task An_arm64_function_gets_the_layer_of_its_processor()
    {
        await CreateAsync("arm-orders", []);
        var zip = LayerPackage.Zip([Text("index.py", "def handler(event, context):\n    return 'ok'\n")]);
        await run.Stage.UpdateCodeAsync("arm-orders", zip, "arm64");
        await CreateAsync("intel-orders", []);
        (await PellicleAsync(0, "protect", "arm-orders", "intel-orders")).ShouldContain("arm-orders: protected; code unchanged");
        (await run.Stage.Lambda.GetConfigurationAsync("arm-orders")).Layers.ShouldHaveSingleItem().Name.ShouldBe("pellicle-arm64");
        (await run.Stage.Lambda.GetConfigurationAsync("intel-orders")).Layers.ShouldHaveSingleItem().Name.ShouldBe("pellicle");
        await PellicleAsync(0, "unprotect", "arm-orders", "intel-orders");
        (await run.Stage.Lambda.GetConfigurationAsync("arm-orders")).Layers.ShouldBeEmpty();

        // Programs of the one layer are of that processor (ELF machine 183), and it is as small as the other.
        var file = Path.Combine(_home, "arm64.zip");
        await PellicleAsync(0, "layer", "build", "--architecture", "arm64", "--output", file);
        new FileInfo(file).Length.ShouldBeLessThanOrEqualTo(8 * 1024 * 1024);
        using var layer = System.IO.Compression.ZipFile.OpenRead(file);
        foreach (var program in new[] { "extensions/pellicle", "pellicle/wrapper", "pellicle/native/libpellicle.so" })
        {
            var head = new byte[20];
            using var stream = layer.GetEntry(program)!.Open();
            await stream.ReadExactlyAsync(head);
            BitConverter.ToUInt16(head, 18).ShouldBe((ushort)183, program);
        }
    }

    [CircleFact]
    public async Task A_layer_built_without_a_policy_packs_none()
    {
        var file = Path.Combine(_home, "layer.zip");
        await PellicleAsync(0, "layer", "build", "--output", file);
        using (var zip = System.IO.Compression.ZipFile.OpenRead(file))
        {
            zip.Entries.Select(e => e.FullName).ShouldNotContain("pellicle/policy.json", "the guard would refuse an empty one at each start");
        }

        var policy = Path.Combine(_home, "policy.json");
        await File.WriteAllTextAsync(policy, """{"schemaVersion":1,"id":"p","mode":"protect","revision":"1"}""");
        await PellicleAsync(0, "layer", "build", "--policy", policy, "--output", file);
        using (var zip = System.IO.Compression.ZipFile.OpenRead(file))
        {
            zip.GetEntry("pellicle/policy.json")!.Length.ShouldBe(new FileInfo(policy).Length);
        }
    }

    private async Task<Dictionary<string, JsonElement>> StatusUntilAsync(string function, Func<JsonElement, bool> condition)
    {
        Dictionary<string, JsonElement> rows = [];
        async Task<bool> ShowsAsync()
        {
            using var answer = JsonDocument.Parse(await PellicleAsync(0, "status", "--format", "json"));
            rows = answer.RootElement.EnumerateArray().ToDictionary(r => r.GetProperty("function").GetString()!, r => r.Clone());
            return condition(rows[function]);
        }

        await run.Stage.UntilAsync(ShowsAsync, function, "{}"u8.ToArray());
        condition(rows[function]).ShouldBeTrue(rows[function].ToString());
        return rows;
    }

    private Task CreateAsync(string name, Dictionary<string, string> variables) =>
        run.Stage.CreateAsync(name, "python3.11", "index.handler", LayerPackage.Zip([Text("index.py", "def handler(event, context):\n    return 'ok'\n")]), [], variables);

    private static ZipFileEntry Text(string path, string text) => new(path, Encoding.UTF8.GetBytes(text), 0b110_100_100);

    private Task<string> PellicleAsync(int? expected, params string[] arguments) => run.PellicleAsync(_home, expected, arguments);
}
