using Pellicle.Aws;
using Pellicle.Cli.Accounts;
using Pellicle.Cli.Layers;
using Pellicle.Domain;
using Pellicle.Scanning.Pipeline;

namespace Pellicle.Cli.Tests;

public sealed class LayerQueryTests
{
    [Theory]
    [InlineData("npm/lodash", "npm", "lodash", "4.17.20", true)]
    [InlineData("npm/lodash@4.17.20", "npm", "lodash", "4.17.20", true)]
    [InlineData("npm/lodash@4.17.21", "npm", "lodash", "4.17.20", false)]
    [InlineData("lodash<4.17.21", "npm", "lodash", "4.17.20", true)]
    [InlineData("lodash<4.17.20", "npm", "lodash", "4.17.20", false)]
    [InlineData("lodash<=4.17.20", "npm", "lodash", "4.17.20", true)]
    [InlineData("npm/@scope/name>=1.0.0,<2.0.0", "npm", "@scope/name", "1.5.0", true)]
    [InlineData("@scope/name>=1.0.0,<2.0.0", "npm", "@scope/name", "2.0.0", false)]
    [InlineData("log4j-core<2.17.1", "Maven", "org.apache.logging.log4j:log4j-core", "2.14.1", true)]
    [InlineData("log4j-core<2.17.1", "Maven", "org.apache.logging.log4j:log4j-core", "2.17.1", false)]
    [InlineData("maven/org.apache.logging.log4j:log4j-core<2.17.1", "Maven", "org.apache.logging.log4j:log4j-core", "2.9.0", true)]
    [InlineData("log4j-core", "Maven", "org.apache.logging.log4j:log4j-core-its", "2.9.0", false)]
    [InlineData("pypi/requests<2.32.0", "PyPI", "requests", "2.4.0", true)]
    [InlineData("pypi/requests<2.32.0", "npm", "requests", "2.4.0", false)]
    [InlineData("pkg:npm/lodash@4.17.20", "npm", "lodash", "4.17.20", true)]
    [InlineData("lodash<4.17.21", "npm", "lodash", null, false)]
    public void A_query_names_a_package_and_a_range_of_its_versions(string query, string ecosystem, string name, string? version, bool expected) =>
        PackageQuery.Parse(query).Matches(new ScannedPackage { Purl = "", Ecosystem = ecosystem, Name = name, Version = version, Origin = "layer:x", Path = "", Evidence = PackageEvidence.Installed }).ShouldBe(expected);

    [Theory]
    [InlineData("")]
    [InlineData("<1.0")]
    [InlineData("lodash<")]
    [InlineData("lodash 4")]
    [InlineData("pkg:nonsense")]
    public void What_is_no_query_is_wrong_usage(string query) => Should.Throw<CliException>(() => PackageQuery.Parse(query)).Code.ShouldBe(ExitCode.Usage);

    [Fact]
    public void A_scope_chooses_by_name_runtime_and_age()
    {
        FunctionConfiguration[] all =
        [
            new() { FunctionName = "pay-in", Runtime = "python3.13", LastModified = "2026-01-01" }, new() { FunctionName = "pay-out", Runtime = "nodejs22.x", LastModified = "2026-03-01" },
            new() { FunctionName = "shop", Runtime = null, LastModified = "2026-02-01" },
        ];
        string[] Chosen(ScanScope scope) => [.. scope.Choose(all).Select(f => f.FunctionName).Order()];
        Chosen(new ScanScope()).ShouldBe(["pay-in", "pay-out", "shop"]);
        Chosen(new ScanScope { Names = ["pay-*"] }).ShouldBe(["pay-in", "pay-out"]);
        Chosen(new ScanScope { Names = ["pay-*"], Runtimes = ["python*"] }).ShouldBe(["pay-in"]);
        Chosen(new ScanScope { Runtimes = ["image"] }).ShouldBe(["shop"]);
        Chosen(new ScanScope { Newest = 2 }).ShouldBe(["pay-out", "shop"]);
        new ScanScope { Tags = ["team=a", "keep"] }.HasTag(new Dictionary<string, string> { ["team"] = "b" }).ShouldBeFalse();
        new ScanScope { Tags = ["team=a", "keep"] }.HasTag(new Dictionary<string, string> { ["keep"] = "" }).ShouldBeTrue();
        new ScanScope { Tags = ["team=a"] }.HasTag(null).ShouldBeFalse();
    }
}
