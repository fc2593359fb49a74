using Pellicle.Scanning.Advisories;

namespace Pellicle.Scanning.Tests.Advisories;

/// <summary>Compiles a few records, written as JSON in the test, and opens the result.</summary>
internal sealed class Osv : IDisposable
{
    private readonly string directory = Directory.CreateTempSubdirectory("pellicle-osv-").FullName;

    public string DatabasePath => Path.Combine(directory, "advisories.db");

    public ImportSummary Summary { get; private set; } = null!;

    public static Osv Of(params string[] records)
    {
        var osv = new Osv();
        var source = Directory.CreateDirectory(Path.Combine(osv.directory, "records")).FullName;
        for (var i = 0; i < records.Length; i++)
        {
            File.WriteAllText(Path.Combine(source, $"{i}.json"), records[i]);
        }

        var builder = new AdvisoryDatabaseBuilder();
        builder.Add(source);
        osv.Summary = builder.Summary;
        builder.Write(osv.DatabasePath, TimeProvider.System);
        return osv;
    }

    public AdvisoryDatabase Open() => AdvisoryDatabase.Open(DatabasePath);

    public void Dispose() => Directory.Delete(directory, recursive: true);
}
