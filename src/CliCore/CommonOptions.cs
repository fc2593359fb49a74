using System.CommandLine;

namespace Pellicle.Cli;

/// <summary>Options that several commands share; the names follow the AWS CLI.</summary>
internal sealed class AwsOptions
{
    private readonly Option<string?> _profile = new("--profile") { Description = "AWS profile", HelpName = "NAME" };
    private readonly Option<string?> _region = new("--region") { Description = "AWS region", HelpName = "REGION" };
    private readonly Option<string?> _endpoint = new("--endpoint-url") { Description = "address to call instead of AWS, for example a local Lambda", HelpName = "URL" };

    public AwsOptions(Command command)
    {
        command.Add(_profile);
        command.Add(_region);
        command.Add(_endpoint);
    }

    /// <summary>What was given, null for what was not.</summary>
    public (string? Profile, string? Region, string? Endpoint) Read(ParseResult result) => (result.GetValue(_profile), result.GetValue(_region), result.GetValue(_endpoint));
}

/// <summary>How a command finds the server.</summary>
internal sealed class ServerOptionsGroup
{
    private readonly Option<string?> _server = new("--server") { Description = "address of the Pellicle server (default: PELLICLE_SERVER_URL, else the server of this machine's data directory)", HelpName = "URL" };
    private readonly Option<string?> _token = new("--token") { Description = "access token (default: PELLICLE_ADMIN_TOKEN, else the one beside the server's data)", HelpName = "TOKEN" };

    public ServerOptionsGroup(Command command)
    {
        command.Add(_server);
        command.Add(_token);
    }

    /// <summary>What was given, null for what was not.</summary>
    public (string? Server, string? Token) Read(ParseResult result) => (result.GetValue(_server), result.GetValue(_token));
}

/// <summary><c>--format table|json</c>.</summary>
internal sealed class FormatOption
{
    private readonly Option<string> _format = new("--format") { Description = "table or json", DefaultValueFactory = _ => "table", HelpName = "FORMAT" };

    public FormatOption(Command command)
    {
        _format.AcceptOnlyFromAmong("table", "json");
        command.Add(_format);
    }

    public bool IsJson(ParseResult result) => result.GetValue(_format) == "json";
}

/// <summary>Places on this machine.</summary>
internal static class Places
{
    /// <summary>Built artefacts: <c>PELLICLE_ARTIFACTS</c>, else the folder above the program.</summary>
    public static string Artifacts => Environment.GetEnvironmentVariable("PELLICLE_ARTIFACTS") is { Length: > 0 } set ? set : Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, ".."));

    /// <summary>Sources of the samples.</summary>
    public static string Samples => Environment.GetEnvironmentVariable("PELLICLE_SAMPLES") is { Length: > 0 } set ? set : Path.GetFullPath(Path.Combine(Artifacts, "..", "samples"));

    /// <summary>What commands keep from call to call: <c>PELLICLE_HOME</c>, else the user's data directory.</summary>
    public static string Home => Environment.GetEnvironmentVariable("PELLICLE_HOME") is { Length: > 0 } set
        ? set
        : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.DoNotVerify) is { Length: > 0 } data ? data : Path.Combine(Path.GetTempPath(), "pellicle-home"), "pellicle");

    /// <summary>Inventories of archives that were read before, by content hash.</summary>
    public static string Inventories => Path.Combine(Home, "inventories");

    /// <summary>Tables of facts for posture checks that were fetched and go before the built-in ones.</summary>
    public static string Tables => Path.Combine(Home, "tables");
}
