using System.CommandLine;
using Pellicle.Protection;
using Pellicle.Protection.Templates;

namespace Pellicle.Cli.Commands;

internal static class InstrumentCommand
{
    public static Command Create()
    {
        var target = new Argument<string>("TEMPLATE") { Description = "template of SAM, CloudFormation, Serverless Framework or Terraform (JSON); or the zip of a statically linked program for provided.*" };
        var layer = new Option<string?>("--layer-arn") { Description = "layer version to add (`pellicle layer publish` prints it); for templates", HelpName = "ARN" };
        var architecture = new Option<string>("--architecture") { Description = "processor of that layer: x86_64 or arm64", DefaultValueFactory = _ => "x86_64" };
        architecture.AcceptOnlyFromAmong("x86_64", "arm64");
        var address = new Option<string?>("--server") { Description = "address of the Pellicle server that guards report to", HelpName = "URL" };
        var token = new Option<string?>("--token") { Description = "ingest token as it is to stand in the template: a reference such as {{resolve:secretsmanager:…}}, not a secret", HelpName = "TEXT" };
        var key = new Option<string?>("--key") { Description = "public key that signs policies, base64" };
        var plan = new Option<bool>("--plan") { Description = "print what would change, change nothing" };
        var inPlace = new Option<bool>("--in-place") { Description = "write the file itself; default for templates: print the result" };
        var output = new Option<string?>("--output", "-o") { Description = "file to write", HelpName = "FILE" };
        var command = new Command("instrument", "adds the protection layer to the functions of a template, or lets a package's bootstrap start through it") { target, layer, architecture, address, token, key, plan, inPlace, output };
        command.SetAction(async (result, cancellationToken) =>
        {
            var path = result.GetValue(target)!;
            if (!File.Exists(path))
            {
                throw new CliException($"there is no file `{path}`", "", ExitCode.Usage);
            }

            var place = result.GetValue(inPlace) ? path : result.GetValue(output);
            try
            {
                if (path.EndsWith(".zip", StringComparison.OrdinalIgnoreCase))
                {
                    return Package(path, result.GetValue(plan), place);
                }

                var settings = new AttachSettings
                {
                    LayerArn = result.GetValue(layer) ?? throw new CliException("which layer version?", "publish it with `pellicle layer publish` and give its ARN by --layer-arn", ExitCode.Usage),
                    Architecture = result.GetValue(architecture)!, Server = result.GetValue(address), Token = result.GetValue(token), PublicKey = result.GetValue(key),
                };
                return await TemplateAsync(path, settings, result.GetValue(plan), place, cancellationToken);
            }
            catch (InvalidDataException exception)
            {
                throw new CliException($"`{path}`: {exception.Message}");
            }
        });
        return command;
    }

    private static async Task<int> TemplateAsync(string path, AttachSettings settings, bool plan, string? place, CancellationToken cancellationToken)
    {
        var before = await File.ReadAllTextAsync(path, cancellationToken);
        var made = TemplateInstrumentation.Instrument(before, settings);
        foreach (var function in made.Functions)
        {
            Messages.Note(function.Refusals.Count > 0 ? $"{function.Function}: refused" : $"{function.Function}: protected");
            foreach (var refusal in function.Refusals)
            {
                Messages.Note($"  why: {refusal.Reason}");
                Messages.Note($"  way out: {refusal.WayOut}");
            }

            foreach (var note in function.Notes)
            {
                Messages.Note($"  note: {note}");
            }
        }

        if (plan)
        {
            await System.Console.Out.WriteAsync(TextDifference.Of(before, made.Text));
        }
        else if (place is null)
        {
            await System.Console.Out.WriteAsync(made.Text);
        }
        else if (made.Text != before || place != path)
        {
            await File.WriteAllTextAsync(place, made.Text, cancellationToken);
        }

        return (int)(made.Functions.Any(f => f.Refusals.Count > 0) ? ExitCode.Incomplete : ExitCode.Done);
    }

    private static int Package(string path, bool plan, string? place)
    {
        using var package = new MemoryStream(File.ReadAllBytes(path));
        if (plan)
        {
            System.Console.Out.WriteLine($"bootstrap: {Bootstraps.Of(package).ToString().ToLowerInvariant()}");
            return (int)ExitCode.Done;
        }

        using var made = new MemoryStream();
        if (!PackageInstrumentation.Instrument(package, made))
        {
            Messages.Note("its bootstrap starts through the layer already");
            return (int)ExitCode.Done;
        }

        File.WriteAllBytes(place ?? throw new CliException("where to?", "give --output FILE or --in-place", ExitCode.Usage), made.ToArray());
        Messages.Note($"{place}: bootstrap starts through the layer; deploy it and run `pellicle protect`");
        return (int)ExitCode.Done;
    }
}
