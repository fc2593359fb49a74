using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging;

namespace Pellicle.Local.Environments.Telemetry;

/// <summary>Turns platform events and log lines of one environment into records for its subscribers.</summary>
internal sealed class TelemetryHub(TimeProvider time, ILogger logger) : IAsyncDisposable
{
    /// <summary>Records of an Init kept for extensions that subscribe later in the same Init.</summary>
    private const int MaxReplayed = 1000;

    private readonly Lock gate = new();
    private readonly List<(string Type, string Time, Func<bool, JsonNode> Record)> replay = [];
    private List<TelemetrySender> senders = [];
    private bool open;

    public static string Format(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);

    /// <summary>A new Init: subscriptions of the last are gone.</summary>
    public void Begin()
    {
        List<TelemetrySender> old;
        lock (gate)
        {
            (old, senders) = (senders, []);
            replay.Clear();
            open = true;
        }
        foreach (var sender in old)
        {
            sender.Stop();
        }
    }

    /// <summary>End of Init: nobody can subscribe any more.</summary>
    public void Close()
    {
        lock (gate)
        {
            open = false;
            replay.Clear();
        }
    }

    /// <summary>A platform event; built only if somebody may want it.</summary>
    public void Platform(string name, Func<JsonObject> record) => Add("platform." + name, _ => record());

    /// <summary>A line of a process.</summary>
    public void Line(string type, string text) => Add(type, json => json ? LineRecord(text) : JsonValue.Create(text));

    public void Subscribe(string extension, TelemetrySubscription subscription)
    {
        var sender = new TelemetrySender(subscription, time, logger);
        lock (gate)
        {
            foreach (var (type, at, record) in replay)
            {
                Send(sender, type, at, record);
            }
            senders.Add(sender);
        }
        Platform("telemetrySubscription", () => new JsonObject
        {
            ["name"] = extension,
            ["state"] = "Subscribed",
            ["types"] = new JsonArray([.. subscription.Types.Select(type => (JsonNode)type)]),
        });
    }

    public void Pause() => ForEach(sender => sender.Paused = true);

    public void Resume() => ForEach(sender => sender.Paused = false);

    /// <summary>Sends what is buffered without waiting for the buffer's time.</summary>
    public void Flush() => ForEach(sender => sender.Flush());

    public async ValueTask DisposeAsync()
    {
        List<TelemetrySender> old;
        lock (gate)
        {
            (old, senders) = (senders, []);
        }
        foreach (var sender in old)
        {
            await sender.DisposeAsync();
        }
    }

    private static JsonNode LineRecord(string text)
    {
        if (text.StartsWith('{'))
        {
            try
            {
                if (JsonNode.Parse(text) is JsonObject parsed)
                {
                    return parsed;
                }
            }
            catch (JsonException)
            {
                // plain text that begins with a brace
            }
        }
        return JsonValue.Create(text);
    }

    private static void Send(TelemetrySender sender, string type, string at, Func<bool, JsonNode> record)
    {
        if (sender.Subscription.Types.Contains(type.StartsWith("platform.", StringComparison.Ordinal) ? "platform" : type))
        {
            sender.Add(new JsonObject { ["time"] = at, ["type"] = type, ["record"] = record(sender.Subscription.JsonLines) }.ToJsonString());
        }
    }

    private void Add(string type, Func<bool, JsonNode> record)
    {
        lock (gate)
        {
            if (senders.Count == 0 && !open)
            {
                return;
            }
            var at = Format(time.GetUtcNow());
            if (open && replay.Count < MaxReplayed)
            {
                replay.Add((type, at, record));
            }
            foreach (var sender in senders)
            {
                Send(sender, type, at, record);
            }
        }
    }

    private void ForEach(Action<TelemetrySender> act)
    {
        lock (gate)
        {
            foreach (var sender in senders)
            {
                act(sender);
            }
        }
    }
}
