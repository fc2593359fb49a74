using System.Globalization;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

// A simulated account behind the APIs that a scan calls: Lambda, IAM, STS, and the addresses of code. It is no Lambda: it only answers reads.
// Usage: account-simulator DIRECTORY [functions=10000] [layers=400] [versions=5] [codes=300] [throttled=5] [failing=1] [latency=1] [megabytes=40] [code=4000] [layer=500]
// throttled, failing: percent of calls. latency: milliseconds of each API answer. megabytes: a second, for all downloads together, as one link gives.
// code, layer: kilobytes of each package.
var settings = args.Skip(1).Select(a => a.Split('=')).ToDictionary(a => a[0], a => double.Parse(a[1], CultureInfo.InvariantCulture));
double Setting(string name, double otherwise) => settings.GetValueOrDefault(name, otherwise);
var account = new Account(args[0], (int)Setting("functions", 10_000), (int)Setting("layers", 400), (int)Setting("versions", 5), (int)Setting("codes", 300), (int)Setting("code", 4000) * 1000, (int)Setting("layer", 500) * 1000);
account.Make();
var (throttled, failing, latency, rate) = (Setting("throttled", 5) / 100, Setting("failing", 1) / 100, TimeSpan.FromMilliseconds(Setting("latency", 1)), Setting("megabytes", 40) * 1_000_000);
var linkFree = 0L;
var random = new Random(7);
var gate = new Lock();
var calls = new Dictionary<string, int>();

var builder = WebApplication.CreateSlimBuilder();
builder.Logging.ClearProviders();
builder.WebHost.UseUrls("http://127.0.0.1:0");
var app = builder.Build();
app.Run(async http =>
{
    var path = http.Request.Path.Value!;
    if (path == "/stats")
    {
        await http.Response.WriteAsJsonAsync(calls);
        return;
    }

    if (path.StartsWith("/code/", StringComparison.Ordinal))
    {
        await SendCodeAsync(http, path["/code/".Length..]);
        return;
    }

    // Services beside Lambda, IAM and STS are not part of the account.
    if ((http.Request.Method == "POST" && !http.Request.HasFormContentType) || path.StartsWith("/restapis", StringComparison.Ordinal) || path.StartsWith("/v2/", StringComparison.Ordinal))
    {
        http.Response.StatusCode = 404;
        http.Response.Headers["x-amzn-ErrorType"] = "UnknownOperationException";
        await http.Response.WriteAsync("{}");
        return;
    }

    var form = http.Request.Method == "POST" ? (await http.Request.ReadFormAsync()).ToDictionary(f => f.Key, f => f.Value.ToString()) : [];
    Count(form.TryGetValue("Action", out var action) ? $"iam or sts {action}" : path.Split('/') switch { [_, _, "functions", _] => "GetFunction", [.., "list"] => "event-invoke-config", [_, _, "layers", _, "versions", _, "policy"] => "layer policy", { Length: > 4 } parts => parts[^1], _ => "list" });
    if (latency > TimeSpan.Zero)
    {
        await Task.Delay(latency);
    }

    switch (Dice())
    {
        case var d when d < throttled:
            Count("throttled");
            http.Response.StatusCode = 429;
            http.Response.Headers["x-amzn-ErrorType"] = "TooManyRequestsException";
            await http.Response.WriteAsync("""{"Reason":"CallerRateLimitExceeded","message":"Rate exceeded"}""");
            return;
        case var d when d < throttled + (failing / 2):
            Count("failed");
            http.Response.StatusCode = 500;
            http.Response.Headers["x-amzn-ErrorType"] = "ServiceException";
            await http.Response.WriteAsync("""{"Message":"internal error"}""");
            return;
        case var d when d < throttled + failing:
            Count("failed");
            http.Abort();
            return;
    }

    var (status, text) = action is null ? account.Lambda(http.Request, $"{http.Request.Scheme}://{http.Request.Host}") : account.Query(action, form);
    http.Response.StatusCode = status;
    if (status == 404)
    {
        http.Response.Headers["x-amzn-ErrorType"] = "ResourceNotFoundException";
    }

    await http.Response.WriteAsync(text);
});
await app.StartAsync();
Console.WriteLine($"listening on {app.Urls.First()}");
await app.WaitForShutdownAsync();

double Dice()
{
    lock (gate)
    {
        return random.NextDouble();
    }
}

void Count(string name)
{
    lock (gate)
    {
        calls[name] = calls.GetValueOrDefault(name) + 1;
    }
}

async Task SendCodeAsync(HttpContext http, string name)
{
    Count("download");
    await using var file = File.OpenRead(Path.Combine(args[0], name));
    http.Response.ContentLength = file.Length;
    var broken = Dice() < failing ? Dice() * file.Length : double.PositiveInfinity;
    var buffer = new byte[65_536];
    var sent = 0L;
    int read;
    while ((read = await file.ReadAsync(buffer)) > 0)
    {
        await http.Response.Body.WriteAsync(buffer.AsMemory(0, read));
        sent += read;
        if (sent > broken)
        {
            Count("broken download");
            http.Abort();
            return;
        }

        var early = TakeLink(read);
        if (early > TimeSpan.FromMilliseconds(1))
        {
            await Task.Delay(early);
        }
    }
}

// One link for all: whoever sends waits until it is free again.
TimeSpan TakeLink(int bytes)
{
    lock (gate)
    {
        var now = TimeProvider.System.GetTimestamp();
        linkFree = Math.Max(now, linkFree) + (long)(bytes / rate * TimeProvider.System.TimestampFrequency);
        return TimeProvider.System.GetElapsedTime(now, linkFree);
    }
}

/// <summary>What the account holds; all of it follows from numbers, so that every start is the same account.</summary>
internal sealed class Account(string directory, int functions, int layers, int versions, int codes, int codeBytes, int layerBytes)
{
    private const string Number = "123456789012";
    private const int Page = 50;
    private const int Roles = 400;

    private readonly Dictionary<string, (string Sha, long Size)> _zips = [];

    public void Make()
    {
        Directory.CreateDirectory(directory);
        for (var i = 0; i < codes; i++)
        {
            Zip($"code-{i}", i, 40, codeBytes, i % 2 == 0 ? "" : "node_modules/", i % 2 == 0);
        }

        for (var l = 0; l < layers; l++)
        {
            for (var v = 1; v <= versions; v++)
            {
                Zip($"layer-{l}-{v}", 100_000 + (l * 100) + v, 10, layerBytes, l % 2 == 0 ? "python/" : "nodejs/node_modules/", l % 2 == 0);
            }
        }
    }

    public (int, string) Query(string action, Dictionary<string, string> form)
    {
        var role = form.GetValueOrDefault("RoleName");
        static string Policy(string text) => Uri.EscapeDataString(text);
        var body = action switch
        {
            "GetCallerIdentity" => $"<Account>{Number}</Account><Arn>arn:aws:iam::{Number}:user/bench</Arn>",
            "GetRole" => $"<Role><Arn>arn:aws:iam::{Number}:role/{role}</Arn><AssumeRolePolicyDocument>{Policy("""{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]}""")}</AssumeRolePolicyDocument></Role>",
            "ListRolePolicies" => "<PolicyNames><member>own</member></PolicyNames><IsTruncated>false</IsTruncated>",
            "ListAttachedRolePolicies" => "<AttachedPolicies><member><PolicyName>Basic</PolicyName><PolicyArn>arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole</PolicyArn></member></AttachedPolicies><IsTruncated>false</IsTruncated>",
            "GetRolePolicy" => $"<PolicyDocument>{Policy($$"""{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s3:GetObject","dynamodb:Query","sqs:SendMessage"],"Resource":"arn:aws:s3:::{{role}}/*"}]}""")}</PolicyDocument>",
            "GetPolicy" => "<Policy><DefaultVersionId>v1</DefaultVersionId></Policy>",
            "GetPolicyVersion" => $"<PolicyVersion><Document>{Policy("""{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["logs:CreateLogGroup","logs:CreateLogStream","logs:PutLogEvents"],"Resource":"*"}]}""")}</Document></PolicyVersion>",
            _ => null,
        };
        return body is null ? (400, "<Error><Code>InvalidAction</Code></Error>") : (200, $"<{action}Response xmlns=\"x\"><{action}Result>{body}</{action}Result></{action}Response>");
    }

    public (int, string) Lambda(HttpRequest request, string self)
    {
        var parts = request.Path.Value!.Trim('/').Split('/').Select(Uri.UnescapeDataString).ToArray();
        return parts switch
        {
            [_, "functions"] => List(request),
            [_, "functions", var name] => (200, Json(new { Configuration = Configuration(Index(name), "$LATEST"), Code = new { RepositoryType = "S3", Location = $"{self}/code/code-{Index(name) % codes}" }, Tags = new { owner = $"team-{Index(name) % 7}" } })),
            [_, "functions", var name, "policy"] => Index(name) % 10 == 0 && request.Query["Qualifier"].Count == 0
                ? (200, Json(new { Policy = $$"""{"Version":"2012-10-17","Statement":[{"Sid":"s","Effect":"Allow","Principal":{"Service":"events.amazonaws.com"},"Action":"lambda:InvokeFunction","Resource":"arn:aws:lambda:us-east-1:{{Number}}:function:{{name}}"}]}""", RevisionId = "1" }))
                : (404, """{"Message":"The resource you requested does not exist."}"""),
            [_, "functions", _, "aliases"] => (200, """{"Aliases":[]}"""),
            [_, "functions", _, "urls"] => (200, """{"FunctionUrlConfigs":[]}"""),
            [_, "functions", _, "event-invoke-config", "list"] => (200, """{"FunctionEventInvokeConfigs":[]}"""),
            [_, "functions", _, "code-signing-config"] => (200, "{}"),
            [_, "functions", _, "runtime-management-config"] => (200, """{"UpdateRuntimeOn":"Auto"}"""),
            [_, "code-signing-configs"] => (200, """{"CodeSigningConfigs":[]}"""),
            [_, "event-source-mappings"] => (200, """{"EventSourceMappings":[]}"""),
            [_, "layers"] when request.Query["find"] == "LayerVersion" => Layer(request.Query["Arn"]!, self),
            [_, "layers"] => Paged(request, "Layers", layers, l => new { LayerName = $"layer-{l}", LayerArn = $"arn:aws:lambda:us-east-1:{Number}:layer:layer-{l}" }),
            [_, "layers", var name, "versions"] => (200, Json(new { LayerVersions = Enumerable.Range(1, versions).Reverse().Select(v => LayerVersion(int.Parse(name.Split('-')[1], CultureInfo.InvariantCulture), v)) })),
            [_, "layers", _, "versions", _, "policy"] => (404, """{"Message":"The resource you requested does not exist."}"""),
            _ => (400, """{"Message":"unknown call"}"""),
        };
    }

    private (int, string) List(HttpRequest request)
    {
        // Every second function has a published version; the list names both one after the other.
        var rows = request.Query["FunctionVersion"] == "ALL" ? functions + (functions / 2) : functions;
        return Paged(request, "Functions", rows, r => rows == functions ? Configuration(r, "$LATEST") : r % 3 == 2 ? Configuration(r / 3 * 2, "1") : Configuration((r / 3 * 2) + (r % 3), "$LATEST"));
    }

    private static (int, string) Paged(HttpRequest request, string member, int count, Func<int, object> item)
    {
        var from = request.Query["Marker"].ToString() is { Length: > 0 } marker ? int.Parse(marker, CultureInfo.InvariantCulture) : 0;
        var next = from + Page < count ? (from + Page).ToString(CultureInfo.InvariantCulture) : null;
        return (200, Json(new Dictionary<string, object?> { [member] = Enumerable.Range(from, Math.Min(Page, count - from)).Select(item).ToList(), ["NextMarker"] = next }));
    }

    private object Configuration(int i, string version)
    {
        var (sha, size) = _zips[$"code-{i % codes}"];
        var arn = $"arn:aws:lambda:us-east-1:{Number}:function:function-{i:D5}";
        return new
        {
            FunctionName = $"function-{i:D5}", FunctionArn = version == "$LATEST" ? arn : $"{arn}:{version}", Runtime = i % codes % 2 == 0 ? "python3.13" : "nodejs22.x", Role = $"arn:aws:iam::{Number}:role/role-{i % Roles}", Handler = "app.handler",
            CodeSize = size, Description = "", Timeout = 30, MemorySize = 256, LastModified = "2026-11-01T00:00:00.000+0000", CodeSha256 = sha, Version = version, RevisionId = new Guid(i, 0, 0, new byte[8]).ToString(),
            Environment = new { Variables = new Dictionary<string, string> { ["STAGE"] = "prod", ["TABLE"] = $"table-{i % 50}" } }, TracingConfig = new { Mode = "PassThrough" }, State = "Active", LastUpdateStatus = "Successful", PackageType = "Zip",
            Architectures = new[] { "x86_64" }, EphemeralStorage = new { Size = 512 }, LoggingConfig = new { LogFormat = "Text", LogGroup = $"/aws/lambda/function-{i:D5}" },
            Layers = Enumerable.Range(0, i % 4).Select(n => LayerArn((((i * 7) + (n * 131)) % layers & ~1) | (i % codes % 2), 1 + ((i + n) % versions))).Distinct().Select(a => new { Arn = a, CodeSize = layerBytes }).ToList(),
        };
    }

    private static string LayerArn(int layer, int version) => $"arn:aws:lambda:us-east-1:{Number}:layer:layer-{layer}:{version}";

    private static object LayerVersion(int layer, int version) => new { LayerVersionArn = LayerArn(layer, version), Version = version, Description = $"layer {layer}", CreatedDate = "2026-10-01T00:00:00.000+0000" };

    private (int, string) Layer(string arn, string self)
    {
        var parts = arn.Split(':');
        var name = $"{parts[6]}-{parts[7]}";
        return !_zips.TryGetValue(name, out var zip) ? (404, """{"Message":"no such layer version"}""")
            : (200, Json(new { LayerArn = string.Join(':', parts.Take(7)), LayerVersionArn = arn, Version = int.Parse(parts[7], CultureInfo.InvariantCulture), CreatedDate = "2026-10-01T00:00:00.000+0000", Content = new { Location = $"{self}/code/{name}", CodeSha256 = zip.Sha, CodeSize = zip.Size } }));
    }

    private static int Index(string name) => int.Parse(name.Split(':')[^1].Split('-')[^1], CultureInfo.InvariantCulture);

    private static string Json(object value) => JsonSerializer.Serialize(value);

    private void Zip(string name, int seed, int packages, int padding, string root, bool python)
    {
        var random = new Random(seed);
        var file = Path.Combine(directory, name);
        if (!File.Exists(file))
        {
            using var archive = new ZipArchive(File.Create(file), ZipArchiveMode.Create);
            void Add(string path, byte[] bytes, CompressionLevel level = CompressionLevel.Fastest)
            {
                var entry = archive.CreateEntry(path, level);
                entry.LastWriteTime = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
                using var stream = entry.Open();
                stream.Write(bytes);
            }

            Add(python ? "app.py" : "app.js", Encoding.UTF8.GetBytes(python ? "import boto3\nboto3.client('s3').get_object(Bucket='b', Key='k')\n" : "const { S3Client, GetObjectCommand } = require('@aws-sdk/client-s3'); new S3Client().send(new GetObjectCommand({}));\n"));
            foreach (var p in Enumerable.Range(0, packages).Select(_ => random.Next(3000)).Distinct())
            {
                var version = $"{random.Next(1, 4)}.{random.Next(10)}.{random.Next(10)}";
                if (python)
                {
                    Add($"{root}sim_{p}-{version}.dist-info/METADATA", Encoding.UTF8.GetBytes($"Metadata-Version: 2.1\nName: sim-{p}\nVersion: {version}\n"));
                    Add($"{root}sim_{p}/__init__.py", Encoding.UTF8.GetBytes($"x = {seed}\n"));
                }
                else
                {
                    Add($"{root}sim-{p}/package.json", Encoding.UTF8.GetBytes($$"""{"name":"sim-{{p}}","version":"{{version}}"}"""));
                    Add($"{root}sim-{p}/index.js", Encoding.UTF8.GetBytes($"module.exports = {seed};\n"));
                }
            }

            var bytes = new byte[padding];
            random.NextBytes(bytes);
            Add($"{root}data.bin", bytes, CompressionLevel.NoCompression);
        }

        using var read = File.OpenRead(file);
        _zips[name] = (Convert.ToBase64String(SHA256.HashData(read)), read.Length);
    }
}
