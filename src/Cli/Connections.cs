using System.CommandLine;
using Pellicle.Aws;

namespace Pellicle.Cli;

/// <summary>What the shared options lead to.</summary>
internal static class Connections
{
    public static LambdaClient Connect((string? Profile, string? Region, string? Endpoint) given) => new(Http(given));

    public static LambdaClient Connect(this AwsOptions options, ParseResult result, string? region = null) => new(options.Http(result, region));

    public static AwsHttp Http(this AwsOptions options, ParseResult result, string? region = null)
    {
        var given = options.Read(result);
        return Http(given with { Region = region ?? given.Region });
    }

    public static ServerClient Connect(this ServerOptionsGroup options, ParseResult result)
    {
        var given = options.Read(result);
        return ServerClient.Find(given.Server, given.Token);
    }

    public static ServerClient? TryConnect(this ServerOptionsGroup options, ParseResult result)
    {
        var given = options.Read(result);
        return ServerClient.TryFind(given.Server, given.Token);
    }

    private static AwsHttp Http((string? Profile, string? Region, string? Endpoint) given)
    {
        try
        {
            return new AwsHttp(AwsSettings.Resolve(given.Profile, given.Region, given.Endpoint));
        }
        catch (AwsSettingsException exception)
        {
            throw new CliException(exception.Message, exception.Hint, ExitCode.Usage);
        }
    }
}
