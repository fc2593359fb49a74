using Pellicle.Domain;
using Pellicle.Scanning.View;

namespace Pellicle.Scanning.Hijack;

/// <summary>H-1: a wrapper starts instead of the runtime.</summary>
internal sealed class Wrapper : IHijackCheck
{
    public string Id => "H-1";

    public IEnumerable<Finding> Check(EffectiveView view)
    {
        if (!view.Runtime.Environment.TryGetValue("AWS_LAMBDA_EXEC_WRAPPER", out var path) || path.Length == 0)
        {
            yield break;
        }

        const string repair = "remove AWS_LAMBDA_EXEC_WRAPPER, or pin the layer that supplies the wrapper to a reviewed version";
        if (view.Family == RuntimeFamily.Custom)
        {
            yield return this.Found(Severity.Low, Hijacks.Configuration, path, $"AWS_LAMBDA_EXEC_WRAPPER is set, but {view.Runtime.Runtime} ignores it", "custom runtimes start their own bootstrap; what the wrapper should do does not happen", "remove the variable");
        }
        else if (!Hijacks.HasFiles(view))
        {
            yield return this.Found(Severity.Medium, Hijacks.Configuration, path, $"Wrapper {path} starts instead of the runtime", "it sees every variable and credential and may change the command; where it comes from could not be read", repair);
        }
        else if (view.Find(path) is not { } file)
        {
            yield return this.Found(Severity.High, Hijacks.Configuration, path, $"Wrapper {path} does not exist", "every start of the function fails with exit status 127; a layer added later that holds this path would run as the function", repair);
        }
        else if (!Hijacks.IsExecutable(file))
        {
            yield return this.Found(Severity.High, file.Origin, path, $"Wrapper {path} is not executable", "every start of the function fails with exit status 126", "set the executable bit in the archive");
        }
        else
        {
            var publisher = Hijacks.Publisher(view, file.Origin);
            yield return this.Found(publisher is not null ? Severity.Info : file.Origin == view.Function.Origin ? Severity.Medium : Severity.High, file.Origin, path, $"Wrapper {path} of {file.Origin} starts instead of the runtime",
                publisher is null ? "it sees every variable and credential and may change the command; its publisher is not known" : $"supplied by {publisher}", repair);
        }
    }
}

/// <summary>H-2: a variable makes the runtime load code.</summary>
internal sealed class CodeLoadingVariables : IHijackCheck
{
    // Search paths are ordinary; the others run what they name.
    private static readonly Dictionary<string, Severity> Names = new(StringComparer.Ordinal)
    {
        ["NODE_OPTIONS"] = Severity.High, ["NODE_PATH"] = Severity.Low, ["PYTHONPATH"] = Severity.Low, ["PYTHONSTARTUP"] = Severity.Medium, ["PYTHONHOME"] = Severity.High, ["PYTHONUSERBASE"] = Severity.Medium, ["PYTHONBREAKPOINT"] = Severity.Medium,
        ["JAVA_TOOL_OPTIONS"] = Severity.High, ["_JAVA_OPTIONS"] = Severity.High, ["JDK_JAVA_OPTIONS"] = Severity.High, ["DOTNET_STARTUP_HOOKS"] = Severity.High, ["DOTNET_ADDITIONAL_DEPS"] = Severity.Medium, ["DOTNET_SHARED_STORE"] = Severity.Medium,
        ["CORECLR_PROFILER_PATH"] = Severity.High, ["CORECLR_PROFILER"] = Severity.High, ["LD_PRELOAD"] = Severity.High, ["LD_AUDIT"] = Severity.High, ["LD_LIBRARY_PATH"] = Severity.Low, ["RUBYOPT"] = Severity.High, ["RUBYLIB"] = Severity.Low, ["GEM_PATH"] = Severity.Low,
        ["PERL5OPT"] = Severity.High, ["PERL5LIB"] = Severity.Low, ["PHP_INI_SCAN_DIR"] = Severity.Medium, ["BASH_ENV"] = Severity.High, ["ENV"] = Severity.Low, ["GCONV_PATH"] = Severity.High,
    };

    private static readonly string[] NodeLoaders = ["--require", "-r ", "-r=", "--import", "--loader", "--experimental-loader", "--inspect", "--env-file"];

    private static readonly string[] JavaLoaders = ["-javaagent", "-agentpath", "-agentlib", "-Xbootclasspath", "-XX:OnError", "-XX:OnOutOfMemoryError", "-Djava.system.class.loader", "@"];

    public string Id => "H-2";

    public IEnumerable<Finding> Check(EffectiveView view)
    {
        foreach (var (name, severity) in Names)
        {
            if (!view.Runtime.Environment.TryGetValue(name, out var value) || value.Length == 0 || !LoadsCode(name, value))
            {
                continue;
            }

            var missing = !Hijacks.HasFiles(view) ? null : Hijacks.Paths(value).FirstOrDefault(path => severity > Severity.Low && view.Find(path) is null && !view.Files.Keys.Any(key => new ScanPath(key).IsUnder(path.TrimEnd('/'))));
            var supplied = Hijacks.Paths(value).Select(view.Find).OfType<ViewFile>().FirstOrDefault();
            var publisher = supplied is null ? null : Hijacks.Publisher(view, supplied.Origin);
            yield return this.Found(publisher is null ? severity : Severity.Info, Hijacks.Configuration, name, $"{name} loads code into the runtime",
                (supplied is null ? "" : $"{supplied.Path} comes from {supplied.Origin}{(publisher is null ? "" : $" ({publisher})")}; ") + (missing is null ? "code named here runs before the handler" : $"{missing} does not exist: whoever supplies it runs inside the function"),
                $"remove {name}, or name only files of reviewed, pinned layers");
        }
    }

    private static bool LoadsCode(string name, string value) => name switch
    {
        "NODE_OPTIONS" => NodeLoaders.Any(option => value.Contains(option, StringComparison.Ordinal)),
        "JAVA_TOOL_OPTIONS" or "_JAVA_OPTIONS" or "JDK_JAVA_OPTIONS" => JavaLoaders.Any(option => value.Contains(option, StringComparison.Ordinal)),
        _ => true,
    };
}

/// <summary>H-8: a vendor's handler stands in front of the function's own.</summary>
internal sealed class VendorHandlers : IHijackCheck
{
    private static readonly string[] RealHandler = ["DD_LAMBDA_HANDLER", "NEW_RELIC_LAMBDA_HANDLER", "ORIGINAL_HANDLER", "LUMIGO_ORIGINAL_HANDLER", "ORIG_HANDLER", "EPSAGON_HANDLER", "TW_HANDLER", "THUNDRA_AGENT_LAMBDA_HANDLER", "SLS_HANDLER", "INSTANA_LAMBDA_HANDLER", "HELIOS_HANDLER", "SENTRY_INITIAL_HANDLER"];

    private static readonly string[] WrapperHandlers = ["datadog_lambda.", "newrelic_lambda_wrapper", "newrelic-lambda-wrapper", "/opt/nodejs/node_modules/datadog-lambda-js", "lumigo_tracer", "twistlock", "epsagon", "instana-aws-lambda", "sentry_sdk.integrations.init_serverless_sdk"];

    public string Id => "H-8";

    public IEnumerable<Finding> Check(EffectiveView view)
    {
        var real = RealHandler.FirstOrDefault(view.Runtime.Environment.ContainsKey);
        var handler = view.Runtime.Handler ?? "";
        var vendor = WrapperHandlers.FirstOrDefault(name => handler.Contains(name, StringComparison.Ordinal));
        if (vendor is not null || real is not null)
        {
            yield return this.Found(real is null ? Severity.Medium : Severity.Low, Hijacks.Configuration, real ?? "Handler", $"The configured handler {(handler.Length > 0 ? $"`{handler}` " : "")}is a wrapper",
                real is null ? "no known variable names the real handler" : $"the real handler is named by {real}: whoever may change the environment changes which code runs", "check that handler and variable are those of the deployed template; keep lambda:UpdateFunctionConfiguration narrow");
        }
        else if (handler.StartsWith('/'))
        {
            yield return this.Found(Severity.High, view.Find(handler.Split('.')[0] + ".js")?.Origin ?? Hijacks.Configuration, "Handler", $"The handler is an absolute path: `{handler}`", "code of a layer runs instead of the function's own", "set the handler to the function's own code");
        }
    }
}

/// <summary>H-9: a variable changes whom the function trusts or talks to.</summary>
internal sealed class TrustVariables : IHijackCheck
{
    private static readonly Dictionary<string, (Severity Severity, string Why)> Names = new(StringComparer.OrdinalIgnoreCase)
    {
        ["NODE_TLS_REJECT_UNAUTHORIZED"] = (Severity.High, "certificates of TLS servers are not checked"),
        ["PYTHONHTTPSVERIFY"] = (Severity.High, "certificates of TLS servers are not checked"),
        ["GIT_SSL_NO_VERIFY"] = (Severity.High, "certificates of git servers are not checked"),
        ["AWS_CA_BUNDLE"] = (Severity.Medium, "AWS calls trust the certificate authorities of this file"),
        ["REQUESTS_CA_BUNDLE"] = (Severity.Medium, "requests trusts the certificate authorities of this file"),
        ["CURL_CA_BUNDLE"] = (Severity.Medium, "curl trusts the certificate authorities of this file"),
        ["SSL_CERT_FILE"] = (Severity.Medium, "OpenSSL trusts the certificate authorities of this file"),
        ["SSL_CERT_DIR"] = (Severity.Medium, "OpenSSL trusts the certificate authorities of this directory"),
        ["NODE_EXTRA_CA_CERTS"] = (Severity.Medium, "Node.js trusts the certificate authorities of this file as well"),
        ["HTTP_PROXY"] = (Severity.Medium, "requests go through this proxy"),
        ["HTTPS_PROXY"] = (Severity.Medium, "requests go through this proxy"),
        ["ALL_PROXY"] = (Severity.Medium, "requests go through this proxy"),
        ["AWS_LAMBDA_RUNTIME_API"] = (Severity.Critical, "events and responses go to this address instead of the platform's"),
        ["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = (Severity.High, "credentials are taken from this address"),
        ["AWS_CONFIG_FILE"] = (Severity.Medium, "the SDK's settings are taken from this file"),
        ["AWS_SHARED_CREDENTIALS_FILE"] = (Severity.Medium, "credentials are taken from this file"),
    };

    public string Id => "H-9";

    public IEnumerable<Finding> Check(EffectiveView view)
    {
        foreach (var (name, value) in view.Runtime.Environment)
        {
            if (value.Length == 0)
            {
                continue;
            }

            if (Names.TryGetValue(name, out var known))
            {
                // The two switches do harm only when off.
                if (name is "NODE_TLS_REJECT_UNAUTHORIZED" or "PYTHONHTTPSVERIFY" && value != "0")
                {
                    continue;
                }

                yield return Make(name, known.Severity, known.Why);
            }
            else if (name.StartsWith("AWS_ENDPOINT_URL", StringComparison.Ordinal))
            {
                var plain = value.StartsWith("http://", StringComparison.OrdinalIgnoreCase);
                var aws = value.Contains(".amazonaws.com", StringComparison.OrdinalIgnoreCase);
                yield return Make(name, aws && !plain ? Severity.Low : Severity.High, plain ? "signed AWS requests go to this address, without TLS" : "signed AWS requests go to this address");
            }
        }
    }

    private Finding Make(string name, Severity severity, string why) => this.Found(severity, Hijacks.Configuration, name, $"{name} is set", why, $"remove {name} unless this address or file is yours");
}
