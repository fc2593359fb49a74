using System.Text.Json;
using Pellicle.Domain;

namespace Pellicle.Posture;

/// <summary>Makes findings of posture checks alike.</summary>
internal static class Report
{
    public const string Lambda = "https://docs.aws.amazon.com/lambda/latest/dg/";
    public const string Iam = "https://docs.aws.amazon.com/IAM/latest/UserGuide/";
    public const string SecurityHub = "https://docs.aws.amazon.com/securityhub/latest/userguide/lambda-controls.html#lambda-";

    /// <summary>A finding on a function. <paramref name="place"/> is the part of its configuration.</summary>
    public static Finding Of(IPostureCheck check, FunctionSubject function, Severity severity, string place, string description, string remediation, params string[] references) =>
        Of(check.Id, check.Title, function.Arn, "function", severity, place, description, remediation, references);

    public static Finding Of(string id, string title, string asset, string origin, Severity severity, string place, string description, string remediation, params string[] references) => new()
    {
        // The place alone would be the same for every function.
        Fingerprint = Finding.MakeFingerprint(FindingKind.Posture, id, null, origin, $"{asset}#{place}"),
        Kind = FindingKind.Posture,
        RuleId = id,
        Aliases = ExternalIds.Of(id),
        Severity = severity,
        Origin = origin,
        Path = place,
        Title = title,
        Description = description,
        Remediation = remediation,
        References = references,
    };
}

/// <summary>Short ways through JSON.</summary>
internal static class JsonReading
{
    public static JsonElement? Get(this JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;

    public static string? Text(this JsonElement element, string name) => element.Get(name) is { ValueKind: JsonValueKind.String } value ? value.GetString() : null;

    /// <summary>One value or a list of them, as policies write both.</summary>
    public static IReadOnlyList<string> Texts(this JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Array => [.. element.EnumerateArray().Select(Single)],
        JsonValueKind.Undefined or JsonValueKind.Null => [],
        _ => [Single(element)],
    };

    private static string Single(JsonElement value) => value.ValueKind == JsonValueKind.String ? value.GetString()! : value.GetRawText();
}
