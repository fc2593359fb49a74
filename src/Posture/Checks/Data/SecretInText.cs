using Pellicle.Domain;

namespace Pellicle.Posture.Checks.Data;

/// <summary>D-8: a secret in tags or descriptions, which many more may read than variables.</summary>
internal sealed class SecretInText : IPostureCheck
{
    public string Id => "D-8";

    public string Title => "a secret lies in a tag or description";

    public string? Lacks(FunctionSubject function) => function.Tags is null ? "lambda:ListTags" : null;

    public IEnumerable<Finding> Judge(FunctionSubject function, PostureContext context)
    {
        var places = new List<(string Place, string Name, string Text)> { ("description", "", function.Description) };
        places.AddRange(function.Tags!.OrderBy(t => t.Key, StringComparer.Ordinal).Select(t => ($"tag:{t.Key}", t.Key, t.Value)));
        places.AddRange((function.Aliases ?? []).Select(a => ($"alias:{a.Name}/description", "", a.Description)));
        foreach (var (place, name, text) in places)
        {
            var form = SensitiveText.Describe(text) ?? (name.Length > 0 && SensitiveText.IsSecretName(name) && !SensitiveText.IsReference(text) ? "a secret by its name" : null);
            if (form is not null)
            {
                yield return Report.Of(
                    this,
                    function,
                    Severity.Medium,
                    place,
                    $"The {place.Split(':', '/')[0]} holds {form}; tags and descriptions are shown in lists, bills and logs.",
                    place.StartsWith("tag:", StringComparison.Ordinal)
                        ? $"aws lambda untag-resource --resource {function.Arn} --tag-keys {name}   # and replace the secret"
                        : $"aws lambda {(place.StartsWith("alias:", StringComparison.Ordinal) ? $"update-alias --name {place[6..^12]}" : "update-function-configuration")} --function-name {function.Name} --description ''   # and replace the secret",
                    Report.Lambda + "configuration-tags.html");
            }
        }
    }
}
