using Pellicle.Domain;
using Pellicle.Posture.Exposure;

namespace Pellicle.Posture.Checks.Access;

/// <summary>E-6: a function URL asks for no authentication.</summary>
internal sealed class OpenUrl : IPostureCheck
{
    public string Id => "E-6";

    public string Title => "the function URL asks for no authentication";

    public string? Lacks(FunctionSubject function) => function.Urls is null ? "lambda:ListFunctionUrlConfigs" : null;

    public IEnumerable<Finding> Judge(FunctionSubject function, PostureContext context)
    {
        foreach (var (qualifier, url) in FunctionUrl.All(function).Where(u => FunctionUrl.IsOpen(u.Url)))
        {
            var closed = FunctionUrl.LetsAnyoneIn(function, qualifier) == false;
            yield return Report.Of(
                this,
                function,
                closed ? Severity.Medium : Severity.Critical,
                FunctionUrl.Place(qualifier),
                $"{url.Text("FunctionUrl") ?? "The URL"} has AuthType NONE{(closed ? "; today the resource policy lets nobody through, one statement opens it" : ": anyone on the internet can call it")}.",
                $"aws lambda update-function-url-config --function-name {function.Name}{FunctionUrl.Option(qualifier)} --auth-type AWS_IAM",
                Report.Lambda + "urls-auth.html");
        }
    }
}
