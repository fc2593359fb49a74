using System.Text.Json.Nodes;
using Pellicle.Local.ControlPlane.Http;
using Pellicle.Local.ControlPlane.State;

namespace Pellicle.Local.ControlPlane.Functions;

/// <summary>Concurrency, asynchronous settings, runtime management, recursion, code signing, account.</summary>
internal sealed class SettingOperations(Plane plane)
{
    private const int AccountConcurrency = 1000;

    /// <summary>Reservations must leave this much for functions without one.</summary>
    private const int UnreservedMinimum = 100;

    private const long MaxCodeBytes = 322_122_547_200;

    public void Map(Routes routes)
    {
        routes.Get("2016-08-19/account-settings", "GetAccountSettings", GetAccount);
        routes.Put("2017-10-31/functions/{function}/concurrency", "PutFunctionConcurrency", PutConcurrencyAsync);
        routes.Delete("2017-10-31/functions/{function}/concurrency", "DeleteFunctionConcurrency", DeleteConcurrency);
        routes.Get("2019-09-30/functions/{function}/concurrency", "GetFunctionConcurrency", call => Reply.Ok(Concurrency(Function(call))));
        routes.Get("2019-09-30/functions/{function}/provisioned-concurrency", "GetProvisionedConcurrencyConfig", GetProvisioned);

        const string EventInvoke = "2019-09-25/functions/{function}/event-invoke-config";
        routes.Get(EventInvoke + "/list", "ListFunctionEventInvokeConfigs", ListEventInvoke);
        routes.Get(EventInvoke, "GetFunctionEventInvokeConfig", GetEventInvoke);
        routes.Put(EventInvoke, "PutFunctionEventInvokeConfig", (call, token) => SetEventInvokeAsync(call, replace: true, token));
        routes.Post(EventInvoke, "UpdateFunctionEventInvokeConfig", (call, token) => SetEventInvokeAsync(call, replace: false, token));
        routes.Delete(EventInvoke, "DeleteFunctionEventInvokeConfig", DeleteEventInvoke);

        routes.Get("2021-07-20/functions/{function}/runtime-management-config", "GetRuntimeManagementConfig", GetRuntimeManagement);
        routes.Put("2021-07-20/functions/{function}/runtime-management-config", "PutRuntimeManagementConfig", PutRuntimeManagementAsync);
        routes.Get("2024-08-31/functions/{function}/recursion-config", "GetFunctionRecursionConfig",
            call => Reply.Ok(Json.Of(("RecursiveLoop", Function(call).RecursiveLoop))));
        routes.Put("2024-08-31/functions/{function}/recursion-config", "PutFunctionRecursionConfig", PutRecursionAsync);

        // No configuration can be made here, so there is none.
        routes.Get("2020-06-30/functions/{function}/code-signing-config", "GetFunctionCodeSigningConfig",
            call => Reply.Ok(Json.Of(("FunctionName", Function(call).Name))));
        routes.Get("2020-04-22/code-signing-configs", "ListCodeSigningConfigs", _ => Reply.Ok(Json.Of(("CodeSigningConfigs", new JsonArray()))));
        routes.Get("2020-04-22/code-signing-configs/{arn}", "GetCodeSigningConfig",
            call => throw new ApiException("ResourceNotFoundException", 404, $"The code signing configuration cannot be found: {call.Path("arn")}"));
    }

    private FunctionDocument Function(Call call) => plane.Find(FunctionReference.Of(call));

    private Reply GetAccount(Call call)
    {
        var functions = plane.Functions.All(call.Region);
        var packages = functions.SelectMany(f => f.Versions.Append(f.Latest)).Select(v => v.Settings.Code)
            .Concat(plane.Layers.All(call.Region).SelectMany(l => l.Versions).Select(v => v.Code));
        var reserved = functions.Sum(f => f.ReservedConcurrency ?? 0);
        return Reply.Ok(Json.Of(
            ("AccountLimit", Json.Of(("TotalCodeSize", MaxCodeBytes), ("CodeSizeUnzipped", CodeStore.MaxUnzippedBytes),
                ("CodeSizeZipped", CodeStore.MaxZippedBytes), ("ConcurrentExecutions", AccountConcurrency),
                ("UnreservedConcurrentExecutions", AccountConcurrency - reserved))),
            ("AccountUsage", Json.Of(("TotalCodeSize", packages.Sum(p => p.UnzippedSize)), ("FunctionCount", functions.Count)))));
    }

    private async ValueTask<Reply> PutConcurrencyAsync(Call call, CancellationToken cancellationToken)
    {
        var input = await call.ReadJsonAsync(cancellationToken);
        var reference = FunctionReference.Of(call);
        var value = input.Integer("ReservedConcurrentExecutions", 0, int.MaxValue);
        if (value is null)
            input.Fail("ReservedConcurrentExecutions", null, "Member must not be null");
        input.Check();
        var function = plane.Change(reference, f =>
        {
            var others = plane.Functions.All(reference.Region).Where(o => o.Name != f.Name).Sum(o => o.ReservedConcurrency ?? 0);
            if (value + others > AccountConcurrency - UnreservedMinimum)
            {
                throw ApiException.InvalidParameter(
                    "Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below its minimum value of "
                    + $"[{UnreservedMinimum}].");
            }

            return f with { ReservedConcurrency = value };
        });
        return Reply.Ok(Concurrency(function));
    }

    private Reply DeleteConcurrency(Call call)
    {
        plane.Change(FunctionReference.Of(call), f => f with { ReservedConcurrency = null });
        return Reply.NoContent;
    }

    private static JsonObject Concurrency(FunctionDocument function) =>
        function.ReservedConcurrency is { } n ? Json.Of(("ReservedConcurrentExecutions", n)) : [];

    private Reply GetProvisioned(Call call)
    {
        Function(call);
        return call.Query("List") == "ALL"
            ? Reply.Ok(Json.Of(("ProvisionedConcurrencyConfigs", new JsonArray())))
            : throw new ApiException("ProvisionedConcurrencyConfigNotFoundException", 404, "No Provisioned Concurrency Config found for this function");
    }

    private static string Key(FunctionReference reference) => reference.Qualifier ?? FunctionVersion.Latest;

    private static string QualifiedArn(FunctionReference reference, string key) => Names.FunctionArn(reference.Region, reference.Name, key);

    private static ApiException NoEventInvoke(FunctionReference reference) =>
        ApiException.NotFound($"The function {QualifiedArn(reference, Key(reference))} doesn't have an EventInvokeConfig");

    private Reply GetEventInvoke(Call call)
    {
        var reference = FunctionReference.Of(call);
        var config = plane.Find(reference).EventInvoke.GetValueOrDefault(Key(reference)) ?? throw NoEventInvoke(reference);
        return Reply.Ok(Show(reference, Key(reference), config));
    }

    private Reply ListEventInvoke(Call call)
    {
        var reference = FunctionReference.Of(call);
        return Page.Of(call, "FunctionEventInvokeConfigs", plane.Find(reference).EventInvoke, p => p.Key,
            p => Show(reference, p.Key, p.Value), string.CompareOrdinal);
    }

    private async ValueTask<Reply> SetEventInvokeAsync(Call call, bool replace, CancellationToken cancellationToken)
    {
        var input = await call.ReadJsonAsync(cancellationToken);
        var reference = FunctionReference.Of(call);
        var retries = input.Integer("MaximumRetryAttempts", 0, 2);
        var age = input.Integer("MaximumEventAgeInSeconds", 60, 21_600);
        var destinations = input.Object("DestinationConfig");
        input.Check();
        if (retries is null && age is null && destinations is null)
            throw ApiException.InvalidParameter("You must specify at least one of error handling or destination setting.");
        var key = Key(reference);
        var function = plane.Change(reference, f =>
        {
            CheckQualifier(reference, f);
            var current = f.EventInvoke.GetValueOrDefault(key);
            if (current is null && !replace)
                throw NoEventInvoke(reference);
            var changed = (replace ? null : current) ?? new EventInvokeDocument { LastModified = plane.Now };
            return f with
            {
                EventInvoke = With(f.EventInvoke, key, changed with
                {
                    MaximumRetryAttempts = retries ?? changed.MaximumRetryAttempts,
                    MaximumEventAgeInSeconds = age ?? changed.MaximumEventAgeInSeconds,
                    DestinationConfig = destinations ?? changed.DestinationConfig,
                    LastModified = plane.Now,
                }),
            };
        });
        return Reply.Ok(Show(reference, key, function.EventInvoke[key]));
    }

    private Reply DeleteEventInvoke(Call call)
    {
        var reference = FunctionReference.Of(call);
        plane.Change(reference, f =>
        {
            if (!f.EventInvoke.ContainsKey(Key(reference)))
                throw NoEventInvoke(reference);
            return f with { EventInvoke = With(f.EventInvoke, Key(reference), null) };
        });
        return Reply.NoContent;
    }

    private static JsonObject Show(FunctionReference reference, string key, EventInvokeDocument config)
    {
        var destinations = config.DestinationConfig?.DeepClone().AsObject() ?? [];
        destinations["OnSuccess"] ??= new JsonObject();
        destinations["OnFailure"] ??= new JsonObject();
        return Json.Of(("FunctionArn", QualifiedArn(reference, key)), ("LastModified", Json.Epoch(config.LastModified)),
            ("MaximumRetryAttempts", config.MaximumRetryAttempts), ("MaximumEventAgeInSeconds", config.MaximumEventAgeInSeconds),
            ("DestinationConfig", destinations));
    }

    private Reply GetRuntimeManagement(Call call)
    {
        var reference = FunctionReference.Of(call);
        var function = plane.Find(reference);
        CheckQualifier(reference, function);
        var config = function.RuntimeManagement.GetValueOrDefault(Key(reference)) ?? new RuntimeManagementDocument("Auto", null);
        return Reply.Ok(Show(reference, config));
    }

    private async ValueTask<Reply> PutRuntimeManagementAsync(Call call, CancellationToken cancellationToken)
    {
        var input = await call.ReadJsonAsync(cancellationToken);
        var reference = FunctionReference.Of(call);
        var update = input.Text("UpdateRuntimeOn", required: true, oneOf: ["Auto", "Manual", "FunctionUpdate"]);
        var arn = input.Text("RuntimeVersionArn", min: 26, max: 2048);
        input.Check();
        if (update == "Manual" && arn is null)
            throw ApiException.InvalidParameter("The RuntimeVersionArn is required when UpdateRuntimeOn is set to Manual.");
        if (update != "Manual" && arn is not null)
            throw ApiException.InvalidParameter("The RuntimeVersionArn is only valid when UpdateRuntimeOn is set to Manual.");
        var config = new RuntimeManagementDocument(update!, arn);
        plane.Change(reference, f =>
        {
            CheckQualifier(reference, f);
            return f with { RuntimeManagement = With(f.RuntimeManagement, Key(reference), config) };
        });
        return Reply.Ok(Show(reference, config));
    }

    private static JsonObject Show(FunctionReference reference, RuntimeManagementDocument config) => Json.Of(
        ("UpdateRuntimeOn", config.UpdateRuntimeOn), ("FunctionArn", QualifiedArn(reference, Key(reference))),
        ("RuntimeVersionArn", config.RuntimeVersionArn));

    private async ValueTask<Reply> PutRecursionAsync(Call call, CancellationToken cancellationToken)
    {
        var input = await call.ReadJsonAsync(cancellationToken);
        var loop = input.Text("RecursiveLoop", required: true, oneOf: ["Allow", "Terminate"]);
        input.Check();
        var function = plane.Change(FunctionReference.Of(call), f => f with { RecursiveLoop = loop! });
        return Reply.Ok(Json.Of(("RecursiveLoop", function.RecursiveLoop)));
    }

    private static void CheckQualifier(FunctionReference reference, FunctionDocument function)
    {
        if (Key(reference) is var key && key != FunctionVersion.Latest
            && function.Aliases.All(a => a.Name != key) && function.Versions.All(v => v.Version != key))
        {
            throw reference.NotFound();
        }
    }

    private static SortedDictionary<string, T> With<T>(SortedDictionary<string, T> map, string key, T? value)
        where T : class
    {
        var copy = new SortedDictionary<string, T>(map, StringComparer.Ordinal);
        if (value is null)
            copy.Remove(key);
        else
            copy[key] = value;
        return copy;
    }
}
