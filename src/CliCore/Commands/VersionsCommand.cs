using System.CommandLine;
using Pellicle.Domain;
using Pellicle.Scanning.Versions;

namespace Pellicle.Cli.Commands;

internal static class VersionsCommand
{
    public static Command Create()
    {
        var ecosystem = new Option<string>("--ecosystem") { Description = "OSV name: npm, PyPI, Maven, NuGet, Go, RubyGems, crates.io, Packagist", Required = true, HelpName = "E" };
        var compare = new Command("compare", "reads `A<tab>B` lines from stdin and prints <, =, > or invalid for each") { ecosystem };
        compare.SetAction(result =>
        {
            var name = result.GetValue(ecosystem)!;
            if (!Ecosystem.TryParse(name, out var known))
            {
                throw new CliException($"unknown ecosystem `{name}`", $"known: {string.Join(", ", Ecosystem.All)}", ExitCode.Usage);
            }

            var order = VersionOrder.For(known);
            using var output = new StreamWriter(System.Console.OpenStandardOutput());
            while (System.Console.In.ReadLine() is { } line)
            {
                var tab = line.IndexOf('\t', StringComparison.Ordinal);
                output.Write(tab < 0 ? "invalid" : VersionOrder.ToSign(order.Compare(line.AsSpan(0, tab), line.AsSpan(tab + 1))));
                output.Write('\n');
            }

            return (int)ExitCode.Done;
        });
        return new Command("versions", "order of package versions") { compare };
    }
}
