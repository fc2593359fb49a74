using System.Text.Json;
using Pellicle.Domain;
using Pellicle.Scanning.Pipeline;

namespace Pellicle.Scanning.Reports;

/// <summary>SPDX 2.3: the document describes the targets, a target contains its packages.</summary>
internal static class SpdxReport
{
    // SPDX demands ids of its list; what is not among these common ones is passed on as a comment.
    private static readonly HashSet<string> KnownIds = new(StringComparer.Ordinal)
    {
        "0BSD", "AFL-2.1", "AFL-3.0", "AGPL-3.0", "AGPL-3.0-only", "AGPL-3.0-or-later", "Apache-1.1", "Apache-2.0", "Artistic-2.0", "BlueOak-1.0.0", "BSD-2-Clause", "BSD-3-Clause",
        "BSL-1.0", "CC-BY-3.0", "CC-BY-4.0", "CC0-1.0", "CDDL-1.0", "CDDL-1.1", "EPL-1.0", "EPL-2.0", "GPL-2.0", "GPL-2.0-only", "GPL-2.0-or-later", "GPL-3.0", "GPL-3.0-only",
        "GPL-3.0-or-later", "HPND", "ISC", "LGPL-2.1", "LGPL-2.1-only", "LGPL-2.1-or-later", "LGPL-3.0", "LGPL-3.0-only", "LGPL-3.0-or-later", "MIT", "MIT-0", "MPL-1.1", "MPL-2.0",
        "MS-PL", "OpenSSL", "PostgreSQL", "PSF-2.0", "Python-2.0", "Ruby", "Unicode-DFS-2016", "Unlicense", "UPL-1.0", "W3C", "WTFPL", "X11", "Zlib", "ZPL-2.1",
    };

    public static bool IsKnownId(string license) => KnownIds.Contains(license);

    public static string Write(ScanReport report, DateTimeOffset created) => JsonText.Write(json => json.Item(() =>
    {
        var name = report.Targets.Count == 1 ? report.Targets[0].Name : $"{report.Targets.Count} targets";
        json.WriteString("spdxVersion", "SPDX-2.3");
        json.WriteString("dataLicense", "CC0-1.0");
        json.WriteString("SPDXID", "SPDXRef-DOCUMENT");
        json.WriteString("name", name);
        json.WriteString("documentNamespace", $"https://pellicle.invalid/spdx/{JsonText.StableGuid(ScanJson.Write(report))}");
        json.Object("creationInfo", () =>
        {
            json.WriteString("created", JsonText.Time(created));
            json.Array("creators", [$"Tool: {report.Tool.Name}-{report.Tool.Version}"], json.WriteStringValue);
        });
        json.WriteStartArray("packages");
        foreach (var (index, target) in report.Targets.Index())
        {
            json.Item(() => WriteTarget(json, target, index));
            foreach (var (number, package) in target.Packages.Index())
            {
                json.Item(() => WritePackage(json, package, $"SPDXRef-Package-{index}-{number}"));
            }
        }

        json.WriteEndArray();
        var relations = report.Targets.Index().SelectMany(t => t.Item.Packages.Index()
            .Select(p => ($"SPDXRef-Target-{t.Index}", "CONTAINS", $"SPDXRef-Package-{t.Index}-{p.Index}")).Prepend(("SPDXRef-DOCUMENT", "DESCRIBES", $"SPDXRef-Target-{t.Index}")));
        json.Array("relationships", relations, r => json.Item(() =>
        {
            json.WriteString("spdxElementId", r.Item1);
            json.WriteString("relationshipType", r.Item2);
            json.WriteString("relatedSpdxElement", r.Item3);
        }));
    }));

    private static void WriteTarget(Utf8JsonWriter json, ScanTarget target, int index)
    {
        json.WriteString("SPDXID", $"SPDXRef-Target-{index}");
        json.WriteString("name", target.Name);
        json.WriteString("downloadLocation", "NOASSERTION");
        json.WriteBoolean("filesAnalyzed", false);
        json.WriteString("primaryPackagePurpose", "APPLICATION");
        if (target.Sha256.Length > 0)
        {
            json.Array("checksums", [target.Sha256], hash => json.Item(() =>
            {
                json.WriteString("algorithm", "SHA256");
                json.WriteString("checksumValue", hash);
            }));
        }

        WriteLicense(json, null);
    }

    private static void WritePackage(Utf8JsonWriter json, ScannedPackage package, string id)
    {
        json.WriteString("SPDXID", id);
        json.WriteString("name", package.Name);
        if (package.Version is { } version)
        {
            json.WriteString("versionInfo", version);
        }

        json.WriteString("downloadLocation", "NOASSERTION");
        json.WriteBoolean("filesAnalyzed", false);
        json.WriteString("sourceInfo", $"{package.Origin}/{package.Path}");
        WriteLicense(json, package.License);
        json.Array("externalRefs", [package.Purl], purl => json.Item(() =>
        {
            json.WriteString("referenceCategory", "PACKAGE-MANAGER");
            json.WriteString("referenceType", "purl");
            json.WriteString("referenceLocator", purl);
        }));
    }

    private static void WriteLicense(Utf8JsonWriter json, string? license)
    {
        json.WriteString("licenseConcluded", "NOASSERTION");
        json.WriteString("licenseDeclared", license is not null && IsExpression(license) ? license : "NOASSERTION");
        if (license is { Length: > 0 } && !IsExpression(license))
        {
            json.WriteString("licenseComments", $"as the package states it: {license}");
        }

        json.WriteString("copyrightText", "NOASSERTION");
    }

    /// <summary>Known ids joined by one kind of operator; brackets are left to the comment.</summary>
    private static bool IsExpression(string license)
    {
        var parts = license.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return parts.Length % 2 == 1 && parts.Select((part, i) => i % 2 == 0 ? KnownIds.Contains(part) : part is "AND" or "OR").All(ok => ok);
    }
}
