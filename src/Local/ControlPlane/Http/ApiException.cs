namespace Pellicle.Local.ControlPlane.Http;

/// <summary>An answer of Lambda's that is an error: name, status and message as the service gives them.</summary>
internal sealed class ApiException(string name, int status, string message) : Exception(message)
{
    public string Name { get; } = name;

    public int Status { get; } = status;

    /// <summary>Member <c>Reason</c> of throttling answers.</summary>
    public string? Reason { get; init; }

    public static ApiException InvalidParameter(string message) => new("InvalidParameterValueException", 400, message);

    public static ApiException NotFound(string message = "The resource you requested does not exist.") =>
        new("ResourceNotFoundException", 404, message);

    public static ApiException Conflict(string message) => new("ResourceConflictException", 409, message);

    public static ApiException TooLarge(long limit, string operation) =>
        new("RequestEntityTooLargeException", 413, $"Request must be smaller than {limit} bytes for the {operation} operation");

    public static ApiException Precondition(string getter) =>
        new("PreconditionFailedException", 412,
            $"The Revision Id provided does not match the latest Revision Id. Call the {getter} API to retrieve the latest Revision Id");

    public static ApiException Validation(IReadOnlyList<string> errors) =>
        new("ValidationException", 400,
            $"{errors.Count} validation error{(errors.Count == 1 ? "" : "s")} detected: {string.Join("; ", errors)}");

    public static ApiException Throttled(string reason, string message = "Rate Exceeded.") =>
        new("TooManyRequestsException", 429, message) { Reason = reason };
}
