using System.CommandLine;
using System.Reflection;
using Pellicle.Protection;

namespace Pellicle.Cli.Commands;

internal static class LayerCommand
{
    private static readonly string[] Architectures = ["x86_64", "arm64"];
    private static readonly string[] Languages = ["python", "node", "java", "dotnet"];

    /// <summary>Version of the program, as written into the layer.</summary>
    public static string Version => typeof(LayerCommand).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];

    public static Command Create() => new("layer", "the protection layer") { Build(), Publish() };

    /// <summary>Builds the zip in memory and writes it to the artefacts.</summary>
    public static byte[] BuildZip(string architecture, string? policyFile, string? key)
    {
        var zip = LayerPackage.Build(Places.Artifacts, architecture, Policy(policyFile), key, Version);
        Write(PlaceOf($"pellicle-layer-{architecture}.zip"), zip);
        return zip;
    }

    private static Command Build()
    {
        var options = new LayerOptions();
        var image = new Option<bool>("--image") { Description = "an archive for container images, and what belongs into the Dockerfile, instead of a zip" };
        var output = new Option<string?>("--output", "-o") { Description = "file to write; default: in artifacts/layer", HelpName = "FILE" };
        var command = new Command("build", "builds the layer's zip into artifacts/layer") { image, output };
        options.AddTo(command);
        command.SetAction(result =>
        {
            var architecture = result.GetValue(options.Architecture)!;
            if (result.GetValue(image))
            {
                var archive = result.GetValue(output) ?? PlaceOf($"pellicle-image-{architecture}.tar");
                Write(archive, ImageFiles.Build(Places.Artifacts, architecture, Policy(result.GetValue(options.Policy)), result.GetValue(options.Key), Version));
                System.Console.Out.WriteLine(archive);
                Messages.Note(ImageFiles.Dockerfile(Path.GetFileName(archive)));
                return (int)ExitCode.Done;
            }

            var (name, zip) = options.Build(result);
            var path = result.GetValue(output) ?? PlaceOf($"{(LayerPackage.IsStandalone(name) ? "pellicle-layer" : LayerPackage.NameForRuntime(result.GetValue(options.Language)!, "x86_64"))}-{architecture}.zip");
            Write(path, zip);
            System.Console.Out.WriteLine(path);
            Messages.Note($"{zip.Length / 1048576.0:f2} MB");
            return (int)ExitCode.Done;
        });
        return command;
    }

    private static Command Publish()
    {
        var options = new LayerOptions();
        var command = new Command("publish", "publishes the layer, unless its newest version is the same, and prints the version's ARN");
        options.AddTo(command);
        var aws = new AwsOptions(command);
        command.SetAction(async (result, cancellationToken) =>
        {
            var (name, zip) = options.Build(result);
            System.Console.Out.WriteLine(await new Protector(aws.Connect(result)).EnsureLayerAsync(zip, result.GetValue(options.Architecture)!, name, cancellationToken));
            return (int)ExitCode.Done;
        });
        return command;
    }

    // The type is named: an absent array would become an empty policy.
    private static ReadOnlyMemory<byte>? Policy(string? file) => file is null ? (ReadOnlyMemory<byte>?)null : File.ReadAllBytes(file);

    private static string PlaceOf(string file) => Path.Combine(Places.Artifacts, "layer", file);

    private static void Write(string path, byte[] bytes)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        File.WriteAllBytes(path, bytes);
    }

    /// <summary>What goes into a layer.</summary>
    private sealed class LayerOptions
    {
        private readonly Option<string?> _interpreter = new("--interpreter") { Description = "directory of the interpreter to pack, as it is installed", HelpName = "DIR" };

        public LayerOptions()
        {
            Architecture.AcceptOnlyFromAmong(Architectures);
            Language.AcceptOnlyFromAmong(Languages);
        }

        public Option<string> Architecture { get; } = new("--architecture") { Description = "x86_64 or arm64", DefaultValueFactory = _ => Architectures[0] };

        public Option<string?> Policy { get; } = new("--policy") { Description = "policy to pack as the one at t=0" };

        public Option<string?> Key { get; } = new("--key") { Description = "public key that signs policies, base64" };

        public Option<string?> Language { get; } = new("--custom-runtime") { Description = "a layer for provided.* that brings this language's runtime, and the guard before it: python, node, java or dotnet", HelpName = "LANGUAGE" };

        public void AddTo(Command command)
        {
            foreach (var option in new Option[] { Architecture, Policy, Key, Language, _interpreter })
            {
                command.Add(option);
            }
        }

        /// <summary>Name and content; remarks go to stderr.</summary>
        public (string Name, byte[] Zip) Build(ParseResult result)
        {
            var architecture = result.GetValue(Architecture)!;
            if (result.GetValue(Language) is not { } language)
            {
                return (LayerPackage.NameFor(architecture), LayerPackage.Build(Places.Artifacts, architecture, LayerCommand.Policy(result.GetValue(Policy)), result.GetValue(Key), Version));
            }

            var interpreter = result.GetValue(_interpreter) ?? throw new CliException("a custom runtime needs an interpreter", "give the directory of one by --interpreter; eng/interpreter.sh makes it from Debian's packages", ExitCode.Usage);
            try
            {
                var built = CustomRuntimeLayer.Build(Places.Artifacts, architecture, new CustomRuntime(language, interpreter), LayerCommand.Policy(result.GetValue(Policy)), result.GetValue(Key), Version);
                foreach (var note in built.Notes)
                {
                    Messages.Note(note);
                }

                return (LayerPackage.NameForRuntime(language, architecture), built.Zip);
            }
            catch (InvalidDataException exception)
            {
                throw new CliException(exception.Message, "leave out of the interpreter what the function does not need (tests, documentation, other versions)");
            }
        }
    }
}
