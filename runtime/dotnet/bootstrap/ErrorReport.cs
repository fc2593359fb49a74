using System.Diagnostics;
using System.Reflection;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Pellicle.Runtime;

/// <summary>Errors in the form the platform and the caller expect.</summary>
internal static class ErrorReport
{
    private const int MaxHeaderBytes = 16384; // the service crops at 64 KiB; common HTTP servers take 32 KiB of headers in all
    private const int MaxCauses = 16;

    /// <summary>Without the wrapping that reflection and tasks put around what the handler threw.</summary>
    internal static Exception Unwrap(Exception error) => error switch
    {
        TargetInvocationException { InnerException: { } inner } => Unwrap(inner),
        AggregateException { InnerExceptions: [var only] } => Unwrap(only),
        _ => error,
    };

    internal static byte[] ToJson(Exception error)
    {
        var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            Write(json, error, 0);
        }

        return buffer.ToArray();
    }

    private static void Write(Utf8JsonWriter json, Exception error, int level)
    {
        json.WriteStartObject();
        json.WriteString("errorType", error.GetType().Name);
        json.WriteString("errorMessage", Message(error));
        json.WriteStartArray("stackTrace");
        foreach (var line in StackLines(error))
        {
            json.WriteStringValue(line);
        }

        json.WriteEndArray();
        if (level < MaxCauses)
        {
            if (error is AggregateException { InnerExceptions.Count: > 1 } many)
            {
                json.WriteStartArray("causes");
                foreach (var inner in many.InnerExceptions)
                {
                    Write(json, inner, level + 1);
                }

                json.WriteEndArray();
            }
            else if (error.InnerException is { } inner)
            {
                json.WritePropertyName("cause");
                Write(json, inner, level + 1);
            }
        }

        json.WriteEndObject();
    }

    /// <summary>ASCII JSON, or null when it would not fit a header.</summary>
    internal static string? XRayCause(Exception error)
    {
        var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer)) // its default encoder leaves only ASCII
        {
            var paths = new SortedSet<string>(StringComparer.Ordinal);
            json.WriteStartObject();
            json.WriteString("working_directory", Environment.CurrentDirectory);
            json.WriteStartArray("exceptions");
            var at = error;
            for (var i = 0; at is not null && i < MaxCauses; i++, at = at.InnerException)
            {
                WriteCause(json, at, paths);
            }

            json.WriteEndArray();
            json.WriteStartArray("paths");
            foreach (var path in paths)
            {
                json.WriteStringValue(path);
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        return buffer.Length <= MaxHeaderBytes ? Encoding.ASCII.GetString(buffer.GetBuffer(), 0, (int)buffer.Length) : null;
    }

    private static void WriteCause(Utf8JsonWriter json, Exception error, SortedSet<string> paths)
    {
        json.WriteStartObject();
        json.WriteString("type", error.GetType().Name);
        json.WriteString("message", Message(error));
        json.WriteStartArray("stack");
        foreach (var frame in UserFrames(error))
        {
            json.WriteStartObject();
            if (frame.GetFileName() is { } path)
            {
                json.WriteString("path", path);
                paths.Add(path);
            }

            json.WriteNumber("line", frame.GetFileLineNumber());
            var method = frame.GetMethod();
            json.WriteString("label", method is null ? "?" : $"{method.DeclaringType?.FullName}.{method.Name}");
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static IEnumerable<StackFrame> UserFrames(Exception error) =>
        new StackTrace(error, fNeedFileInfo: true).GetFrames()
            .TakeWhile(frame => frame.GetMethod()?.DeclaringType?.Assembly != typeof(ErrorReport).Assembly);

    /// <summary>Up to our first frame, and without the reflection between it and the handler.</summary>
    private static List<string> StackLines(Exception error)
    {
        var lines = (error.StackTrace ?? "").Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .TakeWhile(line => !line.StartsWith("at Pellicle.Runtime.", StringComparison.Ordinal)).ToList();
        while (lines is [.., var last] && IsReflection(last))
        {
            lines.RemoveAt(lines.Count - 1);
        }

        return lines;
    }

    private static bool IsReflection(string line) =>
        line.StartsWith("at System.Reflection.", StringComparison.Ordinal) || line.StartsWith("at InvokeStub_", StringComparison.Ordinal)
        || line.StartsWith("at System.RuntimeMethodHandle.", StringComparison.Ordinal) || line.StartsWith("--- End of stack trace", StringComparison.Ordinal);

    private static string Message(Exception error)
    {
        try
        {
            return error.Message;
        }
        catch (Exception broken) // a Message of the customer's that throws must not cost the report
        {
            return $"<no message: {broken.GetType().Name}>";
        }
    }
}
