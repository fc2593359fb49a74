using System.Text.Json;

namespace Pellicle.Aws;

/// <summary>An account of an organisation.</summary>
/// <param name="Id">Account number.</param>
/// <param name="Name">Name given to it.</param>
/// <param name="Status"><c>ACTIVE</c>, <c>SUSPENDED</c> or <c>PENDING_CLOSURE</c>.</param>
public sealed record OrganizationAccount(string Id, string Name, string Status);

/// <summary>Lists the accounts of an organisation; only its management account or a delegated administrator may.</summary>
public sealed class OrganizationsClient(AwsHttp http)
{
    /// <summary>All accounts, page by page.</summary>
    public async Task<IReadOnlyList<OrganizationAccount>> ListAccountsAsync(CancellationToken cancellationToken = default)
    {
        var accounts = new List<OrganizationAccount>();
        string? next = null;
        do
        {
            var page = await http.SendJsonAsync(Call(next), cancellationToken).ConfigureAwait(false);
            if (page.ValueKind != JsonValueKind.Object || !page.TryGetProperty("Accounts", out var items))
            {
                throw new AwsException("ListAccounts", "UnreadableAnswer", "the answer holds no accounts", System.Net.HttpStatusCode.OK);
            }

            accounts.AddRange(items.EnumerateArray().Select(a => new OrganizationAccount(Text(a, "Id"), Text(a, "Name"), Text(a, "Status"))));
            next = Text(page, "NextToken");
        }
        while (next.Length > 0);

        return [.. accounts.OrderBy(a => a.Id, StringComparer.Ordinal)];
    }

    internal AwsCall Call(string? next) => new()
    {
        Operation = "ListAccounts",
        Service = "organizations",
        Method = "POST",
        Address = http.Settings.AddressOf("organizations", global: true, inGlobalRegion: true),
        Path = "/",
        Region = http.Settings.GlobalRegion,
        Headers = new Dictionary<string, string> { ["X-Amz-Target"] = "AWSOrganizationsV20161128.ListAccounts" },
        ContentType = "application/x-amz-json-1.1",
        Body = JsonSerializer.SerializeToUtf8Bytes(next is null ? [] : new Dictionary<string, string> { ["NextToken"] = next }),
    };

    private static string Text(JsonElement element, string name) => element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString()! : "";
}
