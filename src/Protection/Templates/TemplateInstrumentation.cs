using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Pellicle.Protection.Templates;

/// <summary>What became of one function of a template.</summary>
/// <param name="Function">Logical name.</param>
/// <param name="Refusals">Why it stays as it is; empty when it is protected now.</param>
/// <param name="Notes">Things to know.</param>
public sealed record TemplateFunction(string Function, IReadOnlyList<Refusal> Refusals, IReadOnlyList<string> Notes);

/// <summary>An instrumented template.</summary>
/// <param name="Text">The new text; equal to the old one when everything was in place.</param>
/// <param name="Functions">Every function found, in the template's order.</param>
public sealed record InstrumentedTemplate(string Text, IReadOnlyList<TemplateFunction> Functions);

/// <summary>
/// Adds layer and variables to the functions of a template: SAM and CloudFormation (YAML, JSON), Serverless Framework, Terraform's JSON.
/// The text changes where it must and nowhere else. Applying it twice changes nothing the second time.
/// </summary>
public static class TemplateInstrumentation
{
    /// <summary>Instruments one template.</summary>
    /// <param name="text">Its text.</param>
    /// <param name="settings">What functions are told. The token is written as it is: give a reference, not a secret.</param>
    /// <exception cref="InvalidDataException">No template of a known kind; the message says why.</exception>
    public static InstrumentedTemplate Instrument(string text, AttachSettings settings)
    {
        ArgumentNullException.ThrowIfNull(text);
        ArgumentNullException.ThrowIfNull(settings);
        var root = Parse(text);
        var isJson = text.TrimStart().StartsWith('{');
        var found = Find(root).ToList();
        if (found.Count == 0)
        {
            throw new InvalidDataException("no functions found: a template of SAM, CloudFormation, Serverless Framework or Terraform's JSON is expected");
        }

        var editor = new TextEditor(text, isJson);
        var functions = found.Select(f => Instrument(editor, f, settings)).ToList();
        return new InstrumentedTemplate(editor.Apply(), functions);
    }

    /// <summary>One function as templates describe it.</summary>
    private sealed record Described(string Name, YamlMappingNode Node, string Layers, string[] Variables, string? Runtime, string? Architecture, bool IsImage, int InheritedLayers, string? InheritedWrapper);

    private static YamlMappingNode Parse(string text)
    {
        try
        {
            var stream = new YamlStream();
            stream.Load(new StringReader(text));
            return stream.Documents is [{ RootNode: YamlMappingNode root }] ? root : throw new InvalidDataException("one document with a map is expected");
        }
        catch (YamlException exception)
        {
            throw new InvalidDataException($"the template cannot be read: line {exception.Start.Line}: {exception.Message}", exception);
        }
    }

    private static IEnumerable<Described> Find(YamlMappingNode root)
    {
        if (TextEditor.Member(root, "Resources") is YamlMappingNode resources)
        {
            return CloudFormation(resources, Path(root, "Globals", "Function"));
        }

        if (TextEditor.Member(root, "functions") is YamlMappingNode functions && TextEditor.Member(root, "provider") is YamlMappingNode provider)
        {
            return Serverless(functions, provider);
        }

        return Path(root, "resource", "aws_lambda_function") is { } terraform ? Terraform(terraform) : [];
    }

    private static IEnumerable<Described> CloudFormation(YamlMappingNode resources, YamlMappingNode? globals) =>
        from resource in resources.Children
        let node = resource.Value as YamlMappingNode
        where TextEditor.Text(node, "Type") is "AWS::Serverless::Function" or "AWS::Lambda::Function"
        // Globals add to a SAM function; CloudFormation's own know none.
        let shared = TextEditor.Text(node, "Type") == "AWS::Serverless::Function" ? globals : null
        let properties = TextEditor.Member(node!, "Properties") as YamlMappingNode ?? new YamlMappingNode()
        select new Described(resource.Key.ToString(), properties, "Layers", ["Environment", "Variables"],
            TextEditor.Text(properties, "Runtime") ?? TextEditor.Text(shared, "Runtime"), First(properties, "Architectures") ?? First(shared, "Architectures"),
            (TextEditor.Text(properties, "PackageType") ?? TextEditor.Text(shared, "PackageType")) == "Image",
            shared is not null && TextEditor.Member(shared, "Layers") is YamlSequenceNode { Children.Count: var count } ? count : 0,
            TextEditor.Text(Path(shared, "Environment", "Variables"), AttachPlan.WrapperVariable));

    private static IEnumerable<Described> Serverless(YamlMappingNode functions, YamlMappingNode provider)
    {
        foreach (var (key, value) in functions.Children)
        {
            if (value is not YamlMappingNode function)
            {
                continue;
            }

            // A function's own list replaces the provider's, so the provider's gets the layer too where a function has none.
            var holder = TextEditor.Member(function, "layers") is null && TextEditor.Member(provider, "layers") is not null ? provider : function;
            yield return new Described(key.ToString(), function, holder == provider ? "" : "layers", ["environment"], TextEditor.Text(function, "runtime") ?? TextEditor.Text(provider, "runtime"),
                TextEditor.Text(function, "architecture") ?? TextEditor.Text(provider, "architecture"), TextEditor.Member(function, "image") is not null, 0, TextEditor.Text(Path(provider, "environment"), AttachPlan.WrapperVariable));
            if (holder == provider)
            {
                yield return new Described($"{key} (layers of the provider)", provider, "layers", [], null, null, false, 0, null);
            }
        }
    }

    private static IEnumerable<Described> Terraform(YamlMappingNode functions) =>
        from function in functions.Children
        let node = function.Value as YamlMappingNode ?? (function.Value as YamlSequenceNode)?.Children.FirstOrDefault() as YamlMappingNode
        where node is not null
        select new Described(function.Key.ToString(), node, "layers", ["environment", "variables"], TextEditor.Text(node, "runtime"), First(node, "architectures"), TextEditor.Text(node, "package_type") == "Image", 0, null);

    private static TemplateFunction Instrument(TextEditor editor, Described function, AttachSettings settings)
    {
        var notes = new List<string>();
        if (Refuse(function, settings) is { } refusal)
        {
            return new TemplateFunction(function.Name, [refusal], notes);
        }

        var before = editor.Count;
        try
        {
            if (function.Layers.Length > 0)
            {
                var name = LayerPackage.NameOf(settings.LayerArn);
                editor.PutItem(function.Node, function.Layers, settings.LayerArn, item => LayerPackage.NameOf(item) == name);
            }

            if (function.Variables.Length > 0)
            {
                editor.PutMembers(function.Node, function.Variables, Variables(function, settings, notes));
            }

            return new TemplateFunction(function.Name, [], notes);
        }
        catch (UneditableException exception)
        {
            editor.Forget(before); // half of it would be worse than nothing
            return new TemplateFunction(function.Name, [new(exception.Message, "write it out in the template, or protect the deployed function with `pellicle protect`")], notes);
        }
    }

    private static Refusal? Refuse(Described function, AttachSettings settings)
    {
        if (function.IsImage)
        {
            return new("it is a container image, and images take no layers", "`pellicle layer build --image` says what belongs into its Dockerfile");
        }

        if (function.Runtime is not null && RuntimeSupport.Refusal(function.Runtime) is { } unsupported)
        {
            return unsupported;
        }

        if (function.Variables.Length > 0 && (function.Architecture ?? "x86_64") != settings.Architecture)
        {
            return new($"it runs on {function.Architecture ?? "x86_64"}, and the layer is for {settings.Architecture}", "give the layer of the function's processor");
        }

        var name = LayerPackage.NameOf(settings.LayerArn);
        var own = function.Layers.Length > 0 && TextEditor.Member(function.Node, function.Layers) is YamlSequenceNode list ? list.Children : [];
        var others = own.Count(l => l is not YamlScalarNode { Value: { } arn } || LayerPackage.NameOf(arn) != name) + function.InheritedLayers;
        return others >= AttachPlan.MaxLayers ? new($"it has {others} layers already; Lambda allows {AttachPlan.MaxLayers}", "merge two of its layers into one") : null;
    }

    private static List<KeyValuePair<string, string>> Variables(Described function, AttachSettings settings, List<string> notes)
    {
        var now = Path(function.Node, function.Variables);
        var variables = new List<KeyValuePair<string, string>>();
        void Set(string name, string? value)
        {
            if (!string.IsNullOrEmpty(value))
            {
                variables.Add(new(name, value));
            }
        }

        if (RuntimeSupport.IsOsOnly(function.Runtime))
        {
            var preload = TextEditor.Text(now, AttachPlan.PreloadVariable) ?? "";
            Set(AttachPlan.PreloadVariable, preload.Split(':', ' ').Contains(AttachPlan.PreloadPath) ? preload : preload.Length == 0 ? AttachPlan.PreloadPath : $"{AttachPlan.PreloadPath}:{preload}");
            notes.Add("an OS-only runtime: a dynamically linked bootstrap or a script is covered; a statically linked one needs `pellicle instrument PACKAGE.zip`");
        }
        else
        {
            var wrapper = TextEditor.Text(now, AttachPlan.WrapperVariable) ?? function.InheritedWrapper;
            if (wrapper is { Length: > 0 } && wrapper != AttachPlan.WrapperPath)
            {
                Set(AttachPlan.NextWrapperVariable, wrapper);
                notes.Add($"the wrapper `{wrapper}` stays in use: ours calls it");
            }

            Set(AttachPlan.WrapperVariable, AttachPlan.WrapperPath);
        }

        Set("PELLICLE_SERVER", settings.Server);
        Set("PELLICLE_TOKEN", settings.Token);
        Set("PELLICLE_KEY", settings.PublicKey);
        if (function.Runtime is null)
        {
            notes.Add("its runtime is not written in the template: a managed one is assumed");
        }

        return variables;
    }

    private static YamlMappingNode? Path(YamlMappingNode? node, params string[] names)
    {
        foreach (var name in names)
        {
            node = node is null ? null : TextEditor.Member(node, name) switch { YamlMappingNode inner => inner, YamlSequenceNode { Children: [YamlMappingNode only] } => only, _ => null };
        }

        return node;
    }

    private static string? First(YamlMappingNode? node, string name) => node is not null && TextEditor.Member(node, name) is YamlSequenceNode { Children: [YamlScalarNode first, ..] } ? first.Value : null;
}
