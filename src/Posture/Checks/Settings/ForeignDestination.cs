using Pellicle.Domain;

namespace Pellicle.Posture.Checks.Settings;

/// <summary>S-5: results or failed events go to another account.</summary>
internal sealed class ForeignDestination : IPostureCheck
{
    public string Id => "S-5";

    public string Title => "events go to another account";

    public string? Lacks(FunctionSubject function) => function.EventInvokeConfigs is null ? "lambda:ListFunctionEventInvokeConfigs" : null;

    public IEnumerable<Finding> Judge(FunctionSubject function, PostureContext context)
    {
        foreach (var config in function.EventInvokeConfigs!)
        {
            foreach (var on in new[] { "OnSuccess", "OnFailure" })
            {
                var target = config.Get("DestinationConfig")?.Get(on)?.Text("Destination") ?? "";
                var account = target.Split(':') is { Length: > 4 } parts ? parts[4] : "";
                if (account.Length == 12 && account != function.Account && !context.TrustedAccounts.Contains(account))
                {
                    var qualifier = NoFailureDestination.QualifierOf(config);
                    yield return Report.Of(
                        this,
                        function,
                        Severity.Critical,
                        $"async{(qualifier.Length == 0 ? "" : $":{qualifier}")}/{on}",
                        $"{on} of asynchronous invocations sends event and answer to `{target}` in account {account}, which is not among the trusted ones.",
                        $"aws lambda put-function-event-invoke-config --function-name {function.Name}{Exposure.FunctionUrl.Option(qualifier)} --destination-config '{{}}'",
                        Report.Lambda + "invocation-async-retain-records.html");
                }
            }
        }
    }
}
