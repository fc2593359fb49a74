using System.Diagnostics;
using System.IO.Compression;
using System.Text.Json;
using Pellicle.Domain;
using Pellicle.Scanning.Advisories;
using Pellicle.Scanning.Matching;
using Pellicle.Scanning.Tests.Versions;
using Pellicle.Scanning.Versions;
using Xunit.Abstractions;

namespace Pellicle.Scanning.Tests.Matching;

public sealed class SharedAdvisoriesTests(ITestOutputHelper output) : IDisposable
{
    private readonly string directory = Directory.CreateTempSubdirectory("pellicle-db-").FullName;

    [SharedDataFact]
    public void All_ecosystems_compile_in_seconds_and_open_at_once()
    {
        var path = Path.Combine(directory, "advisories.db");
        var watch = Stopwatch.StartNew();
        var builder = new AdvisoryDatabaseBuilder();
        builder.Add(SharedData.Path("advisories"));
        builder.Add(SharedData.Path("reference", "known-exploited.json"));
        builder.Write(path, TimeProvider.System);
        output.WriteLine($"import {watch.ElapsedMilliseconds} ms, {new FileInfo(path).Length} bytes, {builder.Summary.Records} records, {builder.Summary.Withdrawn} withdrawn, {builder.Summary.Skipped} skipped");
        builder.Summary.Errors.ShouldBeEmpty();
        builder.Summary.Records.ShouldBeGreaterThan(25_000);

        AdvisoryDatabase.Open(path).Dispose();
        watch.Restart();
        using var database = AdvisoryDatabase.Open(path);
        var opened = watch.Elapsed;
        output.WriteLine($"open {opened.TotalMilliseconds:F2} ms");
        opened.TotalMilliseconds.ShouldBeLessThan(200, "opening must not read the file");
        database.Verify().ShouldBeTrue();
        database.Status().Ecosystems.Select(e => e.Ecosystem).ShouldBe(["crates.io", "Go", "Maven", "NuGet", "Packagist", "PyPI", "RubyGems", "npm"], ignoreOrder: true);

        var matcher = new Matcher(database);
        var log4j = matcher.Query(Ecosystem.Maven, "org.apache.logging.log4j:log4j-core", "2.14.1");
        log4j.ShouldContain(m => m.Id == "CVE-2021-44228" || m.Aliases.Contains("CVE-2021-44228"));
        log4j.ShouldContain(m => m.KnownExploited);
        matcher.Query(Ecosystem.Maven, "org.apache.logging.log4j:log4j-core", "2.17.1").ShouldNotContain(m => m.Id == "CVE-2021-44228" || m.Aliases.Contains("CVE-2021-44228"));

        // The same content gives the same file, but for the time; a database made from a database is the same again.
        var again = new AdvisoryDatabaseBuilder();
        again.AddDatabase(database);
        again.Write(path + "2", TimeProvider.System);
        using var copy = AdvisoryDatabase.Open(path + "2");
        copy.Revision.ShouldBe(database.Revision);
    }

    /// <summary>
    /// Where a record lists versions and gives ranges of the ecosystem's own order, the ranges must hold every listed version.
    /// </summary>
    [SharedDataFact]
    public void Listed_versions_agree_with_evaluated_ranges()
    {
        var (agree, disagree) = (0, new Dictionary<string, int>(StringComparer.Ordinal));
        var examples = new List<string>();
        foreach (var archive in Directory.GetFiles(SharedData.Path("advisories"), "all.zip", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
        {
            using var zip = ZipFile.OpenRead(archive);
            foreach (var entry in zip.Entries)
            {
                using var stream = entry.Open();
                using var memory = new MemoryStream();
                stream.CopyTo(memory);
                var record = OsvReader.Read(memory.ToArray());
                foreach (var affected in record.Affected.Where(a => a.Ranges.Count > 0 && a.Versions.Count > 0))
                {
                    // The ranges alone, through the compiled form.
                    foreach (var version in affected.Versions)
                    {
                        if (InRanges(affected, version))
                        {
                            agree++;
                        }
                        else
                        {
                            var reason = Explain(affected, version);
                            disagree[reason] = disagree.GetValueOrDefault(reason) + 1;
                            if (reason == "unexplained" && examples.Count < 40)
                            {
                                examples.Add($"{record.Id} {affected.Ecosystem} {affected.Name} {version}: {string.Join(' ', affected.Ranges.SelectMany(r => r.Events))}");
                            }
                        }
                    }
                }
            }
        }

        var total = agree + disagree.Values.Sum();
        output.WriteLine($"{total} listed versions, {agree} inside the ranges ({100.0 * agree / total:F3} %)");
        foreach (var (reason, count) in disagree.OrderByDescending(d => d.Value))
        {
            output.WriteLine($"{count}: {reason}");
        }

        examples.ForEach(output.WriteLine);
        total.ShouldBeGreaterThan(100_000);
        agree.ShouldBeGreaterThan((int)(total * 0.999));
        disagree.GetValueOrDefault("unexplained").ShouldBeLessThan((int)(total * 0.001));
    }

    public void Dispose() => Directory.Delete(directory, recursive: true);

    /// <summary>A second, plain evaluation over the parsed record, independent of the compiled form.</summary>
    private static bool InRanges(AffectedPackage affected, string version) => affected.Ranges.Any(range =>
    {
        var order = range.IsSemVer ? VersionOrder.SemVer : VersionOrder.For(affected.Ecosystem);
        var inside = false;
        foreach (var (kind, text) in range.Events)
        {
            var comparison = kind == RangeEvent.Introduced && text == "0" ? VersionComparison.Greater : order.Compare(version, text);
            inside = (kind, comparison) switch
            {
                (RangeEvent.Introduced, VersionComparison.Greater or VersionComparison.Equal) => true,
                (RangeEvent.Fixed, VersionComparison.Greater or VersionComparison.Equal) => false,
                (RangeEvent.LastAffected, VersionComparison.Greater) => false,
                _ => inside,
            };
        }

        return inside;
    });

    /// <summary>Why the record itself lists a version outside its own ranges.</summary>
    private static string Explain(AffectedPackage affected, string version)
    {
        var order = VersionOrder.For(affected.Ecosystem);
        var events = affected.Ranges.SelectMany(r => r.Events).ToList();
        if (events.Any(e => e.Event is RangeEvent.Fixed or RangeEvent.LastAffected && order.Compare(version, e.Version) == VersionComparison.Equal))
        {
            return "the record lists the very version its range calls fixed";
        }

        if (events.All(e => e.Version != "0" && order.Compare(version, e.Version) == VersionComparison.Less))
        {
            return "the record lists a version below everything its ranges introduce";
        }

        if (events.All(e => order.Compare(version, e.Version) == VersionComparison.Greater || e.Version == "0"))
        {
            return "the record lists a version above everything its ranges end with";
        }

        if (events.Any(e => e.Event == RangeEvent.Introduced && version.StartsWith(e.Version, StringComparison.Ordinal) && order.Compare(version, e.Version) == VersionComparison.Less))
        {
            return "the record lists a pre-release of a version that its range introduces";
        }

        return "unexplained";
    }
}
