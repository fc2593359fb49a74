using Amazon;
using Amazon.Runtime;
using Amazon.Runtime.CredentialManagement;
using Amazon.Runtime.Credentials;

namespace Pellicle.Aws;

/// <summary>Where to call and as whom, following the AWS CLI: options first, then environment variables, then the profile.</summary>
public sealed record AwsSettings
{
    /// <summary>Region, for example <c>eu-central-1</c>.</summary>
    public required string Region { get; init; }

    /// <summary>Base address that replaces the regional one, or null.</summary>
    public Uri? Endpoint { get; init; }

    /// <summary>How to get credentials; the values themselves are never stored.</summary>
    public required AWSCredentials Credentials { get; init; }

    /// <summary>Resolves settings. <paramref name="profile"/>, <paramref name="region"/>, <paramref name="endpoint"/> are the command's options, or null.</summary>
    /// <exception cref="AwsSettingsException">No region, no such profile, or an address that is no http(s) address.</exception>
    public static AwsSettings Resolve(string? profile, string? region, string? endpoint)
    {
        var name = profile ?? Variable("AWS_PROFILE");
        CredentialProfile? stored = null;
        if (name is not null && !new CredentialProfileStoreChain().TryGetProfile(name, out stored))
        {
            throw new AwsSettingsException($"the AWS profile `{name}` is not known", "list profiles with `aws configure list-profiles`");
        }

        if (name is null)
        {
            new CredentialProfileStoreChain().TryGetProfile("default", out stored);
        }

        endpoint ??= Variable("AWS_ENDPOINT_URL_LAMBDA") ?? Variable("AWS_ENDPOINT_URL") ?? stored?.EndpointUrl;
        Uri? address = null;
        if (endpoint is not null && (!Uri.TryCreate(endpoint, UriKind.Absolute, out address) || address.Scheme is not ("http" or "https")))
        {
            throw new AwsSettingsException($"`{endpoint}` is not an http or https address", "give --endpoint-url as http://HOST:PORT");
        }

        region ??= Variable("AWS_REGION") ?? Variable("AWS_DEFAULT_REGION") ?? stored?.Region?.SystemName;
        if (region is null)
        {
            // A local endpoint does not care; AWS itself does.
            region = address is { IsLoopback: true } ? "us-east-1" : throw new AwsSettingsException("no region is set", "give --region, AWS_REGION, or a region in the profile");
        }

        AWSCredentials credentials;
        if (profile is null && Variable("AWS_ACCESS_KEY_ID") is not null)
        {
            credentials = new EnvironmentVariablesAWSCredentials();
        }
        else if (stored is not null && new CredentialProfileStoreChain().TryGetAWSCredentials(stored.Name, out var fromProfile))
        {
            credentials = fromProfile;
        }
        else if (address is { IsLoopback: true })
        {
            // The local Lambda checks no signature; without this line a first try would ask for an account.
            credentials = new BasicAWSCredentials("local", "local");
        }
        else
        {
            credentials = DefaultAWSCredentialsIdentityResolver.GetCredentials();
        }

        return new AwsSettings { Region = region, Endpoint = address, Credentials = credentials };
    }

    /// <summary>Region that signs calls of services with one address per partition.</summary>
    public string GlobalRegion =>
        Region.StartsWith("cn-", StringComparison.Ordinal) ? "cn-north-1" : Region.StartsWith("us-gov-", StringComparison.Ordinal) ? "us-gov-west-1" : "us-east-1";

    /// <summary>Base address of a service in this region.</summary>
    /// <param name="service">Endpoint prefix, for example <c>lambda</c>.</param>
    /// <param name="global">True for services with one address per partition (IAM, Organizations).</param>
    /// <param name="inGlobalRegion">True where that address names the partition's region (Organizations).</param>
    public Uri AddressOf(string service, bool global = false, bool inGlobalRegion = false)
    {
        if (Endpoint is not null)
        {
            return Endpoint;
        }

        var suffix = RegionEndpoint.GetBySystemName(Region).PartitionDnsSuffix;
        // IAM of the other partitions has a region in its name too.
        var regional = !global ? Region : inGlobalRegion || GlobalRegion != "us-east-1" ? service == "iam" && GlobalRegion == "us-gov-west-1" ? "us-gov" : GlobalRegion : null;
        return new Uri(regional is null ? $"https://{service}.{suffix}" : $"https://{service}.{regional}.{suffix}");
    }

    private static string? Variable(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;
}

/// <summary>The settings for AWS do not suffice; the message is for people.</summary>
public sealed class AwsSettingsException(string message, string hint) : Exception(message)
{
    /// <summary>What to do.</summary>
    public string Hint { get; } = hint;
}
