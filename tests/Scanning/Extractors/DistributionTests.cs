using Pellicle.Domain;
using Pellicle.Scanning.Advisories;
using Pellicle.Scanning.Matching;
using Pellicle.Scanning.Tests.Support;

namespace Pellicle.Scanning.Tests.Extractors;

public class DistributionTests
{
    private const string Debian = "PRETTY_NAME=\"Debian GNU/Linux 12\"\nID=debian\nVERSION_ID=\"12\"\n";

    private const string Status = """
        Package: libssl3
        Status: install ok installed
        Architecture: amd64
        Source: openssl
        Version: 3.0.11-1~deb12u2
        Description: toolkit
         more: text

        Package: libc6
        Status: install ok installed
        Architecture: amd64
        Source: glibc (2.36-9+deb12u3)
        Version: 2.36-9+deb12u3+b1

        Package: old-tool
        Status: deinstall ok config-files
        Version: 1.0

        """;

    [Fact]
    public void Dpkg_names_sources_for_advisories_and_binaries_in_the_purl()
    {
        var contents = new TestZip().Add("var/lib/dpkg/status", Status).Add("etc/os-release", Debian).Read();
        contents.Purls().ShouldBe(["pkg:deb/debian/libc6@2.36-9%2Bdeb12u3%2Bb1?arch=amd64&distro=debian-12&upstream=glibc", "pkg:deb/debian/libssl3@3.0.11-1~deb12u2?arch=amd64&distro=debian-12&upstream=openssl"], ignoreOrder: true);
        contents.Packages.Select(p => $"{p.Ecosystem} {p.Name} {p.Version} {p.Evidence}").ShouldBe(["Debian:12 glibc 2.36-9+deb12u3 Installed", "Debian:12 openssl 3.0.11-1~deb12u2 Installed"], ignoreOrder: true);
        contents.Errors.ShouldBeEmpty();
    }

    [Fact]
    public void Every_package_of_one_source_is_told() =>
        new TestZip().Add("var/lib/dpkg/status", "Package: libssl3\nSource: openssl\nVersion: 3.0-1\n\nPackage: openssl\nVersion: 3.0-1\n\nPackage: libssl-dev\nSource: openssl\nVersion: 3.0-1\n").Read().Purls()
            .ShouldBe(["pkg:deb/debian/libssl-dev@3.0-1?upstream=openssl", "pkg:deb/debian/libssl3@3.0-1?upstream=openssl", "pkg:deb/debian/openssl@3.0-1"], ignoreOrder: true);

    [Fact]
    public void Images_without_a_package_manager_keep_a_file_a_package()
    {
        var contents = new TestZip().Add("var/lib/dpkg/status.d/base-files", "Package: base-files\nVersion: 12.4+deb12u5\nArchitecture: amd64\n").Add("var/lib/dpkg/status.d/base-files.md5sums", "d41d  etc/x\n")
            .Add("usr/lib/os-release", "ID=ubuntu\nVERSION_ID=\"22.04\"\n").Read();
        contents.Packages.ShouldHaveSingleItem().Ecosystem.Name.ShouldBe("Ubuntu:22.04");
        contents.Errors.ShouldBeEmpty();
    }

    [Fact]
    public void Apk_reads_origin_licence_and_branch()
    {
        var contents = new TestZip().Add("lib/apk/db/installed", "C:Q1abc\nP:libcrypto3\nV:3.1.3-r0\nA:x86_64\nL:Apache-2.0\no:openssl\nF:lib\nR:libcrypto.so.3\n\nP:musl\nV:1.2.4-r1\nA:x86_64\nL:MIT\no:musl\n\n").Add("etc/os-release", "ID=alpine\nVERSION_ID=3.18.4\n").Read();
        contents.Purls().ShouldBe(["pkg:apk/alpine/libcrypto3@3.1.3-r0?arch=x86_64&distro=alpine-3.18.4&upstream=openssl", "pkg:apk/alpine/musl@1.2.4-r1?arch=x86_64&distro=alpine-3.18.4"], ignoreOrder: true);
        contents.Packages.Select(p => p.Ecosystem.Name).Distinct().ShouldBe(["Alpine:v3.18"]);
        contents.Packages.Single(p => p.Name == "openssl").License.ShouldBe("Apache-2.0");
    }

    public static TheoryData<string, string> Stores => new() { { "var/lib/rpm/Packages", "berkeley" }, { "usr/lib/sysimage/rpm/Packages.db", "ndb" } };

    [Theory]
    [MemberData(nameof(Stores))]
    public void Rpm_headers_are_read_from_each_store(string path, string store)
    {
        byte[][] headers = [RpmDatabaseFile.Header("bash", "5.2.15", "1.amzn2023.0.2", source: "bash-5.2.15-1.amzn2023.0.2.src.rpm", padding: 2_000), RpmDatabaseFile.Header("openssl-libs", "3.0.8", "1.el9", 1, "openssl-3.0.8-1.el9.src.rpm"), RpmDatabaseFile.Header("gpg-pubkey", "d832c631", "6515c85e")];
        var contents = new TestZip().Add(path, store == "ndb" ? RpmDatabaseFile.OfNdb(headers) : RpmDatabaseFile.OfBerkeley(headers)).Add("etc/os-release", "ID=\"amzn\"\nVERSION_ID=\"2023\"\n").Read();
        contents.Errors.ShouldBeEmpty();
        contents.Purls().ShouldBe(["pkg:rpm/amzn/bash@5.2.15-1.amzn2023.0.2?arch=x86_64&distro=amzn-2023", "pkg:rpm/amzn/openssl-libs@1:3.0.8-1.el9?arch=x86_64&distro=amzn-2023&upstream=openssl"], ignoreOrder: true);
    }

    [Fact]
    public void Rpm_in_SQLite_is_read_across_pages()
    {
        var contents = new TestZip().Add("var/lib/rpm/rpmdb.sqlite", RpmDatabaseFile.OfSqlite()).Read();
        contents.Errors.ShouldBeEmpty();
        contents.Packages.Count.ShouldBe(14);
        contents.Packages.ShouldContain(p => p.Name == "glibc" && p.Version == "2.34-60.amzn2023" && p.License == "LGPLv2+" && p.Ecosystem.Name == "Red Hat");
        contents.Packages.ShouldContain(p => p.Name == "openssl" && p.Version == "1:3.0.8-1.amzn2023.0.12");
    }

    [Fact]
    public void Damaged_rpm_databases_are_errors()
    {
        foreach (var (path, bytes) in new[] { ("var/lib/rpm/rpmdb.sqlite", RpmDatabaseFile.OfSqlite()), ("var/lib/rpm/Packages.db", RpmDatabaseFile.OfNdb(RpmDatabaseFile.Header("a", "1", "1"))), ("var/lib/rpm/Packages", RpmDatabaseFile.OfBerkeley(RpmDatabaseFile.Header("a", "1", "1", padding: 2_000))) })
        {
            new TestZip().Add(path, bytes[..(bytes.Length / 3)]).Read().Errors.ShouldNotBeEmpty(path);
        }
    }

    [Fact]
    public void Advisories_of_one_release_are_not_anothers()
    {
        var directory = Directory.CreateTempSubdirectory("pellicle-distributions-").FullName;
        File.WriteAllText(Path.Combine(directory, "a.json"), """
            {"id":"DEBIAN-CVE-2026-1","modified":"2026-01-01T00:00:00Z","affected":[
              {"package":{"ecosystem":"Debian:11","name":"openssl"},"ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"},{"fixed":"9.0.0-1"}]}]},
              {"package":{"ecosystem":"Debian:12","name":"openssl"},"ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"},{"fixed":"3.0.11-1~deb12u2"}]}]},
              {"package":{"ecosystem":"Alpine:v3.18","name":"openssl"},"ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"},{"fixed":"3.1.4-r1"}]}]},
              {"package":{"ecosystem":"Red Hat:enterprise_linux:9::baseos","name":"openssl"},"ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"},{"fixed":"1:3.0.7-25.el9"}]}]}]}
            """);
        var builder = new AdvisoryDatabaseBuilder();
        builder.Add(Path.Combine(directory, "a.json"));
        builder.Write(Path.Combine(directory, "a.db"), TimeProvider.System);
        using var database = AdvisoryDatabase.Open(Path.Combine(directory, "a.db"));
        var matcher = new Matcher(database);
        matcher.Query(Ecosystem.Debian.At("12"), "openssl", "3.0.11-1~deb12u1").ShouldHaveSingleItem().FixedVersions.ShouldBe(["3.0.11-1~deb12u2"]);
        matcher.Query(Ecosystem.Debian.At("12"), "openssl", "3.0.11-1~deb12u2").ShouldBeEmpty();
        matcher.Query(Ecosystem.Debian.At("11"), "openssl", "3.0.11-1~deb12u2").ShouldHaveSingleItem();
        matcher.Query(Ecosystem.Debian, "openssl", "1.0").ShouldBeEmpty();
        Purl.TryParse("pkg:apk/alpine/libcrypto3@3.1.3-r0?distro=alpine-3.18.4&upstream=openssl", out var apk).ShouldBeTrue();
        matcher.Query(apk).ShouldHaveSingleItem();
        Purl.TryParse("pkg:rpm/redhat/openssl-libs@1:3.0.7-24.el9?distro=rhel-9.3&upstream=openssl", out var rpm).ShouldBeTrue();
        matcher.Query(rpm).ShouldHaveSingleItem();
        database.Status().Ecosystems.Select(e => e.Ecosystem).ShouldBe(["Alpine", "Debian", "Red Hat"]);
        Directory.Delete(directory, recursive: true);
    }
}
