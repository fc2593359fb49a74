using Pellicle.Local.ControlPlane.Http;
using Pellicle.Local.ControlPlane.State;

namespace Pellicle.Local.ControlPlane.Functions;

/// <summary>Tags of functions. The path holds an ARN.</summary>
internal sealed class TagOperations(Plane plane)
{
    private const int MaxTags = 50;

    public void Map(Routes routes)
    {
        routes.Get("2017-03-31/tags/{resource}", "ListTags", call => Reply.Ok(Json.Of(("Tags", Json.Map(plane.Find(Resource(call)).Tags)))));
        routes.Post("2017-03-31/tags/{resource}", "TagResource", TagAsync);
        routes.Delete("2017-03-31/tags/{resource}", "UntagResource", Untag);
    }

    public static void Check(SortedDictionary<string, string> tags)
    {
        if (tags.Count > MaxTags)
            throw ApiException.InvalidParameter($"Number of tags exceeds resource tag limit: {MaxTags}.");
        foreach (var (key, value) in tags)
        {
            if (key.Length is 0 or > 128 || value.Length > 256 || key.StartsWith("aws:", StringComparison.OrdinalIgnoreCase))
            {
                throw ApiException.InvalidParameter(
                    $"The tag key `{key}` or its value is not valid: keys have 1 to 128 characters and do not begin with aws:, values have at most 256.");
            }
        }
    }

    private async ValueTask<Reply> TagAsync(Call call, CancellationToken cancellationToken)
    {
        var input = await call.ReadJsonAsync(cancellationToken);
        var added = input.Map("Tags");
        if (added is null)
            input.Fail("Tags", null, "Member must not be null");
        input.Check();
        plane.Change(Resource(call), f =>
        {
            var tags = new SortedDictionary<string, string>(f.Tags, StringComparer.Ordinal);
            foreach (var (key, value) in added!)
                tags[key] = value;
            Check(tags);
            return f with { Tags = tags };
        });
        return Reply.NoContent;
    }

    private Reply Untag(Call call)
    {
        var keys = call.Http.Request.Query["tagKeys"];
        if (keys.Count == 0)
            throw ApiException.Validation(["Value null at 'tagKeys' failed to satisfy constraint: Member must not be null"]);
        plane.Change(Resource(call), f =>
        {
            var tags = new SortedDictionary<string, string>(f.Tags, StringComparer.Ordinal);
            foreach (var key in keys)
                tags.Remove(key!);
            return f with { Tags = tags };
        });
        return Reply.NoContent;
    }

    private static FunctionReference Resource(Call call)
    {
        var arn = call.Path("resource");
        if (!arn.StartsWith("arn:", StringComparison.Ordinal))
        {
            throw ApiException.Validation(
                [$"Value '{arn}' at 'resource' failed to satisfy constraint: Member must satisfy regular expression pattern: {Names.Function().ToString()[1..^2]}"]);
        }

        if (arn.Split(':') is not [_, _, "lambda", _, _, "function", ..])
            throw ApiException.NotFound();
        var reference = FunctionReference.Parse(call, arn, null);
        return reference.Qualifier is null
            ? reference
            : throw ApiException.InvalidParameter("Tags on function aliases and versions are not supported. Please specify a function ARN.");
    }
}
