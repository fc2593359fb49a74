using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Pellicle.Local.ControlPlane.Http;
using Pellicle.Local.ControlPlane.State;

namespace Pellicle.Local.ControlPlane.Functions;

/// <summary>The resource policy of a function, version or alias.</summary>
internal sealed partial class PermissionOperations(Plane plane)
{
    public void Map(Routes routes)
    {
        routes.Get("2015-03-31/functions/{function}/policy", "GetPolicy", Get);
        routes.Post("2015-03-31/functions/{function}/policy", "AddPermission", AddAsync);
        routes.Delete("2015-03-31/functions/{function}/policy/{statement}", "RemovePermission", Remove);
    }

    [GeneratedRegex(@"^(lambda:[*]|lambda:[a-zA-Z]+|[*])\z")]
    private static partial Regex Action();

    [GeneratedRegex(@"^[^\s]+\z")]
    private static partial Regex Principal();

    [GeneratedRegex(@"^\d{12}\z")]
    private static partial Regex Account();

    [GeneratedRegex(@"^arn:(aws[a-zA-Z0-9-]*):([a-zA-Z0-9\-])+:([a-z]{2,5}(-[a-z]+)+-\d{1})?:(\d{12})?:(.*)\z")]
    private static partial Regex Source();

    [GeneratedRegex(@"^[a-z]{1,2}[a-z0-9-]*(\.[a-z0-9-]+)*\.amazonaws\.com(\.cn)?\z|^[a-z0-9-]+(\.[a-z0-9-]+)+\z")]
    private static partial Regex Service();

    private Reply Get(Call call)
    {
        var reference = FunctionReference.Of(call);
        var function = plane.Find(reference);
        CheckQualifier(reference, function);
        var policy = function.Policies.GetValueOrDefault(Key(reference)) ?? throw ApiException.NotFound();
        return Reply.Ok(Json.Of(("Policy", Statements.Policy(policy)), ("RevisionId", Revision(function, Key(reference)))));
    }

    private async ValueTask<Reply> AddAsync(Call call, CancellationToken cancellationToken)
    {
        var input = await call.ReadJsonAsync(cancellationToken);
        var reference = FunctionReference.Of(call);
        var id = input.Text("StatementId", required: true, min: 1, max: 100, pattern: Names.StatementId());
        var action = input.Text("Action", required: true, pattern: Action());
        var principal = input.Text("Principal", required: true, pattern: Principal());
        var sourceArn = input.Text("SourceArn", pattern: Source());
        var sourceAccount = input.Text("SourceAccount", pattern: Account());
        var token = input.Text("EventSourceToken", max: 256);
        var organization = input.Text("PrincipalOrgID");
        var urlAuthType = input.Text("FunctionUrlAuthType", oneOf: ["NONE", "AWS_IAM"]);
        var viaUrl = input.Has("InvokedViaFunctionUrl") ? input.Flag("InvokedViaFunctionUrl") : (bool?)null;
        var revision = input.Text("RevisionId");
        input.Check();
        if (reference.Qualifier == FunctionVersion.Latest)
            throw ApiException.InvalidParameter("We currently do not support adding policies for $LATEST.");
        if (urlAuthType is not null && action != "lambda:InvokeFunctionUrl")
            throw ApiException.InvalidParameter("FunctionUrlAuthType is only supported for lambda:InvokeFunctionUrl action");

        var equal = Json.Of(("AWS:SourceAccount", sourceAccount), ("lambda:EventSourceToken", token),
            ("aws:PrincipalOrgID", organization), ("lambda:FunctionUrlAuthType", urlAuthType));
        var condition = Json.Of(
            ("StringEquals", equal.Count == 0 ? null : equal),
            ("Bool", viaUrl is null ? null : Json.Of(("lambda:InvokedViaFunctionUrl", viaUrl.Value ? "true" : "false"))),
            ("ArnLike", sourceArn is null ? null : Json.Of(("AWS:SourceArn", sourceArn))));
        var statement = Json.Of(("Sid", id), ("Effect", "Allow"), ("Principal", ShowPrincipal(principal!)), ("Action", action),
            ("Resource", reference.QualifiedArn), ("Condition", condition.Count == 0 ? null : condition));
        Change(reference, revision, policy => Statements.Add(policy, statement, "GetPolicy", null));
        return new Reply(201, Json.Of(("Statement", Statements.Text(statement))));
    }

    private Reply Remove(Call call)
    {
        var reference = FunctionReference.Of(call);
        Change(reference, call.Query("RevisionId"), policy => Statements.Remove(policy, call.Path("statement"), "GetPolicy", null));
        return Reply.NoContent;
    }

    // The policy's revision is the function's (or version's, or alias's): changing one changes both.
    private void Change(FunctionReference reference, string? revision, Func<PolicyDocument?, PolicyDocument?> change) =>
        plane.Change(reference, f =>
        {
            CheckQualifier(reference, f);
            var key = Key(reference);
            if (!string.IsNullOrEmpty(revision) && revision != Revision(f, key))
                throw ApiException.Precondition("GetPolicy");
            var policy = change(f.Policies.GetValueOrDefault(key));
            var policies = new SortedDictionary<string, PolicyDocument>(f.Policies, StringComparer.Ordinal);
            if (policy is null)
                policies.Remove(key);
            else
                policies[key] = policy;
            var changed = policy?.RevisionId ?? Plane.NewRevision();
            f = f with { Policies = policies };
            if (key == FunctionVersion.Latest)
                return f with { Latest = f.Latest with { RevisionId = changed } };
            return f.Aliases.Any(a => a.Name == key)
                ? f with { Aliases = [.. f.Aliases.Select(a => a.Name == key ? a with { RevisionId = changed } : a)] }
                : f with { Versions = [.. f.Versions.Select(v => v.Version == key ? v with { RevisionId = changed } : v)] };
        });

    private static string Key(FunctionReference reference) => reference.Qualifier ?? FunctionVersion.Latest;

    private static string Revision(FunctionDocument function, string key) =>
        key == FunctionVersion.Latest
            ? function.Latest.RevisionId
            : function.Aliases.FirstOrDefault(a => a.Name == key)?.RevisionId ?? function.Versions.First(v => v.Version == key).RevisionId;

    private static void CheckQualifier(FunctionReference reference, FunctionDocument function)
    {
        if (reference.Qualifier is { } qualifier && qualifier != FunctionVersion.Latest
            && function.Aliases.All(a => a.Name != qualifier) && function.Versions.All(v => v.Version != qualifier))
        {
            throw reference.NotFound();
        }
    }

    private static JsonNode ShowPrincipal(string principal)
    {
        if (principal == "*")
            return "*";
        if (Account().IsMatch(principal))
            return Json.Of(("AWS", $"arn:aws:iam::{principal}:root"));
        if (principal.StartsWith("arn:", StringComparison.Ordinal))
            return Json.Of(("AWS", principal));
        return Service().IsMatch(principal)
            ? Json.Of(("Service", principal))
            : throw ApiException.InvalidParameter("The provided principal was invalid. Please check the principal and try again.");
    }
}
