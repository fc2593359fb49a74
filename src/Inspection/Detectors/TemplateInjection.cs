namespace Pellicle.Inspection.Detectors;

/// <summary>Expressions that a template engine or logger would evaluate.</summary>
internal sealed class TemplateInjection : IDetector
{
    private static readonly Literals Certain = new("${jndi:", "${${", "${lower:", "${upper:", "${env:", "${sys:", "${::-", "%{(#", "${T(", "#{T(", "${@java", "${#rt", "<#assign", "freemarker.template.utility", "{php}", "$class.inspect", "{{constructor", "{{config", "{{self.", "{{request.", "{{''.", "{{\"\".", "{{[].", "{{().", "<%=", "#set($");

    public string Id => "template-injection";

    public Match Find(string text)
    {
        var found = Certain.Find(text, 0.92);
        if (found.Confidence > 0)
        {
            return found;
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
