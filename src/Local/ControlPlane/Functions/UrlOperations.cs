using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Pellicle.Local.ControlPlane.Http;
using Pellicle.Local.ControlPlane.State;

namespace Pellicle.Local.ControlPlane.Functions;

/// <summary>Function URL configurations; <see cref="Invocations.UrlFront"/> serves them.</summary>
internal sealed class UrlOperations(Plane plane)
{
    public void Map(Routes routes)
    {
        const string Url = "2021-10-31/functions/{function}/url";
        routes.Post(Url, "CreateFunctionUrlConfig", CreateAsync);
        routes.Get(Url, "GetFunctionUrlConfig", Get);
        routes.Put(Url, "UpdateFunctionUrlConfig", UpdateAsync);
        routes.Delete(Url, "DeleteFunctionUrlConfig", Delete);
        routes.Get("2021-10-31/functions/{function}/urls", "ListFunctionUrlConfigs", List);
    }

    private async ValueTask<Reply> CreateAsync(Call call, CancellationToken cancellationToken)
    {
        var input = await call.ReadJsonAsync(cancellationToken);
        var reference = Reference(call);
        var authType = input.Text("AuthType", required: true, oneOf: ["NONE", "AWS_IAM"]);
        var mode = input.Text("InvokeMode", oneOf: ["BUFFERED", "RESPONSE_STREAM"]) ?? "BUFFERED";
        var cors = Cors(input);
        input.Check();
        var url = new UrlDocument
        {
            Id = RandomNumberGenerator.GetString("abcdefghijklmnopqrstuvwxyz234567", 32),
            Qualifier = Key(reference),
            AuthType = authType!,
            InvokeMode = mode,
            Cors = cors,
            Created = plane.Now,
            Modified = plane.Now,
        };
        plane.Change(reference, f =>
        {
            if (reference.Qualifier is { } alias && f.Aliases.All(a => a.Name != alias))
                throw reference.NotFound();
            if (f.Urls.ContainsKey(url.Qualifier))
                throw ApiException.Conflict($"Failed to create function url config for [functionArn = {reference.QualifiedArn}]. Error message:  FunctionUrlConfig exists for this Lambda function");
            return f with { Urls = With(f.Urls, url.Qualifier, url) };
        });
        var shown = Show(reference, url);
        shown.Remove("LastModifiedTime"); // CreateFunctionUrlConfig alone answers without it
        return new Reply(201, shown);
    }

    private Reply Get(Call call)
    {
        var reference = Reference(call);
        return Reply.Ok(Show(reference, plane.Find(reference).Urls.GetValueOrDefault(Key(reference)) ?? throw ApiException.NotFound()));
    }

    private Reply List(Call call)
    {
        var reference = FunctionReference.Of(call);
        return Page.Of(call, "FunctionUrlConfigs", plane.Find(reference).Urls, p => p.Key,
            p => Show(reference with { Qualifier = p.Key == FunctionVersion.Latest ? null : p.Key }, p.Value), string.CompareOrdinal);
    }

    private async ValueTask<Reply> UpdateAsync(Call call, CancellationToken cancellationToken)
    {
        var input = await call.ReadJsonAsync(cancellationToken);
        var reference = Reference(call);
        var authType = input.Text("AuthType", oneOf: ["NONE", "AWS_IAM"]);
        var mode = input.Text("InvokeMode", oneOf: ["BUFFERED", "RESPONSE_STREAM"]);
        var cors = Cors(input);
        input.Check();
        var function = plane.Change(reference, f =>
        {
            var url = f.Urls.GetValueOrDefault(Key(reference)) ?? throw ApiException.NotFound();
            return f with
            {
                Urls = With(f.Urls, url.Qualifier, url with
                {
                    AuthType = authType ?? url.AuthType,
                    InvokeMode = mode ?? url.InvokeMode,
                    Cors = cors is null ? url.Cors : cors.Count == 0 ? null : cors,
                    Modified = plane.Now,
                }),
            };
        });
        return Reply.Ok(Show(reference, function.Urls[Key(reference)]));
    }

    private Reply Delete(Call call)
    {
        var reference = Reference(call);
        plane.Change(reference, f =>
        {
            if (!f.Urls.ContainsKey(Key(reference)))
                throw ApiException.NotFound();
            return f with { Urls = With(f.Urls, Key(reference), null) };
        });
        return Reply.NoContent;
    }

    private static FunctionReference Reference(Call call)
    {
        var reference = FunctionReference.Of(call);
        return reference.Qualifier is null || Names.Alias().IsMatch(reference.Qualifier)
            ? reference
            : throw ApiException.Validation(
                [$"Value '{reference.Qualifier}' at 'qualifier' failed to satisfy constraint: Member must satisfy regular expression pattern: (^\\$LATEST$)|((?!^[0-9]+$)([a-zA-Z0-9-_]+))"]);
    }

    private static JsonObject? Cors(Input input)
    {
        var cors = input.Part("Cors");
        cors?.Flag("AllowCredentials");
        cors?.Integer("MaxAge", 0, 86_400);
        foreach (var list in (string[])["AllowHeaders", "AllowMethods", "AllowOrigins", "ExposeHeaders"])
            cors?.Texts(list, max: list == "AllowMethods" ? 6 : 100);
        return cors?.Everything();
    }

    private static string Key(FunctionReference reference) => reference.Qualifier ?? FunctionVersion.Latest;

    private JsonObject Show(FunctionReference reference, UrlDocument url) => Json.Of(
        ("FunctionUrl", new Uri(plane.Address, $"urls/{url.Id}/").ToString()), ("FunctionArn", reference.QualifiedArn),
        ("AuthType", url.AuthType), ("Cors", url.Cors?.DeepClone()), ("CreationTime", Json.Time(url.Created)),
        ("LastModifiedTime", Json.Time(url.Modified)), ("InvokeMode", url.InvokeMode));

    private static SortedDictionary<string, UrlDocument> With(SortedDictionary<string, UrlDocument> map, string key, UrlDocument? value)
    {
        var copy = new SortedDictionary<string, UrlDocument>(map, StringComparer.Ordinal);
        if (value is null)
            copy.Remove(key);
        else
            copy[key] = value;
        return copy;
    }
}
