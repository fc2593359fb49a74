namespace Pellicle.Inspection.Detectors;

/// <summary>A text that changes the filter of a directory search (LDAP).</summary>
internal sealed class DirectoryInjection : IDetector
{
    private const int MaxParameter = 300;

    private static readonly Literals Breaks = new("*)(uid=", "*)(cn=", "*)(objectclass=", "*)(|(", "*)(&(", "*)(mail=", "*)(sn=", "*)(password", "*)(userpassword", "*))%00", "*|(mail=", "*|(objectclass=", "*(|(", "admin)(&", "admin)(|", "admin)(!", "x)(|(", "))(|(", "*)(samaccountname");
    private static readonly Literals Filters = new("(&(uid=", "(|(uid=", "(&(cn=", "(|(cn=", "(&(objectclass=", "(|(objectclass=", "(&(samaccountname=", "(|(samaccountname=", "(&(mail=", "(|(mail=", "(!(&(", "(&(1=", "(|(1=", "userpassword:2.5.13", "userpassword=*", "(userpassword=");

    public string Id => "ldap-injection";

    public IReadOnlyList<Literals> Sets { get; } = [Breaks, Filters];

    public Match Find(in Subject subject)
    {
        var text = subject.Text;
        if (text.Length > MaxParameter)
        {
            return Match.None;
        }

        return subject.Find(Breaks, 0.92).Or(subject.Find(Filters, text.Contains(' ') ? 0.6 : 0.9));
    }
}
