using System.Text;

namespace Pellicle.Guard.RuntimeApi;

/// <summary>
/// Looks for exact secret values in what leaves: as they are, as JSON and percent-encoding write them, and within base64. Exact values only, so a hit is a leak.
/// </summary>
internal sealed class LeakScanner
{
    /// <summary>Enough of a long token to be sure of it; the rest need not match.</summary>
    private const int NeedleBytes = 40;

    private readonly List<byte[]> _needles = [];

    internal LeakScanner(IReadOnlyList<string> secrets)
    {
        foreach (var secret in secrets)
        {
            Add(secret);
            // JSON writers differ in what they escape: System.Text.Json takes `+`, Gson `=`, PHP `/`; digits in either case.
            foreach (var escaped in new[] { "/", "+", "=", "+=", "+/=" })
            {
                Add(Escaped(secret, escaped, "x4"));
                Add(Escaped(secret, escaped, "X4"));
            }
            Add(secret.Replace("/", "\\/", StringComparison.Ordinal));
            Add(Uri.EscapeDataString(secret));
            var bytes = Encoding.UTF8.GetBytes(secret);
            for (var shift = 0; shift < 3; shift++)
            {
                // In base64 a value looks different at each of three offsets; the outer characters depend on the neighbours and are cut.
                var encoded = Convert.ToBase64String([.. new byte[shift], .. bytes]);
                var first = shift == 0 ? 0 : 4;
                var last = encoded.Length - 4;
                if (last - first >= 16)
                    Add(encoded[first..last]);
            }
        }
        Longest = _needles.Count == 0 ? 0 : _needles.Max(n => n.Length);
    }

    internal bool Enabled => _needles.Count > 0;

    /// <summary>Bytes of the previous piece that must be seen again with the next one.</summary>
    internal int Longest { get; }

    internal bool Leaks(ReadOnlySpan<byte> bytes)
    {
        foreach (var needle in _needles)
        {
            if (bytes.IndexOf(needle) >= 0)
                return true;
        }
        return false;
    }

    private static string Escaped(string secret, string characters, string format)
    {
        foreach (var c in characters)
            secret = secret.Replace($"{c}", "\\u" + ((int)c).ToString(format, System.Globalization.CultureInfo.InvariantCulture), StringComparison.Ordinal);
        return secret;
    }

    private void Add(string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        var needle = bytes[..Math.Min(bytes.Length, NeedleBytes)];
        if (!_needles.Exists(n => n.AsSpan().SequenceEqual(needle)))
            _needles.Add(needle);
    }
}
