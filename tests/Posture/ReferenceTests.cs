using System.Text.Json;
using Pellicle.Posture.Checks.Supply;

namespace Pellicle.Posture.Tests;

/// <summary>Our tables against the sources they were made from, where those are at hand.</summary>
public sealed class ReferenceTests
{
    [ReferenceFact]
    public void The_runtime_table_has_every_runtime_and_date()
    {
        using var document = JsonDocument.Parse(File.ReadAllText(Path.Combine(ReferenceFactAttribute.Folder!, "lambda-runtimes.json")));
        foreach (var runtime in document.RootElement.EnumerateArray())
        {
            Runtimes.Find(runtime.GetProperty("id").GetString()!)!.Deprecated.ToString("yyyy-MM-dd", null).ShouldBe(runtime.GetProperty("deprecated").GetString());
        }
    }
}

/// <summary>Skipped, visibly, where the reference data does not lie beside the repository.</summary>
internal sealed class ReferenceFactAttribute : FactAttribute
{
    public ReferenceFactAttribute() => Skip = Folder is null ? "../shared/data/reference is not beside the repository" : null;

    public static string? Folder { get; } = Find();

    private static string? Find()
    {
        for (var directory = new DirectoryInfo(AppContext.BaseDirectory); directory is not null; directory = directory.Parent)
        {
            if (File.Exists(Path.Combine(directory.FullName, "Pellicle.slnx")))
            {
                var folder = Path.Combine(directory.FullName, "..", "shared", "data", "reference");
                return Directory.Exists(folder) ? folder : null;
            }
        }

        return null;
    }
}
