using System.Net;
using System.Text;
using Pellicle.Domain;
using Pellicle.Scanning.Pipeline;

namespace Pellicle.Scanning.Reports;

/// <summary>One HTML file: no script, nothing loaded from elsewhere, readable on paper and by screen readers.</summary>
internal static class HtmlReport
{
    private const string Head = """
        <!DOCTYPE html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
        <title>Pellicle scan</title>
        <style>
        body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 80rem; padding: 0 1rem; color: #1b2733; background: #fff; }
        table { border-collapse: collapse; width: 100%; }
        th, td { text-align: left; vertical-align: top; padding: .4rem .6rem; border-bottom: 1px solid #d5dce3; overflow-wrap: anywhere; }
        td:first-child { white-space: nowrap; } td:nth-child(2) { min-width: 8.5rem; } td:nth-child(4) { min-width: 11rem; } td:last-child { min-width: 10rem; }
        @media (max-width: 55rem) { thead { position: absolute; left: -999rem; } tr, td { display: block; } tr { padding: .5rem 0; border-bottom: 1px solid #d5dce3; } td { padding: .1rem 0; border: 0; } }
        .critical { color: #8f0d1f; font-weight: 700; } .high { color: #b3261e; font-weight: 600; } .medium { color: #7a4b00; } .low { color: #1f5a80; } .info { color: #55606b; }
        .off td { opacity: .65; } code { font-size: .9em; } .note { color: #55606b; }
        </style>
        </head>
        <body>
        <h1>Pellicle scan</h1>

        """;

    public static string Write(ScanReport report)
    {
        var text = new StringBuilder(Head.ReplaceLineEndings("\n"));
        text.Append($"<p>{Words.Counts(report.Summary.Findings)} in {report.Summary.Packages} packages; {Words.Errors(report.Summary.Errors)}.");
        text.Append(report.AdvisoryDatabase is { } database ? $" {database.Advisories} advisories of {Text(database.Updated)}.</p>\n" : " No advisory database.</p>\n");
        foreach (var note in report.Notes ?? [])
        {
            text.Append($"<p class=\"note\">Note: {Text(note)}</p>\n");
        }

        foreach (var target in report.Targets)
        {
            WriteTarget(text, target);
        }

        return text.Append("</body>\n</html>\n").ToString();
    }

    private static void WriteTarget(StringBuilder text, ScanTarget target)
    {
        text.Append($"<h2>{Text(target.Name)}</h2>\n<p class=\"note\">{Text(target.Kind)}{(target.Runtime is null ? "" : ", " + Text(target.Runtime))}, {Words.Of(target.Status)}, {target.Packages.Count} packages</p>\n");
        WriteList(text, "What to do", PackageUpdates.Of(target).Select(update => $"{Text(update.Text)} <span class=\"note\">{Text(update.Origin)} <code>{Text(Words.Place(update.Path))}</code></span>"));
        if (target.Findings.Count > 0)
        {
            text.Append("<table>\n<thead><tr><th scope=\"col\">Severity</th><th scope=\"col\">Id</th><th scope=\"col\">Finding</th><th scope=\"col\">Where</th><th scope=\"col\">What to do</th></tr></thead>\n<tbody>\n");
            foreach (var finding in target.Findings)
            {
                WriteFinding(text, finding);
            }

            text.Append("</tbody>\n</table>\n");
        }

        WriteList(text, "Suppressed", target.Suppressed.Select(s => $"{Text(s.Finding.RuleId)} {Text(s.Finding.Purl)}: {Text(s.Reason)} ({Text(s.Source)})"));
        WriteList(text, "Not complete", target.Errors.Select(e => $"{Text($"{e.Origin} {e.Path}".Trim())}: {Text(e.Message)}{(e.Hint.Length > 0 ? $" ({Text(e.Hint)})" : "")}"));
    }

    private static void WriteFinding(StringBuilder text, Finding finding)
    {
        var severity = Words.Of(finding.Severity);
        var score = finding.Cvss is { } cvss ? FormattableString.Invariant($" {cvss.Score:0.0}") : "";
        var id = finding.References.FirstOrDefault(r => r.StartsWith("https://", StringComparison.OrdinalIgnoreCase)) is { } url
            ? $"<a href=\"{Text(url)}\" rel=\"noreferrer\">{Text(Words.KnownId(finding))}</a>" : Text(Words.KnownId(finding));
        text.Append($"<tr{(finding.Effective ? "" : " class=\"off\"")}><td class=\"{severity}\">{severity}{score}</td><td>{id}</td><td>{Text(finding.Title + Words.Marks(finding))}<br><span class=\"note\">{Text(finding.Description)}</span></td>");
        text.Append($"<td>{Text(finding.Origin)}<br><code>{Text(Words.Place(finding.Path))}</code></td><td>{Text(finding.Remediation)}</td></tr>\n");
    }

    private static void WriteList(StringBuilder text, string title, IEnumerable<string> items)
    {
        var list = items.ToList();
        if (list.Count > 0)
        {
            text.Append($"<h3>{title}</h3>\n<ul>\n").AppendJoin('\n', list.Select(i => $"<li>{i}</li>")).Append("\n</ul>\n");
        }
    }

    private static string Text(string? value) => WebUtility.HtmlEncode(Words.Plain(value));
}
