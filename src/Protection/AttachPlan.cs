using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Pellicle.Aws;

namespace Pellicle.Protection;

/// <summary>What a protected function is told.</summary>
public sealed record AttachSettings
{
    /// <summary>ARN of the protection layer's version.</summary>
    public required string LayerArn { get; init; }

    /// <summary>Server the guard reports to, or null to run on the packed policy alone.</summary>
    public string? Server { get; init; }

    /// <summary>Ingest token, or null.</summary>
    public string? Token { get; init; }

    /// <summary>Public key of policies, base64, or null when it is packed in the layer.</summary>
    public string? PublicKey { get; init; }
}

/// <summary>Why a function cannot be changed, and the way out.</summary>
/// <param name="Reason">What stands in the way.</param>
/// <param name="WayOut">What to do.</param>
public sealed record Refusal(string Reason, string WayOut);

/// <summary>The new layers and variables of a function, computed without any call. Pure.</summary>
public sealed record AttachPlan
{
    /// <summary>Lambda's limit of layers for one function.</summary>
    public const int MaxLayers = 5;

    /// <summary>Lambda's limit of the environment as JSON, in bytes.</summary>
    public const int MaxEnvironmentBytes = 4096;

    private const string WrapperVariable = "AWS_LAMBDA_EXEC_WRAPPER";
    private const string WrapperPath = "/opt/pellicle/wrapper";
    private const string NextWrapperVariable = "PELLICLE_NEXT_WRAPPER";
    private const string Prefix = "PELLICLE_";
    private const string PreloadVariable = "LD_PRELOAD";
    private const string PreloadPath = "/opt/pellicle/native/libpellicle.so";

    /// <summary>Layers after the change.</summary>
    public required IReadOnlyList<string> Layers { get; init; }

    /// <summary>Variables after the change, in the order they had.</summary>
    public required IReadOnlyDictionary<string, string> Variables { get; init; }

    /// <summary>Empty when the change may be made.</summary>
    public IReadOnlyList<Refusal> Refusals { get; init; } = [];

    /// <summary>True when nothing has to be changed.</summary>
    public required bool Unchanged { get; init; }

    /// <summary>Things to know that do not stand in the way.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];

    /// <summary>True when the function carries a protection layer of this name.</summary>
    public static bool IsProtected(FunctionConfiguration function, string layerName = LayerPackage.DefaultName)
    {
        ArgumentNullException.ThrowIfNull(function);
        return function.Layers.Any(l => l.Name == layerName) &&
            (function.Variables.GetValueOrDefault(WrapperVariable) == WrapperPath || IsPreloaded(function.Variables));
    }

    /// <summary>Plans protection of a function; applying it twice changes nothing the second time.</summary>
    public static AttachPlan Attach(FunctionConfiguration function, AttachSettings settings)
    {
        ArgumentNullException.ThrowIfNull(function);
        ArgumentNullException.ThrowIfNull(settings);
        var refusals = new List<Refusal>();
        var notes = new List<string>();
        var name = settings.LayerArn.Split(':')[^2];
        // Ours goes last, so that no later layer overwrites our files.
        var layers = function.Layers.Where(l => l.Name != name).Select(l => l.Arn).Append(settings.LayerArn).ToList();
        var variables = new Dictionary<string, string>(function.Variables);
        if (function.PackageType == "Image" || function.Runtime is null)
        {
            refusals.Add(new("the function is a container image, and images take no layers", "add the layer's files to the image under /opt and start the handler through /opt/pellicle/wrapper"));
        }
        else if (function.Runtime.StartsWith("provided", StringComparison.Ordinal) || function.Runtime.StartsWith("go", StringComparison.Ordinal))
        {
            // No wrapper there: a dynamic binary takes the interposer by LD_PRELOAD, which also redirects the Runtime API.
            var preload = variables.GetValueOrDefault(PreloadVariable, "");
            if (!preload.Split(':', ' ').Contains(PreloadPath))
            {
                variables[PreloadVariable] = preload.Length == 0 ? PreloadPath : $"{PreloadPath}:{preload}";
            }

            notes.Add("an OS-only runtime takes no wrapper: a dynamically linked bootstrap is covered by LD_PRELOAD, a static one is not covered");
        }
        else
        {
            var wrapper = variables.GetValueOrDefault(WrapperVariable);
            if (wrapper is { Length: > 0 } && wrapper != WrapperPath)
            {
                variables[NextWrapperVariable] = wrapper;
                notes.Add($"the wrapper `{wrapper}` stays in use: ours calls it");
            }

            variables[WrapperVariable] = WrapperPath;
        }

        Put(variables, "PELLICLE_SERVER", settings.Server);
        Put(variables, "PELLICLE_TOKEN", settings.Token);
        Put(variables, "PELLICLE_KEY", settings.PublicKey);
        Put(variables, "PELLICLE_FUNCTION_ARN", function.UnqualifiedArn);
        Put(variables, "PELLICLE_CODE_SHA256", function.CodeSha256);

        if (layers.Count > MaxLayers)
        {
            refusals.Add(new($"the function has {function.Layers.Count} layers already; Lambda allows {MaxLayers}", "merge two of its layers into one version, then protect it"));
        }

        var bytes = EnvironmentBytes(variables);
        if (bytes > MaxEnvironmentBytes)
        {
            refusals.Add(new($"the environment would have {bytes} bytes; Lambda allows {MaxEnvironmentBytes}", "move large values to Parameter Store or Secrets Manager, or pack server and key into the layer (`pellicle layer build`)"));
        }

        return new AttachPlan
        {
            Layers = layers,
            Variables = variables,
            Refusals = refusals,
            Notes = notes,
            Unchanged = layers.SequenceEqual(function.Layers.Select(l => l.Arn)) && Same(variables, function.Variables),
        };
    }

    /// <summary>Plans the removal: exactly what <see cref="Attach"/> added goes, whatever else changed since stays.</summary>
    public static AttachPlan Detach(FunctionConfiguration function, string layerName = LayerPackage.DefaultName)
    {
        ArgumentNullException.ThrowIfNull(function);
        var layers = function.Layers.Where(l => l.Name != layerName).Select(l => l.Arn).ToList();
        var variables = new Dictionary<string, string>();
        foreach (var (key, value) in function.Variables)
        {
            if (key == WrapperVariable && value == WrapperPath)
            {
                if (function.Variables.TryGetValue(NextWrapperVariable, out var next))
                {
                    variables[WrapperVariable] = next;
                }
            }
            else if (key == PreloadVariable && IsPreloaded(function.Variables))
            {
                var rest = string.Join(':', value.Split(':').Where(p => p != PreloadPath));
                if (rest.Length > 0)
                {
                    variables[key] = rest;
                }
            }
            else if (!key.StartsWith(Prefix, StringComparison.Ordinal))
            {
                variables[key] = value;
            }
        }

        return new AttachPlan
        {
            Layers = layers,
            Variables = variables,
            Unchanged = layers.Count == function.Layers.Count && Same(variables, function.Variables),
        };
    }

    /// <summary>Size of the environment as Lambda measures it: the map as JSON.</summary>
    public static int EnvironmentBytes(IReadOnlyDictionary<string, string> variables) =>
        Encoding.UTF8.GetByteCount(JsonSerializer.Serialize(variables, new JsonSerializerOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }));

    private static bool IsPreloaded(IReadOnlyDictionary<string, string> variables) =>
        variables.TryGetValue(PreloadVariable, out var preload) && preload.Split(':', ' ').Contains(PreloadPath);

    private static void Put(Dictionary<string, string> variables, string name, string? value)
    {
        if (string.IsNullOrEmpty(value))
        {
            variables.Remove(name);
        }
        else
        {
            variables[name] = value;
        }
    }

    private static bool Same(IReadOnlyDictionary<string, string> a, IReadOnlyDictionary<string, string> b) =>
        a.Count == b.Count && a.All(pair => b.TryGetValue(pair.Key, out var other) && other == pair.Value);
}
