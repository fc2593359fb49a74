using System.Text;
using Pellicle.Domain;
using Pellicle.Scanning.Pipeline;

namespace Pellicle.Scanning.Reports;

/// <summary>One line per finding, worst first; function and layers apart; then what could not be read.</summary>
internal static class TableReport
{
    private const int MaxRuleWidth = 22, MaxUpdates = 20;

    // Narrower windows wrap.
    private const int MinFitted = 32;

    public static string Write(ScanReport report, bool color, int? columns = null)
    {
        var text = new StringBuilder();
        foreach (var target in report.Targets)
        {
            WriteTarget(text, target, color, columns);
        }

        var total = report.Summary;
        text.Append(Bold($"{Words.Counts(total.Findings)} in {total.Packages} packages", color));
        var hidden = report.Targets.Sum(t => t.Suppressed.Count);
        text.Append(hidden > 0 ? $"; {hidden} suppressed" : "").Append(total.Errors > 0 ? $"; {Words.Errors(total.Errors)}: the scan is not complete" : "").Append('\n');
        foreach (var note in report.Notes ?? [])
        {
            text.Append("note: ").Append(Words.Plain(note)).Append('\n');
        }

        return text.ToString();
    }

    private static void WriteTarget(StringBuilder text, ScanTarget target, bool color, int? columns)
    {
        text.Append(Bold(Words.Plain(target.Name), color)).Append($" ({target.Kind}{(target.Runtime is null ? "" : ", " + Words.Plain(target.Runtime))}, {Words.Of(target.Status)})\n");
        var width = Math.Min(MaxRuleWidth, target.Findings.Select(f => Words.KnownId(f).Length).DefaultIfEmpty(0).Max());
        foreach (var origin in Words.Origins(target))
        {
            text.Append("  ").Append(Words.Plain(origin.Length == 0 ? "scan" : origin)).Append('\n');
            foreach (var finding in target.Findings.Where(f => f.Origin == origin))
            {
                WriteFinding(text, finding, width, color, columns);
            }

            foreach (var error in target.Errors.Where(e => e.Origin == origin))
            {
                text.Append($"    {Paint("error", "35", color)}     {(error.Path.Length > 0 ? Words.Plain(error.Path) + ": " : "")}{Words.Plain(error.Message)}{(error.Hint.Length > 0 ? $" ({Words.Plain(error.Hint)})" : "")}\n");
            }
        }

        WriteUpdates(text, target, color, columns);
        if (target.Findings.Count == 0 && target.Errors.Count == 0)
        {
            text.Append($"  nothing found in {target.Packages.Count} packages\n");
        }

        text.Append('\n');
    }

    /// <summary>Where several findings go with one update, the updates themselves are what the reader came for.</summary>
    private static void WriteUpdates(StringBuilder text, ScanTarget target, bool color, int? columns)
    {
        var updates = PackageUpdates.Of(target);
        if (updates.Sum(update => update.Count) <= updates.Count)
        {
            return;
        }

        text.Append("  ").Append(Bold("what to do", color)).Append('\n');
        foreach (var update in updates.Take(MaxUpdates))
        {
            var line = Words.Plain($"{update.Text} ({update.Origin}: {Words.Place(update.Path)})");
            text.Append("    ").Append(columns is { } all ? End(line, Math.Max(MinFitted, all - 4)) : line).Append('\n');
        }

        text.Append(updates.Count > MaxUpdates ? $"    and {updates.Count - MaxUpdates} more packages\n" : "");
    }

    private static void WriteFinding(StringBuilder text, Finding finding, int width, bool color, int? columns)
    {
        var severity = Words.Of(finding.Severity);
        text.Append("    ").Append(Paint(severity, Color(finding.Severity), color)).Append(' ', 10 - severity.Length)
            .Append(Words.Plain(Words.KnownId(finding)).PadRight(width)).Append("  ");
        if (columns is { } all)
        {
            WriteFitted(text, finding, Math.Max(MinFitted, all - width - 16));
            return;
        }

        text.Append(Words.Plain(finding.Title)).Append(Words.Marks(finding));
        if (finding.Path.Length > 0)
        {
            text.Append(" | ").Append(Words.Plain(finding.Path));
        }

        if (finding.Remediation.Length > 0)
        {
            text.Append(" | ").Append(Words.Plain(finding.Remediation));
        }

        text.Append('\n');
    }

    /// <summary>Why, where and how to fix in three columns of one line; what is cut ends, or for a path begins, with an ellipsis.</summary>
    private static void WriteFitted(StringBuilder text, Finding finding, int room)
    {
        var fix = finding.FixedVersions.Count > 0 ? $"→ {finding.FixedVersions[0]}" : finding.Kind == FindingKind.Vulnerability && finding.RuleId != AdvisoryJudge.ShadowedFixRule ? "no fix" : Words.Plain(finding.Remediation);
        var fixWidth = room / 4;
        var pathWidth = (room - fixWidth) / 3;
        var titleWidth = room - fixWidth - pathWidth - 4;
        var title = Words.Plain(finding.Title);
        var marks = Words.Marks(finding);
        // Marks change what a finding means: they stay when the title must be cut.
        title = marks.Length < titleWidth / 2 ? End(title, titleWidth - marks.Length) + marks : End($"{marks.TrimStart()} {title}", titleWidth);
        text.Append(title.PadRight(titleWidth)).Append("  ").Append(Start(Words.Plain(Words.Place(finding.Path)), pathWidth).PadRight(pathWidth)).Append("  ").Append(End(Words.Plain(fix), fixWidth)).Append('\n');

        static string Start(string value, int width) => value.Length <= width ? value : string.Concat("…", value.AsSpan(value.Length - width + 1));
    }

    private static string End(string value, int width) => value.Length <= width ? value : string.Concat(value.AsSpan(0, width - 1), "…");

    private static string Color(Severity severity) => severity switch
    {
        Severity.Critical => "1;31",
        Severity.High => "31",
        Severity.Medium => "33",
        Severity.Low => "36",
        Severity.Info => "2",
    };

    private static string Bold(string text, bool color) => Paint(text, "1", color);

    private static string Paint(string text, string code, bool color) => color ? $"\u001b[{code}m{text}\u001b[0m" : text;
}
