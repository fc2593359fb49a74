using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Pellicle.Domain;

namespace Pellicle.Policy;

/// <summary>A document, or everything that is wrong with the text.</summary>
/// <param name="Document">Null when there are errors.</param>
/// <param name="Errors">One line each, with the place first; sorted by place in the text.</param>
public sealed record PolicyParseResult(PolicyDocument? Document, IReadOnlyList<string> Errors);

/// <summary>Reads and writes policy documents. No reflection; the written form is stable, sorted and made for diffs.</summary>
public static class PolicyJson
{
    /// <summary>Largest document in bytes: a profile of 100000 items of 80 characters.</summary>
    public const int MaxBytes = 8 * 1024 * 1024;

    /// <summary>Reads a document and validates it.</summary>
    public static PolicyParseResult Parse(ReadOnlyMemory<byte> utf8)
    {
        if (utf8.Length > MaxBytes)
        {
            return new PolicyParseResult(null, [$"document: larger than {MaxBytes} bytes"]);
        }

        try
        {
            using var json = JsonDocument.Parse(utf8, new JsonDocumentOptions { MaxDepth = 16 });
            return PolicyReader.Read(json.RootElement);
        }
        catch (JsonException e)
        {
            return new PolicyParseResult(null, [$"document: not JSON (line {e.LineNumber + 1}, byte {e.BytePositionInLine + 1})"]);
        }
        catch (InvalidOperationException)
        {
            // A string with half a surrogate pair: valid JSON, no valid text.
            return new PolicyParseResult(null, ["document: holds a text that is not valid Unicode"]);
        }
    }

    /// <summary>Reads a document and validates it.</summary>
    public static PolicyParseResult Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return Parse(Encoding.UTF8.GetBytes(text));
    }

    /// <summary>Writes a document, UTF-8, indented, with a final new line. Equal documents give equal bytes.</summary>
    public static byte[] Write(PolicyDocument document)
    {
        ArgumentNullException.ThrowIfNull(document);
        var buffer = new System.Buffers.ArrayBufferWriter<byte>();
        using (var w = new Utf8JsonWriter(buffer, new JsonWriterOptions { Indented = true, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            w.WriteStartObject();
            w.WriteNumber("schemaVersion", PolicyDocument.CurrentSchemaVersion);
            w.WriteString("id", document.Id);
            w.WriteString("function", document.Function);
            w.WriteString("revision", document.Revision);
            w.WriteString("mode", document.Mode.Name());
            w.WriteBoolean("failClosed", document.FailClosed);
            w.WriteNumber("pollSeconds", document.PollSeconds);
            WriteEvents(w, document.Events);
            w.WriteStartObject("builtin");
            foreach (var (id, effect) in document.Builtin.OrderBy(b => b.Key, StringComparer.Ordinal))
            {
                w.WriteString(id, PolicyReader.BuiltinName(effect));
            }

            w.WriteEndObject();
            WriteRules(w, document.Rules);
            w.WriteNumber("canaryShare", document.CanaryShare);
            w.WriteStartObject("profile");
            foreach (var (dimension, profile) in document.Profile.OrderBy(p => p.Key))
            {
                w.WriteStartObject(dimension.Name());
                w.WriteString("stage", PolicyReader.StageName(profile.Stage));
                WriteItems(w, profile.Items);
                w.WriteEndObject();
            }

            w.WriteEndObject();
            w.WriteEndObject();
        }

        return [.. buffer.WrittenSpan, (byte)'\n'];
    }

    /// <summary>As <see cref="Write"/>, as a string.</summary>
    public static string WriteText(PolicyDocument document) => Encoding.UTF8.GetString(Write(document));

    private static void WriteEvents(Utf8JsonWriter w, EventPolicy events)
    {
        w.WriteStartObject("events");
        if (events.Mode is { } mode)
        {
            w.WriteString("mode", mode.Name());
        }

        w.WriteNumber("threshold", events.Threshold);
        w.WriteStartArray("suppress");
        foreach (var s in events.Suppress.OrderBy(s => s.Detector, StringComparer.Ordinal).ThenBy(s => s.Field, StringComparer.Ordinal).ThenBy(s => s.Reason, StringComparer.Ordinal))
        {
            w.WriteStartObject();
            w.WriteString("detector", s.Detector);
            w.WriteString("field", s.Field);
            w.WriteString("reason", s.Reason);
            w.WriteEndObject();
        }

        w.WriteEndArray();
        w.WriteEndObject();
    }

    private static void WriteRules(Utf8JsonWriter w, IReadOnlyList<PolicyRule> rules)
    {
        w.WriteStartArray("rules");
        foreach (var rule in rules.OrderBy(r => r.Id, StringComparer.Ordinal))
        {
            w.WriteStartObject();
            w.WriteString("id", rule.Id);
            w.WriteString("dimension", rule.Dimension.Name());
            w.WriteString("effect", PolicyReader.EffectName(rule.Effect));
            if (rule.Description.Length > 0)
            {
                w.WriteString("description", rule.Description);
            }

            WriteItems(w, rule.Items);
            w.WriteEndObject();
        }

        w.WriteEndArray();
    }

    private static void WriteItems(Utf8JsonWriter w, IReadOnlyList<string> items)
    {
        w.WriteStartArray("items");
        foreach (var item in items.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal))
        {
            w.WriteStringValue(item);
        }

        w.WriteEndArray();
    }
}
