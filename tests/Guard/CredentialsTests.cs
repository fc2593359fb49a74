using System.Diagnostics;
using System.Text;
using System.Text.Json;
using Amazon.Runtime;
using Pellicle.Domain;
using Pellicle.Guard.Config;
using Pellicle.Guard.Tests.Support;

namespace Pellicle.Guard.Tests;

/// <summary>Runs only where npm's SDK was installed (tests/clients/install.sh).</summary>
public sealed class NodeSdkFactAttribute : FactAttribute
{
    internal static string Modules { get; } = Path.Combine(BinaryFactAttribute.Artifacts, "clients/node/node_modules");

    public NodeSdkFactAttribute()
    {
        if (!Directory.Exists(Path.Combine(Modules, "@aws-sdk/client-lambda")))
            Skip = "npm's AWS SDK is not installed (tests/clients/install.sh)";
    }
}

public sealed class RootBinaryFactAttribute : FactAttribute
{
    public RootBinaryFactAttribute()
    {
        if (!Rig.IsRoot || !File.Exists(BinaryFactAttribute.Path))
            Skip = "needs root and artifacts/guard/linux-x64/guard";
    }
}

/// <summary>The role's credentials by the container endpoint instead of variables, with the SDKs of three languages.</summary>
public sealed class CredentialsTests
{
    private const string Key = "AKIAIOSFODNN7EXAMPLE", Secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", Session = "IQoJb3JpZ2luX2VjEKj//////////wEaCXVzLWVhc3QtMSJHMEUC";

    private static Hop Hop(ProtectionMode mode = ProtectionMode.Protect) => new(mode, s => s with { Credentials = new RoleCredentials(Key, Secret, Session), Secrets = [Secret, Session] });

    private static (string Uri, string Token) Endpoint(Hop hop) => ($"http://{hop.Proxy.Address}{RoleCredentials.Path}", hop.Guardian.Settings.Credentials!.Token);

    private static string Run(Hop hop, string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var name in RoleCredentials.Variables)
            start.Environment.Remove(name);
        (start.Environment["AWS_CONTAINER_CREDENTIALS_FULL_URI"], start.Environment["AWS_CONTAINER_AUTHORIZATION_TOKEN"]) = Endpoint(hop);
        start.Environment["HOME"] = "/nonexistent";
        start.Environment["NODE_PATH"] = NodeSdkFactAttribute.Modules;
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? output.Trim() : throw new InvalidOperationException(errors.GetAwaiter().GetResult());
    }

    [Fact]
    public void Boto3_takes_them()
    {
        using var hop = Hop();
        Run(hop, "/usr/bin/python3", "-c", "import boto3; c = boto3.Session().get_credentials().get_frozen_credentials(); print(c.access_key, c.secret_key, c.token)").ShouldBe($"{Key} {Secret} {Session}");
    }

    [NodeSdkFact]
    public void The_sdk_for_javascript_takes_them()
    {
        using var hop = Hop();
        Run(hop, "node", "-e", "const { LambdaClient } = require('@aws-sdk/client-lambda'); new LambdaClient({ region: 'us-east-1' }).config.credentials().then(c => console.log(c.accessKeyId, c.secretAccessKey, c.sessionToken));")
            .ShouldBe($"{Key} {Secret} {Session}");
    }

    [Fact]
    public async Task The_sdk_for_dotnet_takes_them()
    {
        using var hop = Hop();
        var (uri, token) = Endpoint(hop);
        Environment.SetEnvironmentVariable("AWS_CONTAINER_CREDENTIALS_FULL_URI", uri);
        Environment.SetEnvironmentVariable("AWS_CONTAINER_AUTHORIZATION_TOKEN", token);
        try
        {
            using var container = new GenericContainerCredentials();
            var credentials = await container.GetCredentialsAsync();
            (credentials.AccessKey, credentials.SecretKey, credentials.Token).ShouldBe((Key, Secret, Session));
        }
        finally
        {
            Environment.SetEnvironmentVariable("AWS_CONTAINER_CREDENTIALS_FULL_URI", null);
            Environment.SetEnvironmentVariable("AWS_CONTAINER_AUTHORIZATION_TOKEN", null);
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("Authorization: wrong\r\n")]
    public void Without_the_token_nobody_gets_them_in_any_mode(string header)
    {
        foreach (var mode in new[] { ProtectionMode.Off, ProtectionMode.Monitor, ProtectionMode.Protect })
        {
            using var hop = Hop(mode);
            using var runtime = hop.Runtime();
            var answer = Encoding.ASCII.GetString(runtime.Ask($"GET {RoleCredentials.Path} HTTP/1.1\r\nHost: h\r\n{header}\r\n"));
            answer.ShouldStartWith("HTTP/1.1 404");
            answer.ShouldNotContain(Secret);
            hop.Guardian.Incidents.Take(10).ShouldHaveSingleItem().Detector.ShouldBe("credentials-token");
        }
    }

    [Theory]
    [InlineData(ProtectionMode.Monitor)]
    [InlineData(ProtectionMode.Protect)]
    public void A_process_that_is_no_child_of_the_runtime_gets_none_in_protect(ProtectionMode mode)
    {
        using var hop = Hop(mode);
        using var sleeper = Process.Start("sleep", "60");
        hop.Guardian.Met(Channel.ClientRole.Wrapper, sleeper.Id); // the runtime is another process than this one, and no ancestor
        using var runtime = hop.Runtime();
        var answer = Encoding.ASCII.GetString(runtime.Ask($"GET {RoleCredentials.Path} HTTP/1.1\r\nHost: h\r\nAuthorization: {Endpoint(hop).Token}\r\n\r\n"));
        answer.Contains(Secret, StringComparison.Ordinal).ShouldBe(mode == ProtectionMode.Monitor);
        hop.Guardian.Incidents.Take(10).ShouldHaveSingleItem().Detector.ShouldBe("foreign-credentials");
        sleeper.Kill();
    }

    [Fact]
    public void Without_the_switch_the_route_is_the_platforms()
    {
        using var hop = new Hop(ProtectionMode.Protect);
        using var runtime = hop.Runtime();
        runtime.Ask($"GET {RoleCredentials.Path} HTTP/1.1\r\nHost: h\r\n\r\n").ShouldBe(FakePlatform.Accepted);
    }

    [RootBinaryFact]
    public void The_wrapper_takes_the_variables_away_and_the_function_still_finds_its_credentials()
    {
        (string, string)[] variables = [("PELLICLE_CREDENTIALS", "guard"), ("AWS_ACCESS_KEY_ID", Key), ("AWS_SECRET_ACCESS_KEY", Secret), ("AWS_SESSION_TOKEN", Session)];
        using var rig = new Rig(ProtectionMode.Protect, "", variables);
        // Taken out of what /proc shows of the guard, too.
        File.ReadAllText($"/proc/{rig.Guard.Id}/environ").ShouldNotContain(Secret);
        var library = Path.Combine(BinaryFactAttribute.Artifacts, "native/x86_64/libpellicle.so");
        var probe = "import boto3, json, os; c = boto3.Session().get_credentials().get_frozen_credentials(); print(json.dumps([c.access_key, c.secret_key, c.token, sorted(k for k in os.environ if 'AWS_' in k and ('KEY' in k or 'SESSION' in k))]))";
        var start = new ProcessStartInfo("unshare", ["-m", "sh", "-c",
            $"mount -t tmpfs none /opt && mkdir -p /opt/pellicle/native && cp {library} /opt/pellicle/native/ && exec {BinaryFactAttribute.Wrapper} /usr/bin/python3 -c \"{probe}\""])
        { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["AWS_LAMBDA_RUNTIME_API"] = rig.Platform.Address.ToString();
        foreach (var (name, value) in variables)
            start.Environment[name] = value;
        using var runtime = Process.Start(start)!;
        var errors = runtime.StandardError.ReadToEndAsync();
        var output = runtime.StandardOutput.ReadToEnd();
        runtime.WaitForExit();
        runtime.ExitCode.ShouldBe(0, errors.GetAwaiter().GetResult());
        using var told = JsonDocument.Parse(output);
        told.RootElement.EnumerateArray().Take(3).Select(e => e.GetString()).ShouldBe([Key, Secret, Session]);
        told.RootElement[3].GetArrayLength().ShouldBe(0);
    }
}
