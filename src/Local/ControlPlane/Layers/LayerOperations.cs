using System.Globalization;
using System.Text.Json.Nodes;
using Pellicle.Local.ControlPlane.Functions;
using Pellicle.Local.ControlPlane.Http;
using Pellicle.Local.ControlPlane.State;

namespace Pellicle.Local.ControlPlane.Layers;

/// <summary>Layer versions and their policies.</summary>
internal sealed class LayerOperations(Plane plane, Downloads downloads)
{
    public void Map(Routes routes)
    {
        routes.Get("2018-10-31/layers", "ListLayers", call => call.Query("find") == "LayerVersion" ? GetByArn(call) : List(call));
        routes.Get("2018-10-31/layers/{layer}/versions", "ListLayerVersions", ListVersions);
        routes.Post("2018-10-31/layers/{layer}/versions", "PublishLayerVersion", PublishAsync);
        routes.Get("2018-10-31/layers/{layer}/versions/{version}", "GetLayerVersion", Get);
        routes.Delete("2018-10-31/layers/{layer}/versions/{version}", "DeleteLayerVersion", Delete);
        routes.Get("2018-10-31/layers/{layer}/versions/{version}/policy", "GetLayerVersionPolicy", GetPolicy);
        routes.Post("2018-10-31/layers/{layer}/versions/{version}/policy", "AddLayerVersionPermission", AddPermissionAsync);
        routes.Delete("2018-10-31/layers/{layer}/versions/{version}/policy/{statement}", "RemoveLayerVersionPermission", RemovePermission);
    }

    private async ValueTask<Reply> PublishAsync(Call call, CancellationToken cancellationToken)
    {
        var name = Names.LayerName(call, call.Path("layer"));
        var input = await call.ReadJsonAsync(cancellationToken);
        var description = input.Text("Description", max: 256);
        var runtimes = input.Texts("CompatibleRuntimes", max: 15, oneOf: Runtimes.All);
        var architectures = input.Texts("CompatibleArchitectures", max: 2, oneOf: ["x86_64", "arm64"]);
        var license = input.Text("LicenseInfo", max: 512);
        var content = input.Part("Content", required: true);
        input.Check();
        var zip = Packages.Read(plane, content!) ?? throw ApiException.InvalidParameter("Please provide a source for layer content.");
        var code = plane.Code.Add(zip);
        LayerVersionDocument published;
        lock (plane.Gate)
        {
            var layer = plane.Layers.Find(call.Region, name) ?? new LayerDocument { Name = name };
            published = new LayerVersionDocument
            {
                Version = layer.NextVersion,
                Code = code,
                Description = description,
                Created = plane.Now,
                CompatibleRuntimes = runtimes,
                CompatibleArchitectures = architectures,
                LicenseInfo = license,
            };
            plane.Layers.Put(call.Region, name, layer with { NextVersion = layer.NextVersion + 1, Versions = [.. layer.Versions, published] });
        }

        return new Reply(201, ShowWithContent(call, name, published));
    }

    private Reply List(Call call)
    {
        var items = plane.Layers.All(call.Region)
            .Select(l => (l.Name, Newest: l.Versions.LastOrDefault(v => IsCompatible(call, v))))
            .Where(l => l.Newest is not null);
        return Page.Of(call, "Layers", items, l => l.Name, l => Json.Of(
            ("LayerName", l.Name), ("LayerArn", Names.LayerArn(call.Region, l.Name)),
            ("LatestMatchingVersion", Show(call, l.Name, l.Newest!))), string.CompareOrdinal);
    }

    private Reply ListVersions(Call call)
    {
        var name = Names.LayerName(call, call.Path("layer"));
        var versions = plane.Layers.Find(call.Region, name)?.Versions.Reverse().Where(v => IsCompatible(call, v)) ?? [];
        return Page.Of(call, "LayerVersions", versions, v => v.Version.ToString("D10", CultureInfo.InvariantCulture),
            v => Show(call, name, v), (a, b) => string.CompareOrdinal(b, a));
    }

    private Reply Get(Call call)
    {
        var (name, version) = Reference(call);
        return Reply.Ok(ShowWithContent(call, name, Find(call, name, version) ?? throw ApiException.NotFound()));
    }

    private Reply GetByArn(Call call)
    {
        var arn = call.Query("Arn") ?? "";
        if (!Names.LayerVersion().IsMatch(arn))
        {
            throw ApiException.Validation(
                [$"Value '{arn}' at 'arn' failed to satisfy constraint: Member must satisfy regular expression pattern: {Names.LayerVersion().ToString()[1..^2]}"]);
        }

        var cut = arn.LastIndexOf(':');
        var name = Names.LayerName(call, arn[..cut]);
        return Reply.Ok(ShowWithContent(call, name, Find(call, name, Version(arn[(cut + 1)..])) ?? throw ApiException.NotFound()));
    }

    private Reply Delete(Call call)
    {
        var (name, version) = Reference(call);
        lock (plane.Gate)
        {
            // The zip stays: functions that use the version keep working.
            if (plane.Layers.Find(call.Region, name) is { } layer && layer.Versions.Any(v => v.Version == version))
                plane.Layers.Put(call.Region, name, layer with { Versions = [.. layer.Versions.Where(v => v.Version != version)] });
        }

        return Reply.NoContent;
    }

    private Reply GetPolicy(Call call)
    {
        var (name, version) = Reference(call);
        var found = Find(call, name, version) ?? throw DoesNotExist(call, name, version);
        var policy = found.Policy ?? throw ApiException.NotFound("No policy is associated with the given resource.");
        return Reply.Ok(Json.Of(("Policy", Statements.Policy(policy)), ("RevisionId", policy.RevisionId)));
    }

    private async ValueTask<Reply> AddPermissionAsync(Call call, CancellationToken cancellationToken)
    {
        var (name, version) = Reference(call);
        var input = await call.ReadJsonAsync(cancellationToken);
        var id = input.Text("StatementId", required: true, min: 1, max: 100, pattern: Names.StatementId());
        var action = input.Text("Action", required: true, oneOf: ["lambda:GetLayerVersion"]);
        var principal = input.Text("Principal", required: true, pattern: Statements.LayerPrincipal());
        var organization = input.Text("OrganizationId");
        input.Check();
        if (organization is not null && principal != "*")
            throw ApiException.InvalidParameter("OrganizationId can only be used with the principal *.");
        var statement = Json.Of(("Sid", id), ("Effect", "Allow"),
            ("Principal", principal == "*" ? "*" : Json.Of(("AWS", principal!.Length == 12 ? $"arn:aws:iam::{principal}:root" : principal))),
            ("Action", action), ("Resource", Names.LayerVersionArn(call.Region, name, version)),
            ("Condition", organization is null ? null : Json.Of(("StringEquals", Json.Of(("aws:PrincipalOrgID", organization))))));
        var changed = Change(call, name, version, policy => Statements.Add(policy, statement, "GetLayerPolicy", call.Query("RevisionId")));
        return new Reply(201, Json.Of(("Statement", Statements.Text(statement)), ("RevisionId", changed!.RevisionId)));
    }

    private Reply RemovePermission(Call call)
    {
        var (name, version) = Reference(call);
        Change(call, name, version, policy =>
            Statements.Remove(policy, call.Path("statement"), "GetLayerPolicy", call.Query("RevisionId")));
        return Reply.NoContent;
    }

    private PolicyDocument? Change(Call call, string name, int version, Func<PolicyDocument?, PolicyDocument?> change)
    {
        lock (plane.Gate)
        {
            var found = Find(call, name, version) ?? throw DoesNotExist(call, name, version);
            var policy = change(found.Policy);
            var layer = plane.Layers.Find(call.Region, name)!;
            plane.Layers.Put(call.Region, name, layer with
            {
                Versions = [.. layer.Versions.Select(v => v.Version == version ? v with { Policy = policy } : v)],
            });
            return policy;
        }
    }

    private LayerVersionDocument? Find(Call call, string name, int version) =>
        plane.Layers.Find(call.Region, name)?.Versions.FirstOrDefault(v => v.Version == version);

    private static (string Name, int Version) Reference(Call call) => (Names.LayerName(call, call.Path("layer")), Version(call.Path("version")));

    private static int Version(string text)
    {
        if (!long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var version))
            throw new ApiException("SerializationException", 400, $"`{text}` is not a layer version number.");
        return version < 1 ? throw ApiException.InvalidParameter("Layer Version Cannot be less than 1.") : (int)Math.Min(version, int.MaxValue);
    }

    private static ApiException DoesNotExist(Call call, string name, int version) =>
        ApiException.NotFound($"Layer version {Names.LayerVersionArn(call.Region, name, version)} does not exist.");

    // Without the lists a version is compatible with nothing in particular, so a filter leaves it out.
    private static bool IsCompatible(Call call, LayerVersionDocument version) =>
        (call.Query("CompatibleRuntime") is not { } runtime || version.CompatibleRuntimes?.Contains(runtime) == true)
        && (call.Query("CompatibleArchitecture") is not { } architecture || version.CompatibleArchitectures?.Contains(architecture) == true);

    private static JsonObject Show(Call call, string name, LayerVersionDocument version) => Json.Of(
        ("LayerVersionArn", Names.LayerVersionArn(call.Region, name, version.Version)), ("Version", version.Version),
        ("Description", version.Description ?? ""), ("CreatedDate", Json.Time(version.Created)),
        ("CompatibleRuntimes", version.CompatibleRuntimes is { } runtimes ? Json.Array(runtimes) : null),
        ("CompatibleArchitectures", version.CompatibleArchitectures is { } architectures ? Json.Array(architectures) : null),
        ("LicenseInfo", version.LicenseInfo));

    private JsonObject ShowWithContent(Call call, string name, LayerVersionDocument version)
    {
        var view = Show(call, name, version);
        view["LayerArn"] = Names.LayerArn(call.Region, name);
        view["Content"] = Json.Of(("Location", downloads.LinkTo(version.Code.Sha256)), ("CodeSha256", version.Code.Sha256), ("CodeSize", version.Code.Size));
        return view;
    }
}
