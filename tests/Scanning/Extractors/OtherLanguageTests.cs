using Pellicle.Scanning.Tests.Support;

namespace Pellicle.Scanning.Tests.Extractors;

public class OtherLanguageTests
{
    public static TheoryData<string, string, string> Files => new()
    {
        { "Cargo.lock", "[[package]]\nname = \"app\"\nversion = \"0.1.0\"\n\n[[package]]\nname = \"serde\"\nversion = \"1.0.1\"\nsource = \"registry+x\"\n", "pkg:cargo/serde@1.0.1" },
        { "Gemfile.lock", "GIT\n  remote: x\n  specs:\n    own (1.0)\n\nGEM\n  remote: https://rubygems.org/\n  specs:\n    nokogiri (1.13.0-x86_64-linux)\n      racc (~> 1.4)\n    rack (2.2.3)\n\nPLATFORMS\n  ruby\n", "pkg:gem/nokogiri@1.13.0 pkg:gem/rack@2.2.3" },
        { "vendor/bundle/ruby/3.2.0/specifications/rack-2.2.3.gemspec", "Gem::Specification.new", "pkg:gem/rack@2.2.3" },
        { "ruby/gems/3.2.0/gems/nokogiri-1.13.0-x86_64-linux/lib/nokogiri.rb", "module Nokogiri", "pkg:gem/nokogiri@1.13.0" },
        { "composer.lock", """{"packages":[{"name":"monolog/monolog","version":"v2.0.0","license":["MIT"]}],"packages-dev":[{"name":"phpunit/phpunit","version":"9.0.0"}]}""", "pkg:composer/monolog/monolog@2.0.0" },
        { "vendor/composer/installed.json", """[{"name":"monolog/monolog","version":"1.9.0"}]""", "pkg:composer/monolog/monolog@1.9.0" },
        { "vendor/composer/installed.php", "<?php return array(\n  'root' => array(\n    'name' => 'me/app',\n    'pretty_version' => '1.0.0',\n  ),\n  'versions' => array(\n    'monolog/monolog' => array(\n      'pretty_version' => '2.1.0',\n      'version' => '2.1.0.0',\n    ),\n  ),\n);", "pkg:composer/monolog/monolog@2.1.0" },
        { "index.js", "// node_modules/left-pad/index.js\nvar x;\n// node_modules/@s/lib/a.js\n", "pkg:npm/%40s/lib pkg:npm/left-pad" },
        { "index.js", "/*! jQuery v3.5.1 | (c) JS Foundation */", "pkg:npm/jquery@3.5.1" },
        { "index.mjs", "var VERSION = '4.17.15';\nvar HASH_UNDEFINED = '__lodash_hash_undefined__';", "pkg:npm/lodash@4.17.15" },
        { "dist/app.js", "x={name:\"express-lite\",version:\"4.2.0\",main:\"i\"}", "pkg:npm/express-lite@4.2.0" },
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
