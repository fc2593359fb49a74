using System.Collections.Frozen;
using Pellicle.Domain;
using Pellicle.Posture.Identity;

namespace Pellicle.Posture.Checks.Supply;

/// <summary>R-3: a layer of another account runs inside the function. AWS, known vendors, communities and strangers are kept apart.</summary>
internal sealed class ForeignLayer : IPostureCheck
{
    private static readonly FrozenDictionary<string, (string Kind, string Name)> Publishers = PostureTables.Lines("publishers").ToFrozenDictionary(l => l[0], l => (l[1], l[2]), StringComparer.Ordinal);

    public string Id => "R-3";

    public string Title => "a layer comes from another account";

    public string? Lacks(FunctionSubject function) => null;

    public IEnumerable<Finding> Judge(FunctionSubject function, PostureContext context)
    {
        foreach (var layer in function.Layers.Where(l => !l.Own && l.Account != function.Account && !context.TrustedAccounts.Contains(l.Account)))
        {
            var (kind, name) = layer.Account.Length == 0 ? ("aws", "AWS") : Publishers.GetValueOrDefault(layer.Account, ("unknown", ""));
            var (severity, who) = kind switch
            {
                "aws" => (Severity.Info, $"AWS ({name})"),
                "vendor" => (Severity.Info, $"the vendor {name}"),
                "community" => (Severity.Medium, $"a public collection ({name})"),
                _ => (Severity.High, "a publisher nobody here knows"),
            };
            yield return Report.Of(
                Id,
                Title,
                function.Arn,
                $"layer:{layer.Name}",
                severity,
                $"layer:{layer.Arn}",
                $"`{layer.Name}` version {layer.Version} is published by account {layer.Account}: {who}. Its code runs with the function's role, before the function's own.",
                kind is "aws" or "vendor"
                    ? "keep it up to date"
                    : $"aws lambda get-layer-version-by-arn --arn {layer.Arn}   # download, check, and publish it from your own account: aws lambda publish-layer-version --layer-name {layer.Name} --zip-file fileb://layer.zip",
                Report.Lambda + "chapter-layers.html");
        }
    }
}
