using System.Net;
using System.Text;
using System.Text.Json;
using Pellicle.Domain;
using Pellicle.Scanning.Pipeline;

namespace Pellicle.Server.Tests;

public sealed class FindingsTests
{
    private static Finding Vulnerable(string rule, string origin = "layer:shared", Severity severity = Severity.High) => new()
    {
        Fingerprint = Finding.MakeFingerprint(FindingKind.Vulnerability, rule, "pkg:npm/lodash@4.17.11", origin, "nodejs/node_modules/lodash/package.json"), Kind = FindingKind.Vulnerability, RuleId = rule, Severity = severity,
        Purl = "pkg:npm/lodash@4.17.11", Origin = origin, Path = "nodejs/node_modules/lodash/package.json", Title = "prototype pollution",
    };

    private static ScanTarget Target(string arn, string name, ScanStatus status, params Finding[] findings) => new()
    {
        Kind = "function", Name = name, Arn = arn, Runtime = "nodejs20.x", Sha256 = "00", Status = status, Layers = [new ScannedLayer("shared", "arn:aws:lambda:eu-west-1:123456789012:layer:shared:1", 1, "aa")], Findings = findings,
        Packages = [new ScannedPackage { Purl = "pkg:npm/lodash@4.17.11", Ecosystem = "npm", Name = "lodash", Version = "4.17.11", Origin = "layer:shared", Path = "nodejs/node_modules/lodash/package.json", Evidence = PackageEvidence.Installed }],
        Errors = status == ScanStatus.Succeeded ? [] : [new FileError("function", "x", "could not be read")],
    };

    private static async Task<HttpResponseMessage> PutAsync(TestServer test, params ScanTarget[] targets)
    {
        var report = new ScanReport { Tool = new ToolInfo("pellicle", "0.1.0"), Targets = targets, Summary = ScanSummary.Of(targets) };
        using var content = new StringContent(ScanJson.Write(report), Encoding.UTF8, "application/json");
        return await test.Admin.PutAsync("/api/v1/scans", content);
    }

    [Fact]
    public async Task Findings_open_stay_and_are_resolved_only_by_a_complete_scan()
    {
        await using var test = await TestServer.StartAsync();
        (await PutAsync(test, Target(TestServer.Arn, "orders", ScanStatus.Succeeded, Vulnerable("GHSA-1"), Vulnerable("GHSA-2", severity: Severity.Low)))).StatusCode.ShouldBe(HttpStatusCode.OK);
        var open = (await test.GetAsync("/api/v1/findings?function=orders")).GetProperty("items");
        open.EnumerateArray().Select(f => f.GetProperty("finding").GetProperty("ruleId").GetString()).ShouldBe(["GHSA-1", "GHSA-2"]);
        (await test.GetAsync("/api/v1/findings?severity=high")).GetProperty("items").GetArrayLength().ShouldBe(1);

        await PutAsync(test, Target(TestServer.Arn, "orders", ScanStatus.Partial));
        (await test.GetAsync("/api/v1/findings")).GetProperty("items").GetArrayLength().ShouldBe(2);
        await PutAsync(test, Target(TestServer.Arn, "orders", ScanStatus.Succeeded, Vulnerable("GHSA-2", severity: Severity.Low)));
        (await test.GetAsync("/api/v1/findings")).GetProperty("items").GetArrayLength().ShouldBe(1);
        (await test.GetAsync("/api/v1/findings?status=resolved")).GetProperty("items")[0].GetProperty("finding").GetProperty("ruleId").GetString().ShouldBe("GHSA-1");
        (await test.GetAsync("/api/v1/functions/orders")).GetProperty("findings").GetProperty("low").GetInt64().ShouldBe(1);
    }

    [Fact]
    public async Task Layers_show_their_users_and_count_shared_findings_once()
    {
        await using var test = await TestServer.StartAsync();
        await PutAsync(test, Target(TestServer.Arn, "orders", ScanStatus.Succeeded, Vulnerable("GHSA-1")),
            Target(TestServer.Arn.Replace("orders", "carts", StringComparison.Ordinal), "carts", ScanStatus.Succeeded, Vulnerable("GHSA-1"), Vulnerable("GHSA-9", "function", Severity.Critical)));
        var layer = (await test.GetAsync("/api/v1/layers")).GetProperty("items").EnumerateArray().ShouldHaveSingleItem();
        layer.GetProperty("usedBy").EnumerateArray().Select(u => u.GetProperty("name").GetString()).ShouldBe(["carts", "orders"]);
        layer.GetProperty("findings").GetInt32().ShouldBe(1);
        layer.GetProperty("worst").GetString().ShouldBe("high");
        layer.GetProperty("packages").GetInt32().ShouldBe(1);
    }

    [Fact]
    public async Task Files_seen_open_tell_whether_the_package_is_loaded()
    {
        await using var test = await TestServer.StartAsync();
        await PutAsync(test, Target(TestServer.Arn, "orders", ScanStatus.Succeeded, Vulnerable("GHSA-1")));
        async Task<JsonElement> LoadedAsync() => (await test.GetAsync("/api/v1/findings")).GetProperty("items")[0].GetProperty("finding").GetProperty("loaded");
        (await LoadedAsync()).ValueKind.ShouldBe(JsonValueKind.Null);
        var batch = TestServer.Batch();
        batch["loaded"] = new System.Text.Json.Nodes.JsonArray("/var/task/index.js");
        await test.SendAsync(batch);
        (await LoadedAsync()).GetBoolean().ShouldBeFalse();
        batch["batchId"] = "second";
        batch["loaded"] = new System.Text.Json.Nodes.JsonArray("/opt/nodejs/node_modules/lodash/lodash.js");
        await test.SendAsync(batch);
        (await LoadedAsync()).GetBoolean().ShouldBeTrue();
    }

    [Fact]
    public async Task A_Python_package_not_seen_under_its_own_name_is_unknown_not_unused()
    {
        await using var test = await TestServer.StartAsync();
        await PutAsync(test, Target(TestServer.Arn, "orders", ScanStatus.Succeeded, Vulnerable("GHSA-1", "function") with { Purl = "pkg:pypi/pyyaml@5.1", Path = "pyyaml-5.1.dist-info/METADATA" }));
        var batch = TestServer.Batch();
        batch["loaded"] = new System.Text.Json.Nodes.JsonArray("/var/task/yaml/__init__.py");
        await test.SendAsync(batch);
        (await test.GetAsync("/api/v1/findings")).GetProperty("items")[0].GetProperty("finding").GetProperty("loaded").ValueKind.ShouldBe(JsonValueKind.Null);
    }

    [Theory]
    [InlineData("pkg:maven/org.example/a@1.0", "lib/a.jar!/META-INF/maven/org.example/a/pom.properties", "/var/task/lib/b.jar", false)]
    [InlineData("pkg:maven/org.example/a@1.0", "lib/a.jar!/META-INF/maven/org.example/a/pom.properties", "/var/task/lib/a.jar", true)]
    [InlineData("pkg:nuget/Newtonsoft.Json@12.0.1", "App.deps.json", "/var/task/Newtonsoft.Json.dll", true)]
    [InlineData("pkg:nuget/Newtonsoft.Json@12.0.1", "App.deps.json", "/var/task/App.dll", null)]
    public async Task Archives_and_assemblies_that_were_opened_are_loaded(string purl, string path, string file, bool? loaded)
    {
        await using var test = await TestServer.StartAsync();
        await PutAsync(test, Target(TestServer.Arn, "orders", ScanStatus.Succeeded, Vulnerable("GHSA-1", "function") with { Purl = purl, Path = path }));
        var batch = TestServer.Batch();
        batch["loaded"] = new System.Text.Json.Nodes.JsonArray(file);
        await test.SendAsync(batch);
        var found = (await test.GetAsync("/api/v1/findings")).GetProperty("items")[0].GetProperty("finding").GetProperty("loaded");
        (found.ValueKind == JsonValueKind.Null ? (bool?)null : found.GetBoolean()).ShouldBe(loaded);
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("not json")]
    [InlineData("""{"schemaVersion":1,"tool":{"name":"x","version":"1"},"targets":[{"kind":"function","name":"f","status":"succeeded"}],"summary":{"packages":0,"findings":{"critical":0,"high":0,"medium":0,"low":0,"info":0},"errors":0}}""")]
    public async Task What_is_no_scan_report_is_refused(string text)
    {
        await using var test = await TestServer.StartAsync();
        using var content = new StringContent(text, Encoding.UTF8, "application/json");
        (await test.Admin.PutAsync("/api/v1/scans", content)).StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        (await test.Admin.GetAsync("/api/v1/findings?status=maybe")).StatusCode.ShouldBe(HttpStatusCode.BadRequest);
    }
}
