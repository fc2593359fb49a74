using System.Text.Json;
using Pellicle.Aws;

namespace Pellicle.Cli.Accounts;

/// <summary>How to reach an account. Credentials are never stored, only where they come from.</summary>
internal sealed record AccountEntry
{
    public required string Name { get; init; }

    public string? Profile { get; init; }

    public string? RoleArn { get; init; }

    public string? ExternalId { get; init; }

    public IReadOnlyList<string> Regions { get; init; } = [];

    public string? Endpoint { get; init; }

    /// <summary>Other accounts that may use this one's functions and publish its layers.</summary>
    public IReadOnlyList<string> Trusted { get; init; } = [];

    /// <summary>Hours between scans that a server makes by itself; null where only events and people ask for one.</summary>
    public double? EveryHours { get; init; }

    /// <summary>Saved scopes by name; the one named <c>default</c> is taken where none is asked for.</summary>
    public IReadOnlyDictionary<string, ScanScope> Scopes { get; init; } = new Dictionary<string, ScanScope>();

    /// <summary>A saved scope, or the default.</summary>
    public ScanScope Scope(string? name) =>
        name is null ? Scopes.GetValueOrDefault("default") ?? new ScanScope()
        : Scopes.GetValueOrDefault(name) ?? throw new CliException($"the account `{Name}` has no scope `{name}`", Scopes.Count == 0 ? "save one with `pellicle account scope set`" : $"it has {string.Join(", ", Scopes.Keys.Order(StringComparer.Ordinal))}", ExitCode.Usage);

    /// <summary>Connections to each region; those of a scope where it names some.</summary>
    public IEnumerable<LambdaClient> Connect(IReadOnlyList<string>? regions = null)
    {
        IReadOnlyList<string> wanted = regions is { Count: > 0 } ? regions : Regions;
        foreach (var region in wanted.Count == 0 ? [null] : wanted.Select(r => (string?)r))
        {
            AwsSettings settings;
            try
            {
                settings = AwsSettings.Resolve(Profile, region, Endpoint);
            }
            catch (AwsSettingsException exception)
            {
                throw new CliException(exception.Message, exception.Hint, ExitCode.Usage);
            }

            var http = new AwsHttp(RoleArn is null ? settings : settings with { Credentials = new AssumedRoleCredentials(new StsClient(new AwsHttp(settings)), RoleArn, ExternalId) });
            yield return new LambdaClient(http);
        }
    }
}

/// <summary>Accounts of this machine's data directory.</summary>
internal static class AccountBook
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { WriteIndented = true, NewLine = "\n" };

    private static string FilePath => Path.Combine(Places.Home, "accounts.json");

    public static IReadOnlyList<AccountEntry> Load()
    {
        try
        {
            return File.Exists(FilePath) ? JsonSerializer.Deserialize<List<AccountEntry>>(File.ReadAllText(FilePath), Json) ?? [] : [];
        }
        catch (JsonException exception)
        {
            throw new CliException($"`{FilePath}` cannot be read: {exception.Message}", "repair or remove it");
        }
    }

    public static AccountEntry Find(string name)
    {
        var all = Load();
        return all.FirstOrDefault(a => a.Name == name)
            ?? throw new CliException($"no account `{name}` is known", all.Count == 0 ? "add one with `pellicle account add NAME`" : $"known are {string.Join(", ", all.Select(a => a.Name))}", ExitCode.Usage);
    }

    /// <summary>Adds an account, or replaces the one of the same name.</summary>
    public static void Put(AccountEntry entry) => Save(Load().Where(a => a.Name != entry.Name).Append(entry));

    public static void Save(IEnumerable<AccountEntry> accounts)
    {
        Directory.CreateDirectory(Places.Home);
        var temporary = $"{FilePath}.{Guid.NewGuid():N}";
        File.WriteAllText(temporary, JsonSerializer.Serialize(accounts.OrderBy(a => a.Name, StringComparer.Ordinal), Json));
        File.Move(temporary, FilePath, overwrite: true);
    }
}
