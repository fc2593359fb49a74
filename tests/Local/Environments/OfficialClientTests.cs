namespace Pellicle.Local.Tests.Environments;

/// <summary>Runs where <c>tests/clients/install.sh</c> has put npm's <c>aws-lambda-ric</c>, which <c>./test</c> does.</summary>
public sealed class OfficialClientFactAttribute : FactAttribute
{
    public OfficialClientFactAttribute()
    {
        if (!File.Exists(Path.Combine(NodeClients.Directory, "node_modules/aws-lambda-ric/bin/index.mjs")))
        {
            Skip = "needs aws-lambda-ric: run tests/clients/install.sh";
        }
    }
}

/// <summary>The official Node.js client, unchanged, in place of our bootstrap.</summary>
[System.Runtime.Versioning.SupportedOSPlatform("linux")]
public sealed class OfficialClientTests
{
    [OfficialClientFact]
    public async Task The_official_node_client_runs_unchanged()
    {
        var runtimes = Directory.CreateTempSubdirectory("pellicle-ric-").FullName;
        try
        {
            var node = Path.Combine(runtimes, "node");
            File.CreateSymbolicLink(node, NodeClients.Directory);
            var bootstrap = Path.Combine(node, "bootstrap");
            await File.WriteAllTextAsync(bootstrap, "#!/bin/sh\nexec /var/lang/bin/node /var/runtime/node_modules/aws-lambda-ric/bin/index.mjs \"$_HANDLER\"\n");
            File.SetUnixFileMode(bootstrap, (UnixFileMode)0x1ED);
            await using var functions = new TestFunctions(runtimes);
            var function = functions.Function("nodejs20.x", "index.handler", 10, null, [], ("index.js", """
                exports.handler = async (event, context) => {
                  if (event.fail) throw new TypeError('mine');
                  return { event, id: context.awsRequestId };
                };
                exports.stream = awslambda.streamifyResponse(async (event, out) => { out.write('one'); out.write('two'); out.end(); });
                """, 0x1A4));
            Assert.Equal("""{"event":{"a":1},"id":"11111111-2222-3333-4444-555555555555"}""", (await functions.CallAsync(function, """{"a":1}""", "11111111-2222-3333-4444-555555555555")).Payload);
            var (payload, failed) = await functions.CallAsync(function, """{"fail":1}""");
            Assert.Equal("Unhandled", failed.FunctionError);
            Assert.Contains("\"errorType\":\"TypeError\"", payload, StringComparison.Ordinal);
            Assert.Equal("onetwo", (await functions.CallAsync(function with { Handler = "index.stream", ConfigurationRevision = "2" })).Payload);
        }
        finally
        {
            Directory.Delete(runtimes, true);
        }
    }
}
