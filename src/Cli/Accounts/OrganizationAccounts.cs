using Amazon.Runtime;
using Pellicle.Aws;

namespace Pellicle.Cli.Accounts;

/// <summary>Adds the accounts of an organisation, each reached by the same role.</summary>
internal static class OrganizationAccounts
{
    /// <summary>Lists, tries each, stores those that can be reached. One that cannot does not stop the others.</summary>
    public static async Task<ExitCode> AddAsync(AccountEntry source, string role, CancellationToken cancellationToken)
    {
        var name = role.StartsWith("arn:", StringComparison.Ordinal) ? throw new CliException($"`{role}` is an ARN", "--organization-role takes the role's name (with its path), which is the same in every account", ExitCode.Usage) : role.TrimStart('/');
        using var http = source.Connect().First().Http;
        var partition = http.Settings.GlobalRegion switch { "cn-north-1" => "aws-cn", "us-gov-west-1" => "aws-us-gov", _ => "aws" };
        var listed = await ListAsync(http, cancellationToken);
        var own = listed.Select(a => a.Id).ToList();
        var failed = 0;
        foreach (var account in listed)
        {
            if (account.Status != "ACTIVE")
            {
                Messages.Note($"{account.Id} {account.Name}: {account.Status.ToLowerInvariant()}, left out");
                continue;
            }

            // Accounts of one organisation may use each other's layers without a word.
            var entry = source with { Name = $"{source.Name}-{account.Id}", RoleArn = $"arn:{partition}:iam::{account.Id}:role/{name}", Trusted = [.. source.Trusted.Union(own).Where(i => i != account.Id).Order(StringComparer.Ordinal)] };
            try
            {
                foreach (var lambda in entry.Connect())
                {
                    await AccountProbe.RunAsync(lambda, cancellationToken);
                }

                AccountBook.Put(entry);
            }
            catch (Exception exception) when (exception is AwsException or AmazonClientException)
            {
                failed++;
                Messages.Note($"{account.Id} {account.Name} cannot be reached: {exception.Message}");
            }
        }

        Messages.Note($"{listed.Count(a => a.Status == "ACTIVE") - failed} of {listed.Count} accounts added as {source.Name}-NUMBER");
        return failed > 0 ? ExitCode.Incomplete : ExitCode.Done;
    }

    private static async Task<IReadOnlyList<OrganizationAccount>> ListAsync(AwsHttp http, CancellationToken cancellationToken)
    {
        try
        {
            return await new OrganizationsClient(http).ListAccountsAsync(cancellationToken);
        }
        catch (AwsException exception) when (exception.IsDenied || exception.Code == "AWSOrganizationsNotInUseException")
        {
            throw new CliException($"the organisation's accounts cannot be listed: {exception.Text}", "it takes organizations:ListAccounts, in the management account or in one that is a delegated administrator");
        }
    }
}
