using Pellicle.Domain;
using Pellicle.Posture.Exposure;
using Pellicle.Posture.Identity;

namespace Pellicle.Posture.Checks.Access;

/// <summary>E-5: the resource policy grants more than calling.</summary>
internal sealed class OtherAction : IPostureCheck
{
    private static readonly string[] Calling = ["lambda:InvokeFunction", "lambda:InvokeFunctionUrl", "lambda:InvokeAsync"];

    public string Id => "E-5";

    public string Title => "the resource policy grants more than calling the function";

    public string? Lacks(FunctionSubject function) => function.ResourcePolicies is null ? "lambda:GetPolicy" : null;

    public IEnumerable<Finding> Judge(FunctionSubject function, PostureContext context) =>
        from pair in ResourcePolicy.Allowing(function)
        let more = pair.Statement.NotActions.Count > 0 ? ["everything but " + string.Join(", ", pair.Statement.NotActions)] : pair.Statement.Actions.Where(a => !IsCalling(a)).ToList()
        where more.Count > 0
        select Report.Of(
            this,
            function,
            Severity.Medium,
            $"policy{(pair.Qualifier.Length == 0 ? "" : $":{pair.Qualifier}")}/{pair.Statement.Sid}",
            $"Statement `{pair.Statement.Sid}` grants {string.Join(", ", more)}: its principals may do more than call the function.",
            $"aws lambda remove-permission --function-name {function.Name} --statement-id {pair.Statement.Sid}{FunctionUrl.Option(pair.Qualifier)}   # then add it again with --action lambda:InvokeFunction",
            Report.Lambda + "access-control-resource-based.html");

    private static bool IsCalling(string pattern) => Actions.Matching(pattern).Select(a => a.Name).DefaultIfEmpty(pattern).All(a => Calling.Contains(a, StringComparer.OrdinalIgnoreCase));
}
