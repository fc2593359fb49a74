using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Pellicle.Aws;
using Pellicle.Cli.Accounts;
using Pellicle.Domain;
using Pellicle.Scanning.Pipeline;
using Pellicle.Scanning.Reports;

namespace Pellicle.Cli.Commands;

/// <summary>Accounts: how to reach them, and scans of everything in them.</summary>
internal static class AccountCommand
{
    // Policy documents keep IAM's own spelling.
    private static readonly JsonSerializerOptions Plain = new() { WriteIndented = true, NewLine = "\n", Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static Command Create() => new("account", "accounts to scan") { Add(), List(), Scan(), Remove(), Policy() };

    private static Argument<string> NameArgument() => new("NAME") { Description = "name given to the account" };

    private static Command Add()
    {
        var name = NameArgument();
        var profile = new Option<string?>("--profile") { Description = "AWS profile to start from", HelpName = "NAME" };
        var role = new Option<string?>("--role-arn") { Description = "role to assume in the account", HelpName = "ARN" };
        var external = new Option<string?>("--external-id") { Description = "external id that the role's trust policy asks for", HelpName = "ID" };
        var regions = new Option<string[]>("--region") { Description = "region; repeat for several", HelpName = "REGION", AllowMultipleArgumentsPerToken = true };
        var endpoint = new Option<string?>("--endpoint-url") { Description = "address to call instead of AWS, for example a local Lambda", HelpName = "URL" };
        var trust = new Option<string[]>("--trust") { Description = "account number of the own organisation; repeat for several", HelpName = "ACCOUNT", AllowMultipleArgumentsPerToken = true };
        var command = new Command("add", "stores how to reach an account (never credentials) and tries it") { name, profile, role, external, regions, endpoint, trust };
        command.SetAction(async (result, cancellationToken) =>
        {
            var entry = new AccountEntry
            {
                Name = result.GetValue(name)!,
                Profile = result.GetValue(profile),
                RoleArn = result.GetValue(role),
                ExternalId = result.GetValue(external),
                Regions = [.. (result.GetValue(regions) ?? []).Distinct(StringComparer.Ordinal)],
                Endpoint = result.GetValue(endpoint),
                Trusted = [.. (result.GetValue(trust) ?? []).Distinct(StringComparer.Ordinal)],
            };
            Check(entry);
            // Try before storing: a typo is seen at once.
            foreach (var lambda in entry.Connect())
            {
                await ProbeAsync(lambda, cancellationToken);
            }

            AccountBook.Save(AccountBook.Load().Where(a => a.Name != entry.Name).Append(entry));
            Output.Note($"added; scan it with `pellicle account scan {entry.Name}`; the permissions it needs: `pellicle account policy`");
            return (int)ExitCode.Done;
        });
        return command;
    }

    private static void Check(AccountEntry entry)
    {
        var wrong = new List<string>();
        if (entry.Name.Length == 0 || !entry.Name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.'))
        {
            wrong.Add($"the name `{entry.Name}` has other characters than letters, digits, `-`, `_`, `.`");
        }

        if (entry.RoleArn is { } role && (role.Split(':') is not { Length: 6 } parts || parts[2] != "iam" || !parts[5].StartsWith("role/", StringComparison.Ordinal)))
        {
            wrong.Add($"`{role}` is not the ARN of a role (arn:aws:iam::ACCOUNT:role/NAME)");
        }

        if (entry is { ExternalId: not null, RoleArn: null })
        {
            wrong.Add("--external-id goes with --role-arn");
        }

        wrong.AddRange(entry.Trusted.Where(t => t.Length != 12 || !t.All(char.IsAsciiDigit)).Select(t => $"`{t}` is not an account number of 12 digits"));
        if (wrong.Count > 0)
        {
            throw new CliException(string.Join("; ", wrong), "", ExitCode.Usage);
        }
    }

    private static async Task ProbeAsync(LambdaClient lambda, CancellationToken cancellationToken)
    {
        var identity = await new StsClient(lambda.Http).GetCallerIdentityAsync(cancellationToken);
        Output.Note($"{lambda.Http.Settings.Region}: account {identity.Account} as {identity.Arn}");
        FunctionConfiguration? first = null;
        try
        {
            await foreach (var function in lambda.ListFunctionsAsync(false, cancellationToken))
            {
                first = function;
                break;
            }
        }
        catch (AwsException exception) when (exception.IsDenied)
        {
            Output.Note($"not allowed: lambda:ListFunctions; without it nothing can be scanned ({exception.Text})");
            return;
        }

        if (first is null)
        {
            Output.Note($"{lambda.Http.Settings.Region}: no function yet, so the other permissions cannot be tried");
            return;
        }

        // One function shows which permissions are missing.
        var reader = new InventoryReader(lambda, new IamClient(lambda.Http), new StsClient(lambda.Http), new InventoryOptions { Functions = new HashSet<string> { first.FunctionName }, MaxVersions = 1 });
        foreach (var gap in (await reader.ReadAsync(cancellationToken)).Gaps.Where(g => g.Denied))
        {
            Output.Note(AccountScan.Describe(gap));
        }
    }

    private static Command List()
    {
        var command = new Command("list", "lists the accounts known");
        var format = new FormatOption(command);
        command.SetAction(result =>
        {
            var all = AccountBook.Load();
            if (format.IsJson(result))
            {
                Output.PrintJson(all);
            }
            else
            {
                Output.PrintTable(["NAME", "PROFILE", "ROLE", "REGIONS", "ENDPOINT"], all.Select(a => (IReadOnlyList<string>)[a.Name, a.Profile ?? "-", a.RoleArn ?? "-", a.Regions.Count == 0 ? "default" : string.Join(",", a.Regions), a.Endpoint ?? "-"]));
            }

            return (int)ExitCode.Done;
        });
        return command;
    }

    private static Command Remove()
    {
        var name = NameArgument();
        var command = new Command("remove", "forgets an account; nothing in it is changed") { name };
        command.SetAction(result =>
        {
            var entry = AccountBook.Find(result.GetValue(name)!);
            AccountBook.Save(AccountBook.Load().Where(a => a.Name != entry.Name));
            return (int)ExitCode.Done;
        });
        return command;
    }

    private static Command Policy()
    {
        var name = new Argument<string?>("NAME") { Description = "account, with --role", Arity = ArgumentArity.ZeroOrOne };
        var role = new Option<string?>("--role") { Description = "print the least-privilege policy of this execution role instead: what the code of its functions calls", HelpName = "ROLE" };
        var command = new Command("policy", "prints the exact IAM policy that a scan needs") { name, role };
        command.SetAction(async (result, cancellationToken) =>
        {
            if (result.GetValue(role) is not { } wanted)
            {
                System.Console.Out.WriteLine(JsonSerializer.Serialize(ScanPolicy.Document, Plain));
                return (int)ExitCode.Done;
            }

            var entry = AccountBook.Find(result.GetValue(name) ?? throw new CliException("--role needs the account's name", "pellicle account policy NAME --role ROLE", ExitCode.Usage));
            using var scan = new AccountScan(entry.Connect().First(), null, StoreOf(entry), seen: SeenReading.Find());
            if (await scan.ProposeAsync(wanted, cancellationToken) is not { } proposal)
            {
                throw new CliException($"no policy can be proposed for `{wanted}`", "its policies or the code of its functions could not all be read, or the code makes AWS clients by computed names");
            }

            using var document = JsonDocument.Parse(proposal);
            System.Console.Out.WriteLine(JsonSerializer.Serialize(document.RootElement, Plain));
            return (int)ExitCode.Done;
        });
        return command;
    }

    private static Command Scan()
    {
        var name = NameArgument();
        var noLayers = new Option<bool>("--no-layers") { Description = "leave out layer versions as targets of their own" };
        var db = DbCommand.PathOption();
        var noAdvisories = new Option<bool>("--no-advisories") { Description = "judge without advisories: configuration, roles, secrets, takeovers" };
        var format = new Option<string>("--format") { Description = string.Join(", ", ReportWriter.Names), DefaultValueFactory = _ => "table", HelpName = "FORMAT" };
        format.AcceptOnlyFromAmong([.. ReportWriter.Names]);
        var output = new Option<string?>("--output") { Description = "file to write the report to", HelpName = "FILE" };
        var failOn = new Option<string?>("--fail-on") { Description = "exit 1 on findings of this severity or worse", HelpName = "SEVERITY" };
        failOn.AcceptOnlyFromAmong([.. Enum.GetNames<Severity>().Select(n => n.ToLowerInvariant())]);
        var upload = new Option<bool>("--upload") { Description = "send the report to the server too" };
        var command = new Command("scan", "scans every function and layer version of an account") { name, noLayers, db, noAdvisories, format, output, failOn, upload };
        var server = new ServerOptionsGroup(command);
        command.SetAction(async (result, cancellationToken) =>
        {
            var entry = AccountBook.Find(result.GetValue(name)!);
            var (report, gaps, failed) = await RunAsync(entry, !result.GetValue(noLayers), result.GetValue(noAdvisories) ? null : result.GetValue(db)!, cancellationToken);
            ReportWriter.TryParse(result.GetValue(format), out var form);
            var text = ReportWriter.Write(report, form, new ReportOptions(result.GetValue(output) is null && Output.Out.Profile.Out.IsTerminal, TimeProvider.System.GetUtcNow()));
            if (result.GetValue(output) is { } file)
            {
                await File.WriteAllTextAsync(file, text, cancellationToken);
            }
            else
            {
                await System.Console.Out.WriteAsync(text);
            }

            if (result.GetValue(upload))
            {
                using var client = server.Connect(result);
                await client.PutAsync("/api/v1/scans", ScanJson.Write(report), cancellationToken);
            }

            var code = new Gate(result.GetValue(failOn) is { } severity ? Enum.Parse<Severity>(severity, ignoreCase: true) : null).ExitCode(report);
            return code == (int)ExitCode.Done && (gaps > 0 || failed) ? (int)ExitCode.Incomplete : code;
        });
        return command;
    }

    /// <summary>Scans each region; one that cannot be read does not stop the others.</summary>
    public static async Task<(ScanReport Report, int Gaps, bool Failed)> RunAsync(AccountEntry entry, bool layers, string? database, CancellationToken cancellationToken)
    {
        ScanReport? report = null;
        AwsException? last = null;
        var gaps = 0;
        foreach (var lambda in entry.Connect())
        {
            using var scan = new AccountScan(lambda, database, StoreOf(entry), entry.Trusted.ToHashSet(StringComparer.Ordinal), seen: SeenReading.Find());
            try
            {
                var part = await scan.RunAsync(null, layers, cancellationToken);
                foreach (var gap in part.Inventory.Gaps)
                {
                    Output.Note(AccountScan.Describe(gap));
                }

                gaps += part.Inventory.Gaps.Count;
                Output.Note(string.Create(CultureInfo.InvariantCulture, $"{part.Inventory.Region}: {part.Inventory.Functions.Count} functions, {part.Inventory.Layers.Count} layer versions, {part.Inventory.Roles.Count} roles; {part.Downloads} downloads, {lambda.Http.Calls} calls, {lambda.Http.Throttled} throttled"));
                report = report is null ? part.Report : Merge(report, part.Report);
            }
            catch (AwsException exception)
            {
                Output.Note($"{lambda.Http.Settings.Region} could not be scanned: {exception.Message}");
                last = exception;
            }
        }

        return (report ?? throw last ?? new AwsException("scan", "NoRegion", "there is no region to scan", 0), gaps, last is not null);
    }

    private static ScanReport Merge(ScanReport a, ScanReport b)
    {
        List<ScanTarget> targets = [.. a.Targets, .. b.Targets];
        return a with { Targets = targets, Summary = ScanSummary.Of(targets) };
    }

    private static string StoreOf(AccountEntry entry) => Path.Combine(Places.Home, "inventories", entry.Name);
}
