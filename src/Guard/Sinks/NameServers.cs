using System.Net;

namespace Pellicle.Guard.Sinks;

/// <summary>
/// Name servers that a function may ask: the system's own, those within its network, and public ones that programs are told to use. One at another address is where names carry data out to
/// that no look-up would find.
/// </summary>
internal static class NameServers
{
    private const int Port = 53;

    private const string Configuration = "/etc/resolv.conf";

    /// <summary>Of those who offer look-ups to everybody: Google, Cloudflare, Quad9, OpenDNS, AdGuard.</summary>
    private static readonly HashSet<IPAddress> Public =
    [
        .. new[]
        {
            "8.8.8.8", "8.8.4.4", "2001:4860:4860::8888", "2001:4860:4860::8844", "1.1.1.1", "1.0.0.1", "1.1.1.2", "1.0.0.2", "1.1.1.3", "1.0.0.3", "2606:4700:4700::1111", "2606:4700:4700::1001",
            "9.9.9.9", "149.112.112.112", "9.9.9.10", "9.9.9.11", "2620:fe::fe", "2620:fe::9", "208.67.222.222", "208.67.220.220", "2620:119:35::35", "2620:119:53::53", "94.140.14.14", "94.140.15.15",
        }.Select(IPAddress.Parse),
    ];

    /// <summary>The connection is to a name server at an address that nobody looked up and nobody knows.</summary>
    /// <param name="item">Name or address, and port.</param>
    /// <param name="configuration">Where the system's own are told.</param>
    internal static bool IsForeign(string item, string configuration = Configuration) =>
        HostSink.Split(item) is (var name, Port) && IPAddress.TryParse(name, out var address) && !HostSink.IsInternal(address) && !Public.Contains(address) && !Own(configuration).Contains(address);

    /// <summary>Read each time: it is short, and seldom asked for.</summary>
    private static HashSet<IPAddress> Own(string configuration)
    {
        var own = new HashSet<IPAddress>();
        try
        {
            foreach (var line in File.ReadLines(configuration))
            {
                if (line.Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries) is ["nameserver", var name, ..] && IPAddress.TryParse(name, out var address))
                    own.Add(address);
            }
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // Without it the system asks the machine itself.
        }
        return own;
    }
}
