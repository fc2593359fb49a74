using System.Text;
using System.Text.Json;

namespace Pellicle.Runtime;

/// <summary>Standard output, unbuffered, and the lines of the logger handed to handlers.</summary>
internal static class Output
{
    private static readonly bool _asJson = "JSON".Equals(Environment.GetEnvironmentVariable("AWS_LAMBDA_LOG_FORMAT"), StringComparison.OrdinalIgnoreCase);

    /// <summary>The logger's method (`Log`, `LogLine`, `LogInformation`, ...) tells the level, or its first argument does.</summary>
    internal static void Log(string method, object?[] arguments, string? requestId)
    {
        if (!method.StartsWith("Log", StringComparison.Ordinal) || arguments.Length == 0)
        {
            return;
        }

        var texts = arguments.OfType<string>().ToArray();
        var hasLevel = method == "Log" && texts.Length > 1;
        var level = hasLevel ? texts[0] : method is "Log" or "LogLine" ? "Information" : method["Log".Length..];
        var message = texts.Skip(hasLevel ? 1 : 0).FirstOrDefault() ?? "";
        if (arguments.OfType<Exception>().FirstOrDefault() is { } error)
        {
            message += Environment.NewLine + error;
        }

        // Amazon.Lambda.Core passes what a message template needs as a last object[]; the platform formats it the same way.
        if (arguments[^1] is object[] { Length: > 0 } values)
        {
            message = Fill(message, values);
        }

        Write(level, message, requestId);
    }

    internal static void Write(string level, string message, string? requestId)
    {
        var time = TimeProvider.System.GetUtcNow().ToString("yyyy-MM-ddTHH:mm:ss.fffZ", System.Globalization.CultureInfo.InvariantCulture);
        if (!_asJson)
        {
            Console.Out.WriteLine($"{time}\t{requestId}\t{ShortName(level)}\t{message}");
            return;
        }

        var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("timestamp", time);
            json.WriteString("level", level);
            json.WriteString("requestId", requestId);
            json.WriteString("message", message);
            json.WriteEndObject();
        }

        Console.Out.WriteLine(Encoding.UTF8.GetString(buffer.GetBuffer(), 0, (int)buffer.Length));
    }

    /// <summary>`{name}` and `{0}` in turn, as message templates mean it.</summary>
    private static string Fill(string template, object[] values)
    {
        var result = new StringBuilder();
        var used = 0;
        for (var at = 0; at < template.Length; at++)
        {
            var end = template[at] == '{' ? template.IndexOf('}', at) : -1;
            if (end > at + 1 && used < values.Length)
            {
                result.Append(values[used++]);
                at = end;
            }
            else
            {
                result.Append(template[at]);
            }
        }

        return result.ToString();
    }

    private static string ShortName(string level) => level switch
    {
        "Trace" => "trce",
        "Debug" => "dbug",
        "Information" => "info",
        "Warning" => "warn",
        "Error" => "fail",
        "Critical" => "crit",
        _ => level,
    };
}
