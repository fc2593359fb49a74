using System.Diagnostics;
using System.IO.Compression;
using System.Text;

namespace Pellicle.Fuzz;

/// <summary>Small well-formed files, one or more a format: damage to these reaches deeper than noise.</summary>
internal static class Seeds
{
    /// <summary>By extractor name; what has none here starts from <see cref="Any"/>.</summary>
    public static IReadOnlyList<byte[]> For(string extractor) => ByName.TryGetValue(extractor, out var texts) ? [.. texts.Select(Encoding.UTF8.GetBytes), .. Binary(extractor)] : Any;

    private static byte[][] Binary(string extractor) => extractor switch
    {
        "npm/bun-lock" => [Scanning.Tests.Support.BunLockFile.Build(("corpus", 0, 0, 0, "", 1), ("@middy/core", 4, 4, 0, "beta.1", 2))],
        "rpm/database" => [Scanning.Tests.Support.RpmDatabaseFile.OfSqlite(), .. new Func<byte[][], byte[]>[] { Scanning.Tests.Support.RpmDatabaseFile.OfNdb, Scanning.Tests.Support.RpmDatabaseFile.OfBerkeley }.Select(store => store([Scanning.Tests.Support.RpmDatabaseFile.Header("a", "1", "2", 3, "a-1-2.src.rpm", 600)]))],
        _ => [],
    };

    public static IReadOnlyList<byte[]> Any { get; } = [.. new[] { "{}", "[]", "a: 1\n", "x\n" }.Select(Encoding.UTF8.GetBytes)];

    public static IReadOnlyList<byte[]> Versions { get; } = [.. new[] { "1.0", "1.0.0-alpha.1+b\t2.0.0", "1!2.0rc1.post2.dev3+local.1", "v1.2.3-0.20200101000000-abcdef123456+incompatible", "1.0-SNAPSHOT", "1.0.Final-redhat-1", "dev-master", "1.2.3.4-beta", "1.a.2.b3" }.Select(Encoding.UTF8.GetBytes)];

    public static string Advisory => """
        {"id":"GHSA-test","modified":"2026-01-01T00:00:00Z","aliases":["CVE-2026-1"],"summary":"Bad","details":"x","severity":[{"type":"CVSS_V3","score":"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"},{"type":"CVSS_V4","score":"CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N"}],
         "affected":[{"package":{"ecosystem":"npm","name":"left"},"versions":["1.0.0"],"ranges":[{"type":"SEMVER","events":[{"introduced":"0"},{"fixed":"2.0.0"}]},{"type":"ECOSYSTEM","events":[{"introduced":"3"},{"last_affected":"4"}]}]}],
         "references":[{"type":"WEB","url":"https://example.invalid/"}]}
        """;

    /// <summary>The running program's own native files: real ELF images of many sections.</summary>
    public static IReadOnlyList<byte[]> Binaries { get; } =
    [
        [0x7F, (byte)'E', (byte)'L', (byte)'F', 2, 1, 1, 0, .. new byte[56], .. "\xff Go buildinf:"u8.ToArray(), .. new byte[64], .. "path\tx\nmod\tx\t(devel)\ndep\tgolang.org/x/net\tv0.1.0\n"u8.ToArray()],
        Scanning.Tests.Support.NativeImageFile.Build("""{"bomFormat":"CycloneDX","components":[{"purl":"pkg:maven/g/a@1"}]}"""),
        Head(Environment.ProcessPath!, 96 << 10),
        Head(typeof(object).Assembly.Location, 96 << 10),
        Head(Process.GetCurrentProcess().Modules.Cast<ProcessModule>().First(m => m.FileName.Contains("libcoreclr", StringComparison.Ordinal)).FileName, 128 << 10),
        [.. "MZ"u8.ToArray(), .. new byte[58], 64, 0, 0, 0, .. "PE\0\0"u8.ToArray(), .. new byte[256], .. "OpenSSL 1.1.1k  25 Mar 2021 .cargo/registry/src/github.com-1ecc6299db9ec823/serde-1.0.130/src/lib.rs"u8.ToArray()],
    ];

    public static byte[] Zip(params (string Path, string Text)[] files)
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

        return stream.ToArray();
    }

    private static byte[] Head(string path, int length)
    {
        using var file = File.OpenRead(path);
        var bytes = new byte[Math.Min(length, file.Length)];
        file.ReadExactly(bytes);
        return bytes;
    }

    private static readonly Dictionary<string, string[]> ByName = new(StringComparer.Ordinal)
    {
        ["deb/dpkg-status"] = ["Package: a\nStatus: install ok installed\nSource: b (1.0)\nVersion: 1.0-1\n\nPackage: c\nVersion: 1:2~rc1\n"],
        ["apk/installed"] = ["P:a\nV:1.0-r0\no:b\nL:MIT\n\nP:c\nV:2_rc1\n"],
        ["rpm/database"] = [""],
        ["maven/gradle-lock"] = ["# x\na.b:c:1.0=runtimeClasspath,testRuntimeClasspath\nempty=x\n"],
        ["nuget/project"] = ["<Project><ItemGroup><PackageReference Include=\"A\" Version=\"1.0.0\"/><PackageReference Include=\"B\"><Version>2</Version></PackageReference></ItemGroup></Project>"],
        ["npm/package-json"] = ["""{"name":"@a/b","version":"1.2.3","license":{"type":"MIT"},"licenses":["MIT",{"type":"X"}],"dependencies":{"c":"^1"}}"""],
        ["npm/package-lock"] = ["""{"lockfileVersion":3,"packages":{"":{},"node_modules/a":{"version":"1.0.0"},"node_modules/b":{"version":"2.0.0","dev":true}}}""", """{"dependencies":{"a":{"version":"1.0.0","dependencies":{"b":{"version":"npm:c@2.0.0"}}}}}"""],
        ["npm/yarn-lock"] = ["\"@a/b@^1.0.0, @a/b@^1.1.0\":\n  version \"1.2.0\"\n\nx@npm:y@1:\n  version: 1.0.0\n"],
        ["npm/pnpm-lock"] = ["lockfileVersion: '9.0'\npackages:\n  '@a/b@1.0.0':\n    resolution: {integrity: x}\n  /c/1.0.0_d@2:\n    dev: false\n"],
        ["npm/bun-lock"] = ["""{"packages":{"a":["a@1.0.0","",{},"sha"],}, // x""" + "\n}"],
        ["npm/bundle"] = ["/*! jQuery v3.6.0 | x */\nvar a=__webpack_require__('./node_modules/@a/b/index.js');\n// node_modules/lodash/lodash.js\nvar VERSION = \"4.17.20\", H='__lodash_hash_undefined__';{\"_id\":\"x@1.0.0\",\"name\":\"y\",\"version\":\"1.0.0\"}", """{"version":3,"sources":["webpack://x/node_modules/.pnpm/a@1.0.0/node_modules/a/i.js"]}"""],
        ["pypi/metadata"] = ["Metadata-Version: 2.1\nName: A.b\nVersion: 1.0\nClassifier: License :: OSI Approved :: MIT License\nRequires-Dist: c (>=1) ; extra == 'x'\n\ntext"],
        ["pypi/requirements"] = ["a[b]==1.0 ; python_version < '3' # x\n-r other.txt\nc === 2.0\n"],
        ["pypi/pipfile-lock"] = ["""{"default":{"a":{"version":"==1.0"}}}"""],
        ["pypi/toml-lock"] = ["[[package]]\nname = \"a\"\nversion = \"1.0\"\nsource = { editable = \".\" }\n[[packages]]\nname='b'\nversion='2'\n"],
        ["nuget/deps-json"] = ["""{"runtimeTarget":{"name":".NETCoreApp,Version=v8.0/linux-x64"},"targets":{".NETCoreApp,Version=v8.0/linux-x64":{"A/1.0.0":{"runtime":{"lib/a.dll":{}}}}},"libraries":{"A/1.0.0":{"type":"package","sha512":"x"}}}"""],
        ["nuget/packages-lock"] = ["""{"version":1,"dependencies":{"net8.0":{"A":{"type":"Direct","resolved":"1.0.0"}}}}"""],
        ["nuget/packages-config"] = ["<packages><package id=\"A\" version=\"1.0.0\"/></packages>"],
        ["composer/lock"] = ["""{"packages":[{"name":"a/b","version":"v1.0.0","license":["MIT"]}]}"""],
        ["composer/installed-json"] = ["""{"packages":[{"name":"a/b","version":"1.0.0"}]}""", """[{"name":"a/b","version":"1.0.0"}]"""],
        ["composer/installed-php"] = ["<?php return array('versions' => array('a/b' => array('pretty_version' => '1.0.0', 'version' => '1.0.0.0')));"],
        ["cargo/lock"] = ["[[package]]\nname = \"a\"\nversion = \"1.0.0\"\nsource = \"registry+x\"\n"],
        ["gem/gemfile-lock"] = ["GEM\n  remote: https://x/\n  specs:\n    a (1.0.0)\n      b (>= 1)\n    c (2.0-x86_64-linux)\n\nPLATFORMS\n  ruby\n"],
    };
}
