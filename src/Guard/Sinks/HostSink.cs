using System.Buffers;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Pellicle.Inspection;

namespace Pellicle.Guard.Sinks;

/// <summary>Hosts that an event's text named.</summary>
internal static class HostSink
{
    private const int MinName = 4;

    /// <param name="item">Name or address, and port.</param>
    /// <param name="ip">Address that the name was looked up to, or empty.</param>
    /// <param name="texts">Of the event.</param>
    /// <param name="known">Events without a sign of an attack brought this connection before: the function's own service, whose name an event may mention.</param>
    internal static SinkHit? Check(string item, string ip, IReadOnlyList<EventText> texts, bool known = false)
    {
        var (name, port) = Split(item);
        // A look-up alone reaches nothing; the connection that follows it is judged, with the address it found.
        if (port == 0)
            return null;
        IPAddress.TryParse(ip.Length > 0 ? ip : name, out var address);
        var isName = !IPAddress.TryParse(name, out _);
        // Where S3 has an endpoint in the function's own network, its names lead to a private address; an address that S3 signed is for callers to give.
        var inside = (address is not null ? IsInternal(address) : IsInternalName(name)) && !(isName && AwsHost.Service(item) == "s3");
        SinkHit? mention = null;
        foreach (var (field, whole) in texts)
        {
            var text = HostSpelling.Plain(whole);
            var named = name.Length >= MinName ? Overlap.HasHost(text, name, inside ? port : 0) : Named.Not;
            var byWord = named != Named.Not && isName && IsWord(name);
            if (named == Named.Not && address is not null && inside)
            {
                named = Addresses(text).Where(a => a.Address.Equals(address)).Select(a => Overlap.Judge(a.Port, port)).DefaultIfEmpty(Named.Not).Max();
                // Java's client puts the machine's own address in the place of 0.0.0.0.
                if (named == Named.Not && !isName && Addresses(text).Any(a => a.Address.Equals(IPAddress.Any) && a.Port == port))
                    named = Named.HostAndPort;
                if (named == Named.Not && !isName && text.Contains("localhost", StringComparison.OrdinalIgnoreCase) && IPAddress.IsLoopback(address) && NamesUrl(text, port))
                    named = Named.Host;
            }
            if (named == Named.Not)
                continue;
            var hit = new SinkHit("ssrf", field, SinkHit.Cut(item), inside ? $"event field `{field}` names an internal host" : $"event field `{field}` names the host", inside);
            if (named == Named.HostAndPort || !(known || (inside && byWord && !IsAddressed(field, text, name))))
                return hit;
            mention ??= hit with { Block = false };
        }
        return mention;
    }

    /// <summary><c>localhost</c>, <c>redis</c>: a name of one word, which an event may hold for other reasons.</summary>
    private static bool IsWord(string name) => name.AsSpan().IndexOfAny('.', ':') < 0;

    /// <summary>What fields that are meant for an address are called.</summary>
    private static readonly SearchValues<string> AddressFields = SearchValues.Create(
        ["host", "url", "uri", "server", "target", "addr", "endpoint", "domain", "site", "link", "callback", "hook", "proxy", "remote", "upstream", "dest", "peer"], StringComparison.OrdinalIgnoreCase);

    /// <summary>
    /// The word is a host there: in a field for one it is all of the text, or it stands where only a host can (<c>//localhost</c>, <c>user@localhost</c>).
    /// The caller's own headers and what the platform says of the request name hosts without being meant for one.
    /// </summary>
    private static bool IsAddressed(string field, string text, string name)
    {
        var at = text.IndexOf(name, StringComparison.OrdinalIgnoreCase);
        for (; at >= 0; at = text.IndexOf(name, at + 1, StringComparison.OrdinalIgnoreCase))
        {
            if (at > 0 && text[at - 1] is '@' or '/' or '\\' && text.AsSpan(0, at).LastIndexOfAny('/', '@', '\\') == at - 1 && (text[at - 1] == '@' || (at > 1 && text[at - 2] is '/' or '\\')))
                return true;
        }
        return text.AsSpan().Trim().TrimEnd("./").Equals(name, StringComparison.OrdinalIgnoreCase)
            && field.AsSpan(field.LastIndexOf('.') + 1).ContainsAny(AddressFields)
            && !field.StartsWith("headers.", StringComparison.OrdinalIgnoreCase) && !field.StartsWith("multiValueHeaders.", StringComparison.OrdinalIgnoreCase) && !field.StartsWith("requestContext.", StringComparison.Ordinal);
    }

    internal static (string Name, int Port) Split(string item)
    {
        var colon = item.LastIndexOf(':');
        return colon > 0 && int.TryParse(item.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port)
            ? (item[..colon].Trim('[', ']'), port) : (item, 0);
    }

    /// <summary>Loopback, link-local (with the metadata service), private, unspecified; also when mapped into IPv6.</summary>
    internal static bool IsInternal(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6)
            address = address.MapToIPv4();
        if (IPAddress.IsLoopback(address) || address.IsIPv6LinkLocal || address.IsIPv6UniqueLocal || address.Equals(IPAddress.IPv6Any))
            return true;
        if (address.AddressFamily != AddressFamily.InterNetwork)
            return false;
        var b = address.GetAddressBytes();
        return b[0] is 0 or 10 or 127 || (b[0] == 169 && b[1] == 254) || (b[0] == 172 && b[1] is >= 16 and <= 31) || (b[0] == 192 && b[1] == 168) || (b[0] == 100 && b[1] is >= 64 and <= 127);
    }

    private static bool IsInternalName(string name) =>
        name.Equals("localhost", StringComparison.OrdinalIgnoreCase) || name.EndsWith(".localhost", StringComparison.OrdinalIgnoreCase)
        || name.EndsWith(".internal", StringComparison.OrdinalIgnoreCase) || name.EndsWith(".localdomain", StringComparison.OrdinalIgnoreCase);

    private static bool NamesUrl(string text, int port) => text.Contains(":" + port.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal) || port is 80 or 443;

    /// <summary>Addresses in a text in any form the C library takes: dotted with 1 to 4 parts, hexadecimal, octal, plain number, IPv6; each with its port (see <see cref="Overlap.PortAt"/>).</summary>
    internal static IEnumerable<(IPAddress Address, int Port)> Addresses(string text)
    {
        var start = 0;
        for (var i = 0; i <= text.Length; i++)
        {
            if (i < text.Length && (char.IsAsciiHexDigit(text[i]) || text[i] is '.' or 'x' or 'X' or ':'))
                continue;
            if (i > start && (char.IsAsciiDigit(text[start]) || text.AsSpan(start, i - start).Count(':') >= 2))
            {
                // A short number is a host only where nothing else can stand.
                var alone = start == 0 ? i == text.Length : text[start - 1] == '@' || (start > 1 && text[start - 1] is '/' or '\\' && text[start - 2] is '/' or '\\');
                foreach (var (address, length) in Parse(text[start..i], alone))
                    yield return (address, Overlap.PortAt(text, start, start + length));
            }
            start = i + 1;
        }
    }

    /// <summary>Addresses that a run of such characters may stand for, and how many of them are the address.</summary>
    private static IEnumerable<(IPAddress Address, int Length)> Parse(string token, bool alone)
    {
        if (token.Count(c => c == ':') >= 2 && IPAddress.TryParse(token, out var six))
            yield return (six.IsIPv4MappedToIPv6 ? six.MapToIPv4() : six, token.Length);
        var colon = token.IndexOf(':', StringComparison.Ordinal);
        if (Inet(colon >= 0 ? token[..colon] : token, alone) is { } four)
            yield return (four, colon >= 0 ? colon : token.Length);
    }

    private static IPAddress? Inet(string text, bool alone)
    {
        var parts = text.TrimEnd('.').Split('.');
        if (parts.Length > 4 || text.Length == 0 || !char.IsAsciiDigit(text[0]) || (parts.Length == 1 && text.Length < 8 && !alone))
            return null;
        ulong value = 0;
        for (var i = 0; i < parts.Length; i++)
        {
            if (!Number(parts[i], out var number))
                return null;
            var last = i == parts.Length - 1;
            if (last ? number >= 1UL << (8 * (5 - parts.Length)) : number > 255)
                return null;
            value = last ? (value << (8 * (5 - parts.Length))) | number : (value << 8) | number;
        }
        return new IPAddress([(byte)(value >> 24), (byte)(value >> 16), (byte)(value >> 8), (byte)value]);
    }

    private static bool Number(string text, out ulong value)
    {
        value = 0;
        if (text.StartsWith("0x", StringComparison.OrdinalIgnoreCase))
            return ulong.TryParse(text.AsSpan(2), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out value);
        if (text.Length > 1 && text[0] == '0')
        {
            foreach (var c in text)
            {
                if (c is < '0' or > '7' || value > uint.MaxValue)
                    return false;
                value = value * 8 + (ulong)(c - '0');
            }
            return true;
        }
        return ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value);
    }
}
