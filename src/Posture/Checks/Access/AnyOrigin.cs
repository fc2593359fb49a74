using Pellicle.Domain;
using Pellicle.Posture.Exposure;

namespace Pellicle.Posture.Checks.Access;

/// <summary>E-7: pages of any origin may call the function URL; worse with credentials.</summary>
internal sealed class AnyOrigin : IPostureCheck
{
    public string Id => "E-7";

    public string Title => "pages of any origin may call the function URL";

    public string? Lacks(FunctionSubject function) => function.Urls is null ? "lambda:ListFunctionUrlConfigs" : null;

    public IEnumerable<Finding> Judge(FunctionSubject function, PostureContext context) =>
        from entry in FunctionUrl.All(function)
        where FunctionUrl.AnyOrigin(entry.Url)
        let credentials = FunctionUrl.WithCredentials(entry.Url)
        select Report.Of(
            this,
            function,
            credentials ? Severity.High : Severity.Medium,
            FunctionUrl.Place(entry.Qualifier) + "/cors",
            $"CORS allows the origins {string.Join(", ", entry.Url.Get("Cors")?.Get("AllowOrigins")?.Texts() ?? [])}{(credentials ? " with credentials: any page can act as a signed-in user" : "")}.",
            $"aws lambda update-function-url-config --function-name {function.Name}{FunctionUrl.Option(entry.Qualifier)} --cors 'AllowOrigins=https://YOUR.ORIGIN'",
            Report.Lambda + "urls-configuration.html#urls-cors");
}
