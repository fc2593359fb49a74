using System.CommandLine;
using System.Reflection;
using Pellicle.Protection;

namespace Pellicle.Cli.Commands;

internal static class LayerCommand
{
    private static readonly string[] Architectures = ["x86_64", "arm64"];

    /// <summary>Version of the program, as written into the layer.</summary>
    public static string Version => typeof(LayerCommand).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];

    public static Command Create() => new("layer", "the protection layer") { Build(), Publish() };

    /// <summary>Builds the zip in memory and writes it to the artefacts.</summary>
    public static byte[] BuildZip(string architecture, string? policyFile, string? key)
    {
        ReadOnlyMemory<byte>? policy = policyFile is null ? null : File.ReadAllBytes(policyFile);
        var zip = LayerPackage.Build(Places.Artifacts, architecture, policy, key, Version);
        var path = Path.Combine(Places.Artifacts, "layer", $"pellicle-layer-{architecture}.zip");
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllBytes(path, zip);
        return zip;
    }

    private static Command Build()
    {
        var (architecture, policy, key) = Options();
        var command = new Command("build", "builds the layer's zip into artifacts/layer") { architecture, policy, key };
        command.SetAction(result =>
        {
            var zip = BuildZip(result.GetValue(architecture)!, result.GetValue(policy), result.GetValue(key));
            System.Console.Out.WriteLine(Path.Combine(Places.Artifacts, "layer", $"pellicle-layer-{result.GetValue(architecture)}.zip"));
            Output.Note($"{zip.Length / 1048576.0:f2} MB");
            return (int)ExitCode.Done;
        });
        return command;
    }

    private static Command Publish()
    {
        var (architecture, policy, key) = Options();
        var command = new Command("publish", "publishes the layer, unless its newest version is the same, and prints the version's ARN") { architecture, policy, key };
        var aws = new AwsOptions(command);
        command.SetAction(async (result, cancellationToken) =>
        {
            var zip = BuildZip(result.GetValue(architecture)!, result.GetValue(policy), result.GetValue(key));
            System.Console.Out.WriteLine(await new Protector(aws.Connect(result)).EnsureLayerAsync(zip, result.GetValue(architecture)!, LayerPackage.DefaultName, cancellationToken));
            return (int)ExitCode.Done;
        });
        return command;
    }

    private static (Option<string> Architecture, Option<string?> Policy, Option<string?> Key) Options()
    {
        var architecture = new Option<string>("--architecture") { Description = "x86_64 or arm64", DefaultValueFactory = _ => Architectures[0] };
        architecture.AcceptOnlyFromAmong(Architectures);
        return (architecture, new("--policy") { Description = "policy to pack as the one at t=0" }, new("--key") { Description = "public key that signs policies, base64" });
    }
}
