namespace Pellicle.Server.Storage;

/// <summary>Times as the database keeps them: milliseconds since 1970 UTC.</summary>
internal static class Times
{
    public static DateTimeOffset From(long milliseconds) => DateTimeOffset.FromUnixTimeMilliseconds(milliseconds);

    public static DateTimeOffset? From(long? milliseconds) => milliseconds is { } value ? From(value) : null;
}
