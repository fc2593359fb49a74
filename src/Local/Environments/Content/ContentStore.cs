using System.Collections.Concurrent;
using System.IO.Compression;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using Pellicle.Local.Invocation;

namespace Pellicle.Local.Environments.Content;

/// <summary>A zip cannot be unpacked as it is; the message says which entry and why.</summary>
internal sealed class ContentException(string message) : Exception(message);

/// <summary>Unpacked code and merged layers on disk, made once per content and never changed.</summary>
internal sealed class ContentStore(string directory)
{
    /// <summary>The platform's limit for a function with its layers; here for each zip.</summary>
    public const long MaxUnpackedBytes = 262_144_000;

    /// <summary>More entries than a real package has, fewer than exhaust inodes.</summary>
    public const int MaxEntries = 200_000;

    private readonly ConcurrentDictionary<string, Lazy<Task<string>>> trees = new(StringComparer.Ordinal);

    /// <summary>Directory with the content of one zip; <paramref name="mountPoint"/> is where it will appear.</summary>
    public Task<string> UnpackAsync(string zip, string sha256, string mountPoint) =>
        GetAsync(Name("zip", [mountPoint, sha256]), into => ZipUnpacker.Unpack(zip, into, mountPoint));

    /// <summary>Directory with all layers in order, later ones over earlier ones.</summary>
    public async Task<string> MergeAsync(IReadOnlyList<LayerContent> layers)
    {
        var parts = new List<string>();
        foreach (var layer in layers)
        {
            parts.Add(await UnpackAsync(layer.Zip, layer.CodeSha256, "/opt"));
        }
        return parts.Count == 1 ? parts[0] : await GetAsync(Name("opt", layers.Select(layer => layer.CodeSha256)), into =>
        {
            foreach (var part in parts)
            {
                Overlay(new DirectoryInfo(part), into);
            }
        });
    }

    private static string Name(string kind, IEnumerable<string> parts) =>
        $"{kind}-{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n', parts))))}";

    private async Task<string> GetAsync(string name, Action<string> make)
    {
        var lazy = trees.GetOrAdd(name, _ => new Lazy<Task<string>>(() => Task.Run(() => Make(name, make))));
        try
        {
            return await lazy.Value;
        }
        catch
        {
            trees.TryRemove(new KeyValuePair<string, Lazy<Task<string>>>(name, lazy));
            throw;
        }
    }

    private string Make(string name, Action<string> make)
    {
        var final = Path.Combine(directory, name);
        if (Directory.Exists(final))
        {
            return final;
        }
        var temporary = Path.Combine(directory, $".{name}.{Guid.NewGuid():N}");
        Directory.CreateDirectory(temporary);
        try
        {
            make(temporary);
            Directory.Move(temporary, final);
        }
        catch
        {
            Directory.Delete(temporary, true);
            throw;
        }
        return final;
    }

    // Files are hard-linked: the trees are only ever mounted read-only.
    private static void Overlay(DirectoryInfo from, string to)
    {
        File.SetUnixFileMode(to, from.UnixFileMode | UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        foreach (var entry in from.EnumerateFileSystemInfos())
        {
            var target = Path.Combine(to, entry.Name);
            var existing = new FileInfo(target);
            var directory = entry is DirectoryInfo && entry.LinkTarget is null;
            if (existing.LinkTarget is not null || existing.Exists || (!directory && Directory.Exists(target)))
            {
                if (Directory.Exists(target) && existing.LinkTarget is null)
                {
                    Directory.Delete(target, true);
                }
                else
                {
                    File.Delete(target);
                }
            }
            if (directory)
            {
                Directory.CreateDirectory(target);
                Overlay((DirectoryInfo)entry, target);
            }
            else if (entry.LinkTarget is { } link)
            {
                File.CreateSymbolicLink(target, link);
            }
            else if (NativeLink(entry.FullName, target) != 0)
            {
                File.Copy(entry.FullName, target);
            }
        }
    }

    [DllImport("libc", EntryPoint = "link", SetLastError = true)]
    private static extern int NativeLink([MarshalAs(UnmanagedType.LPUTF8Str)] string from, [MarshalAs(UnmanagedType.LPUTF8Str)] string to);
}
