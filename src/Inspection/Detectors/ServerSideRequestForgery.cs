using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Pellicle.Inspection.Detectors;

/// <summary>An address that only makes sense from inside: metadata services, loopback, link-local, odd schemes and spellings.</summary>
internal sealed class ServerSideRequestForgery : IDetector
{
    private static readonly Literals Schemes = new("gopher://", "dict://", "file:///etc", "file:///proc", "file:///var/", "file:///root", "file:///home", "file:///c:", "file:///windows", "file:/etc", "netdoc:", "jar:http", "tftp://", "ldap://127.", "sftp://127.");
    private static readonly Literals Names = new("metadata.google.internal", "instance-data", "metadata.azure", "localtest.me", ".nip.io", ".xip.io", ".sslip.io", "spoofed.burpcollaborator", "kubernetes.default");

    private static readonly Literals Metadata = new("169.254.169.254");

    public string Id => "ssrf";

    public IReadOnlyList<Literals> Sets { get; } = [Schemes, Names, Metadata];

    public Match Find(in Subject subject)
    {
        var text = subject.Text;
        var best = subject.Find(Schemes, 0.92);
        if (!subject.Any(Signs.Slashes) && !subject.Has(Metadata))
        {
            return best;
        }

        for (var at = text.IndexOf("//", StringComparison.Ordinal); at >= 0; at = text.IndexOf("//", at + 2))
        {
            // "//1: see below" is a remark; an address has a scheme before it or stands at the beginning.
            if (at > 0 && text[at - 1] is not (':' or '"' or '\'' or '=' or '@'))
            {
                continue;
            }

            var start = at + 2;
            var end = start;
            while (end < text.Length && text[end] is not ('/' or '?' or '#' or ' ' or '"' or '\'' or '\\' or '<' or '\n'))
            {
                end++;
            }

            var authority = text.Slice(start, end - start);
            var user = authority.LastIndexOf('@');
            var host = Host(authority[(user + 1)..]);
            var confidence = subject.Has(Names) && IsNamed(host) ? 0.9 : Judge(host, user >= 0);
            if (confidence > 0)
            {
                best = best.Or(new Match(confidence, at, end - at));
            }
        }

        return best.Confidence < 0.9 ? best.Or(subject.Find(Metadata, text.Length < 200 ? 0.92 : 0.6)) : best;
    }

    private static bool IsNamed(ReadOnlySpan<char> host)
    {
        foreach (var name in Names.Values)
        {
            if (host.Contains(name, StringComparison.OrdinalIgnoreCase))
            {
                return true;
            }
        }

        return false;
    }

    private static ReadOnlySpan<char> Host(ReadOnlySpan<char> authority)
    {
        if (authority.Length > 0 && authority[0] == '[')
        {
            var close = authority.IndexOf(']');
            return close > 0 ? authority[1..close] : authority;
        }

        var colon = authority.LastIndexOf(':');
        return colon >= 0 ? authority[..colon] : authority;
    }

    private static double Judge(ReadOnlySpan<char> host, bool hasUser)
    {
        if (host.Length == 0)
        {
            return 0;
        }

        if (host.Equals("localhost", StringComparison.OrdinalIgnoreCase) || host.EndsWith(".localhost", StringComparison.OrdinalIgnoreCase))
        {
            return 0.75;
        }

        if (TryAddress(host, out var address, out var odd))
        {
            var inside = IPAddress.IsLoopback(address) || IsPrivate(address);
            // Developers do write http://localhost:3000; nobody writes 2130706433 or 0x7f.1 for it.
            return odd && inside ? 0.96 : IsMetadata(address) ? 0.96 : inside ? 0.75 : hasUser ? 0.5 : 0;
        }

        return 0;
    }

    /// <summary>Reads an address in the spellings that C libraries take: parts in decimal, octal or hexadecimal, one to four of them.</summary>
    private static bool TryAddress(ReadOnlySpan<char> host, out IPAddress address, out bool odd)
    {
        odd = false;
        address = IPAddress.None;
        if (host.Contains(':'))
        {
            if (IPAddress.TryParse(host, out var six))
            {
                odd = six.IsIPv4MappedToIPv6;
                address = six.IsIPv4MappedToIPv6 ? six.MapToIPv4() : six;
                return true;
            }

            return false;
        }

        Span<long> parts = stackalloc long[4];
        var count = 0;
        foreach (var range in host.Split('.'))
        {
            var part = host[range];
            if (count == 4 || part.Length == 0)
            {
                return false;
            }

            long value;
            if (part.StartsWith("0x", StringComparison.OrdinalIgnoreCase))
            {
                odd = true;
                if (!long.TryParse(part[2..], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out value))
                {
                    return false;
                }
            }
            else if (part.Length > 1 && part[0] == '0')
            {
                odd = true;
                value = 0;
                foreach (var c in part)
                {
                    if (c is < '0' or > '7' || value > uint.MaxValue)
                    {
                        return false;
                    }

                    value = (value * 8) + (c - '0');
                }
            }
            else if (!long.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out value))
            {
                return false;
            }

            parts[count++] = value;
        }

        if (count == 0)
        {
            return false;
        }

        var last = parts[count - 1];
        if (count == 1 && !odd && last < 1 << 24)
        {
            return false;
        }

        odd |= count < 4;
        if (last < 0 || last >= 1L << (8 * (5 - count)))
        {
            return false;
        }

        long number = last;
        for (var i = 0; i < count - 1; i++)
        {
            if (parts[i] is < 0 or > 255)
            {
                return false;
            }

            number |= parts[i] << (24 - (8 * i));
        }

        address = new IPAddress([(byte)(number >> 24), (byte)(number >> 16), (byte)(number >> 8), (byte)number]);
        return true;
    }

    private static bool IsMetadata(IPAddress address)
    {
        var text = address.ToString();
        return text.StartsWith("169.254.", StringComparison.Ordinal) || text is "fd00:ec2::254" or "100.100.100.200" or "192.0.0.192";
    }

    private static bool IsPrivate(IPAddress address)
    {
        if (address.AddressFamily == AddressFamily.InterNetworkV6)
        {
            return address.IsIPv6LinkLocal || address.IsIPv6UniqueLocal || address.Equals(IPAddress.IPv6Any);
        }

        var bytes = address.GetAddressBytes();
        return bytes[0] is 0 or 10 or 127 || (bytes[0] == 172 && bytes[1] is >= 16 and < 32) || (bytes[0] == 192 && bytes[1] == 168) || (bytes[0] == 169 && bytes[1] == 254);
    }
}
