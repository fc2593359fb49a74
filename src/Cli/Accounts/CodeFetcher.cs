using System.Security.Cryptography;
using Pellicle.Aws;
using Pellicle.Posture.Code;
using Pellicle.Scanning;
using Pellicle.Scanning.Archives;
using Pellicle.Scanning.Pipeline;

namespace Pellicle.Cli.Accounts;

/// <summary>Where a content can be had.</summary>
/// <param name="Sha256">Hexadecimal digest.</param>
/// <param name="Subject">Function, version or layer whose it is.</param>
/// <param name="Locate">Asks for a new address.</param>
/// <param name="Location">An address that was just given, or null.</param>
/// <param name="Keep">True to leave the file, and to fetch it even where it was read before.</param>
internal sealed record CodeOrder(string Sha256, string Subject, Func<CancellationToken, Task<string?>> Locate, string? Location, bool Keep);

/// <summary>
/// Downloads, checks and reads zips, each digest once, beside the reading of the inventory: the first starts with the first function that is read. A file lies on disk
/// until it is read, and not longer unless it is asked for.
/// </summary>
internal sealed class CodeFetcher(AwsHttp http, InventoryStore contents, AccountStore store, CodeReading code, TimeProvider time) : IDisposable
{
    /// <summary>Downloads at once.</summary>
    private const int MaxDownloads = 6;

    private const int MaxAttempts = 5;

    // Lambda's addresses live ten minutes; one that waited longer for its turn is asked for anew.
    private static readonly TimeSpan LongestUse = TimeSpan.FromMinutes(7);

    private readonly string _directory = Directory.CreateTempSubdirectory("pellicle-scan-").FullName;
    private readonly SemaphoreSlim _turns = new(MaxDownloads);
    private readonly CancellationTokenSource _end = new();
    private readonly Dictionary<string, Task<string?>> _started = new(StringComparer.Ordinal);
    private readonly Dictionary<string, CodeCalls> _calls = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _files = new(StringComparer.Ordinal);
    private int _fetched;
    private long _bytes;
    private long _firstStart;
    private long _lastEnd;

    /// <summary>Zips fetched.</summary>
    public int Fetched => _fetched;

    public long Bytes => Interlocked.Read(ref _bytes);

    /// <summary>From the start of the first download to the end of the last.</summary>
    public TimeSpan Span => _firstStart == 0 ? TimeSpan.Zero : time.GetElapsedTime(_firstStart, Math.Max(_firstStart, _lastEnd));

    /// <summary>Path of a zip that was kept.</summary>
    public string FileOf(string sha256) => _files[sha256];

    /// <summary>AWS calls of a content; null where it could not be read.</summary>
    public CodeCalls? CallsOf(string sha256)
    {
        lock (_calls)
        {
            if (!_calls.TryGetValue(sha256, out var calls) && code.Find(sha256) is { } stored)
            {
                _calls[sha256] = calls = stored;
            }

            return calls;
        }
    }

    /// <summary>Sees to it that a content is in the store; ends with null, or with why it could not be had.</summary>
    public Task<string?> Want(CodeOrder order)
    {
        lock (_started)
        {
            return _started.TryGetValue(order.Sha256, out var running) ? running : _started[order.Sha256] = FetchAsync(order, time.GetTimestamp(), _end.Token);
        }
    }

    /// <summary>Ends what is under way. To be called before <see cref="Dispose"/> where not everything wanted was waited for.</summary>
    public async Task StopAsync()
    {
        await _end.CancelAsync();
        Task[] running;
        lock (_started)
        {
            running = [.. _started.Values];
        }

        await Task.WhenAll(running).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <summary>Removes what was kept.</summary>
    public void Dispose()
    {
        _end.Dispose();
        _turns.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    private async Task<string?> FetchAsync(CodeOrder order, long asked, CancellationToken cancellationToken)
    {
        // Off the caller's thread: it holds a lock.
        await Task.Yield();
        if (!order.Keep && code.Find(order.Sha256) is { } known && store.Packages(order.Sha256, AccountJudge.Build) is not null && contents.Holds(order.Sha256))
        {
            lock (_calls)
            {
                _calls[order.Sha256] = known;
            }

            return null;
        }

        await _turns.WaitAsync(cancellationToken);
        try
        {
            await DownloadAsync(order, asked, cancellationToken);
            return null;
        }
        catch (Exception exception) when (exception is AwsException or IOException or HttpRequestException or CliException)
        {
            return $"the code could not be downloaded: {exception.Message}";
        }
        finally
        {
            _turns.Release();
        }
    }

    private async Task DownloadAsync(CodeOrder order, long asked, CancellationToken cancellationToken)
    {
        var path = Path.Combine(_directory, $"{order.Sha256}.zip");
        Interlocked.CompareExchange(ref _firstStart, time.GetTimestamp(), 0);
        for (var attempt = 1; ; attempt++)
        {
            var location = attempt == 1 && order.Location is { } given && time.GetElapsedTime(asked) < LongestUse ? given : await order.Locate(cancellationToken) ?? throw new CliException("Lambda gave no address for the code");
            try
            {
                var address = AwsHttp.ExactAddress(location) ?? throw new CliException($"Lambda gave `{location}`, which cannot be fetched");
                var got = await CopyAsync(address, path, cancellationToken);
                if (got == order.Sha256)
                {
                    break;
                }

                throw new IOException($"the digest of what came is {got[..12]}, not {order.Sha256[..12]}");
            }
            catch (Exception exception) when (exception is IOException or HttpRequestException or AwsException { IsDenied: false, IsNotFound: false } && attempt < MaxAttempts)
            {
                // Full jitter; the next address may lead elsewhere.
                await Task.Delay(TimeSpan.FromMilliseconds(100 * Math.Pow(2, attempt) * Random.Shared.NextDouble()), time, cancellationToken);
            }
        }

        Interlocked.Exchange(ref _lastEnd, time.GetTimestamp());
        Interlocked.Increment(ref _fetched);
        Interlocked.Add(ref _bytes, new FileInfo(path).Length);
        Read(order.Sha256, path, order.Keep, cancellationToken);
    }

    private void Read(string sha256, string path, bool keep, CancellationToken cancellationToken)
    {
        using (var archive = ScanSource.Open(path))
        {
            var read = ContentsReader.Read(archive, "function", null, cancellationToken);
            contents.Save(read, ScanLimits.Default);
            store.SavePackages(sha256, AccountJudge.Build, ContentPackage.Of(read.Packages));
        }

        var calls = code.Read(path, sha256);
        lock (_calls)
        {
            _calls[sha256] = calls;
            _files[sha256] = path;
        }

        if (!keep)
        {
            File.Delete(path);
        }
    }

    private async Task<string> CopyAsync(Uri address, string path, CancellationToken cancellationToken)
    {
        await using var source = await http.DownloadAsync(address, cancellationToken);
        await using var file = File.Create(path);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = new byte[81_920];
        int read;
        while ((read = await source.ReadAsync(buffer, cancellationToken)) > 0)
        {
            hash.AppendData(buffer, 0, read);
            await file.WriteAsync(buffer.AsMemory(0, read), cancellationToken);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
