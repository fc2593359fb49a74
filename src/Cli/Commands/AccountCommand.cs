using System.CommandLine;
using System.Text.Json;
using Pellicle.Cli.Accounts;

namespace Pellicle.Cli.Commands;

/// <summary>Accounts: how to reach them, and scans of everything in them.</summary>
internal static class AccountCommand
{
    // Policy documents keep IAM's own spelling.
    private static readonly JsonSerializerOptions Plain = new() { WriteIndented = true, NewLine = "\n", Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static Command Create() => new("account", "accounts to scan") { Add(), List(), AccountScanCommand.Create(), AccountScanCommand.CreateMatch(), AccountScanCommand.CreateChanges(), AccountScopeCommand.Create(), Remove(), Policy() };

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
        var every = new Option<double?>("--every") { Description = "a server (`pellicle serve`) scans it that often by itself, besides the events it is sent", HelpName = "HOURS" };
        var organization = new Option<string?>("--organization-role") { Description = "add every account of the organisation, reached by this role in each; the name becomes a prefix", HelpName = "ROLE" };
        var command = new Command("add", "stores how to reach an account (never credentials) and tries it") { name, profile, role, external, regions, endpoint, trust, organization, every };
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
                EveryHours = result.GetValue(every),
                Scopes = AccountBook.Load().FirstOrDefault(a => a.Name == result.GetValue(name))?.Scopes ?? new Dictionary<string, ScanScope>(),
                Trusted = [.. (result.GetValue(trust) ?? []).Distinct(StringComparer.Ordinal)],
            };
            Check(entry, result.GetValue(organization) is not null);
            if (result.GetValue(organization) is { } memberRole)
            {
                return (int)await OrganizationAccounts.AddAsync(entry, memberRole, cancellationToken);
            }

            // Try before storing: a typo is seen at once.
            foreach (var lambda in entry.Connect())
            {
                await AccountProbe.RunAsync(lambda, cancellationToken);
            }

            AccountBook.Put(entry);
            Messages.Note($"added; scan it with `pellicle account scan {entry.Name}`; the permissions it needs: `pellicle account policy`");
            return (int)ExitCode.Done;
        });
        return command;
    }

    private static void Check(AccountEntry entry, bool organization)
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

        if (entry is { ExternalId: not null, RoleArn: null } && !organization)
        {
            wrong.Add("--external-id goes with --role-arn or --organization-role");
        }

        if (entry.EveryHours is <= 0 or > 8760)
        {
            wrong.Add("--every takes hours, more than 0 and at most 8760");
        }

        wrong.AddRange(entry.Trusted.Where(t => t.Length != 12 || !t.All(char.IsAsciiDigit)).Select(t => $"`{t}` is not an account number of 12 digits"));
        if (wrong.Count > 0)
        {
            throw new CliException(string.Join("; ", wrong), "", ExitCode.Usage);
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
                Output.PrintTable(["NAME", "PROFILE", "ROLE", "REGIONS", "ENDPOINT", "SCOPES"], all.Select(a => (IReadOnlyList<string>)[a.Name, a.Profile ?? "-", a.RoleArn is { } arn ? arn["arn:aws:iam::".Length..] : "-", a.Regions.Count == 0 ? "default" : string.Join(",", a.Regions), a.Endpoint ?? "-", a.Scopes.Count == 0 ? "-" : string.Join(",", a.Scopes.Keys)]));
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
            // What scans kept of it says what its functions hold.
            if (Directory.Exists(AccountRun.StoreOf(entry)))
            {
                Directory.Delete(AccountRun.StoreOf(entry), recursive: true);
            }

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
            using var scan = new AccountScan(entry.Connect().First(), null, AccountRun.StoreOf(entry), seen: SeenReading.Find());
            var (proposal, known) = await scan.ProposeAsync(wanted, cancellationToken);
            if (proposal is null && known)
            {
                throw new CliException($"`{wanted}` needs no policy: its functions use nothing of what it grants", $"aws iam list-role-policies --role-name {wanted} and list-attached-role-policies show what can go");
            }

            if (proposal is null)
            {
                throw new CliException($"no policy can be proposed for `{wanted}`", "its policies or the code of its functions could not all be read, or the code makes AWS clients by computed names");
            }

            using var document = JsonDocument.Parse(proposal);
            System.Console.Out.WriteLine(JsonSerializer.Serialize(document.RootElement, Plain));
            return (int)ExitCode.Done;
        });
        return command;
    }
}
