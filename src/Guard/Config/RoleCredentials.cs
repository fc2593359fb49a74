using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Pellicle.Guard.Native;

namespace Pellicle.Guard.Config;

/// <summary>
/// The role's credentials, kept by the guard and served to the runtime over HTTP as the container endpoint of the AWS SDKs:
/// then no variable of the function holds them. Asked for with <c>PELLICLE_CREDENTIALS=guard</c>.
/// </summary>
internal sealed record RoleCredentials(string AccessKeyId, string SecretAccessKey, string SessionToken)
{
    internal const string Switch = "PELLICLE_CREDENTIALS";

    /// <summary>Path on the proxy. Not below a version, so it is none of the platform's.</summary>
    internal const string Path = "/pellicle/credentials";

    /// <summary>SDKs ask again before this has passed; Lambda's own credentials live as long as their environment.</summary>
    private static readonly TimeSpan Lifetime = TimeSpan.FromHours(6);

    /// <summary>Variables that hold credentials; the last two are the old Java runtimes'.</summary>
    internal static readonly string[] Variables = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_ACCESS_KEY", "AWS_SECRET_KEY"];

    /// <summary>What a client must show in <c>Authorization</c>: 32 random bytes, known to the runtime's variables only.</summary>
    internal string Token { get; } = RandomToken();

    internal static bool IsWanted(string? value) => string.Equals(value, "guard", StringComparison.OrdinalIgnoreCase);

    internal static RoleCredentials? FromEnvironment(List<string> problems)
    {
        static string Get(string name) => Environment.GetEnvironmentVariable(name) ?? "";
        if (Get(Switch) is not { Length: > 0 } wanted)
            return null;
        if (!IsWanted(wanted))
        {
            problems.Add($"`{Switch}` must be `guard` or empty, not `{wanted}`");
            return null;
        }
        return Get("AWS_ACCESS_KEY_ID").Length > 0 && Get("AWS_SECRET_ACCESS_KEY").Length > 0 ? new(Get("AWS_ACCESS_KEY_ID"), Get("AWS_SECRET_ACCESS_KEY"), Get("AWS_SESSION_TOKEN")) : null;
    }

    /// <summary>Takes the values out of the memory that <c>/proc/PID/environ</c> of this process shows.</summary>
    internal static unsafe void Scrub()
    {
        foreach (var name in Variables)
        {
            fixed (byte* p = Fd.CString(name))
            {
                for (var value = Libc.getenv(p); value != null && *value != 0; value++)
                    *value = (byte)'-';
            }
        }
    }

    internal bool Fits(string? authorization) =>
        CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(authorization ?? ""), Encoding.UTF8.GetBytes(Token));

    internal byte[] Document(DateTimeOffset now)
    {
        using var memory = new MemoryStream();
        using (var json = new Utf8JsonWriter(memory))
        {
            json.WriteStartObject();
            json.WriteString("AccessKeyId", AccessKeyId);
            json.WriteString("SecretAccessKey", SecretAccessKey);
            json.WriteString("Token", SessionToken);
            json.WriteString("Expiration", (now + Lifetime).UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture));
            json.WriteEndObject();
        }
        return memory.ToArray();
    }

    private static string RandomToken()
    {
        Span<byte> bytes = stackalloc byte[32];
        Randomness.Fill(bytes);
        return Convert.ToHexStringLower(bytes);
    }
}
