using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Pellicle.Local.ControlPlane.Http;
using Pellicle.Local.ControlPlane.State;

namespace Pellicle.Local.ControlPlane.Functions;

/// <summary>Turns the members of CreateFunction and UpdateFunctionConfiguration into settings. Absent members keep their value.</summary>
internal sealed class SettingsReader(Plane plane)
{
    private const int MaxEnvironmentBytes = 4096;
    private const int MaxLayers = 5;

    private static readonly JsonSerializerOptions Compact = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static readonly HashSet<string> ReservedKeys = new(StringComparer.Ordinal)
    {
        "_HANDLER", "_X_AMZN_TRACE_ID", "AWS_DEFAULT_REGION", "AWS_REGION", "AWS_EXECUTION_ENV", "AWS_LAMBDA_FUNCTION_NAME",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "AWS_LAMBDA_FUNCTION_VERSION", "AWS_LAMBDA_INITIALIZATION_TYPE", "AWS_LAMBDA_LOG_GROUP_NAME",
        "AWS_LAMBDA_LOG_STREAM_NAME", "AWS_ACCESS_KEY", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN",
        "AWS_LAMBDA_RUNTIME_API", "LAMBDA_TASK_ROOT", "LAMBDA_RUNTIME_DIR", "AWS_LAMBDA_MAX_CONCURRENCY", "AWS_LAMBDA_METADATA_API",
        "AWS_LAMBDA_METADATA_TOKEN",
    };

    /// <summary>Constraints of the model first, all in one answer; then Lambda's own rules, one at a time.</summary>
    public FunctionSettings Apply(Call call, Input input, FunctionSettings current)
    {
        var environment = input.Part("Environment");
        var variables = environment?.Map("Variables");
        foreach (var key in variables?.Keys.Where(k => !ReservedKeys.Contains(k) && !Names.EnvironmentKey().IsMatch(k)) ?? [])
        {
            environment!.Fail("Variables", $"{{{key}=...}}",
                $"Map keys must satisfy constraint: [Member must satisfy regular expression pattern: {Names.EnvironmentKey().ToString()[1..^2]}]");
        }

        var tracing = input.Part("TracingConfig")?.Text("Mode", oneOf: ["Active", "PassThrough"]);
        var snapStart = input.Part("SnapStart")?.Text("ApplyOn", oneOf: ["PublishedVersions", "None"]);
        var logging = input.Part("LoggingConfig");
        var logFormat = logging?.Text("LogFormat", oneOf: ["JSON", "Text"]);
        logging?.Text("ApplicationLogLevel", oneOf: ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"]);
        logging?.Text("SystemLogLevel", oneOf: ["DEBUG", "INFO", "WARN"]);
        var settings = current with
        {
            Role = input.Text("Role", pattern: Names.Role()) ?? current.Role,
            Runtime = input.Text("Runtime") ?? current.Runtime,
            Handler = input.Text("Handler", max: 128, pattern: Names.Handler()) ?? current.Handler,
            Description = input.Text("Description", max: 256) ?? current.Description,
            Timeout = input.Integer("Timeout", 1, 900) ?? current.Timeout,
            MemorySize = input.Integer("MemorySize", 128, 10_240) ?? current.MemorySize,
            EphemeralStorage = input.Part("EphemeralStorage")?.Integer("Size", 512, 10_240) ?? current.EphemeralStorage,
            TracingMode = tracing ?? current.TracingMode,
            SnapStart = snapStart ?? current.SnapStart,
            KmsKeyArn = input.Text("KMSKeyArn") is { } key2 ? (key2.Length == 0 ? null : key2) : current.KmsKeyArn,
            VpcConfig = Kept(input.Object("VpcConfig"), current.VpcConfig),
            DeadLetterConfig = Kept(input.Object("DeadLetterConfig"), current.DeadLetterConfig),
            FileSystemConfigs = input.List("FileSystemConfigs") is { } mounts ? (mounts.Count == 0 ? null : mounts) : current.FileSystemConfigs,
            LoggingConfig = input.Object("LoggingConfig") ?? current.LoggingConfig,
            Environment = environment is null ? current.Environment : variables ?? [],
        };
        var layers = input.Texts("Layers");
        input.Check();

        if (input.Has("ImageConfig"))
            throw ApiException.InvalidParameter("Please don't provide ImageConfig when updating a function with packageType Zip");
        if (input.Has("Runtime") && Runtimes.Refusal(settings.Runtime) is { } refusal)
            throw ApiException.InvalidParameter(refusal);
        if (logFormat != "JSON" && logging is not null && (logging.Has("ApplicationLogLevel") || logging.Has("SystemLogLevel")))
            throw ApiException.InvalidParameter("To use ApplicationLogLevel or SystemLogLevel, you must set LogFormat to JSON.");
        if (variables is not null)
            CheckEnvironment(variables);
        return layers is null ? settings : settings with { Layers = Resolve(call, layers) };
    }

    /// <summary>The function and its layers together must fit.</summary>
    public static void CheckSize(FunctionSettings settings)
    {
        if (settings.Code.UnzippedSize + settings.Layers.Sum(l => l.Code.UnzippedSize) >= CodeStore.MaxUnzippedBytes)
            throw CodeStore.TooLargeUnzipped();
    }

    private static JsonObject? Kept(JsonObject? given, JsonObject? current) =>
        given is null ? current : given.All(m => m.Value is null or JsonArray { Count: 0 } || m.Value.ToString().Length == 0) ? null : given;

    private static void CheckEnvironment(SortedDictionary<string, string> variables)
    {
        var reserved = variables.Keys.Where(ReservedKeys.Contains).ToList();
        if (reserved.Count > 0)
        {
            throw ApiException.InvalidParameter(
                "Lambda was unable to configure your environment variables because the environment variables you have provided contains "
                + "reserved keys that are currently not supported for modification. Reserved keys used in this request: "
                + string.Join(", ", reserved));
        }

        var measured = JsonSerializer.SerializeToUtf8Bytes(variables, Compact);
        if (measured.Length > MaxEnvironmentBytes)
        {
            throw ApiException.InvalidParameter(
                "Lambda was unable to configure your environment variables because the environment variables you have provided exceeded "
                + $"the 4KB limit. String measured: {System.Text.Encoding.UTF8.GetString(measured)}");
        }
    }

    private List<AttachedLayer> Resolve(Call call, IReadOnlyList<string> arns)
    {
        if (arns.Count > MaxLayers)
            throw ApiException.InvalidParameter("Cannot reference more than 5 layers.");
        var seen = new Dictionary<string, string>(StringComparer.Ordinal);
        var layers = new List<AttachedLayer>();
        foreach (var arn in arns)
        {
            if (!Names.LayerVersion().IsMatch(arn))
            {
                throw ApiException.Validation(
                    [$"Value '[{string.Join(", ", arns)}]' at 'layers' failed to satisfy constraint: Member must satisfy constraint: "
                        + $"[Member must satisfy regular expression pattern: {Names.LayerVersion().ToString()[1..^2]}]"]);
            }

            var layerArn = arn[..arn.LastIndexOf(':')];
            if (seen.TryGetValue(layerArn, out var other))
            {
                throw ApiException.InvalidParameter(
                    "Two different versions of the same layer are not allowed to be referenced in the same function. "
                    + $"{other} and {arn} are versions of the same layer.");
            }

            seen[layerArn] = arn;
            var parts = arn.Split(':');
            if (parts[3] != call.Region)
                throw ApiException.InvalidParameter($"Layers are not in the same region as the function. Layers are expected to be in region {call.Region}.");
            if (parts[4] != Call.AccountId)
            {
                throw new ApiException("AccessDeniedException", 403,
                    $"User: arn:aws:iam::{Call.AccountId}:root is not authorized to perform: lambda:GetLayerVersion on resource: {arn} "
                    + "because no resource-based policy allows the lambda:GetLayerVersion action");
            }

            var version = int.TryParse(parts[7], out var number)
                ? plane.Layers.Find(call.Region, parts[6])?.Versions.FirstOrDefault(v => v.Version == number)
                : null;
            layers.Add(new AttachedLayer(arn, (version ?? throw ApiException.InvalidParameter($"Layer version {arn} does not exist.")).Code));
        }

        return layers;
    }
}
