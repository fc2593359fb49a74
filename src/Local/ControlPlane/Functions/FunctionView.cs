using System.Text.Json.Nodes;
using Pellicle.Local.ControlPlane.Http;
using Pellicle.Local.ControlPlane.State;

namespace Pellicle.Local.ControlPlane.Functions;

/// <summary>The <c>FunctionConfiguration</c> shape.</summary>
internal static class FunctionView
{
    // qualified: answers that name a version show it in the ARN. inList: ListFunctions leaves states and the runtime version out.
    public static JsonObject Show(string region, string name, FunctionVersion version, bool qualified, bool inList = false)
    {
        var s = version.Settings;
        var arn = Names.FunctionArn(region, name, qualified ? version.Version : null);
        var logging = s.LoggingConfig?.DeepClone().AsObject() ?? [];
        logging["LogFormat"] ??= "Text";
        logging["LogGroup"] ??= $"/aws/lambda/{name}";
        var view = Json.Of(
            ("FunctionName", name), ("FunctionArn", arn), ("Runtime", s.Runtime), ("Role", s.Role), ("Handler", s.Handler),
            ("CodeSize", s.Code.Size), ("Description", s.Description), ("Timeout", s.Timeout), ("MemorySize", s.MemorySize),
            ("LastModified", Json.Time(version.LastModified)), ("CodeSha256", s.Code.Sha256), ("Version", version.Version),
            ("VpcConfig", s.VpcConfig is { } vpc ? Vpc(vpc) : null), ("DeadLetterConfig", s.DeadLetterConfig?.DeepClone()),
            ("Environment", s.Environment is { Count: > 0 } environment ? Json.Of(("Variables", Json.Map(environment))) : null),
            ("KMSKeyArn", s.KmsKeyArn), ("TracingConfig", Json.Of(("Mode", s.TracingMode))), ("RevisionId", version.RevisionId),
            ("Layers", s.Layers.Count == 0
                ? null
                : Json.Array(s.Layers.Select(l => (JsonNode)Json.Of(("Arn", l.Arn), ("CodeSize", l.Code.Size))))),
            ("FileSystemConfigs", s.FileSystemConfigs?.DeepClone()), ("PackageType", "Zip"), ("Architectures", Json.Array([s.Architecture])),
            ("EphemeralStorage", Json.Of(("Size", s.EphemeralStorage))),
            ("SnapStart", Json.Of(("ApplyOn", s.SnapStart),
                ("OptimizationStatus", s.SnapStart != "None" && version.Version != FunctionVersion.Latest ? "On" : "Off"))),
            ("LoggingConfig", logging));
        if (inList)
            return view;

        view["RuntimeVersionConfig"] = Json.Of(("RuntimeVersionArn", $"arn:aws:lambda:{region}::runtime:{RuntimeHash(s.Runtime)}"));
        if (version.Pending)
        {
            view["State"] = "Pending";
            view["StateReason"] = "The function is being created.";
            view["StateReasonCode"] = "Creating";
            return view;
        }

        view["State"] = "Active";
        view["LastUpdateStatus"] = version.UpdateInProgress ? "InProgress" : "Successful";
        if (version.UpdateInProgress)
        {
            view["LastUpdateStatusReason"] = "The function is being created.";
            view["LastUpdateStatusReasonCode"] = "Creating";
        }

        return view;
    }

    private static JsonNode Vpc(JsonObject vpc)
    {
        var view = vpc.DeepClone().AsObject();
        view["SubnetIds"] ??= new JsonArray();
        view["SecurityGroupIds"] ??= new JsonArray();
        view["VpcId"] = "vpc-00000000";
        return view;
    }

    private static string RuntimeHash(string runtime) =>
        Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(runtime)));
}
