using Pellicle.Domain;
using Pellicle.Posture;
using Pellicle.Scanning.Pipeline;
using Pellicle.Scanning.Secrets;

namespace Pellicle.Cli.Templates;

/// <summary>Functions of a SAM, CloudFormation or Serverless template as scan targets: code and layers from this machine, configuration judged where the template states it.</summary>
internal sealed class TemplateScan
{
    private readonly string _path;
    private readonly string _folder;
    private readonly TemplateNode _root;
    private readonly PostureContext _context;

    private TemplateScan(string path, TemplateNode root, TimeProvider time)
    {
        (_path, _folder, _root) = (path, Path.GetDirectoryName(Path.GetFullPath(path))!, root);
        _context = PostureContext.Of(time);
    }

    /// <summary>A file that reads as a template by its name; what it holds decides <see cref="Requests"/>.</summary>
    public static bool IsTemplate(string path) => File.Exists(path) && Path.GetExtension(path).ToLowerInvariant() is ".yaml" or ".yml" or ".json" or ".template";

    /// <summary>One target for each function. Throws <see cref="CliException"/> when the file holds none.</summary>
    public static IReadOnlyList<TargetRequest> Requests(string path, TimeProvider time)
    {
        var scan = new TemplateScan(path, TemplateNode.Load(path), time);
        var requests = scan._root["Resources"].Exists ? scan.CloudFormation().ToList() : scan.Serverless().ToList();
        if (requests.Count > 0)
        {
            // What stands in the template itself is told once.
            requests[0] = requests[0] with { MoreFindings = [.. requests[0].MoreFindings, .. TemplateFindings.Find(Path.GetFileName(path), File.ReadAllText(path))] };
        }

        return requests.Count > 0 ? requests : throw new CliException($"`{path}` holds no function", "expected are AWS::Serverless::Function and AWS::Lambda::Function resources, or functions of a Serverless service", ExitCode.Usage);
    }

    private IEnumerable<TargetRequest> CloudFormation()
    {
        var globals = _root.At("Globals", "Function");
        foreach (var (id, resource) in _root["Resources"].Members)
        {
            var type = resource["Type"].Text;
            if (type is not ("AWS::Serverless::Function" or "AWS::Lambda::Function"))
            {
                continue;
            }

            var properties = resource["Properties"];
            var isSam = type == "AWS::Serverless::Function";
            var inherited = isSam ? globals : default;
            var code = isSam ? Either(properties, inherited, "CodeUri") : properties["Code"];
            // SAM puts the layers of Globals before the function's own, and merges the variables.
            var layers = inherited["Layers"].Items.Concat(properties["Layers"].Items).ToList();
            var variables = Variables(inherited.At("Environment", "Variables")).Concat(Variables(properties.At("Environment", "Variables")));
            yield return Request(id, code, layers, LocalLayer, Either(properties, inherited, "Runtime").Text, Either(properties, inherited, "Handler").Text, variables, Either(properties, inherited, "PackageType").Text == "Image",
                subject => subject with
                {
                    Timeout = Number(Either(properties, inherited, "Timeout"), 3),
                    EphemeralStorage = Number(Either(properties, inherited, "EphemeralStorage")["Size"], 512),
                    TracingMode = Either(properties, inherited, "Tracing").Text ?? properties.At("TracingConfig", "Mode").Text,
                    InVpc = Either(properties, inherited, "VpcConfig").Exists,
                    KmsKeyArn = Stated(Either(properties, inherited, "KmsKeyArn")),
                    DeadLetterTarget = Stated(isSam ? Either(properties, inherited, "DeadLetterQueue")["TargetArn"] : properties.At("DeadLetterConfig", "TargetArn")),
                    Description = properties["Description"].Text ?? "",
                });
        }
    }

    private IEnumerable<TargetRequest> Serverless()
    {
        var provider = _root["provider"];
        foreach (var (id, function) in _root["functions"].Members)
        {
            var artifact = function.At("package", "artifact").Exists ? function.At("package", "artifact") : _root.At("package", "artifact");
            var layers = (function["layers"].Exists ? function : provider)["layers"].Items.ToList();
            var variables = Variables(provider["environment"]).Concat(Variables(function["environment"]));
            yield return Request(id, artifact, layers, ServerlessLayer, Either(function, provider, "runtime").Text, function["handler"].Text, variables, function["image"].Exists,
                subject => subject with { Timeout = Number(Either(function, provider, "timeout"), 6), InVpc = Either(function, provider, "vpc").Exists }, codeMayBeFolder: true);
        }
    }

    private TargetRequest Request(
        string id, TemplateNode code, List<TemplateNode> layers, Func<string, TemplateNode> layerById, string? runtime, string? handler,
        IEnumerable<(string Name, string Value)> variables, bool isImage, Func<FunctionSubject, FunctionSubject> complete, bool codeMayBeFolder = false)
    {
        var errors = new List<FileError>();
        var environment = variables.GroupBy(v => v.Name, StringComparer.Ordinal).ToDictionary(g => g.Key, g => g.Last().Value, StringComparer.Ordinal);
        var subject = complete(new FunctionSubject { Name = id, Arn = $"arn:aws:lambda:::function:{id}", Runtime = runtime, IsImage = isImage, Variables = environment });
        return new TargetRequest
        {
            Kind = "function",
            Name = id,
            Runtime = runtime,
            Handler = handler,
            Environment = environment,
            Source = Code(code, isImage, codeMayBeFolder, errors),
            Layers = [.. layers.Select(l => Layer(l, layerById, errors)).OfType<LayerRequest>()],
            MoreFindings = AllChecks.Judge(subject, _context).Findings,
            MoreErrors = errors,
        };
    }

    private ContentSource Code(TemplateNode code, bool isImage, bool mayBeFolder, List<FileError> errors)
    {
        if (code["ZipFile"].Text is { } inline)
        {
            return ContentSource.Memory(InlineCode.Zip(inline));
        }

        if (code.Text is { } text && Local(text) is { } path)
        {
            return ContentSource.File(path);
        }

        if (!code.Exists && mayBeFolder)
        {
            return ContentSource.File(_folder);
        }

        errors.Add(isImage
            ? new FileError("function", "", "a container image: its file system is not read here", "scan its image file system as a directory")
            : new FileError("function", "", $"the code is not on this machine: {code.Text ?? code.Reference ?? "only a deployment knows its place"}", "build first, and scan the template that names the built folder or zip"));
        return ContentSource.Memory(InlineCode.Zip(null));
    }

    private LayerRequest? Layer(TemplateNode layer, Func<string, TemplateNode> byId, List<FileError> errors)
    {
        var named = layer.Reference is { } id ? byId(id) : default;
        if (layer.Reference is { } logical && named.Text is { } text && Local(text) is { } path)
        {
            return new LayerRequest(logical, ContentSource.File(path));
        }

        var name = layer.Reference ?? layer.Text ?? "a layer that only a deployment knows";
        errors.Add(new FileError($"layer:{name}", "", $"the layer `{name}` is not on this machine: not scanned", layer.Text is { } arn ? $"scan it with `pellicle scan layer:{arn}`" : "build first, and scan the template that names the built folder or zip"));
        return null;
    }

    private TemplateNode LocalLayer(string id)
    {
        var resource = _root.At("Resources", id);
        return resource["Type"].Text switch
        {
            "AWS::Serverless::LayerVersion" => resource.At("Properties", "ContentUri"),
            "AWS::Lambda::LayerVersion" => resource.At("Properties", "Content"),
            _ => default,
        };
    }

    /// <summary>Serverless names a layer <c>extra</c> by the logical id <c>ExtraLambdaLayer</c>.</summary>
    private TemplateNode ServerlessLayer(string id)
    {
        const string suffix = "LambdaLayer";
        var name = id.EndsWith(suffix, StringComparison.Ordinal) ? id[..^suffix.Length] : id;
        var layer = _root["layers"].Members.FirstOrDefault(l => string.Equals(l.Name, name, StringComparison.OrdinalIgnoreCase)).Value;
        return layer.At("package", "artifact").Exists ? layer.At("package", "artifact") : layer["path"];
    }

    /// <summary>A path relative to the template, when it is there.</summary>
    private string? Local(string text)
    {
        var path = Path.GetFullPath(Path.Combine(_folder, text));
        return text.Length > 0 && !text.Contains("://", StringComparison.Ordinal) && path != Path.GetFullPath(_path) && (File.Exists(path) || Directory.Exists(path)) ? path : null;
    }

    private static TemplateNode Either(TemplateNode own, TemplateNode inherited, string name) => own[name].Exists ? own[name] : inherited[name];

    private static int Number(TemplateNode node, int otherwise) => int.TryParse(node.Text, System.Globalization.CultureInfo.InvariantCulture, out var number) ? number : otherwise;

    /// <summary>That something is there, even where only a deployment knows what.</summary>
    private static string? Stated(TemplateNode node) => node.Text ?? (node.Exists ? "stated by the template" : null);

    /// <summary>Variables with a value in the template; what a parameter or another resource gives is no secret of the template.</summary>
    private static IEnumerable<(string Name, string Value)> Variables(TemplateNode node) => node.Members.Where(m => m.Value.Text is not null).Select(m => (m.Name, m.Value.Text!));
}
