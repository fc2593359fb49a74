using Pellicle.Protection.Templates;

namespace Pellicle.Protection.Tests;

public sealed class TemplateTests
{
    private const string Layer = "arn:aws:lambda:eu-central-1:123456789012:layer:pellicle:3";

    private static readonly AttachSettings Settings = new() { LayerArn = Layer, Server = "https://pellicle.example", Token = "{{resolve:secretsmanager:pellicle:SecretString:token}}" };

    private const string Sam =
        """
        # An order service. This comment stays.
        AWSTemplateFormatVersion: '2010-09-09'
        Transform: AWS::Serverless-2016-10-31
        Globals:
          Function:
            Runtime: python3.11   # for all
            Timeout: 10
        Parameters:
          Table: {Type: String}
        Resources:
          Plain:
            Type: AWS::Serverless::Function
            Properties:
              Handler: app.handler      # odd   spacing
              CodeUri: ./src
          Full:
            Type: AWS::Serverless::Function
            Properties:
              CodeUri: ./src
              Handler: app.handler
              Layers:
                - !Ref Shared
                # a remark about the second
                - Fn::Sub: |
                    arn:aws:lambda:${AWS::Region}:1:layer:other:1

              Environment:
                Variables:
                  TABLE: !Ref Table
                  AWS_LAMBDA_EXEC_WRAPPER: "/opt/vendor/wrapper"
              Policies:
                - Version: '2012-10-17'
          Raw:
            Type: AWS::Lambda::Function
            Properties: {Handler: a.b, Runtime: nodejs20.x, Layers: [arn:aws:lambda:eu-central-1:1:layer:x:1], Role: r, Code: {ZipFile: "exports.handler = 1"}}
          Binary:
            Type: AWS::Serverless::Function
            Properties:
              Runtime: provided.al2023
              Handler: bootstrap
          Picture:
            Type: AWS::Serverless::Function
            Properties:
              PackageType: Image
          Chosen:
            Type: AWS::Serverless::Function
            Properties:
              Handler: app.handler
              Layers: !If [A, [x], [y]]
          Bucket:
            Type: AWS::S3::Bucket
        """;

    [Fact]
    public void A_SAM_template_gets_layer_and_variables_and_keeps_everything_else()
    {
        var made = TemplateInstrumentation.Instrument(Sam, Settings);
        TextDifference.Of(Sam, made.Text).ShouldBe(
            """
                 Type: AWS::Serverless::Function
                 Properties:
            +      Layers:
            +        - arn:aws:lambda:eu-central-1:123456789012:layer:pellicle:3
            +      Environment:
            +        Variables:
            +          AWS_LAMBDA_EXEC_WRAPPER: /opt/pellicle/wrapper
            +          PELLICLE_SERVER: https://pellicle.example
            +          PELLICLE_TOKEN: "{{resolve:secretsmanager:pellicle:SecretString:token}}"
                   Handler: app.handler      # odd   spacing
                   CodeUri: ./src
            @@
                     - Fn::Sub: |
                         arn:aws:lambda:${AWS::Region}:1:layer:other:1
            +        - arn:aws:lambda:eu-central-1:123456789012:layer:pellicle:3
             
                   Environment:
                     Variables:
            +          PELLICLE_NEXT_WRAPPER: /opt/vendor/wrapper
            +          PELLICLE_SERVER: https://pellicle.example
            +          PELLICLE_TOKEN: "{{resolve:secretsmanager:pellicle:SecretString:token}}"
                       TABLE: !Ref Table
            -          AWS_LAMBDA_EXEC_WRAPPER: "/opt/vendor/wrapper"
            +          AWS_LAMBDA_EXEC_WRAPPER: /opt/pellicle/wrapper
                   Policies:
                     - Version: '2012-10-17'
               Raw:
                 Type: AWS::Lambda::Function
            -    Properties: {Handler: a.b, Runtime: nodejs20.x, Layers: [arn:aws:lambda:eu-central-1:1:layer:x:1], Role: r, Code: {ZipFile: "exports.handler = 1"}}
            +    Properties: {Environment: { Variables: { AWS_LAMBDA_EXEC_WRAPPER: /opt/pellicle/wrapper, PELLICLE_SERVER: https://pellicle.example, PELLICLE_TOKEN: "{{resolve:secretsmanager:pellicle:SecretString:token}}" } }, Handler: a.b, Runtime: nodejs20.x, Layers: [arn:aws:lambda:eu-central-1:1:layer:x:1, arn:aws:lambda:eu-central-1:123456789012:layer:pellicle:3], Role: r, Code: {ZipFile: "exports.handler = 1"}}
               Binary:
                 Type: AWS::Serverless::Function
                 Properties:
            +      Layers:
            +        - arn:aws:lambda:eu-central-1:123456789012:layer:pellicle:3
            +      Environment:
            +        Variables:
            +          LD_PRELOAD: /opt/pellicle/native/libpellicle.so
            +          PELLICLE_SERVER: https://pellicle.example
            +          PELLICLE_TOKEN: "{{resolve:secretsmanager:pellicle:SecretString:token}}"
                   Runtime: provided.al2023
                   Handler: bootstrap

            """);
        made.Functions.Where(f => f.Refusals.Count > 0).Select(f => f.Function).ShouldBe(["Picture", "Chosen"]);
        made.Functions.SelectMany(f => f.Refusals).ShouldAllBe(r => r.WayOut.Length > 0);
        made.Functions.First(f => f.Function == "Full").Notes.ShouldContain(n => n.Contains("/opt/vendor/wrapper"));
    }

    [Fact]
    public void The_second_time_changes_nothing_and_a_newer_layer_takes_the_place_of_the_older()
    {
        var once = TemplateInstrumentation.Instrument(Sam, Settings).Text;
        TemplateInstrumentation.Instrument(once, Settings).Text.ShouldBe(once);
        TemplateInstrumentation.Instrument(once, Settings with { LayerArn = Layer[..^1] + "4" }).Text.ShouldBe(once.Replace(Layer, Layer[..^1] + "4", StringComparison.Ordinal));
    }

    [Fact]
    public void A_JSON_template_keeps_its_form_and_stays_JSON()
    {
        const string template =
            """
            {
              "Resources": {
                "F": {
                  "Type": "AWS::Lambda::Function",
                  "Properties": {
                    "Handler": "a.b",
                    "Runtime": "java21",
                    "Layers": [
                      {"Ref": "Shared"}
                    ],
                    "Environment": {"Variables": {}}
                  }
                }
              }
            }
            """;
        var made = TemplateInstrumentation.Instrument(template, Settings);
        var properties = System.Text.Json.JsonDocument.Parse(made.Text).RootElement.GetProperty("Resources").GetProperty("F").GetProperty("Properties");
        properties.GetProperty("Layers")[1].GetString().ShouldBe(Layer);
        properties.GetProperty("Environment").GetProperty("Variables").GetProperty("AWS_LAMBDA_EXEC_WRAPPER").GetString().ShouldBe("/opt/pellicle/wrapper");
        made.Text.ShouldContain("        \"Layers\": [\n          {\"Ref\": \"Shared\"},\n          \"arn:");
        TemplateInstrumentation.Instrument(made.Text, Settings).Text.ShouldBe(made.Text);
    }

    [Fact]
    public void Serverless_and_Terraform_are_known()
    {
        const string serverless =
            """
            service: shop
            provider:
              name: aws
              runtime: nodejs20.x
              layers:
                - arn:aws:lambda:eu-central-1:1:layer:x:1
            functions:
              a:
                handler: a.handler
              b:
                handler: b.handler
                layers: []
                environment:
                  T: t
            """;
        var made = TemplateInstrumentation.Instrument(serverless, Settings).Text;
        made.ShouldContain("  layers:\n    - arn:aws:lambda:eu-central-1:1:layer:x:1\n    - " + Layer + "\nfunctions:");
        made.ShouldContain("  a:\n    environment:\n      AWS_LAMBDA_EXEC_WRAPPER: /opt/pellicle/wrapper\n");
        made.ShouldContain("    layers: [" + Layer + "]\n");
        TemplateInstrumentation.Instrument(made, Settings).Text.ShouldBe(made);

        const string terraform = """{"resource": {"aws_lambda_function": {"f": {"function_name": "f", "runtime": "dotnet8", "environment": [{"variables": {"A": "1"}}]}}}}""";
        var plan = System.Text.Json.JsonDocument.Parse(TemplateInstrumentation.Instrument(terraform, Settings).Text).RootElement.GetProperty("resource").GetProperty("aws_lambda_function").GetProperty("f");
        plan.GetProperty("layers")[0].GetString().ShouldBe(Layer);
        plan.GetProperty("environment")[0].GetProperty("variables").EnumerateObject().Select(p => p.Name).ShouldBe(["AWS_LAMBDA_EXEC_WRAPPER", "PELLICLE_SERVER", "PELLICLE_TOKEN", "A"]);
    }

    [Theory]
    [InlineData("a: [")]
    [InlineData("just text")]
    [InlineData("")]
    [InlineData("Resources: {}")]
    [InlineData("a: 1\n---\nb: 2")]
    public void What_is_no_template_is_said(string text) => Should.Throw<InvalidDataException>(() => TemplateInstrumentation.Instrument(text, Settings)).Message.ShouldNotBeEmpty();

    [Fact]
    public void Five_layers_and_another_processor_are_refused()
    {
        var five = "Resources:\n  F:\n    Type: AWS::Lambda::Function\n    Properties:\n      Runtime: python3.12\n      Layers: [a, b, c, d, e]\n";
        var made = TemplateInstrumentation.Instrument(five, Settings);
        made.Text.ShouldBe(five);
        made.Functions.ShouldHaveSingleItem().Refusals.ShouldHaveSingleItem().Reason.ShouldContain("5 layers");
        TemplateInstrumentation.Instrument(five.Replace("Layers: [a, b, c, d, e]", "Architectures: [arm64]", StringComparison.Ordinal), Settings).Functions.ShouldHaveSingleItem().Refusals.ShouldHaveSingleItem().Reason.ShouldContain("arm64");
    }
}
