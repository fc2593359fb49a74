using System.Net;

namespace Pellicle.Aws;

/// <summary>An answer of AWS that is not a success.</summary>
/// <param name="operation">Operation called.</param>
/// <param name="code">Error code, for example <c>ResourceNotFoundException</c>.</param>
/// <param name="message">AWS's text.</param>
/// <param name="status">HTTP status.</param>
public sealed class AwsException(string operation, string code, string message, HttpStatusCode status)
    : Exception($"{operation}: {code}: {message}")
{
    /// <summary>Operation called.</summary>
    public string Operation { get; } = operation;

    /// <summary>Error code.</summary>
    public string Code { get; } = code;

    /// <summary>HTTP status.</summary>
    public HttpStatusCode Status { get; } = status;

    /// <summary>AWS's text alone.</summary>
    public string Text { get; } = message;

    /// <summary>True when the caller lacks a permission.</summary>
    public bool IsDenied => Code is "AccessDeniedException" or "AccessDenied" or "UnauthorizedOperation" || Status == HttpStatusCode.Forbidden;

    /// <summary>True when the caller is known and lacks a permission; false where already its credentials are refused.</summary>
    public bool IsPermissionMissing => Code is "AccessDeniedException" or "AccessDenied" or "UnauthorizedOperation";

    /// <summary>True when AWS asks to slow down; the codes are those its SDKs retry.</summary>
    public bool IsThrottled => Status == HttpStatusCode.TooManyRequests || Code is "Throttling" or "ThrottlingException" or "ThrottledException" or "RequestThrottled" or "RequestThrottledException" or "RequestLimitExceeded"
        or "TooManyRequestsException" or "SlowDown" or "BandwidthLimitExceeded" or "PriorRequestNotComplete" or "EC2ThrottledException";

    /// <summary>True when the thing does not exist.</summary>
    public bool IsNotFound => Status == HttpStatusCode.NotFound || Code is "NoSuchEntity";
}
