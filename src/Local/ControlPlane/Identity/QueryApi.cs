using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using System.Xml.Linq;
using Pellicle.Local.ControlPlane.Http;
using Pellicle.Local.ControlPlane.State;

namespace Pellicle.Local.ControlPlane.Identity;

/// <summary>The few STS and IAM operations that posture checks need, in the query protocol (form in, XML out). IAM has no regions.</summary>
internal sealed class QueryApi(Plane plane)
{
    private const string Scope = "global";
    private const int MaxFormBytes = 1_048_576;

    private static readonly XNamespace Sts = "https://sts.amazonaws.com/doc/2011-06-15/";
    private static readonly XNamespace Iam = "https://iam.amazonaws.com/doc/2010-05-08/";

    public void Map(IEndpointRouteBuilder endpoints) => endpoints.MapPost("/", (RequestDelegate)ServeAsync);

    private async Task ServeAsync(HttpContext http)
    {
        var requestId = Guid.NewGuid().ToString();
        var ns = Iam;
        XElement answer;
        try
        {
            if (!http.Request.HasFormContentType || http.Request.ContentLength is null or > MaxFormBytes)
                throw new QueryException(400, "InvalidAction", "a form of at most 1 MiB with Action is expected here");
            var form = await http.Request.ReadFormAsync(http.RequestAborted);
            string? Field(string name) => form.TryGetValue(name, out var values) && values is [{ Length: > 0 } value, ..] ? value : null;
            var action = Field("Action") ?? throw new QueryException(400, "MissingAction", "the request has no Action");
            ns = action == "GetCallerIdentity" ? Sts : Iam;
            var result = Run(action, new Fields(Field));
            answer = new XElement(ns + $"{action}Response", result is null ? null : Qualify(result, ns),
                new XElement(ns + "ResponseMetadata", new XElement(ns + "RequestId", requestId)));
        }
        catch (QueryException e)
        {
            http.Response.StatusCode = e.Status;
            answer = new XElement(ns + "ErrorResponse",
                new XElement(ns + "Error", new XElement(ns + "Type", "Sender"), new XElement(ns + "Code", e.Code), new XElement(ns + "Message", e.Message)),
                new XElement(ns + "RequestId", requestId));
        }

        http.Response.ContentType = "text/xml";
        http.Response.Headers["x-amzn-RequestId"] = requestId;
        await http.Response.WriteAsync(answer.ToString(SaveOptions.DisableFormatting), http.RequestAborted);
    }

    private XElement? Run(string action, Fields fields) => action switch
    {
        "GetCallerIdentity" => new("GetCallerIdentityResult",
            new XElement("Arn", $"arn:aws:iam::{Call.AccountId}:root"), new XElement("UserId", Call.AccountId), new XElement("Account", Call.AccountId)),
        "CreateRole" => new("CreateRoleResult", Show(CreateRole(fields))),
        "GetRole" => new("GetRoleResult", Show(Role(fields))),
        "ListRoles" => new("ListRolesResult", new XElement("IsTruncated", "false"),
            new XElement("Roles", plane.Roles.All(Scope).Select(r => Member(Show(r))))),
        "DeleteRole" => DeleteRole(fields),
        "PutRolePolicy" => PutRolePolicy(fields),
        "GetRolePolicy" => GetRolePolicy(fields),
        "DeleteRolePolicy" => Change(fields, r => r with { InlinePolicies = Without(r.InlinePolicies, fields.Required("PolicyName")) }),
        "ListRolePolicies" => new("ListRolePoliciesResult", new XElement("IsTruncated", "false"),
            new XElement("PolicyNames", Role(fields).InlinePolicies.Keys.Select(n => new XElement("member", n)))),
        "AttachRolePolicy" => Attach(fields),
        "DetachRolePolicy" => Change(fields, r => r.AttachedPolicies.Contains(fields.Required("PolicyArn"))
            ? r with { AttachedPolicies = [.. r.AttachedPolicies.Where(a => a != fields.Required("PolicyArn"))] }
            : throw NoSuchEntity($"Policy {fields.Required("PolicyArn")} was not found.")),
        "ListAttachedRolePolicies" => new("ListAttachedRolePoliciesResult", new XElement("IsTruncated", "false"),
            new XElement("AttachedPolicies", Role(fields).AttachedPolicies.Select(a =>
                new XElement("member", new XElement("PolicyName", a[(a.LastIndexOf('/') + 1)..]), new XElement("PolicyArn", a))))),
        "CreatePolicy" => new("CreatePolicyResult", Show(CreatePolicy(fields))),
        "GetPolicy" => new("GetPolicyResult", Show(Policy(fields.Required("PolicyArn")))),
        "GetPolicyVersion" => GetPolicyVersion(fields),
        _ => throw new QueryException(400, "InvalidAction", $"the local Lambda has no action {action}"),
    };

    private RoleDocument CreateRole(Fields fields)
    {
        var name = Name(fields.Required("RoleName"), "roleName", 64);
        var role = new RoleDocument
        {
            Name = name,
            Id = "AROA" + RandomNumberGenerator.GetString("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 17),
            Path = fields.Optional("Path") ?? "/",
            TrustPolicy = Document(fields.Required("AssumeRolePolicyDocument")),
            Description = fields.Optional("Description"),
            Created = plane.Now,
        };
        lock (plane.Gate)
        {
            if (plane.Roles.Find(Scope, name) is not null)
                throw new QueryException(409, "EntityAlreadyExists", $"Role with name {name} already exists.");
            plane.Roles.Put(Scope, name, role);
        }

        return role;
    }

    private XElement? DeleteRole(Fields fields)
    {
        lock (plane.Gate)
        {
            var role = Role(fields);
            if (role.AttachedPolicies.Count > 0)
                throw new QueryException(409, "DeleteConflict", "Cannot delete entity, must detach all policies first.");
            if (role.InlinePolicies.Count > 0)
                throw new QueryException(409, "DeleteConflict", "Cannot delete entity, must delete policies first.");
            plane.Roles.Delete(Scope, role.Name);
        }

        return null;
    }

    private XElement? PutRolePolicy(Fields fields)
    {
        var name = Name(fields.Required("PolicyName"), "policyName", 128);
        var document = Document(fields.Required("PolicyDocument"));
        return Change(fields, r =>
        {
            var policies = new SortedDictionary<string, string>(r.InlinePolicies, StringComparer.Ordinal) { [name] = document };
            return r with { InlinePolicies = policies };
        });
    }

    private XElement GetRolePolicy(Fields fields)
    {
        var (role, name) = (Role(fields), fields.Required("PolicyName"));
        var document = role.InlinePolicies.GetValueOrDefault(name)
            ?? throw NoSuchEntity($"The role policy with name {name} cannot be found.");
        return new("GetRolePolicyResult", new XElement("RoleName", role.Name), new XElement("PolicyName", name),
            new XElement("PolicyDocument", Uri.EscapeDataString(document)));
    }

    private XElement? Attach(Fields fields)
    {
        var arn = fields.Required("PolicyArn");
        Policy(arn);
        return Change(fields, r => r.AttachedPolicies.Contains(arn) ? r : r with { AttachedPolicies = [.. r.AttachedPolicies, arn] });
    }

    private ManagedPolicyDocument CreatePolicy(Fields fields)
    {
        var name = Name(fields.Required("PolicyName"), "policyName", 128);
        var path = fields.Optional("Path") ?? "/";
        var policy = new ManagedPolicyDocument
        {
            Arn = $"arn:aws:iam::{Call.AccountId}:policy{path}{name}",
            Id = "ANPA" + RandomNumberGenerator.GetString("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 17),
            Name = name,
            Path = path,
            Document = Document(fields.Required("PolicyDocument")),
            Description = fields.Optional("Description"),
            Created = plane.Now,
        };
        lock (plane.Gate)
        {
            if (plane.ManagedPolicies.Find(Scope, policy.Arn) is not null)
                throw new QueryException(409, "EntityAlreadyExists", $"A policy called {name} already exists. Duplicate names are not allowed.");
            plane.ManagedPolicies.Put(Scope, policy.Arn, policy);
        }

        return policy;
    }

    private XElement GetPolicyVersion(Fields fields)
    {
        var policy = Policy(fields.Required("PolicyArn"));
        if (fields.Required("VersionId") != "v1")
            throw NoSuchEntity($"Policy {policy.Arn} version {fields.Required("VersionId")} does not exist or is not attachable.");
        return new("GetPolicyVersionResult", new XElement("PolicyVersion", new XElement("Document", Uri.EscapeDataString(policy.Document)),
            new XElement("VersionId", "v1"), new XElement("IsDefaultVersion", "true"), new XElement("CreateDate", Time(policy.Created))));
    }

    private XElement? Change(Fields fields, Func<RoleDocument, RoleDocument> change)
    {
        lock (plane.Gate)
        {
            var role = Role(fields);
            plane.Roles.Put(Scope, role.Name, change(role));
        }

        return null;
    }

    private RoleDocument Role(Fields fields)
    {
        var name = fields.Required("RoleName");
        return plane.Roles.Find(Scope, name) ?? throw NoSuchEntity($"The role with name {name} cannot be found.");
    }

    private ManagedPolicyDocument Policy(string arn) =>
        plane.ManagedPolicies.Find(Scope, arn) ?? AwsManagedPolicies.Find(arn)
        ?? throw NoSuchEntity($"Policy {arn} does not exist or is not attachable.");

    private static SortedDictionary<string, string> Without(SortedDictionary<string, string> map, string key)
    {
        var copy = new SortedDictionary<string, string>(map, StringComparer.Ordinal);
        return copy.Remove(key) ? copy : throw NoSuchEntity($"The role policy with name {key} cannot be found.");
    }

    private static string Name(string value, string member, int max) =>
        value.Length <= max && value.All(c => char.IsAsciiLetterOrDigit(c) || "+=,.@-_".Contains(c, StringComparison.Ordinal))
            ? value
            : throw new QueryException(400, "ValidationError",
                $"The specified value for {member} is invalid. It must contain only alphanumeric characters and/or the following: +=,.@_-");

    private static string Document(string text)
    {
        try
        {
            using var document = JsonDocument.Parse(text);
            if (document.RootElement.ValueKind == JsonValueKind.Object && document.RootElement.TryGetProperty("Statement", out _))
                return text;
        }
        catch (JsonException)
        {
            // Answered below, as a document without statements is.
        }

        throw new QueryException(400, "MalformedPolicyDocument", "Syntax errors in policy.");
    }

    private static XElement Show(RoleDocument role) => new("Role", new XElement("Path", role.Path), new XElement("RoleName", role.Name),
        new XElement("RoleId", role.Id), new XElement("Arn", $"arn:aws:iam::{Call.AccountId}:role{role.Path}{role.Name}"),
        new XElement("CreateDate", Time(role.Created)), new XElement("AssumeRolePolicyDocument", Uri.EscapeDataString(role.TrustPolicy)),
        role.Description is null ? null : new XElement("Description", role.Description), new XElement("MaxSessionDuration", "3600"));

    private static XElement Show(ManagedPolicyDocument policy) => new("Policy", new XElement("PolicyName", policy.Name),
        new XElement("PolicyId", policy.Id), new XElement("Arn", policy.Arn), new XElement("Path", policy.Path),
        new XElement("DefaultVersionId", "v1"), new XElement("IsAttachable", "true"), new XElement("CreateDate", Time(policy.Created)),
        policy.Description is null ? null : new XElement("Description", policy.Description));

    private static XElement Member(XElement element)
    {
        element.Name = "member";
        return element;
    }

    private static XElement Qualify(XElement element, XNamespace ns)
    {
        foreach (var part in element.DescendantsAndSelf())
            part.Name = ns + part.Name.LocalName;
        return element;
    }

    private static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    private static QueryException NoSuchEntity(string message) => new(404, "NoSuchEntity", message);

    private readonly record struct Fields(Func<string, string?> Find)
    {
        public string? Optional(string name) => Find(name);

        public string Required(string name) => Find(name)
            ?? throw new QueryException(400, "ValidationError", $"1 validation error detected: Value null at '{name}' failed to satisfy constraint: Member must not be null");
    }

    private sealed class QueryException(int status, string code, string message) : Exception(message)
    {
        public int Status { get; } = status;

        public string Code { get; } = code;
    }
}
