using System.Text;
using Pellicle.Guard.Telemetry;
using Pellicle.Policy;

namespace Pellicle.Guard.Config;

/// <summary>Policies kept as files: the newest from the server in /tmp, the one packed in the layer.</summary>
internal static class PolicyFiles
{
    /// <summary>Keeps a good policy for the next start in this sandbox, with its signature beside it.</summary>
    internal static void Cache(string path, byte[] body, string? signature, Health health)
    {
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            // Renamed into place: a reader sees the old file or the new one.
            Replace(path, body);
            Replace(path + ".sig", Encoding.ASCII.GetBytes(signature ?? ""));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            health.Fault("policy cache", error); // /tmp full or read-only: the policy in force is not touched
        }
    }

    /// <summary>Loads a policy. Null when there is none or it is not good; the latter is counted, and told to <paramref name="forged"/> when somebody must have made it so.</summary>
    internal static PolicyDocument? Load(string path, string key, bool needsSignature, Health health, string function = "", Action<string>? forged = null)
    {
        try
        {
            if (!File.Exists(path))
                return null;
            var body = File.ReadAllBytes(path);
            // A cached file lies where the function can write: with a key, only a signed one counts.
            if (needsSignature && key.Length > 0 && !PolicySignature.Verify(key, body, File.Exists(path + ".sig") ? File.ReadAllText(path + ".sig") : null))
            {
                health.Fault($"policy file {path} refused: signature", null);
                forged?.Invoke($"`{path}` is not signed by the key of this function");
                return null;
            }
            var parsed = PolicyJson.Parse(body);
            if (parsed.Document is null)
                health.Fault($"policy file {path} refused: {string.Join("; ", parsed.Errors.Take(3))}", null);
            else if (needsSignature && key.Length > 0 && !IsFor(parsed.Document, function))
            {
                health.Fault($"policy file {path} refused: it is for `{parsed.Document.Function}`", null);
                forged?.Invoke($"`{path}` is the policy of `{parsed.Document.Function}`");
                return null;
            }
            return parsed.Document;
        }
        catch (Exception error)
        {
            health.Fault($"policy file {path}", error);
            return null;
        }
    }

    /// <summary>A signed policy of another function is as wrong as a forged one. Versions and aliases share their function's; an unknown function takes any.</summary>
    internal static bool IsFor(PolicyDocument document, string function) =>
        document.Function is "*" or "" || function.Length == 0 || Unqualified(document.Function) == Unqualified(function);

    private static string Unqualified(string arn) => string.Join(':', arn.Split(':').Take(7));

    private static void Replace(string path, byte[] content)
    {
        File.WriteAllBytes(path + ".new", content);
        File.Move(path + ".new", path, overwrite: true);
    }
}
