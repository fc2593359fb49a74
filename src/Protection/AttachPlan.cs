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

    /// <summary>Processor the layer was built for: <c>x86_64</c> or <c>arm64</c>.</summary>
    public string Architecture { get; init; } = "x86_64";

    /// <summary>Server the guard reports to, or null to run on the packed policy alone.</summary>
    public string? Server { get; init; }

    /// <summary>Ingest token, or null to keep the one the function has for this server.</summary>
    public string? Token { get; init; }

    /// <summary>Public key of policies, base64, or null when it is packed in the layer.</summary>
    public string? PublicKey { get; init; }

    /// <summary>Somebody else published the layer: whether it is signed as the function asks is for Lambda to say.</summary>
    public bool ForeignLayer { get; init; }
}

/// <summary>Why a function cannot be changed, and the way out.</summary>
/// <param name="Reason">What stands in the way.</param>
/// <param name="WayOut">What to do.</param>
public sealed record Refusal(string Reason, string WayOut);

/// <summary>What its configuration does not say about a function.</summary>
public sealed record FunctionFacts
{
    /// <summary>What starts a function on an OS-only runtime.</summary>
    public Bootstrap Bootstrap { get; init; }

    /// <summary>ARN of a code-signing configuration that refuses unsigned layers, or null.</summary>
    public string? SignedLayersOnly { get; init; }

    /// <summary>Aliases that send calls to published versions, which keep their configuration.</summary>
    public IReadOnlyList<string> PinnedAliases { get; init; } = [];
}

/// <summary>The new layers and variables of a function, computed without any call. Pure.</summary>
public sealed record AttachPlan
{
    /// <summary>Lambda's limit of layers for one function.</summary>
    public const int MaxLayers = 5;

    /// <summary>Lambda's limit of the environment as JSON, in bytes.</summary>
    public const int MaxEnvironmentBytes = 4096;

    internal const string WrapperVariable = "AWS_LAMBDA_EXEC_WRAPPER";
    internal const string WrapperPath = "/opt/pellicle/wrapper";
    internal const string NextWrapperVariable = "PELLICLE_NEXT_WRAPPER";
    internal const string PreloadVariable = "LD_PRELOAD";
    internal const string PreloadPath = "/opt/pellicle/native/libpellicle.so";

    private static readonly JsonSerializerOptions AsLambda = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

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

    /// <summary>True when the function carries a protection layer and is told to use it.</summary>
    public static bool IsProtected(FunctionConfiguration function) => function is not null && WhyNotProtected(function) is null;

    /// <summary>Null for a protected function, else what is missing, in words.</summary>
    public static string? WhyNotProtected(FunctionConfiguration function)
    {
        ArgumentNullException.ThrowIfNull(function);
        if (function.PackageType == "Image")
        {
            return "a container image takes no layers: `pellicle layer build --image` says how to add the files";
        }

        if (RuntimeSupport.Refusal(function.Runtime) is { } refusal)
        {
            return refusal.Reason;
        }

        if (function.Layers.FirstOrDefault(l => LayerPackage.IsStandalone(l.Name) || LayerPackage.IsCustomRuntime(l.Name)) is not { } layer)
        {
            return function.Variables.ContainsKey(PriorConfiguration.Variable) ? "the layer was taken out after protection, the variables are still there: protect it again" : "the layer is not attached";
        }

        return RuntimeSupport.IsOsOnly(function.Runtime)
            // Our own bootstrap needs no variable; a package's own is either preloaded or was instrumented, which the configuration does not say.
            ? function.Variables.ContainsKey(PriorConfiguration.Variable) || LayerPackage.IsCustomRuntime(layer.Name) || IsPreloaded(function.Variables) ? null : "the layer is attached, but nothing loads it"
            : function.Variables.GetValueOrDefault(WrapperVariable) == WrapperPath
                ? null
                : function.Variables.GetValueOrDefault(WrapperVariable) is { Length: > 0 } other ? $"the layer is attached, but the wrapper is `{other}`: protect it again, it will be chained" : "the layer is attached, but the wrapper is not set: protect it again";
    }

    /// <summary>Plans protection of a function; applying it twice changes nothing the second time.</summary>
    public static AttachPlan Attach(FunctionConfiguration function, AttachSettings settings, FunctionFacts? facts = null)
    {
        ArgumentNullException.ThrowIfNull(function);
        ArgumentNullException.ThrowIfNull(settings);
        facts ??= new FunctionFacts();
        var notes = new List<string>();
        var refusals = new List<Refusal>();
        var layers = LayersWith(function, settings.LayerArn);
        var variables = new Dictionary<string, string>(function.Variables);
        // A layer with its own interpreter brings bootstrap and guard itself.
        var ownRuntime = RuntimeSupport.IsOsOnly(function.Runtime) && layers.Any(l => LayerPackage.IsCustomRuntime(LayerPackage.NameOf(l)));
        var first = PriorConfiguration.Remember(function, variables);
        if (RuntimeSupport.IsOsOnly(function.Runtime))
        {
            LoadIntoOsOnly(facts.Bootstrap, ownRuntime, variables, refusals, notes);
        }
        else
        {
            LoadByWrapper(variables, first, notes);
        }

        Tell(variables, function, settings);
        refusals.AddRange(Refuse(function, settings, facts, layers, variables));
        if (facts.PinnedAliases.Count > 0)
        {
            notes.Add($"aliases that call published versions are not protected until a version is published and they are moved: {string.Join(", ", facts.PinnedAliases)}");
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

    /// <summary>Plans the removal: what <see cref="Attach"/> added goes and what it replaced comes back; whatever else changed since stays.</summary>
    public static AttachPlan Detach(FunctionConfiguration function)
    {
        ArgumentNullException.ThrowIfNull(function);
        // A layer with its own interpreter is what the function runs on.
        var layers = function.Layers.Where(l => !LayerPackage.IsStandalone(l.Name)).Select(l => l.Arn).ToList();
        var wasProtected = layers.Count < function.Layers.Count || function.Variables.ContainsKey(PriorConfiguration.Variable);
        var (variables, notes) = wasProtected ? PriorConfiguration.Restore(function, layers) : (new Dictionary<string, string>(function.Variables), []);
        var locked = function.Environment?.Error is not null && wasProtected;
        return new AttachPlan
        {
            Layers = layers,
            Variables = variables,
            Notes = notes,
            Refusals = locked ? [Unreadable] : [],
            Unchanged = layers.Count == function.Layers.Count && Same(variables, function.Variables),
        };
    }

    /// <summary>Size of the environment as Lambda measures it: the map as JSON.</summary>
    public static int EnvironmentBytes(IReadOnlyDictionary<string, string> variables) => Encoding.UTF8.GetByteCount(JsonSerializer.Serialize(variables, AsLambda));

    internal static bool IsPreloaded(IReadOnlyDictionary<string, string> variables) =>
        variables.TryGetValue(PreloadVariable, out var preload) && preload.Split(':', ' ').Contains(PreloadPath);

    private static Refusal Unreadable { get; } =
        new("the variables cannot be read, because the caller may not use the key they are encrypted with; writing them back would lose them", "allow `kms:Decrypt` on the function's key to whoever runs this command");

    /// <summary>Ours goes last, so that no later layer overwrites our files. A layer with its own interpreter has them already, and keeps its place.</summary>
    private static List<string> LayersWith(FunctionConfiguration function, string arn)
    {
        var name = LayerPackage.NameOf(arn);
        if (LayerPackage.IsCustomRuntime(name) && function.Layers.Any(l => l.Name == name))
        {
            return [.. function.Layers.Where(l => !LayerPackage.IsStandalone(l.Name)).Select(l => l.Name == name ? arn : l.Arn)];
        }

        var others = function.Layers.Where(l => !LayerPackage.IsStandalone(l.Name)).Select(l => l.Arn);
        return !LayerPackage.IsCustomRuntime(name) && function.Layers.Any(l => LayerPackage.IsCustomRuntime(l.Name)) ? [.. others] : [.. others, arn];
    }

    private static void LoadByWrapper(Dictionary<string, string> variables, bool first, List<string> notes)
    {
        if (variables.GetValueOrDefault(WrapperVariable) is { Length: > 0 } wrapper && wrapper != WrapperPath)
        {
            variables[NextWrapperVariable] = wrapper;
            notes.Add($"the wrapper `{wrapper}` stays in use: ours calls it");
        }
        else if (first)
        {
            Put(variables, NextWrapperVariable, null); // whoever set it, nothing is to be called
        }

        variables[WrapperVariable] = WrapperPath;
    }

    private static void LoadIntoOsOnly(Bootstrap bootstrap, bool ownRuntime, Dictionary<string, string> variables, List<Refusal> refusals, List<string> notes)
    {
        if (ownRuntime || bootstrap == Bootstrap.Instrumented)
        {
            return;
        }

        if (bootstrap == Bootstrap.Static)
        {
            refusals.Add(new("its bootstrap is a statically linked program, and OS-only runtimes take no wrapper: nothing outside the package can come before it",
                "run `pellicle instrument PACKAGE.zip` when the package is built: its bootstrap then starts through the layer; deploy that and protect the function again"));
            return;
        }

        var preload = variables.GetValueOrDefault(PreloadVariable, "");
        if (!IsPreloaded(variables))
        {
            variables[PreloadVariable] = preload.Length == 0 ? PreloadPath : $"{PreloadPath}:{preload}";
        }

        if (bootstrap == Bootstrap.Unknown)
        {
            notes.Add("the package could not be looked at: a dynamically linked bootstrap or a script is covered, a statically linked one needs `pellicle instrument PACKAGE.zip`");
        }
    }

    private static void Tell(Dictionary<string, string> variables, FunctionConfiguration function, AttachSettings settings)
    {
        // A token that works is kept: protecting again changes nothing.
        var kept = variables.GetValueOrDefault("PELLICLE_SERVER") == settings.Server ? variables.GetValueOrDefault("PELLICLE_TOKEN") : null;
        Put(variables, "PELLICLE_SERVER", settings.Server);
        Put(variables, "PELLICLE_TOKEN", settings.Token ?? (settings.Server is null ? null : kept));
        Put(variables, "PELLICLE_KEY", settings.PublicKey);
        Put(variables, "PELLICLE_FUNCTION_ARN", function.UnqualifiedArn);
        Put(variables, "PELLICLE_CODE_SHA256", function.CodeSha256);
    }

    private static IEnumerable<Refusal> Refuse(FunctionConfiguration function, AttachSettings settings, FunctionFacts facts, List<string> layers, Dictionary<string, string> variables)
    {
        if (function.PackageType == "Image" || function.Runtime is null)
        {
            yield return new("the function is a container image, and images take no layers", "add the layer's files to the image: `pellicle layer build --image` writes what belongs into its Dockerfile");
            yield break;
        }

        if (RuntimeSupport.Refusal(function.Runtime) is { } unsupported)
        {
            yield return unsupported;
        }

        if (!function.Architectures.Contains(settings.Architecture))
        {
            yield return new($"the function runs on {string.Join(", ", function.Architectures)}, and the layer is for {settings.Architecture}", $"build the layer with `--architecture {function.Architectures.FirstOrDefault()}`");
        }

        if (function.Environment?.Error is not null)
        {
            yield return Unreadable;
        }

        if (layers.Count > MaxLayers)
        {
            yield return new($"the function has {function.Layers.Count} layers already; Lambda allows {MaxLayers}", "merge two of its layers into one version, then protect it");
        }

        if (facts.SignedLayersOnly is { } signing && !settings.ForeignLayer && function.Layers.All(l => l.Arn != settings.LayerArn))
        {
            yield return new($"the function takes signed layers only (code signing configuration `{signing}`)", "build the layer with `pellicle layer build`, sign it with a profile of that configuration, publish it, and give its ARN by --layer-arn");
        }

        if (EnvironmentBytes(variables) is > MaxEnvironmentBytes and var bytes)
        {
            yield return new($"the environment would have {bytes} bytes; Lambda allows {MaxEnvironmentBytes}", "move large values to Parameter Store or Secrets Manager, or pack the key into the layer (`pellicle layer build --key`) and give its ARN by --layer-arn");
        }
    }

    /// <summary>A variable that was there and is not wanted is emptied, not removed: removal would lose its place.</summary>
    private static void Put(Dictionary<string, string> variables, string name, string? value)
    {
        if (!string.IsNullOrEmpty(value))
        {
            variables[name] = value;
        }
        else if (variables.ContainsKey(name))
        {
            variables[name] = "";
        }
    }

    private static bool Same(IReadOnlyDictionary<string, string> a, IReadOnlyDictionary<string, string> b) =>
        a.Count == b.Count && a.All(pair => b.TryGetValue(pair.Key, out var other) && other == pair.Value);
}
