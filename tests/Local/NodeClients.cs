namespace Pellicle.Local.Tests;

/// <summary>The npm packages that <c>tests/clients/install.sh</c> installs.</summary>
internal static class NodeClients
{
    public static string Directory { get; } = Path.Combine(Root(), "artifacts", "clients", "node");

    private static string Root()
    {
        for (var at = new DirectoryInfo(AppContext.BaseDirectory); at is not null; at = at.Parent)
        {
            if (File.Exists(Path.Combine(at.FullName, "Pellicle.slnx")))
            {
                return at.FullName;
            }
        }

        throw new DirectoryNotFoundException("no Pellicle.slnx above the tests");
    }
}
