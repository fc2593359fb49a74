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

    public void Dispose()
    {
        server.Dispose();
        Directory.Delete(directory, recursive: true);
    }

    private async Task<UpdateResult> Update()
    {
        using var http = new HttpClient();
        return await new AdvisoryUpdater(http, TimeProvider.System).UpdateAsync(new UpdateOptions { DatabasePath = DatabasePath, Address = server.Address, Ecosystems = [Ecosystem.Npm] });
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
    }
}
