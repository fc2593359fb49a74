using System.Buffers;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Pellicle.Local.ControlPlane.Http;

/// <summary>What a handler answers; a null body sends none.</summary>
internal sealed record Reply(int Status, JsonObject? Body = null)
{
    /// <summary>The handler wrote the answer itself.</summary>
    public static readonly Reply Written = new(0);

    public static readonly Reply NoContent = new(204);

    public static Reply Ok(JsonObject body) => new(200, body);
}

/// <summary>One request to the control plane.</summary>
internal sealed class Call(HttpContext http, string operation)
{
    /// <summary>The one account that exists here.</summary>
    public const string AccountId = "123456789012";

    /// <summary>Lambda's limit for requests with JSON bodies.</summary>
    public const int MaxJsonBytes = 70_167_211;

    public HttpContext Http { get; } = http;

    public string Operation { get; } = operation;

    public string Region { get; } = RegionOf(http.Request);

    public string RequestId { get; } = Guid.NewGuid().ToString();

    public string Path(string name) => (string)Http.Request.RouteValues[name]!;

    public string? Query(string name) =>
        Http.Request.Query.TryGetValue(name, out var values) && values.Count > 0 && values[^1] is { Length: > 0 } value ? value : null;

    public int? QueryInteger(string name, int min, int max)
    {
        if (Query(name) is not { } text)
            return null;
        if (!long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value))
            throw new ApiException("SerializationException", 400, $"`{name}` is not an integer.");
        if (value >= min && value <= max)
            return (int)value;
        var constraint = value < min ? $"greater than or equal to {min}" : $"less than or equal to {max}";
        throw ApiException.Validation([$"Value '{value}' at '{char.ToLowerInvariant(name[0])}{name[1..]}' failed to satisfy constraint: Member must have value {constraint}"]);
    }

    public async ValueTask<Input> ReadJsonAsync(CancellationToken cancellationToken)
    {
        var body = await ReadBodyAsync(MaxJsonBytes, () => ApiException.TooLarge(MaxJsonBytes, Operation), cancellationToken);
        if (body.IsEmpty)
            return new Input(JsonDocument.Parse("{}").RootElement);
        try
        {
            return new Input(JsonDocument.Parse(body).RootElement);
        }
        catch (JsonException e)
        {
            throw new ApiException("SerializationException", 400, $"Could not parse request body into json: {e.Message}");
        }
    }

    /// <summary>The whole body; <paramref name="tooLarge"/> tells what to throw when it has more than <paramref name="limit"/> bytes.</summary>
    public async ValueTask<ReadOnlyMemory<byte>> ReadBodyAsync(int limit, Func<ApiException> tooLarge, CancellationToken cancellationToken)
    {
        if (Http.Request.ContentLength > limit)
            throw tooLarge();
        var body = new ArrayBufferWriter<byte>((int)(Http.Request.ContentLength ?? 0) + 1);
        for (; ; )
        {
            var read = await Http.Request.Body.ReadAsync(body.GetMemory(1), cancellationToken);
            if (read == 0)
                return body.WrittenMemory;
            body.Advance(read);
            if (body.WrittenCount > limit)
                throw tooLarge();
        }
    }

    // Credential=KEY/20260101/REGION/lambda/aws4_request, in the header or in a presigned query.
    private static string RegionOf(HttpRequest request)
    {
        var text = request.Headers.Authorization.ToString();
        var start = text.IndexOf("Credential=", StringComparison.Ordinal);
        var credential = start >= 0 ? text[(start + "Credential=".Length)..] : request.Query["X-Amz-Credential"].ToString();
        var scope = credential.Split(',', ' ')[0].Split('/');
        return scope.Length >= 5 && Functions.Names.Region().IsMatch(scope[^3]) ? scope[^3] : "us-east-1";
    }
}
