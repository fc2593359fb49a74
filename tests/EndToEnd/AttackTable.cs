using System.Text;

namespace Pellicle.EndToEnd.Tests;

/// <summary>Writes docs/attacks.md.</summary>
internal static class AttackTable
{
    public static string Write(MatrixRun run)
    {
        var text = new StringBuilder();
        text.Append("""
            # Attacks, and what stops them

            Made by a run of `tests/EndToEnd` (`PELLICLE_WRITE_DOCS=1 dotnet test tests/EndToEnd` writes it again; without that, the test fails when this page and the run differ).
            In each cell the attack really worked on the unprotected function, worked and was reported in `monitor`, and was stopped in `protect`; its benign twin got
            the same answer in all of them and no incident that blocks. The functions are in `tests/EndToEnd/functions`; the rows are the catalogue's, by number.
            Ruby has the first two lines and no probe of the language: it is run where these answer, and where it brings what the row needs.

            A cell names what stopped it: detector and where. After `alone:` what stopped it with the event check switched off, at the place where it would have done harm.


            """);
        text.Append("| attack | rows |").Append(string.Concat(Victim.All.Select(v => $" {v.Runtime} |"))).Append('\n');
        text.Append("| --- | --- |").Append(string.Concat(Victim.All.Select(_ => " --- |"))).Append('\n');
        foreach (var attack in run.Attacks)
        {
            text.Append($"| {attack.Title}{(attack.EverySource ? " (from every source below)" : "")} | {attack.Rows} |").Append(string.Concat(Victim.All.Select(v => $" {Cell(run, attack, v.Language)} |"))).Append('\n');
        }

        text.Append("\nSources: ").Append(string.Join(", ", Events.Sources)).Append(".\n\n## Not in every language, not by every line\n\n");
        foreach (var attack in run.Attacks.Where(a => a.NotIn.Length > 0))
        {
            text.Append($"- {attack.Title}: {attack.NotIn}.\n");
        }

        foreach (var attack in run.Attacks.Where(a => a.SinksMiss is not null))
        {
            text.Append($"- {attack.Title}: stopped by the event check only; {attack.SinksMiss}.\n");
        }

        return text.Append("\nWhat remains open is in [limits.md](limits.md).\n").ToString();
    }

    private static string Cell(MatrixRun run, Attack attack, string language)
    {
        if (!attack.Languages.Contains(language))
        {
            return "–";
        }

        var cell = Stopper(attack, run.Of(attack, language, attack.NeedsProfile ? Guarding.Profile : Guarding.Protect));
        return attack.FromEvent && attack.SinksMiss is null ? $"{cell}<br>alone: {Stopper(attack, run.Of(attack, language, Guarding.Sinks))}" : cell;
    }

    private static string Stopper(Attack attack, Outcome outcome) =>
        outcome.Blocked.Where(i => attack.StoppedBy.Length == 0 || i.Detector == attack.StoppedBy).Select(i => $"{i.Detector} ({i.Dimension})").Distinct().Order(StringComparer.Ordinal).FirstOrDefault() ?? "**not stopped**";
}
