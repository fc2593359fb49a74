using System.Diagnostics.Tracing;

namespace Pellicle.Probe;

/// <summary>
/// Tells the guard which types BinaryFormatter makes (up to .NET 8, and with the compatibility package). The runtime swallows what a listener
/// throws, so a denial is an incident and stops nothing by itself; what the type then does, the interposer judges.
/// </summary>
internal sealed class FormatterWatch : EventListener
{
    private const string Source = "System.Runtime.Serialization.Formatters.BinaryFormatterEventSource";

    private static FormatterWatch? kept;

    internal static void Start() => kept ??= new FormatterWatch();

    protected override void OnEventSourceCreated(EventSource eventSource)
    {
        if (eventSource.Name == Source)
            EnableEvents(eventSource, EventLevel.Informational);
    }

    protected override void OnEventWritten(EventWrittenEventArgs eventData)
    {
        // Its payload is one type name for each object.
        if (eventData.EventName == "DeserializingObject" && eventData.Payload is [string type, ..])
            Question.Allows("deserialize", "dotnet:" + type);
    }
}
