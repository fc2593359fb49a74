namespace Pellicle.Inspection.Detectors;

/// <summary>Operators of document databases written into a text. Member names are looked at by the inspector itself.</summary>
internal sealed class DocumentQueryInjection : IDetector
{
    private static readonly Literals Operators = new("$where:", "$where'", "$where\"", "$or: [", "$or:[", "$ne:", "$ne'", "$ne\"", "$gt:", "$gt'", "$gt\"", "$regex:", "$regex'", "$regex\"", "$nin:", "$nin\"", "[$ne]", "[$gt]", "[$regex]", "[$where]", "||this.", "|| this.", "&& this.", "&&this.", ";return true", "; return true", "this.password");

    private static readonly Literals Changes = new(".insert({", ".insertone({", ".drop()", ".remove({", ".updateone({", ".updatemany({", ".deletemany({", ".deleteone({", ".dropdatabase(");

    public string Id => "nosql-injection";

    public IReadOnlyList<Literals> Sets { get; } = [Operators, Changes];

    public Match Find(in Subject subject)
    {
        var found = subject.Find(Operators, 0.9);
        var text = subject.Text;
        // A parameter breaks out of something; a whole query or an article about queries does not.
        var breaks = text.Length < 160 && found.Start < 48 && (found.Start < 2 || text[..found.Start].IndexOfAny("'\"[,;}{|&") >= 0);
        if (found.Confidence > 0)
        {
            return breaks ? found : found with { Confidence = 0.5 };
        }

        // A whole statement of the database's shell as a parameter.
        return subject.Has(Changes) && text.Length < 160 && text.StartsWith("db.", StringComparison.Ordinal) ? subject.Find(Changes, 0.9) : Match.None;
    }
}
