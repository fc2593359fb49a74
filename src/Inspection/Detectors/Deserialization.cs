namespace Pellicle.Inspection.Detectors;

/// <summary>Marks of serialised objects that run code when they are read. ATTACKS.md row 3.</summary>
internal sealed class Deserialization : IDetector
{
    private static readonly Literals Certain = new(
        "_$$ND_FUNC$$_", "!!python/object", "!!python/name", "!!python/module", "!!javax.script.", "!!com.sun.rowset", "!ruby/object", "!ruby/hash", "!!org.springframework", "tag:yaml.org,2002:python/",
        "com.sun.rowset.JdbcRowSetImpl", "com.sun.org.apache.xalan", "org.apache.commons.collections.functors", "java.lang.ProcessBuilder", "javax.management.BadAttributeValueExpException", "java.util.PriorityQueue",
        "System.Windows.Data.ObjectDataProvider", "System.Configuration.Install.AssemblyInstaller", "System.Diagnostics.Process, System", "cposix\nsystem", "cos\nsystem", "csubprocess\n", "c__builtin__\neval");

    // Java stream, .NET BinaryFormatter, pickle protocol 2 to 5 (base64), all at the start of a text.
    private static readonly string[] Starts = ["rO0AB", "AAEAAAD/////", "gASV", "gANj", "gAJj", "gAWV", "Y29zCnN5c3RlbQ", "Y3Bvc2l4", "H4sIAAAAAAAAAJ", "aced0005", "/wEyx", "/wEPDw"];

    public string Id => "deserialization";

    public IReadOnlyList<Literals> Sets { get; } = [Certain];

    public Match Find(in Subject subject)
    {
        var text = subject.Text;
        // Only what begins like one of them is compared.
        var candidates = text.Length > 24 && text[0] is 'r' or 'A' or 'g' or 'Y' or 'H' or 'a' or '/' ? Starts.AsSpan() : [];
        foreach (var start in candidates)
        {
            // Compressed Java streams and view states are also ordinary; they count half.
            if (text.StartsWith(start, StringComparison.Ordinal))
            {
                return new Match(start[0] is 'H' or '/' ? 0.4 : 0.92, 0, Math.Min(text.Length, 40));
            }
        }

        if (text.Length > 8 && text[0] == (char)0xAC && text[1] == (char)0xED)
        {
            return new Match(0.92, 0, 2);
        }

        var php = subject.All(Signs.Quote | Signs.Colon) ? text.IndexOf("O:", StringComparison.Ordinal) : -1;
        if (php >= 0 && (php == 0 || text[php - 1] is '{' or ';') && IsPhpObject(text.AsSpan(php + 2)))
        {
            return new Match(0.92, php, Math.Min(40, text.Length - php));
        }

        return subject.Find(Certain, 0.95);
    }

    /// <summary><c>8:"Name":3:{</c></summary>
    private static bool IsPhpObject(ReadOnlySpan<char> text)
    {
        var i = 0;
        while (i < text.Length && char.IsAsciiDigit(text[i]))
        {
            i++;
        }

        return i > 0 && i + 1 < text.Length && text[i] == ':' && text[i + 1] == '"';
    }
}
