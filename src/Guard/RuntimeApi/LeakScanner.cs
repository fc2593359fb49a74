using System.Buffers;
using System.Buffers.Binary;
using System.Buffers.Text;
using System.Text;

namespace Pellicle.Guard.RuntimeApi;

/// <summary>What a response must not hold; the higher the worse.</summary>
internal enum LeakKind
{
    None,

    /// <summary>Lines that only an uncaught error writes.</summary>
    StackTrace,

    /// <summary>The frame around a private key.</summary>
    PrivateKey,

    /// <summary>The credentials of the function's role.</summary>
    Credential,
}

/// <summary>
/// Looks for exact secret values in what leaves: as they are, as JSON and percent-encoding write them, turned round, in hexadecimal digits and within base64; and for the texts
/// that stack traces and private keys begin with. Exact texts only, so a hit is one.
/// </summary>
internal sealed class LeakScanner
{
    /// <summary>Enough of a long token to be sure of it; the rest need not match.</summary>
    private const int NeedleBytes = 40;

    /// <summary>Only session tokens have so many characters; secret keys have 40.</summary>
    private const int MinToken = 100;

    /// <summary>Where a token is recognised: tokens of one region and time begin alike, so those that a function gives out from STS would pass for its own.</summary>
    private const int TokenOffset = 60;

    /// <summary>A percent-encoded token's characters before that place, and the name before them.</summary>
    private const int MaxBefore = (TokenOffset * 6) + 64;

    /// <summary>A text is looked at in every place of this distance; none of the values fits between two of them.</summary>
    private const int Stride = 16;

    private static readonly string[] StackTraces =
    [
        "Traceback (most recent call last)", "at Module._compile (", "(node:internal/modules/", "at process.processTicksAndRejections", "at java.base/java.lang.", "Caused by: java.lang.", "   at System.Runtime.",
        "--- End of stack trace from previous location",
    ];

    private static readonly string[] PrivateKeys =
    [
        "-----BEGIN PRIVATE KEY-----", "-----BEGIN RSA PRIVATE KEY-----", "-----BEGIN EC PRIVATE KEY-----", "-----BEGIN OPENSSH PRIVATE KEY-----", "-----BEGIN ENCRYPTED PRIVATE KEY-----",
    ];

    /// <summary>The name under which a signed address or form carries the token: it is meant to leave, and of no use without the secret key.</summary>
    private static readonly byte[] TokenName = "security-token"u8.ToArray();

    private static readonly SearchValues<byte> Base64Characters = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"u8);

    private readonly List<Needle> _needles = [];
    private readonly int _step;

    // One bit for each hash of four bytes that stand somewhere in the front of a value.
    private readonly ulong[] _filter = new ulong[1024];
    private readonly Dictionary<uint, List<(Needle Needle, int Offset)>> _grams = [];

    /// <summary>A text to look for.</summary>
    /// <param name="Text">Bytes.</param>
    /// <param name="Kind">What it is.</param>
    /// <param name="Token">A session token's, as it stands in addresses and forms.</param>
    /// <param name="Encoded">In base64, from the beginning of a group on.</param>
    private sealed record Needle(byte[] Text, LeakKind Kind, bool Token, bool Encoded);

    internal LeakScanner(IReadOnlyList<string> secrets)
    {
        foreach (var secret in secrets)
            AddForms(secret);
        Enabled = _needles.Count > 0;
        Array.ForEach(StackTraces, t => Add(t, LeakKind.StackTrace));
        Array.ForEach(PrivateKeys, t => Add(t, LeakKind.PrivateKey));
        _step = Math.Min(Stride, _needles.Min(n => n.Text.Length) - 3);
        _needles.ForEach(AddGrams);
        Longest = _needles.Max(n => n.Text.Length);
    }

    private void AddForms(string whole)
    {
        var token = whole.Length >= MinToken;
        var secret = token ? whole[TokenOffset..] : whole;
        void Add(string text) => this.Add(text, token: token);
        Add(secret);
        // JSON writers differ in what they escape: System.Text.Json takes `+`, Gson `=`, PHP `/`; digits in either case.
        foreach (var escaped in new[] { "/", "+", "=", "+=", "+/=" })
        {
            foreach (var format in new[] { "x4", "X4" })
            {
                // A body is JSON within JSON: its escapes are escaped once more.
                var once = Escaped(secret, escaped, format);
                Add(once);
                Add(once.Replace("\\", "\\\\", StringComparison.Ordinal));
            }
        }
        Add(secret.Replace("/", "\\/", StringComparison.Ordinal));
        Add(Uri.EscapeDataString(secret));
        var bytes = Encoding.UTF8.GetBytes(secret);
        if (!token)
        {
            // Turned round, and in hexadecimal digits: what is done to a text so that nobody sees it.
            var turned = secret.ToCharArray();
            Array.Reverse(turned);
            Add(new string(turned));
            Add(Convert.ToHexStringLower(bytes));
            Add(Convert.ToHexString(bytes));
        }
        for (var shift = 0; shift < 3; shift++)
        {
            // In base64 a value looks different at each of three offsets; the outer characters depend on the neighbours and are cut.
            var encoded = Convert.ToBase64String([.. new byte[shift], .. bytes]);
            var first = shift == 0 ? 0 : 4;
            var last = encoded.Length - 4;
            if (last - first >= 16)
                this.Add(encoded[first..last], token: token, encoded: true);
        }
    }

    /// <summary>There are credentials to look for; nothing else is worth holding a response back.</summary>
    internal bool Enabled { get; }

    /// <summary>Bytes of the previous piece that must be seen again with the next one.</summary>
    internal int Longest { get; }

    /// <summary>The worst that these bytes hold.</summary>
    internal LeakKind Find(ReadOnlySpan<byte> bytes)
    {
        var worst = LeakKind.None;
        for (var i = 0; i <= bytes.Length - 4; i += _step)
        {
            var gram = BinaryPrimitives.ReadUInt32LittleEndian(bytes[i..]);
            var slot = Slot(gram);
            if ((_filter[slot >> 6] >> (int)(slot & 63) & 1) == 0)
                continue;
            worst = Worse(worst, bytes, i, gram);
            if (worst == LeakKind.Credential)
                break;
        }
        return worst;
    }

    private LeakKind Worse(LeakKind worst, ReadOnlySpan<byte> bytes, int at, uint gram)
    {
        foreach (var (needle, offset) in _grams.GetValueOrDefault(gram) ?? [])
        {
            if (needle.Kind > worst && at >= offset && bytes[(at - offset)..].StartsWith(needle.Text) && !(needle.Token && IsSigned(bytes[..(at - offset)], needle.Encoded)))
                worst = needle.Kind;
        }
        return worst;
    }

    /// <summary>The token's beginning stands before it, and before that the name by which a signed request carries it: <c>X-Amz-Security-Token=</c>, <c>"x-amz-security-token":"</c>.</summary>
    /// <param name="before">What stands before the place where the token was recognised.</param>
    /// <param name="encoded">In base64, as the policy of a signed form comes; what stands before the place are whole groups then.</param>
    private static bool IsSigned(ReadOnlySpan<byte> before, bool encoded)
    {
        Span<byte> lower = stackalloc byte[MaxBefore];
        Span<byte> plain = stackalloc byte[MaxBefore];
        scoped var near = before[Math.Max(0, before.Length - MaxBefore)..];
        if (encoded)
        {
            var groups = near[(near.LastIndexOfAnyExcept(Base64Characters) + 1)..];
            groups = groups[(groups.Length & 3)..];
            if (Base64.DecodeFromUtf8(groups, plain, out _, out var written) != OperationStatus.Done)
                return false;
            near = plain[..written];
        }
        System.Text.Ascii.ToLower(near, lower, out var length);
        return lower[..length].IndexOf(TokenName) >= 0;
    }

    private void AddGrams(Needle needle)
    {
        for (var offset = 0; offset < _step; offset++)
        {
            var gram = BinaryPrimitives.ReadUInt32LittleEndian(needle.Text.AsSpan(offset));
            var slot = Slot(gram);
            _filter[slot >> 6] |= 1UL << (int)(slot & 63);
            if (!_grams.TryGetValue(gram, out var places))
                _grams[gram] = places = [];
            places.Add((needle, offset));
        }
    }

    private static uint Slot(uint gram) => (gram * 0x9E3779B1u) >> 16;

    private static string Escaped(string secret, string characters, string format)
    {
        foreach (var c in characters)
            secret = secret.Replace($"{c}", "\\u" + ((int)c).ToString(format, System.Globalization.CultureInfo.InvariantCulture), StringComparison.Ordinal);
        return secret;
    }

    private void Add(string text, LeakKind kind = LeakKind.Credential, bool token = false, bool encoded = false)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        var needle = bytes[..Math.Min(bytes.Length, NeedleBytes)];
        if (!_needles.Exists(n => n.Text.AsSpan().SequenceEqual(needle)))
            _needles.Add(new Needle(needle, kind, token, encoded));
    }
}
