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

    [Fact]
    public async Task A_connection_that_breaks_inside_the_answer_is_tried_again()
    {
        var script = new Script(
            () => new HttpResponseMessage(HttpStatusCode.OK) { Content = new Broken() },
            () => Answer(HttpStatusCode.OK, """{"FunctionName":"f"}"""));
        (await Client(script).GetConfigurationAsync("f")).FunctionName.ShouldBe("f");
        script.Calls.ShouldBe(2);
    }

    [Fact]
    public async Task What_must_not_be_done_twice_is_not_tried_again_on_a_broken_connection()
    {
        var script = new Script(() => new HttpResponseMessage(HttpStatusCode.OK) { Content = new Broken() });
        (await Should.ThrowAsync<AwsException>(() => Client(script).PublishLayerVersionAsync("l", [1], null, null, null))).Code.ShouldBe("ConnectionError");
        script.Calls.ShouldBe(1);
    }

    [Fact]
    public async Task Accounts_of_an_organisation_are_listed_page_by_page()
    {
        var script = new Script(
            () => Answer(HttpStatusCode.OK, """{"Accounts":[{"Id":"222222222222","Name":"b","Status":"ACTIVE"}],"NextToken":"t"}"""),
            () => Answer(HttpStatusCode.OK, """{"Accounts":[{"Id":"111111111111","Name":"a","Status":"SUSPENDED"}]}"""));
        var http = new AwsHttp(new AwsSettings { Region = "eu-central-1", Credentials = new BasicAWSCredentials("a", "b") }, script);
        (await new OrganizationsClient(http).ListAccountsAsync()).ShouldBe([new OrganizationAccount("111111111111", "a", "SUSPENDED"), new OrganizationAccount("222222222222", "b", "ACTIVE")]);
    }

    [Fact]
    public void A_rate_is_open_until_much_is_throttled_and_widens_when_it_is_not()
    {
        var clock = new Clock();
        var rate = new CallRate(clock);
        void Second(int calls, int throttled)
        {
            for (var i = 0; i < calls; i++)
            {
                clock.Pass(TimeSpan.FromSeconds(1.0 / (calls - 1)));
                rate.Answered(i < throttled);
            }
        }

        rate.Reserve().ShouldBe(TimeSpan.Zero);
        // A few at random are noise.
        Second(100, 5);
        double.IsPositiveInfinity(rate.Rate).ShouldBeTrue();
        Second(60, 45);
        rate.Rate.ShouldBe(15, 1.5);
        Enumerable.Range(0, 15).Sum(_ => rate.Reserve().TotalSeconds).ShouldBeGreaterThan(3);
        Second(15, 0);
        rate.Rate.ShouldBe(15 * 1.3, 2);
    }

    private sealed class Broken : HttpContent
    {
        protected override Task SerializeToStreamAsync(Stream stream, System.Net.TransportContext? context) => throw new IOException("the connection was closed");

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }

    private sealed class Clock : TimeProvider
    {
        private long _ticks;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => _ticks;

        public void Pass(TimeSpan time) => _ticks += time.Ticks;
    }
}
