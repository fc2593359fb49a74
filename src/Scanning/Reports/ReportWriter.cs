using Pellicle.Scanning.Pipeline;

namespace Pellicle.Scanning.Reports;

/// <summary>Form of a report.</summary>
public enum ReportFormat
{
    /// <summary>For people, on a terminal.</summary>
    Table,

    /// <summary>The contract: <see cref="ScanReport"/>.</summary>
    Json,

    /// <summary>SARIF 2.1.0.</summary>
    Sarif,

    /// <summary>CycloneDX 1.6 JSON, with vulnerabilities.</summary>
    CycloneDx,

    /// <summary>SPDX 2.3 JSON.</summary>
    Spdx,

    /// <summary>JUnit XML: a finding is a failure.</summary>
    JUnit,

    /// <summary>Markdown.</summary>
    Markdown,

    /// <summary>One HTML file without scripts.</summary>
    Html,
}

/// <summary>How to write.</summary>
/// <param name="Color">ANSI colours (table only).</param>
/// <param name="Created">Time written into SPDX and CycloneDX documents, which require one.</param>
/// <param name="Width">Columns of the terminal: a finding stays on one line (table only). Null writes whole lines.</param>
public sealed record ReportOptions(bool Color, DateTimeOffset Created, int? Width = null);

/// <summary>Writes a report in one of the forms. The same report gives the same text.</summary>
public static class ReportWriter
{
    /// <summary>Names used on the command line, sorted.</summary>
    public static IReadOnlyList<string> Names { get; } = ["cyclonedx", "html", "json", "junit", "markdown", "sarif", "spdx", "table"];

    /// <summary>Finds a form by its name on the command line.</summary>
    public static bool TryParse(string? name, out ReportFormat format)
    {
        (format, var found) = name switch
        {
            "table" => (ReportFormat.Table, true),
            "json" => (ReportFormat.Json, true),
            "sarif" => (ReportFormat.Sarif, true),
            "cyclonedx" => (ReportFormat.CycloneDx, true),
            "spdx" => (ReportFormat.Spdx, true),
            "junit" => (ReportFormat.JUnit, true),
            "markdown" => (ReportFormat.Markdown, true),
            "html" => (ReportFormat.Html, true),
            _ => (ReportFormat.Table, false),
        };
        return found;
    }

    /// <summary>The report as text, with a final new line.</summary>
    public static string Write(ScanReport report, ReportFormat format, ReportOptions options)
    {
        ArgumentNullException.ThrowIfNull(report);
        ArgumentNullException.ThrowIfNull(options);
        return format switch
        {
            ReportFormat.Table => TableReport.Write(report, options.Color, options.Width),
            ReportFormat.Json => ScanJson.Write(report),
            ReportFormat.Sarif => SarifReport.Write(report),
            ReportFormat.CycloneDx => CycloneDxReport.Write(report, options.Created),
            ReportFormat.Spdx => SpdxReport.Write(report, options.Created),
            ReportFormat.JUnit => JUnitReport.Write(report),
            ReportFormat.Markdown => MarkdownReport.Write(report),
            ReportFormat.Html => HtmlReport.Write(report),
        };
    }
}
