namespace Pellicle.Inspection.Detectors;

/// <summary>Expressions that a template engine or logger would evaluate.</summary>
internal sealed class TemplateInjection : IDetector
{
    private static readonly Literals Certain = new("${jndi:", "${${", "${lower:", "${upper:", "${env:", "${sys:", "${::-", "%{(#", "${T(", "#{T(", "${@java", "${#rt", "<#assign", "freemarker.template.utility", "{php}", "$class.inspect", "{{constructor", "{{config", "{{self.", "{{request.", "{{''.", "{{\"\".", "{{[].", "{{().", "#set($");

    public string Id => "template-injection";

    public IReadOnlyList<Literals> Sets { get; } = [Certain];

    public Match Find(in Subject subject)
    {
        var text = subject.Text;
        var found = subject.Find(Certain, 0.92);
        if (found.Confidence > 0)
        {
            return found;
        }

        if (!subject.Any(Signs.Brace))
        {
            var tag = subject.All(Signs.Less | Signs.Percent) ? text.IndexOf("<%=", StringComparison.Ordinal) : -1;
            return tag >= 0 ? new Match(0.92, tag, 3) : Match.None;
        }

        // Arithmetic probes: {{7*7}}, ${7*7}, #{7*7}, <%= 7*7 %>.
        for (var i = 0; i + 4 < text.Length; i++)
        {
            if ((text[i] is '$' or '#' or '*' or '@' or '{') && text[i + 1] == '{')
            {
                var j = i + 2;
                while (j < text.Length && text[j] is ' ' or '{' or '\'' or '"')
                {
                    j++;
                }

                var digits = j;
                while (j < text.Length && char.IsAsciiDigit(text[j]))
                {
                    j++;
                }

                if (j > digits && j + 1 < text.Length && text[j] is '*' or '\'' or '"' && text.IndexOf('}', j) is > 0 and var end && end - i < 40 && text.AsSpan(j, end - j).Contains('*'))
                {
                    return new Match(0.92, i, end - i + 1);
                }
            }
        }

        return Match.None;
    }
}
