using System.Net.Sockets;
using Pellicle.Runtime;

Environment.SetEnvironmentVariable("_LAMBDA_TELEMETRY_LOG_FD", null); // the platform's private log channel; we write to stdout
var api = new RuntimeApi(Environment.GetEnvironmentVariable("AWS_LAMBDA_RUNTIME_API"));
var name = args.Length > 0 ? args[^1] : Environment.GetEnvironmentVariable("_HANDLER") ?? "";
Handler handler;
try
{
    handler = HandlerLoader.Load(name, Environment.GetEnvironmentVariable("LAMBDA_TASK_ROOT") ?? "/var/task");
}
catch (Exception error)
{
    var cause = ErrorReport.Unwrap(error is TypeInitializationException { InnerException: { } inner } ? inner : error);
    api.InitError(cause);
    throw; // ends the process by abort, as the managed runtime does
}

if (Environment.GetEnvironmentVariable("AWS_LAMBDA_INITIALIZATION_TYPE") == "snap-start")
{
    api.RestoreNext();
}

try
{
    while (true)
    {
        var invocation = api.Next();
        var requestId = invocation.Header("lambda-runtime-aws-request-id") ?? "";
        Environment.SetEnvironmentVariable("_X_AMZN_TRACE_ID", invocation.Header("lambda-runtime-trace-id"));
        ReadOnlyMemory<byte> answer;
        try
        {
            answer = await handler.InvokeAsync(invocation).ConfigureAwait(false);
        }
        catch (Exception error)
        {
            var cause = ErrorReport.Unwrap(error);
            Output.Write("Error", cause.ToString(), requestId);
            api.Error(requestId, cause);
            continue;
        }

        api.Respond(requestId, answer);
    }
}
catch (Exception error) when (error is IOException or SocketException)
{
    Console.Error.WriteLine($"the Runtime API failed: {error.Message}");
    return 1;
}
