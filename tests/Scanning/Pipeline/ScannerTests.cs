using System.IO.Compression;
using Pellicle.Domain;
using Pellicle.Scanning.Archives;
using Pellicle.Scanning.Pipeline;
using Pellicle.Scanning.Reports;
using Pellicle.Scanning.Tests.Advisories;

namespace Pellicle.Scanning.Tests.Pipeline;

public sealed class ScannerTests : IDisposable
{
    private const string Advisory = """
        {"id":"GHSA-test","modified":"2026-01-01T00:00:00Z","aliases":["CVE-2026-1"],"summary":"Bad thing","severity":[{"type":"CVSS_V3","score":"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}],
         "affected":[{"package":{"ecosystem":"npm","name":"left"},"ranges":[{"type":"SEMVER","events":[{"introduced":"0"},{"fixed":"2.0.0"}]}]}]}
        """;

    private readonly string directory = Directory.CreateTempSubdirectory("pellicle-scan-").FullName;

    [Fact]
    public void A_vulnerable_package_is_found_with_its_fix_and_place()
    {
        using var osv = Osv.Of(Advisory);
        using var database = osv.Open();
        var report = Scanner.Scan(new ScanRequest { Database = database, Targets = [Function(Npm("node_modules/left", "left", "1.0.0"))] });
        var target = report.Targets.ShouldHaveSingleItem();
        target.Status.ShouldBe(ScanStatus.Succeeded, string.Join('\n', target.Errors));
        var finding = target.Findings.ShouldHaveSingleItem();
        (finding.RuleId, finding.Severity, finding.Purl, finding.Origin, finding.Path).ShouldBe(("GHSA-test", Severity.Critical, "pkg:npm/left@1.0.0", "function", "node_modules/left/package.json"));
        finding.FixedVersions.ShouldBe(["2.0.0"]);
        finding.Remediation.ShouldBe("update left to 2.0.0 or later");
        report.Summary.Findings.Critical.ShouldBe(1);
        ScanJson.Write(ScanJson.Read(ScanJson.Write(report))).ShouldBe(ScanJson.Write(report));
    }

    [Fact]
    public void What_to_do_names_a_version_in_which_no_other_line_of_releases_is_open()
    {
        static string Record(string id, string events) => $$"""{"id":"{{id}}","modified":"2026-01-01T00:00:00Z","affected":[{"package":{"ecosystem":"npm","name":"left"},"ranges":[{"type":"SEMVER","events":[{{events}}]}]}]}""";
        using var osv = Osv.Of(
            Record("T-1", """{"introduced":"0"},{"fixed":"0.32.0"},{"introduced":"1.0.0"},{"fixed":"1.16.0"}"""),
            Record("T-2", """{"introduced":"0"},{"fixed":"1.15.0"}"""),
            Record("T-3", """{"introduced":"1.16.0"},{"fixed":"1.16.2"}"""),
            Record("T-4", """{"introduced":"1.16.1"}"""));
        using var database = osv.Open();
        var report = Scanner.Scan(new ScanRequest { Database = database, Targets = [Function(Npm("node_modules/left", "left", "0.21.0"))] });
        report.Targets[0].Findings.Select(f => (f.RuleId, f.FixedVersions[0], f.UpdateTo)).ShouldBe([("T-1", "0.32.0", "1.16.2"), ("T-2", "1.15.0", "1.16.2")]);
        ReportWriter.Write(report, ReportFormat.Table, new ReportOptions(false, DateTimeOffset.UnixEpoch)).ShouldContain("update left 0.21.0 to 1.16.2: repairs 2 findings");
    }

    [Fact]
    public void A_fixed_copy_shadowed_by_a_vulnerable_one_is_a_finding_of_its_own_and_the_shadowed_ranks_last()
    {
        using var osv = Osv.Of(Advisory);
        using var database = osv.Open();
        var layer = new LayerRequest("base", Zip(Npm("nodejs/node_modules/left", "left", "2.0.0")));
        var target = Scan(database, Function(Npm("node_modules/left", "left", "1.0.0")) with { Layers = [layer] });
        ReportWriter.Write(Scanner.Scan(new ScanRequest { Database = database, Targets = [Function(Npm("node_modules/left", "left", "1.0.0")) with { Layers = [layer] }] }), ReportFormat.Table, new ReportOptions(false, DateTimeOffset.UnixEpoch, 160))
            .Split('\n').ShouldContain(line => line.Contains("H-7", StringComparison.Ordinal) && line.Contains("remove or update the copy", StringComparison.Ordinal));
        target.Packages.Select(p => (p.Version, p.Effective)).ShouldBe([("1.0.0", true), ("2.0.0", false)]);
        target.Findings.Where(f => f.Kind == FindingKind.Vulnerability).Select(f => (f.RuleId, f.Origin)).ShouldBe([("GHSA-test", "function"), ("H-7", "layer:base")]);

        var other = new LayerRequest("base", Zip(Npm("nodejs/node_modules/left", "left", "1.0.0")));
        var reversed = Scan(database, Function(Npm("node_modules/left", "left", "2.0.0")) with { Layers = [other] });
        reversed.Findings.Where(f => f.Kind == FindingKind.Vulnerability).ShouldHaveSingleItem().Effective.ShouldBeFalse();
        reversed.Findings.ShouldContain(f => f.Kind == FindingKind.Hijack, "the takeover checks see the view");
    }

    [Fact]
    public void The_layer_that_was_built_here_is_known_by_its_content_and_a_layer_of_its_name_is_not()
    {
        using var osv = Osv.Of(Advisory);
        using var database = osv.Open();
        var content = Zip(("extensions/pellicle", "#!/bin/sh"), ("pellicle/native/own.so", "\u007fELF" + new string('x', 5000)));
        static bool IsOfTheLayer(Finding finding) => finding.Kind == FindingKind.Hijack || finding.RuleId == "R-9";
        var target = Function(Npm("node_modules/left", "left", "2.0.0")) with { Layers = [new LayerRequest("pellicle", content)] };
        var scanned = Scan(database, target);
        var taken = scanned.Findings.Where(IsOfTheLayer).ToList();
        taken.Select(f => f.RuleId).ShouldContain("R-9");
        taken.ShouldContain(f => f.Kind == FindingKind.Hijack);
        taken.ShouldAllBe(f => f.Severity > Severity.Info);

        var known = Scanner.Scan(new ScanRequest { Database = database, Targets = [target], ProtectionLayers = new HashSet<string> { scanned.Layers[0].Sha256 } }).Targets[0].Findings.Where(IsOfTheLayer).ToList();
        known.Select(f => f.Fingerprint).ShouldBe(taken.Select(f => f.Fingerprint), ignoreOrder: true);
        known.ShouldAllBe(f => f.Severity == Severity.Info);
    }

    [Fact]
    public void What_cannot_be_opened_or_matched_makes_the_scan_incomplete()
    {
        var missing = Scanner.Scan(new ScanRequest { Targets = [new TargetRequest { Kind = "zip", Name = "gone", Source = ContentSource.File(Path.Combine(directory, "gone.zip")) }] }).Targets[0];
        missing.Status.ShouldBe(ScanStatus.Failed);
        missing.Errors.Select(e => e.Message).ShouldContain(m => m.StartsWith("`gone` could not be opened", StringComparison.Ordinal));

        var unmatched = Scan(null, Function(Npm("node_modules/left", "left", "1.0.0")));
        unmatched.Status.ShouldBe(ScanStatus.Partial);
        unmatched.Errors.ShouldHaveSingleItem().Message.ShouldBe("no advisory database: vulnerabilities were not looked for");
    }

    [Fact]
    public void A_stored_inventory_gives_the_same_report_without_the_content()
    {
        using var osv = Osv.Of(Advisory);
        using var database = osv.Open();
        var store = Path.Combine(directory, "store");
        var request = Function(Npm("node_modules/left", "left", "1.0.0"));
        var first = Scanner.Scan(new ScanRequest { Database = database, Targets = [request], Store = new InventoryStore(store) });

        var again = new InventoryStore(store);
        var renamed = request with { Source = ContentSource.File(Path.Combine(directory, "no longer here.zip"), first.Targets[0].Sha256) };
        var second = Scanner.Scan(new ScanRequest { Database = database, Targets = [renamed], Store = again });
        again.Failures.ShouldBe(0);
        again.Hits.ShouldBe(1);
        ScanJson.Write(second).ShouldBe(ScanJson.Write(first));
    }

    [Fact]
    public void Archives_on_disk_are_remembered_by_content_and_damage_is_read_anew()
    {
        var store = Path.Combine(directory, "store");
        var zip = Path.Combine(directory, "f.zip");
        var content = Zip(Npm("node_modules/left", "left", "1.0.0"), ("a/b/link.txt", "text"), ("package.json", """{"type":"module","name":"app"}""")).Content.ToArray();
        File.WriteAllBytes(zip, content);
        var request = new TargetRequest { Kind = "zip", Name = "f", Source = ContentSource.File(zip), Runtime = "nodejs22.x" };
        var cold = Run(out _);
        var warm = Run(out var used);
        (used.Hits, warm).ShouldBe((1, cold));

        foreach (var file in Directory.GetFiles(store, "*.inventory", SearchOption.AllDirectories))
        {
            var bytes = File.ReadAllBytes(file);
            for (var cut = 0; cut < bytes.Length; cut += 7)
            {
                File.WriteAllBytes(file, bytes[..cut]);
                Run(out used).ShouldBe(cold);
                used.Hits.ShouldBe(0);
            }
        }

        string Run(out InventoryStore used)
        {
            used = new InventoryStore(store);
            return ScanJson.Write(Scanner.Scan(new ScanRequest { MatchAdvisories = false, Targets = [request], Store = used }));
        }
    }

    [Fact]
    public void A_file_that_nobody_wrote_to_is_not_hashed_again_and_one_that_somebody_did_is()
    {
        var store = Path.Combine(directory, "store");
        var zip = Path.Combine(directory, "f.zip");
        var written = DateTime.UtcNow.AddYears(-1);
        Put("1.0.0");
        Versions(TimeSpan.Zero).ShouldBe(["1.0.0"]);
        new InventoryStore(store).HashOf(FileStamp.Of(zip)!.Value).ShouldBeNull("just written: another write would leave no trace");
        Versions(TimeSpan.FromHours(1)).ShouldBe(["1.0.0"]);
        var noted = new InventoryStore(store).HashOf(FileStamp.Of(zip)!.Value);
        noted.ShouldBe(Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(File.ReadAllBytes(zip))));

        // The same size and the same time of writing, as a hostile build would make them.
        Put("6.6.6");
        new InventoryStore(store).HashOf(FileStamp.Of(zip)!.Value).ShouldBeNull();
        Versions(TimeSpan.FromHours(1)).ShouldBe(["6.6.6"]);

        foreach (var stamp in Directory.GetFiles(store, "*.stamp", SearchOption.AllDirectories))
        {
            File.WriteAllText(stamp, File.ReadAllText(stamp)[..^9]);
        }

        Versions(TimeSpan.FromHours(1)).ShouldBe(["6.6.6"]);
        FileStamp.Of(directory).ShouldBeNull();
        FileStamp.Of(Path.Combine(directory, "none")).ShouldBeNull();

        void Put(string version)
        {
            File.WriteAllBytes(zip, Zip(Npm("node_modules/left", "left", version)).Content.ToArray());
            File.SetLastWriteTimeUtc(zip, written);
        }

        IEnumerable<string?> Versions(TimeSpan later) =>
            Scanner.Scan(new ScanRequest { MatchAdvisories = false, Time = new Later(later), Store = new InventoryStore(store), Targets = [new TargetRequest { Kind = "zip", Name = "f", Source = ContentSource.File(zip) }] }).Targets[0].Packages.Select(p => p.Version);
    }

    private sealed class Later(TimeSpan by) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + by;
    }

    [Fact]
    public void The_store_keeps_the_newest_and_no_value_of_a_secret()
    {
        var store = Path.Combine(directory, "store");
        var value = Convert.ToHexStringLower(System.Security.Cryptography.RandomNumberGenerator.GetBytes(16));
        foreach (var name in new[] { "a", "b", "c" })
        {
            var files = new[] { ("app.py", $"U = 'postgresql://app:{value}@db.internal/x'"), ("bootstrap", $"export CLIENT_SECRET={value}\n"), ("x.pth", $"import os; os.environ['CLIENT_SECRET'] = '{value}'\n"), ("package.json", $$"""{"name":"{{name}}","client_secret":"{{value}}"}""") };
            Scanner.Scan(new ScanRequest { MatchAdvisories = false, Targets = [new TargetRequest { Kind = "zip", Name = name, Source = Zip(files) }], Store = new InventoryStore(store, maxFiles: 2) }).Targets[0].Findings.ShouldNotBeEmpty();
        }

        var kept = Directory.GetFiles(store, "*.inventory", SearchOption.AllDirectories);
        kept.Length.ShouldBe(2);
        kept.ShouldAllBe(file => !System.Text.Encoding.Latin1.GetString(File.ReadAllBytes(file)).Contains(value));
    }

    [Fact]
    public void What_the_caller_could_not_read_makes_the_target_partial()
    {
        var target = Scan(null, Function() with { MoreErrors = [new Domain.FileError("layer:x", "", "not here")] });
        target.Status.ShouldBe(ScanStatus.Partial);
        target.Errors.ShouldContain(e => e.Origin == "layer:x");
    }

    [Fact]
    public void Files_the_guard_saw_tell_what_is_in_use()
    {
        using var osv = Osv.Of(Advisory);
        using var database = osv.Open();
        var request = Function(Npm("node_modules/left", "left", "1.0.0"));
        Scan(database, request with { LoadedFiles = ["/var/task/node_modules/left/index.js"] }).Findings.ShouldHaveSingleItem().Loaded.ShouldBe(true);
        Scan(database, request with { LoadedFiles = ["/var/task/index.js"] }).Findings.ShouldHaveSingleItem().Loaded.ShouldBe(false);
        Scan(database, request).Findings.ShouldHaveSingleItem().Loaded.ShouldBeNull();
    }

    [Fact]
    public void Of_a_net_package_any_of_its_files_tells()
    {
        const string deps = """{"targets":{".NETCoreApp,Version=v10.0":{"A/1.0.0":{"runtime":{"lib/net8.0/Other.Name.dll":{}},"runtimeTargets":{"runtimes/linux-x64/native/liba.so":{}}}}},"libraries":{"A/1.0.0":{"type":"package"}}}""";
        var request = Function(("app/App.deps.json", deps));
        bool? Loaded(params string[] files) => Scan(null, request with { LoadedFiles = files }).Packages.ShouldHaveSingleItem().Loaded;
        Loaded("/var/task/app/Other.Name.dll").ShouldBe(true);
        Loaded("/var/task/app/runtimes/linux-x64/native/liba.so").ShouldBe(true);
        Loaded("/var/task/app/App.dll", "/var/task/Other.Name.dll").ShouldBe(false);
    }

    public void Dispose() => Directory.Delete(directory, recursive: true);

    private static ScanTarget Scan(Pellicle.Scanning.Advisories.AdvisoryDatabase? database, TargetRequest request) =>
        Scanner.Scan(new ScanRequest { Database = database, Targets = [request] }).Targets[0];

    private static TargetRequest Function(params (string Path, string Text)[] files) => new() { Kind = "function", Name = "f", Runtime = "nodejs22.x", Handler = "index.handler", Source = Zip([("index.js", "exports.handler = 1"), .. files]) };

    private static (string Path, string Text) Npm(string directory, string name, string version) => ($"{directory}/package.json", $$"""{"name":"{{name}}","version":"{{version}}"}""");

    private static ContentSource Zip(params (string Path, string Text)[] files)
    {
        using var stream = new MemoryStream();
        using (var zip = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach (var (path, text) in files)
            {
                using var writer = new StreamWriter(zip.CreateEntry(path).Open());
                writer.Write(text);
            }
        }

        return ContentSource.Memory(stream.ToArray());
    }
}
