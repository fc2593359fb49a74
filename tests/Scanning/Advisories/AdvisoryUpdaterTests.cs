using System.IO.Compression;
using System.Net;
using Pellicle.Domain;
using Pellicle.Scanning.Advisories;
using Pellicle.Scanning.Matching;

namespace Pellicle.Scanning.Tests.Advisories;

public sealed class AdvisoryUpdaterTests : IDisposable
{
    private readonly string directory = Directory.CreateTempSubdirectory("pellicle-update-").FullName;
    private readonly ArchiveServer server = new();

    private string DatabasePath => Path.Combine(directory, "advisories.db");

    [Fact]
    public async Task An_update_fetches_what_changed_and_replaces_the_ecosystem()
    {
        server.Serve("\"one\"", Zip(("A.json", Record("A", "1.0.0")), ("B.json", Record("B", "1.0.0"))));
        (await Update()).Updated.ShouldBe(["npm"]);
        Ids("1.0.0").ShouldBe(["A", "B"]);

        var again = await Update();
        again.Unchanged.ShouldBe(["npm"]);
        server.Requests[^1].IfNoneMatch.ShouldBe("\"one\"");

        server.Serve("\"two\"", Zip(("A.json", Record("A", "1.0.0"))));
        (await Update()).IsComplete.ShouldBeTrue();
        Ids("1.0.0").ShouldBe(["A"], "what the full archive no longer has is gone");
    }

    [Fact]
    public async Task A_broken_download_goes_on_where_it_stopped_and_never_replaces_a_good_database()
    {
        server.Serve("\"one\"", Zip(("A.json", Record("A", "1.0.0"))));
        await Update();

        var archive = Zip(("C.json", Record("C", "1.0.0")));
        server.Serve("\"two\"", archive, cutAfter: archive.Length / 2);
        var broken = await Update();
        broken.Errors.ShouldHaveSingleItem();
        Ids("1.0.0").ShouldBe(["A"]);

        server.Serve("\"two\"", archive);
        (await Update()).Updated.ShouldBe(["npm"]);
        server.Requests[^1].Range.ShouldBe($"bytes={archive.Length / 2}-");
        Ids("1.0.0").ShouldBe(["C"]);
    }

    [Fact]
    public async Task A_damaged_archive_changes_nothing_and_is_fetched_anew()
    {
        server.Serve("\"one\"", Zip(("A.json", Record("A", "1.0.0"))));
        await Update();

        var damaged = Zip(("D.json", Record("D", "1.0.0")));
        damaged[40] ^= 0x10;
        server.Serve("\"two\"", damaged);
        (await Update()).IsComplete.ShouldBeFalse();
        Ids("1.0.0").ShouldBe(["A"]);

        server.Serve("\"two\"", Zip(("D.json", Record("D", "1.0.0"))));
        (await Update()).IsComplete.ShouldBeTrue();
        Ids("1.0.0").ShouldBe(["D"]);
    }

    [Fact]
    public async Task An_empty_archive_or_an_error_page_is_an_error()
    {
        server.Serve("\"one\"", Zip(("A.json", Record("A", "1.0.0"))));
        await Update();
        server.Serve("\"two\"", Zip());
        (await Update()).IsComplete.ShouldBeFalse();
        server.Serve("\"three\"", "<html>sorry</html>"u8.ToArray());
        (await Update()).IsComplete.ShouldBeFalse();
        Ids("1.0.0").ShouldBe(["A"]);
    }

    [Fact]
    public async Task Wherever_a_download_breaks_off_the_database_stays_and_the_next_update_goes_on()
    {
        server.Serve("\"one\"", Zip(("A.json", Record("A", "1.0.0"))));
        await Update();
        var archive = Zip([.. Enumerable.Range(0, 40).Select(i => ($"C{i}.json", Record($"C{i}", "1.0.0")))]);
        var good = await File.ReadAllBytesAsync(DatabasePath);
        var points = 0;
        for (var cut = 0; cut < archive.Length; cut += Math.Max(1, archive.Length / 25), points++)
        {
            server.Serve($"\"at-{cut}\"", archive, cutAfter: cut);
            (await Update()).Errors.ShouldHaveSingleItem();
            (await File.ReadAllBytesAsync(DatabasePath)).ShouldBe(good, $"after {cut} bytes");

            // Breaks off again, further on, then comes through.
            var more = cut + ((archive.Length - cut) / 2);
            server.Serve($"\"at-{cut}\"", archive, cutAfter: more);
            (await Update()).Errors.ShouldHaveSingleItem();
            (await File.ReadAllBytesAsync(DatabasePath)).ShouldBe(good, $"after {more} bytes");
            server.Serve($"\"at-{cut}\"", archive);
            (await Update()).IsComplete.ShouldBeTrue();
            server.Requests[^1].Range.ShouldBe(more > 0 ? $"bytes={more}-" : null);
            Ids("1.0.0").Count().ShouldBe(40);
            await File.WriteAllBytesAsync(DatabasePath, good);
        }

        points.ShouldBeGreaterThan(20);
    }

    [Theory]
    [InlineData("500")]
    [InlineData("503")]
    [InlineData("404")]
    [InlineData("gzip")]
    [InlineData("too long")]
    [InlineData("other part")]
    [InlineData("part of another archive")]
    [InlineData("nothing")]
    [InlineData("refused")]
    public async Task Whatever_a_server_does_wrong_the_database_stays_and_a_good_server_repairs_it(string fault)
    {
        server.Serve("\"one\"", Zip(("A.json", Record("A", "1.0.0"))));
        await Update();
        var archive = Zip(("E.json", Record("E", "1.0.0")), ("F.json", Record("F", "1.0.0")));
        var good = await File.ReadAllBytesAsync(DatabasePath);

        // With nothing there and with half of the archive there.
        foreach (var have in new[] { 0, archive.Length / 2 })
        {
            server.Serve($"\"two-{have}\"", archive, cutAfter: have);
            await Update();
            server.Serve($"\"two-{have}\"", archive);
            server.Fault = fault;
            (await Update()).IsComplete.ShouldBeFalse();
            (await File.ReadAllBytesAsync(DatabasePath)).ShouldBe(good);
            server.Fault = null;
            for (var attempt = 0; attempt < 2 && !(await Update()).Updated.Contains("npm"); attempt++)
            {
                (await File.ReadAllBytesAsync(DatabasePath)).ShouldBe(good);
            }

            Ids("1.0.0").ShouldBe(["E", "F"]);
            await File.WriteAllBytesAsync(DatabasePath, good);
        }
    }

    [Fact]
    public async Task A_server_that_stops_sending_is_given_up_and_the_part_is_used()
    {
        server.Serve("\"one\"", Zip(("A.json", Record("A", "1.0.0"))));
        await Update();
        var archive = Zip(("G.json", Record("G", "1.0.0")));
        server.Serve("\"two\"", archive);
        server.Fault = "stalls";
        using var patience = new CancellationTokenSource();
        server.Stalled = patience.Cancel;
        await Should.ThrowAsync<OperationCanceledException>(() => Update(patience.Token));
        server.GivenUp.SetResult();
        Ids("1.0.0").ShouldBe(["A"]);
        server.Fault = null;
        (await Update()).IsComplete.ShouldBeTrue();
        Ids("1.0.0").ShouldBe(["G"]);
    }

    public void Dispose()
    {
        server.Dispose();
        Directory.Delete(directory, recursive: true);
    }

    private async Task<UpdateResult> Update(CancellationToken cancellationToken = default)
    {
        using var http = new HttpClient();
        return await new AdvisoryUpdater(http, TimeProvider.System).UpdateAsync(new UpdateOptions { DatabasePath = DatabasePath, Address = server.Address, Ecosystems = [Ecosystem.Npm] }, cancellationToken: cancellationToken);
    }

    private IEnumerable<string> Ids(string version)
    {
        using var database = AdvisoryDatabase.Open(DatabasePath);
        database.Verify().ShouldBeTrue();
        return new Matcher(database).Query(Ecosystem.Npm, "a", version).Select(m => m.Id);
    }

    private static string Record(string id, string version) =>
        $$"""{"id":"{{id}}","modified":"2026-01-01T00:00:00Z","affected":[{"package":{"ecosystem":"npm","name":"a"},"versions":["{{version}}"]}]}""";

    private static byte[] Zip(params (string Name, string Text)[] entries)
    {
        using var stream = new MemoryStream();
        using (var zip = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach (var (name, text) in entries)
            {
                using var writer = new StreamWriter(zip.CreateEntry(name).Open());
                writer.Write(text);
            }
        }

        return stream.ToArray();
    }

    /// <summary>Serves one archive on loopback, with tags and ranges, and can break off.</summary>
    private sealed class ArchiveServer : IDisposable
    {
        private readonly HttpListener listener;
        private readonly Task loop;
        private byte[] content = [];
        private string tag = "";
        private int cut = -1;

        public ArchiveServer()
        {
            for (var attempt = 0; ; attempt++)
            {
                using var probe = new System.Net.Sockets.TcpListener(IPAddress.Loopback, 0);
                probe.Start();
                var port = ((IPEndPoint)probe.LocalEndpoint).Port;
                probe.Stop();
                listener = new HttpListener();
                listener.Prefixes.Add($"http://127.0.0.1:{port}/");
                try
                {
                    listener.Start();
                    Address = new Uri($"http://127.0.0.1:{port}/mirror");
                    break;
                }
                catch (HttpListenerException) when (attempt < 5)
                {
                    // Somebody took the port in between.
                }
            }

            loop = Task.Run(RunAsync);
        }

        public Uri Address { get; }

        /// <summary>What goes wrong; null for nothing.</summary>
        public string? Fault { get; set; }

        /// <summary>Called once half of a stalling answer is out.</summary>
        public Action? Stalled { get; set; }

        /// <summary>Ends a stalling answer.</summary>
        public TaskCompletionSource GivenUp { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public List<(string? IfNoneMatch, string? Range)> Requests { get; } = [];

        public void Serve(string etag, byte[] archive, int cutAfter = -1) => (tag, content, cut) = (etag, archive, cutAfter);

        public void Dispose()
        {
            listener.Stop();
            loop.GetAwaiter().GetResult();
            listener.Close();
        }

        private async Task RunAsync()
        {
            while (listener.IsListening)
            {
                HttpListenerContext context;
                try
                {
                    context = await listener.GetContextAsync();
                }
                catch (Exception e) when (e is HttpListenerException or ObjectDisposedException)
                {
                    return;
                }

                var request = context.Request;
                Requests.Add((request.Headers["If-None-Match"], request.Headers["Range"]));
                var response = context.Response;
                response.Headers["ETag"] = tag;
                if (request.Url!.AbsolutePath != "/mirror/npm/all.zip")
                {
                    response.StatusCode = 404;
                    response.Close();
                }
                else if (Fault is { } fault)
                {
                    await FailAsync(fault, response);
                }
                else if (request.Headers["If-None-Match"] == tag)
                {
                    response.StatusCode = 304;
                    response.Close();
                }
                else
                {
                    var from = request.Headers["Range"] is { } range && request.Headers["If-Range"] == tag ? int.Parse(range["bytes=".Length..^1], System.Globalization.CultureInfo.InvariantCulture) : 0;
                    if (from > 0)
                    {
                        response.StatusCode = 206;
                        response.Headers["Content-Range"] = $"bytes {from}-{content.Length - 1}/{content.Length}";
                    }

                    response.ContentLength64 = content.Length - from;
                    if (cut >= 0)
                    {
                        await response.OutputStream.WriteAsync(content.AsMemory(from, cut - from));
                        await response.OutputStream.FlushAsync();
                        response.Abort();
                    }
                    else
                    {
                        await response.OutputStream.WriteAsync(content.AsMemory(from));
                        response.Close();
                    }
                }
            }
        }

        private async Task FailAsync(string fault, HttpListenerResponse response)
        {
            byte[] body = [];
            switch (fault)
            {
                case "gzip":
                    using (var compressed = new MemoryStream())
                    {
                        await using (var gzip = new GZipStream(compressed, CompressionLevel.Fastest, leaveOpen: true))
                        {
                            await gzip.WriteAsync(content);
                        }

                        body = compressed.ToArray();
                    }

                    response.Headers["Content-Encoding"] = "gzip";
                    break;
                case "too long":
                    // Says more than it sends.
                    response.ContentLength64 = content.Length + 100;
                    await response.OutputStream.WriteAsync(content);
                    response.Abort();
                    return;
                case "other part":
                    response.StatusCode = 206;
                    response.Headers["Content-Range"] = $"bytes 7-{content.Length - 1}/{content.Length}";
                    body = content[7..];
                    break;
                case "part of another archive":
                    response.StatusCode = 206;
                    response.Headers["ETag"] = "\"three\"";
                    response.Headers["Content-Range"] = $"bytes {content.Length / 2}-{content.Length - 1}/{content.Length}";
                    body = new byte[content.Length - (content.Length / 2)];
                    break;
                case "nothing":
                    break;
                case "refused":
                    response.Abort();
                    return;
                case "stalls":
                    response.ContentLength64 = content.Length;
                    await response.OutputStream.WriteAsync(content.AsMemory(0, content.Length / 2));
                    await response.OutputStream.FlushAsync();
                    Stalled?.Invoke();
                    await GivenUp.Task;
                    response.Abort();
                    return;
                default:
                    response.StatusCode = int.Parse(fault, System.Globalization.CultureInfo.InvariantCulture);
                    body = "<html>sorry</html>"u8.ToArray();
                    break;
            }

            response.ContentLength64 = body.Length;
            await response.OutputStream.WriteAsync(body);
            response.Close();
        }
    }
}
