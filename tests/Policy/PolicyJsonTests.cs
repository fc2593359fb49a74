using FsCheck;
using FsCheck.Fluent;
using Pellicle.Domain;

namespace Pellicle.Policy.Tests;

public sealed class PolicyJsonTests
{
    [Fact]
    public void Written_documents_read_back_to_the_same_text() =>
        Prop.ForAll(Documents().ToArbitrary(), document =>
        {
            var text = PolicyJson.WriteText(document);
            var result = PolicyJson.Parse(text);
            return result.Errors.Count == 0 && PolicyJson.WriteText(result.Document!) == text;
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void Smallest_document_gets_the_defaults()
    {
        var document = PolicyJson.Parse("""{"schemaVersion":1}""").Document.ShouldNotBeNull();
        document.Mode.ShouldBe(ProtectionMode.Monitor);
        document.FailClosed.ShouldBeFalse();
        document.PollSeconds.ShouldBe(1);
        document.Profile.ShouldBeEmpty();
    }

    [Fact]
    public void Written_form_is_sorted_and_readable()
    {
        var document = new PolicyDocument
        {
            Function = "arn:aws:lambda:eu-west-1:123456789012:function:f", Revision = "3", Mode = ProtectionMode.Protect,
            Rules = [new() { Id = "b", Dimension = Dimension.Host, Effect = Effect.Deny, Items = ["z", "a", "z"] }, new() { Id = "a", Dimension = Dimension.Read, Effect = Effect.Allow, Items = ["/x/"], Description = "why" }],
            Builtin = new Dictionary<string, Effect> { ["exec-temp"] = Effect.Allow },
            Profile = new Dictionary<Dimension, DimensionProfile> { [Dimension.Process] = new(ProfileStage.Protect, ["/usr/bin/id"]) },
        };
        PolicyJson.WriteText(document).ShouldBe("""
            {
              "schemaVersion": 1,
              "id": "default",
              "function": "arn:aws:lambda:eu-west-1:123456789012:function:f",
              "revision": "3",
              "mode": "protect",
              "failClosed": false,
              "pollSeconds": 1,
              "events": {
                "threshold": 90,
                "suppress": []
              },
              "builtin": {
                "exec-temp": "off"
              },
              "rules": [
                {
                  "id": "a",
                  "dimension": "read",
                  "effect": "allow",
                  "description": "why",
                  "items": [
                    "/x/"
                  ]
                },
                {
                  "id": "b",
                  "dimension": "host",
                  "effect": "deny",
                  "items": [
                    "a",
                    "z"
                  ]
                }
              ],
              "canaryShare": 0.1,
              "profile": {
                "process": {
                  "stage": "protect",
                  "items": [
                    "/usr/bin/id"
                  ]
                }
              }
            }

            """.ReplaceLineEndings("\n"));
    }

    [Fact]
    public void Everything_wrong_is_reported_at_once()
    {
        var errors = PolicyJson.Parse("""
            {"schemaVersion":2,"mode":"on","failClosd":true,"pollSeconds":0,"canaryShare":2,"events":{"threshold":1.5,"suppress":[{"detector":"x"}]},
             "builtin":{"nope":"deny","exec-temp":"maybe"},"rules":[{"id":"a","dimension":"disk","effect":"drop","items":[]},{"id":"a","dimension":"read","effect":"deny","items":[1]}],
             "profile":{"process":{"items":["/a"]},"cpu":{}},"mode":"off"}
            """).Errors;
        string[] expected =
        [
            "document: has no member `failClosd`", "document: has `mode` twice", "schemaVersion: must be 1", "mode: must be one of", "pollSeconds: must be a whole number from 1 to 3600",
            "canaryShare: must be a number from 0 to 1", "events.threshold: must be a whole number", "events.suppress[0].reason: is missing", "builtin.nope: there is no built-in rule `nope`",
            "builtin.exec-temp: must be one of", "rules[0].dimension: there is no dimension `disk`", "rules[0].effect: must be one of", "rules[0].items: must name at least one item",
            "rules[1].id: `a` is used twice", "rules[1].items[0]: must be a text", "profile.process.stage: is missing", "profile.cpu: there is no dimension `cpu`",
        ];
        foreach (var start in expected)
        {
            errors.ShouldContain(e => e.StartsWith(start, StringComparison.Ordinal), start);
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{")]
    [InlineData("{\"schemaVersion\":1,\"id\":\"\\ud800\"}")]
    [InlineData("{\"schemaVersion\":1e400}")]
    [InlineData("{\"schemaVersion\":1,\"rules\":[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]}")]
    public void Garbage_is_an_error_not_an_exception(string text)
    {
        var result = PolicyJson.Parse(text);
        result.Document.ShouldBeNull();
        result.Errors.ShouldNotBeEmpty();
    }

    [Fact]
    public void Mutilated_documents_never_throw() =>
        Prop.ForAll(Documents().ToArbitrary(), Gen.Choose(0, 4000).ToArbitrary(), Gen.Choose(0, 255).ToArbitrary(), (document, place, value) =>
        {
            var bytes = PolicyJson.Write(document);
            bytes[place % bytes.Length] = (byte)value;
            var result = PolicyJson.Parse(bytes);
            return result.Document is null == result.Errors.Count > 0;
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void Signature_holds_for_exactly_these_bytes()
    {
        using var key = PolicySignature.CreateKey();
        using var other = PolicySignature.CreateKey();
        var body = PolicyJson.Write(new PolicyDocument());
        var signature = PolicySignature.Sign(key, body);
        PolicySignature.Verify(PolicySignature.PublicKey(key), body, signature).ShouldBeTrue();
        PolicySignature.Verify(PolicySignature.PublicKey(other), body, signature).ShouldBeFalse();
        body[5] ^= 1;
        PolicySignature.Verify(PolicySignature.PublicKey(key), body, signature).ShouldBeFalse();
        PolicySignature.Verify("AAAA", body, signature).ShouldBeFalse();
        PolicySignature.Verify(PolicySignature.PublicKey(key), body, "no base64").ShouldBeFalse();
        PolicySignature.Verify(PolicySignature.PublicKey(key), body, null).ShouldBeFalse();
    }

    internal static Gen<PolicyDocument> Documents()
    {
        var item = ItemPatternTests.Items().Generator.Where(i => i.Length is > 0 and <= 200);
        var items = item.NonEmptyListOf().Select(l => (IReadOnlyList<string>)[.. l.Take(8)]);
        var dimension = Gen.Elements(DimensionNames.All.ToArray());
        var rule =
            from d in dimension
            from e in Gen.Elements(Enum.GetValues<Effect>())
            from i in items
            select new PolicyRule { Id = "", Dimension = d, Effect = e, Items = i };
        var profile =
            from d in dimension
            from s in Gen.Elements(Enum.GetValues<ProfileStage>())
            from i in items
            select (d, new DimensionProfile(s, i));
        return
            from rules in rule.ListOf()
            from profiles in profile.ListOf()
            from mode in Gen.Elements(Enum.GetValues<ProtectionMode>())
            from closed in Gen.Elements(true, false)
            from share in Gen.Choose(0, 100)
            from builtin in Gen.Elements(BuiltinRules.All.Select(b => b.Id).ToArray())
            from effect in Gen.Elements(Enum.GetValues<Effect>())
            select new PolicyDocument
            {
                Mode = mode,
                FailClosed = closed,
                CanaryShare = share / 100.0,
                Builtin = new Dictionary<string, Effect> { [builtin] = effect },
                Rules = [.. rules.Take(6).Select((r, i) => r with { Id = $"r{i}" })],
                Profile = profiles.DistinctBy(p => p.d).ToDictionary(p => p.d, p => p.Item2),
            };
    }
}
