using System.Text;

namespace Pellicle.Guard.RuntimeApi;

/// <summary>The routes the guard has an opinion on; all others are <see cref="Other"/> and pass.</summary>
internal enum RouteKind
{
    Other,
    Next,
    Response,
    Error,
    RestoreNext,

    /// <summary>The guard's own: credentials for the SDKs of the function.</summary>
    Credentials,
}

/// <summary>What a request asks for.</summary>
/// <param name="Kind">Route.</param>
/// <param name="RequestId">Invocation named in the path, or empty.</param>
internal readonly record struct Route(RouteKind Kind, string RequestId)
{
    /// <summary>Reads a target such as <c>/2018-06-01/runtime/invocation/next</c>; the version may be any.</summary>
    internal static Route Of(ReadOnlySpan<byte> method, ReadOnlySpan<byte> target)
    {
        var query = target.IndexOf((byte)'?');
        if (query >= 0)
            target = target[..query];
        if (target.SequenceEqual("/pellicle/credentials"u8) && method.SequenceEqual("GET"u8))
            return new(RouteKind.Credentials, "");
        var runtime = target.IndexOf("/runtime/"u8);
        if (runtime < 0)
            return default;
        var rest = target[(runtime + 9)..];
        if (method.SequenceEqual("GET"u8))
            return rest.SequenceEqual("invocation/next"u8) ? new(RouteKind.Next, "")
                : rest.SequenceEqual("restore/next"u8) ? new(RouteKind.RestoreNext, "") : default;
        if (!method.SequenceEqual("POST"u8) || !rest.StartsWith("invocation/"u8))
            return default;
        rest = rest[11..];
        var slash = rest.IndexOf((byte)'/');
        if (slash <= 0)
            return default;
        var kind = rest[(slash + 1)..].SequenceEqual("response"u8) ? RouteKind.Response
            : rest[(slash + 1)..].SequenceEqual("error"u8) ? RouteKind.Error : RouteKind.Other;
        return new(kind, kind == RouteKind.Other ? "" : Encoding.ASCII.GetString(rest[..slash]));
    }
}
