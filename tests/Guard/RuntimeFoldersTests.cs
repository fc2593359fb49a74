using System.Diagnostics;
using Pellicle.Domain;
using Pellicle.Guard.Channel;
using Pellicle.Guard.Tests.Support;
using Pellicle.Policy;

namespace Pellicle.Guard.Tests;

public sealed class RootFactAttribute : FactAttribute
{
    public RootFactAttribute()
    {
        if (!Rig.IsRoot)
            Skip = "needs root";
    }
}

public sealed class RootTheoryAttribute : TheoryAttribute
{
    public RootTheoryAttribute()
    {
        if (!Rig.IsRoot)
            Skip = "needs root";
    }
}

/// <summary>Which installation counts as the runtime's own while it starts. Made below <c>/srv</c>, which is root's: the tests that need it are skipped for others.</summary>
[System.Runtime.Versioning.SupportedOSPlatform("linux")]
public sealed class RuntimeFoldersTests : IDisposable
{
    private readonly string _place = $"/srv/pellicle-test-{Guid.NewGuid():N}";

    public void Dispose()
    {
        if (Directory.Exists(_place))
            Directory.Delete(_place, recursive: true);
    }

    [RootFact]
    public void An_interpreters_modules_count_where_only_root_may_write_them()
    {
        var python = Make("python/bin/python3.11", "python/lib/python3.11/site-packages", "python/include");
        RuntimeFolders.Of(python).ShouldBe([$"{_place}/python/lib/"]);
        RuntimeFolders.Of(Make("jdk/bin/java", "jdk/lib/server", "jdk/conf/security")).ShouldBe([$"{_place}/jdk/lib/", $"{_place}/jdk/conf/"]);
        RuntimeFolders.Of(Make("net/dotnet", "net/shared/Microsoft.NETCore.App", "net/host/fxr")).ShouldBe([$"{_place}/net/shared/", $"{_place}/net/host/"]);
        RuntimeFolders.Of(Make("node/bin/node", "node/include")).ShouldBeEmpty();
        RuntimeFolders.Of(Make("tools/server", "tools/lib")).ShouldBeEmpty("no folder `bin`: what lies beside a program may be its data");
    }

    [RootTheory]
    [InlineData("python")]
    [InlineData("python/lib")]
    [InlineData("python/lib/python3.11")]
    [InlineData("python/lib/python3.11/site-packages")]
    public void One_folder_that_others_may_write_is_enough_to_be_asked(string open)
    {
        var python = Make("python/bin/python3.11", "python/lib/python3.11/site-packages");
        File.SetUnixFileMode($"{_place}/{open}", File.GetUnixFileMode($"{_place}/{open}") | UnixFileMode.OtherWrite | UnixFileMode.StickyBit);
        RuntimeFolders.Of(python).ShouldBeEmpty();
    }

    [RootFact]
    public void A_folder_of_another_user_or_a_link_does_not_count()
    {
        var python = Make("python/bin/python3.11", "python/lib/python3.11");
        using (var chown = Process.Start("chown", ["12345", $"{_place}/python/lib/python3.11"]))
            chown.WaitForExit();
        RuntimeFolders.Of(python).ShouldBeEmpty();
        Make("linked/bin/python3.11", "elsewhere");
        Directory.CreateSymbolicLink($"{_place}/linked/lib", $"{_place}/elsewhere");
        RuntimeFolders.Of($"{_place}/linked/bin/python3.11").ShouldBeEmpty();
    }

    [Theory]
    [InlineData("/tmp/python/bin/python3.11")]
    [InlineData("/var/task/bin/python3.11")]
    [InlineData("/dev/shm/x/bin/python3.11")]
    [InlineData("/proc/self/root/usr/bin/python3.11")]
    [InlineData("/bin/python3.11")]
    [InlineData("/memfd:python (deleted)")]
    [InlineData("dotnet")]
    public void Where_functions_keep_code_or_write_nothing_counts(string program) => RuntimeFolders.Of(program).ShouldBeEmpty();

    [RootFact]
    public void They_are_noted_until_the_first_event_and_not_where_a_rule_speaks_of_reading()
    {
        string[] folders = [$"{_place}/python/lib/"];
        var plain = new CompiledPolicy(new PolicyDocument { Mode = ProtectionMode.Protect });
        KnownItems.Prefixes(plain, initialised: false, 0, folders).Where(r => r.Prefix == folders[0]).ShouldBe(
            [new PrefixRule(Dimension.Read, PrefixAction.Note, folders[0]), new PrefixRule(Dimension.Library, PrefixAction.Note, folders[0])]);
        KnownItems.Prefixes(plain, initialised: true, 0, folders).ShouldNotContain(r => r.Prefix == folders[0]);
        var ruled = new CompiledPolicy(new PolicyDocument
        {
            Mode = ProtectionMode.Protect,
            Rules = [new PolicyRule { Id = "r", Effect = Effect.Deny, Dimension = Dimension.Read, Items = ["/srv/**"] }],
        });
        KnownItems.Prefixes(ruled, initialised: false, 0, folders).Where(r => r.Prefix == folders[0]).ShouldHaveSingleItem().Dimension.ShouldBe(Dimension.Library);
    }

    /// <summary>The program's path.</summary>
    private string Make(string program, params string[] folders)
    {
        foreach (var folder in folders.Append(Path.GetDirectoryName(program)!))
            Directory.CreateDirectory($"{_place}/{folder}");
        File.WriteAllText($"{_place}/{program}", "");
        return $"{_place}/{program}";
    }
}
