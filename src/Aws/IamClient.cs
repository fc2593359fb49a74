using System.Text.Json;
using System.Xml.Linq;

namespace Pellicle.Aws;

/// <summary>A policy and where it comes from.</summary>
/// <param name="Name">Name, or ARN of a managed policy.</param>
/// <param name="Kind"><c>inline</c>, <c>attached</c> or <c>boundary</c>.</param>
/// <param name="Document">The document.</param>
public sealed record NamedPolicy(string Name, string Kind, JsonElement Document);

/// <summary>A role as IAM describes it.</summary>
/// <param name="Arn">ARN.</param>
/// <param name="TrustPolicy">Who may assume it.</param>
/// <param name="BoundaryArn">Permission boundary, or null.</param>
public sealed record IamRole(string Arn, JsonElement? TrustPolicy, string? BoundaryArn);

/// <summary>The reads of IAM that judging a role needs.</summary>
public sealed class IamClient(AwsHttp http)
{
    private readonly QueryClient _query = new(http, "iam", "2010-05-08", global: true);

    /// <summary>A role, or null when there is none of this name.</summary>
    public async Task<IamRole?> GetRoleAsync(string name, CancellationToken cancellationToken = default)
    {
        try
        {
            var role = (await _query.CallAsync("GetRole", cancellationToken, ("RoleName", name)).ConfigureAwait(false)).Element("Role");
            return role is null ? null : new IamRole(Text(role, "Arn") ?? "", Text(role, "AssumeRolePolicyDocument") is { } trust ? Document("GetRole", trust) : null, role.Element("PermissionsBoundary") is { } boundary ? Text(boundary, "PermissionsBoundaryArn") : null);
        }
        catch (AwsException exception) when (exception.IsNotFound)
        {
            return null;
        }
    }

    /// <summary>Names of inline policies.</summary>
    public async Task<IReadOnlyList<string>> ListRolePoliciesAsync(string role, CancellationToken cancellationToken = default) =>
        [.. (await _query.ListAsync("ListRolePolicies", "PolicyNames", cancellationToken, ("RoleName", role)).ConfigureAwait(false)).Select(e => e.Value)];

    /// <summary>An inline policy.</summary>
    public async Task<NamedPolicy> GetRolePolicyAsync(string role, string policy, CancellationToken cancellationToken = default)
    {
        var answer = await _query.CallAsync("GetRolePolicy", cancellationToken, ("RoleName", role), ("PolicyName", policy)).ConfigureAwait(false);
        return new NamedPolicy(policy, "inline", Document("GetRolePolicy", Text(answer, "PolicyDocument") ?? ""));
    }

    /// <summary>ARNs of attached managed policies.</summary>
    public async Task<IReadOnlyList<string>> ListAttachedRolePoliciesAsync(string role, CancellationToken cancellationToken = default) =>
        [.. (await _query.ListAsync("ListAttachedRolePolicies", "AttachedPolicies", cancellationToken, ("RoleName", role)).ConfigureAwait(false)).Select(e => Text(e, "PolicyArn")).OfType<string>()];

    /// <summary>The version of a managed policy that is in force.</summary>
    public async Task<NamedPolicy> GetManagedPolicyAsync(string arn, string kind = "attached", CancellationToken cancellationToken = default)
    {
        var policy = await _query.CallAsync("GetPolicy", cancellationToken, ("PolicyArn", arn)).ConfigureAwait(false);
        var version = policy.Element("Policy") is { } element ? Text(element, "DefaultVersionId") : null;
        var answer = await _query.CallAsync("GetPolicyVersion", cancellationToken, ("PolicyArn", arn), ("VersionId", version ?? "v1")).ConfigureAwait(false);
        return new NamedPolicy(arn, kind, Document("GetPolicyVersion", answer.Element("PolicyVersion")?.Element("Document")?.Value ?? ""));
    }

    private static string? Text(XElement element, string name) => element.Element(name)?.Value;

    // Documents come percent-encoded (RFC 3986), so a plus sign is a plus sign.
    private static JsonElement Document(string operation, string encoded)
    {
        try
        {
            using var document = JsonDocument.Parse(Uri.UnescapeDataString(encoded));
            return document.RootElement.Clone();
        }
        catch (JsonException exception)
        {
            throw new AwsException(operation, "UnreadableAnswer", $"the policy document is no JSON: {exception.Message}", System.Net.HttpStatusCode.OK);
        }
    }
}
