using System.Diagnostics;
using System.Text.Json.Nodes;

namespace Pellicle.Local.Tests.ControlPlane;

/// <summary>Runs where the client is installed; says so where it is not.</summary>
public sealed class ClientFactAttribute : FactAttribute
{
    public ClientFactAttribute(string program, string arguments)
    {
        if (!Works(program, arguments))
            Skip = $"`{program} {arguments}` does not work on this machine";
    }

    private static bool Works(string program, string arguments)
    {
        if (!File.Exists(program))
            return false;
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true, RedirectStandardOutput = true })!;
        process.WaitForExit();
        return process.ExitCode == 0;
    }
}

/// <summary>Runs where <c>tests/clients/install.sh</c> has put npm's <c>@aws-sdk/client-lambda</c>, which <c>./test</c> does.</summary>
public sealed class NodeSdkFactAttribute : FactAttribute
{
    public NodeSdkFactAttribute()
    {
        if (!Directory.Exists(Path.Combine(NodeClients.Directory, "node_modules/@aws-sdk/client-lambda")))
            Skip = "needs @aws-sdk/client-lambda: run tests/clients/install.sh";
    }
}

/// <summary>The ordinary clients, unchanged, against the local Lambda over HTTP.</summary>
public sealed class ClientTests
{
    private const string Aws = "/usr/bin/aws";
    private const string Python = "/usr/bin/python3";

    [ClientFact(Aws, "--version")]
    public async Task The_aws_command_walks_through_a_functions_life()
    {
        await using var server = await LocalServer.StartAsync(realTime: true);
        var zip = Path.Combine(server.DataDirectory, "f.zip");
        var answer = Path.Combine(server.DataDirectory, "out.json");
        await File.WriteAllBytesAsync(zip, LocalServer.Zip(("app.py", "x")));
        server.Invoker.Answer = (f, r, _) => Task.FromResult(FakeInvoker.Result(f, "{\"ok\":true}", log: "line"));

        var layer = (string)(await AwsAsync(server, "lambda", "publish-layer-version", "--layer-name", "lib", "--zip-file", $"fileb://{zip}", "--compatible-runtimes", "python3.11"))["LayerVersionArn"]!;
        var created = await AwsAsync(server, "lambda", "create-function", "--function-name", "hello", "--runtime", "python3.11", "--handler", "app.h",
            "--role", LocalServer.Role, "--zip-file", $"fileb://{zip}", "--layers", layer, "--environment", "Variables={AB=1}", "--tags", "team=a");
        ((string)created["State"]!).ShouldBe("Pending");
        await AwsAsync(server, "lambda", "wait", "function-active-v2", "--function-name", "hello");
        var invoked = await AwsAsync(server, "lambda", "invoke", "--function-name", "hello", "--payload", "e30=", "--log-type", "Tail", answer);
        ((string)invoked["LogResult"]!).ShouldBe("bGluZQ==");
        (await File.ReadAllTextAsync(answer)).ShouldBe("{\"ok\":true}");
        await AwsAsync(server, "lambda", "update-function-configuration", "--function-name", "hello", "--timeout", "9");
        await AwsAsync(server, "lambda", "wait", "function-updated-v2", "--function-name", "hello");
        ((string)(await AwsAsync(server, "lambda", "publish-version", "--function-name", "hello"))["Version"]!).ShouldBe("1");
        await AwsAsync(server, "lambda", "create-alias", "--function-name", "hello", "--name", "live", "--function-version", "1");
        await AwsAsync(server, "lambda", "add-permission", "--function-name", "hello", "--qualifier", "live", "--statement-id", "s", "--action", "lambda:InvokeFunction", "--principal", "s3.amazonaws.com");
        JsonNode.Parse((string)(await AwsAsync(server, "lambda", "get-policy", "--function-name", "hello:live"))["Policy"]!)!["Statement"]!.AsArray().Count.ShouldBe(1);
        ((string)(await AwsAsync(server, "lambda", "get-function", "--function-name", "hello"))["Tags"]!["team"]!).ShouldBe("a");
        ((string)(await AwsAsync(server, "sts", "get-caller-identity"))["Account"]!).ShouldBe("123456789012");
        await AwsAsync(server, "iam", "create-role", "--role-name", "r", "--assume-role-policy-document", """{"Version":"2012-10-17","Statement":[]}""");
        await AwsAsync(server, "iam", "put-role-policy", "--role-name", "r", "--policy-name", "p", "--policy-document", """{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}""");
        ((string)(await AwsAsync(server, "iam", "get-role-policy", "--role-name", "r", "--policy-name", "p"))["PolicyDocument"]!["Statement"]![0]!["Action"]!).ShouldBe("*");
        await AwsAsync(server, "lambda", "delete-function", "--function-name", "hello");
        (await FailAsync(server, "lambda", "get-function", "--function-name", "hello")).ShouldContain(
            "An error occurred (ResourceNotFoundException) when calling the GetFunction operation: Function not found: arn:aws:lambda:us-east-1:123456789012:function:hello");
    }

    [ClientFact(Python, "-c \"import boto3\"")]
    public async Task Boto3_reads_every_shape_and_every_error()
    {
        await using var server = await LocalServer.StartAsync(realTime: true);
        server.Invoker.Answer = async (f, r, token) =>
        {
            if (r.OnChunk is null)
                return FakeInvoker.Result(f, r.Payload);
            await r.OnChunk("one"u8.ToArray(), token);
            await r.OnChunk("two"u8.ToArray(), token);
            return FakeInvoker.Result(f, "", log: "tail");
        };
        const string script = """
            import boto3, io, json, sys, urllib.request, zipfile
            c = boto3.client('lambda', endpoint_url=sys.argv[1], region_name='eu-west-1', aws_access_key_id='a', aws_secret_access_key='b')
            def z(text):
                b = io.BytesIO()
                with zipfile.ZipFile(b, 'w') as f: f.writestr('app.py', text)
                return b.getvalue()
            def fails(exception, call, **args):
                try: call(**args)
                except exception as e: return e
                raise AssertionError(f'{call} did not fail')
            x = c.exceptions
            code = z('2')
            arn = c.publish_layer_version(LayerName='lib', Content={'ZipFile': z('1')}, CompatibleRuntimes=['python3.11'])['LayerVersionArn']
            assert c.get_layer_version_by_arn(Arn=arn)['Version'] == 1
            c.add_layer_version_permission(LayerName='lib', VersionNumber=1, StatementId='p', Action='lambda:GetLayerVersion', Principal='*')
            assert json.loads(c.get_layer_version_policy(LayerName='lib', VersionNumber=1)['Policy'])['Statement'][0]['Principal'] == '*'
            c.create_function(FunctionName='f', Role='arn:aws:iam::123456789012:role/r', Runtime='python3.11', Handler='app.h', Code={'ZipFile': code}, Layers=[arn])
            c.get_waiter('function_active_v2').wait(FunctionName='f')
            assert urllib.request.urlopen(c.get_function(FunctionName='f')['Code']['Location']).read() == code
            assert json.load(c.invoke(FunctionName='f', Payload=b'{"a":1}')['Payload']) == {'a': 1}
            assert c.invoke(FunctionName='f', InvocationType='DryRun')['StatusCode'] == 204
            assert c.invoke(FunctionName='f', InvocationType='Event')['StatusCode'] == 202
            if hasattr(c, 'invoke_with_response_stream'):
                events = list(c.invoke_with_response_stream(FunctionName='f', LogType='Tail')['EventStream'])
                assert [e['PayloadChunk']['Payload'] for e in events[:-1]] == [b'one', b'two'], events
                assert events[-1]['InvokeComplete']['LogResult'] == 'dGFpbA==', events
            e = fails(x.PreconditionFailedException, c.update_function_configuration, FunctionName='f', RevisionId='old', Timeout=4)
            assert e.response['ResponseMetadata']['HTTPStatusCode'] == 412
            assert e.response['Error']['Message'].startswith('The Revision Id provided does not match'), e.response
            fails(x.InvalidParameterValueException, c.update_function_configuration, FunctionName='f', Environment={'Variables': {'AWS_REGION': 'x'}})
            fails(x.ResourceConflictException, c.create_function, FunctionName='f', Role='arn:aws:iam::123456789012:role/r', Runtime='python3.11', Handler='a.h', Code={'ZipFile': z('2')})
            e = fails(x.ClientError, c.update_function_configuration, FunctionName='f', Timeout=9999)
            assert e.response['Error']['Code'] == 'ValidationException', e.response
            c.put_function_concurrency(FunctionName='f', ReservedConcurrentExecutions=0)
            e = fails(x.TooManyRequestsException, c.invoke, FunctionName='f')
            assert e.response['Reason'] == 'ReservedFunctionConcurrentInvocationLimitExceeded', e.response
            c.delete_function_concurrency(FunctionName='f')
            u = c.create_function_url_config(FunctionName='f', AuthType='AWS_IAM', Cors={'AllowOrigins': ['*']})
            assert c.get_function_url_config(FunctionName='f')['FunctionUrl'] == u['FunctionUrl']
            c.put_function_event_invoke_config(FunctionName='f', MaximumRetryAttempts=0)
            assert c.get_function_event_invoke_config(FunctionName='f')['LastModified'].year > 2000
            m = c.create_event_source_mapping(FunctionName='f', EventSourceArn='arn:aws:sqs:eu-west-1:123456789012:q')
            assert c.list_event_source_mappings(FunctionName='f')['EventSourceMappings'][0]['UUID'] == m['UUID']
            assert c.delete_event_source_mapping(UUID=m['UUID'])['State'] == 'Deleting'
            assert c.get_account_settings()['AccountUsage']['FunctionCount'] == 1
            if hasattr(c, 'get_runtime_management_config'): assert c.get_runtime_management_config(FunctionName='f')['UpdateRuntimeOn'] == 'Auto'
            assert c.get_function_code_signing_config(FunctionName='f')['FunctionName'] == 'f'
            c.tag_resource(Resource='arn:aws:lambda:eu-west-1:123456789012:function:f', Tags={'k': 'v'})
            assert c.list_tags(Resource='arn:aws:lambda:eu-west-1:123456789012:function:f')['Tags'] == {'k': 'v'}
            c.untag_resource(Resource='arn:aws:lambda:eu-west-1:123456789012:function:f', TagKeys=['k'])
            c.delete_layer_version(LayerName='lib', VersionNumber=1)
            fails(x.ResourceNotFoundException, c.get_layer_version, LayerName='lib', VersionNumber=1)
            assert c.invoke(FunctionName='f')['StatusCode'] == 200
            print('complete')
            """;
        var (code, output, error) = await RunAsync(server, Python, "-c", script, server.Address.ToString());
        code.ShouldBe(0, error);
        output.Trim().ShouldBe("complete");
    }

    /// <summary>Members, types, values, status codes and errors of every answer, against the service model that botocore ships.</summary>
    [ClientFact(Python, "-c \"import boto3\"")]
    public async Task Every_answer_has_the_documented_shape()
    {
        await using var server = await LocalServer.StartAsync(realTime: true);
        server.Invoker.Answer = (f, r, _) => Task.FromResult(FakeInvoker.Result(f, "{}"));
        var (code, output, error) = await RunAsync(server, Python, Path.Combine(AppContext.BaseDirectory, "shapes.py"), server.Address.ToString());
        code.ShouldBe(0, error);
        output.Trim().ShouldBe("49 operations");
    }

    [NodeSdkFact]
    public async Task The_node_sdk_reads_every_shape_and_every_error()
    {
        await using var server = await LocalServer.StartAsync(realTime: true);
        server.Invoker.Answer = async (f, r, token) =>
        {
            if (r.OnChunk is null)
                return FakeInvoker.Result(f, r.Payload, log: "line");
            await r.OnChunk("one"u8.ToArray(), token);
            await r.OnChunk("two"u8.ToArray(), token);
            return FakeInvoker.Result(f, "", log: "tail");
        };
        await File.WriteAllBytesAsync(Path.Combine(server.DataDirectory, "f.zip"), LocalServer.Zip(("app.js", "x")));
        var script = Path.Combine(AppContext.BaseDirectory, "node-sdk.cjs");
        var (code, output, error) = await RunAsync(server, "node", script, server.Address.ToString().TrimEnd('/'), NodeClients.Directory, Path.Combine(server.DataDirectory, "f.zip"));
        code.ShouldBe(0, error);
        output.Trim().ShouldBe("complete");
    }

    private static async Task<JsonNode> AwsAsync(LocalServer server, params string[] arguments)
    {
        var (code, output, error) = await RunAsync(server, Aws, [.. arguments, "--endpoint-url", server.Address.ToString().TrimEnd('/'), "--output", "json"]);
        code.ShouldBe(0, $"aws {string.Join(' ', arguments)}: {error}");
        return output.Trim().Length == 0 ? new JsonObject() : JsonNode.Parse(output)!;
    }

    private static async Task<string> FailAsync(LocalServer server, params string[] arguments)
    {
        var (code, _, error) = await RunAsync(server, Aws, [.. arguments, "--endpoint-url", server.Address.ToString().TrimEnd('/')]);
        code.ShouldNotBe(0);
        return error;
    }

    private static async Task<(int Code, string Output, string Error)> RunAsync(LocalServer server, string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = server.DataDirectory };
        foreach (var (name, value) in (ReadOnlySpan<(string, string)>)[("AWS_ACCESS_KEY_ID", "test"), ("AWS_SECRET_ACCESS_KEY", "test"),
            ("AWS_DEFAULT_REGION", "us-east-1"), ("AWS_PAGER", ""), ("AWS_EC2_METADATA_DISABLED", "true"), ("HOME", server.DataDirectory)])
        {
            start.Environment[name] = value;
        }

        start.Environment.Remove("AWS_PROFILE");
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, await output, await error);
    }
}
