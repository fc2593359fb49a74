using Pellicle.Domain;
using Pellicle.Scanning.Extractors.Node.Bundles;
using Pellicle.Scanning.Tests.Support;

namespace Pellicle.Scanning.Tests.Extractors;

public class BundleTests
{
    private static string Names(string path, string content) => string.Join(' ', new TestZip().Add(path, content).Read().Purls());

    [Theory]
    [InlineData("// node_modules/ab/index.js\nvar x;\n", "pkg:npm/ab")]
    [InlineData("  // ../node_modules/@s/ab/index.js\n", "pkg:npm/%40s/ab")]
    [InlineData("var require_a = __commonJS({\n  \"node_modules/ab/index.js\"(exports) {}\n});", "pkg:npm/ab")]
    [InlineData("/***/ \"./node_modules/ab/index.js\":\n/*!***!*\\\n  !*** ./node_modules/bc/x.js ***!\n", "pkg:npm/ab pkg:npm/bc")]
    [InlineData("eval(\"//# sourceURL=webpack://app/./node_modules/ab/index.js?\")", "pkg:npm/ab")]
    [InlineData("// node_modules/.pnpm/ab@1.0.0/node_modules/ab/index.js\n", "pkg:npm/ab@1.0.0")]
    [InlineData("// node_modules/ab/node_modules/bc/index.js\n", "pkg:npm/bc")]
    [InlineData("throw new Error('see node_modules/ab/README.md');", "")]
    [InlineData("fs.copyFileSync(\"node_modules/ab/b.wasm\", x);", "")]
    [InlineData("// copies node_modules/ab/b.wasm\n", "")]
    public void A_module_path_counts_where_a_bundler_wrote_it(string text, string purls) => Names("index.js", text).ShouldBe(purls);

    [Theory]
    [InlineData("/*! https://mths.be/punycode v1.4.1 by @mathias */", "pkg:npm/punycode@1.4.1")]
    [InlineData("/*!\n * accepts\n * Copyright(c) 2014 Jonathan Ong\n * MIT Licensed\n */", "pkg:npm/accepts")]
    [InlineData("/*! safe-buffer. MIT License. Feross Aboukhadijeh */", "pkg:npm/safe-buffer")]
    [InlineData("/**\n * @license React\n * react-dom-server.node.production.min.js\n *\n * Copyright (c) Facebook */", "pkg:npm/react-dom")]
    [InlineData("/*!\n * my own function\n * Copyright 2024\n */", "")]
    [InlineData("const text = 'tested with jQuery v3.5.1';", "")]
    public void Licence_comments_name_libraries(string text, string purls)
    {
        Names("index.js", text).ShouldBe(purls);
        Names("dist/index.js.LICENSE.txt", text).ShouldBe(purls);
    }

    [Fact]
    public void Source_maps_name_their_sources()
    {
        Names("index.js.map", """{"version":3,"sources":["../node_modules/uuid/dist/v4.js","src/a.ts"],"sourcesContent":["x","import 'node_modules/b/c'"]}""").ShouldBe("pkg:npm/uuid");
        var map = Convert.ToBase64String("""{"version":3,"sources":["../node_modules/uuid/dist/v4.js"]}"""u8);
        Names("index.js", "x();\n//# sourceMappingURL=data:application/json;charset=utf-8;base64," + map + "\n").ShouldBe("pkg:npm/uuid");
        new TestZip().Add("index.js.map", """{"version":3,"sources":["../node_modules/uuid/d""").Read().Errors.ShouldHaveSingleItem().Message.ShouldBe("not a whole source map");
    }

    private const string Table = "big\t2\t\tVERSION=|2000\talpha literal one\tbeta literal two\tliteral one ab\tgamma literal three\nsmall\t1\tbig\t\tonly literal here\nnamed\t0\n";

    [Theory]
    [InlineData("x('alpha literal one');y('gamma literal three')", "big")]
    [InlineData("x('alpha literal one')", "")]
    [InlineData("x('alpha literal one ab')", "")]
    [InlineData("x('only literal here')", "small")]
    [InlineData("x('only literal here','alpha literal one','beta literal two')", "big")]
    [InlineData("named", "")]
    public void Enough_literals_prove_a_library_unless_another_explains_them(string text, string names) =>
        string.Join(' ', BundleSignatures.Parse(Table).Find(System.Text.Encoding.Latin1.GetBytes(text)).Select(match => match.Name)).ShouldBe(names);

    [Theory]
    [InlineData("x();\n * alpha literal one\n // beta literal two\n", "")]
    [InlineData("x();\n throw 'alpha literal one';\n y('beta literal two');\n", "big")]
    public void Words_of_comments_prove_nothing(string text, string names) =>
        string.Join(' ', BundleSignatures.Parse(Table).Find(System.Text.Encoding.Latin1.GetBytes(text)).Select(match => match.Name)).ShouldBe(names);

    [Fact]
    public void A_source_map_beside_the_bundle_leaves_nothing_to_guess()
    {
        const string Text = "x('Middleware must be an object','A request body is invalid','payload has been already provi')";
        Names("index.js", Text).ShouldBe("pkg:npm/%40middy/core pkg:npm/got");
        string.Join(' ', new TestZip().Add("index.js", Text).Add("index.js.map", """{"version":3,"sources":["../node_modules/got/index.js","../node_modules/ab/x.js"]}""").Read().Purls().Distinct()).ShouldBe("pkg:npm/ab pkg:npm/got");
    }

    [Fact]
    public void Copies_that_another_library_carries_are_not_told_beside_it()
    {
        const string Sizzle = "/*! Sizzle CSS Selector Engine v2.3.6 */\n";
        Names("index.js", Sizzle).ShouldBe("pkg:npm/sizzle@2.3.6");
        Names("index.js", "/*! jQuery JavaScript Library v3.6.0 */\n" + Sizzle).ShouldBe("pkg:npm/jquery@3.6.0");
        // Its own manifest proves it all the same.
        Names("index.js", "/*! jQuery JavaScript Library v3.6.0 */\nvar p={\"name\":\"sizzle\",\"version\":\"2.3.6\",\"repository\":{}};" + Sizzle).ShouldBe("pkg:npm/jquery@3.6.0 pkg:npm/sizzle@2.3.6");
    }

    [Fact]
    public void Where_the_bundler_names_the_modules_nothing_is_guessed()
    {
        var literals = new StreamReader(typeof(BundleSignatures).Assembly.GetManifestResourceStream("bundle-signatures.tsv")!).ReadToEnd().Split('\n').Single(row => row.StartsWith("axios\t", StringComparison.Ordinal)).Split('\t').Skip(4);
        var text = string.Join(' ', literals.Select(literal => $"f('{literal}');"));
        Names("index.js", text).ShouldBe("pkg:npm/axios");
        Names("index.js", "// node_modules/ab/index.js\n" + text).ShouldBe("pkg:npm/ab");
    }

    [Fact]
    public void A_table_of_CommonJS_modules_names_only_those()
    {
        var literals = new StreamReader(typeof(BundleSignatures).Assembly.GetManifestResourceStream("bundle-signatures.tsv")!).ReadToEnd().Split('\n').Single(row => row.StartsWith("axios\t", StringComparison.Ordinal)).Split('\t').Skip(4);
        Names("index.js", "var a=c({\"node_modules/ab/index.js\"(e,m){m.exports=1}});" + string.Join(' ', literals.Select(literal => $"f('{literal}');"))).ShouldBe("pkg:npm/ab pkg:npm/axios");
    }

    [Fact]
    public void The_version_nearest_to_the_literals_counts()
    {
        Versions("t.VERSION=\"9.9.9\";" + new string('x', 5000) + "e('alpha literal one');t.VERSION=\"1.2.3\";e('beta literal two')").ShouldBe("1.2.3");
        Versions("e('alpha literal one','beta literal two');t.other=\"1.2.3\"").ShouldBe("");
    }

    [Fact]
    public void A_version_text_is_one_librarys_and_the_others_look_further()
    {
        const string two = "ab\t1\t\t=|500\talpha literal one\ncd\t1\t\t=|500\tgamma literal two\n";
        Versions("e('alpha literal one');var x=\"1.2.3\",y=\"4.5.6\";e('gamma literal two')", two).ShouldBe("1.2.3 4.5.6");
        // Variables get four letters in a large bundle, properties keep their names.
        Versions("e('alpha literal one');var a1Qx=\"1.2.3\";", two).ShouldBe("1.2.3");
        Versions("e('alpha literal one');a.node=\"1.2.3\";", two).ShouldBe("");
        Versions("e('alpha literal one');d={\"@a/b-x\":\"1.2.3\"}", "ab\t1\t\tx:|500\talpha literal one\n").ShouldBe("");
        // What is known of one is not another's.
        Versions("e('alpha literal one');var x=\"1.2.3\";e('gamma literal two')", two, name => name == "cd" ? "1.2.3" : null).ShouldBe("");
    }

    [Theory]
    // The library's name stands beside it.
    [InlineData("e('alpha literal one');" + Far + "x={sdk:\"ab@v1.2.3\"}", "1.2.3")]
    [InlineData("e('alpha literal one');" + Far + "x=\"ab/1.2.3 (node)\"", "1.2.3")]
    [InlineData("e('alpha literal one');" + Far + "a=\"ab\",b=\"1.2.3\",c=\"f\"", "1.2.3")]
    [InlineData("e('alpha literal one');" + Far + "d={\"ab\":\"1.2.3\"}", "")] // what somebody depends on
    [InlineData("e('alpha literal one');" + Far + "a=\"other\",b=\"1.2.3\"", "")]
    // A manifest of which nothing but the version is left belongs to whoever asks for its module.
    [InlineData("11:(e,t,n)=>{e('alpha literal one',n(6256).version)},6256:e=>{\"use strict\";e.exports={version:\"1.2.3\"}},7:1", "1.2.3")]
    [InlineData("11:(e,t,n)=>{e('alpha literal one')},12:(e,t,n)=>{" + Far + "n(6256).rE},6256:e=>{e.exports={rE:\"1.2.3\"}},7:1", "")]
    // Between two literals of one library, under a name that says so.
    [InlineData("e('alpha literal one');t.VERSION=\"1.2.3\";e('alpha literal one')", "1.2.3")]
    [InlineData("e('alpha literal one');t.VERSION=\"1.2.3\";e('gamma literal two')", "")]
    [InlineData("e('alpha literal one');t.SPEC_VERSION=\"1.2.3\";e('alpha literal one')", "")]
    [InlineData("e('alpha literal one');throw 'gone since ab@1.2.3';e('alpha literal one')", "")]
    [InlineData("e('alpha literal one');t.node=\"1.2.3\";e('alpha literal one')", "")]
    public void A_version_is_known_by_what_stands_around_it(string text, string version) =>
        Versions(text.Replace("FAR", new string('x', 20_000), StringComparison.Ordinal), "ab\t1\t\t\talpha literal one\ncd\t1\t\t\tgamma literal two\n").ShouldBe(version);

    private const string Far = "FAR;";

    [Fact]
    public void Clients_of_Aws_bear_one_number()
    {
        string Literals(string name) => string.Join(' ', new StreamReader(typeof(BundleSignatures).Assembly.GetManifestResourceStream("bundle-signatures.tsv")!).ReadToEnd().Split('\n').Single(row => row.StartsWith(name + "\t", StringComparison.Ordinal)).Split('\t').Skip(4).Select(literal => $"f('{literal}');"));
        var clients = Literals("@aws-sdk/client-sns") + Literals("@aws-sdk/client-sqs");
        Names("index.js", clients + "var a=\"3.886.0\";").ShouldContain("client-sns@3.886.0");
        Names("index.js", clients + "var a=\"3.886.0\";").ShouldContain("client-sqs@3.886.0");
        Names("index.js", clients + "var a=\"3.886.0\",b=\"3.614.0\";").ShouldNotContain("client-sns@");
    }

    [Fact]
    public void Comments_that_esbuild_gathers_name_their_packages() =>
        Names("index.js", "x();\n/*! Bundled license information:\n\njs-yaml/dist/js-yaml.mjs:\n  (*! js-yaml 4.1.1 https://example.test @license MIT *)\n    (*! inner 2.0.0 *)\n\njs-yaml/lib/b.js:\n  (*! copied 3.0.0 *)\n\nsrc/own.js:\n  (*! mine *)\n*/\n").ShouldBe("pkg:npm/js-yaml@4.1.1");

    private static string Versions(string text, string table = Table, Func<string, string?>? known = null) =>
        string.Join(' ', new BundleVersions(text).Of(text, BundleSignatures.Parse(table).Find(System.Text.Encoding.Latin1.GetBytes(text)), known ?? (_ => null)).OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => pair.Value));

    [Fact]
    public void The_table_that_ships_is_whole()
    {
        var rows = new StreamReader(typeof(BundleSignatures).Assembly.GetManifestResourceStream("bundle-signatures.tsv")!).ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(row => row.Split('\t')).ToArray();
        rows.Select(row => row[0]).Distinct().Count().ShouldBe(rows.Length);
        foreach (var row in rows.Where(row => row[1] != "0"))
        {
            var required = int.Parse(row[1], System.Globalization.CultureInfo.InvariantCulture);
            row.Skip(4).Count().ShouldBeGreaterThanOrEqualTo(required, row[0]);
            // Facts, not text of others: short pieces only.
            row.Skip(4).ShouldAllBe(literal => literal.Length >= 8 && literal.Length <= 30, row[0]);
            // Every library is found by its own literals, or the one that holds the same.
            BundleSignatures.Shipped.Find(System.Text.Encoding.UTF8.GetBytes(string.Join('\n', row.Skip(4)))).ShouldContain(match => match.Name == row[0] || row[2].Contains(match.Name), row[0]);
        }

        BundleSignatures.Shipped.Count.ShouldBeGreaterThan(1_000);
        foreach (var name in new[] { "lodash", "axios", "express", "moment", "uuid", "ajv", "minimist", "qs", "semver", "ws", "jsonwebtoken", "node-forge", "handlebars" })
        {
            BundleSignatures.Shipped.Knows(name).ShouldBeTrue(name);
        }
    }

    [Theory]
    [InlineData("case'invalid_union_discriminator':case'unrecognized_keys':", "pkg:npm/zod")]
    [InlineData("throw TypeError('Stringified UUID is invalid')", "pkg:npm/uuid")]
    public void Picked_rows_stand_beside_the_made_ones(string text, string purls) => Names("index.mjs", text).ShouldBe(purls);

    [Fact]
    public void A_text_about_a_library_is_no_library() =>
        Names("index.js", "if (error.message.includes('Blob is not supported. Use a Buffer instead.')) { log('axios 1.6.0 failed; lodash and moment are fine'); }").ShouldBe("");
}
