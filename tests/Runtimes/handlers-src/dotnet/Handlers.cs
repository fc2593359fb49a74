using System.Text.Json;
using Amazon.Lambda.Core;

namespace Cases;

public sealed record Person(string Name, int Age, List<string> Tags);

public class Handlers
{
    public JsonElement Echo(JsonElement value) => value;

    public static string Static(string value) => value + "!";

    public Person Typed(Person person) => person with { Age = person.Age + 1 };

    public async Task<Person> Async(Person person)
    {
        await Task.Yield();
        return person;
    }

    public async ValueTask<int> Value(int number)
    {
        await Task.Yield();
        return number * 2;
    }

    public async Task Nothing(JsonElement value) => await Task.Yield();

    public async ValueTask NothingValue() => await Task.Yield();

    public void Void(JsonElement value)
    {
    }

    public Stream Streams(Stream input)
    {
        var output = new MemoryStream();
        input.CopyTo(output);
        return output;
    }

    public string Big(Dictionary<string, int> sizes) => new('x', sizes["size"]);

    public string Raises(JsonElement value) => throw new InvalidOperationException("böse 💥", new ArgumentException("inner"));

    public async Task<string> RaisesAsync(JsonElement value)
    {
        await Task.Yield();
        throw new KeyNotFoundException("späte");
    }

    /// <summary>Answers when all others are here too: they must be under way at the same time.</summary>
    public async Task<Dictionary<string, object>> Meets(JsonElement value, ILambdaContext context)
    {
        var (place, count) = (value.GetProperty("place").GetString(), value.GetProperty("count").GetInt32());
        File.WriteAllText(Path.Combine(place, context.AwsRequestId), "");
        var end = DateTime.UtcNow.AddSeconds(20);
        while (Directory.GetFiles(place).Length < count && DateTime.UtcNow < end)
            await Task.Delay(5);
        return new() { ["mine"] = value.GetProperty("mine").GetString(), ["met"] = Math.Min(Directory.GetFiles(place).Length, count) };
    }

    public async Task<string> Never(JsonElement value)
    {
        Console.WriteLine("began");
        await Task.Delay(60_000);
        return "";
    }

    public Dictionary<string, object> ShowContext(JsonElement value, ILambdaContext context) => new()
    {
        ["id"] = context.AwsRequestId,
        ["arn"] = context.InvokedFunctionArn,
        ["name"] = context.FunctionName,
        ["version"] = context.FunctionVersion,
        ["memory"] = context.MemoryLimitInMB,
        ["group"] = context.LogGroupName,
        ["stream"] = context.LogStreamName,
        ["remaining"] = (int)context.RemainingTime.TotalMilliseconds,
        ["identity"] = new[] { context.Identity.IdentityId, context.Identity.IdentityPoolId },
        ["custom"] = context.ClientContext?.Custom,
        ["app"] = context.ClientContext?.Client?.AppTitle,
        ["trace"] = Environment.GetEnvironmentVariable("_X_AMZN_TRACE_ID"),
    };

    public void Log(JsonElement value, ILambdaContext context)
    {
        Console.WriteLine("printed");
        context.Logger.LogLine("line");
        context.Logger.LogWarning("warned");
    }

    public string Exits(JsonElement value)
    {
        Environment.Exit(7);
        return "";
    }

    public string Overloaded(string a) => a;

    public string Overloaded(int a) => "";
}

public class Broken
{
    public Broken() => throw new InvalidOperationException("constructor");

    public string Handle(string value) => value;
}

public sealed class ShoutSerializer : ILambdaSerializer
{
    public T Deserialize<T>(Stream stream) => (T)(object)new StreamReader(stream).ReadToEnd();

    public void Serialize<T>(T response, Stream stream) => stream.Write(System.Text.Encoding.UTF8.GetBytes($"<{typeof(T).Name}:{response}>"));
}

public class Custom
{
    [LambdaSerializer(typeof(ShoutSerializer))]
    public string Handle(string value) => value.ToUpperInvariant();
}
