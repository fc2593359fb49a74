using System.Text.Json;
using Pellicle.Cli.Tests.Support;
using Pellicle.Local;

namespace Pellicle.Cli.Tests;

/// <summary>An organisation whose accounts are listed in pages and reached by assumed roles; Lambda behind each is the local one.</summary>
public sealed class OrganizationTests : IAsyncLifetime
{
    private readonly string _data = Directory.CreateTempSubdirectory("pellicle-organization-tests-").FullName;
    private readonly Door _door = new();
    private readonly List<string> _assumed = [];
    private LocalLambda _local = null!;

    public async Task InitializeAsync()
    {
        _local = await LocalLambda.StartAsync(new LocalLambdaOptions { DataDirectory = Path.Combine(_data, "local"), RuntimesDirectory = _data, TransitionTime = TimeSpan.Zero }, default);
        _door.Start(_local.Address);
        _door.Answers = Answer;
    }

    public async Task DisposeAsync()
    {
        _door.Dispose();
        await _local.DisposeAsync();
        Directory.Delete(_data, recursive: true);
    }

    [Fact]
    public async Task Each_account_that_can_be_reached_is_added_and_the_others_are_told()
    {
        var home = Path.Combine(_data, "home");
        var added = await Command.RunAsync(home, 3, "account", "add", "org", "--organization-role", "security/scan", "--external-id", "shared id", "--region", "us-east-1", "--endpoint-url", _door.Address);
        added.Error.ShouldContain("222222222222 old: suspended, left out");
        added.Error.ShouldContain("333333333333 closed door cannot be reached: AssumeRole");
        added.Error.ShouldContain("2 of 4 accounts added as org-NUMBER");
        _assumed.ShouldAllBe(f => f.Contains("ExternalId=shared%20id", StringComparison.Ordinal));
        _assumed.ShouldContain(f => f.Contains("RoleArn=arn%3Aaws%3Aiam%3A%3A444444444444%3Arole%2Fsecurity%2Fscan", StringComparison.Ordinal));

        using var list = JsonDocument.Parse((await Command.RunAsync(home, 0, "account", "list", "--format", "json")).Out);
        list.RootElement.EnumerateArray().Select(a => a.GetProperty("name").GetString()).ShouldBe(["org-111111111111", "org-444444444444"]);
        list.RootElement[0].GetProperty("trusted").EnumerateArray().Select(t => t.GetString()).ShouldBe(["222222222222", "333333333333", "444444444444"]);
        // Only how to get credentials is stored.
        var stored = await File.ReadAllTextAsync(Path.Combine(home, "accounts.json"));
        stored.ShouldNotContain("SECRET-OF-ROLE");
        stored.ShouldNotContain("ASIAROLE");
        await Command.RunAsync(home, 0, "account", "scan", "org-444444444444", "--no-advisories");
    }

    [Fact]
    public async Task Who_may_not_list_the_organisation_is_told_what_to_do()
    {
        _door.Answers = (_, _, target) => target?.EndsWith("ListAccounts", StringComparison.Ordinal) == true ? (400, """{"__type":"AccessDeniedException","Message":"You don't have permissions to access this resource."}""") : null;
        var refused = await Command.RunAsync(Path.Combine(_data, "home"), 3, "account", "add", "org", "--organization-role", "scan", "--region", "us-east-1", "--endpoint-url", _door.Address);
        refused.Error.ShouldContain("organizations:ListAccounts");
        refused.Error.ShouldContain("management account");
    }

    private (int, string)? Answer(string line, string form, string? target)
    {
        if (target?.EndsWith("ListAccounts", StringComparison.Ordinal) == true)
        {
            return (200, form.Contains("NextToken", StringComparison.Ordinal)
                ? """{"Accounts":[{"Id":"333333333333","Name":"closed door","Status":"ACTIVE"},{"Id":"444444444444","Name":"shop","Status":"ACTIVE"}]}"""
                : """{"Accounts":[{"Id":"111111111111","Name":"root","Status":"ACTIVE"},{"Id":"222222222222","Name":"old","Status":"SUSPENDED"}],"NextToken":"more"}""");
        }

        if (!form.StartsWith("Action=AssumeRole&", StringComparison.Ordinal))
        {
            return null;
        }

        lock (_assumed)
        {
            _assumed.Add(form);
        }

        return form.Contains("333333333333", StringComparison.Ordinal)
            ? (403, "<ErrorResponse><Error><Code>AccessDenied</Code><Message>not authorized to perform: sts:AssumeRole</Message></Error></ErrorResponse>")
            : (200, "<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>ASIAROLE</AccessKeyId><SecretAccessKey>SECRET-OF-ROLE</SecretAccessKey><SessionToken>tok</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>");
    }
}
