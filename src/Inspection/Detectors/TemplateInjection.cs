using System.Buffers;

namespace Pellicle.Inspection.Detectors;

/// <summary>Expressions that a template engine or logger would evaluate.</summary>
internal sealed class TemplateInjection : IDetector
{
    private static readonly Literals Certain = new("${jndi:", "${${", "${lower:", "${upper:", "${env:", "${sys:", "${::-", "%{(#", "${T(", "#{T(", "${@java", "${script:", "${url:", "${dns:", "${#rt", "<#assign", "freemarker.template.utility", "{php}", "$class.inspect", "{{constructor", "{{config", "{{self.", "{{request.", "{{''.", "{{\"\".", "{{[].", "{{().", "#set($");

    /// <summary>Characters of an arithmetic probe, at the most.</summary>
    private const int LongestProbe = 40;

    private static readonly Literals Directories = new("ldap:/", "ldaps:/", "rmi:/", "dns:/", "nis:/", "iiop:/", "corba:/") { TellAlone = false };

    public string Id => "template-injection";

    public IReadOnlyList<Literals> Sets { get; } = [Certain, Directories];

    public Match Find(in Subject subject)
    {
        var text = subject.Text;
        var found = subject.Find(Certain, 0.92).Or(Lookup(subject)).Or(Reaching(subject));
        if (found.Confidence > 0)
        {
            return found;
        }

        if (!subject.Any(Signs.Brace))
        {
            var tag = subject.All(Signs.Less | Signs.Percent) ? Tag(text) : -1;
            return tag >= 0 ? new Match(0.92, tag, 3) : Match.None;
        }

        // Arithmetic probes: {{7*7}}, ${7*7}, #{7*7}, <%= 7*7 %>.
        for (var bracket = text.IndexOf('{'); bracket >= 0 && bracket + 3 < text.Length; bracket = text.IndexOf('{', bracket + 1))
        {
            var i = bracket - 1;
            if (i >= 0 && text[i] is '$' or '#' or '*' or '@' or '{')
            {
                var j = i + 2;
                var opened = i;
                while (j < text.Length && text[j] is ' ' or '{' or '\'' or '"')
                {
                    opened = text[j] == '{' && text[j - 1] == '{' ? j - 1 : opened;
                    j++;
                }

                var digits = j;
                while (j < text.Length && char.IsAsciiDigit(text[j]))
                {
                    j++;
                }

                if (j > digits && j + 1 < text.Length && text[j] is '*' or '\'' or '"' && text.Slice(j, Math.Min(LongestProbe, text.Length - j)).IndexOf('}') is > 0 and var length && j + length - opened < LongestProbe && text.Slice(j, length).Contains('*'))
                {
                    return new Match(0.92, opened, j + length - opened + 1);
                }

                // What opens within the run ends there, too.
                bracket = Math.Min(j, text.Length - 1);
            }
        }

        return Match.None;
    }

    /// <summary>The first <c>&lt;%= … %&gt;</c> that is more than the name of a value, as mail templates have it (<c>&lt;%= order.id %&gt;</c>); -1 when there is none.</summary>
    private static int Tag(ReadOnlySpan<char> text)
    {
        const string Open = "<%=", Close = "%>";
        for (var at = text.IndexOf(Open); at >= 0;)
        {
            var end = text[at..].IndexOf(Close);
            if (end < 0 || !IsName(text.Slice(at + Open.Length, end - Open.Length).Trim(" -\t")))
            {
                return at;
            }

            var next = text[(at + end)..].IndexOf(Open);
            at = next < 0 ? -1 : at + end + next;
        }

        return -1;
    }

    private static readonly SearchValues<char> NameCharacters = SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.@");

    /// <summary>Values that engines have for themselves, or that hold the process: to show them tells more than a name.</summary>
    private static readonly SearchValues<string> Own = SearchValues.Create(
        ["process", "global", "env", "config", "settings", "request", "session", "self", "this", "binding", "constructor", "prototype", "__", "secret", "password", "cookie", "exit", "abort", "gets", "fork", "callee", "caller", "locals", "require", "module", "server", "application"], StringComparison.OrdinalIgnoreCase);

    /// <summary>A name and members of it, the first in small letters: no call, no constant.</summary>
    private static bool IsName(ReadOnlySpan<char> expression) =>
        expression.Length is > 0 and < 64 && expression[0] is (>= 'a' and <= 'z') or '@' && !expression.ContainsAnyExcept(NameCharacters) && !expression.ContainsAny(Own);

    /// <summary>Openings of expressions, and what closes them.</summary>
    private static readonly (string Open, string Close)[] Expressions = [("{{", "}}"), ("{%", "%}"), ("<%", "%>"), ("#{", "}")];

    /// <summary>What an expression needs to get from the values that a template was given to the engine and the process.</summary>
    private static readonly SearchValues<string> Reaches = SearchValues.Create(
        ["process.", "process[", "require(", "require`", ".constructor(", ".constructor.", ".constructor[", "['constructor", "[\"constructor", "['const", "global.", "globalThis", "mainModule", "child_process", "__class__", "__globals__", "__init__", "getClass()", ".class.forName"], StringComparison.Ordinal);

    /// <summary>Where a field of Python's <c>format</c> ends, at the latest.</summary>
    private const int LongestField = 256;

    /// <summary>The way from a value to the module and the interpreter; <c>__class__.__name__</c> and <c>__dict__</c> are written by everybody.</summary>
    private static readonly SearchValues<string> Inner = SearchValues.Create(["__globals__", "__builtins__", "__subclasses__", "__mro__", "__base", "__code__"], StringComparison.Ordinal);

    /// <summary><c>{0.__init__.__globals__[SECRET]}</c>: what Python's <c>format</c> goes through for who writes the format.</summary>
    private static Match Field(ReadOnlySpan<char> text)
    {
        for (var at = text.IndexOf('{'); at >= 0 && at + 1 < text.Length; at = text.IndexOf('{', at + 1))
        {
            var field = text.Slice(at + 1, Math.Min(LongestField, text.Length - at - 1));
            if (field.IndexOfAny("{} \t\n") is > 0 and var end && field[end] == '}' && field[..end].IndexOf(".__", StringComparison.Ordinal) is >= 0 and var way && field[way..end].ContainsAny(Inner))
            {
                return new Match(text.Length < 512 ? 0.92 : 0.6, at, Math.Min(80, end + 2));
            }
        }

        return Match.None;
    }

    /// <summary>An expression between a template's signs that reaches outside: <c>{{range.constructor('…')()}}</c>, <c>&lt;% print(process.env) %&gt;</c>.</summary>
    private static Match Reaching(in Subject subject)
    {
        var text = subject.Text;
        if (!subject.Any(Signs.Brace | Signs.Less) || !text.ContainsAny(Reaches))
        {
            return Match.None;
        }

        if (Field(text) is { Confidence: > 0 } field)
        {
            return field;
        }

        foreach (var (open, close) in Expressions)
        {
            for (var at = text.IndexOf(open, StringComparison.Ordinal); at >= 0; at = text.IndexOf(open, at + open.Length))
            {
                var end = text.IndexOf(close, at + open.Length);
                if (end < 0)
                {
                    break;
                }

                if (text.Slice(at, end - at).ContainsAny(Reaches))
                {
                    // A source file with templates in it is a document.
                    return new Match(text.Length < 512 ? 0.92 : 0.6, at, Math.Min(80, end - at + close.Length));
                }
            }
        }

        return Match.None;
    }

    /// <summary>A logger's look-up, spelled so that its name does not show: <c>${j${x:-n}di:ldap:…}</c>, <c>${\u006a…:ldap:…}</c>.</summary>
    private static Match Lookup(in Subject subject)
    {
        if (!subject.All(Signs.Dollar | Signs.Brace))
        {
            return Match.None;
        }

        var text = subject.Text;
        var open = text.IndexOf("${", StringComparison.Ordinal);
        if (open < 0)
        {
            return Match.None;
        }

        var (hides, defaults) = Hidden(text, open);
        return hides || (subject.Has(Directories) && text.Length < 512) ? new Match(hides && !subject.Has(Directories) && defaults < 2 ? 0.7 : 0.93, open, Math.Min(80, text.Length - open)) : Match.None;
    }

    /// <summary>Whether a look-up's name is put together by others within it, and how many of all have something to fall back on. <c>${A:-${B:-1}}</c> is what shells write, and what stands behind a brace, as <c>|:---|</c> may, is none of it.</summary>
    private static (bool Hides, int Defaults) Hidden(ReadOnlySpan<char> text, int open)
    {
        var (depth, hides, defaults) = (0, false, 0);
        for (var i = open; i + 1 < text.Length; i++)
        {
            // Outside of a look-up only the next one counts.
            var next = depth == 0 ? text[i..].IndexOf("${") : text[i..].IndexOfAny('$', '}', ':');
            if (next < 0 || i + next + 1 >= text.Length)
            {
                break;
            }

            i += next;
            if (text[i] == '$' && text[i + 1] == '{')
            {
                hides |= depth > 0 && !text[..i].TrimEnd('"').EndsWith(":-");
                depth++;
            }
            else if (text[i] == '}')
            {
                depth = Math.Max(0, depth - 1);
            }
            else if (depth > 0 && text[i] == ':' && text[i + 1] == '-')
            {
                defaults++;
            }
        }

        return (hides && defaults > 0, defaults);
    }
}
