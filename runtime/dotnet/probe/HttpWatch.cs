using System.Diagnostics;
using System.Globalization;
using System.Net.Http;

namespace Pellicle.Probe;

/// <summary>Asks for the host of each HttpClient request, also over a connection that is open already, and for what it asks of AWS.</summary>
internal sealed class HttpWatch : IObserver<DiagnosticListener>, IObserver<KeyValuePair<string, object?>>
{
    private const string Listener = "HttpHandlerDiagnosticListener";

    // Not `HttpRequestOut.Start`: whoever wants that one makes HttpClient start an activity, and the program's requests get a `traceparent` header.
    private const string Request = "System.Net.Http.Request";

    // The runtime's own calls; the guard is at the other end.
    private readonly string? runtimeApi = Environment.GetEnvironmentVariable("AWS_LAMBDA_RUNTIME_API");

    internal static void Start()
    {
        Question.TellsCalls();
        DiagnosticListener.AllListeners.Subscribe(new HttpWatch());
    }

    public void OnNext(DiagnosticListener value)
    {
        if (value.Name == Listener)
            value.Subscribe(this, name => name == Request);
    }

    public void OnNext(KeyValuePair<string, object?> value)
    {
        if (value.Key != Request || value.Value?.GetType().GetProperty("Request")?.GetValue(value.Value) is not HttpRequestMessage { RequestUri: { IsAbsoluteUri: true } uri } request)
            return;
        if (uri.Authority == runtimeApi)
        {
            if (uri.AbsolutePath.EndsWith("/invocation/next", StringComparison.Ordinal))
                FlowWatch.Asks();
            return;
        }
        // The call first: a connection to a service is allowed for the sake of what is asked of it.
        if (AwsRequest.Of(request, uri) is { } call && !Question.Allows("aws", call, uri.Authority))
            throw new UnauthorizedAccessException($"Pellicle denied a call to AWS: `{call}`");
        var host = string.Create(CultureInfo.InvariantCulture, $"{uri.IdnHost.Trim('[', ']')}:{uri.Port}");
        if (!Question.Allows("host", host))
            throw new UnauthorizedAccessException($"Pellicle denied a request to `{host}`");
    }

    public void OnCompleted()
    {
    }

    public void OnError(Exception error)
    {
    }
}
