using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Pellicle.Aws;

namespace Pellicle.Protection;

/// <summary>
/// What a function had before protection. It is kept in a variable of the function itself, so that any machine can take the protection out again:
/// the values that were replaced, and a fingerprint of layers and variables, by which the removal proves that all is as before.
/// </summary>
internal static class PriorConfiguration
{
    /// <summary>Where it is kept.</summary>
    public const string Variable = "PELLICLE_PRIOR";

    private const string Prefix = "PELLICLE_";
    private const string FingerprintKey = "#";

    private static readonly JsonSerializerOptions Compact = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Notes the values that protection will replace.</summary>
    /// <returns>False for a function that is protected already: what it had before is known.</returns>
    public static bool Remember(FunctionConfiguration function, Dictionary<string, string> variables)
    {
        var attached = function.Layers.Any(l => LayerPackage.IsStandalone(l.Name)) && variables.ContainsKey("PELLICLE_FUNCTION_ARN");
        if (variables.ContainsKey(Variable) || attached)
        {
            return false;
        }

        var replaced = new SortedDictionary<string, string>(StringComparer.Ordinal) { [FingerprintKey] = Fingerprint(function.Layers.Where(l => !LayerPackage.IsStandalone(l.Name)).Select(l => l.Arn), function.Variables) };
        foreach (var (name, value) in function.Variables)
        {
            if (name.StartsWith(Prefix, StringComparison.Ordinal) || name == AttachPlan.PreloadVariable || (name == AttachPlan.WrapperVariable && !IsChained(value)))
            {
                replaced[name] = value;
            }
        }

        variables[Variable] = JsonSerializer.Serialize(replaced, Compact);
        return true;
    }

    /// <summary>A wrapper that is chained is kept by the variable that names it.</summary>
    private static bool IsChained(string wrapper) => wrapper.Length > 0 && wrapper != AttachPlan.WrapperPath;

    /// <summary>Variables without ours, with those that were replaced; and whether all is as before.</summary>
    public static (Dictionary<string, string> Variables, IReadOnlyList<string> Notes) Restore(FunctionConfiguration function, IReadOnlyList<string> layers)
    {
        var notes = new List<string>();
        var prior = Read(function.Variables.GetValueOrDefault(Variable), notes);
        var variables = new Dictionary<string, string>();
        foreach (var (name, value) in function.Variables)
        {
            if (RestoredValue(name, value, function.Variables, prior) is { } restored)
            {
                variables[name] = restored;
            }
        }

        foreach (var (name, value) in prior.Where(p => p.Key.StartsWith(Prefix, StringComparison.Ordinal)))
        {
            variables[name] = value;
        }

        if (prior.GetValueOrDefault(FingerprintKey) is { } before)
        {
            notes.Add(before == Fingerprint(layers, variables) ? "layers and variables are exactly as before protection" : "what protection changed is as before; layers or variables that were changed since stay as they are now");
        }

        return (variables, notes);
    }

    /// <summary>16 hexadecimal digits over layers in order and variables by name.</summary>
    public static string Fingerprint(IEnumerable<string> layers, IReadOnlyDictionary<string, string> variables)
    {
        var text = JsonSerializer.Serialize(new object[] { layers, new SortedDictionary<string, string>(variables.ToDictionary(), StringComparer.Ordinal) });
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)))[..16];
    }

    /// <summary>Null for a variable that goes.</summary>
    private static string? RestoredValue(string name, string value, IReadOnlyDictionary<string, string> now, Dictionary<string, string> prior)
    {
        if (name.StartsWith(Prefix, StringComparison.Ordinal))
        {
            return prior.GetValueOrDefault(name);
        }

        return name switch
        {
            // Another value was set since, and is kept.
            AttachPlan.WrapperVariable when value == AttachPlan.WrapperPath => prior.GetValueOrDefault(name) ?? (now.GetValueOrDefault(AttachPlan.NextWrapperVariable) is { Length: > 0 } next ? next : null),
            AttachPlan.PreloadVariable => Unloaded(value, prior.GetValueOrDefault(name)),
            _ => value,
        };
    }

    private static string? Unloaded(string value, string? prior)
    {
        var entries = value.Split(':', ' ');
        if (!entries.Contains(AttachPlan.PreloadPath) || value == prior)
        {
            return value;
        }

        var untouched = value == AttachPlan.PreloadPath || (prior is not null && value == $"{AttachPlan.PreloadPath}:{prior}");
        return untouched ? prior : string.Join(':', entries.Where(e => e != AttachPlan.PreloadPath)) is { Length: > 0 } rest ? rest : null;
    }

    private static Dictionary<string, string> Read(string? text, List<string> notes)
    {
        try
        {
            return text is null ? [] : JsonSerializer.Deserialize<Dictionary<string, string>>(text) ?? [];
        }
        catch (JsonException)
        {
            notes.Add($"`{Variable}` was changed and cannot be read: variables that protection replaced do not come back by themselves");
            return [];
        }
    }
}
