using System.CommandLine;
using Pellicle.Cli.Templates;
using Pellicle.Domain;
using Pellicle.Scanning.Pipeline;
using Pellicle.Scanning.Reports;

namespace Pellicle.Cli.Commands;

/// <summary>Targets and readers of a report that are not files of this machine.</summary>
internal interface IBeyondFiles
{
    /// <summary>Said before any work and any output when one of the others will be asked.</summary>
    void Announce();

    /// <summary>Scans a whole account of the book.</summary>
    Task<ScanReport> AccountAsync(string name, string? database, CancellationToken cancellationToken);

    /// <summary>Functions and layers by name, with what guards saw loaded where a server is known.</summary>
    Task<DeployedFiles> DeployedAsync(IReadOnlyList<string> names, string? database, (string? Profile, string? Region, string? Endpoint) aws, (string? Server, string? Token) server, CancellationToken cancellationToken);

    /// <summary>Sends a report to the server.</summary>
    Task UploadAsync(ScanReport report, (string? Server, string? Token) server, CancellationToken cancellationToken);
}

/// <summary>Targets whose files were downloaded; they are deleted with this.</summary>
internal sealed class DeployedFiles(IReadOnlyList<TargetRequest> requests, IDisposable files) : IDisposable
{
    public IReadOnlyList<TargetRequest> Requests => requests;

    public void Dispose() => files.Dispose();
}

internal static class ScanCommand
{
    // A developer's functions and layers of some months.
    private const int MaxInventories = 500;

    private const string Account = "account:";

    public static Command Create(IBeyondFiles beyond)
    {
        var targets = new Argument<string[]>("TARGET") { Description = "zip, directory, template (SAM, CloudFormation, Serverless), function:NAME, layer:ARN, account:NAME", Arity = ArgumentArity.OneOrMore };
        var layers = new Option<string[]>("--layer") { Description = "layer zip or directory, in order; with one zip or directory target", HelpName = "ZIP" };
        var runtime = new Option<string?>("--runtime") { Description = "Lambda runtime of a zip or directory, decides which copy of a package loads", HelpName = "R" };
        var handler = new Option<string?>("--handler") { Description = "handler of a zip or directory" };
        var variables = new Option<string[]>("--env") { Description = "environment variable of the function", HelpName = "NAME=VALUE" };
        var db = DbCommand.PathOption();
        var noAdvisories = new Option<bool>("--no-advisories") { Description = "inventory, secrets and hijack only; no advisory database needed" };
        var format = new Option<string>("--format") { Description = string.Join(", ", ReportWriter.Names), DefaultValueFactory = _ => "table", HelpName = "FORMAT" };
        format.AcceptOnlyFromAmong([.. ReportWriter.Names]);
        var output = new Option<string?>("--output") { Description = "write the report to a file instead of stdout", HelpName = "FILE" };
        var failOn = new Option<string?>("--fail-on") { Description = "exit 1 when a finding of this severity or worse remains: critical, high, medium, low, info" };
        failOn.AcceptOnlyFromAmong("critical", "high", "medium", "low", "info");
        var onlyEffective = new Option<bool>("--only-effective") { Description = "the gate counts only what really loads" };
        var onlyFixable = new Option<bool>("--only-fixable") { Description = "the gate counts only what has a fixed version" };
        var baseline = new Option<string?>("--baseline") { Description = "earlier JSON report: only new findings are shown and counted", HelpName = "FILE" };
        var ignore = new Option<string?>("--ignore-file") { Description = $"suppressions with reason and expiry (default: {Suppressions.DefaultFileName} where you stand)", HelpName = "FILE" };
        var vex = new Option<string[]>("--vex") { Description = "OpenVEX or CycloneDX VEX documents", HelpName = "FILE" };
        var licences = new Option<string?>("--license-policy") { Description = "which licences may be used", HelpName = "FILE" };
        var upload = new Option<bool>("--upload") { Description = "send the report to the server too" };
        var noCache = new Option<bool>("--no-cache") { Description = "read every archive anew, and remember nothing of them" };
        var command = new Command("scan", "finds packages, vulnerabilities, secrets and takeovers in functions with their layers")
        {
            targets, layers, runtime, handler, variables, db, noAdvisories, format, output, failOn, onlyEffective, onlyFixable, baseline, ignore, vex, licences, noCache, upload,
        };
        var aws = new AwsOptions(command);
        var server = new ServerOptionsGroup(command);
        command.SetAction(async (result, cancellationToken) =>
        {
            var names = result.GetValue(targets)!;
            if (result.GetValue(upload) || names.Any(n => IsDeployed(n) || IsAccount(n)))
            {
                beyond.Announce();
            }

            var suppressions = LoadSuppressions(result.GetValue(ignore), result.GetValue(vex) ?? [], result.GetValue(baseline));
            if (suppressions is { Errors.Count: > 0 })
            {
                foreach (var error in suppressions.Errors)
                {
                    Messages.Note($"{error.Path}: {error.Message}");
                }

                // A rule that cannot be read must not hide or show anything by chance.
                return (int)ExitCode.Usage;
            }

            var database = result.GetValue(noAdvisories) ? null : result.GetValue(db)!;
            ScanReport report;
            try
            {
                report = await RunAsync();
            }
            catch (InvalidDataException exception)
            {
                throw new CliException(exception.Message, "", ExitCode.Usage);
            }

            ReportWriter.TryParse(result.GetValue(format), out var form);
            var toTerminal = result.GetValue(output) is null && !System.Console.IsOutputRedirected;
            var plain = Environment.GetEnvironmentVariable("NO_COLOR") is { Length: > 0 };
            var text = ReportWriter.Write(report, form, new ReportOptions(toTerminal && !plain, TimeProvider.System.GetUtcNow(), toTerminal ? System.Console.WindowWidth : null));
            if (result.GetValue(output) is { } file)
            {
                await File.WriteAllTextAsync(file, text, cancellationToken);
            }
            else
            {
                await System.Console.Out.WriteAsync(text);
            }

            foreach (var expired in suppressions?.Expired ?? [])
            {
                Messages.Note($"suppression has expired: {expired}");
            }

            if (result.GetValue(upload))
            {
                await beyond.UploadAsync(report, server.Read(result), cancellationToken);
            }

            var gate = new Gate(result.GetValue(failOn) is { } severity ? Enum.Parse<Severity>(severity, ignoreCase: true) : null, result.GetValue(onlyEffective), result.GetValue(onlyFixable));
            return gate.ExitCode(report);

            async Task<ScanReport> RunAsync()
            {
                var requests = new List<TargetRequest>();
                var deployed = names.Where(IsDeployed).ToList();
                var local = names.Except(deployed).ToList();
                if (local.Count > 1 && result.GetValue(layers) is { Length: > 0 })
                {
                    throw new CliException("--layer goes with one zip or directory", "scan the targets one by one", ExitCode.Usage);
                }

                foreach (var path in local.Where(TemplateScan.IsTemplate))
                {
                    requests.AddRange(TemplateScan.Requests(path, TimeProvider.System));
                }

                foreach (var path in local.Where(path => !TemplateScan.IsTemplate(path)))
                {
                    requests.Add(LocalTarget(path, result.GetValue(layers) ?? [], result.GetValue(runtime), result.GetValue(handler), result.GetValue(variables) ?? []));
                }

                if (names is [var account] && IsAccount(account))
                {
                    return await beyond.AccountAsync(account[Account.Length..], database, cancellationToken);
                }

                using var downloaded = deployed.Count > 0 ? await beyond.DeployedAsync(deployed, database, aws.Read(result), server.Read(result), cancellationToken) : null;
                requests.AddRange(downloaded?.Requests ?? []);
                using var advisories = database is null ? null : DbCommand.Open(database);
                using var progress = ProgressLine.OnError();
                return Scanner.Scan(
                    new ScanRequest
                    {
                        Progress = progress,
                        Targets = requests,
                        Database = advisories,
                        MatchAdvisories = database is not null,
                        Store = result.GetValue(noCache) ? null : new InventoryStore(Places.Inventories, MaxInventories),
                        ProtectionLayers = ProtectionLayers.Among(requests.SelectMany(r => r.Layers).Select(l => l.Source)),
                        Suppressions = suppressions,
                        Licenses = result.GetValue(licences) is { } policy ? LicensePolicy.Load(policy) : null,
                    },
                    cancellationToken);
            }
        });
        return command;
    }

    private static bool IsDeployed(string target) => target.StartsWith("function:", StringComparison.Ordinal) || target.StartsWith("layer:", StringComparison.Ordinal);

    private static bool IsAccount(string target) => target.StartsWith(Account, StringComparison.Ordinal);

    private static TargetRequest LocalTarget(string path, string[] layers, string? runtime, string? handler, string[] variables)
    {
        if (!File.Exists(path) && !Directory.Exists(path))
        {
            throw new CliException($"there is no file or directory `{path}`", "targets are zips, directories, templates, function:NAME, layer:ARN and account:NAME", ExitCode.Usage);
        }

        foreach (var layer in layers.Where(l => !File.Exists(l) && !Directory.Exists(l)))
        {
            throw new CliException($"there is no layer `{layer}`", "", ExitCode.Usage);
        }

        var environment = new Dictionary<string, string>();
        foreach (var variable in variables)
        {
            var parts = variable.Split('=', 2);
            environment[parts[0]] = parts.Length == 2 ? parts[1] : throw new CliException($"`{variable}` is not NAME=VALUE", "", ExitCode.Usage);
        }

        return new TargetRequest
        {
            Kind = Directory.Exists(path) ? "directory" : "zip",
            Name = Path.GetFileNameWithoutExtension(Path.TrimEndingDirectorySeparator(Path.GetFullPath(path))),
            Source = ContentSource.File(path),
            Runtime = runtime,
            Handler = handler,
            Environment = environment,
            Layers = [.. layers.Select(l => new LayerRequest(Path.GetFileNameWithoutExtension(l), ContentSource.File(l)))],
        };
    }

    private static Suppressions? LoadSuppressions(string? ignore, string[] vex, string? baseline)
    {
        ignore ??= File.Exists(Suppressions.DefaultFileName) ? Suppressions.DefaultFileName : null;
        if (ignore is null && baseline is null && vex.Length == 0)
        {
            return null;
        }

        var suppressions = new Suppressions(TimeProvider.System);
        if (ignore is not null)
        {
            suppressions.AddIgnoreFile(ignore);
        }

        foreach (var file in vex)
        {
            suppressions.AddVex(file);
        }

        if (baseline is not null)
        {
            suppressions.AddBaseline(baseline);
        }

        return suppressions;
    }
}
