using Pellicle.Scanning.Tests.Support;

namespace Pellicle.Scanning.Tests.Extractors;

public class OtherLanguageTests
{
    public static TheoryData<string, string, string> Files => new()
    {
        { "Cargo.lock", "[[package]]\nname = \"app\"\nversion = \"0.1.0\"\n\n[[package]]\nname = \"serde\"\nversion = \"1.0.1\"\nsource = \"registry+x\"\n", "pkg:cargo/serde@1.0.1" },
        { "Cargo.toml", "[package]\nname = \"app\"\nversion = \"0.1.0\"\n\n[dependencies]\nserde = \"1.0.1\" # whole\nany = \"1\"\nnew-name = { package = \"real\", version = \"=2.0.0\", features = [\"a\"] }\nmine = { path = \"../mine\", version = \"9.9.9\" }\n\n[dev-dependencies]\nmock = \"3.0.0\"\n\n[target.'cfg(unix)'.dependencies]\nnix = '0.26.1'\n\n[dependencies.tokio]\nversion = \"1.28.0\"\n", "pkg:cargo/nix@0.26.1 pkg:cargo/real@2.0.0 pkg:cargo/serde@1.0.1 pkg:cargo/tokio@1.28.0" },
        { "Cargo.toml", "[dependencies]\na =\n= \"1.0.0\"\nb = {\nc = \"1.0.0\n[dependencies.d]\nversion=\n", "" },
        { "app/pom.xml", "<project><groupId>me</groupId><version>7</version><properties><jackson.version>2.9.8</jackson.version></properties><dependencyManagement><dependencies><dependency><groupId>m</groupId><artifactId>managed</artifactId><version>1.1</version></dependency></dependencies></dependencyManagement><dependencies><dependency><groupId>com.fasterxml.jackson.core</groupId><artifactId>jackson-databind</artifactId><version>${jackson.version}</version></dependency><dependency><groupId>m</groupId><artifactId>managed</artifactId></dependency><dependency><groupId>${project.groupId}</groupId><artifactId>sibling</artifactId><version>${project.version}</version></dependency><dependency><groupId>junit</groupId><artifactId>junit</artifactId><version>4.12</version><scope>test</scope></dependency><dependency><groupId>p</groupId><artifactId>of-parent</artifactId></dependency><dependency><groupId>r</groupId><artifactId>range</artifactId><version>[1,2)</version></dependency><dependency><groupId>u</groupId><artifactId>unknown</artifactId><version>${nowhere}</version></dependency></dependencies><build><plugins><plugin><artifactId>x</artifactId><dependencies><dependency><groupId>b</groupId><artifactId>build</artifactId><version>1</version></dependency></dependencies></plugin></plugins></build></project>", "pkg:maven/com.fasterxml.jackson.core/jackson-databind@2.9.8 pkg:maven/m/managed@1.1 pkg:maven/me/sibling@7" },
        { "Gemfile.lock", "GIT\n  remote: x\n  specs:\n    own (1.0)\n\nGEM\n  remote: https://rubygems.org/\n  specs:\n    nokogiri (1.13.0-x86_64-linux)\n      racc (~> 1.4)\n    rack (2.2.3)\n\nPLATFORMS\n  ruby\n", "pkg:gem/nokogiri@1.13.0 pkg:gem/rack@2.2.3" },
        { "vendor/bundle/ruby/3.2.0/specifications/rack-2.2.3.gemspec", "Gem::Specification.new", "pkg:gem/rack@2.2.3" },
        { "ruby/gems/3.2.0/gems/nokogiri-1.13.0-x86_64-linux/lib/nokogiri.rb", "module Nokogiri", "pkg:gem/nokogiri@1.13.0" },
        { "composer.lock", """{"packages":[{"name":"monolog/monolog","version":"v2.0.0","license":["MIT"]}],"packages-dev":[{"name":"phpunit/phpunit","version":"9.0.0"}]}""", "pkg:composer/monolog/monolog@2.0.0" },
        { "vendor/composer/installed.json", """[{"name":"monolog/monolog","version":"1.9.0"}]""", "pkg:composer/monolog/monolog@1.9.0" },
        { "vendor/composer/installed.php", "<?php return array(\n  'root' => array(\n    'name' => 'me/app',\n    'pretty_version' => '1.0.0',\n  ),\n  'versions' => array(\n    'me/app' => array(\n      'pretty_version' => '1.0.0',\n    ),\n    'monolog/monolog' => array(\n      'pretty_version' => '2.1.0',\n      'version' => '2.1.0.0',\n    ),\n  ),\n);", "pkg:composer/monolog/monolog@2.1.0" },
        { "deno.lock", """{"version":"3","packages":{"specifiers":{"npm:a@1":"npm:a@1.0.0"},"npm":{"a@1.0.0":{"integrity":"x"},"@s/b@2.0.0_a@1.0.0":{}}}}""", "pkg:npm/%40s/b@2.0.0 pkg:npm/a@1.0.0" },
        { "deno.lock", """{"version":"4","npm":{"a@1.0.0":{"integrity":"x"}}}""", "pkg:npm/a@1.0.0" },
        { "go.mod", "module me\n\ngo 1.21\n\nrequire github.com/a/b v1.2.3\n\nrequire (\n\tgithub.com/c/d v0.1.0 // indirect\n\tgithub.com/e/f v2.0.0+incompatible\n\tlocal/x v0.0.1\n)\n\nreplace github.com/c/d => github.com/c/fork v0.1.1\nreplace local/x => ../x\n", "pkg:golang/github.com/a/b@1.2.3 pkg:golang/github.com/c/fork@0.1.1 pkg:golang/github.com/e/f@2.0.0%2Bincompatible" },
        { "vendor/modules.txt", "# github.com/a/b v1.2.3\n## explicit; go 1.17\ngithub.com/a/b/c\n# github.com/c/d v0.1.0 => github.com/c/fork v0.1.1\n# local/x v0.0.1 => ../x\n", "pkg:golang/github.com/a/b@1.2.3 pkg:golang/github.com/c/fork@0.1.1" },
        { "paket.lock", "STORAGE: NONE\nNUGET\n  remote: https://example.test/index.json\n    Dapper (2.0.0)\n      Other (>= 1.0)\nGITHUB\n  remote: a/b\n    src/x.fs (abc)\n", "pkg:nuget/Dapper@2.0.0" },
        { "obj/project.assets.json", """{"libraries":{"Dapper/2.0.0":{"type":"package"},"me/1.0.0":{"type":"project"}}}""", "pkg:nuget/Dapper@2.0.0" },
        { "jre/release", "IMPLEMENTOR=\"Eclipse Adoptium\"\nJAVA_VERSION=\"17.0.9\"\nOS_ARCH=\"x86_64\"\n", "pkg:generic/openjdk@17.0.9" },
        { "etc/release", "v1.2.3\n", "" },
        { "opt/conda-meta/zlib-1.2.13-h5eee18b_0.json", """{"name":"zlib","version":"1.2.13","license":"Zlib"}""", "pkg:generic/zlib@1.2.13" },
        { "bom.json", """{"bomFormat":"CycloneDX","components":[{"purl":"pkg:npm/a@1.0.0","components":[{"purl":"pkg:pypi/b@2.0"}]},{"name":"none"},{"purl":"pkg:hex/c@1"},{"purl":"pkg:deb/debian/c@1?distro=debian-12"}]}""", "pkg:deb/debian/c@1?distro=debian-12 pkg:npm/a@1.0.0 pkg:pypi/b@2.0" },
        { "bom.json", """{"data":"of something else"}""", "" },
        { "app.spdx.json", """{"packages":[{"externalRefs":[{"referenceType":"purl","referenceLocator":"pkg:maven/g/a@1"}]},{"name":"x"}]}""", "pkg:maven/g/a@1" },
        { "php/.registry/archive_tar.reg", "a:2:{s:4:\"name\";s:11:\"Archive_Tar\";s:7:\"version\";a:1:{s:7:\"release\";s:6:\"1.4.14\";}}", "pkg:generic/Archive_Tar@1.4.14" },
        { "index.js", "// node_modules/left-pad/index.js\nvar x;\n// node_modules/@s/lib/a.js\n", "pkg:npm/%40s/lib pkg:npm/left-pad" },
        { "index.js", "/*! jQuery v3.5.1 | (c) JS Foundation */", "pkg:npm/jquery@3.5.1" },
        { "dist/app.js", "x={name:\"express-lite\",version:\"4.2.0\",main:\"i\",repository:\"a/b\"}", "pkg:npm/express-lite@4.2.0" },
        { "dist/app.js", "x={name:\"my-function\",version:\"1.0.0\",main:\"i\",license:\"MIT\"}", "" },
        { "index.js.map", """{"version":3,"sources":["../node_modules/uuid/dist/v4.js","src/a.ts"]}""", "pkg:npm/uuid" },
        { "index.js", "exports.handler = async () => { const version = '1.0.0'; };", "" },
    };

    [Theory]
    [MemberData(nameof(Files))]
    public void Formats_are_read(string path, string content, string purls)
    {
        var contents = new TestZip().Add(path, content).Read();
        contents.Errors.ShouldBeEmpty();
        string.Join(' ', contents.Purls()).ShouldBe(purls);
    }
}
