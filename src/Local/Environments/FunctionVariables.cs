using System.Globalization;
using System.Security.Cryptography;
using Pellicle.Local.Invocation;

namespace Pellicle.Local.Environments;

/// <summary>The environment variables of a function's processes: customer's, then what the platform sets over them.</summary>
internal sealed class FunctionVariables
{
    private static readonly string[] HiddenFromExtensions =
    [
        "AWS_EXECUTION_ENV", "AWS_LAMBDA_LOG_GROUP_NAME", "AWS_LAMBDA_LOG_STREAM_NAME", "AWS_XRAY_CONTEXT_MISSING", "AWS_XRAY_DAEMON_ADDRESS",
        "LAMBDA_RUNTIME_DIR", "LAMBDA_TASK_ROOT",
    ];

    public FunctionVariables(FunctionSnapshot function, HostRuntime runtime, int port, DateTimeOffset now)
    {
        var address = "127.0.0.1:" + port.ToString(CultureInfo.InvariantCulture);
        LogStream = string.Create(CultureInfo.InvariantCulture, $"{now.UtcDateTime:yyyy/MM/dd}/[{function.Version}]{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16))}");
        var all = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["LANG"] = "en_US.UTF-8",
            ["TZ"] = ":UTC",
            ["PATH"] = "/var/lang/bin:/usr/local/bin:/usr/bin/:/bin:/opt/bin",
            ["LD_LIBRARY_PATH"] = "/var/lang/lib:/lib64:/usr/lib64:/var/runtime:/var/runtime/lib:/var/task:/var/task/lib:/opt/lib",
            ["AWS_XRAY_CONTEXT_MISSING"] = "LOG_ERROR",
            ["AWS_XRAY_DAEMON_ADDRESS"] = "127.0.0.1:2000",
        };
        foreach (var (name, value) in runtime.Variables)
        {
            all[name] = value;
        }
        foreach (var (name, value) in function.Environment)
        {
            if (!name.StartsWith('_'))
            {
                all[name] = value;
            }
        }
        // Credentials that open nothing, new for each environment: nothing of the host's own reaches a function.
        all["AWS_ACCESS_KEY_ID"] = "ASIALOCAL" + Convert.ToHexString(RandomNumberGenerator.GetBytes(6))[..11];
        all["AWS_SECRET_ACCESS_KEY"] = Convert.ToBase64String(RandomNumberGenerator.GetBytes(30));
        all["AWS_SESSION_TOKEN"] = Convert.ToBase64String(RandomNumberGenerator.GetBytes(96));
        all["AWS_REGION"] = all["AWS_DEFAULT_REGION"] = function.Region;
        if (runtime.Folder is not null)
        {
            all["AWS_EXECUTION_ENV"] = "AWS_Lambda_" + function.Runtime;
        }
        all["AWS_LAMBDA_FUNCTION_NAME"] = function.Name;
        all["AWS_LAMBDA_FUNCTION_VERSION"] = function.Version;
        all["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"] = function.MemorySize.ToString(CultureInfo.InvariantCulture);
        all["AWS_LAMBDA_INITIALIZATION_TYPE"] = "on-demand";
        all["AWS_LAMBDA_LOG_GROUP_NAME"] = "/aws/lambda/" + function.Name;
        all["AWS_LAMBDA_LOG_STREAM_NAME"] = LogStream;
        all["AWS_LAMBDA_RUNTIME_API"] = address;
        all["LAMBDA_TASK_ROOT"] = "/var/task";
        all["LAMBDA_RUNTIME_DIR"] = "/var/runtime";
        all["_HANDLER"] = function.Handler;
        all["_AWS_XRAY_DAEMON_ADDRESS"] = "127.0.0.1";
        all["_AWS_XRAY_DAEMON_PORT"] = "2000";
        ForRuntime = all;
        ForExtensions = all.Where(pair => !pair.Key.StartsWith('_') && !HiddenFromExtensions.Contains(pair.Key)).ToDictionary(StringComparer.Ordinal);
    }

    public string LogStream { get; }

    public IReadOnlyDictionary<string, string> ForRuntime { get; }

    public IReadOnlyDictionary<string, string> ForExtensions { get; }
}
