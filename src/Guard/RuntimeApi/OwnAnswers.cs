using System.Text;

namespace Pellicle.Guard.RuntimeApi;

/// <summary>What the caller gets in place of the function's answer, in the form its kind of source understands.</summary>
internal static class OwnAnswers
{
    internal const string ErrorType = "Pellicle.Blocked";

    internal static OwnAnswer Blocked(string source, string incident) => IsHttp(source)
        ? new(false, Http(source, 403, "Forbidden", "request refused", incident), "")
        : Error($"event refused by protection (incident {incident})");

    internal static OwnAnswer Withheld(string source, string incident) => IsHttp(source)
        ? new(false, Http(source, 500, "Internal Server Error", "response withheld", incident), "")
        : Error($"response withheld by protection (incident {incident})");

    /// <summary>Sources whose caller expects an HTTP-shaped object.</summary>
    internal static bool IsHttp(string source) => Inspection.Inspector.IsHttp(source);

    private static OwnAnswer Error(string message) =>
        new(true, Encoding.UTF8.GetBytes($$"""{"errorMessage":"{{message}}","errorType":"{{ErrorType}}"}"""), ErrorType);

    private static byte[] Http(string source, int status, string phrase, string message, string incident)
    {
        // A REST API refuses an answer with members it does not know, so `statusDescription` goes to a load balancer only.
        var description = source == "alb" ? $"\"statusDescription\":\"{status} {phrase}\"," : "";
        return Encoding.UTF8.GetBytes($$"""{"statusCode":{{status}},{{description}}"headers":{"content-type":"application/json"},"body":"{\"message\":\"{{message}}\",\"incident\":\"{{incident}}\"}","isBase64Encoded":false}""");
    }
}
