using System.Diagnostics;
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

        await run.Stage.InvokeAsync("shop-orders", "{}"u8.ToArray());
        await PellicleAsync(0, "mode", Stage.Arn("shop-orders"), Stage.Arn("shop-bills"), "protect");
        var rows = await StatusUntilAsync("shop-orders", r => r.GetProperty("lines").GetString()!.StartsWith("1,2", StringComparison.Ordinal));
        rows["shop-orders"].GetProperty("isProtected").GetBoolean().ShouldBeTrue();
        rows["shop-orders"].GetProperty("mode").GetString().ShouldBe("protect");
        rows["shop-orders"].GetProperty("lastSeen").GetString().ShouldBe("now");
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

    [CircleFact]
    public async Task Packages_that_a_function_really_loaded_are_marked_in_its_scan()
    {
        const string handler = "import used\n\ndef handler(event, context):\n    if event.get('more'):\n        import later\n    return used.NAME\n";
        var files = new List<ZipFileEntry> { Text("index.py", handler) };
        foreach (var name in new[] { "used", "later", "never" })
        {
            files.Add(Text($"{name}/__init__.py", $"NAME = '{name}'\n"));
            files.Add(Text($"{name}-1.0.dist-info/METADATA", $"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n"));
            files.Add(Text($"{name}-1.0.dist-info/RECORD", $"{name}/__init__.py,,\n{name}-1.0.dist-info/METADATA,,\n"));
            files.Add(Text($"{name}-1.0.dist-info/top_level.txt", name + "\n"));
        }

        await run.Stage.CreateAsync("uses", "python3.11", "index.handler", LayerPackage.Zip(files), [], new Dictionary<string, string>());
        (await LoadedAsync()).Values.ShouldAllBe(v => v == null, "nothing is known before a guard has reported");
        await run.ProtectAsync("uses");
        (await run.Stage.InvokeAsync("uses", "{}"u8.ToArray())).Answer.ShouldBe("\"used\"");
        await UntilAsync(l => l["used"] == true && l["later"] == false && l["never"] == false);
        await run.Stage.InvokeAsync("uses", """{"more":true}"""u8.ToArray());
        await UntilAsync(l => l["used"] == true && l["later"] == true && l["never"] == false);
    }

    private async Task UntilAsync(Func<Dictionary<string, bool?>, bool> condition)
    {
        var clock = Stopwatch.StartNew();
        Dictionary<string, bool?> loaded;
        do
        {
            loaded = await LoadedAsync();
        }
        while (!condition(loaded) && clock.Elapsed < TimeSpan.FromSeconds(30));
        condition(loaded).ShouldBeTrue(string.Join(", ", loaded));
    }

    private async Task<Dictionary<string, bool?>> LoadedAsync()
    {
        using var report = JsonDocument.Parse(await PellicleAsync(null, "scan", "function:uses", "--no-advisories", "--format", "json"));
        return report.RootElement.GetProperty("targets")[0].GetProperty("packages").EnumerateArray().Where(p => p.GetProperty("evidence").GetString() == "installed")
            .ToDictionary(p => p.GetProperty("name").GetString()!, p => p.GetProperty("loaded").ValueKind == JsonValueKind.Null ? (bool?)null : p.GetProperty("loaded").GetBoolean());
    }

    private async Task<Dictionary<string, JsonElement>> StatusUntilAsync(string function, Func<JsonElement, bool> condition)
    {
        var clock = Stopwatch.StartNew();
        Dictionary<string, JsonElement> rows;
        do
        {
            using var answer = JsonDocument.Parse(await PellicleAsync(0, "status", "--format", "json"));
            rows = answer.RootElement.EnumerateArray().ToDictionary(r => r.GetProperty("function").GetString()!, r => r.Clone());
        }
        while (!condition(rows[function]) && clock.Elapsed < TimeSpan.FromSeconds(30));
        condition(rows[function]).ShouldBeTrue(rows[function].ToString());
        return rows;
    }

    private Task CreateAsync(string name, Dictionary<string, string> variables) =>
        run.Stage.CreateAsync(name, "python3.11", "index.handler", LayerPackage.Zip([Text("index.py", "def handler(event, context):\n    return 'ok'\n")]), [], variables);

    private static ZipFileEntry Text(string path, string text) => new(path, Encoding.UTF8.GetBytes(text), 0b110_100_100);

    private async Task<string> PellicleAsync(int? expected, params string[] arguments)
    {
        var aws = arguments[0] is "mode" or "layer" ? (string[])[] : ["--endpoint-url", run.Stage.Local.Address.ToString(), "--region", "us-east-1"];
        var start = new ProcessStartInfo(Path.Combine(Stage.Artifacts, "cli", "pellicle"), [.. arguments, .. aws]) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var (name, value) in new[]
        {
            ("AWS_ACCESS_KEY_ID", "test"), ("AWS_SECRET_ACCESS_KEY", "test"), ("PELLICLE_HOME", _home), ("PELLICLE_ARTIFACTS", Stage.Artifacts), ("PELLICLE_SERVER_URL", run.Stage.Server.Address), ("PELLICLE_ADMIN_TOKEN", run.Stage.Server.AdminToken),
        })
        {
            start.Environment[name] = value;
        }

        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        process.ExitCode.ShouldBe(expected ?? (process.ExitCode == 3 ? 3 : 0), $"pellicle {string.Join(' ', arguments)}\n{await output}{await error}");
        return await output;
    }
}
