using System.Net;
using Pellicle.Domain;

namespace Pellicle.Guard.Config;

/// <summary>What the environment tells the guard. Read once.</summary>
internal sealed record Settings
{
    internal const string RuntimeApiVariable = "AWS_LAMBDA_RUNTIME_API";

    /// <summary>Platform's <c>host:port</c> as given; names the channel too.</summary>
    internal required string Upstream { get; init; }

    internal Uri? Server { get; init; }

    internal string Token { get; init; } = "";

    /// <summary>Overrides the policy's mode.</summary>
    internal ProtectionMode? Mode { get; init; }

    internal string FunctionArn { get; init; } = "";

    internal string FunctionVersion { get; init; } = "";

    internal string CodeSha256 { get; init; } = "";

    internal string Runtime { get; init; } = "";

    /// <summary>Public key for policies, base64 SubjectPublicKeyInfo; empty: signatures are not asked for.</summary>
    internal string Key { get; init; } = "";

    /// <summary>Values that must not leave in a response.</summary>
    internal IReadOnlyList<string> Secrets { get; init; } = [];

    internal int MaxConcurrency { get; init; } = 1;

    internal string PackedPolicyPath { get; init; } = "/opt/pellicle/policy.json";

    internal string CachedPolicyPath { get; init; } = "/tmp/.pellicle/policy.json";

    /// <summary>Of this environment alone: environments made from one snapshot renew it when they are restored.</summary>
    internal string EnvironmentId { get; private set; } = Guid.NewGuid().ToString();

    /// <summary>Role credentials that the guard serves instead of the environment; null unless asked for.</summary>
    internal RoleCredentials? Credentials { get; init; }

    /// <summary>Where a restored environment gets its credentials; null when they stand in the variables.</summary>
    internal (Uri Address, string Token)? CredentialsEndpoint { get; init; }

    internal string ChannelName => "pellicle/" + Upstream;

    internal void Renew() => EnvironmentId = Guid.NewGuid().ToString();

    /// <summary>Reads the process environment; what is wrong is said in <paramref name="problems"/> and left out.</summary>
    internal static Settings FromEnvironment(List<string> problems)
    {
        static string Get(string name) => Environment.GetEnvironmentVariable(name) ?? "";
        Uri? server = null;
        if (Get("PELLICLE_SERVER") is { Length: > 0 } text && (!Uri.TryCreate(text, UriKind.Absolute, out server) || server.Scheme is not ("http" or "https")))
        {
            problems.Add($"`PELLICLE_SERVER` is not an http or https address: `{text}`");
            server = null;
        }
        var packedKey = "/opt/pellicle/policy.pub";
        var key = Get("PELLICLE_KEY");
        if (key.Length == 0 && File.Exists(packedKey))
            key = File.ReadAllText(packedKey).Trim();
        return new Settings
        {
            Upstream = Get(RuntimeApiVariable),
            Server = server,
            Token = Get("PELLICLE_TOKEN"),
            Mode = ParseMode(Get("PELLICLE_MODE"), problems),
            FunctionArn = Get("PELLICLE_FUNCTION_ARN"),
            FunctionVersion = Get("AWS_LAMBDA_FUNCTION_VERSION"),
            CodeSha256 = Get("PELLICLE_CODE_SHA256"),
            Runtime = Get("PELLICLE_RUNTIME") is { Length: > 0 } runtime ? runtime : Get("AWS_EXECUTION_ENV").Replace("AWS_Lambda_", "", StringComparison.Ordinal),
            Key = key,
            Secrets = [.. new[] { Get("AWS_SECRET_ACCESS_KEY"), Get("AWS_SESSION_TOKEN") }.Where(s => s.Length >= 16)],
            Credentials = RoleCredentials.FromEnvironment(problems),
            CredentialsEndpoint = Uri.TryCreate(Get("AWS_CONTAINER_CREDENTIALS_FULL_URI"), UriKind.Absolute, out var endpoint) && endpoint.Scheme == "http" ? (endpoint, Get("AWS_CONTAINER_AUTHORIZATION_TOKEN")) : null,
            MaxConcurrency = int.TryParse(Get("AWS_LAMBDA_MAX_CONCURRENCY"), out var max) && max > 0 ? max : 1,
        };
    }

    internal static ProtectionMode? ParseMode(string text, List<string> problems)
    {
        switch (text.ToLowerInvariant())
        {
            case "":
                return null;
            case "off":
                return ProtectionMode.Off;
            case "monitor":
                return ProtectionMode.Monitor;
            case "protect":
                return ProtectionMode.Protect;
            default:
                problems.Add($"`PELLICLE_MODE` must be off, monitor or protect, not `{text}`");
                return null;
        }
    }

    /// <summary>Reads <c>host:port</c>. Names go through the system's resolver.</summary>
    internal static IPEndPoint ParseAddress(string text)
    {
        var colon = text.LastIndexOf(':');
        if (colon <= 0 || !ushort.TryParse(text.AsSpan(colon + 1), out var port))
            throw new FormatException($"not an address of the form host:port: `{text}`");
        var host = text[..colon];
        return new IPEndPoint(IPAddress.TryParse(host, out var ip) ? ip : Native.Resolver.Resolve(host), port);
    }
}
