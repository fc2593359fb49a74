using System.CommandLine;
using System.Text.Json;
using Pellicle.Protection;

namespace Pellicle.Cli.Commands;

internal static class StatusCommand
{
    private sealed record Row(string Function, bool IsProtected, string Mode, string LayerVersion, string LastSeen, string Why);

    public static Command Create()
    {
        var command = new Command("status", "says for each function whether it is protected, and why not");
        var selection = new FunctionSelection(command);
        var aws = new AwsOptions(command);
        var server = new ServerOptionsGroup(command);
        var format = new FormatOption(command);
        command.SetAction(async (result, cancellationToken) =>
        {
            var lambda = aws.Connect(result);
            using var client = server.TryConnect(result);
            var seen = client is null ? default : await client.GetAsync("/api/v1/functions", cancellationToken);
            var rows = new List<Row>();
            foreach (var name in await selection.ResolveAsync(lambda, result, true, cancellationToken))
            {
                var function = await lambda.GetConfigurationAsync(name, null, cancellationToken);
                var attached = AttachPlan.IsProtected(function);
                var known = Find(seen, function.UnqualifiedArn);
                var mode = function.Variables.GetValueOrDefault("PELLICLE_MODE") ?? Text(known, "mode") ?? (attached ? "monitor" : "-");
                var layer = function.Layers.FirstOrDefault(l => l.Name == LayerPackage.DefaultName);
                var why = attached
                    ? known is null ? client is null ? "no server asked" : "attached, not seen yet: no invocation since" : ""
                    : function.PackageType == "Image" ? "a container image takes no layers" : layer is not null ? "the layer is attached, but the wrapper is not set" : "the layer is not attached";
                rows.Add(new Row(function.FunctionName, attached, mode, layer is null ? "-" : layer.Version.ToString(System.Globalization.CultureInfo.InvariantCulture), Text(known, "lastSeen") ?? "-", why));
            }

            if (format.IsJson(result))
            {
                Output.PrintJson(rows);
            }
            else
            {
                Output.PrintTable(["FUNCTION", "PROTECTED", "MODE", "LAYER", "LAST SEEN", "REMARK"], rows.Select(r => (IReadOnlyList<string>)[r.Function, r.IsProtected ? "yes" : "no", r.Mode, r.LayerVersion, r.LastSeen, r.Why]));
            }

            return (int)ExitCode.Done;
        });
        return command;
    }

    private static JsonElement? Find(JsonElement functions, string arn)
    {
        var list = functions.ValueKind == JsonValueKind.Object && functions.TryGetProperty("items", out var items) ? items : functions;
        if (list.ValueKind != JsonValueKind.Array)
        {
            return null;
        }

        foreach (var function in list.EnumerateArray())
        {
            if (Text(function, "arn") == arn)
            {
                return function;
            }
        }

        return null;
    }

    private static string? Text(JsonElement? element, string name) =>
        element is { ValueKind: JsonValueKind.Object } found && found.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
