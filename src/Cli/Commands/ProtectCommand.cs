using System.CommandLine;
using System.Text.Json;
using Pellicle.Aws;
using Pellicle.Protection;

namespace Pellicle.Cli.Commands;

internal static class ProtectCommand
{
    private const string NextLayer = "arn:aws:lambda:REGION:ACCOUNT:layer:pellicle:NEXT";

    public static Command Create()
    {
        var command = new Command("protect", "puts the protection layer into functions, or its newest version in place of an older one; code and handler stay as they are");
        var selection = new FunctionSelection(command);
        var layer = new Option<string?>("--layer-arn") { Description = "layer version to attach; default: build and publish the one of this Pellicle, for each processor and region", HelpName = "ARN" };
        var upgrade = new Option<bool>("--upgrade") { Description = "only functions that are protected already: all of them get the newest layer version, unless some are named" };
        var plan = new Option<bool>("--plan") { Description = "print what would change, change nothing" };
        var noServer = new Option<bool>("--no-server") { Description = "run on the packed policy alone, report to nobody" };
        var newToken = new Option<bool>("--new-token") { Description = "give functions a fresh ingest token; by default one that is there is kept" };
        foreach (var option in new Option[] { layer, upgrade, plan, noServer, newToken })
        {
            command.Add(option);
        }

        var server = new ServerOptionsGroup(command);
        var format = new FormatOption(command);
        command.SetAction(async (result, cancellationToken) =>
        {
            using var client = result.GetValue(noServer) ? null : server.Connect(result);
            var changes = new List<ProtectionChange>();
            foreach (var (lambda, names) in await selection.ResolveAsync(result, result.GetValue(upgrade), cancellationToken))
            {
                var chosen = result.GetValue(upgrade) ? await ProtectedAsync(lambda, names, cancellationToken) : names;
                var attaching = new Attaching(lambda, client, result.GetValue(layer), result.GetValue(newToken));
                foreach (var name in chosen)
                {
                    if (result.GetValue(plan))
                    {
                        await PrintPlanAsync(lambda, name, result.GetValue(layer), client, cancellationToken);
                    }
                    else
                    {
                        changes.Add(await attaching.ProtectAsync(name, cancellationToken));
                    }
                }
            }

            return result.GetValue(plan) ? (int)ExitCode.Done : Report(changes, format.IsJson(result), "protected");
        });
        return command;
    }

    /// <summary>What the functions are told; a fresh ingest token is asked for.</summary>
    public static async Task<AttachSettings> SettingsAsync(string layerArn, ServerClient? client, CancellationToken cancellationToken)
    {
        var settings = await WithoutTokenAsync(layerArn, client, cancellationToken);
        return client is null ? settings : settings with { Token = await IssueTokenAsync(client, layerArn, cancellationToken) };
    }

    /// <summary>What the functions are told, except for a token.</summary>
    public static async Task<AttachSettings> WithoutTokenAsync(string layerArn, ServerClient? client, CancellationToken cancellationToken) => client is null
        ? new AttachSettings { LayerArn = layerArn }
        : new AttachSettings
        {
            LayerArn = layerArn,
            Server = client.Address.ToString().TrimEnd('/'),
            PublicKey = (await client.GetAsync("/api/v1/signing-key", cancellationToken)).GetProperty("publicKey").GetString(),
        };

    public static async Task<string> IssueTokenAsync(ServerClient client, string layerArn, CancellationToken cancellationToken) =>
        (await client.PostAsync("/api/v1/tokens", JsonSerializer.Serialize(new { kind = "ingest", account = layerArn.Split(':')[4] }), cancellationToken)).GetProperty("secret").GetString()!;

    public static int Report(IReadOnlyList<ProtectionChange> changes, bool json, string done)
    {
        if (json)
        {
            Output.PrintJson(changes);
        }
        else
        {
            foreach (var change in changes)
            {
                Output.Say(change.Refusals.Count > 0 ? $"{change.Function}: refused" : change.Changed ? $"{change.Function}: {done}; code unchanged ({change.CodeSha256After})" : $"{change.Function}: nothing to change");
                foreach (var refusal in change.Refusals)
                {
                    Output.Say($"  why: {refusal.Reason}");
                    Output.Say($"  way out: {refusal.WayOut}");
                }

                foreach (var note in change.Notes)
                {
                    Output.Say($"  note: {note}");
                }
            }

            if (changes.Count > 1)
            {
                Messages.Note($"{changes.Count(c => c.Changed)} changed, {changes.Count(c => !c.Changed && c.Refusals.Count == 0)} as they were, {changes.Count(c => c.Refusals.Count > 0)} refused");
            }
        }

        return (int)(changes.Any(c => c.Refusals.Count > 0) ? ExitCode.Incomplete : ExitCode.Done);
    }

    private static async Task<IReadOnlyList<string>> ProtectedAsync(LambdaClient lambda, IReadOnlyList<string> names, CancellationToken cancellationToken)
    {
        var chosen = new List<string>();
        foreach (var name in names)
        {
            if (AttachPlan.IsProtected(await lambda.GetConfigurationAsync(name, null, cancellationToken)))
            {
                chosen.Add(name);
            }
        }

        return chosen;
    }

    private static async Task PrintPlanAsync(LambdaClient lambda, string name, string? layerArn, ServerClient? client, CancellationToken cancellationToken)
    {
        var before = await lambda.GetConfigurationAsync(name, null, cancellationToken);
        var architecture = ArchitectureOf(before);
        var settings = new AttachSettings
        {
            LayerArn = layerArn ?? NextLayer.Replace("layer:pellicle", "layer:" + LayerPackage.NameFor(architecture), StringComparison.Ordinal), Architecture = architecture, ForeignLayer = layerArn is not null,
            // As long as the real ones: the size of the environment is part of the plan.
            Server = client?.Address.ToString().TrimEnd('/'), Token = client is null ? null : new string('x', 43), PublicKey = client is null ? null : new string('x', 124),
        };
        var (function, plan) = await new Protector(lambda).PlanAsync(name, settings, cancellationToken);
        Output.Say(function.FunctionName);
        foreach (var arn in function.Layers.Select(l => l.Arn).Except(plan.Layers))
        {
            Output.Say($"  - layer {arn}");
        }

        foreach (var arn in plan.Layers.Except(function.Layers.Select(l => l.Arn)))
        {
            Output.Say($"  + layer {arn}");
        }

        foreach (var (key, value) in plan.Variables.Where(v => !function.Variables.TryGetValue(v.Key, out var old) || old != v.Value))
        {
            Output.Say($"  {(function.Variables.ContainsKey(key) ? "~" : "+")} variable {key}{(key == "PELLICLE_TOKEN" ? "" : $" = {value}")}");
        }

        Output.Say($"  environment: {AttachPlan.EnvironmentBytes(plan.Variables)} of {AttachPlan.MaxEnvironmentBytes} bytes");
        foreach (var refusal in plan.Refusals)
        {
            Output.Say($"  refused: {refusal.Reason}");
            Output.Say($"  way out: {refusal.WayOut}");
        }

        foreach (var note in plan.Notes)
        {
            Output.Say($"  note: {note}");
        }
    }

    private static string ArchitectureOf(FunctionConfiguration function) => function.Architectures.FirstOrDefault() ?? "x86_64";

    /// <summary>Protects functions of one region, publishing each layer once.</summary>
    private sealed class Attaching(LambdaClient lambda, ServerClient? client, string? layerArn, bool newToken)
    {
        private readonly Protector _protector = new(lambda);
        private readonly Dictionary<string, AttachSettings> _settings = [];
        private string? _token;

        public async Task<ProtectionChange> ProtectAsync(string name, CancellationToken cancellationToken)
        {
            var function = await lambda.GetConfigurationAsync(name, null, cancellationToken);
            AttachSettings settings;
            try
            {
                settings = await SettingsForAsync(ArchitectureOf(function), cancellationToken);
            }
            catch (FileNotFoundException exception)
            {
                return new ProtectionChange(name, false, [new(exception.Message, "build what the layer for this processor needs (eng/build.sh protection, or eng/build.sh arm64), or give one by --layer-arn")], [], "", "");
            }

            var change = await _protector.ProtectAsync(name, newToken && client is not null ? settings with { Token = await TokenAsync(cancellationToken) } : settings, client is null ? null : TokenAsync, cancellationToken);
            if (client is not null && change.Refusals.Count == 0)
            {
                // So that its mode and policy can be set before it runs for the first time.
                await client.PutAsync($"/api/v1/functions/{Uri.EscapeDataString(function.FunctionArn)}", "{}", cancellationToken);
            }

            return change;
        }

        private async Task<AttachSettings> SettingsForAsync(string architecture, CancellationToken cancellationToken)
        {
            if (!_settings.TryGetValue(architecture, out var settings))
            {
                var arn = layerArn ?? await _protector.EnsureLayerAsync(LayerCommand.BuildZip(architecture, null, null), architecture, LayerPackage.NameFor(architecture), cancellationToken);
                settings = await WithoutTokenAsync(arn, client, cancellationToken) with { Architecture = architecture, ForeignLayer = layerArn is not null };
                _settings[architecture] = settings;
            }

            return settings;
        }

        /// <summary>One token for all functions of this run that need one.</summary>
        private async Task<string> TokenAsync(CancellationToken cancellationToken) => _token ??= await IssueTokenAsync(client!, _settings.Values.First().LayerArn, cancellationToken);
    }
}

internal static class UnprotectCommand
{
    public static Command Create()
    {
        var command = new Command("unprotect", "takes the protection layer out again; layers and variables are as before");
        var selection = new FunctionSelection(command);
        var format = new FormatOption(command);
        command.SetAction(async (result, cancellationToken) =>
        {
            var changes = new List<ProtectionChange>();
            foreach (var (lambda, names) in await selection.ResolveAsync(result, false, cancellationToken))
            {
                foreach (var name in names)
                {
                    changes.Add(await new Protector(lambda).UnprotectAsync(name, cancellationToken));
                }
            }

            return ProtectCommand.Report(changes, format.IsJson(result), "protection removed");
        });
        return command;
    }
}
