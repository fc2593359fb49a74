using Pellicle.Domain;
using Pellicle.Scanning.Hijack;
using Pellicle.Scanning.Tests.Support;
using Pellicle.Scanning.View;

namespace Pellicle.Scanning.Tests.Hijack;

/// <summary>R-9: native files that nothing accounts for, that hide what they are, or that cannot run.</summary>
public class NativeBinaryTests
{
    private static byte[] Elf(byte machine = 62, string text = "")
    {
        var bytes = new byte[8192];
        new byte[] { 0x7F, 0x45, 0x4C, 0x46 }.CopyTo(bytes, 0);
        (bytes[4], bytes[5], bytes[16], bytes[18]) = (2, 1, 3, machine);
        System.Text.Encoding.ASCII.GetBytes(text).CopyTo(bytes.AsSpan(200));
        return bytes;
    }

    private static IReadOnlyList<string> Run(TestZip function, string? architecture = "x86_64", TestZip? layer = null) =>
    [
        .. NativeBinaries.Judge(EffectiveView.Build(
            function.Read(),
            layer is null ? [] : [new LayerContents("tools", null, 1, layer.Read("layer:tools"))],
            new RuntimeInfo("python3.13", "app.handler", new Dictionary<string, string>()) { Architecture = architecture })).Select(f => $"{f.RuleId} {f.Severity} {f.Origin} {f.Title}"),
    ];

    [Fact]
    public void A_file_without_a_package_is_told() => Run(new TestZip().Add("lib/libwork.so", Elf()), layer: new TestZip().Add("bin/tool", Elf()).Add("bin/other", Elf()))
        .ShouldBe(["R-9 Medium function 1 native file without a package", "R-9 Medium layer:tools 2 native files without a package"]);

    [Fact]
    public void A_packed_file_is_told() => Run(new TestZip().Add("bin/tool", Elf(text: "UPX!"))).ShouldBe(["R-9 Medium function bin/tool is packed"]);

    [Fact]
    public void A_file_for_another_processor_is_told() => Run(new TestZip().Add("node_modules/x/x.node", Elf(183))).ShouldBe(["R-9 Medium function node_modules/x/x.node is built for arm64"]);

    [Fact]
    public void What_packages_ship_for_several_processors_is_in_order()
    {
        Run(new TestZip().Add("node_modules/x/prebuilds/linux-arm64/x.node", Elf(183)).Add("node_modules/x/prebuilds/linux-x64/x.node", Elf())).ShouldBeEmpty();
        Run(new TestZip().Add("node_modules/x/x.node", Elf(183)), architecture: null).ShouldBeEmpty();
    }

    [Fact]
    public void What_says_what_it_is_is_in_order() => Run(new TestZip().Add("bootstrap", Elf()).Add("bin/curl", Elf(text: "libcurl/8.5.0 "))).ShouldBeEmpty();

    [Fact]
    public void Text_is_no_native_file() => Run(new TestZip().Add("bin/tool", new string('x', 8192))).ShouldBeEmpty();

    [Theory]
    [InlineData("template.yaml", "      EventSourceToken: \"amzn1.ask.skill.1234\"\n", true)]
    [InlineData("template.yaml", "      EventSourceToken: amzn1.ask.skill.1234\n", true)]
    [InlineData("stack.json", "{\"EventSourceToken\": \"amzn1.ask.skill.1234\"}", true)]
    [InlineData("main.tf", "  event_source_token = \"amzn1.ask.skill.1234\"\n", true)]
    [InlineData("template.yaml", "      EventSourceToken: !Ref SkillId\n", false)]
    [InlineData("template.yaml", "      EventSourceToken: \"{{resolve:secretsmanager:skill}}\"\n", false)]
    [InlineData("stack.json", "{\"EventSourceToken\": {\"Ref\": \"SkillId\"}}", false)]
    [InlineData("main.tf", "  event_source_token = var.skill\n", false)]
    [InlineData("main.tf", "  event_source_token = \"${var.skill}\"\n", false)]
    [InlineData("notes.md", "EventSourceToken: \"amzn1.ask.skill.1234\"\n", false)]
    public void Tokens_of_event_sources_in_templates_are_found(string name, string text, bool found) =>
        new TestZip().Add(name, "# one line before\n" + text).Read().Secrets.Any(f => f.RuleId == "E-11" && f.Severity == Severity.High).ShouldBe(found);
}
