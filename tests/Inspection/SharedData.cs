namespace Pellicle.Inspection.Tests;

/// <summary>Finds the measurement data beside the repository; tests that need it are skipped, visibly, where it is absent.</summary>
internal static class SharedData
{
    public static string? Find(string relative)
    {
        for (var directory = new DirectoryInfo(AppContext.BaseDirectory); directory is not null; directory = directory.Parent)
        {
            if (File.Exists(Path.Combine(directory.FullName, "Pellicle.slnx")))
            {
                var path = Path.Combine(directory.Parent?.FullName ?? "", "shared", "data", relative);
                return Directory.Exists(path) || File.Exists(path) ? path : null;
            }
        }

        return null;
    }
}

internal sealed class SharedDataFactAttribute : FactAttribute
{
    public SharedDataFactAttribute(string relative)
    {
        if (SharedData.Find(relative) is null)
        {
            Skip = $"../shared/data/{relative} is not here";
        }
    }
}
