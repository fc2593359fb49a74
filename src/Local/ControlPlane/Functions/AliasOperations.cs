using System.Text.Json.Nodes;
using Pellicle.Local.ControlPlane.Http;
using Pellicle.Local.ControlPlane.State;

namespace Pellicle.Local.ControlPlane.Functions;

/// <summary>Aliases, with a second version by weight.</summary>
internal sealed class AliasOperations(Plane plane)
{
    public void Map(Routes routes)
    {
        routes.Get("2015-03-31/functions/{function}/aliases", "ListAliases", List);
        routes.Post("2015-03-31/functions/{function}/aliases", "CreateAlias", CreateAsync);
        routes.Get("2015-03-31/functions/{function}/aliases/{alias}", "GetAlias", Get);
        routes.Put("2015-03-31/functions/{function}/aliases/{alias}", "UpdateAlias", UpdateAsync);
        routes.Delete("2015-03-31/functions/{function}/aliases/{alias}", "DeleteAlias", Delete);
    }

    private Reply List(Call call)
    {
        var reference = FunctionReference.Of(call);
        var version = call.Query("FunctionVersion");
        var aliases = plane.Find(reference).Aliases
            .Where(a => version is null || a.FunctionVersion == version || a.Weights?.ContainsKey(version) == true)
            .OrderBy(a => a.Name, StringComparer.Ordinal);
        return Page.Of(call, "Aliases", aliases, a => a.Name, a => Show(reference, a), string.CompareOrdinal);
    }

    private Reply Get(Call call)
    {
        var reference = FunctionReference.Of(call);
        return Reply.Ok(Show(reference, Find(reference, plane.Find(reference), call.Path("alias"))));
    }

    private async ValueTask<Reply> CreateAsync(Call call, CancellationToken cancellationToken)
    {
        var input = await call.ReadJsonAsync(cancellationToken);
        var reference = FunctionReference.Of(call);
        var name = input.Text("Name", required: true, min: 1, max: 128, pattern: Names.Alias());
        var version = input.Text("FunctionVersion", required: true, pattern: Names.Version());
        var description = input.Text("Description", max: 256) ?? "";
        var weights = Weights(input);
        input.Check();
        AliasDocument? created = null;
        plane.Change(reference, f =>
        {
            if (f.Aliases.Any(a => a.Name == name))
                throw ApiException.Conflict($"Alias already exists: {Names.FunctionArn(reference.Region, reference.Name, name)}");
            CheckTargets(reference, f, version!, weights);
            created = new AliasDocument
            {
                Name = name!,
                FunctionVersion = version!,
                Description = description,
                Weights = weights is { Count: > 0 } ? weights : null,
                RevisionId = Plane.NewRevision(),
            };
            return f with { Aliases = [.. f.Aliases, created] };
        });
        return new Reply(201, Show(reference, created!));
    }

    private async ValueTask<Reply> UpdateAsync(Call call, CancellationToken cancellationToken)
    {
        var input = await call.ReadJsonAsync(cancellationToken);
        var reference = FunctionReference.Of(call);
        var version = input.Text("FunctionVersion", pattern: Names.Version());
        var description = input.Text("Description", max: 256);
        var weights = Weights(input);
        var revision = input.Text("RevisionId");
        input.Check();
        AliasDocument? updated = null;
        plane.Change(reference, f =>
        {
            var alias = Find(reference, f, call.Path("alias"));
            if (!string.IsNullOrEmpty(revision) && revision != alias.RevisionId)
                throw ApiException.Precondition("GetFunction/GetAlias");
            updated = alias with
            {
                FunctionVersion = version ?? alias.FunctionVersion,
                Description = description ?? alias.Description,
                Weights = weights is null ? alias.Weights : weights.Count > 0 ? weights : null,
                RevisionId = Plane.NewRevision(),
            };
            CheckTargets(reference, f, updated.FunctionVersion, updated.Weights);
            return f with { Aliases = [.. f.Aliases.Select(a => a.Name == updated.Name ? updated : a)] };
        });
        return Reply.Ok(Show(reference, updated!));
    }

    private Reply Delete(Call call)
    {
        var reference = FunctionReference.Of(call);
        var name = call.Path("alias");
        plane.Change(reference, f => f.Aliases.All(a => a.Name != name) ? f : f with
        {
            Aliases = [.. f.Aliases.Where(a => a.Name != name)],
            Policies = Copy(f.Policies, name),
            Urls = Copy(f.Urls, name),
            EventInvoke = Copy(f.EventInvoke, name),
        });
        return Reply.NoContent;
    }

    private static SortedDictionary<string, T> Copy<T>(SortedDictionary<string, T> map, string without)
    {
        var copy = new SortedDictionary<string, T>(map, StringComparer.Ordinal);
        copy.Remove(without);
        return copy;
    }

    private static AliasDocument Find(FunctionReference reference, FunctionDocument function, string name) =>
        function.Aliases.FirstOrDefault(a => a.Name == name)
        ?? throw ApiException.NotFound($"Cannot find alias arn: {Names.FunctionArn(reference.Region, reference.Name, name)}");

    private static SortedDictionary<string, double>? Weights(Input input)
    {
        if (input.Part("RoutingConfig") is not { } routing)
            return null;
        var weights = new SortedDictionary<string, double>(StringComparer.Ordinal);
        if (routing.Part("AdditionalVersionWeights") is { } given)
        {
            foreach (var version in given.Names)
            {
                if (!Names.Version().IsMatch(version))
                    given.Fail(version, version, "Map keys must satisfy constraint: [Member must satisfy regular expression pattern: [0-9]+]");
                weights[version] = given.Number(version, 0, 1) ?? 0;
            }
        }

        return weights;
    }

    private static void CheckTargets(FunctionReference reference, FunctionDocument function, string version, SortedDictionary<string, double>? weights)
    {
        foreach (var target in (weights?.Keys ?? Enumerable.Empty<string>()).Prepend(version))
        {
            if (target != FunctionVersion.Latest && function.Versions.All(v => v.Version != target))
                throw ApiException.NotFound($"Function not found: {Names.FunctionArn(reference.Region, reference.Name, target)}");
        }

        if (weights is null or { Count: 0 })
            return;
        if (weights.Count > 1)
            throw ApiException.InvalidParameter("Number of items in AdditionalVersionWeights cannot be greater than 1");
        if (version == FunctionVersion.Latest || weights.ContainsKey(FunctionVersion.Latest))
            throw ApiException.InvalidParameter("$LATEST is not supported for an alias pointing to more than 1 version");
        if (weights.ContainsKey(version))
            throw ApiException.InvalidParameter($"Invalid function version {version}. Function version {version} is already included in routing configuration.");
    }

    private static JsonObject Show(FunctionReference reference, AliasDocument alias)
    {
        JsonObject? weights = null;
        foreach (var (version, weight) in alias.Weights ?? [])
            (weights ??= [])[version] = weight;
        return Json.Of(("AliasArn", Names.FunctionArn(reference.Region, reference.Name, alias.Name)), ("Name", alias.Name),
            ("FunctionVersion", alias.FunctionVersion), ("Description", alias.Description), ("RevisionId", alias.RevisionId),
            ("RoutingConfig", weights is null ? null : Json.Of(("AdditionalVersionWeights", weights))));
    }
}
