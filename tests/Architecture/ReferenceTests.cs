using System.Xml.Linq;

namespace Pellicle.Architecture.Tests;

/// <summary>The arrows between projects are the architecture. Left: who; right: all it may reference.</summary>
public sealed class ReferenceTests
{
    private static readonly Dictionary<string, string[]> Allowed = new()
    {
        ["Domain"] = [],
        ["Policy"] = ["Domain"],
        ["Inspection"] = ["Domain"],
        ["Guard"] = ["Policy", "Inspection", "Domain"],
        ["Scanning"] = ["Domain"],
        ["Posture"] = ["Domain"],
        ["Aws"] = ["Domain"],
        ["Protection"] = ["Domain", "Aws", "Policy"],
        ["Local"] = [],
        ["Server"] = ["Domain", "Policy", "Inspection", "Scanning", "Posture", "Aws", "Protection"],
        ["CliCore"] = ["Domain", "Inspection", "Scanning", "Posture"],
        ["CliNative"] = ["CliCore"],
        ["Cli"] = ["CliCore", "Domain", "Policy", "Inspection", "Scanning", "Posture", "Aws", "Protection", "Local", "Server"],
    };

    // What runs inside a customer's function, and what it is made of, takes no package.
    private static readonly string[] WithoutPackages = ["Domain", "Policy", "Inspection", "Guard", "Posture"];

    internal static string Root
    {
        get
        {
            var directory = new DirectoryInfo(AppContext.BaseDirectory);
            while (!File.Exists(Path.Combine(directory!.FullName, "Pellicle.slnx")))
            {
                directory = directory.Parent;
            }

            return directory.FullName;
        }
    }

    public static TheoryData<string> Projects => [.. Directory.EnumerateDirectories(Path.Combine(Root, "src")).Select(d => Path.GetFileName(d)!).Order()];

    [Theory]
    [MemberData(nameof(Projects))]
    public void A_project_references_only_what_it_may(string project)
    {
        Allowed.ShouldContainKey(project, "a new project must forbid something: add its arrows here");
        References(project, "ProjectReference").Select(r => Path.GetFileNameWithoutExtension(r)).Except(Allowed[project]).ShouldBeEmpty();
    }

    [Fact]
    public void What_runs_in_a_function_takes_no_package()
    {
        foreach (var project in WithoutPackages)
        {
            References(project, "PackageReference").ShouldBeEmpty(project);
        }
    }

    [Fact]
    public void The_local_Lambda_knows_nothing_of_protection()
    {
        var words = new[] { "pellicle/wrapper", "PELLICLE_MODE", "libpellicle.so" };
        var found = Directory.EnumerateFiles(Path.Combine(Root, "src", "Local"), "*.cs", SearchOption.AllDirectories)
            .Where(f => !f.Contains("/obj/", StringComparison.Ordinal) && words.Any(File.ReadAllText(f).Contains));
        found.ShouldBeEmpty();
    }

    [Fact]
    public void Every_project_is_in_the_solution()
    {
        var listed = XDocument.Load(Path.Combine(Root, "Pellicle.slnx")).Descendants("Project").Select(p => p.Attribute("Path")!.Value).Order().ToList();
        var present = new[] { "src", "tests" }
            .SelectMany(d => Directory.EnumerateDirectories(Path.Combine(Root, d)))
            .SelectMany(d => Directory.EnumerateFiles(d, "*.csproj"))
            .Select(f => Path.GetRelativePath(Root, f).Replace('\\', '/')).Order().ToList();
        listed.ShouldBe(present);
    }

    [Fact]
    public void No_file_names_a_path_of_somebodys_machine_or_a_registry()
    {
        string[] forbidden = ["/" + "work/main", "registry=" + "http"];
        var bad = Directory.EnumerateFiles(Root, "*", SearchOption.AllDirectories)
            .Where(f => !f.Contains("/.git/", StringComparison.Ordinal) && !f.Contains("/obj/", StringComparison.Ordinal) && !f.Contains("/bin/", StringComparison.Ordinal) && !f.Contains("/artifacts/", StringComparison.Ordinal) && !f.Contains("/node_modules/", StringComparison.Ordinal))
            .Where(f => new FileInfo(f).Length < 1_000_000 && Path.GetExtension(f) is ".cs" or ".md" or ".sh" or ".json" or ".props" or ".csproj" or ".js" or ".py" or ".c" or "")
            .Where(f => File.ReadAllText(f) is var text && forbidden.Any(w => text.Contains(w, StringComparison.Ordinal)));
        bad.Select(f => Path.GetRelativePath(Root, f)).ShouldBeEmpty();
    }

    private static IEnumerable<string> References(string project, string kind) =>
        XDocument.Load(Path.Combine(Root, "src", project, project + ".csproj")).Descendants(kind).Select(e => e.Attribute("Include")!.Value);
}
