using System.Collections.Concurrent;
using System.Text.Json;
using Pellicle.Domain;
using Pellicle.Scanning.Pipeline;

namespace Pellicle.Cli.Accounts;

/// <summary>Puts targets together from what the store keeps once for many of them: what they load, what advisories say of it, what is their own. Safe for many threads.</summary>
internal sealed class StoredTargets(AccountStore store)
{
    /// <summary>Views kept in memory; a bigger account reads the others again.</summary>
    private const int MaxViews = 1000;

    private static readonly JsonSerializerOptions Contract = new(ScanJson.Options) { WriteIndented = false };

    private readonly ConcurrentDictionary<PackageVersion, AdvisoryAnswer> _answers = new();
    private readonly ConcurrentDictionary<string, ScanTarget> _complete = new(StringComparer.Ordinal);

    public ScanTarget? Find(string key)
    {
        if (store.Result(key) is not { } result)
        {
            return null;
        }

        if (!_complete.TryGetValue(result.View, out var packages))
        {
            packages = AdvisoryJudge.Complete(store.View(result.View)!, Answer);
            if (_complete.Count >= MaxViews)
            {
                _complete.Clear();
            }

            _complete[result.View] = packages;
        }

        return Join(packages, key, result.Name, result.Own);
    }

    /// <summary>Text of a target in the form of the scan report.</summary>
    public byte[]? Text(string key) => Find(key) is { } target ? JsonSerializer.SerializeToUtf8Bytes(target, Contract) : null;

    /// <summary>A target from what it loads and what it has of its own.</summary>
    public static ScanTarget Join(ScanTarget packages, string key, string name, OwnPart own) => packages with
    {
        Name = name, Arn = key,
        Findings = own.Findings.Count == 0 ? packages.Findings : [.. packages.Findings.Concat(own.Findings).OrderBy(f => f, FindingOrder.WorstFirst)],
        Errors = own.Errors.Count == 0 ? packages.Errors : [.. packages.Errors.Concat(own.Errors).Distinct()],
        Status = packages.Status == ScanStatus.Failed ? ScanStatus.Failed : own.Errors.Count > 0 ? ScanStatus.Partial : packages.Status,
    };

    /// <summary>What the advisories said when the store was last written.</summary>
    public AdvisoryAnswer Answer(PackageVersion package) => _answers.GetOrAdd(package, store.Answer);
}
