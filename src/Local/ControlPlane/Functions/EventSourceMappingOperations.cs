using System.Text.Json.Nodes;
using Pellicle.Local.ControlPlane.Http;
using Pellicle.Local.ControlPlane.State;

namespace Pellicle.Local.ControlPlane.Functions;

/// <summary>Event source mappings: stored and shown, not polled, since there are no sources here.</summary>
internal sealed class EventSourceMappingOperations(Plane plane)
{
    private const int PageSize = 100;

    public void Map(Routes routes)
    {
        routes.Get("2015-03-31/event-source-mappings", "ListEventSourceMappings", List);
        routes.Post("2015-03-31/event-source-mappings", "CreateEventSourceMapping", CreateAsync);
        routes.Get("2015-03-31/event-source-mappings/{id}", "GetEventSourceMapping", call => Reply.Ok(Show(call, Find(call))));
        routes.Put("2015-03-31/event-source-mappings/{id}", "UpdateEventSourceMapping", UpdateAsync);
        routes.Delete("2015-03-31/event-source-mappings/{id}", "DeleteEventSourceMapping", Delete);
    }

    private async ValueTask<Reply> CreateAsync(Call call, CancellationToken cancellationToken)
    {
        var input = await call.ReadJsonAsync(cancellationToken);
        var name = input.Text("FunctionName", required: true, pattern: Names.Function());
        var source = Constraints(input);
        input.Check();
        if (source is null && !input.Has("SelfManagedEventSource"))
            throw ApiException.InvalidParameter("Unrecognized event source.");
        var reference = Target(call, name!);
        var settings = input.Everything();
        settings["BatchSize"] ??= DefaultBatchSize(source);
        settings.Remove("FunctionName");
        settings.Remove("Enabled");
        var mapping = new EventSourceMappingDocument
        {
            Id = Guid.NewGuid().ToString(),
            FunctionName = reference.Name,
            Qualifier = reference.Qualifier,
            Settings = settings,
            State = "Creating",
            LastModified = plane.Now,
        };
        lock (plane.Gate)
        {
            if (source is not null && plane.Mappings.All(call.Region).FirstOrDefault(m => (string?)m.Settings["EventSourceArn"] == source
                && m.FunctionName == reference.Name && m.Qualifier == reference.Qualifier) is { } existing)
            {
                throw ApiException.Conflict(
                    $"The event source arn (\" {source} \") and function (\" {reference.Name} \") provided mapping already exists. "
                    + $"Please update or delete the existing mapping with UUID {existing.Id}");
            }

            plane.Mappings.Put(call.Region, mapping.Id, mapping);
        }

        Settle(call.Region, mapping.Id, !input.Has("Enabled") || input.Flag("Enabled") ? "Enabled" : "Disabled");
        return new Reply(202, Show(call, mapping));
    }

    private Reply List(Call call)
    {
        var source = call.Query("EventSourceArn");
        var function = call.Query("FunctionName") is { } name ? FunctionReference.Parse(call, name, null) : (FunctionReference?)null;
        var mappings = plane.Mappings.All(call.Region)
            .Where(m => source is null || (string?)m.Settings["EventSourceArn"] == source)
            .Where(m => function is not { } f || (m.FunctionName == f.Name && (f.Qualifier is null || m.Qualifier == f.Qualifier)));
        return Page.Of(call, "EventSourceMappings", mappings, m => m.Id, m => Show(call, m), string.CompareOrdinal, PageSize);
    }

    private async ValueTask<Reply> UpdateAsync(Call call, CancellationToken cancellationToken)
    {
        var input = await call.ReadJsonAsync(cancellationToken);
        var name = input.Text("FunctionName", pattern: Names.Function());
        Constraints(input);
        input.Check();
        EventSourceMappingDocument updated;
        string next;
        lock (plane.Gate)
        {
            var mapping = Find(call);
            if (mapping.State is "Creating" or "Updating" or "Deleting")
            {
                throw new ApiException("ResourceInUseException", 400,
                    $"Cannot update the event source mapping because it is in use: {mapping.State}.");
            }

            var settings = mapping.Settings.DeepClone().AsObject();
            foreach (var (member, value) in input.Everything())
                settings[member] = value?.DeepClone();
            settings.Remove("FunctionName");
            settings.Remove("Enabled");
            var target = name is null ? (mapping.FunctionName, mapping.Qualifier) : Target(call, name) is var r ? (r.Name, r.Qualifier) : default;
            next = input.Has("Enabled") ? input.Flag("Enabled") ? "Enabled" : "Disabled" : mapping.State;
            updated = mapping with
            {
                FunctionName = target.Item1,
                Qualifier = target.Item2,
                Settings = settings,
                State = next == mapping.State ? "Updating" : next == "Enabled" ? "Enabling" : "Disabling",
                LastModified = plane.Now,
            };
            plane.Mappings.Put(call.Region, updated.Id, updated);
        }

        Settle(call.Region, updated.Id, next);
        return new Reply(202, Show(call, updated));
    }

    private Reply Delete(Call call)
    {
        lock (plane.Gate)
        {
            var mapping = Find(call);
            plane.Mappings.Delete(call.Region, mapping.Id);
            return new Reply(202, Show(call, mapping with { State = "Deleting" }));
        }
    }

    /// <summary>Finishes what a stopped process left in between.</summary>
    public void Resume()
    {
        foreach (var (region, mapping) in plane.Mappings.All())
        {
            if (mapping.State is not ("Enabled" or "Disabled"))
                Settle(region, mapping.Id, mapping.State == "Disabling" ? "Disabled" : "Enabled");
        }
    }

    private void Settle(string region, string id, string state) => plane.Later(plane.Options.TransitionTime, () =>
    {
        lock (plane.Gate)
        {
            if (plane.Mappings.Find(region, id) is { } mapping)
                plane.Mappings.Put(region, id, mapping with { State = state });
        }

        return Task.CompletedTask;
    });

    private FunctionReference Target(Call call, string name)
    {
        var reference = FunctionReference.Parse(call, name, null);
        var function = plane.Find(reference);
        return reference.Qualifier is not { } q || q == FunctionVersion.Latest
            || function.Aliases.Any(a => a.Name == q) || function.Versions.Any(v => v.Version == q)
            ? reference
            : throw reference.NotFound();
    }

    private static string? Constraints(Input input)
    {
        input.Integer("BatchSize", 1, 10_000);
        input.Integer("MaximumBatchingWindowInSeconds", 0, 300);
        input.Integer("MaximumRetryAttempts", -1, 10_000);
        input.Integer("MaximumRecordAgeInSeconds", -1, 604_800);
        input.Integer("ParallelizationFactor", 1, 10);
        input.Texts("FunctionResponseTypes", max: 1, oneOf: ["ReportBatchItemFailures"]);
        input.Text("StartingPosition", oneOf: ["TRIM_HORIZON", "LATEST", "AT_TIMESTAMP"]);
        return input.Text("EventSourceArn");
    }

    private static int DefaultBatchSize(string? source) => source?.Split(':') is [_, _, "sqs", ..] ? 10 : 100;

    private EventSourceMappingDocument Find(Call call) =>
        plane.Mappings.Find(call.Region, call.Path("id")) ?? throw ApiException.NotFound();

    private static JsonObject Show(Call call, EventSourceMappingDocument mapping)
    {
        var view = mapping.Settings.DeepClone().AsObject();
        view["UUID"] = mapping.Id;
        view["EventSourceMappingArn"] = $"arn:aws:lambda:{call.Region}:{Call.AccountId}:event-source-mapping:{mapping.Id}";
        view["FunctionArn"] = Names.FunctionArn(call.Region, mapping.FunctionName, mapping.Qualifier);
        view["State"] = mapping.State;
        view["StateTransitionReason"] = "USER_INITIATED";
        view["LastModified"] = Json.Epoch(mapping.LastModified);
        view["MaximumBatchingWindowInSeconds"] ??= 0;
        view["FunctionResponseTypes"] ??= new JsonArray();
        return view;
    }
}
