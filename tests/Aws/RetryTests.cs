using System.Net;
using Amazon.Runtime;

namespace Pellicle.Aws.Tests;

public sealed class RetryTests
{
    private sealed class Script(params Func<HttpResponseMessage>[] answers) : HttpMessageHandler
    {
        public int Calls { get; private set; }

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            Task.FromResult(answers[Math.Min(Calls++, answers.Length - 1)]());
    }

    private static LambdaClient Client(Script script) =>
        new(new AwsHttp(new AwsSettings { Region = "us-east-1", Credentials = new BasicAWSCredentials("a", "b") }, script, null, new Random(1)));

    private static HttpResponseMessage Answer(HttpStatusCode status, string body, string? type = null, string? retryAfter = null)
    {
        var response = new HttpResponseMessage(status) { Content = new StringContent(body) };
        if (type is not null)
        {
            response.Headers.Add("x-amzn-ErrorType", type);
        }

        if (retryAfter is not null)
        {
            response.Headers.Add("Retry-After", retryAfter);
        }

        return response;
    }

    [Fact]
    public async Task Throttling_is_waited_out()
    {
        var script = new Script(
            () => Answer(HttpStatusCode.TooManyRequests, """{"message":"Rate exceeded"}""", "TooManyRequestsException", "0"),
            () => Answer(HttpStatusCode.InternalServerError, "{}"),
            () => Answer(HttpStatusCode.OK, """{"FunctionName":"f"}"""));
        (await Client(script).GetConfigurationAsync("f")).FunctionName.ShouldBe("f");
        script.Calls.ShouldBe(3);
    }

    [Fact]
    public async Task A_refusal_is_final_and_keeps_its_code_and_text()
    {
        var script = new Script(() => Answer(HttpStatusCode.Forbidden, """{"Message":"not allowed"}""", "AccessDeniedException:http://x"));
        var exception = await Should.ThrowAsync<AwsException>(() => Client(script).GetConfigurationAsync("f"));
        (exception.Code, exception.Text, exception.IsDenied, script.Calls).ShouldBe(("AccessDeniedException", "not allowed", true, 1));
    }

    [Fact]
    public async Task Lists_follow_markers_even_past_an_empty_page()
    {
        var script = new Script(
            () => Answer(HttpStatusCode.OK, """{"Functions":[{"FunctionName":"a"}],"NextMarker":"1"}"""),
            () => Answer(HttpStatusCode.OK, """{"Functions":[],"NextMarker":"2"}"""),
            () => Answer(HttpStatusCode.OK, """{"Functions":[{"FunctionName":"b"}]}"""));
        var names = new List<string>();
        await foreach (var function in Client(script).ListFunctionsAsync())
        {
            names.Add(function.FunctionName);
        }

        names.ShouldBe(["a", "b"]);
    }

    [Fact]
    public async Task A_missing_policy_is_no_error()
    {
        var script = new Script(() => Answer(HttpStatusCode.NotFound, """{"Message":"The resource you requested does not exist."}""", "ResourceNotFoundException"));
        (await Client(script).GetPolicyAsync("f")).ShouldBeNull();
    }
}
