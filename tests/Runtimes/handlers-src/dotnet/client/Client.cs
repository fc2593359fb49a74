using System.Net;
using System.Text;
using System.Text.Json;
using Amazon.Lambda.Core;
using Amazon.Lambda.Core.ResponseStreaming;
using Amazon.Lambda.Serialization.SystemTextJson;

[assembly: LambdaSerializer(typeof(DefaultLambdaJsonSerializer))]

namespace Cases;

/// <summary>What only the official client has.</summary>
public class Streaming
{
    public async Task Plain(JsonElement value)
    {
        await using var stream = LambdaResponseStreamFactory.CreateStream();
        await stream.WriteAsync(Encoding.UTF8.GetBytes("eins "));
        await stream.WriteAsync(Encoding.UTF8.GetBytes("zwei"));
    }

    public async Task Http(JsonElement value)
    {
        await using var stream = LambdaResponseStreamFactory.CreateHttpStream(new HttpResponseStreamPrelude { StatusCode = HttpStatusCode.Created, Headers = new Dictionary<string, string> { ["a"] = "b" }, Cookies = ["c=d"] });
        await stream.WriteAsync(Encoding.UTF8.GetBytes("body"));
    }

    public async Task Big(JsonElement value)
    {
        await using var stream = LambdaResponseStreamFactory.CreateStream();
        for (var i = 0; i < value.GetProperty("count").GetInt32(); i++)
            await stream.WriteAsync(Enumerable.Repeat((byte)i, 65536).ToArray());
    }

    public async Task FailsLate(JsonElement value)
    {
        var stream = LambdaResponseStreamFactory.CreateStream();
        await stream.WriteAsync(Encoding.UTF8.GetBytes("part"));
        throw new InvalidOperationException("late");
    }
}
