using Pellicle.Scanning.Pipeline;

namespace Pellicle.Server.Accounts;

/// <summary>An account that the server keeps up to date.</summary>
/// <param name="Name">Name given to it.</param>
/// <param name="Number">AWS account number; empty until a scan told it.</param>
/// <param name="Every">How often it is scanned without an event; null where it is scanned on events and on request alone.</param>
public sealed record WatchedAccount(string Name, string Number, TimeSpan? Every);

/// <summary>Scans accounts for the server. Reports come in parts, each of a bounded number of targets.</summary>
public interface IAccountScanner
{
    /// <summary>Accounts known now.</summary>
    IReadOnlyList<WatchedAccount> Accounts();

    /// <summary>Changes with the advisory database; empty when there is none.</summary>
    string AdvisoryRevision();

    /// <summary>Scans an account; <paramref name="functions"/> limits it to those, null takes all and their layers.</summary>
    IAsyncEnumerable<ScanReport> ScanAsync(string account, IReadOnlySet<string>? functions, CancellationToken cancellationToken);

    /// <summary>Matches stored inventories with the advisories of now; no call to AWS.</summary>
    IAsyncEnumerable<ScanReport> MatchAsync(string account, CancellationToken cancellationToken);
}
