using System.IO.Compression;
using System.Text;
using System.Text.Json;

namespace Pellicle.Inspection;

/// <summary>Takes an event apart: its source, the texts somebody outside can choose (decoded), and its shape.</summary>
internal sealed class EventReader(InspectionOptions options)
{
    private readonly List<EventText> _texts = [];
    private readonly List<EventText> _keys = [];
    private int _characters;

    public string Source { get; private set; } = "unknown";

    public bool Full { get; private set; } = true;

    public IReadOnlyList<EventText> Texts => _texts;

    /// <summary>Names of members in parts that an outsider writes (operators such as <c>$ne</c>, <c>__proto__</c>).</summary>
    public IReadOnlyList<EventText> Keys => _keys;

    public string Shape { get; private set; } = "";

    public void Read(ReadOnlyMemory<byte> json)
    {
        JsonDocument document;
        try
        {
            document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = 64 });
        }
        catch (JsonException)
        {
            // Not JSON, or too deep: the whole is one text of unknown origin, and the verdict says that it was not read in full.
            Full = false;
            AddText("", Encoding.UTF8.GetString(json.Span[..Math.Min(json.Length, options.MaxTextLength)]), 0);
            return;
        }

        using (document)
        {
            var root = document.RootElement;
            Source = EventSources.Recognise(root);
            var encodedBody = root.ValueKind == JsonValueKind.Object && root.TryGetProperty("isBase64Encoded", out var flag) && flag.ValueKind == JsonValueKind.True;
            Walk(root, "", 0, encodedBody);
            Shape = ShapeOf(root);
        }
    }

    private void Walk(JsonElement element, string path, int nesting, bool encodedBody)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                foreach (var member in element.EnumerateObject())
                {
                    var field = path.Length == 0 ? member.Name : $"{path}.{member.Name}";
                    if (nesting == 0 && EventSources.IsPlatformField(Source, field))
                    {
                        continue;
                    }

                    if (_keys.Count < options.MaxTexts)
                    {
                        _keys.Add(new EventText(field, member.Name));
                    }

                    if (encodedBody && path.Length == 0 && member.NameEquals("body") && member.Value.ValueKind == JsonValueKind.String)
                    {
                        AddBase64(field, member.Value.GetString()!, nesting);
                    }
                    else
                    {
                        Walk(member.Value, field, nesting, encodedBody);
                    }
                }

                break;
            case JsonValueKind.Array:
                var index = 0;
                foreach (var item in element.EnumerateArray())
                {
                    if (!Room())
                    {
                        return;
                    }

                    Walk(item, $"{path}[{index++}]", nesting, encodedBody);
                }

                break;
            case JsonValueKind.String:
                var text = element.GetString()!;
                switch (EventSources.EncodingOf(Source, path, nesting))
                {
                    case FieldEncoding.Base64:
                        AddBase64(path, text, nesting);
                        break;
                    case FieldEncoding.GzipBase64:
                        AddGzip(path, text, nesting);
                        break;
                    case FieldEncoding.ObjectKey:
                        AddText(path, Decode(text.Replace('+', ' ')), nesting);
                        break;
                    case FieldEncoding.None:
                        AddText(path, text, nesting);
                        break;
                }

                break;
            case JsonValueKind.Undefined or JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False or JsonValueKind.Null:
                break;
        }
    }

    private void AddText(string path, string text, int nesting)
    {
        if (text.Length == 0 || !Room())
        {
            return;
        }

        if (text.Length > options.MaxTextLength)
        {
            Full = false;
            text = text[..options.MaxTextLength];
        }

        if (_characters + text.Length > options.MaxTextLength * 8)
        {
            Full = false;
            return;
        }

        // A text that is itself a document is read as one: its fields are what the function will use.
        var trimmed = text.AsSpan().Trim();
        if (trimmed.Length > 1 && trimmed[0] is '{' or '[' && trimmed[^1] is '}' or ']' && TryNested(path, text, nesting))
        {
            return;
        }

        _characters += text.Length;
        if (text.Contains('%', StringComparison.Ordinal))
        {
            var decoded = Decode(text);
            _texts.Add(new EventText(path, decoded));
            return;
        }

        if (IsForm(path, text))
        {
            foreach (var pair in text.Split('&', options.MaxTexts))
            {
                var equals = pair.IndexOf('=', StringComparison.Ordinal);
                AddPart($"{path}.{Decode(equals < 0 ? pair : pair[..equals])}", Decode((equals < 0 ? pair : pair[(equals + 1)..]).Replace('+', ' ')));
            }

            return;
        }

        _texts.Add(new EventText(path, text));
    }

    private void AddPart(string path, string text)
    {
        if (text.Length > 0 && Room())
        {
            _keys.Add(new EventText(path, path));
            _texts.Add(new EventText(path, text));
        }
    }

    private bool TryNested(string path, string text, int nesting)
    {
        if (nesting >= options.MaxNesting)
        {
            Full = false;
            return false;
        }

        try
        {
            using var nested = JsonDocument.Parse(text, new JsonDocumentOptions { MaxDepth = 64 });
            Walk(nested.RootElement, path, nesting + 1, false);
            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private void AddBase64(string path, string text, int nesting)
    {
        var buffer = new byte[(text.Length * 3 / 4) + 3];
        if (!Convert.TryFromBase64String(text, buffer, out var length))
        {
            AddText(path, text, nesting);
            return;
        }

        AddText(path, Encoding.UTF8.GetString(buffer, 0, length), nesting + 1);
    }

    private void AddGzip(string path, string text, int nesting)
    {
        try
        {
            using var unfolded = new GZipStream(new MemoryStream(Convert.FromBase64String(text)), CompressionMode.Decompress);
            var buffer = new byte[options.MaxUnfolded];
            var length = unfolded.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false);
            Full &= length < buffer.Length;
            AddText(path, Encoding.UTF8.GetString(buffer, 0, length), nesting + 1);
        }
        catch (Exception exception) when (exception is FormatException or InvalidDataException)
        {
            Full = false;
            AddText(path, text, nesting);
        }
    }

    private bool Room()
    {
        if (_texts.Count < options.MaxTexts)
        {
            return true;
        }

        Full = false;
        return false;
    }

    private static bool IsForm(string path, string text)
    {
        if (!path.EndsWith("body", StringComparison.Ordinal) && !path.EndsWith("rawQueryString", StringComparison.Ordinal))
        {
            return false;
        }

        var equals = text.IndexOf('=', StringComparison.Ordinal);
        return equals > 0 && text.AsSpan(0, equals).IndexOfAny(" <>{}\"'\n") < 0;
    }

    /// <summary>Percent-decoding as often as it changes something, at most three times (double encoding hides attacks).</summary>
    private static string Decode(string text)
    {
        for (var i = 0; i < 3 && text.Contains('%', StringComparison.Ordinal); i++)
        {
            var decoded = Uri.UnescapeDataString(text);
            if (decoded == text)
            {
                break;
            }

            text = decoded;
        }

        return text;
    }

    /// <summary>Hash of the sorted member paths (not deeper than four, no values, at most 512): equal for events of one kind.</summary>
    private static string ShapeOf(JsonElement root)
    {
        var paths = new SortedSet<string>(StringComparer.Ordinal);
        Collect(root, "", 0, paths);
        var hash = 14695981039346656037UL;
        foreach (var c in string.Join('\n', paths))
        {
            hash = (hash ^ c) * 1099511628211UL;
        }

        return hash.ToString("x16", System.Globalization.CultureInfo.InvariantCulture);
    }

    private static void Collect(JsonElement element, string path, int depth, SortedSet<string> paths)
    {
        if (depth >= 4 || paths.Count >= 512)
        {
            return;
        }

        if (element.ValueKind == JsonValueKind.Object)
        {
            // Maps whose keys are data (headers, query parameters) count as one: their keys differ from call to call.
            var open = path.EndsWith("eaders", StringComparison.Ordinal) || path.EndsWith("Parameters", StringComparison.Ordinal) || path.EndsWith("ttributes", StringComparison.Ordinal) || path.EndsWith("ookies", StringComparison.Ordinal);
            foreach (var member in element.EnumerateObject())
            {
                var field = open ? path + ".*" : path.Length == 0 ? member.Name : $"{path}.{member.Name}";
                paths.Add(field);
                Collect(member.Value, field, depth + 1, paths);
            }
        }
        else if (element.ValueKind == JsonValueKind.Array)
        {
            foreach (var item in element.EnumerateArray().Take(8))
            {
                Collect(item, path + "[]", depth, paths);
            }
        }
    }
}
