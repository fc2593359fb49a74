using System.Text;
using Pellicle.Domain;
using Pellicle.Scanning.Pipeline;

namespace Pellicle.Scanning.Reports;

/// <summary>Markdown for pull requests and wikis.</summary>
internal static class MarkdownReport
{
    public static string Write(ScanReport report)
    {
        var text = new StringBuilder("# Pellicle scan\n\n");
        text.Append($"{Words.Counts(report.Summary.Findings)} in {report.Summary.Packages} packages; {Words.Errors(report.Summary.Errors)}.\n");
        foreach (var note in report.Notes ?? [])
        {
            text.Append($"\nNote: {Cell(note)}\n");
        }

        foreach (var target in report.Targets)
        {
            text.Append($"\n## {Cell(target.Name)}\n\n{target.Kind}{(target.Runtime is null ? "" : ", " + Cell(target.Runtime))}, {Words.Of(target.Status)}, {target.Packages.Count} packages\n");
            var updates = PackageUpdates.Of(target);
            if (updates.Count > 0)
            {
                text.Append("\nWhat to do:\n\n").AppendJoin('\n', updates.Select(update => $"- {Cell(update.Text)} ({Cell($"{update.Origin}: {Words.Place(update.Path)}")})")).Append('\n');
            }

            if (target.Findings.Count > 0)
            {
                text.Append("\n| severity | id | finding | where | what to do |\n| --- | --- | --- | --- | --- |\n");
                foreach (var finding in target.Findings)
                {
                    text.Append($"| {Words.Of(finding.Severity)} | {Cell(Words.KnownId(finding))} | {Cell(finding.Title + Words.Marks(finding))} | {Cell($"{finding.Origin}: {Words.Place(finding.Path)}")} | {Cell(finding.Remediation)} |\n");
                }
            }

            if (target.Suppressed.Count > 0)
            {
                text.Append("\nSuppressed:\n\n");
                foreach (var suppressed in target.Suppressed)
                {
                    text.Append($"- {Cell(suppressed.Finding.RuleId)} {Cell(suppressed.Finding.Purl)}: {Cell(suppressed.Reason)} ({Cell(suppressed.Source)})\n");
                }
            }

            if (target.Errors.Count > 0)
            {
                text.Append("\nNot complete:\n\n");
                foreach (var error in target.Errors)
                {
                    text.Append($"- {Cell($"{error.Origin} {error.Path}".Trim())}: {Cell(error.Message)}{(error.Hint.Length > 0 ? $" ({Cell(error.Hint)})" : "")}\n");
                }
            }
        }

        return text.ToString();
    }

    /// <summary>Text that cannot open a tag, a link, a heading or a new column.</summary>
    private static string Cell(string? value)
    {
        var text = new StringBuilder();
        foreach (var c in Words.Plain(value))
        {
            if (c is '<' or '>' or '&')
            {
                text.Append(c switch { '<' => "&lt;", '>' => "&gt;", _ => "&amp;" });
                continue;
            }

            if (c is '|' or '[' or ']' or '`' or '*' or '_' or '\\' or '#' or '!')
            {
                text.Append('\\');
            }

            text.Append(c);
        }

        return text.ToString();
    }
}
