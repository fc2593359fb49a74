using System.Text.Json;
using Pellicle.Domain;
using Pellicle.Guard.Telemetry;

namespace Pellicle.Guard.Server;

/// <summary>Writes the batches of decision 0002.</summary>
internal static class BatchWriter
{
    internal static readonly string GuardVersion = typeof(BatchWriter).Assembly.GetName().Version?.ToString(3) ?? "0.0.0";

    internal static byte[] Write(Guardian guardian, Guid batchId, IReadOnlyList<Incident> incidents, IReadOnlyList<BehaviourDelta> behaviours, IReadOnlyList<string> loaded, (long All, long Clean) invocations)
    {
        using var memory = new MemoryStream();
        using (var json = new Utf8JsonWriter(memory))
        {
            var settings = guardian.Settings;
            json.WriteStartObject();
            json.WriteNumber("schemaVersion", 1);
            json.WriteString("batchId", batchId);
            json.WriteString("sentAt", guardian.Now);
            json.WriteString("function", guardian.FunctionArn.Length > 0 ? guardian.FunctionArn : settings.FunctionArn);
            json.WriteString("functionVersion", settings.FunctionVersion);
            json.WriteString("codeSha256", settings.CodeSha256);
            json.WriteString("runtime", settings.Runtime);
            json.WriteString("environment", settings.EnvironmentId);
            json.WriteString("guardVersion", GuardVersion);
            json.WriteNumber("invocations", invocations.All);
            json.WriteNumber("cleanInvocations", invocations.Clean);
            json.WriteString("policyRevision", guardian.Policy.Document.Revision);
            json.WriteString("mode", guardian.Mode.Name());
            json.WriteStartObject("lines");
            json.WriteBoolean("events", guardian.Initialised);
            json.WriteBoolean("process", guardian.CoversRuntime);
            json.WriteBoolean("probe", guardian.SawProbe || guardian.Ring is { Probe: true });
            json.WriteEndObject();
            WriteBehaviours(json, behaviours);
            WriteIncidents(json, incidents);
            json.WriteStartArray("loaded");
            foreach (var path in loaded)
                json.WriteStringValue(path);
            json.WriteEndArray();
            WriteHealth(json, guardian);
            json.WriteEndObject();
        }
        return memory.ToArray();
    }

    private static void WriteBehaviours(Utf8JsonWriter json, IReadOnlyList<BehaviourDelta> behaviours)
    {
        json.WriteStartArray("behaviours");
        foreach (var delta in behaviours)
        {
            json.WriteStartObject();
            json.WriteString("dimension", delta.Behaviour.Dimension.Name());
            json.WriteString("item", delta.Behaviour.Item);
            json.WriteNumber("count", delta.Count);
            json.WriteNumber("invocations", delta.Invocations);
            json.WriteBoolean("init", delta.Init);
            json.WriteBoolean("clean", delta.Clean);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private static void WriteIncidents(Utf8JsonWriter json, IReadOnlyList<Incident> incidents)
    {
        json.WriteStartArray("incidents");
        foreach (var incident in incidents)
        {
            json.WriteStartObject();
            json.WriteString("id", incident.Id);
            json.WriteString("at", incident.At);
            json.WriteString("requestId", incident.RequestId);
            json.WriteString("decision", incident.Decision);
            json.WriteString("dimension", incident.Dimension.Name());
            json.WriteString("item", incident.Item);
            json.WriteString("detector", incident.Detector);
            json.WriteString("severity", incident.Severity);
            json.WriteString("source", incident.Source);
            json.WriteString("field", incident.Field);
            json.WriteString("evidence", incident.Evidence);
            json.WriteStartArray("reasons");
            foreach (var reason in incident.Reasons)
                json.WriteStringValue(reason);
            json.WriteEndArray();
            json.WriteString("sink", incident.Dimension.Name());
            json.WriteString("rule", incident.Rule);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private static void WriteHealth(Utf8JsonWriter json, Guardian guardian)
    {
        var health = guardian.Health;
        json.WriteStartObject("health");
        json.WriteNumber("faults", health.Faults + (long)(guardian.Ring?.Faults ?? 0));
        json.WriteNumber("dropped", (long)(guardian.Ring?.Dropped ?? 0) + (guardian.Ring?.Skipped ?? 0) + health.BehavioursDropped);
        json.WriteNumber("unanswered", guardian.Ring?.Unanswered ?? 0);
        json.WriteNumber("spoolDropped", health.SpoolDropped);
        json.WriteString("confinement", guardian.Ring?.Confinement ?? "unknown");
        json.WriteNumber("blocked", health.Blocked);
        json.WriteNumber("wouldBlock", health.WouldBlock);
        json.WriteNumber("policyAgeSeconds", guardian.Policy.AgeSeconds);
        json.WriteEndObject();
    }
}
