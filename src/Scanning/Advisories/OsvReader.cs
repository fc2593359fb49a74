using System.Text.Json;
using Pellicle.Domain;
using Pellicle.Scanning.Versions;

namespace Pellicle.Scanning.Advisories;

/// <summary>Reads one OSV record. Unknown fields are passed over; what the schema requires and is absent is an error.</summary>
internal static class OsvReader
{
    /// <summary>References kept per record: enough for a reader, not the whole list of commits.</summary>
    public const int MaxReferences = 8;

    private const int MaxSummary = 240;

    /// <summary>Throws <see cref="JsonException"/> when this is no OSV record.</summary>
    public static AdvisoryRecord Read(ReadOnlyMemory<byte> json)
    {
        try
        {
            return ReadRecord(json);
        }
        catch (InvalidOperationException e)
        {
            // What JsonElement throws for text that is not valid Unicode.
            throw new JsonException("no OSV record: a text is not valid Unicode", e);
        }
    }

    private static AdvisoryRecord ReadRecord(ReadOnlyMemory<byte> json)
    {
        using var document = JsonDocument.Parse(json);
        var root = document.RootElement;
        if (root.ValueKind != JsonValueKind.Object || Text(root, "id") is not { Length: > 0 } id)
        {
            throw new JsonException("no OSV record: `id` is missing");
        }

        var affected = new List<AffectedPackage>();
        var entries = Array(root, "affected");
        foreach (var entry in entries)
        {
            if (Object(entry, "package") is { } package && Text(package, "name") is { Length: > 0 } name
                && Ecosystem.TryParse(Text(package, "ecosystem"), out var ecosystem))
            {
                affected.Add(new AffectedPackage(ecosystem.Base, PackageKey.Normalize(ecosystem, name), Ranges(ecosystem, entry), Texts(entry, "versions")));
            }
        }

        var isMalware = id.StartsWith("MAL-", StringComparison.Ordinal) || entries.Any(IsMalicious);
        return new AdvisoryRecord
        {
            Id = id,
            Aliases = Texts(root, "aliases"),
            Modified = Text(root, "modified") ?? "",
            Published = Text(root, "published") ?? "",
            Summary = Summary(root),
            References = [.. Array(root, "references").Select(r => Text(r, "url") ?? "").Where(url => url.Length > 0).Distinct(StringComparer.Ordinal).Take(MaxReferences)],
            Rating = Rate(root, entries, isMalware),
            IsMalware = isMalware,
            IsWithdrawn = Text(root, "withdrawn") is { Length: > 0 },
            Affected = affected,
        };
    }

    private static List<AffectedRange> Ranges(Ecosystem ecosystem, JsonElement entry)
    {
        var ranges = new List<AffectedRange>();
        foreach (var range in Array(entry, "ranges"))
        {
            var type = Text(range, "type");
            if (type is not ("SEMVER" or "ECOSYSTEM"))
            {
                continue;
            }

            var events = new List<(RangeEvent Event, string Version)>();
            foreach (var e in Array(range, "events").Where(e => e.ValueKind == JsonValueKind.Object).SelectMany(e => e.EnumerateObject()))
            {
                RangeEvent? kind = e.Name switch
                {
                    "introduced" => RangeEvent.Introduced,
                    "fixed" => RangeEvent.Fixed,
                    "last_affected" => RangeEvent.LastAffected,
                    "limit" => RangeEvent.Limit,
                    _ => null,
                };
                if (kind is { } known && e.Value.ValueKind == JsonValueKind.String && e.Value.GetString() is { Length: > 0 } version)
                {
                    events.Add((known, version));
                }
            }

            var order = type == "SEMVER" ? VersionOrder.SemVer : VersionOrder.For(ecosystem);
            ranges.Add(new AffectedRange(type == "SEMVER", [.. events.OrderBy(e => e, Comparer<(RangeEvent Event, string Version)>.Create((a, b) => CompareEvents(order, a, b)))]));
        }

        return ranges;
    }

    /// <summary>By version, <c>introduced: 0</c> first; equal ones stay as written (OrderBy is stable).</summary>
    private static int CompareEvents(IVersionOrder order, (RangeEvent Event, string Version) a, (RangeEvent Event, string Version) b)
    {
        var (startA, startB) = (IsStart(a), IsStart(b));
        if (startA || startB)
        {
            return startB.CompareTo(startA);
        }

        var comparison = order.Compare(a.Version, b.Version);
        return comparison is VersionComparison.Equal ? 0 : VersionOrder.CompareTotal(order, a.Version, b.Version);

        static bool IsStart((RangeEvent Event, string Version) e) => e is { Event: RangeEvent.Introduced, Version: "0" };
    }

    private static Rating Rate(JsonElement root, List<JsonElement> entries, bool isMalware)
    {
        var vectors = Array(root, "severity").Concat(entries.SelectMany(e => Array(e, "severity")))
            .Select(s => (Type: Text(s, "type") ?? "", Vector: Text(s, "score") ?? ""))
            .Concat(entries.Select(e => Object(e, "database_specific") is { } own && Text(own, "cvss") is { } vector ? (Type: "CVSS_V3", Vector: vector) : (Type: "", Vector: "")))
            .Where(s => s.Type.StartsWith("CVSS_V", StringComparison.Ordinal));
        // Version 3 first: it is what nearly every record has, so that findings compare with each other; then 4, then 2.
        foreach (var (_, vector) in vectors.OrderBy(v => v.Type switch { "CVSS_V3" => 0, "CVSS_V4" => 1, _ => 2 }))
        {
            if (CvssScore.TryScore(vector, out var score))
            {
                return new Rating(isMalware ? Severity.Critical : CvssScore.ToSeverity(score), true, vector, score);
            }
        }

        if (isMalware)
        {
            return new Rating(Severity.Critical, true, "", 0);
        }

        if (Object(root, "database_specific") is { } specific)
        {
            foreach (var field in (ReadOnlySpan<string>)["severity", "cvss_v3", "cvss_v4", "cvss_v2"])
            {
                if (CvssScore.TryParseSeverity(Text(specific, field), out var severity))
                {
                    return new Rating(severity, true, "", 0);
                }
            }
        }

        foreach (var entry in entries)
        {
            // RustSec: `unmaintained` and `notice` are news, not holes; `unsound` is one that safe code can reach.
            var informational = Object(entry, "database_specific") is { } own ? Text(own, "informational") : null;
            if (informational is not null)
            {
                return new Rating(informational == "unsound" ? Severity.Medium : Severity.Info, true, "", 0);
            }
        }

        return new Rating(Severity.Medium, false, "", 0);
    }

    private static bool IsMalicious(JsonElement entry) =>
        Object(entry, "database_specific") is { } own && Texts(own, "categories").Contains("malicious", StringComparer.Ordinal);

    private static string Summary(JsonElement root)
    {
        var text = (Text(root, "summary") is { Length: > 0 } summary ? summary : Text(root, "details") ?? "").AsSpan().Trim();
        var line = text.IndexOfAny('\r', '\n');
        text = line > 0 ? text[..line] : text;
        return text.Length > MaxSummary ? $"{text[..(char.IsHighSurrogate(text[MaxSummary - 1]) ? MaxSummary - 1 : MaxSummary)]}…" : text.ToString();
    }

    private static string? Text(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value)
            ? value.ValueKind switch { JsonValueKind.String => value.GetString(), JsonValueKind.Number => value.GetRawText(), _ => null }
            : null;

    private static JsonElement? Object(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Object ? value : null;

    private static List<JsonElement> Array(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Array ? [.. value.EnumerateArray()] : [];

    private static List<string> Texts(JsonElement element, string name) =>
        [.. Array(element, name).Where(e => e.ValueKind == JsonValueKind.String).Select(e => e.GetString()!).Where(text => text.Length > 0)];
}
