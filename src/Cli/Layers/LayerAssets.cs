using System.Globalization;
using Pellicle.Aws;
using Pellicle.Posture;

namespace Pellicle.Cli.Layers;

/// <summary>Who uses a layer version: <c>$LATEST</c> by the function's name, a published version as <c>name:3</c>.</summary>
internal sealed record LayerUse(string Function, string Version, IReadOnlyList<string> Aliases)
{
    public string Name => Version == "$LATEST" ? Function : $"{Function}:{Version}{(Aliases.Count > 0 ? $" ({string.Join(", ", Aliases)})" : "")}";
}

/// <summary>A layer version as an asset.</summary>
internal sealed record LayerAsset(string Arn, string Publisher, string? Created, bool Listed, long? Newest, IReadOnlyList<LayerUse> Users)
{
    public string Name => Arn.Split(':')[6];

    public long Version => long.Parse(Arn.Split(':')[7], CultureInfo.InvariantCulture);

    /// <summary>Own, AWS, the vendor's name, or unknown.</summary>
    public string State => (Users.Count, Listed, Newest) switch
    {
        (0, _, _) => "unused",
        (_, false, _) when Publisher == "own" => "in use, deleted",
        (_, _, { } newest) when newest > Version => $"in use, behind :{newest}",
        _ => "in use",
    };
}

/// <summary>Layer versions of a region with their users.</summary>
internal static class LayerAssets
{
    public static async Task<IReadOnlyList<LayerAsset>> ReadAsync(LambdaClient lambda, CancellationToken cancellationToken)
    {
        var users = await UsersAsync(lambda, cancellationToken);
        var account = "";
        var listed = new Dictionary<string, (string? Created, long Newest)>(StringComparer.Ordinal);
        await foreach (var layer in lambda.ListLayersAsync(cancellationToken))
        {
            var versions = new List<LayerVersionDetail>();
            await foreach (var version in lambda.ListLayerVersionsAsync(layer.LayerName, cancellationToken))
            {
                versions.Add(version);
                account = version.LayerVersionArn.Split(':')[4];
            }

            foreach (var version in versions)
            {
                listed[version.LayerVersionArn] = (version.CreatedDate, versions.Max(v => v.Version));
            }
        }

        account = account.Length > 0 ? account : users.Account;
        return
        [
            .. listed.Keys.Union(users.ByArn.Keys, StringComparer.Ordinal)
                .Select(arn => listed.TryGetValue(arn, out var found)
                    ? new LayerAsset(arn, PublisherOf(arn, account), found.Created, true, found.Newest, users.ByArn.GetValueOrDefault(arn) ?? [])
                    : new LayerAsset(arn, PublisherOf(arn, account), null, false, null, users.ByArn[arn]))
                .OrderBy(a => a.Name, StringComparer.Ordinal).ThenBy(a => a.Arn.Split(':')[4], StringComparer.Ordinal).ThenByDescending(a => a.Version),
        ];
    }

    public static string PublisherOf(string arn, string account)
    {
        var publisher = arn.Split(':')[4];
        return publisher == account ? "own" : KnownPublishers.Of(publisher) is { } known ? known.Kind == "aws" ? "AWS" : known.Name : $"unknown {publisher}";
    }

    /// <summary>Users by layer version ARN, published versions with their aliases too.</summary>
    public static async Task<(IReadOnlyDictionary<string, List<LayerUse>> ByArn, string Account)> UsersAsync(LambdaClient lambda, CancellationToken cancellationToken)
    {
        var users = new Dictionary<string, List<LayerUse>>(StringComparer.Ordinal);
        var account = "";
        var aliases = new Dictionary<string, IReadOnlyList<AliasConfiguration>>(StringComparer.Ordinal);
        await foreach (var function in lambda.ListFunctionsAsync(true, cancellationToken))
        {
            account = function.FunctionArn.Split(':')[4];
            if (function.Layers.Count == 0)
            {
                continue;
            }

            IReadOnlyList<string> named = [];
            if (function.Version != "$LATEST")
            {
                if (!aliases.TryGetValue(function.FunctionName, out var all))
                {
                    aliases[function.FunctionName] = all = await AliasesAsync(lambda, function.FunctionName, cancellationToken);
                }

                named = [.. all.Where(a => a.FunctionVersion == function.Version || a.Weights.ContainsKey(function.Version)).Select(a => a.Name).Order(StringComparer.Ordinal)];
            }

            foreach (var layer in function.Layers)
            {
                if (!users.TryGetValue(layer.Arn, out var list))
                {
                    users[layer.Arn] = list = [];
                }

                list.Add(new LayerUse(function.FunctionName, function.Version, named));
            }
        }

        foreach (var list in users.Values)
        {
            list.Sort((a, b) => string.CompareOrdinal(a.Name, b.Name));
        }

        return (users, account);
    }

    private static async Task<IReadOnlyList<AliasConfiguration>> AliasesAsync(LambdaClient lambda, string function, CancellationToken cancellationToken)
    {
        var all = new List<AliasConfiguration>();
        await foreach (var alias in lambda.ListAliasesAsync(function, cancellationToken))
        {
            all.Add(alias);
        }

        return all;
    }
}
