using System.Globalization;
using Amazon.Runtime;

namespace Pellicle.Aws;

/// <summary>Who calls.</summary>
/// <param name="Account">Account number.</param>
/// <param name="Arn">ARN of the caller.</param>
public sealed record CallerIdentity(string Account, string Arn);

/// <summary>The two STS calls of a scan.</summary>
public sealed class StsClient(AwsHttp http)
{
    private readonly QueryClient _query = new(http, "sts", "2011-06-15", global: false);

    /// <summary>Who these credentials are; needs no permission.</summary>
    public async Task<CallerIdentity> GetCallerIdentityAsync(CancellationToken cancellationToken = default)
    {
        var answer = await _query.CallAsync("GetCallerIdentity", cancellationToken).ConfigureAwait(false);
        return new CallerIdentity(answer.Element("Account")?.Value ?? "", answer.Element("Arn")?.Value ?? "");
    }

    /// <summary>Temporary credentials of a role, and when they end.</summary>
    public async Task<(ImmutableCredentials Credentials, DateTimeOffset Expiration)> AssumeRoleAsync(string role, string session, string? externalId, CancellationToken cancellationToken = default)
    {
        var answer = await _query.CallAsync("AssumeRole", cancellationToken, ("RoleArn", role), ("RoleSessionName", session), ("ExternalId", externalId), ("DurationSeconds", "3600")).ConfigureAwait(false);
        var credentials = answer.Element("Credentials");
        return credentials?.Element("AccessKeyId")?.Value is { } key && credentials.Element("SecretAccessKey")?.Value is { } secret && DateTimeOffset.TryParse(credentials.Element("Expiration")?.Value, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var end)
            ? (new ImmutableCredentials(key, secret, credentials.Element("SessionToken")?.Value ?? ""), end)
            : throw new AwsException("AssumeRole", "UnreadableAnswer", "the answer holds no credentials", System.Net.HttpStatusCode.OK);
    }
}

/// <summary>Credentials of an assumed role, renewed before they end; the SDK's own would ignore our endpoint.</summary>
public sealed class AssumedRoleCredentials : RefreshingAWSCredentials
{
    private readonly StsClient _sts;
    private readonly string _role;
    private readonly string? _externalId;

    /// <summary>Makes credentials of <paramref name="role"/>, asked for through <paramref name="sts"/>.</summary>
    public AssumedRoleCredentials(StsClient sts, string role, string? externalId)
    {
        (_sts, _role, _externalId) = (sts, role, externalId);
        PreemptExpiryTime = TimeSpan.FromMinutes(10);
    }

    /// <inheritdoc/>
    protected override async Task<CredentialsRefreshState> GenerateNewCredentialsAsync()
    {
        var (credentials, end) = await _sts.AssumeRoleAsync(_role, "pellicle-scan", _externalId).ConfigureAwait(false);
        return new CredentialsRefreshState(credentials, end.UtcDateTime);
    }

    /// <inheritdoc/>
    protected override CredentialsRefreshState GenerateNewCredentials() => GenerateNewCredentialsAsync().GetAwaiter().GetResult();
}
