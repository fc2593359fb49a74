namespace Pellicle.Inspection.Detectors;

/// <summary>Names that attack tools give themselves, and hosts that only tell a tester that something was fetched.</summary>
internal sealed class ScannerProbe : IDetector
{
    private static readonly Literals Hosts = new(".burpcollaborator.net", ".oastify.com", ".interact.sh", ".oast.fun", ".oast.pro", ".oast.live", ".oast.site", ".oast.online", ".oast.me", ".dnslog.cn", ".ceye.io", ".xss.ht", ".bxss.in");

    private static readonly Literals Tools = new("sqlmap/", "nuclei - open-source project", "openvas", "fuzz faster u fool", "nikto/", "wpscan v", "dirbuster-", "gobuster/", "masscan/", "zgrab/", "w3af.org", "acunetix-", "havij", "arachni/", "jaeles", "commix/", "nmap scripting engine", "feroxbuster/", ".nasl");

    public string Id => "scanner";

    public IReadOnlyList<Literals> Sets { get; } = [Hosts, Tools];

    public Match Find(in Subject subject)
    {
        // An agent's name is short; a text that speaks of these tools is a ticket or an article.
        var length = subject.Text.Length;
        return subject.Find(Hosts, length < 512 ? 0.92 : 0.6).Or(subject.Find(Tools, length < 120 ? 0.9 : 0.4));
    }
}
