using Pellicle.Domain;
using Pellicle.Posture.Identity;

namespace Pellicle.Posture.Checks.Identity;

/// <summary>What the checks of roles share.</summary>
internal static class RoleChecks
{
    /// <summary>What is missing to know what the role may do.</summary>
    public static string? Lacks(FunctionSubject function) =>
        function.RoleArn is null || function.Role?.Exists == false ? null
        : function.Role?.Policies is null ? "iam:GetRole, iam:ListRolePolicies, iam:GetRolePolicy, iam:ListAttachedRolePolicies, iam:GetPolicy, iam:GetPolicyVersion"
        : function.Role is { HasBoundary: true, Boundary: null } ? "iam:GetPolicyVersion (boundary)"
        : null;

    /// <summary>Null where there is no role to judge.</summary>
    public static Permissions? Of(FunctionSubject function) => Permissions.Of(function.Role);

    public static Finding Finding(IPostureCheck check, FunctionSubject function, Severity severity, string place, string description, string remediation, params string[] references) =>
        Report.Of(check, function, severity, $"role:{function.Role!.Name}{(place.Length == 0 ? "" : "/")}{place}", description, remediation, [.. references, Report.Iam + "best-practices.html#grant-least-privilege"]);

    /// <summary>The command that replaces a policy by a smaller one.</summary>
    public static string Replace(FunctionSubject function) =>
        RoleFacts.Of(function.Role!, function.RoleCalls).Proposal is { } proposal && proposal.Length <= 2000
            ? $"aws iam put-role-policy --role-name {function.Role!.Name} --policy-name least-privilege --policy-document '{proposal}'   # everything the code calls; then remove the wider policies"
            : $"pellicle account policy NAME --role {function.Role!.Name}   # prints the least-privilege policy; then aws iam put-role-policy --role-name {function.Role.Name} --policy-name least-privilege --policy-document file://policy.json";

    public static string Some(IEnumerable<string> items, int limit = 8)
    {
        var all = items.ToList();
        return string.Join(", ", all.Take(limit)) + (all.Count > limit ? $" and {all.Count - limit} more" : "");
    }

    /// <summary>Resources of a statement in words.</summary>
    public static string ResourcesOf(Statement statement) =>
        statement.NotResources.Count > 0 ? $"everything but {Some(statement.NotResources, 3)}" : Some(statement.Resources.DefaultIfEmpty("*"), 3);

    /// <summary>Denials that hold only under conditions, in words: they do not reliably protect.</summary>
    public static string Unless(Permissions permissions) =>
        permissions.ConditionalDenials.SelectMany(d => d.Conditions).Select(c => $"{c.Operator} {c.Key}").Distinct(StringComparer.Ordinal).ToList() is { Count: > 0 } conditions ? $" Denials under conditions ({Some(conditions, 3)}) take part of it away." : "";

    /// <summary>A place in a policy.</summary>
    public static string PlaceOf(Statement statement) => $"{statement.Source[(statement.Source.LastIndexOf('/') + 1)..]}/{statement.Sid}";

    public static bool IsAllActions(Statement statement) => statement.Actions.Any(Glob.IsAll);
}
