using System.Net;
using System.Text.RegularExpressions;

namespace Pellicle.Server.Tests;

public sealed partial class ConsoleTests
{
    [Fact]
    public async Task Pages_ask_for_a_sign_in_and_then_show_what_the_server_knows()
    {
        await using var test = await TestServer.StartAsync();
        await test.SendAsync(TestServer.Batch(invocations: 30, behaviours: [TestServer.Behaviour("process", "/usr/bin/<b>id</b>", 30)], incidents: [TestServer.Incident("i1", item: "/bin/<script>")]));
        using var browser = Browser(test);
        var refused = await browser.GetAsync("/functions");
        refused.RequestMessage!.RequestUri!.AbsolutePath.ShouldBe("/sign-in");
        (await SignInAsync(browser, "plc_user_wrong")).ShouldContain("unknown, revoked");
        (await SignInAsync(browser, test.Server.AdminToken!)).ShouldContain("Newest incidents");

        foreach (var (path, text) in new[]
        {
            ("/", "command-injection"), ("/functions", "orders"), ($"/functions/{TestServer.Arn}", "more clean invocations"), ("/functions/orders", "What it was learned to do"), ("/incidents", "would-block"),
            ("/incidents/i1", "; cat /etc/passwd"), ("/findings", "Nothing was scanned yet"), ("/layers", "No scanned function"), ("/policies", "credential-files"), ("/audit", "token.create"),
        })
        {
            var page = await browser.GetAsync(path);
            page.StatusCode.ShouldBe(HttpStatusCode.OK, path);
            var html = await page.Content.ReadAsStringAsync();
            html.ShouldContain(text, Case.Sensitive, path);
            html.ShouldNotContain("<script>\"", Case.Sensitive, path);
            html.ShouldNotContain("/bin/<script>", Case.Sensitive, path);
            html.ShouldNotContain("<b>id</b>", Case.Sensitive, path);
        }

        (await browser.GetAsync("/functions/nobody")).StatusCode.ShouldBe(HttpStatusCode.NotFound);
        (await browser.GetAsync("/assets/console.css")).Content.Headers.ContentType!.MediaType.ShouldBe("text/css");
        (await browser.GetAsync("/assets/../pellicle.db")).StatusCode.ShouldBe(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task Forms_change_mode_and_profile_and_need_their_antiforgery_token()
    {
        await using var test = await TestServer.StartAsync();
        await test.SendAsync(TestServer.Batch(invocations: 30, behaviours: [TestServer.Behaviour("process", "/usr/bin/id", 30)]));
        using var browser = Browser(test);
        await SignInAsync(browser, test.Server.AdminToken!);
        using var bare = new FormUrlEncodedContent([new("arn", TestServer.Arn), new("mode", "protect")]);
        (await browser.PostAsync("/console/mode", bare)).StatusCode.ShouldBe(HttpStatusCode.BadRequest);

        var token = Token(await browser.GetStringAsync("/functions/orders"));
        using var mode = new FormUrlEncodedContent([new("__RequestVerificationToken", token), new("arn", TestServer.Arn), new("mode", "protect")]);
        (await (await browser.PostAsync("/console/mode", mode)).Content.ReadAsStringAsync()).ShouldContain("Mode protect is set");
        using var approve = new FormUrlEncodedContent([new("__RequestVerificationToken", token), new("arn", TestServer.Arn), new("dimensions", "process"), new("dimensions", "host"), new("stage", "protect")]);
        (await (await browser.PostAsync("/console/approve", approve)).Content.ReadAsStringAsync()).ShouldContain("Approved process, host for protect");
        using var broken = new FormUrlEncodedContent([new("__RequestVerificationToken", token), new("arn", TestServer.Arn), new("document", "{}")]);
        (await (await browser.PostAsync("/console/policy", broken)).Content.ReadAsStringAsync()).ShouldContain("schemaVersion: is missing");
        var policy = await test.Admin.GetStringAsync("/api/v1/functions/orders/policy");
        policy.ShouldContain("\"mode\": \"protect\"");
        policy.ShouldContain("/usr/bin/id");
    }

    private static HttpClient Browser(TestServer test) => new(new HttpClientHandler { CookieContainer = new CookieContainer() }) { BaseAddress = new Uri(test.Server.Address) };

    private static async Task<string> SignInAsync(HttpClient browser, string secret)
    {
        var page = await browser.GetStringAsync("/sign-in");
        using var form = new FormUrlEncodedContent([new("__RequestVerificationToken", Token(page)), new("token", secret), new("back", "/")]);
        return await (await browser.PostAsync("/sign-in", form)).Content.ReadAsStringAsync();
    }

    private static string Token(string html) => WebUtility.HtmlDecode(TokenField().Match(html).Groups[1].Value);

    [GeneratedRegex("""name="__RequestVerificationToken"[^>]*value="([^"]+)""")]
    private static partial Regex TokenField();
}
