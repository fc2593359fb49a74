using System.Text.Json;
using Pellicle.Posture.Code;

namespace Pellicle.Cli.Accounts;

/// <summary>Asks the server which AWS calls protected functions were seen to make. Without a server nothing is known, and nothing is lost but precision.</summary>
internal sealed class SeenReading(Func<string, CancellationToken, Task<JsonElement>> get)
{
    // A server that hangs must not hold up a scan.
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(30);

    /// <summary>The server of this machine, or null when none is known.</summary>
    public static SeenReading? Find() => ServerClient.TryFind(null, null) is { } client ? new SeenReading(client.GetAsync) : null;

    /// <summary>Calls by function ARN, of those that the server has watched.</summary>
    public async Task<IReadOnlyDictionary<string, CodeCalls>> ReadAsync(IReadOnlyCollection<string> arns, CancellationToken cancellationToken)
    {
        var found = new Dictionary<string, CodeCalls>(StringComparer.Ordinal);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Longest);
        try
        {
            var watched = Items(await get("/api/v1/functions", limit.Token), "items").Select(f => Text(f, "arn")).OfType<string>().ToHashSet(StringComparer.Ordinal);
            foreach (var arn in arns.Where(watched.Contains))
            {
                var profile = await get($"/api/v1/functions/{Uri.EscapeDataString(arn)}/profile", limit.Token);
                found[arn] = SeenCalls.Of(Learned(profile, "aws"), Learned(profile, "host"));
            }
        }
        catch (Exception exception) when (exception is HttpRequestException or CliException or JsonException || (exception is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            Messages.Note($"what functions were seen to call is not known: {exception.Message}");
        }

        return found;
    }

    private static IEnumerable<string> Learned(JsonElement profile, string dimension) =>
        Items(profile, "dimensions").Where(d => Text(d, "dimension") == dimension).SelectMany(d => Items(d, "items")).Select(i => Text(i, "item")).OfType<string>();

    private static IEnumerable<JsonElement> Items(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var list) && list.ValueKind == JsonValueKind.Array ? list.EnumerateArray() : [];

    private static string? Text(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
