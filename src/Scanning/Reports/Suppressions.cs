using System.Globalization;
using System.Text.Json;
using Pellicle.Domain;
using Pellicle.Scanning.Pipeline;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Pellicle.Scanning.Reports;

/// <summary>Why a finding is not shown.</summary>
/// <param name="Reason">In the words of the file.</param>
/// <param name="Source">File name.</param>
public sealed record Suppression(string Reason, string Source);

/// <summary>
/// Decisions not to show findings: ignore files (<c>.pellicle-ignore.yaml</c>), VEX documents (OpenVEX, CycloneDX) and a baseline. A file that
/// cannot be read is an error of its own; callers must not go on as if it said nothing.
/// </summary>
public sealed class Suppressions(TimeProvider time)
{
    /// <summary>Ignore file looked for beside a target.</summary>
    public const string DefaultFileName = ".pellicle-ignore.yaml";

    private const long MaxBytes = 256 << 20;

    private readonly List<Rule> rules = [];
    private readonly Dictionary<string, string> baseline = new(StringComparer.Ordinal);
    private readonly List<FileError> errors = [];
    private readonly List<string> expired = [];

    /// <summary>What was wrong in the files; all of it, not only the first.</summary>
    public IReadOnlyList<FileError> Errors => errors;

    /// <summary>Ignore rules that no longer count, in words.</summary>
    public IReadOnlyList<string> Expired => expired;

    /// <summary>Adds an ignore file.</summary>
    public void AddIgnoreFile(string path) => Guard(path, text =>
    {
        var stream = new YamlStream();
        stream.Load(new StringReader(text));
        if (stream.Documents.Count == 0)
        {
            return;
        }

        if (stream.Documents[0].RootNode is not YamlMappingNode root || !root.Children.TryGetValue(new YamlScalarNode("ignore"), out var node) || node is not YamlSequenceNode list)
        {
            Fail(path, "has no list `ignore`", "start with `ignore:` and one `- id:` for each rule");
            return;
        }

        foreach (var entry in list.Children)
        {
            AddIgnoreRule(path, entry);
        }
    });

    /// <summary>Adds an OpenVEX or CycloneDX document.</summary>
    public void AddVex(string path) => Guard(path, text =>
    {
        using var document = JsonDocument.Parse(text);
        if (!VexReader.TryRead(document.RootElement, out var statements))
        {
            Fail(path, "is neither an OpenVEX nor a CycloneDX document", "");
            return;
        }

        rules.AddRange(statements.Select(s => new Rule(s.Ids, s.Purls, null, s.Reason, Path.GetFileName(path))));
    });

    /// <summary>Adds an earlier scan report: its findings are known.</summary>
    public void AddBaseline(string path) => Guard(path, text =>
    {
        foreach (var finding in ScanJson.Read(text).Targets.SelectMany(t => t.Findings))
        {
            baseline[finding.Fingerprint] = Path.GetFileName(path);
        }
    });

    /// <summary>The first decision about a finding, or null.</summary>
    public Suppression? Find(Finding finding)
    {
        ArgumentNullException.ThrowIfNull(finding);
        var rule = rules.FirstOrDefault(r => r.Matches(finding));
        return rule is not null ? new Suppression(rule.Reason, rule.Source)
            : baseline.TryGetValue(finding.Fingerprint, out var file) ? new Suppression("known before: in the baseline", file)
            : null;
    }

    private void AddIgnoreRule(string path, YamlNode entry)
    {
        var line = $"line {entry.Start.Line}";
        if (entry is not YamlMappingNode map)
        {
            Fail(path, $"{line}: a rule must be a map", "- id: CVE-2024-0001");
            return;
        }

        var fields = map.Children.ToDictionary(c => (c.Key as YamlScalarNode)?.Value ?? "", c => (c.Value as YamlScalarNode)?.Value, StringComparer.Ordinal);
        var before = errors.Count;
        foreach (var unknown in fields.Keys.Where(k => k is not ("id" or "purl" or "path" or "reason" or "expires")))
        {
            Fail(path, $"{line}: unknown field `{unknown}`", "fields are `id`, `purl`, `path`, `reason`, `expires`");
        }

        if (string.IsNullOrWhiteSpace(fields.GetValueOrDefault("reason")))
        {
            Fail(path, $"{line}: `reason` is missing", "say why the finding does not matter here");
        }

        var (id, purl, glob) = (fields.GetValueOrDefault("id"), fields.GetValueOrDefault("purl"), fields.GetValueOrDefault("path"));
        if (string.IsNullOrWhiteSpace(id) && string.IsNullOrWhiteSpace(purl) && string.IsNullOrWhiteSpace(glob))
        {
            Fail(path, $"{line}: a rule needs `id`, `purl` or `path`", "a rule without them would hide everything");
        }

        if (purl is not null && !Purl.TryParse(purl, out _))
        {
            Fail(path, $"{line}: `{purl}` is no purl", "for example `pkg:npm/lodash` or `pkg:npm/lodash@4.17.20`");
        }

        if (fields.TryGetValue("expires", out var expires))
        {
            if (!DateOnly.TryParseExact(expires, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day))
            {
                Fail(path, $"{line}: `{expires}` is no date", "write it as 2026-12-31");
            }
            else if (DateOnly.FromDateTime(time.GetUtcNow().UtcDateTime) > day)
            {
                expired.Add($"{path} {line}: the rule for `{id ?? purl ?? glob}` expired on {expires}");
                return;
            }
        }

        if (errors.Count == before)
        {
            rules.Add(new Rule(id is null ? [] : [id], purl is null ? [] : [purl], glob, fields["reason"]!, Path.GetFileName(path)));
        }
    }

    private void Guard(string path, Action<string> read)
    {
        try
        {
            if (new FileInfo(path) is { Exists: true, Length: > MaxBytes })
            {
                Fail(path, $"is larger than {MaxBytes} bytes", "");
                return;
            }

            read(File.ReadAllText(path));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException or YamlException or ArgumentException or InvalidOperationException)
        {
            Fail(path, $"could not be read: {e.Message.ReplaceLineEndings(" ").TrimEnd('.')}", "");
        }
    }

    private void Fail(string path, string message, string hint) => errors.Add(new FileError("suppressions", path, message, hint));

    private sealed record Rule(IReadOnlyList<string> Ids, IReadOnlyList<string> Purls, string? Glob, string Reason, string Source)
    {
        public bool Matches(Finding finding) =>
            (Ids.Count == 0 || Ids.Any(id => Is(id, finding.RuleId) || Is(id, finding.Fingerprint) || finding.Aliases.Any(alias => Is(id, alias))))
            && (Purls.Count == 0 || (finding.Purl is not null && Purls.Any(p => PurlMatch.Covers(p, finding.Purl))))
            && (Glob is null || PathGlob.Matches(Glob, finding.Path));

        private static bool Is(string a, string b) => a.Equals(b, StringComparison.OrdinalIgnoreCase);
    }
}
