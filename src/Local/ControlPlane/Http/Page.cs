using System.Text;
using System.Text.Json.Nodes;

namespace Pellicle.Local.ControlPlane.Http;

/// <summary>Cuts a sorted list into pages. The marker names the last item shown, so that changes in between lose nothing.</summary>
internal static class Page
{
    public const int DefaultSize = 50;

    /// <summary>Lambda accepts larger values and answers at most one full page.</summary>
    public const int MaxItems = 10_000;

    // The items must be sorted by `key` with `order`.
    public static Reply Of<T>(Call call, string member, IEnumerable<T> items, Func<T, string> key, Func<T, JsonObject> show,
        Comparison<string> order, int size = DefaultSize)
    {
        var after = Decode(call.Query("Marker"));
        var count = Math.Min(call.QueryInteger("MaxItems", 1, MaxItems) ?? size, size);
        var rest = items.Where(i => after is null || order(key(i), after) > 0).Take(count + 1).ToList();
        var page = rest.Take(count).ToList();
        var next = rest.Count > count ? Convert.ToBase64String(Encoding.UTF8.GetBytes(key(page[^1]))) : null;
        return Reply.Ok(Json.Of((member, Json.Array(page.Select(show))), ("NextMarker", next)));
    }

    private static string? Decode(string? marker)
    {
        if (marker is null)
            return null;
        var bytes = new byte[marker.Length];
        return Convert.TryFromBase64String(marker, bytes, out var length)
            ? Encoding.UTF8.GetString(bytes, 0, length)
            : throw ApiException.InvalidParameter("Invalid pagination token.");
    }
}
