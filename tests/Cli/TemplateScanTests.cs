using System.IO.Compression;
using Pellicle.Cli.Templates;
using Pellicle.Scanning.Pipeline;

namespace Pellicle.Cli.Tests;

/// <summary>Functions of templates as scan targets.</summary>
public sealed class TemplateScanTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("pellicle-template-").FullName;

    [Fact]
    public void A_SAM_template_gives_its_functions_with_code_layers_and_configuration()
    {
        Write("src/app.py", "import os");
        Write("layer/python/six-1.16.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: six\nVersion: 1.16.0\n");
        var requests = Read("template.yaml", """
            AWSTemplateFormatVersion: '2010-09-09'
            Transform: AWS::Serverless-2016-10-31
            Globals:
              Function:
                Runtime: python3.12
                Timeout: 900
                Environment:
                  Variables: { SHARED: one, OWN: global }
                Layers: [!Ref Common]
            Resources:
              Common:
                Type: AWS::Serverless::LayerVersion
                Properties: { ContentUri: layer/ }
              Orders:
                Type: AWS::Serverless::Function
                Properties:
                  CodeUri: src/
                  Handler: app.handler
                  Environment:
                    Variables: { OWN: function, TABLE: !Ref Table, API_PASSWORD: hunter2hunter2 }
                  Layers:
                    - !Sub arn:aws:lambda:${AWS::Region}:123456789012:layer:other:3
                    - arn:aws:lambda:eu-west-1:123456789012:layer:third:1
              Table: { Type: AWS::DynamoDB::Table }
            """);
        var request = requests.ShouldHaveSingleItem();
        (request.Kind, request.Name, request.Runtime, request.Handler).ShouldBe(("function", "Orders", "python3.12", "app.handler"));
        request.Environment.ShouldBe(new Dictionary<string, string> { ["SHARED"] = "one", ["OWN"] = "function", ["API_PASSWORD"] = "hunter2hunter2" }, ignoreOrder: true);
        request.Layers.Select(l => l.Name).ShouldBe(["Common"]);
        request.MoreErrors.Count.ShouldBe(2, "two layers are not on this machine");
        request.MoreErrors.ShouldContain(e => e.Hint.Contains("layer:arn:aws:lambda:eu-west-1"));
        request.MoreFindings.ShouldContain(f => f.RuleId == "D-2" || f.RuleId == "D-1" || f.Title.Contains("API_PASSWORD"));

        var target = Scanner.Scan(new ScanRequest { Targets = requests, MatchAdvisories = false }).Targets[0];
        target.Packages.ShouldHaveSingleItem().Purl.ShouldBe("pkg:pypi/six@1.16.0");
        target.Status.ShouldBe(ScanStatus.Partial);
    }

    [Theory]
    [InlineData("amzn1.ask.skill.1234", true)]
    [InlineData("!Ref SkillId", false)]
    public void The_token_of_an_event_source_in_clear_text_is_told(string token, bool found)
    {
        Write("src/app.py", "import os");
        Read("template.yaml", $$"""
            Resources:
              Skill:
                Type: AWS::Lambda::Function
                Properties: { Code: src/, Handler: app.handler, Runtime: python3.12 }
              Alexa:
                Type: AWS::Lambda::Permission
                Properties:
                  EventSourceToken: {{token}}
            """).ShouldHaveSingleItem().MoreFindings.Any(f => f.RuleId == "E-11").ShouldBe(found);
    }

    [Fact]
    public void A_CloudFormation_template_in_JSON_gives_zips_and_inline_code()
    {
        using (var zip = ZipFile.Open(Path.Combine(_folder, "f.zip"), ZipArchiveMode.Create))
        {
            using var writer = new StreamWriter(zip.CreateEntry("node_modules/left/package.json").Open());
            writer.Write("""{"name":"left","version":"1.0.0"}""");
        }

        var requests = Read("stack.json", """
            {"Resources":{
              "Zipped":{"Type":"AWS::Lambda::Function","Properties":{"Runtime":"nodejs22.x","Handler":"index.handler","Code":"f.zip"}},
              "Inline":{"Type":"AWS::Lambda::Function","Properties":{"Runtime":"python3.12","Handler":"index.handler","Code":{"ZipFile":"import os\ndef handler(e, c): return 1\n"}}},
              "Uploaded":{"Type":"AWS::Lambda::Function","Properties":{"Runtime":"python3.12","Handler":"a.b","Code":{"S3Bucket":"b","S3Key":"k"}}},
              "Bucket":{"Type":"AWS::S3::Bucket"}}}
            """);
        var targets = Scanner.Scan(new ScanRequest { Targets = requests, MatchAdvisories = false }).Targets;
        targets.Select(t => $"{t.Name} {t.Status} {t.Packages.Count}").ShouldBe(["Zipped Succeeded 1", "Inline Succeeded 0", "Uploaded Partial 0"]);
        targets[2].Errors.ShouldHaveSingleItem().Message.ShouldStartWith("the code is not on this machine");
    }

    [Fact]
    public void A_Serverless_service_gives_its_functions()
    {
        Write("handler.js", "exports.run = 1");
        Write("node_modules/left/package.json", """{"name":"left","version":"1.0.0"}""");
        Write("extra/nodejs/node_modules/right/package.json", """{"name":"right","version":"2.0.0"}""");
        var requests = Read("serverless.yml", """
            service: shop
            provider: { name: aws, runtime: nodejs22.x, environment: { STAGE: dev } }
            functions:
              run:
                handler: handler.run
                layers: [{ Ref: ExtraLambdaLayer }]
            layers:
              extra: { path: extra }
            """);
        var request = requests.ShouldHaveSingleItem();
        (request.Name, request.Runtime, request.Environment["STAGE"]).ShouldBe(("run", "nodejs22.x", "dev"));
        Scanner.Scan(new ScanRequest { Targets = requests, MatchAdvisories = false }).Targets[0].Packages.Select(p => $"{p.Name} {p.Origin}").ShouldContain("right layer:ExtraLambdaLayer");
    }

    [Theory]
    [InlineData("a: [", "cannot be read")]
    [InlineData("Resources: { Bucket: { Type: 'AWS::S3::Bucket' } }", "holds no function")]
    [InlineData("", "holds no function")]
    [InlineData("- 1", "holds no function")]
    public void What_is_no_template_says_so(string text, string message) => Should.Throw<CliException>(() => Read("x.yaml", text)).Message.ShouldContain(message);

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private IReadOnlyList<TargetRequest> Read(string name, string text)
    {
        Write(name, text);
        TemplateScan.IsTemplate(Path.Combine(_folder, name)).ShouldBeTrue();
        return TemplateScan.Requests(Path.Combine(_folder, name), TimeProvider.System);
    }

    private void Write(string path, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(_folder, path))!);
        File.WriteAllText(Path.Combine(_folder, path), text);
    }
}
