using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Pellicle.Local.Invocation;

namespace Pellicle.Local.Tests.ControlPlane;

public sealed class FunctionTests
{
    private const string F = "/2015-03-31/functions";

    [Fact]
    public async Task Create_answers_defaults_and_becomes_active_with_a_new_revision()
    {
        await using var server = await LocalServer.StartAsync();
        var created = (await server.PostAsync(F, LocalServer.Function("hello"))).ShouldBe(201);
        created["State"].GetValue<string>().ShouldBe("Pending");
        created["StateReason"].GetValue<string>().ShouldBe("The function is being created.");
        created["StateReasonCode"].GetValue<string>().ShouldBe("Creating");
        created["FunctionArn"].GetValue<string>().ShouldBe("arn:aws:lambda:us-east-1:123456789012:function:hello");
        created["Timeout"].GetValue<int>().ShouldBe(3);
        created["MemorySize"].GetValue<int>().ShouldBe(128);
        created["Version"].GetValue<string>().ShouldBe("$LATEST");
        created["LastModified"].GetValue<string>().ShouldBe("2026-11-22T12:00:00.000+0000");
        created["LoggingConfig"].ToJsonString().ShouldBe("""{"LogFormat":"Text","LogGroup":"/aws/lambda/hello"}""");
        created["CodeSha256"].GetValue<string>()
            .ShouldBe(Convert.ToBase64String(SHA256.HashData(Convert.FromBase64String(LocalServer.ZipText()))));
        created.Body!["Environment"].ShouldBeNull();
        created.Body!["Layers"].ShouldBeNull();

        (await server.PostAsync($"{F}/hello/invocations")).ShouldFail(409, "ResourceConflictException");
        server.Settle();
        var active = await server.GetAsync($"{F}/hello/configuration");
        active["State"].GetValue<string>().ShouldBe("Active");
        active["LastUpdateStatus"].GetValue<string>().ShouldBe("Successful");
        active["RevisionId"].GetValue<string>().ShouldNotBe(created["RevisionId"].GetValue<string>());
    }

    [Theory]
    [InlineData("hello")]
    [InlineData("123456789012:function:hello")]
    [InlineData("us-east-1:123456789012:function:hello")]
    [InlineData("arn:aws:lambda:us-east-1:123456789012:function:hello")]
    [InlineData("arn%3Aaws%3Alambda%3Aus-east-1%3A123456789012%3Afunction%3Ahello")]
    [InlineData("hello:$LATEST")]
    [InlineData("function:hello")]
    [InlineData("hello/")]
    public async Task A_function_is_found_by_every_form_of_its_name(string name)
    {
        await using var server = await LocalServer.StartAsync();
        await server.CreateAsync("hello");
        (await server.GetAsync($"{F}/{name}")).ShouldBe(200)["Configuration"]["FunctionName"]!.GetValue<string>().ShouldBe("hello");
    }

    [Fact]
    public async Task Names_that_lead_nowhere_are_refused_in_Lambdas_words()
    {
        await using var server = await LocalServer.StartAsync();
        await server.CreateAsync("hello");
        (await server.GetAsync($"{F}/nope")).ShouldFail(404, "ResourceNotFoundException",
            "Function not found: arn:aws:lambda:us-east-1:123456789012:function:nope");
        (await server.GetAsync($"{F}/hello?Qualifier=7")).ShouldFail(404, "ResourceNotFoundException",
            "Function not found: arn:aws:lambda:us-east-1:123456789012:function:hello:7");
        (await server.GetAsync($"{F}/hello:1?Qualifier=2")).ShouldFail(400, "InvalidParameterValueException",
            "The derived qualifier from the function name does not match the specified qualifier.");
        (await server.GetAsync($"{F}/arn:aws:lambda:eu-west-1:123456789012:function:hello")).ShouldFail(404, "ResourceNotFoundException",
            "Functions from 'eu-west-1' are not reachable in this region ('us-east-1')");
        (await server.GetAsync($"{F}/arn:aws:lambda:us-east-1:999999999999:function:hello")).ShouldFail(403, "AccessDeniedException");
        (await server.GetAsync($"{F}/he%20llo")).ShouldFail(400, "ValidationException").Message!
            .ShouldStartWith("1 validation error detected: Value 'he llo' at 'functionName' failed to satisfy constraint: Member must satisfy regular expression pattern: (arn:");
        (await server.GetAsync("/2015-03-31/nothing")).ShouldFail(404, "UnknownOperationException");
    }

    [Fact]
    public async Task Regions_do_not_see_each_other()
    {
        await using var server = await LocalServer.StartAsync();
        await server.CreateAsync("hello");
        (await server.SendAsync(HttpMethod.Get, $"{F}/hello", region: "eu-central-1")).ShouldFail(404, "ResourceNotFoundException",
            "Function not found: arn:aws:lambda:eu-central-1:123456789012:function:hello");
    }

    [Fact]
    public async Task All_broken_constraints_are_named_at_once()
    {
        await using var server = await LocalServer.StartAsync();
        var answer = await server.PostAsync(F, LocalServer.Function("x", f => { f["Timeout"] = 901; f["MemorySize"] = 1; f.Remove("Role"); }));
        answer.ShouldFail(400, "ValidationException",
            "3 validation errors detected: Value null at 'role' failed to satisfy constraint: Member must not be null; "
            + "Value '901' at 'timeout' failed to satisfy constraint: Member must have value less than or equal to 900; "
            + "Value '1' at 'memorySize' failed to satisfy constraint: Member must have value greater than or equal to 128");
    }

    public static TheoryData<string, string, string> Refusals => new()
    {
        { """{"Runtime":"python2.7"}""", "InvalidParameterValueException", "The runtime parameter of python2.7 is no longer supported" },
        { """{"Runtime":"python9"}""", "InvalidParameterValueException", "Value python9 at 'runtime' failed to satisfy constraint" },
        { """{"Runtime":null}""", "InvalidParameterValueException", "Runtime and Handler are mandatory" },
        { """{"Handler":"a b"}""", "ValidationException", "1 validation error detected: Value 'a b' at 'handler'" },
        { """{"Code":{}}""", "InvalidParameterValueException", "Please provide a source for function code." },
        { """{"Code":{"ZipFile":"bm90IGEgemlw"}}""", "InvalidParameterValueException", "Could not unzip uploaded file. Please check your file, then try to upload again." },
        { """{"Code":{"ZipFile":"UEsFBgAAAAAAAAAAAAAAAAAAAAAAAA=="}}""", "InvalidParameterValueException", "Uploaded file must be a non-empty zip" },
        { """{"Code":{"ZipFile":"***"}}""", "SerializationException", "`ZipFile` is not valid base64." },
        { """{"Code":{"S3Bucket":"nobucket","S3Key":"k"}}""", "InvalidParameterValueException", "Error occurred while GetObject. S3 Error Code: NoSuchBucket." },
        { """{"Code":{"S3Bucket":"...","S3Key":"state/x"}}""", "InvalidParameterValueException", "Error occurred while GetObject. S3 Error Code: NoSuchBucket." },
        { """{"Code":{"ImageUri":"x"}}""", "InvalidParameterValueException", "Container images cannot be run" },
        { """{"Environment":{"Variables":{"AWS_REGION":"x","OK_1":"y"}}}""", "InvalidParameterValueException", "Lambda was unable to configure your environment variables because the environment variables you have provided contains reserved keys that are currently not supported for modification. Reserved keys used in this request: AWS_REGION" },
        { """{"Environment":{"Variables":{"1X":"y"}}}""", "ValidationException", "1 validation error detected" },
        { """{"Layers":["arn:aws:lambda:us-east-1:123456789012:layer:none:1"]}""", "InvalidParameterValueException", "Layer version arn:aws:lambda:us-east-1:123456789012:layer:none:1 does not exist." },
        { """{"Layers":["nonsense"]}""", "ValidationException", "1 validation error detected: Value '[nonsense]' at 'layers'" },
        { """{"Architectures":["z80"]}""", "ValidationException", "1 validation error detected: Value '[z80]' at 'architectures'" },
        { """{"Timeout":"3"}""", "SerializationException", "`Timeout` is not a number." },
        { """{"Tags":{"aws:x":"y"}}""", "InvalidParameterValueException", "The tag key `aws:x`" },
    };

    [Theory]
    [MemberData(nameof(Refusals))]
    public async Task Bad_input_gets_Lambdas_own_error_and_leaves_nothing(string change, string type, string message)
    {
        await using var server = await LocalServer.StartAsync();
        var answer = await server.PostAsync(F, LocalServer.Function("x", f =>
        {
            foreach (var (name, value) in JsonNode.Parse(change)!.AsObject())
                f[name] = value?.DeepClone();
        }));
        answer.ShouldFail(400, type).Message!.ShouldStartWith(message);
        (await server.GetAsync(F))["Functions"].AsArray().Count.ShouldBe(0);
    }

    [Fact]
    public async Task Malformed_json_and_existing_names_are_refused()
    {
        await using var server = await LocalServer.StartAsync();
        (await server.PostAsync(F, "{")).ShouldFail(400, "SerializationException");
        (await server.PostAsync(F, "[]")).ShouldFail(400, "SerializationException");
        await server.CreateAsync("hello");
        (await server.PostAsync(F + "/", LocalServer.Function("hello"))).ShouldFail(409, "ResourceConflictException", "Function already exist: hello");
    }

    [Fact]
    public async Task Environment_of_more_than_4_KB_is_refused_and_shown()
    {
        await using var server = await LocalServer.StartAsync();
        // {"AB":"…"} is nine characters around the value.
        await server.CreateAsync("fits", f => f["Environment"] = new JsonObject { ["Variables"] = new JsonObject { ["AB"] = new string('x', 4096 - 9) } });
        var answer = await server.PostAsync(F, LocalServer.Function("big",
            f => f["Environment"] = new JsonObject { ["Variables"] = new JsonObject { ["AB"] = new string('x', 4096 - 8) } }));
        answer.ShouldFail(400, "InvalidParameterValueException").Message!.ShouldEndWith("exceeded the 4KB limit. String measured: {\"AB\":\"" + new string('x', 4088) + "\"}");
    }

    [Fact]
    public async Task Update_is_refused_with_an_old_revision_and_while_another_is_in_progress()
    {
        await using var server = await LocalServer.StartAsync();
        var created = await server.CreateAsync("hello");
        var path = $"{F}/hello/configuration";
        (await server.PutAsync(path, new JsonObject { ["RevisionId"] = created["RevisionId"].DeepClone(), ["Timeout"] = 9 })).ShouldFail(412,
            "PreconditionFailedException",
            "The Revision Id provided does not match the latest Revision Id. Call the GetFunction/GetAlias API to retrieve the latest Revision Id");

        var current = (await server.GetAsync(path))["RevisionId"].GetValue<string>();
        var accepted = (await server.PutAsync(path, new JsonObject { ["RevisionId"] = current, ["Timeout"] = 9 })).ShouldBe(200);
        accepted["LastUpdateStatus"].GetValue<string>().ShouldBe("InProgress");
        accepted["Timeout"].GetValue<int>().ShouldBe(9);
        foreach (var call in (Func<Task<Answer>>[])[
            () => server.PutAsync(path, new JsonObject { ["Timeout"] = 10 }),
            () => server.PutAsync($"{F}/hello/code", new JsonObject { ["ZipFile"] = LocalServer.ZipText() }),
            () => server.PostAsync($"{F}/hello/versions", new JsonObject())])
        {
            (await call()).ShouldFail(409, "ResourceConflictException",
                "The operation cannot be performed at this time. An update is in progress for resource: arn:aws:lambda:us-east-1:123456789012:function:hello");
        }

        server.Settle();
        var settled = await server.GetAsync(path);
        settled["LastUpdateStatus"].GetValue<string>().ShouldBe("Successful");
        new[] { current, accepted["RevisionId"].GetValue<string>(), settled["RevisionId"].GetValue<string>() }.Distinct().Count().ShouldBe(3);
    }

    [Fact]
    public async Task Until_an_update_is_done_the_old_configuration_serves()
    {
        await using var server = await LocalServer.StartAsync();
        await server.CreateAsync("hello");
        await server.PutAsync($"{F}/hello/configuration", new JsonObject { ["Timeout"] = 9 });
        await server.PostAsync($"{F}/hello/invocations", "{}");
        server.Settle();
        await server.PostAsync($"{F}/hello/invocations", "{}");
        var calls = server.Invoker.Calls.Select(c => c.Function).ToList();
        calls.Select(f => f.Timeout).ShouldBe([3, 9]);
        calls[0].ConfigurationRevision.ShouldNotBe(calls[1].ConfigurationRevision);
        server.Invoker.Retired.ShouldContain(("arn:aws:lambda:us-east-1:123456789012:function:hello", "$LATEST", calls[1].ConfigurationRevision));
    }

    [Fact]
    public async Task Absent_members_stay_and_present_ones_replace()
    {
        await using var server = await LocalServer.StartAsync();
        var one = await server.PublishLayerAsync("one");
        var two = await server.PublishLayerAsync("two");
        await server.CreateAsync("hello", f =>
        {
            f["Layers"] = new JsonArray(one, two);
            f["Environment"] = new JsonObject { ["Variables"] = new JsonObject { ["KEY"] = "value", ["OTHER"] = "x" } };
        });
        var path = $"{F}/hello/configuration";
        await server.PutAsync(path, new JsonObject { ["Description"] = "d" });
        server.Settle();
        var after = await server.GetAsync(path);
        after["Layers"].AsArray().Select(l => (string)l!["Arn"]!).ShouldBe([one, two]);
        after["Environment"].ToJsonString().ShouldBe("""{"Variables":{"KEY":"value","OTHER":"x"}}""");

        await server.PutAsync(path, new JsonObject { ["Layers"] = new JsonArray(two), ["Environment"] = new JsonObject { ["Variables"] = new JsonObject { ["NEW"] = "n" } } });
        server.Settle();
        after = await server.GetAsync(path);
        after["Layers"].AsArray().Select(l => (string)l!["Arn"]!).ShouldBe([two]);
        after["Environment"].ToJsonString().ShouldBe("""{"Variables":{"NEW":"n"}}""");

        await server.PutAsync(path, new JsonObject { ["Layers"] = new JsonArray(), ["Environment"] = new JsonObject { ["Variables"] = new JsonObject() } });
        server.Settle();
        after = await server.GetAsync(path);
        after.Body!["Layers"].ShouldBeNull();
        after.Body!["Environment"].ShouldBeNull();
    }

    [Fact]
    public async Task At_most_five_layers_and_one_version_of_each()
    {
        await using var server = await LocalServer.StartAsync();
        var layers = new List<string>();
        for (var i = 0; i < 6; i++)
            layers.Add(await server.PublishLayerAsync($"layer{i}"));
        var second = await server.PublishLayerAsync("layer0", "y");
        await server.CreateAsync("hello");
        var path = $"{F}/hello/configuration";
        (await server.PutAsync(path, new JsonObject { ["Layers"] = new JsonArray([.. layers.Select(l => JsonValue.Create(l))]) }))
            .ShouldFail(400, "InvalidParameterValueException", "Cannot reference more than 5 layers.");
        (await server.PutAsync(path, new JsonObject { ["Layers"] = new JsonArray(layers[0], second) })).ShouldFail(400, "InvalidParameterValueException",
            $"Two different versions of the same layer are not allowed to be referenced in the same function. {layers[0]} and {second} are versions of the same layer.");
        (await server.PutAsync(path, new JsonObject { ["Layers"] = new JsonArray([.. layers[..5].Select(l => JsonValue.Create(l))]) })).ShouldBe(200);
    }

    [Fact]
    public async Task Code_is_served_at_its_location_for_ten_minutes()
    {
        await using var server = await LocalServer.StartAsync();
        await server.CreateAsync("hello");
        var location = (string)(await server.GetAsync($"{F}/hello"))["Code"]["Location"]!;
        (await server.Http.GetByteArrayAsync(location)).ShouldBe(Convert.FromBase64String(LocalServer.ZipText()));
        (await server.Http.GetAsync(location[..^1] + (location[^1] == '0' ? '1' : '0'))).StatusCode.ShouldBe(System.Net.HttpStatusCode.Forbidden);
        server.Time.Advance(TimeSpan.FromMinutes(10));
        var expired = await server.Http.GetAsync(location);
        expired.StatusCode.ShouldBe(System.Net.HttpStatusCode.Forbidden);
        (await expired.Content.ReadAsStringAsync()).ShouldContain("Request has expired");
    }

    [Fact]
    public async Task Lists_are_paged_leave_states_out_and_show_versions_on_demand()
    {
        await using var server = await LocalServer.StartAsync();
        foreach (var name in (string[])["c", "a", "b"])
            await server.CreateAsync(name);
        await server.PostAsync($"{F}/b/versions", new JsonObject());

        var names = new List<string>();
        var marker = "";
        var pages = 0;
        do
        {
            var page = (await server.GetAsync($"{F}?FunctionVersion=ALL&MaxItems=2&Marker={Uri.EscapeDataString(marker)}")).ShouldBe(200);
            names.AddRange(page["Functions"].AsArray().Select(f => $"{f!["FunctionName"]}:{f["Version"]}"));
            marker = (string?)page.Body!["NextMarker"] ?? "";
            pages++;
        }
        while (marker.Length > 0);
        names.ShouldBe(["a:$LATEST", "b:$LATEST", "b:1", "c:$LATEST"]);
        pages.ShouldBe(2);

        var list = await server.GetAsync(F + "/");
        list["Functions"].AsArray().Select(f => (string)f!["FunctionName"]!).ShouldBe(["a", "b", "c"]);
        list["Functions"][0]!["State"].ShouldBeNull();
        (await server.GetAsync($"{F}?Marker=!")).ShouldFail(400, "InvalidParameterValueException");
        (await server.GetAsync($"{F}?MaxItems=0")).ShouldFail(400, "ValidationException");
    }

    [Fact]
    public async Task Publishing_twice_gives_one_version_and_numbers_are_not_used_again()
    {
        await using var server = await LocalServer.StartAsync();
        await server.CreateAsync("hello");
        var before = (await server.GetAsync($"{F}/hello/configuration"))["RevisionId"].GetValue<string>();
        var first = (await server.PostAsync($"{F}/hello/versions", new JsonObject { ["Description"] = "one" })).ShouldBe(201);
        first["Version"].GetValue<string>().ShouldBe("1");
        first["FunctionArn"].GetValue<string>().ShouldEndWith(":function:hello:1");
        first["Description"].GetValue<string>().ShouldBe("one");
        (await server.GetAsync($"{F}/hello/configuration"))["RevisionId"].GetValue<string>().ShouldNotBe(before);
        (await server.PostAsync($"{F}/hello/versions", new JsonObject()))["RevisionId"].GetValue<string>().ShouldBe(first["RevisionId"].GetValue<string>());
        (await server.PostAsync($"{F}/hello/versions", new JsonObject { ["CodeSha256"] = "wrong" })).ShouldFail(400, "InvalidParameterValueException")
            .Message!.ShouldStartWith("CodeSHA256 (wrong) is different from current CodeSHA256 in $LATEST (");

        (await server.PutAsync($"{F}/hello/code", new JsonObject { ["ZipFile"] = LocalServer.ZipText("changed"), ["Publish"] = true }))
            .ShouldBe(200)["Version"].GetValue<string>().ShouldBe("2");
        server.Settle();
        (await server.DeleteAsync($"{F}/hello?Qualifier=2")).ShouldBe(204);
        await server.PutAsync($"{F}/hello/configuration", new JsonObject { ["Timeout"] = 7 });
        server.Settle();
        (await server.PostAsync($"{F}/hello/versions", new JsonObject()))["Version"].GetValue<string>().ShouldBe("3");
        (await server.GetAsync($"{F}/hello/versions"))["Versions"].AsArray().Select(v => (string)v!["Version"]!).ShouldBe(["$LATEST", "1", "3"]);
        (await server.DeleteAsync($"{F}/hello?Qualifier=$LATEST")).ShouldFail(400, "InvalidParameterValueException",
            "$LATEST version cannot be deleted without deleting the function.");
    }

    [Fact]
    public async Task A_dry_run_of_new_code_changes_nothing()
    {
        await using var server = await LocalServer.StartAsync();
        await server.CreateAsync("hello");
        var before = await server.GetAsync($"{F}/hello/configuration");
        var dry = (await server.PutAsync($"{F}/hello/code", new JsonObject { ["ZipFile"] = LocalServer.ZipText("other"), ["DryRun"] = true })).ShouldBe(200);
        dry["CodeSha256"].GetValue<string>().ShouldNotBe(before["CodeSha256"].GetValue<string>());
        (await server.GetAsync($"{F}/hello/configuration")).Body!.ToJsonString().ShouldBe(before.Body!.ToJsonString());
    }

    [Fact]
    public async Task Deleting_ends_the_environments_and_the_name_is_free_again()
    {
        await using var server = await LocalServer.StartAsync();
        await server.CreateAsync("hello");
        (await server.DeleteAsync($"{F}/hello")).ShouldBe(204);
        server.Invoker.Retired.ShouldContain(("arn:aws:lambda:us-east-1:123456789012:function:hello", "$LATEST", null));
        (await server.DeleteAsync($"{F}/hello")).ShouldFail(404, "ResourceNotFoundException");
        await server.CreateAsync("hello");
    }

    [Fact]
    public async Task Unzipped_size_counts_the_layers_too()
    {
        await using var server = await LocalServer.StartAsync();
        var zeros = new string('0', 130_000_000);
        var layer = await server.PublishLayerAsync("big", zeros);
        (await server.PostAsync(F, LocalServer.Function("one", f => f["Code"]!["ZipFile"] = LocalServer.ZipText(zeros)))).ShouldBe(201);
        (await server.PostAsync(F, LocalServer.Function("two", f =>
        {
            f["Code"]!["ZipFile"] = LocalServer.ZipText(zeros + zeros[..3_000_000]);
            f["Layers"] = new JsonArray(layer);
        }))).ShouldFail(400, "InvalidParameterValueException", "Unzipped size must be smaller than 262144000 bytes");
    }

    [Fact]
    public async Task A_bucket_is_a_directory_of_the_data_directory()
    {
        await using var server = await LocalServer.StartAsync();
        var zip = LocalServer.Zip(("a.py", "1"));
        Directory.CreateDirectory(Path.Combine(server.DataDirectory, "s3", "bucket", "path"));
        await File.WriteAllBytesAsync(Path.Combine(server.DataDirectory, "s3", "bucket", "path", "a.zip"), zip);
        var created = await server.CreateAsync("hello", f => f["Code"] = new JsonObject { ["S3Bucket"] = "bucket", ["S3Key"] = "path/a.zip" });
        created["CodeSize"].GetValue<long>().ShouldBe(zip.Length);
        (await server.PutAsync($"{F}/hello/code", new JsonObject { ["S3Bucket"] = "bucket", ["S3Key"] = "../../state/x" })).ShouldFail(400, "InvalidParameterValueException");
        (await server.PutAsync($"{F}/hello/code", new JsonObject { ["S3Bucket"] = "bucket", ["S3Key"] = "none" })).ShouldFail(400, "InvalidParameterValueException")
            .Message!.ShouldContain("NoSuchKey");
    }
}
