using System.Diagnostics.Tracing;

namespace Pellicle.Probe;

/// <summary>Asks about the types BinaryFormatter makes, before it makes them (up to .NET 8, and with the compatibility package).</summary>
internal sealed class FormatterWatch : EventListener
{
    private static FormatterWatch? kept;

    internal static void Start() => kept ??= new FormatterWatch();

    protected override void OnEventSourceCreated(EventSource eventSource)
    {
        if (eventSource.Name == LoadWatch.FormatterSource)
            EnableEvents(eventSource, EventLevel.Informational, EventKeywords.All);
    }

    protected override void OnEventWritten(EventWrittenEventArgs eventData)
    {
        // Its payload is one type name for each object.
        if (eventData.EventName == "DeserializingObject" && eventData.Payload is [string type, ..] && !Question.Allows("deserialize", "dotnet:" + type))
            LoadWatch.Stop($"the type `{type}` in a serialised object");
    }
}
