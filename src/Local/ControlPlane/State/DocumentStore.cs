using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Pellicle.Local.ControlPlane.State;

/// <summary>Immutable documents of one kind, one JSON file each, all kept in memory. A write is on disk before it is seen.</summary>
internal sealed class DocumentStore<T>
    where T : class
{
    private static readonly JsonSerializerOptions Json = new() { DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull };

    private readonly ConcurrentDictionary<(string Scope, string Key), T> _documents = new();
    private readonly string _root;

    /// <summary>Reads all documents; throws <see cref="InvalidDataException"/> that names the file which cannot be read.</summary>
    public DocumentStore(string root)
    {
        _root = root;
        Directory.CreateDirectory(root);
        foreach (var file in Directory.EnumerateFiles(root, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
        {
            if (file.EndsWith(DurableFile.TemporarySuffix, StringComparison.Ordinal))
            {
                File.Delete(file);
                continue;
            }

            var scope = Uri.UnescapeDataString(Path.GetFileName(Path.GetDirectoryName(file)!));
            var key = Uri.UnescapeDataString(Path.GetFileNameWithoutExtension(file));
            try
            {
                _documents[(scope, key)] = JsonSerializer.Deserialize<T>(File.ReadAllBytes(file), Json)
                    ?? throw new JsonException("the document is null");
            }
            catch (JsonException e)
            {
                throw new InvalidDataException($"state file `{file}` cannot be read: {e.Message}", e);
            }
        }
    }

    public T? Find(string scope, string key) => _documents.GetValueOrDefault((scope, key));

    /// <summary>Documents of one scope, ordered by key.</summary>
    public IReadOnlyList<T> All(string scope) =>
        [.. _documents.Where(p => p.Key.Scope == scope).OrderBy(p => p.Key.Key, StringComparer.Ordinal).Select(p => p.Value)];

    public IReadOnlyList<(string Scope, T Document)> All() => [.. _documents.Select(p => (p.Key.Scope, p.Value))];

    public void Put(string scope, string key, T document)
    {
        var path = PathOf(scope, key);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        DurableFile.Write(path, JsonSerializer.SerializeToUtf8Bytes(document, Json));
        _documents[(scope, key)] = document;
    }

    public void Delete(string scope, string key)
    {
        DurableFile.Delete(PathOf(scope, key));
        _documents.TryRemove((scope, key), out _);
    }

    private string PathOf(string scope, string key) =>
        Path.Combine(_root, Uri.EscapeDataString(scope), Uri.EscapeDataString(key) + ".json");
}
