using System.Net;
using System.Text.Json;
using Pellicle.Cli.Accounts;
using Pellicle.Posture;

namespace Pellicle.Cli.Tests;

public sealed class TableUpdateTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("pellicle-tables-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Good_tables_are_kept_and_others_leave_the_old_ones()
    {
        var runtimes = "# Runtimes. Date: 2031-01-01.\n" + string.Concat(Enumerable.Range(0, 60).Select(i => $"python{i}\t2031-01-01\t2031-02-01\n"));
        using var http = new HttpClient(new Pages(path => path switch { "/t/lambda-runtimes.tsv" => runtimes, "/t/publishers.tsv" => "<html>not a table</html>", _ => null }));
        using var output = new StringWriter();
        var errors = await TableUpdate.RunAsync(http, new Uri("http://127.0.0.1/t"), _folder, output, default);
        output.ToString().ShouldBe($"table lambda-runtimes: fetched{Environment.NewLine}");
        errors.Count.ShouldBe(PostureTables.Names.Count - 1);
        errors.ShouldContain(e => e.Contains("publishers.tsv", StringComparison.Ordinal) && e.Contains("Date", StringComparison.Ordinal));
        errors.ShouldContain(e => e.Contains("escalation-paths", StringComparison.Ordinal) && e.Contains("404", StringComparison.Ordinal));
        Directory.GetFiles(_folder).Select(Path.GetFileName).ShouldBe(["lambda-runtimes.tsv"]);
    }

    [Fact]
    public async Task What_the_server_watched_is_known_by_function()
    {
        const string arn = "arn:aws:lambda:us-east-1:123456789012:function:shop";
        var seen = await new SeenReading((path, _) => Task.FromResult(Json(path == "/api/v1/functions"
            ? $$"""{"items":[{"arn":"{{arn}}"}]}"""
            : """{"dimensions":[{"dimension":"aws","items":[{"item":"s3:GetObject"}]},{"dimension":"host","items":[{"item":"sqs.us-east-1.amazonaws.com:443"}]},{"dimension":"read","items":[{"item":"/tmp/x"}]}]}"""))).ReadAsync([arn, arn + "-other"], default);
        seen.Keys.ShouldBe([arn]);
        seen[arn].Actions.Keys.ShouldContain("s3:GetObject");
        seen[arn].OpaqueServices.ShouldBe(["sqs"]);
    }

    [Fact]
    public async Task A_server_that_does_not_answer_stops_no_scan() =>
        (await new SeenReading((_, _) => throw new CliException("the server does not answer")).ReadAsync(["arn"], default)).ShouldBeEmpty();

    private static JsonElement Json(string text)
    {
        using var document = JsonDocument.Parse(text);
        return document.RootElement.Clone();
    }

    private sealed class Pages(Func<string, string?> page) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            Task.FromResult(page(request.RequestUri!.AbsolutePath) is { } text ? new HttpResponseMessage(HttpStatusCode.OK) { Content = new StringContent(text) } : new HttpResponseMessage(HttpStatusCode.NotFound));
    }
}
