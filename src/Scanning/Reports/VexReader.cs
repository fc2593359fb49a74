using System.Text.Json;

namespace Pellicle.Scanning.Reports;

/// <summary>A statement that something is not affected. No purl: it holds for every package.</summary>
internal sealed record VexStatement(IReadOnlyList<string> Ids, IReadOnlyList<string> Purls, string Reason);

/// <summary>Reads the statements of a VEX document that take a finding out: not affected, fixed, false positive.</summary>
internal static class VexReader
{
    public static bool TryRead(JsonElement root, out List<VexStatement> statements)
    {
        statements = [];
        if (root.ValueKind != JsonValueKind.Object)
        {
            return false;
        }

        if (Text(root, "@context")?.Contains("openvex", StringComparison.OrdinalIgnoreCase) == true)
        {
            statements = [.. Items(root, "statements").Select(OpenVex).OfType<VexStatement>()];
            return true;
        }

        if (Text(root, "bomFormat") == "CycloneDX")
        {
            var components = Components(root).Where(c => Text(c, "bom-ref") is not null && Text(c, "purl") is not null)
                .GroupBy(c => Text(c, "bom-ref")!, StringComparer.Ordinal).ToDictionary(g => g.Key, g => Text(g.First(), "purl")!, StringComparer.Ordinal);
            statements = [.. Items(root, "vulnerabilities").Select(v => CycloneDx(v, components)).OfType<VexStatement>()];
            return true;
        }

        return false;
    }

    private static VexStatement? OpenVex(JsonElement statement)
    {
        var status = Text(statement, "status");
        if (status is not ("not_affected" or "fixed"))
        {
            return null;
        }

        var ids = new List<string>();
        if (statement.TryGetProperty("vulnerability", out var vulnerability))
        {
            // Before version 0.2 this was a plain text.
            ids.AddRange(vulnerability.ValueKind == JsonValueKind.String
                ? [vulnerability.GetString()!]
                : [.. ((string?[])[Text(vulnerability, "name"), Text(vulnerability, "@id")]).OfType<string>(), .. Texts(vulnerability, "aliases")]);
        }

        var products = Items(statement, "products").ToList();
        // A product that is the function itself names the packages as its parts.
        var purls = products.SelectMany(p => Items(p, "subcomponents").ToList() is { Count: > 0 } parts ? parts : [p]).SelectMany(Identifiers)
            .Where(id => id.StartsWith("pkg:", StringComparison.OrdinalIgnoreCase)).ToList();
        return ids.Count == 0 || (products.Count > 0 && purls.Count == 0) ? null
            : new VexStatement(ids, purls, Reason(status, Text(statement, "justification"), Text(statement, "impact_statement") ?? Text(statement, "status_notes")));
    }

    private static VexStatement? CycloneDx(JsonElement vulnerability, Dictionary<string, string> components)
    {
        if (Text(vulnerability, "id") is not { } id || !vulnerability.TryGetProperty("analysis", out var analysis)
            || Text(analysis, "state") is not ("not_affected" or "false_positive" or "resolved" or "resolved_with_pedigree"))
        {
            return null;
        }

        var references = Items(vulnerability, "affects").Select(a => Text(a, "ref")).OfType<string>().ToList();
        var purls = references.Select(r => components.TryGetValue(r, out var purl) ? purl : Uri.UnescapeDataString(r[(r.LastIndexOf('#') + 1)..]))
            .Where(p => p.StartsWith("pkg:", StringComparison.OrdinalIgnoreCase)).ToList();
        return references.Count > 0 && purls.Count == 0 ? null : new VexStatement(
            [id, .. Items(vulnerability, "references").Select(r => Text(r, "id")).OfType<string>()],
            purls,
            Reason(Text(analysis, "state")!, Text(analysis, "justification"), Text(analysis, "detail")));
    }

    private static string Reason(params ReadOnlySpan<string?> parts)
    {
        var reason = "";
        foreach (var part in parts)
        {
            reason += string.IsNullOrWhiteSpace(part) ? "" : (reason.Length == 0 ? "" : ": ") + part;
        }

        return reason;
    }

    private static IEnumerable<JsonElement> Components(JsonElement element) =>
        Items(element, "components").SelectMany(c => Components(c).Prepend(c))
            .Concat(element.TryGetProperty("metadata", out var metadata) && metadata.ValueKind == JsonValueKind.Object && metadata.TryGetProperty("component", out var own) ? [own] : []);

    private static IEnumerable<string> Identifiers(JsonElement product)
    {
        if (product.ValueKind == JsonValueKind.String)
        {
            yield return product.GetString()!;
        }

        if (Text(product, "@id") is { } id)
        {
            yield return id;
        }

        if (product.ValueKind == JsonValueKind.Object && product.TryGetProperty("identifiers", out var identifiers) && Text(identifiers, "purl") is { } purl)
        {
            yield return purl;
        }
    }

    private static string? Text(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static IEnumerable<JsonElement> Items(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Array ? value.EnumerateArray() : [];

    private static IEnumerable<string> Texts(JsonElement element, string name) =>
        Items(element, name).Where(i => i.ValueKind == JsonValueKind.String).Select(i => i.GetString()!);
}
