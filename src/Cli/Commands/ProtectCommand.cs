using System.CommandLine;
using System.Text.Json;
using Pellicle.Protection;

namespace Pellicle.Cli.Commands;

internal static class ProtectCommand
{
    public static Command Create()
    {
        var command = new Command("protect", "puts the protection layer into functions; code and handler stay as they are");
        var selection = new FunctionSelection(command);
        var architecture = new Option<string>("--architecture") { Description = "x86_64 or arm64", DefaultValueFactory = _ => "x86_64" };
        architecture.AcceptOnlyFromAmong("x86_64", "arm64");
        var layer = new Option<string?>("--layer-arn") { Description = "layer version to attach; default: build and publish the one of this Pellicle", HelpName = "ARN" };
        var plan = new Option<bool>("--plan") { Description = "print what would change, change nothing" };
        var noServer = new Option<bool>("--no-server") { Description = "run on the packed policy alone, report to nobody" };
        command.Add(architecture);
        command.Add(layer);
        command.Add(plan);
        command.Add(noServer);
        var aws = new AwsOptions(command);
        var server = new ServerOptionsGroup(command);
        var format = new FormatOption(command);
        command.SetAction(async (result, cancellationToken) =>
        {
            var lambda = aws.Connect(result);
            using var client = result.GetValue(noServer) ? null : server.Connect(result);
            var protector = new Protector(lambda);
            var names = await selection.ResolveAsync(lambda, result, false, cancellationToken);
            if (result.GetValue(plan))
            {
                return await PlanAsync(lambda, names, result.GetValue(layer) ?? "arn:aws:lambda:REGION:ACCOUNT:layer:pellicle:NEXT", client, cancellationToken);
            }

            var arn = result.GetValue(layer) ?? await protector.EnsureLayerAsync(LayerCommand.BuildZip(result.GetValue(architecture)!, null, null), result.GetValue(architecture)!, LayerPackage.DefaultName, cancellationToken);
            var settings = await SettingsAsync(arn, client, cancellationToken);
            var changes = new List<ProtectionChange>();
            foreach (var name in names)
            {
                changes.Add(await protector.ProtectAsync(name, settings, cancellationToken));
            }

            return Report(changes, format.IsJson(result), "protected");
        });
        return command;
    }

    /// <summary>What the functions are told; a fresh ingest token is asked for.</summary>
    public static async Task<AttachSettings> SettingsAsync(string layerArn, ServerClient? client, CancellationToken cancellationToken)
    {
        if (client is null)
        {
            return new AttachSettings { LayerArn = layerArn };
        }

        var answer = await client.PostAsync("/api/v1/tokens", JsonSerializer.Serialize(new { kind = "ingest", account = layerArn.Split(':')[4] }), cancellationToken);
        return new AttachSettings
        {
            LayerArn = layerArn,
            Server = client.Address.ToString().TrimEnd('/'),
            Token = answer.GetProperty("secret").GetString(),
            PublicKey = (await client.GetAsync("/api/v1/signing-key", cancellationToken)).GetProperty("publicKey").GetString(),
        };
    }

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
                System.Console.Out.WriteLine(change.Refusals.Count > 0 ? $"{change.Function}: refused" : change.Changed ? $"{change.Function}: {done}; code unchanged ({change.CodeSha256After})" : $"{change.Function}: nothing to change");
                foreach (var refusal in change.Refusals)
                {
                    System.Console.Out.WriteLine($"  why: {refusal.Reason}");
                    System.Console.Out.WriteLine($"  way out: {refusal.WayOut}");
                }

                foreach (var note in change.Notes)
                {
                    System.Console.Out.WriteLine($"  note: {note}");
                }
            }
        }

        return (int)(changes.Any(c => c.Refusals.Count > 0) ? ExitCode.Incomplete : ExitCode.Done);
    }

    private static async Task<int> PlanAsync(Aws.LambdaClient lambda, IReadOnlyList<string> names, string arn, ServerClient? client, CancellationToken cancellationToken)
    {
        var settings = new AttachSettings { LayerArn = arn, Server = client?.Address.ToString().TrimEnd('/'), Token = client is null ? null : new string('x', 43) };
        foreach (var name in names)
        {
            var function = await lambda.GetConfigurationAsync(name, null, cancellationToken);
            var plan = AttachPlan.Attach(function, settings);
            System.Console.Out.WriteLine(function.FunctionName);
            System.Console.Out.WriteLine($"  layers: {string.Join(", ", plan.Layers)}");
            foreach (var key in plan.Variables.Keys.Where(k => !function.Variables.TryGetValue(k, out var old) || old != plan.Variables[k]))
            {
                System.Console.Out.WriteLine($"  variable: {key}");
            }

            foreach (var refusal in plan.Refusals)
            {
                System.Console.Out.WriteLine($"  refused: {refusal.Reason}; {refusal.WayOut}");
            }
        }

        return (int)ExitCode.Done;
    }
}

internal static class UnprotectCommand
{
    public static Command Create()
    {
        var command = new Command("unprotect", "takes the protection layer out again; layers and variables are as before");
        var selection = new FunctionSelection(command);
        var aws = new AwsOptions(command);
        var format = new FormatOption(command);
        command.SetAction(async (result, cancellationToken) =>
        {
            var lambda = aws.Connect(result);
            var changes = new List<ProtectionChange>();
            foreach (var name in await selection.ResolveAsync(lambda, result, false, cancellationToken))
            {
                changes.Add(await new Protector(lambda).UnprotectAsync(name, LayerPackage.DefaultName, cancellationToken));
            }

            return ProtectCommand.Report(changes, format.IsJson(result), "protection removed");
        });
        return command;
    }
}
