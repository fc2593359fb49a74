using System.CommandLine;
using Pellicle.Cli.Accounts;

namespace Pellicle.Cli.Commands;

/// <summary>Options that say which part of an account is meant.</summary>
internal sealed class ScopeOptions
{
    private readonly Option<string[]> _regions = new("--region") { Description = "only this region; repeat for several", HelpName = "REGION", AllowMultipleArgumentsPerToken = true };
    private readonly Option<string[]> _names = new("--name") { Description = "only functions of this name or pattern (*, ?); repeat for several", HelpName = "PATTERN" };
    private readonly Option<string[]> _tags = new("--tag") { Description = "only functions with this tag; repeat for several", HelpName = "KEY[=VALUE]" };
    private readonly Option<string[]> _runtimes = new("--runtime") { Description = "only this runtime or pattern; `image` for container images", HelpName = "PATTERN" };
    private readonly Option<string?> _versions = new("--versions") { Description = "latest or all: the code of every published version and alias too" };
    private readonly Option<int?> _newest = new("--newest") { Description = "only so many functions, those changed last", HelpName = "N" };

    public ScopeOptions(Command command)
    {
        _versions.AcceptOnlyFromAmong("latest", "all");
        _newest.Validators.Add(r =>
        {
            if (r.GetValueOrDefault<int?>() < 1)
            {
                r.AddError("--newest takes a number from 1 up");
            }
        });
        command.Add(_regions);
        command.Add(_names);
        command.Add(_tags);
        command.Add(_runtimes);
        command.Add(_versions);
        command.Add(_newest);
    }

    /// <summary>The scope with what was given on the command line in place of its own.</summary>
    public ScanScope Apply(ParseResult result, ScanScope scope) => scope with
    {
        Regions = result.GetValue(_regions) is { Length: > 0 } regions ? regions : scope.Regions,
        Names = result.GetValue(_names) is { Length: > 0 } names ? names : scope.Names,
        Tags = result.GetValue(_tags) is { Length: > 0 } tags ? tags : scope.Tags,
        Runtimes = result.GetValue(_runtimes) is { Length: > 0 } runtimes ? runtimes : scope.Runtimes,
        AllVersions = result.GetValue(_versions) is { } versions ? versions == "all" : scope.AllVersions,
        Newest = result.GetValue(_newest) ?? scope.Newest,
    };
}

/// <summary><c>account scope</c>: which part of an account a scan covers, saved under a name.</summary>
internal static class AccountScopeCommand
{
    public static Command Create() => new("scope", "saved scopes: which part of an account a scan covers") { Set(), List(), Remove() };

    private static Argument<string> Account() => new("NAME") { Description = "account" };

    private static Argument<string> Scope() => new("SCOPE") { Description = "name of the scope; `default` is taken where none is named" };

    private static Command Set()
    {
        var account = Account();
        var scope = Scope();
        var noLayers = new Option<bool>("--no-layers") { Description = "leave out layer versions as targets of their own" };
        var command = new Command("set", "saves a scope") { account, scope, noLayers };
        var options = new ScopeOptions(command);
        command.SetAction(result =>
        {
            var entry = AccountBook.Find(result.GetValue(account)!);
            var saved = options.Apply(result, new ScanScope { NoLayers = result.GetValue(noLayers) });
            AccountBook.Put(entry with { Scopes = new SortedDictionary<string, ScanScope>(entry.Scopes.ToDictionary(), StringComparer.Ordinal) { [result.GetValue(scope)!] = saved } });
            Messages.Note($"saved; scan it with `pellicle account scan {entry.Name} --scope {result.GetValue(scope)}`");
            return (int)ExitCode.Done;
        });
        return command;
    }

    private static Command List()
    {
        var account = Account();
        var command = new Command("list", "lists the scopes of an account") { account };
        var format = new FormatOption(command);
        command.SetAction(result =>
        {
            var scopes = AccountBook.Find(result.GetValue(account)!).Scopes.OrderBy(s => s.Key, StringComparer.Ordinal).ToList();
            if (format.IsJson(result))
            {
                Output.PrintJson(scopes.ToDictionary(s => s.Key, s => s.Value));
            }
            else
            {
                static string All(IReadOnlyList<string> values) => values.Count == 0 ? "all" : string.Join(",", values);
                Output.PrintTable(["SCOPE", "REGIONS", "NAMES", "TAGS", "RUNTIMES", "VERSIONS", "NEWEST", "LAYERS"], scopes.Select(s => (IReadOnlyList<string>)[s.Key, All(s.Value.Regions), All(s.Value.Names), All(s.Value.Tags), All(s.Value.Runtimes), s.Value.AllVersions ? "all" : "latest", s.Value.Newest?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "all", s.Value.NoLayers ? "no" : "yes"]));
            }

            return (int)ExitCode.Done;
        });
        return command;
    }

    private static Command Remove()
    {
        var account = Account();
        var scope = Scope();
        var command = new Command("remove", "forgets a scope") { account, scope };
        command.SetAction(result =>
        {
            var entry = AccountBook.Find(result.GetValue(account)!);
            entry.Scope(result.GetValue(scope));
            AccountBook.Put(entry with { Scopes = entry.Scopes.Where(s => s.Key != result.GetValue(scope)).ToDictionary() });
            return (int)ExitCode.Done;
        });
        return command;
    }
}
