namespace Pellicle.EndToEnd.Tests;

/// <summary>Every attack of the catalogue that guard, proxy or probes answer for, in every language it can be done in (docs/attacks.md).</summary>
public sealed class AttackTests(MatrixRun run) : IClassFixture<MatrixRun>
{
    public static TheoryData<string, string, string> Rows
    {
        get
        {
            var rows = new TheoryData<string, string, string>();
            foreach (var attack in Catalogue)
            {
                foreach (var language in attack.Languages)
                {
                    foreach (var source in attack.EverySource ? Events.Sources : [Events.Default])
                    {
                        rows.Add(attack.Name, language, source);
                    }
                }
            }

            return rows;
        }
    }

    // The values come later, from what the fixture has built; names and languages are known before.
    private static IReadOnlyList<Attack> Catalogue { get; } = Attacks.All(null);

    [CircleTheory]
    [MemberData(nameof(Rows))]
    public void Unprotected_it_works(string name, string language, string source)
    {
        var attack = Find(name);
        if (attack.NeedsGuard)
        {
            return; // without a guard there is nobody to attack
        }

        var outcome = run.Of(attack, language, Guarding.None, source);
        outcome.Answer.ShouldContain(attack.Evidence, Case.Sensitive, outcome.ToString());
    }

    [CircleTheory]
    [MemberData(nameof(Rows))]
    public void In_monitor_it_works_and_is_reported(string name, string language, string source)
    {
        var attack = Find(name);
        // What only a profile knows is let through by a policy without one.
        var outcome = run.Of(attack, language, attack.NeedsProfile ? Guarding.Protect : Guarding.Monitor, source);
        outcome.Answer.ShouldContain(attack.Evidence, Case.Sensitive, outcome.ToString());
        outcome.Blocked.ShouldBeEmpty(outcome.ToString());
        if (attack.NeedsProfile)
        {
            return;
        }

        outcome.Incidents.ShouldNotBeEmpty(outcome.ToString());
        if (attack.FromEvent)
        {
            outcome.Incidents.ShouldContain(i => i.Field.Length > 0 && i.Source == source, outcome.ToString());
            if (attack.SinksMiss is null)
            {
                outcome.Incidents.ShouldContain(i => i.Rule == "taint" || i.Rule.StartsWith("builtin:"), outcome.ToString());
            }
        }
    }

    [CircleTheory]
    [MemberData(nameof(Rows))]
    public void In_protect_it_is_stopped(string name, string language, string source)
    {
        var attack = Find(name);
        var outcome = run.Of(attack, language, attack.NeedsProfile ? Guarding.Profile : Guarding.Protect, source);
        if (!attack.AnsweredAlike.Contains(language))
        {
            outcome.Answer.ShouldNotContain(attack.Evidence, Case.Sensitive, outcome.ToString());
        }

        outcome.Blocked.ShouldContain(i => attack.StoppedBy.Length == 0 || i.Detector == attack.StoppedBy, outcome.ToString());
    }

    [CircleTheory]
    [MemberData(nameof(Rows))]
    public void Without_the_event_check_it_is_stopped_where_it_would_do_harm(string name, string language, string source)
    {
        var attack = Find(name);
        if (!attack.FromEvent)
        {
            return; // the test above is the same
        }

        var outcome = run.Of(attack, language, Guarding.Sinks, source);
        if (attack.SinksMiss is not null)
        {
            outcome.Answer.ShouldContain(attack.Evidence, Case.Sensitive, $"it is stopped now: take the remark out of the row\n{outcome}");
            return;
        }

        outcome.Answer.ShouldNotContain(attack.Evidence, Case.Sensitive, outcome.ToString());
        outcome.Blocked.ShouldContain(i => i.Rule != "events", outcome.ToString());
    }

    [CircleTheory]
    [MemberData(nameof(Rows))]
    public void The_benign_twin_is_never_stopped(string name, string language, string source)
    {
        var attack = Find(name);
        foreach (var guarding in MatrixRun.GuardingsOf(attack).Where(g => g != Guarding.None))
        {
            foreach (var (plain, guarded) in run.OfTwins(attack, language, Guarding.None, source).Zip(run.OfTwins(attack, language, guarding, source)))
            {
                guarded.Answer.ShouldBe(plain.Answer, $"{guarding}\n{guarded}");
                guarded.Blocked.ShouldBeEmpty($"{guarding}\n{guarded}");
                guarded.Incidents.ShouldNotContain(i => i.Decision == "would-block", $"{guarding}\n{guarded}");
            }
        }
    }

    [CircleFact]
    public void What_starts_in_protect_runs_behind_the_filter_where_the_platform_allows_one()
    {
        foreach (var (name, said) in run.Confinement)
        {
            var expected = name.EndsWith("-strict", StringComparison.Ordinal) ? "supervised" : name.EndsWith("-protect", StringComparison.Ordinal) ? "active" : "available";
            said.ShouldBeOneOf([expected, "refused"], name);
        }

        run.Confinement.Values.Distinct().Count().ShouldBe(run.Confinement.Values.Contains("refused") ? 1 : 3);
    }

    [CircleFact]
    public void Unprotect_restores_the_configuration() => run.NotRestored.ShouldBeEmpty();

    [CircleFact]
    public void The_table_in_the_documentation_is_the_one_of_this_run()
    {
        var path = Path.Combine(Stage.Root, "docs", "attacks.md");
        var made = AttackTable.Write(run);
        if (Environment.GetEnvironmentVariable("PELLICLE_WRITE_DOCS") == "1")
        {
            File.WriteAllText(path, made);
        }

        File.Exists(path).ShouldBeTrue("docs/attacks.md is missing: run this test with PELLICLE_WRITE_DOCS=1");
        File.ReadAllText(path).ShouldBe(made, "docs/attacks.md differs from this run: look at what changed, then run this test with PELLICLE_WRITE_DOCS=1");
    }

    private Attack Find(string name) => run.Attacks.First(a => a.Name == name);
}

/// <summary>Runs where the whole circle can run, else is skipped and says why.</summary>
public sealed class CircleFactAttribute : FactAttribute
{
    public CircleFactAttribute() => Skip = Stage.WhyNot;
}

/// <summary>As <see cref="CircleFactAttribute"/>, and with the guard for arm64.</summary>
public sealed class Arm64FactAttribute : FactAttribute
{
    public Arm64FactAttribute() => Skip = Stage.WhyNot ?? (File.Exists(Path.Combine(Stage.Artifacts, "guard/linux-arm64/guard")) ? null : "the guard for arm64 is not built (eng/build.sh arm64)");
}

/// <summary>As <see cref="CircleFactAttribute"/>.</summary>
public sealed class CircleTheoryAttribute : TheoryAttribute
{
    public CircleTheoryAttribute() => Skip = Stage.WhyNot;
}
