using System.Text.Json;
using Xunit.Abstractions;

namespace Pellicle.Inspection.Tests;

/// <summary>How much of public attack sets is blocked, and how much ordinary traffic is not. Floors are a little below what was measured, so that a change for the worse fails.</summary>
public sealed class DetectionRateTests(ITestOutputHelper output)
{
    // Share that is blocked, in per cent; script is reported only, there it is the share that is seen.
    private static readonly (string Set, double Floor)[] Floors =
    [
        ("mgm-attack cmdexe", 96), ("mgm-attack traversal", 95), ("mgm-attack sqli", 82), ("mgm-attack log4shell", 96), ("mgm-attack shellshock", 100), ("mgm-attack xxe", 100), ("mgm-attack xss", 99),
        ("libinjection-attack sqli", 95), ("libinjection-attack xss", 98.5),
        ("gotestwaf-attack crlf", 85), ("gotestwaf-attack ldap-injection", 66), ("gotestwaf-attack mail-injection", 66), ("gotestwaf-attack nosql-injection", 80), ("gotestwaf-attack ss-include", 100), ("gotestwaf-attack shell-injection", 100),
        ("gotestwaf-attack sql-injection", 100), ("gotestwaf-attack sst-injection", 100), ("gotestwaf-attack path-traversal", 100), ("gotestwaf-attack xml-injection", 80),
    ];

    [SharedDataFact("events/benign")]
    public void Ordinary_events_of_every_source_pass()
    {
        var blocked = new List<string>();
        foreach (var file in Directory.EnumerateFiles(SharedData.Find("events/benign")!, "*.json").Order(StringComparer.Ordinal))
        {
            var verdict = Inspector.Inspect(File.ReadAllBytes(file));
            if (verdict.Signals.Count > 0)
            {
                output.WriteLine($"{verdict.Decision} {Path.GetFileName(file)} {verdict.Source}: {string.Join("; ", verdict.Signals.Take(3))}");
            }
            else if (verdict.Source == "unknown")
            {
                output.WriteLine($"unknown source: {Path.GetFileName(file)}");
            }

            if (verdict.Decision == InspectionDecision.Block)
            {
                blocked.Add(Path.GetFileName(file));
            }
        }

        blocked.ShouldBeEmpty();
    }

    [SharedDataFact("strings")]
    public void Attack_and_benign_strings()
    {
        var rates = new Dictionary<string, (int Blocked, int Seen, int All)>();
        foreach (var file in Directory.EnumerateFiles(SharedData.Find("strings")!, "*.jsonl").Order(StringComparer.Ordinal))
        {
            foreach (var line in File.ReadLines(file))
            {
                using var row = JsonDocument.Parse(line);
                var text = row.RootElement.GetProperty("text").GetString()!;
                var key = $"{Path.GetFileNameWithoutExtension(file)} {row.RootElement.GetProperty("class").GetString()}";
                var verdict = Inspector.Inspect(JsonSerializer.SerializeToUtf8Bytes(new { queryStringParameters = new { q = text } }));
                var old = rates.GetValueOrDefault(key);
                var blocked = verdict.Decision == InspectionDecision.Block;
                var seen = verdict.Signals.Any(s => s.Confidence >= 0.7);
                rates[key] = (old.Blocked + (blocked ? 1 : 0), old.Seen + (seen ? 1 : 0), old.All + 1);
                if (Environment.GetEnvironmentVariable("PELLICLE_SHOW") == key && !seen || (key.Contains("benign") && blocked))
                {
                    output.WriteLine($"{key}: {(text.Length > 160 ? text[..160] : text).Replace('\n', '~')}   [{verdict.Signals.FirstOrDefault()}]");
                }
            }
        }

        foreach (var (key, value) in rates.OrderBy(r => r.Key, StringComparer.Ordinal))
        {
            output.WriteLine($"{key,-45} blocked {100.0 * value.Blocked / value.All,5:f1} %  seen {100.0 * value.Seen / value.All,5:f1} %  of {value.All}");
        }

        foreach (var (key, floor) in Floors)
        {
            var (blocked, seen, all) = rates[key];
            var share = 100.0 * (key.EndsWith("xss", StringComparison.Ordinal) ? seen : blocked) / all;
            share.ShouldBeGreaterThanOrEqualTo(floor, key);
        }

        foreach (var (key, value) in rates.Where(r => r.Key.Contains("benign", StringComparison.Ordinal)))
        {
            (100.0 * value.Blocked / value.All).ShouldBeLessThanOrEqualTo(1.0, key);
        }
    }
}
