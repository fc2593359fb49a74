using System.Diagnostics;
using System.Net;
using System.Text.Json;
using Amazon.Runtime;

namespace Pellicle.Aws.Tests;

/// <summary>The same request, signed by us and by botocore, carries the same signature.</summary>
public sealed class SignatureTests
{
    private const string Sign =
        """
        import sys, json, datetime
        import botocore.auth
        from botocore.awsrequest import AWSRequest
        from botocore.credentials import Credentials
        r = json.load(sys.stdin)
        stamp = datetime.datetime.strptime(r["date"], "%Y%m%dT%H%M%SZ")
        class Fixed(datetime.datetime):
            @classmethod
            def utcnow(cls): return stamp
            @classmethod
            def now(cls, tz=None): return stamp.replace(tzinfo=tz)
        botocore.auth.datetime.datetime = Fixed if hasattr(botocore.auth.datetime, "datetime") else Fixed
        if hasattr(botocore.auth, "get_current_datetime"):
            botocore.auth.get_current_datetime = lambda *a, **k: stamp
        request = AWSRequest(method=r["method"], url=r["url"], data=r["body"].encode() if r["body"] else None, headers=r["headers"])
        botocore.auth.SigV4Auth(Credentials("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", r["token"]), "lambda", "eu-central-1").add_auth(request)
        print(request.headers["Authorization"])
        """;

    private sealed class Capture : HttpMessageHandler
    {
        public HttpRequestMessage? Request { get; private set; }

        public string Body { get; private set; } = "";

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            Body = request.Content is null ? "" : await request.Content.ReadAsStringAsync(cancellationToken);
            Request = request;
            return new HttpResponseMessage(HttpStatusCode.OK) { Content = new StringContent("{}") };
        }
    }

    private sealed class BotocoreFactAttribute : TheoryAttribute
    {
        public BotocoreFactAttribute()
        {
            if (Run("import botocore.auth", "") is null)
            {
                Skip = "python3-botocore is not installed";
            }
        }
    }

    [BotocoreFact]
    [InlineData("orders", null)]
    [InlineData("arn:aws:lambda:eu-central-1:123456789012:function:orders:live", null)]
    [InlineData("orders", "session-token/+=")]
    public async Task Signature_equals_botocore(string function, string? token)
    {
        var capture = new Capture();
        AWSCredentials credentials = token is null
            ? new BasicAWSCredentials("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
            : new SessionAWSCredentials("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", token);
        var settings = new AwsSettings { Region = "eu-central-1", Credentials = credentials };
        var lambda = new LambdaClient(new AwsHttp(settings, capture));

        await lambda.GetConfigurationAsync(function, "live & more");
        Check(capture, token);
        await lambda.UpdateConfigurationAsync(function, "rev", ["arn:aws:lambda:eu-central-1:123456789012:layer:pellicle:1"], new Dictionary<string, string> { ["A"] = "ü" });
        Check(capture, token);
        await lambda.GetLayerVersionAsync("arn:aws:lambda:eu-central-1:123456789012:layer:pellicle:1");
        Check(capture, token);
    }

    private static void Check(Capture capture, string? token)
    {
        var request = capture.Request!;
        var ours = request.Headers.GetValues("Authorization").Single();
        var signed = ours.Split("SignedHeaders=")[1].Split(',')[0].Split(';');
        var headers = signed.Where(h => h is not ("host" or "x-amz-date" or "x-amz-security-token"))
            .ToDictionary(h => h, h => h == "content-type" ? request.Content!.Headers.ContentType!.ToString() : request.Headers.GetValues(h).Single());
        var theirs = Run(Sign, JsonSerializer.Serialize(new
        {
            date = request.Headers.GetValues("X-Amz-Date").Single(),
            method = request.Method.Method,
            url = request.RequestUri!.AbsoluteUri,
            body = capture.Body,
            headers,
            token,
        }));
        theirs.ShouldNotBeNull();
        theirs.Trim().Split("Signature=")[1].ShouldBe(ours.Split("Signature=")[1].Trim());
    }

    private static string? Run(string script, string input)
    {
        using var process = Process.Start(new ProcessStartInfo("/usr/bin/python3", ["-c", script]) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true });
        process!.StandardInput.Write(input);
        process.StandardInput.Close();
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? output : input.Length == 0 ? null : throw new InvalidOperationException(error.GetAwaiter().GetResult());
    }
}
