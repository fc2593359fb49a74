using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Pellicle.Aws;
using Pellicle.Protection;

namespace Pellicle.Cli.Commands;

internal static class StatusCommand
{
    private sealed record Row(string Function, string Region, bool IsProtected, string Mode, string Lines, string LayerVersion, bool IsOutdated, string GuardVersion, string LastSeen, IReadOnlyList<string> Remarks);

    public static Command Create()
    {
        var command = new Command("status", "says for each function whether it is protected, by which lines, since when it was seen, and if not, why not");
        var selection = new FunctionSelection(command);
        var server = new ServerOptionsGroup(command);
        var format = new FormatOption(command);
        command.SetAction(async (result, cancellationToken) =>
        {
            using var client = server.TryConnect(result);
            var seen = client is null ? default : await client.GetAsync("/api/v1/functions", cancellationToken);
            var rows = new List<Row>();
            foreach (var (lambda, names) in await selection.ResolveAsync(result, true, cancellationToken))
            {
                var newest = new NewestLayers(lambda);
                foreach (var name in names)
                {
                    var function = await lambda.GetConfigurationAsync(name, null, cancellationToken);
                    rows.Add(await DescribeAsync(function, Find(seen, function.UnqualifiedArn), client is not null, newest, cancellationToken));
                }
            }

            if (format.IsJson(result))
            {
                Output.PrintJson(rows);
            }
            else
            {
                Output.PrintTable(["FUNCTION", "PROTECTED", "MODE", "LINES", "LAYER", "LAST SEEN", "REMARK"],
                    rows.Select(r => (IReadOnlyList<string>)[r.Function, r.IsProtected ? "yes" : "no", r.Mode, r.Lines, r.LayerVersion + (r.IsOutdated ? " (old)" : ""), r.LastSeen, string.Join("; ", r.Remarks)]));
                var outdated = rows.Count(r => r.IsOutdated);
                if (outdated > 0)
                {
                    Messages.Note($"{outdated} with an old layer version: `pellicle protect --upgrade` gives them the newest");
                }
            }

            return (int)ExitCode.Done;
        });
        return command;
    }

    private static async Task<Row> DescribeAsync(FunctionConfiguration function, JsonElement? known, bool asked, NewestLayers newest, CancellationToken cancellationToken)
    {
        var why = AttachPlan.WhyNotProtected(function);
        var layer = function.Layers.FirstOrDefault(l => LayerPackage.IsStandalone(l.Name) || LayerPackage.IsCustomRuntime(l.Name));
        var reporting = known is { } report && Text(report, "lastSeen") is not null;
        var remarks = new List<string>();
        if (why is not null)
        {
            remarks.Add(why);
        }
        else if (!asked)
        {
            remarks.Add("no server asked: mode and lines are not known");
        }
        else if (function.Variables.GetValueOrDefault("PELLICLE_SERVER") is null or "")
        {
            remarks.Add("reports to no server");
        }
        else if (!reporting)
        {
            remarks.Add("attached, not seen yet: no invocation since");
        }

        if (why is null && function.Variables.GetValueOrDefault("PELLICLE_CODE_SHA256") is { Length: > 0 } code && code != function.CodeSha256)
        {
            remarks.Add("the code was deployed anew since: protect it again, so that its profile begins anew");
        }

        var set = function.Variables.GetValueOrDefault("PELLICLE_MODE") is { Length: > 0 } forced ? forced : null;
        if (set is not null && why is null)
        {
            remarks.Add("its mode is set by the variable PELLICLE_MODE, over the policy");
        }

        var mode = why is not null ? "-" : set ?? (known is { } k ? Text(k, "mode") : null) ?? "monitor";
        var lines = why is null && reporting ? Lines(known!.Value, remarks) : "-";
        return new Row(function.FunctionName, function.FunctionArn.Split(':') is { Length: > 3 } parts ? parts[3] : "", why is null, mode, lines,
            layer?.Version.ToString(CultureInfo.InvariantCulture) ?? "-", layer is not null && why is null && layer.Version < await newest.OfAsync(layer, cancellationToken),
            known is { } g ? Text(g, "guardVersion") ?? "-" : "-", reporting ? Ago(Text(known!.Value, "lastSeen")!) : "-", remarks);
    }

    /// <summary>The active lines by number: 1 events, 2 process, 3 probe of the language.</summary>
    private static string Lines(JsonElement known, List<string> remarks)
    {
        if (Text(known, "guardMode") == "off")
        {
            remarks.Add("switched off at run time");
            return "-";
        }

        bool Has(string name) => known.TryGetProperty("lines", out var lines) && lines.ValueKind == JsonValueKind.Object && lines.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.True;
        var active = new[] { ("events", "1"), ("process", "2"), ("probe", "3") }.Where(l => Has(l.Item1)).Select(l => l.Item2).ToList();
        if (!Has("process"))
        {
            remarks.Add("its runtime did not load the interposer (a statically linked program, or the guard started after it): what it does itself is not seen, dynamically linked children are");
        }

        return active.Count == 0 ? "-" : string.Join(',', active);
    }

    private static string Ago(string time)
    {
        var passed = TimeProvider.System.GetUtcNow() - DateTimeOffset.Parse(time, CultureInfo.InvariantCulture);
        return passed switch
        {
            { TotalSeconds: < 60 } => "now",
            { TotalMinutes: < 60 } => string.Create(CultureInfo.InvariantCulture, $"{(int)passed.TotalMinutes} min ago"),
            { TotalHours: < 48 } => string.Create(CultureInfo.InvariantCulture, $"{(int)passed.TotalHours} h ago"),
            _ => string.Create(CultureInfo.InvariantCulture, $"{(int)passed.TotalDays} days ago"),
        };
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

    private static string? Text(JsonElement element, string name) => element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String && value.GetString() is { Length: > 0 } text ? text : null;

    /// <summary>Newest published version of each layer of ours, asked for once.</summary>
    private sealed class NewestLayers(LambdaClient lambda)
    {
        private readonly Dictionary<string, int> _newest = [];

        public async Task<int> OfAsync(LayerReference layer, CancellationToken cancellationToken)
        {
            var name = layer.Name;
            if (!_newest.TryGetValue(name, out var version))
            {
                version = layer.Version;
                try
                {
                    await foreach (var published in lambda.ListLayerVersionsAsync(name, cancellationToken))
                    {
                        version = Math.Max(version, (int)published.Version);
                    }
                }
                catch (AwsException exception) when (exception.IsDenied || exception.IsNotFound)
                {
                    // Somebody else's layer whose versions may not be listed: as new as it is.
                }

                _newest[name] = version;
            }

            return version;
        }
    }
}
