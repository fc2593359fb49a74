using System.CommandLine;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Pellicle.Inspection;

namespace Pellicle.Cli.Commands;

internal static class InspectCommand
{
    public static Command Create()
    {
        var file = new Argument<string>("FILE") { Description = "event as JSON; - reads stdin", DefaultValueFactory = _ => "-" };
        var lines = new Option<bool>("--lines") { Description = "one event a line (JSON, or {\"id\":\"\",\"event\":{}}); prints one verdict a line" };
        var command = new Command("inspect", "inspects events as the guard does") { file, lines };
        command.SetAction(result =>
        {
            var path = result.GetValue(file)!;
            using var input = path == "-" ? System.Console.OpenStandardInput() : Open(path);
            using var output = new StreamWriter(System.Console.OpenStandardOutput(), new UTF8Encoding(false));
            if (!result.GetValue(lines))
            {
                using var buffer = new MemoryStream();
                input.CopyTo(buffer);
                var verdict = Inspector.Inspect(buffer.ToArray());
                output.WriteLine(Describe("", verdict).ToJsonString(new JsonSerializerOptions { WriteIndented = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }));
                return (int)(verdict.Decision == InspectionDecision.Block ? ExitCode.Findings : ExitCode.Done);
            }

            using var reader = new StreamReader(input, Encoding.UTF8);
            var number = 0;
            while (reader.ReadLine() is { } line)
            {
                number++;
                if (line.Length == 0)
                {
                    continue;
                }

                var (id, bytes) = Unwrap(line, number);
                output.Write(Describe(id, Inspector.Inspect(bytes)).ToJsonString());
                output.Write('\n');
            }

            return (int)ExitCode.Done;
        });
        return command;
    }

    private static FileStream Open(string path) =>
        File.Exists(path) ? File.OpenRead(path) : throw new CliException($"there is no file `{path}`", "", ExitCode.Usage);

    /// <summary>A line is an event, or an object of an id and an event.</summary>
    private static (string Id, byte[] Event) Unwrap(string line, int number)
    {
        var id = number.ToString(System.Globalization.CultureInfo.InvariantCulture);
        try
        {
            using var document = JsonDocument.Parse(line);
            var root = document.RootElement;
            if (root.ValueKind == JsonValueKind.Object && root.TryGetProperty("event", out var inner) && root.TryGetProperty("id", out var given) && root.EnumerateObject().Count() == 2)
            {
                return (given.ValueKind == JsonValueKind.String ? given.GetString()! : given.GetRawText(), Encoding.UTF8.GetBytes(inner.GetRawText()));
            }
        }
        catch (JsonException)
        {
            // Not JSON: the inspector reads it as one text and says that it was not read in full.
        }

        return (id, Encoding.UTF8.GetBytes(line));
    }

    private static JsonObject Describe(string id, InspectionVerdict verdict) => new()
    {
        ["id"] = id,
        ["decision"] = verdict.Decision == InspectionDecision.Block ? "block" : "allow",
        ["source"] = verdict.Source,
        ["score"] = verdict.Score,
        ["inspected"] = verdict.Full ? "full" : "partial",
        ["signals"] = new JsonArray([.. verdict.Signals.Select(s => (JsonNode)new JsonObject { ["detector"] = s.Detector, ["field"] = s.Field, ["confidence"] = s.Confidence, ["evidence"] = s.Evidence })]),
    };
}
