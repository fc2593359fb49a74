using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Pellicle.Cli.Templates;

/// <summary>A node of a template, JSON or YAML. Short forms of functions (<c>!Ref X</c>) are read like their long forms.</summary>
internal readonly struct TemplateNode(YamlNode? node)
{
    /// <summary>Bytes of one template; CloudFormation's own limit is 1 MB.</summary>
    private const int MaxBytes = 4 << 20;

    private const int MaxDepth = 64;

    /// <summary>Reads a file; throws <see cref="CliException"/> when it is no such document.</summary>
    public static TemplateNode Load(string path)
    {
        if (new FileInfo(path).Length > MaxBytes)
        {
            throw new CliException($"`{path}` is larger than {MaxBytes} bytes", "templates are smaller", ExitCode.Incomplete);
        }

        try
        {
            var stream = new YamlStream();
            using var reader = new StreamReader(path);
            stream.Load(new Parser(reader));
            return new TemplateNode(stream.Documents.Count > 0 ? stream.Documents[0].RootNode : null);
        }
        catch (YamlException exception)
        {
            throw new CliException($"`{path}` cannot be read: line {exception.Start.Line}: {exception.Message.ReplaceLineEndings(" ")}", "expected is a SAM, CloudFormation or Serverless template in YAML or JSON", ExitCode.Incomplete);
        }
    }

    public bool Exists => node is not null;

    public TemplateNode this[string name] => node is YamlMappingNode map && map.Children.TryGetValue(new YamlScalarNode(name), out var value) ? new(value) : default;

    /// <summary>A plain text; null for anything else, and for text that only a deployment resolves.</summary>
    public string? Text => node is YamlScalarNode { Value: { } text } && !IsFunction ? text : null;

    /// <summary>Logical id that <c>Ref</c>, <c>Fn::GetAtt</c> or <c>Fn::Sub</c> names alone; null for anything else.</summary>
    public string? Reference
    {
        get
        {
            if (node is YamlScalarNode { Value: { } text } && IsFunction)
            {
                return node.Tag.Value is "!Ref" ? text : node.Tag.Value is "!GetAtt" ? text.Split('.')[0] : node.Tag.Value is "!Sub" ? Substituted(text) : null;
            }

            return this["Ref"].Text ?? this["Fn::GetAtt"].Text?.Split('.')[0] ?? this["Fn::GetAtt"].Items.Select(i => i.Text).FirstOrDefault() ?? (this["Fn::Sub"].Text is { } sub ? Substituted(sub) : null);
        }
    }

    public IEnumerable<TemplateNode> Items => node is YamlSequenceNode list ? list.Select(item => new TemplateNode(item)) : [];

    public IEnumerable<(string Name, TemplateNode Value)> Members =>
        node is YamlMappingNode map ? map.Children.Where(c => c.Key is YamlScalarNode { Value: not null }).Select(c => (((YamlScalarNode)c.Key).Value!, new TemplateNode(c.Value))) : [];

    private bool IsFunction => node is { Tag: { IsEmpty: false } tag } && tag.Value.StartsWith('!') && tag.Value.Length > 1;

    /// <summary><c>${Name}</c> and nothing else.</summary>
    private static string? Substituted(string text) => text.StartsWith("${", StringComparison.Ordinal) && text.IndexOf('}', StringComparison.Ordinal) == text.Length - 1 ? text[2..^1].Split('.')[0] : null;

    /// <summary>Follows a path of names.</summary>
    public TemplateNode At(params ReadOnlySpan<string> names)
    {
        var at = this;
        foreach (var name in names[..Math.Min(names.Length, MaxDepth)])
        {
            at = at[name];
        }

        return at;
    }
}
