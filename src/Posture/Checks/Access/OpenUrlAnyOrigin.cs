using Pellicle.Domain;
using Pellicle.Posture.Exposure;

namespace Pellicle.Posture.Checks.Access;

/// <summary>E-10: a URL without authentication that pages of any origin may call.</summary>
internal sealed class OpenUrlAnyOrigin : IPostureCheck
{
    public string Id => "E-10";

    public string Title => "public URL that any web page may call";

    public string? Lacks(FunctionSubject function) => function.Urls is null ? "lambda:ListFunctionUrlConfigs" : null;

    public IEnumerable<Finding> Judge(FunctionSubject function, PostureContext context) =>
        from entry in FunctionUrl.All(function)
        where FunctionUrl.IsOpen(entry.Url) && FunctionUrl.LetsAnyoneIn(function, entry.Qualifier) != false && FunctionUrl.AnyOrigin(entry.Url)
        select Report.Of(
            this,
            function,
            Severity.Critical,
            FunctionUrl.Place(entry.Qualifier) + "/cors",
            "The URL needs no authentication and answers pages of every origin: any page a visitor opens can call it from inside their network and read the answer.",
            $"aws lambda update-function-url-config --function-name {function.Name}{FunctionUrl.Option(entry.Qualifier)} --auth-type AWS_IAM --cors 'AllowOrigins=https://YOUR.ORIGIN'",
            Report.Lambda + "urls-auth.html");
}
