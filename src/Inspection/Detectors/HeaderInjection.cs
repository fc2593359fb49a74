namespace Pellicle.Inspection.Detectors;

/// <summary>A line break that starts a header of an HTTP answer, a mail or a mail server's command.</summary>
internal sealed class HeaderInjection : IDetector
{
    private const int MaxParameter = 256;

    private static readonly Literals Headers = new("set-cookie:", "location:", "content-length:", "content-type:", "transfer-encoding:", "x-forwarded-host:", "access-control-allow-origin:", "http/1.1 200", "refresh:", "link:") { TellAlone = false };
    private static readonly Literals Mail = new("rcpt to:", "mail from:", "\nbcc:", "\rbcc:", "\ncc: ", "capability\r", "\nquit", "\rquit", "\ndata\r", " fetch ", "\nhelo ", "\nehlo ", "\nnoop") { TellAlone = false };

    public string Id => "header-injection";

    public IReadOnlyList<Literals> Sets { get; } = [Headers, Mail];

    public Match Find(in Subject subject)
    {
        var text = subject.Text;
        if (text.Length > MaxParameter || !(subject.Has(Headers) || subject.Has(Mail)) || !(subject.Any(Signs.Line) || text.Contains('\u560d')))
        {
            return Match.None;
        }

        var header = subject.Find(Headers, 0.92);
        if (header.Confidence > 0 && header.Start > 0 && text[header.Start - 1] is '\r' or '\n' or '\u560d' or '\u560a' && Lines(text, header.Start) <= 1)
        {
            return header;
        }

        var mail = subject.Find(Mail, 0.9);
        return mail.Confidence > 0 && Lines(text, mail.Start) <= 1 && (text[mail.Start] is '\r' or '\n' || (mail.Start > 0 && text[..mail.Start].IndexOfAny('\r', '\n') >= 0)) ? mail : Match.None;
    }

    /// <summary>Lines with something in them before a place: a whole message has several, a broken parameter one.</summary>
    private static int Lines(ReadOnlySpan<char> text, int before)
    {
        var lines = 0;
        var filled = false;
        foreach (var c in text[..before])
        {
            if (c is '\r' or '\n')
            {
                lines += filled ? 1 : 0;
                filled = false;
            }
            else
            {
                filled |= !char.IsWhiteSpace(c) && c != '%';
            }
        }

        return lines;
    }
}
