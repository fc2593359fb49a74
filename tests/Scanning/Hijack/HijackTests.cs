using Pellicle.Domain;
using Pellicle.Scanning.Hijack;
using Pellicle.Scanning.Tests.Support;
using Pellicle.Scanning.View;

namespace Pellicle.Scanning.Tests.Hijack;

public class HijackTests
{
    private const int Executable = 0x81ED;

    private static IReadOnlyList<Finding> Run(string runtime, TestZip[] layers, TestZip? function = null, string handler = "app.handler", params (string Name, string Value)[] environment) => HijackChecks.Run(EffectiveView.Build(
        (function ?? new TestZip()).Read(),
        [.. layers.Select((zip, i) => new LayerContents($"l{i + 1}", null, i + 1, zip.Read($"layer:l{i + 1}")))],
        new RuntimeInfo(runtime, handler, environment.ToDictionary(e => e.Name, e => e.Value))));

    [Fact]
    public void Every_check_is_registered_once() => HijackChecks.Create().Select(check => check.Id).Order().ShouldBe(Enumerable.Range(1, 10).Select(i => $"H-{i}").Order());

    [Fact]
    public void Without_files_the_configuration_is_judged_and_no_file_is_called_missing()
    {
        var findings = HijackChecks.RunOnConfiguration(new RuntimeInfo("python3.13", "datadog_lambda.handler.handler", new Dictionary<string, string> { ["AWS_LAMBDA_EXEC_WRAPPER"] = "/opt/wrap", ["LD_PRELOAD"] = "/opt/x.so", ["PYTHONHTTPSVERIFY"] = "0", ["TABLE"] = "orders" }));
        findings.Select(f => $"{f.RuleId} {f.Severity}").ShouldBe(["H-1 Medium", "H-2 High", "H-8 Medium", "H-9 High"]);
        findings.ShouldAllBe(f => !f.Description.Contains("does not exist", StringComparison.Ordinal));
        HijackChecks.RunOnConfiguration(new RuntimeInfo(null, null, new Dictionary<string, string> { ["TABLE"] = "orders" })).ShouldBeEmpty();
    }

    [Fact]
    public void An_ordinary_function_has_no_findings() => Run("python3.11", [new TestZip().Add("python/requests/__init__.py", "")], new TestZip().Add("app.py", "def handler(e, c): pass"), "app.handler", ("LOG_LEVEL", "info"), ("NODE_OPTIONS", "--enable-source-maps")).ShouldBeEmpty();

    [Theory]
    [InlineData(Executable, "H-1 High layer:l1")]
    [InlineData(0x81A4, "H-1 High layer:l1")]
    [InlineData(0, "H-1 High function")]
    public void Wrappers_are_resolved_in_the_merged_tree(int mode, string expected)
    {
        var layer = mode == 0 ? new TestZip() : new TestZip().Add("wrap", "#!/bin/sh\nexec \"$@\"", mode);
        Lines(Run("python3.11", [layer], environment: ("AWS_LAMBDA_EXEC_WRAPPER", "/opt/wrap"))).ShouldBe([expected]);
    }

    [Fact]
    public void Code_loading_variables_name_their_supplier()
    {
        var findings = Run("nodejs20.x", [new TestZip().Add("x.js", "1")], environment: [("NODE_OPTIONS", "--require /opt/x.js"), ("LD_PRELOAD", "/opt/missing.so")]);
        findings.Select(f => f.Path).ShouldBe(["LD_PRELOAD", "NODE_OPTIONS"]);
        findings[0].Description.ShouldContain("/opt/missing.so does not exist");
        findings[1].Description.ShouldContain("layer:l1");
    }

    [Fact]
    public void Python_startup_files_and_pth_imports_are_found()
    {
        var layer = new TestZip().Add("python/sitecustomize.py", "import os").Add("python/evil.pth", "import os; os.environ['_HANDLER']='x'\n").Add("python/plain.pth", "vendor\n");
        Run("python3.11", [layer]).Select(f => $"{f.RuleId} {f.Path} {f.Effective}").ShouldBe(["H-3 /opt/python/evil.pth True", "H-3 /opt/python/sitecustomize.py True"]);
        Run("python3.11", [layer], environment: ("PYTHONPATH", "")).Single(f => f.Path.EndsWith(".pth")).Effective.ShouldBeFalse();
    }

    [Fact]
    public void Extensions_and_overwritten_starts_are_found()
    {
        var findings = Run("python3.11", [new TestZip().Add("extensions/agent", "one", Executable), new TestZip().Add("extensions/agent", "two!", Executable)]);
        Lines(findings).ShouldBe(["H-4 Medium layer:l2", "H-5 Critical layer:l2"]);
    }

    [Fact]
    public void Replaced_SDKs_and_system_names_are_found() =>
        Run("python3.11", [new TestZip().Add("python/boto3/__init__.py", "x").Add("python/boto3/session.py", "y").Add("lib/libssl.so.3", "z").Add("bin/sh", "s")])
            .Select(f => $"{f.RuleId} {f.Severity} {f.Path}").ShouldBe(["H-6 Low /opt/bin/sh", "H-6 Low /opt/lib/libssl.so.3", "H-6 Medium /opt/python/boto3"]);

    [Fact]
    public void Shadowed_versions_are_named()
    {
        var finding = Run("python3.11", [new TestZip().Add("python/six-2.dist-info/METADATA", "Name: six\nVersion: 2\n")], new TestZip().Add("six-1.dist-info/METADATA", "Name: six\nVersion: 1\n")).ShouldHaveSingleItem();
        (finding.RuleId, finding.Effective, finding.Purl).ShouldBe(("H-7", false, "pkg:pypi/six@2"));
    }

    [Fact]
    public void Vendor_handlers_are_named() => Lines(Run("python3.11", [], handler: "datadog_lambda.handler.handler", environment: ("DD_LAMBDA_HANDLER", "app.handler"))).ShouldBe(["H-8 Low function"]);

    [Theory]
    [InlineData("NODE_TLS_REJECT_UNAUTHORIZED", "0", "H-9 High function")]
    [InlineData("NODE_TLS_REJECT_UNAUTHORIZED", "1", "")]
    [InlineData("HTTPS_PROXY", "http://p", "H-9 Medium function")]
    [InlineData("AWS_ENDPOINT_URL_S3", "http://evil", "H-9 High function")]
    [InlineData("AWS_LAMBDA_RUNTIME_API", "127.0.0.1:9", "H-9 Critical function")]
    public void Trust_changing_variables_are_found(string name, string value, string expected) => string.Join(' ', Lines(Run("nodejs20.x", [], environment: (name, value)))).ShouldBe(expected);

    [Fact]
    public void Archive_tricks_and_modified_package_files_become_findings()
    {
        var function = new TestZip().Add("../x", "1").Add("p-1.dist-info/METADATA", "Name: p\nVersion: 1\n").Add("p-1.dist-info/RECORD", "p.py,sha256=dw5gdiTWiSZcpsRIhNCAfZsFTSPEc8EGxyvp3gi3N2w,4\n").Add("p.py", "evil");
        Lines(Run("python3.11", [], function)).ShouldBe(["H-3 High function", "H-10 High function"]);
    }

    [Fact]
    public void Stripped_libraries_of_a_package_are_one_finding_and_data_weighs_less_than_code()
    {
        const string Recorded = ",sha256=dw5gdiTWiSZcpsRIhNCAfZsFTSPEc8EGxyvp3gi3N2w,4\n";
        string[] files = ["p/a.so", "p/b.cpython-311-x86_64-linux-gnu.so", "p/c.so.1", "p/dots.png", "p/main.py"];
        var function = new TestZip().Add("p-1.dist-info/METADATA", "Name: p\nVersion: 1\n").Add("p-1.dist-info/RECORD", string.Concat(files.Select(file => file + Recorded)));
        foreach (var file in files)
        {
            function.Add(file, "more than recorded");
        }

        var found = Run("python3.11", [], function);
        found.Select(f => $"{f.RuleId} {f.Severity} {f.Path}").Order(StringComparer.Ordinal).ShouldBe(["H-3 High p/main.py", "H-3 Low p/a.so", "H-3 Medium p/dots.png"]);
        found.Single(f => f.Severity == Severity.Low).Title.ShouldBe("3 native libraries are not those p 1 was published with");
    }

    private static string[] Lines(IEnumerable<Finding> findings) => [.. findings.Select(f => $"{f.RuleId} {f.Severity} {f.Origin}")];
}
