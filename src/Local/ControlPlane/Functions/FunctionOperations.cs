using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Pellicle.Local.ControlPlane.Http;
using Pellicle.Local.ControlPlane.Invocations;
using Pellicle.Local.ControlPlane.State;

namespace Pellicle.Local.ControlPlane.Functions;

/// <summary>Create, read, update, delete, publish.</summary>
internal sealed class FunctionOperations(Plane plane, Transitions transitions, Downloads downloads)
{
    private readonly SettingsReader _settings = new(plane);

    public void Map(Routes routes)
    {
        routes.Get("2015-03-31/functions", "ListFunctions", List);
        routes.Post("2015-03-31/functions", "CreateFunction", CreateAsync);
        routes.Get("2015-03-31/functions/{function}", "GetFunction", Get);
        routes.Delete("2015-03-31/functions/{function}", "DeleteFunction", Delete);
        routes.Get("2015-03-31/functions/{function}/configuration", "GetFunctionConfiguration", GetConfiguration);
        routes.Put("2015-03-31/functions/{function}/configuration", "UpdateFunctionConfiguration", UpdateConfigurationAsync);
        routes.Put("2015-03-31/functions/{function}/code", "UpdateFunctionCode", UpdateCodeAsync);
        routes.Get("2015-03-31/functions/{function}/versions", "ListVersionsByFunction", ListVersions);
        routes.Post("2015-03-31/functions/{function}/versions", "PublishVersion", PublishAsync);
    }

    private async ValueTask<Reply> CreateAsync(Call call, CancellationToken cancellationToken)
    {
        var input = await call.ReadJsonAsync(cancellationToken);
        var name = input.Text("FunctionName", required: true, min: 1, max: 140, pattern: Names.Function());
        input.Text("Role", required: true, pattern: Names.Role());
        input.Text("PackageType", oneOf: ["Zip", "Image"]);
        var architectures = input.Texts("Architectures", max: 1, oneOf: ["x86_64", "arm64"]);
        var tags = input.Map("Tags") ?? [];
        var code = input.Part("Code", required: true);
        var settings = _settings.Apply(call, input, new FunctionSettings
        {
            Role = "",
            Runtime = "",
            Handler = "",
            Code = new CodePackage("", 0, 0),
            Architecture = architectures is [var architecture] ? architecture : "x86_64",
        });

        var reference = FunctionReference.Parse(call, name!, null);
        if (input.Text("PackageType") == "Image" || code!.Has("ImageUri"))
            throw ApiException.InvalidParameter("Container images cannot be run by the local Lambda; provide a zip package.");
        if (settings.Runtime.Length == 0 || settings.Handler.Length == 0)
            throw ApiException.InvalidParameter("Runtime and Handler are mandatory parameters for functions created with deployment packages.");
        TagOperations.Check(tags);
        if (plane.Functions.Find(reference.Region, reference.Name) is not null)
            throw ApiException.Conflict($"Function already exist: {reference.Name}");
        var zip = Packages.Read(plane, code!) ?? throw ApiException.InvalidParameter("Please provide a source for function code.");
        settings = settings with { Code = plane.Code.Add(zip) };
        SettingsReader.CheckSize(settings);

        var latest = new FunctionVersion
        {
            Version = FunctionVersion.Latest,
            Settings = settings,
            LastModified = plane.Now,
            RevisionId = Plane.NewRevision(),
            ConfigurationRevision = Plane.NewRevision(),
            Pending = true,
        };
        var function = new FunctionDocument { Name = reference.Name, Latest = latest, Tags = tags };
        var shown = latest;
        if (input.Flag("Publish"))
            (function, shown) = Publish(function, settings.Description);
        lock (plane.Gate)
        {
            if (plane.Functions.Find(reference.Region, reference.Name) is not null)
                throw ApiException.Conflict($"Function already exist: {reference.Name}");
            plane.Functions.Put(reference.Region, reference.Name, function);
        }

        transitions.Schedule(reference.Region, reference.Name);
        return new Reply(201, FunctionView.Show(reference.Region, reference.Name, shown with { Pending = true }, qualified: input.Flag("Publish")));
    }

    private Reply List(Call call)
    {
        var all = call.Query("FunctionVersion") switch
        {
            null => false,
            "ALL" => true,
            var other => throw ApiException.Validation(
                [$"Value '{other}' at 'functionVersion' failed to satisfy constraint: Member must satisfy enum value set: [ALL]"]),
        };
        var items = plane.Functions.All(call.Region)
            .SelectMany(f => all ? f.Versions.Prepend(f.Latest).Select(v => (f.Name, Version: v)) : [(f.Name, Version: f.Latest)]);
        return Page.Of(call, "Functions", items, i => $"{i.Name}:{Sortable(i.Version.Version)}",
            i => FunctionView.Show(call.Region, i.Name, i.Version, qualified: all, inList: true), CompareNameThenVersion);
    }

    private Reply ListVersions(Call call)
    {
        var reference = FunctionReference.Of(call);
        var function = plane.Find(reference);
        return Page.Of(call, "Versions", function.Versions.Prepend(function.Latest), v => Sortable(v.Version),
            v => FunctionView.Show(call.Region, function.Name, v, qualified: true, inList: true), string.CompareOrdinal);
    }

    private Reply Get(Call call)
    {
        var reference = FunctionReference.Of(call);
        var function = plane.Find(reference);
        var version = Resolve(reference, function);
        return Reply.Ok(Json.Of(
            ("Configuration", FunctionView.Show(call.Region, function.Name, version, reference.Qualifier is not null)),
            ("Code", Json.Of(("RepositoryType", "S3"), ("Location", downloads.LinkTo(version.Settings.Code.Sha256)))),
            ("Tags", function.Tags.Count == 0 ? null : Json.Map(function.Tags)),
            ("Concurrency", function.ReservedConcurrency is { } n ? Json.Of(("ReservedConcurrentExecutions", n)) : null)));
    }

    private Reply GetConfiguration(Call call)
    {
        var reference = FunctionReference.Of(call);
        var function = plane.Find(reference);
        return Reply.Ok(FunctionView.Show(call.Region, function.Name, Resolve(reference, function), reference.Qualifier is not null));
    }

    private Reply Delete(Call call)
    {
        var reference = FunctionReference.Of(call);
        string[] gone;
        lock (plane.Gate)
        {
            var function = plane.Find(reference);
            if (reference.Qualifier is null)
            {
                plane.Functions.Delete(reference.Region, reference.Name);
                gone = [FunctionVersion.Latest, .. function.Versions.Select(v => v.Version)];
            }
            else
            {
                var version = reference.Qualifier;
                if (version == FunctionVersion.Latest)
                    throw ApiException.InvalidParameter("$LATEST version cannot be deleted without deleting the function.");
                if (!Names.Version().IsMatch(version))
                    throw ApiException.InvalidParameter("Deletion of aliases is not currently supported.");
                var users = function.Aliases
                    .Where(a => a.FunctionVersion == version || a.Weights?.ContainsKey(version) == true)
                    .Select(a => Names.FunctionArn(reference.Region, reference.Name, a.Name)).ToList();
                if (users.Count > 0)
                {
                    throw ApiException.Conflict(
                        $"Version {version} of this function cannot be deleted because the following aliases reference it: [{string.Join(", ", users)}]");
                }

                // Deleting a version that does not exist succeeds, as it does on the platform.
                gone = [version];
                plane.Functions.Put(reference.Region, reference.Name, function with
                {
                    Versions = [.. function.Versions.Where(v => v.Version != version)],
                    Policies = Without(function.Policies, version),
                    EventInvoke = Without(function.EventInvoke, version),
                    RuntimeManagement = Without(function.RuntimeManagement, version),
                });
            }
        }

        foreach (var version in gone)
            plane.Retire(reference.Arn, version, null);
        return Reply.NoContent;
    }

    private async ValueTask<Reply> UpdateConfigurationAsync(Call call, CancellationToken cancellationToken)
    {
        var input = await call.ReadJsonAsync(cancellationToken);
        var reference = FunctionReference.Of(call);
        var revision = input.Text("RevisionId");
        var function = plane.Change(reference, f =>
        {
            CheckUpdatable(reference, f, revision);
            var settings = _settings.Apply(call, input, f.Latest.Settings);
            SettingsReader.CheckSize(settings);
            return f with { Latest = Accept(f.Latest, settings) };
        });
        transitions.Schedule(reference.Region, reference.Name);
        return Reply.Ok(FunctionView.Show(call.Region, function.Name, function.Latest, qualified: false));
    }

    private async ValueTask<Reply> UpdateCodeAsync(Call call, CancellationToken cancellationToken)
    {
        var input = await call.ReadJsonAsync(cancellationToken);
        var reference = FunctionReference.Of(call);
        var architectures = input.Texts("Architectures", max: 1, oneOf: ["x86_64", "arm64"]);
        var revision = input.Text("RevisionId");
        input.Check();
        var before = plane.Find(reference);
        CheckUpdatable(reference, before, revision);
        var zip = Packages.Read(plane, input) ?? throw ApiException.InvalidParameter("Please provide a source for function code.");
        var code = plane.Code.Add(zip);
        FunctionSettings With(FunctionSettings settings)
        {
            var changed = settings with { Code = code, Architecture = architectures is [var one] ? one : settings.Architecture };
            SettingsReader.CheckSize(changed);
            return changed;
        }

        if (input.Flag("DryRun"))
        {
            return Reply.Ok(FunctionView.Show(call.Region, before.Name,
                before.Latest with { Settings = With(before.Latest.Settings) }, qualified: false));
        }

        var publish = input.Flag("Publish");
        FunctionVersion? shown = null;
        plane.Change(reference, f =>
        {
            CheckUpdatable(reference, f, revision);
            var changed = f with { Latest = Accept(f.Latest, With(f.Latest.Settings)) };
            if (publish)
                (changed, shown) = Publish(changed, changed.Latest.Settings.Description);
            shown ??= changed.Latest;
            return changed;
        });
        transitions.Schedule(reference.Region, reference.Name);
        return Reply.Ok(FunctionView.Show(call.Region, reference.Name, shown!, qualified: publish));
    }

    private async ValueTask<Reply> PublishAsync(Call call, CancellationToken cancellationToken)
    {
        var input = await call.ReadJsonAsync(cancellationToken);
        var reference = FunctionReference.Of(call);
        var description = input.Text("Description", max: 256);
        var sha256 = input.Text("CodeSha256");
        var revision = input.Text("RevisionId");
        input.Check();
        FunctionVersion? published = null;
        plane.Change(reference, f =>
        {
            CheckUpdatable(reference, f, revision);
            if (!string.IsNullOrEmpty(sha256) && sha256 != f.Latest.Settings.Code.Sha256)
            {
                throw ApiException.InvalidParameter(
                    $"CodeSHA256 ({sha256}) is different from current CodeSHA256 in $LATEST ({f.Latest.Settings.Code.Sha256}). "
                    + "Please try again with the CodeSHA256 in $LATEST.");
            }

            if (f.Versions.Count > 0 && SameContent(f.Versions[^1].Settings, f.Latest.Settings))
            {
                published = f.Versions[^1];
                return f;
            }

            (var changed, published) = Publish(f, string.IsNullOrEmpty(description) ? f.Latest.Settings.Description : description);
            return changed;
        });
        return new Reply(201, FunctionView.Show(call.Region, reference.Name, published!, qualified: true));
    }

    /// <summary>The version a qualifier names; an alias stands for its main target.</summary>
    private static FunctionVersion Resolve(FunctionReference reference, FunctionDocument function)
    {
        if (reference.Qualifier is null or FunctionVersion.Latest)
            return function.Latest;
        var version = function.Aliases.FirstOrDefault(a => a.Name == reference.Qualifier)?.FunctionVersion ?? reference.Qualifier;
        return version == FunctionVersion.Latest
            ? function.Latest
            : function.Versions.FirstOrDefault(v => v.Version == version) ?? throw reference.NotFound();
    }

    private static void CheckUpdatable(FunctionReference reference, FunctionDocument function, string? revision)
    {
        if (!string.IsNullOrEmpty(revision) && revision != function.Latest.RevisionId)
            throw ApiException.Precondition("GetFunction/GetAlias");
        if (function.Latest.UpdateInProgress)
            throw ApiException.Conflict($"The operation cannot be performed at this time. An update is in progress for resource: {reference.Arn}");
        if (function.Latest.Pending)
            throw ApiException.Conflict("The operation cannot be performed at this time. The function is currently in the following state: Pending");
    }

    private FunctionVersion Accept(FunctionVersion latest, FunctionSettings settings) => latest with
    {
        Settings = settings,
        LastModified = plane.Now,
        RevisionId = Plane.NewRevision(),
        ConfigurationRevision = Plane.NewRevision(),
        UpdateInProgress = true,
        Serving = latest,
    };

    private static (FunctionDocument Function, FunctionVersion Published) Publish(FunctionDocument function, string description)
    {
        var published = function.Latest with
        {
            Version = function.NextVersion.ToString(CultureInfo.InvariantCulture),
            Settings = function.Latest.Settings with { Description = description },
            RevisionId = Plane.NewRevision(),
            Pending = false,
            UpdateInProgress = false,
            Serving = null,
        };
        return (function with
        {
            Versions = [.. function.Versions, published],
            NextVersion = function.NextVersion + 1,
            Latest = function.Latest with { RevisionId = Plane.NewRevision() },
        }, published);
    }

    // Descriptions do not make a version: republishing with another one returns the existing version.
    private static bool SameContent(FunctionSettings a, FunctionSettings b) =>
        JsonNode.DeepEquals(JsonSerializer.SerializeToNode(a with { Description = "" }), JsonSerializer.SerializeToNode(b with { Description = "" }));

    private static SortedDictionary<string, T> Without<T>(SortedDictionary<string, T> map, string key)
    {
        var copy = new SortedDictionary<string, T>(map, map.Comparer);
        copy.Remove(key);
        return copy;
    }

    // $LATEST sorts before digits; numbers sort by value.
    private static string Sortable(string version) => version.PadLeft(10, '0').Replace("000$LATEST", "$LATEST", StringComparison.Ordinal);

    private static int CompareNameThenVersion(string a, string b)
    {
        var (i, j) = (a.LastIndexOf(':'), b.LastIndexOf(':'));
        var names = string.CompareOrdinal(a[..i], b[..j]);
        return names != 0 ? names : string.CompareOrdinal(a[i..], b[j..]);
    }
}
