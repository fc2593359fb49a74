using System.Text.Json;

namespace Pellicle.Posture.Exposure;

/// <summary>Reads a function URL's configuration.</summary>
internal static class FunctionUrl
{
    public static IEnumerable<(string Qualifier, JsonElement Url)> All(FunctionSubject function) =>
        (function.Urls ?? new Dictionary<string, JsonElement>()).OrderBy(u => u.Key, StringComparer.Ordinal).Select(u => (u.Key, u.Value));

    public static bool IsOpen(JsonElement url) => url.Text("AuthType") == "NONE";

    public static bool AnyOrigin(JsonElement url) => url.Get("Cors")?.Get("AllowOrigins")?.Texts().Any(o => o is "*" or "http://*" or "https://*") == true;

    public static bool WithCredentials(JsonElement url) => url.Get("Cors")?.Get("AllowCredentials")?.ValueKind == JsonValueKind.True;

    /// <summary>False when the policy of the qualifier is known and lets nobody through, so that the URL answers 403; null when unknown.</summary>
    public static bool? LetsAnyoneIn(FunctionSubject function, string qualifier) => function.ResourcePolicies is null
        ? null
        : ResourcePolicy.Allowing(function).Any(s => s.Qualifier == qualifier && s.Statement.HasAction("lambda:InvokeFunctionUrl") && ResourcePolicy.IsPublic(function, qualifier, s.Statement, "NONE"));

    public static bool IsPublic(FunctionSubject function) => All(function).Any(u => IsOpen(u.Url) && LetsAnyoneIn(function, u.Qualifier) != false);

    public static string Place(string qualifier) => qualifier.Length == 0 ? "url" : $"url:{qualifier}";

    public static string Option(string qualifier) => qualifier.Length == 0 ? "" : $" --qualifier {qualifier}";
}
