using System.Text;
using Pellicle.Domain;
using Pellicle.Scanning;
using Pellicle.Scanning.Advisories;
using Pellicle.Scanning.Archives;
using Pellicle.Scanning.Extractors;
using Pellicle.Scanning.Extractors.Java;
using Pellicle.Scanning.Extractors.Python;
using Pellicle.Scanning.Matching;
using Pellicle.Scanning.Pipeline;
using Pellicle.Scanning.Reports;
using Pellicle.Scanning.Secrets;
using Pellicle.Scanning.Versions;

namespace Pellicle.Fuzz;

/// <summary>One target for each parser that reads what somebody else wrote.</summary>
public sealed class ParserFuzz : IDisposable
{
    private readonly string directory = Directory.CreateTempSubdirectory("pellicle-fuzz-").FullName;
    private readonly IScanSource empty = ScanSource.FromMemory(Seeds.Zip(("x", "y")), "empty.zip");

    public static TheoryData<string> FileExtractors => [.. AllExtractors.Create().Select(e => e.Name)];

    public static TheoryData<string> BinaryExtractors => [.. AllExtractors.CreateBinary().Select(e => e.Name)];

    public static TheoryData<string> Ecosystems => [.. Ecosystem.All.Select(e => e.Name)];

    [Theory]
    [MemberData(nameof(FileExtractors))]
    public void File_extractor(string name)
    {
        var extractor = AllExtractors.Create().Single(e => e.Name == name);
        Target.Run(name, Seeds.For(name), bytes => extractor.Extract(File("lib/python/a-1.0.dist-info/x", bytes)));
    }

    [Theory]
    [MemberData(nameof(BinaryExtractors))]
    public void Binary_extractor(string name)
    {
        var extractor = AllExtractors.CreateBinary().Single(e => e.Name == name);
        Target.Run(name, Seeds.Binaries, bytes => extractor.Extract(File("bootstrap", bytes)));
    }

    [Fact]
    public void Zip_with_everything_in_it()
    {
        var jar = Encoding.Latin1.GetString(Seeds.Zip(("META-INF/MANIFEST.MF", "Bundle-SymbolicName: a.b\r\n c\r\nBundle-Version: 1.0\r\n"), ("META-INF/maven/g/a/pom.properties", "groupId=g\nartifactId=a\nversion=1\n")));
        byte[][] seeds =
        [
            Seeds.Zip(("index.js", "require('x')"), ("node_modules/x/package.json", Encoding.UTF8.GetString(Seeds.For("npm/package-json")[0])), ("a.dist-info/RECORD", "a.py,sha256=x,1\n"), ("a.py", "x")),
            Seeds.Zip(("python/requests/__version__.py", "__version__ = '1.0'"), ("python/requests/__init__.py", ""), ("vendor/bundle/ruby/3.2.0/gems/rack-2.0.0/x.rb", "y")),
            Seeds.Zip(("lib/a.txt", jar), ("b.zip", "PK")),
        ];
        var limits = new ScanLimits { MaxTotalBytes = 64 << 20, MaxEntryBytes = 16 << 20 };
        Target.Run("zip", seeds, bytes =>
        {
            using var source = ScanSource.FromMemory(bytes, "f.zip", limits);
            ContentsReader.Read(source, "function", limits);
        });
    }

    [Fact]
    public void Pom_manifest_and_jar_name() => Target.Run("maven", [.. new[]
    {
        "<project><groupId>g</groupId><artifactId>a</artifactId><version>${v}</version><properties><v>1</v></properties></project>", "groupId=g\nartifactId=a\nversion=1\n", "Bundle-SymbolicName: a.b;x\n y\nBundle-Version: 1\n", "a-b-1.0-SNAPSHOT-shaded.jar",
    }.Select(Encoding.UTF8.GetBytes)], bytes =>
    {
        var text = Encoding.UTF8.GetString(bytes);
        Pom.TryXml(text, out _);
        Pom.TryProperties(text, out _);
        var manifest = Manifest.Parse(text);
        manifest.Group(manifest.Artifact ?? "a");
        JarFileName.Parse(text).Matches("a");
    });

    [Fact]
    public void Python_record_and_version() => Target.Run("pypi/record", [.. new[] { "a.py,sha256=abc,1\nb.py,,\n\"c,d.py\",sha256=x,2\n", "__version__ = '1.0'\nversion: str = \"2\"\nVERSION = (1, 2, 'x')\n" }.Select(Encoding.UTF8.GetBytes)], bytes =>
    {
        var records = new PythonRecords();
        records.Add("python/a-1.0.dist-info/RECORD", bytes);
        records.Verify("python/a.py", bytes);
        PythonVersionText.Find(Encoding.UTF8.GetString(bytes));
    });

    [Theory]
    [MemberData(nameof(Ecosystems))]
    public void Version_order(string name)
    {
        Ecosystem.TryParse(name, out var ecosystem).ShouldBeTrue();
        var order = VersionOrder.For(ecosystem);
        Target.Run("versions " + name, Seeds.Versions, bytes =>
        {
            var text = Encoding.UTF8.GetString(bytes);
            var middle = text.Length / 2;
            var (a, b) = (text[..middle], text[middle..]);
            var forth = order.Compare(a, b);
            var back = order.Compare(b, a);
            var expected = forth switch { VersionComparison.Less => VersionComparison.Greater, VersionComparison.Greater => VersionComparison.Less, _ => forth };
            back.ShouldBe(expected, $"`{a}` and `{b}` in {name}");
        });
    }

    [Fact]
    public void Advisory_record() => Target.Run("osv", [Encoding.UTF8.GetBytes(Seeds.Advisory)], bytes => OsvReader.Read(bytes), typeof(InvalidDataException), typeof(System.Text.Json.JsonException));

    [Fact]
    public void Damaged_advisory_database()
    {
        System.IO.File.WriteAllText(Path.Combine(directory, "a.json"), Seeds.Advisory);
        var builder = new AdvisoryDatabaseBuilder();
        builder.Add(Path.Combine(directory, "a.json"));
        var path = Path.Combine(directory, "a.db");
        builder.Write(path, TimeProvider.System);
        Target.Run("advisory database", [System.IO.File.ReadAllBytes(path)], bytes =>
        {
            System.IO.File.WriteAllBytes(path, bytes);
            using var database = AdvisoryDatabase.Open(path);
            database.Status();
            database.Verify();
            new Matcher(database).Query(Ecosystem.Npm, "left", "1.0.0");
            database.ReadAll().Count();
        }, typeof(InvalidDataException));
    }

    [Fact]
    public void Suppressions_and_policies()
    {
        var path = Path.Combine(directory, "file");
        Target.Run("suppressions", [.. new[]
        {
            "suppressions:\n  - rule: CVE-1\n    reason: x\n    expires: 2027-01-01\n", "deny: [GPL-*]\nallow:\n  - MIT\n",
            """{"@context":"https://openvex.dev/ns/v0.2.0","statements":[{"vulnerability":{"name":"CVE-1"},"products":[{"@id":"pkg:npm/a@1"}],"status":"not_affected","justification":"x"}]}""",
            """{"bomFormat":"CycloneDX","vulnerabilities":[{"id":"CVE-1","analysis":{"state":"not_affected"},"affects":[{"ref":"pkg:npm/a@1"}]}]}""",
        }.Select(Encoding.UTF8.GetBytes)], bytes =>
        {
            System.IO.File.WriteAllBytes(path, bytes);
            var suppressions = new Suppressions(TimeProvider.System);
            suppressions.AddIgnoreFile(path);
            suppressions.AddVex(path);
            suppressions.AddBaseline(path);
            LicensePolicy.Load(path);
        }, typeof(InvalidDataException));
    }

    [Fact]
    public void Secrets() => Target.Run("secrets", [.. new[] { "password = 'hunter2hunter2'\naws_secret_access_key=wJalrXUtnFEMIK7MDENGbPxRfiCYzEXAMPLEKEYQ\n", "-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----\npostgres://u:p4ssw0rdX@db.internal/x", "ghp_0123456789abcdefghijABCDEFGHIJ012345 xoxb-1-2-x" }.Select(Encoding.UTF8.GetBytes)],
        bytes => SecretScanner.Scan(Encoding.Latin1.GetString(bytes)));

    [Fact]
    public void Purls_and_scores() => Target.Run("purl", [.. new[] { "pkg:npm/%40a/b@1.0.0?x=y#z", "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", "AV:N/AC:L/Au:N/C:P/I:P/A:P" }.Select(Encoding.UTF8.GetBytes)], bytes =>
    {
        var text = Encoding.UTF8.GetString(bytes);
        Purl.TryParse(text, out _);
        CvssScore.TryScore(text, out _);
    });

    public void Dispose()
    {
        empty.Dispose();
        Directory.Delete(directory, recursive: true);
    }

    private ScanFile File(string path, byte[] content) => new(new ScanTree(empty, "", ScanLimits.Default, new InflateBudget(1 << 30), (_, _) => { }), new ScanPath(path), content);
}
