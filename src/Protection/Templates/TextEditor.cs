using System.Text.Json;
using System.Text.RegularExpressions;
using YamlDotNet.Core.Events;
using YamlDotNet.RepresentationModel;

namespace Pellicle.Protection.Templates;

/// <summary>The place in a template that is not written in a way that can be changed.</summary>
internal sealed class UneditableException(string message) : Exception(message);

/// <summary>Changes a YAML or JSON text where its nodes stand; every other byte, comments too, stays as it is.</summary>
internal sealed partial class TextEditor(string text, bool isJson)
{
    private readonly List<Edit> _edits = [];

    /// <summary>Number of changes so far, for <see cref="Forget"/>.</summary>
    public int Count => _edits.Count;

    /// <summary>The text with all changes; what stands at one place stands in the order it was asked for.</summary>
    public string Apply()
    {
        var result = new System.Text.StringBuilder();
        var at = 0;
        foreach (var (edit, _) in _edits.Select((e, i) => (e, i)).OrderBy(e => e.e.Start).ThenBy(e => e.i))
        {
            result.Append(text, at, edit.Start - at).Append(edit.New);
            at = edit.End;
        }

        return result.Append(text, at, text.Length - at).ToString();
    }

    /// <summary>Takes back the changes after the first <paramref name="count"/>.</summary>
    public void Forget(int count) => _edits.RemoveRange(count, _edits.Count - count);

    /// <summary>The member of a mapping, or null.</summary>
    public static YamlNode? Member(YamlMappingNode mapping, string name) => mapping.Children.FirstOrDefault(c => c.Key is YamlScalarNode { Value: { } key } && key == name).Value;

    /// <summary>Text of a plain member: no intrinsic function, no reference.</summary>
    public static string? Text(YamlMappingNode? mapping, string name) =>
        mapping is not null && Member(mapping, name) is YamlScalarNode { Value: { } value } scalar && (scalar.Tag.IsEmpty || !scalar.Tag.Value.StartsWith('!')) ? value : null;

    /// <summary>Adds an item at the end of a list, or exchanges the one that <paramref name="isSame"/> recognises.</summary>
    public void PutItem(YamlMappingNode mapping, string name, string value, Func<string, bool> isSame)
    {
        switch (Member(mapping, name))
        {
            case null:
                AddMembers(mapping, [new Entry(name, null, [value])]);
                break;
            case YamlSequenceNode list when list.Tag.IsEmpty || !list.Tag.Value.StartsWith('!'):
                if (list.Children.OfType<YamlScalarNode>().FirstOrDefault(i => i.Value is { } item && isSame(item)) is { } there)
                {
                    Replace(there, value);
                }
                else
                {
                    Append(list, value);
                }

                break;
            default:
                throw new UneditableException($"`{name}` is not a list written out");
        }
    }

    /// <summary>Sets members of the map below <paramref name="path"/>, making what is missing on the way.</summary>
    public void PutMembers(YamlMappingNode mapping, IReadOnlyList<string> path, IReadOnlyList<KeyValuePair<string, string>> members)
    {
        if (path.Count > 0)
        {
            switch (Member(mapping, path[0]))
            {
                case null:
                    AddMembers(mapping, [path.Reverse().Aggregate((Entry?)null, (inner, name) => new Entry(name, inner is null ? [.. members.Select(m => new Entry(m.Key, null, null, m.Value))] : [inner], null))!]);
                    break;
                case YamlMappingNode inner:
                    PutMembers(inner, [.. path.Skip(1)], members);
                    break;
                case YamlSequenceNode { Children: [YamlMappingNode only] }: // Terraform writes a block as a list of one
                    PutMembers(only, [.. path.Skip(1)], members);
                    break;
                default:
                    throw new UneditableException($"`{path[0]}` is not a map written out");
            }

            return;
        }

        if (mapping.Children.Keys.OfType<YamlScalarNode>().Any(k => k.Value?.StartsWith("Fn::", StringComparison.Ordinal) == true))
        {
            throw new UneditableException("the variables are the result of a function");
        }

        var missing = new List<Entry>();
        foreach (var (name, value) in members)
        {
            switch (Member(mapping, name))
            {
                case null:
                    missing.Add(new Entry(name, null, null, value));
                    break;
                case YamlScalarNode scalar:
                    Replace(scalar, value);
                    break;
                default:
                    throw new UneditableException($"`{name}` is the result of a function");
            }
        }

        if (missing.Count > 0)
        {
            AddMembers(mapping, missing);
        }
    }

    /// <summary>Before the first member: where it stands is certain, the end of the last one may be comments or a block of text.</summary>
    private void AddMembers(YamlMappingNode mapping, IReadOnlyList<Entry> entries)
    {
        var flow = isJson || mapping.Style == MappingStyle.Flow;
        if (mapping.Children.Count == 0)
        {
            if (!flow)
            {
                throw new UneditableException("an empty map");
            }

            var at = text.IndexOf('{', (int)mapping.Start.Index) + 1;
            Change(at, at, string.Join(", ", entries.Select(e => e.Flow(isJson))));
            return;
        }

        var first = (int)mapping.Children.First().Key.Start.Index;
        var indent = Indent(first, out var alone);
        var added = flow
            ? string.Concat(entries.Select(e => e.Flow(isJson) + "," + (alone ? "\n" + indent : " ")))
            : string.Concat(entries.Select(e => string.Join("\n" + indent, e.Block()) + "\n" + indent));
        Change(first, first, added);
    }

    private void Append(YamlSequenceNode list, string value)
    {
        var written = Entry.Scalar(value, isJson);
        if (isJson || list.Style == SequenceStyle.Flow)
        {
            var open = text.IndexOf('[', (int)list.Start.Index);
            if (list.Children.Count == 0)
            {
                Change(open + 1, open + 1, written);
                return;
            }

            // A node knows where it begins; where the last one ends, the bracket tells.
            var end = Closing(open);
            while (char.IsWhiteSpace(text[end - 1]))
            {
                end--;
            }

            var indent = Indent((int)list.Children[^1].Start.Index, out var alone);
            Change(end, end, alone ? ",\n" + indent + written : ", " + written);
            return;
        }

        // Below the last item: everything that is indented deeper than its dash, and blank lines within, belongs to it.
        var dash = text.LastIndexOf('-', (int)list.Children[^1].Start.Index);
        var column = dash - LineStart(dash);
        var below = LineEnd(dash);
        for (var next = below; next < text.Length; next = LineEnd(next + 1))
        {
            var line = text[(next + 1)..LineEnd(next + 1)];
            var depth = line.Length - line.TrimStart().Length;
            if (line.Trim().Length > 0 && (depth <= column || line.TrimStart()[0] == '#'))
            {
                break;
            }

            if (line.Trim().Length > 0)
            {
                below = LineEnd(next + 1);
            }
        }

        Change(below, below, "\n" + new string(' ', column) + "- " + written);
    }

    /// <summary>The bracket that closes the one at <paramref name="open"/>.</summary>
    private int Closing(int open)
    {
        var depth = 0;
        for (var i = open; i < text.Length; i++)
        {
            switch (text[i])
            {
                case '[' or '{':
                    depth++;
                    break;
                case ']' or '}' when --depth == 0:
                    return i;
                case '"':
                    for (i++; text[i] != '"'; i++)
                    {
                        i += text[i] == '\\' ? 1 : 0;
                    }

                    break;
                case '\'' when "[{,: \n\t".Contains(text[i - 1], StringComparison.Ordinal): // within a word it is an apostrophe
                    i = text.IndexOf('\'', i + 1);
                    break;
                case '#' when char.IsWhiteSpace(text[i - 1]) && !isJson:
                    i = LineEnd(i);
                    break;
            }
        }

        throw new UneditableException("a list that does not end");
    }

    /// <summary>A node that is used twice, by an anchor, is changed once.</summary>
    private void Change(int start, int end, string added)
    {
        var edit = new Edit(start, end, added);
        if (!_edits.Contains(edit))
        {
            _edits.Add(edit);
        }
    }

    private void Replace(YamlScalarNode scalar, string value)
    {
        if (scalar.Value != value || scalar.Tag is { IsEmpty: false, Value: ['!', not '!', ..] })
        {
            Change((int)scalar.Start.Index, (int)scalar.End.Index, Entry.Scalar(value, isJson));
        }
    }

    private string Indent(int at, out bool alone)
    {
        var start = LineStart(at);
        var before = text[start..at];
        alone = before.Trim().Length == 0;
        // After a dash or a brace the next line begins under this one.
        return alone ? before : new string(' ', at - start);
    }

    private int LineStart(int at) => text.LastIndexOf('\n', Math.Max(0, at - 1)) + 1;

    private int LineEnd(int at) => at >= text.Length ? text.Length : text.IndexOf('\n', at) is var end and >= 0 ? end : text.Length;

    private readonly record struct Edit(int Start, int End, string New);

    /// <summary>What is added: a name with members, items or a value.</summary>
    private sealed record Entry(string Name, IReadOnlyList<Entry>? Members, IReadOnlyList<string>? Items, string Value = "")
    {
        public IEnumerable<string> Block()
        {
            if (Members is null && Items is null)
            {
                return [$"{Name}: {Scalar(Value, false)}"];
            }

            var inner = Items is not null ? Items.Select(i => "- " + Scalar(i, false)) : Members!.SelectMany(m => m.Block());
            return inner.Select(l => "  " + l).Prepend(Name + ":");
        }

        public string Flow(bool json)
        {
            var name = json ? JsonSerializer.Serialize(Name) : Name;
            return Items is not null ? $"{name}: [{string.Join(", ", Items.Select(i => Scalar(i, json)))}]"
                : Members is not null ? $"{name}: {{{(json ? "" : " ")}{string.Join(", ", Members.Select(m => m.Flow(json)))}{(json ? "" : " ")}}}"
                : $"{name}: {Scalar(Value, json)}";
        }

        public static string Scalar(string value, bool json) => !json && Plain().IsMatch(value) ? value : JsonSerializer.Serialize(value, Relaxed);

        private static readonly JsonSerializerOptions Relaxed = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    }

    [GeneratedRegex("^(arn:|https?://|/)[A-Za-z0-9_./:-]*[A-Za-z0-9_/]$")]
    private static partial Regex Plain();
}
