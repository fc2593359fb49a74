using System.Diagnostics.Tracing;
using System.Reflection;

namespace Pellicle.Probe;

/// <summary>Asks about the types BinaryFormatter makes, before it makes them (up to .NET 8, and with the compatibility package).</summary>
internal sealed class FormatterWatch : EventListener
{
    private static FormatterWatch? kept;

    // An event source swallows what its listeners throw, unless it was made with this setting.
    private bool throws;

    internal static void Start() => kept ??= new FormatterWatch();

    protected override void OnEventSourceCreated(EventSource eventSource)
    {
        if (eventSource.Name != LoadWatch.FormatterSource)
            return;
        throws = LetThrow(eventSource);
        EnableEvents(eventSource, EventLevel.Informational, EventKeywords.All);
    }

    protected override void OnEventWritten(EventWrittenEventArgs eventData)
    {
        // Its payload is one type name for each object.
        if (eventData.EventName != "DeserializingObject" || eventData.Payload is not [string type, ..] || Question.Allows("deserialize", "dotnet:" + type))
            return;
        if (!throws)
            LoadWatch.Stop($"the type `{type}` in a serialised object");
        throw new UnauthorizedAccessException($"Pellicle denied the type `{type}` in a serialised object");
    }

    /// <summary>The setting is a field of the runtime's own class, the same from .NET 6 to 10; where it is not, a denial ends the process as before.</summary>
    private static bool LetThrow(EventSource source)
    {
        var field = typeof(EventSource).GetField("m_config", BindingFlags.Instance | BindingFlags.NonPublic);
        if (field?.GetValue(source) is not EventSourceSettings settings)
            return false;
        field.SetValue(source, settings | EventSourceSettings.ThrowOnEventWriteErrors);
        return true;
    }
}
