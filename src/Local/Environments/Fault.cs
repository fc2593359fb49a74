using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Pellicle.Local.Environments;

/// <summary>Why an initialisation or invocation ended without an answer of the function.</summary>
/// <param name="Type">Error type as the platform spells it.</param>
/// <param name="Message">Text after <c>Error: </c>.</param>
/// <param name="Body">What the process itself reported, given to the caller as it is.</param>
/// <param name="Reported">A process reported it (it is final), in contrast to a crash or time-out in Init, which is tried again.</param>
internal sealed partial record Fault(string Type, string Message, ReadOnlyMemory<byte>? Body = null, bool Reported = false)
{
    private static readonly JsonSerializerOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Reason for extensions in the SHUTDOWN event.</summary>
    public string ShutdownReason => Type == "Sandbox.Timedout" ? "timeout" : "failure";

    public static Fault RuntimeExit(int code) => new("Runtime.ExitError", code == 0 ? "Runtime exited without providing a reason" : $"Runtime exited with error: {Status(code)}");

    public static Fault ExtensionCrash(string name, int code) => new("Extension.Crash", $"extension `{name}` exited: {Status(code)}");

    public static Fault Timeout(TimeSpan limit) => new("Sandbox.Timedout", FormattableString.Invariant($"Task timed out after {limit.TotalSeconds:0.00} seconds"));

    /// <summary>The payload for the caller.</summary>
    public ReadOnlyMemory<byte> Payload(string requestId) => Body ?? Error(Type, $"RequestId: {requestId} Error: {Message}");

    public static byte[] Error(string type, string message) => JsonSerializer.SerializeToUtf8Bytes(new { errorType = type, errorMessage = message }, Plain);

    /// <summary>Error types of processes that the platform keeps in logs and telemetry.</summary>
    public static string Clean(string? type) =>
        type is not null && Known().IsMatch(type) ? type : type?.StartsWith("Function.", StringComparison.Ordinal) == true ? "Function.Unknown" : "Runtime.Unknown";

    private static string Status(int code) => code >= 0 ? FormattableString.Invariant($"exit status {code}") : "signal: " + SignalName(-code);

    private static string SignalName(int signal) => signal switch
    {
        1 => "hangup",
        2 => "interrupt",
        4 => "illegal instruction",
        6 => "aborted",
        7 => "bus error",
        8 => "floating point exception",
        9 => "killed",
        11 => "segmentation fault",
        13 => "broken pipe",
        15 => "terminated",
        _ => FormattableString.Invariant($"signal {signal}"),
    };

    [GeneratedRegex("^(Runtime|Function)\\.[A-Z][a-zA-Z]+$")]
    private static partial Regex Known();
}
