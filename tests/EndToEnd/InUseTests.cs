using System.Text;
using System.Text.Json;
using Pellicle.Protection;

namespace Pellicle.EndToEnd.Tests;

/// <summary>Which of its packages a function loads, through guard, server and scan, in each language; packages of a layer too.</summary>
public sealed class InUseTests(InsertionRun run) : IClassFixture<InsertionRun>, IDisposable
{
    private readonly string _home = Directory.CreateTempSubdirectory("pellicle-home-").FullName;

    public void Dispose() => Directory.Delete(_home, recursive: true);

    [CircleFact]
    public Task Python() => TellsAsync("python", "python3.11", "index.handler",
        [Text("index.py", "import used, shared\n\ndef handler(event, context):\n    if event.get('more'):\n        import later\n    return used.NAME\n"), .. Distribution("used"), .. Distribution("later"), .. Distribution("never")],
        [.. Distribution("shared", "python/")]);

    [CircleFact]
    public Task Node() => TellsAsync("node", "nodejs20.x", "index.handler",
        [
            Text("index.js", "const used = require('used'); require('shared');\nexports.handler = async event => { if (event.more) await import('later'); return used; };\n"),
            .. Module("used", "module.exports = require('inner');"), .. Module("used/node_modules/inner", "module.exports = 'used';"), .. Module("later", "export default 'later';", "module"), .. Module("never", "module.exports = 0;"),
        ],
        [.. Module("shared", "module.exports = 'shared';", prefix: "nodejs/node_modules/")], "inner");

    [CircleFact]
    public async Task Java()
    {
        var built = await BuiltAsync();
        await TellsAsync("java", "java17", "inuse.Handler::handle", Files(Path.Combine(built, "java")), Files(Path.Combine(built, "java-layer")));
    }

    [CircleFact]
    public async Task DotNet() => await TellsAsync("dotnet", "dotnet10", "InUse::InUse.Handler::Handle", Files(Path.Combine(await BuiltAsync(), "dotnet")), []);

    private async Task TellsAsync(string name, string runtime, string handler, IReadOnlyList<ZipFileEntry> files, IReadOnlyList<ZipFileEntry> layer, params string[] more)
    {
        string[] used = [.. layer.Count > 0 ? ["used", "shared"] : (string[])["used"], .. more];
        name += "-uses";
        var layers = layer.Count > 0 ? new[] { (await run.Stage.Lambda.PublishLayerVersionAsync(name, LayerPackage.Zip(layer), null, null, null)).LayerVersionArn } : [];
        await run.Stage.CreateAsync(name, runtime, handler, LayerPackage.Zip(files), layers, new Dictionary<string, string>());
        (await LoadedAsync(name)).Values.ShouldAllBe(v => v == null, "nothing is known before a guard has reported");
        await run.ProtectAsync(name);
        var first = (await run.Stage.InvokeAsync(name, "{}"u8.ToArray())).Answer;
        first.ShouldStartWith("\"used");
        await UntilAsync(name, l => used.All(p => l[p] == true) && l["later"] == false && l["never"] == false, first);
        await run.Stage.InvokeAsync(name, """{"more":true}"""u8.ToArray());
        await UntilAsync(name, l => used.All(p => l[p] == true) && l["later"] == true && l["never"] == false, first);
    }

    private async Task UntilAsync(string function, Func<Dictionary<string, bool?>, bool> condition, string answer)
    {
        Dictionary<string, bool?> loaded = [];
        await run.Stage.UntilAsync(async () => condition(loaded = await LoadedAsync(function)), function, "{}"u8.ToArray());
        condition(loaded).ShouldBeTrue($"{string.Join(", ", loaded)}; answer {answer}");
    }

    /// <summary>What a scan says of each installed package.</summary>
    private async Task<Dictionary<string, bool?>> LoadedAsync(string function)
    {
        using var report = JsonDocument.Parse(await run.PellicleAsync(_home, null, "scan", $"function:{function}", "--no-advisories", "--format", "json"));
        var target = report.RootElement.GetProperty("targets")[0];
        target.GetProperty("status").GetString().ShouldBe("succeeded", target.ToString());
        return target.GetProperty("packages").EnumerateArray().Where(p => p.GetProperty("evidence").GetString() == "installed")
            .ToDictionary(p => p.GetProperty("name").GetString()!.Split(':')[^1].ToLowerInvariant(), p => p.GetProperty("loaded").ValueKind == JsonValueKind.Null ? (bool?)null : p.GetProperty("loaded").GetBoolean());
    }

    private static async Task<string> BuiltAsync()
    {
        var built = Path.Combine(Stage.Artifacts, "in-use");
        await InsertionRun.RunAsync(Path.Combine(Stage.Root, "tests", "EndToEnd", "functions", "in-use", "build.sh"), built);
        return built;
    }

    private static IReadOnlyList<ZipFileEntry> Files(string directory) =>
        [.. Directory.EnumerateFiles(directory, "*", SearchOption.AllDirectories).Select(f => new ZipFileEntry(Path.GetRelativePath(directory, f), File.ReadAllBytes(f), 0b110_100_100)).OrderBy(f => f.Path, StringComparer.Ordinal)];

    private static ZipFileEntry[] Distribution(string name, string prefix = "") =>
    [
        Text($"{prefix}{name}/__init__.py", $"NAME = '{name}'\n"),
        Text($"{prefix}{name}-1.0.dist-info/METADATA", $"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n"),
        Text($"{prefix}{name}-1.0.dist-info/RECORD", $"{name}/__init__.py,,\n{name}-1.0.dist-info/METADATA,,\n"),
        Text($"{prefix}{name}-1.0.dist-info/top_level.txt", name + "\n"),
    ];

    private static ZipFileEntry[] Module(string path, string code, string type = "commonjs", string prefix = "node_modules/") =>
    [
        Text($"{prefix}{path}/package.json", $$"""{"name":"{{path.Split('/')[^1]}}","version":"1.0.0","main":"index.js","type":"{{type}}"}"""),
        Text($"{prefix}{path}/index.js", code),
    ];

    private static ZipFileEntry Text(string path, string text) => new(path, Encoding.UTF8.GetBytes(text), 0b110_100_100);
}
