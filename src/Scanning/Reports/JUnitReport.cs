using System.Globalization;
using System.Text;
using System.Xml;
using Pellicle.Domain;
using Pellicle.Scanning.Pipeline;

namespace Pellicle.Scanning.Reports;

/// <summary>JUnit XML: a suite a target, a failed case a finding, a case with an error for what could not be read.</summary>
internal static class JUnitReport
{
    public static string Write(ScanReport report)
    {
        using var stream = new MemoryStream();
        using (var xml = XmlWriter.Create(stream, new XmlWriterSettings { Indent = true, NewLineChars = "\n", Encoding = new UTF8Encoding(false), CheckCharacters = true }))
        {
            xml.WriteStartElement("testsuites");
            Attribute(xml, "name", "pellicle");
            Count(xml, report.Targets.Sum(Cases), report.Targets.Sum(t => t.Findings.Count), report.Targets.Sum(t => t.Errors.Count));
            foreach (var target in report.Targets)
            {
                WriteSuite(xml, target);
            }

            xml.WriteEndElement();
        }

        return Encoding.UTF8.GetString(stream.GetBuffer(), 0, (int)stream.Length) + "\n";
    }

    private static void WriteSuite(XmlWriter xml, ScanTarget target)
    {
        xml.WriteStartElement("testsuite");
        Attribute(xml, "name", target.Name);
        Count(xml, Cases(target), target.Findings.Count, target.Errors.Count);
        foreach (var finding in target.Findings)
        {
            xml.WriteStartElement("testcase");
            Attribute(xml, "classname", $"{finding.Origin}/{finding.Path}");
            Attribute(xml, "name", $"{finding.RuleId} {finding.Purl}".TrimEnd());
            xml.WriteStartElement("failure");
            Attribute(xml, "type", Words.Of(finding.Severity));
            Attribute(xml, "message", finding.Title + Words.Marks(finding));
            xml.WriteString(Words.Plain($"{finding.Description}. {finding.Remediation}"));
            xml.WriteEndElement();
            xml.WriteEndElement();
        }

        foreach (var error in target.Errors)
        {
            xml.WriteStartElement("testcase");
            Attribute(xml, "classname", error.Origin);
            Attribute(xml, "name", error.Path.Length > 0 ? error.Path : "scan");
            xml.WriteStartElement("error");
            Attribute(xml, "type", "unreadable");
            Attribute(xml, "message", error.Message);
            xml.WriteString(Words.Plain(error.Hint));
            xml.WriteEndElement();
            xml.WriteEndElement();
        }

        if (target.Findings.Count + target.Errors.Count == 0)
        {
            xml.WriteStartElement("testcase");
            Attribute(xml, "classname", target.Kind);
            Attribute(xml, "name", $"{target.Packages.Count} packages without findings");
            xml.WriteEndElement();
        }

        xml.WriteEndElement();
    }

    private static int Cases(ScanTarget target) => Math.Max(1, target.Findings.Count + target.Errors.Count);

    private static void Count(XmlWriter xml, int tests, int failures, int errors)
    {
        Attribute(xml, "tests", tests.ToString(CultureInfo.InvariantCulture));
        Attribute(xml, "failures", failures.ToString(CultureInfo.InvariantCulture));
        Attribute(xml, "errors", errors.ToString(CultureInfo.InvariantCulture));
    }

    // Control characters and broken surrogates are not XML.
    private static void Attribute(XmlWriter xml, string name, string value) => xml.WriteAttributeString(name, Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(Words.Plain(value))));
}
