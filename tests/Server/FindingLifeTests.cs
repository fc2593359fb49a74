using System.Net;
using System.Net.Http.Json;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using Pellicle.Domain;
using Pellicle.Scanning.Pipeline;
using Pellicle.Server.Accounts;

namespace Pellicle.Server.Tests;

/// <summary>Findings opened, fixed, re-opened, accepted; accounts kept up to date by schedule, by events and by new advisories.</summary>
public sealed class FindingLifeTests
{
    private const string Arn = TestServer.Arn;

    private static Finding Found(string rule) => new()
    {
        Fingerprint = Finding.MakeFingerprint(FindingKind.Posture, rule, null, "function", "p"), Kind = FindingKind.Posture, RuleId = rule, Severity = Severity.High, Origin = "function", Path = "p", Title = $"title of {rule}",
    };

    private static ScanReport Report(params Finding[] findings)
    {
        ScanTarget[] targets = [new ScanTarget { Kind = "function", Name = "orders", Arn = Arn, Runtime = "nodejs20.x", Sha256 = "00", Status = ScanStatus.Succeeded, Findings = findings }];
        return new ScanReport { Tool = new ToolInfo("pellicle", "0.1.0"), Targets = targets, Summary = ScanSummary.Of(targets) };
    }

    private static async Task PutAsync(TestServer test, params Finding[] findings)
    {
        using var content = new StringContent(ScanJson.Write(Report(findings)), Encoding.UTF8, "application/json");
        (await test.Admin.PutAsync("/api/v1/scans", content)).EnsureSuccessStatusCode();
    }

    private static async Task<string[]> ChangesAsync(TestServer test) =>
        [.. (await test.GetAsync("/api/v1/findings/events")).GetProperty("items").EnumerateArray().Select(e => $"{e.GetProperty("change").GetString()} {e.GetProperty("ruleId").GetString()}").Reverse()];

    [Fact]
    public async Task What_came_went_and_came_again_is_told_in_order()
    {
        await using var test = await TestServer.StartAsync();
        await PutAsync(test, Found("E-1"));
        await PutAsync(test);
        await PutAsync(test, Found("E-1"), Found("E-6"));
        (await ChangesAsync(test)).ShouldBe(["opened E-1", "fixed E-1", "opened E-6", "re-opened E-1"]);
    }

    [Fact]
    public async Task An_accepted_finding_is_not_open_until_its_day_has_passed_or_it_is_taken_back()
    {
        var clock = new Clock();
        await using var test = await TestServer.StartAsync(change: o => o with { TimeProvider = clock });
        await PutAsync(test, Found("E-1"), Found("E-6"));
        async Task<int> CountAsync(string status) => (await test.GetAsync($"/api/v1/findings?status={status}")).GetProperty("items").GetArrayLength();
        var accept = new { target = Arn, fingerprint = Found("E-1").Fingerprint, reason = "behind the company's proxy", until = clock.Now.AddDays(30) };
        (await test.Admin.PutAsJsonAsync("/api/v1/findings/acceptance", accept)).StatusCode.ShouldBe(HttpStatusCode.NoContent);
        (await CountAsync("open"), await CountAsync("accepted"), await CountAsync("all")).ShouldBe((1, 1, 2));
        var accepted = (await test.GetAsync("/api/v1/findings?status=accepted")).GetProperty("items")[0].GetProperty("accepted");
        (accepted.GetProperty("by").GetString(), accepted.GetProperty("reason").GetString()).ShouldBe(("admin", "behind the company's proxy"));
        // A scan that finds it again does not open it.
        await PutAsync(test, Found("E-1"), Found("E-6"));
        (await CountAsync("open")).ShouldBe(1);
        clock.Now = clock.Now.AddDays(31);
        (await CountAsync("open"), await CountAsync("accepted")).ShouldBe((2, 0));

        (await test.Admin.PutAsJsonAsync("/api/v1/findings/acceptance", accept with { until = clock.Now.AddDays(1) })).StatusCode.ShouldBe(HttpStatusCode.NoContent);
        (await test.Admin.DeleteAsync($"/api/v1/findings/acceptance?target={Uri.EscapeDataString(Arn)}&fingerprint={Found("E-1").Fingerprint}")).StatusCode.ShouldBe(HttpStatusCode.NoContent);
        (await CountAsync("open")).ShouldBe(2);
        (await ChangesAsync(test))[^3..].ShouldBe(["accepted E-1", "accepted E-1", "acceptance taken back E-1"]);
        (await test.GetAsync("/api/v1/audit")).GetRawText().ShouldContain("behind the company");
    }

    [Theory]
    [InlineData("""{"target":"x","fingerprint":"y","reason":"z"}""", HttpStatusCode.NotFound)]
    [InlineData("""{"target":"x","fingerprint":"y","reason":"  "}""", HttpStatusCode.BadRequest)]
    [InlineData("""{"target":"x","fingerprint":"y","reason":"z","until":"2001-01-01T00:00:00Z"}""", HttpStatusCode.BadRequest)]
    [InlineData("{}", HttpStatusCode.BadRequest)]
    public async Task An_acceptance_says_which_why_and_until_when(string body, HttpStatusCode expected)
    {
        await using var test = await TestServer.StartAsync();
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        (await test.Admin.PutAsync("/api/v1/findings/acceptance", content)).StatusCode.ShouldBe(expected);
        using var again = new StringContent(body, Encoding.UTF8, "application/json");
        (await test.Guard.PutAsync("/api/v1/findings/acceptance", again)).StatusCode.ShouldBe(HttpStatusCode.Forbidden);
    }

    [Fact]
    public async Task An_event_of_CloudTrail_scans_the_function_it_changed()
    {
        var scanner = new Scans();
        await using var test = await TestServer.StartAsync(change: o => o with { Accounts = scanner });
        var answer = await EventAsync(test, Event("UpdateFunctionCode20150331v2", "orders"));
        answer.StatusCode.ShouldBe(HttpStatusCode.Accepted);
        (await scanner.NextAsync()).ShouldBe("scan shop orders");
        (await EventAsync(test, Event("PublishLayerVersion20181031", null))).StatusCode.ShouldBe(HttpStatusCode.Accepted);
        (await scanner.NextAsync()).ShouldBe("scan shop all");
        (await EventAsync(test, Event("GetFunction20150331v2", "orders"))).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await EventAsync(test, Event("UpdateFunctionCode20150331v2", "orders").Replace("123456789012", "999999999999", StringComparison.Ordinal))).StatusCode.ShouldBe(HttpStatusCode.NotFound);
        (await EventAsync(test, "{}")).StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        await scanner.FinishedAsync(test, "event");
        (await ChangesAsync(test)).ShouldContain("opened E-1");
        scanner.Pending.ShouldBe(0);
    }

    [Fact]
    public async Task New_advisories_are_matched_and_what_is_due_is_scanned()
    {
        var clock = new Clock();
        var scanner = new Scans { Every = TimeSpan.FromHours(6) };
        await using var test = await TestServer.StartAsync(change: o => o with { Accounts = scanner, TimeProvider = clock });
        (await scanner.NextAsync()).ShouldBe("scan shop all");
        await scanner.FinishedAsync(test, "schedule");
        scanner.Revision = "2";
        await clock.TickAsync(TimeSpan.FromSeconds(31));
        (await scanner.NextAsync()).ShouldBe("match shop");
        await scanner.FinishedAsync(test, "match");
        await clock.TickAsync(TimeSpan.FromHours(7));
        (await scanner.NextAsync()).ShouldBe("scan shop all");
    }

    private static string Event(string name, string? function) => JsonSerializer.Serialize(new Dictionary<string, object>
    {
        ["source"] = "aws.lambda", ["detail-type"] = "AWS API Call via CloudTrail", ["account"] = "123456789012", ["region"] = "eu-west-1",
        ["detail"] = new { eventSource = "lambda.amazonaws.com", eventName = name, requestParameters = function is null ? (object)new { layerName = "shared" } : new { functionName = $"arn:aws:lambda:eu-west-1:123456789012:function:{function}:live" } },
    });

    private static async Task<HttpResponseMessage> EventAsync(TestServer test, string body)
    {
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        return await test.Admin.PostAsync("/api/v1/events/aws", content);
    }

    /// <summary>Scans nothing, but tells what it was asked for.</summary>
    private sealed class Scans : IAccountScanner
    {
        private readonly System.Threading.Channels.Channel<string> _asked = System.Threading.Channels.Channel.CreateUnbounded<string>();

        public TimeSpan? Every { get; init; }

        public string Revision { get; set; } = "1";

        public int Pending => _asked.Reader.Count;

        public IReadOnlyList<WatchedAccount> Accounts() => [new WatchedAccount("shop", "123456789012", Every)];

        public string AdvisoryRevision() => Revision;

        public async IAsyncEnumerable<ScanReport> ScanAsync(string account, IReadOnlySet<string>? functions, [EnumeratorCancellation] CancellationToken cancellationToken)
        {
            await _asked.Writer.WriteAsync($"scan {account} {(functions is null ? "all" : string.Join(",", functions))}", cancellationToken);
            yield return Report(Found("E-1"));
        }

        public async IAsyncEnumerable<ScanReport> MatchAsync(string account, [EnumeratorCancellation] CancellationToken cancellationToken)
        {
            await _asked.Writer.WriteAsync($"match {account}", cancellationToken);
            yield return Report(Found("E-1"));
        }

        public async Task<string> NextAsync()
        {
            using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(2));
            return await _asked.Reader.ReadAsync(limit.Token);
        }

        /// <summary>Asks until the run is recorded: its end is not announced.</summary>
        public async Task FinishedAsync(TestServer test, string kind)
        {
            for (var start = TimeProvider.System.GetTimestamp(); ; await Task.Yield())
            {
                var state = (await test.GetAsync("/api/v1/accounts")).GetProperty("items")[0];
                if (state.GetProperty("kind").GetString() == kind && state.GetProperty("endedAt").ValueKind == JsonValueKind.String && !state.GetProperty("waiting").GetBoolean())
                {
                    (state.GetProperty("targets").GetInt32(), state.GetProperty("error").GetString()).ShouldBe((1, ""));
                    return;
                }

                TimeProvider.System.GetElapsedTime(start).ShouldBeLessThan(TimeSpan.FromMinutes(2));
            }
        }
    }

    /// <summary>A clock that stands until it is set; timers fire when it is.</summary>
    private sealed class Clock : TimeProvider
    {
        private readonly List<Timer> _timers = [];

        public DateTimeOffset Now { get; set; } = new(2026, 11, 25, 0, 0, 0, TimeSpan.Zero);

        public override DateTimeOffset GetUtcNow() => Now;

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            var timer = new Timer(callback, state, period);
            lock (_timers)
            {
                _timers.Add(timer);
            }

            return timer;
        }

        public Task TickAsync(TimeSpan by)
        {
            Now += by;
            lock (_timers)
            {
                foreach (var timer in _timers.Where(t => t.Period <= by && t.Period > TimeSpan.Zero).ToList())
                {
                    timer.Fire();
                }
            }

            return Task.CompletedTask;
        }

        private sealed class Timer(TimerCallback callback, object? state, TimeSpan period) : ITimer
        {
            private bool _stopped;

            public TimeSpan Period => _stopped ? TimeSpan.Zero : period;

            public void Fire() => callback(state);

            public bool Change(TimeSpan dueTime, TimeSpan next) => true;

            public void Dispose() => _stopped = true;

            public ValueTask DisposeAsync()
            {
                _stopped = true;
                return ValueTask.CompletedTask;
            }
        }
    }
}
