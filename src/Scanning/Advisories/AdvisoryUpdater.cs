using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Pellicle.Domain;

namespace Pellicle.Scanning.Advisories;

/// <summary>What to fetch, and where to.</summary>
public sealed record UpdateOptions
{
    /// <summary>OSV's public archives.</summary>
    public static Uri DefaultAddress { get; } = new("https://osv-vulnerabilities.storage.googleapis.com/");

    /// <summary>Compiled file to renew.</summary>
    public required string DatabasePath { get; init; }

    /// <summary>Archives lie at <c>ADDRESS/ECOSYSTEM/all.zip</c>.</summary>
    public Uri Address { get; init; } = DefaultAddress;

    /// <summary>Ecosystems to renew.</summary>
    public IReadOnlyList<Ecosystem> Ecosystems { get; init; } = Ecosystem.Languages;

    /// <summary>CISA's known-exploited list, or null.</summary>
    public Uri? KnownExploited { get; init; }

    /// <summary>Largest archive accepted, in bytes; npm's, with malware, is near 200 MB.</summary>
    public long MaxArchiveBytes { get; init; } = 2L << 30;
}

/// <summary>What an update did.</summary>
/// <param name="Updated">Ecosystems with a new archive.</param>
/// <param name="Unchanged">Ecosystems whose archive is the one already compiled.</param>
/// <param name="Import">Records read; errors of archives and of single records.</param>
/// <param name="Errors">What could not be fetched. The old content of these ecosystems stays.</param>
public sealed record UpdateResult(IReadOnlyList<string> Updated, IReadOnlyList<string> Unchanged, ImportSummary Import, IReadOnlyList<FileError> Errors)
{
    /// <summary>True when every ecosystem is up to date.</summary>
    public bool IsComplete => Errors.Count == 0 && Import.Errors.Count == 0;
}

/// <summary>
/// Fetches OSV's archives: only what changed (ETag), going on where a download broke off (Range), and replaces the compiled file in one
/// step after everything was read and checked. Beside the database lie <c>NAME.d/ECOSYSTEM.etag</c> and unfinished downloads.
/// </summary>
public sealed class AdvisoryUpdater(HttpClient http, TimeProvider time)
{
    /// <summary>Renews the database. Throws only for cancellation and when the file cannot be written.</summary>
    public async Task<UpdateResult> UpdateAsync(UpdateOptions options, IProgress<string>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        var state = options.DatabasePath + ".d";
        Directory.CreateDirectory(state);
        var builder = new AdvisoryDatabaseBuilder();
        var errors = new List<FileError>();
        var isFresh = !TryAddOld(builder, options.DatabasePath, errors);
        var (updated, unchanged) = (new List<Fetched>(), new List<string>());
        foreach (var ecosystem in options.Ecosystems)
        {
            var address = new Uri(AsDirectory(options.Address), $"{Uri.EscapeDataString(ecosystem.Name)}/all.zip");
            var file = Path.Combine(state, $"{ecosystem.Name}.zip.part");
            var etagFile = Path.Combine(state, $"{ecosystem.Name}.etag");
            try
            {
                progress?.Report($"{ecosystem.Name}: {address}");
                var etag = await FetchAsync(address, file, isFresh ? null : ReadText(etagFile), options.MaxArchiveBytes, cancellationToken).ConfigureAwait(false);
                if (etag is null)
                {
                    unchanged.Add(ecosystem.Name);
                    continue;
                }

                using var archive = File.OpenRead(file);
                if (builder.AddArchive(archive, address.ToString(), ecosystem))
                {
                    updated.Add(new Fetched(ecosystem.Name, etagFile, etag));
                }

                // Sound or not, the next update must not go on from here.
                File.Delete(file);
                File.Delete(file + ".etag");
            }
            catch (Exception e) when (e is HttpRequestException or IOException or InvalidDataException or UnauthorizedAccessException
                || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
            {
                errors.Add(new FileError("advisories", address.ToString(), $"`{ecosystem.Name}` was not updated: {Line(e)}", "run `pellicle db update` again; it goes on where it stopped"));
            }
        }

        var isListNew = await FetchExploitedAsync(builder, options, errors, cancellationToken).ConfigureAwait(false);
        if (updated.Count > 0 || isListNew)
        {
            builder.Write(options.DatabasePath, time);
            // Only now: a tag beside an old database would hide the new archive for ever.
            foreach (var fetched in updated)
            {
                File.WriteAllText(fetched.EtagFile, fetched.Etag);
            }
        }

        return new UpdateResult([.. updated.Select(u => u.Ecosystem)], unchanged, builder.Summary, errors);
    }

    private sealed record Fetched(string Ecosystem, string EtagFile, string Etag);

    /// <summary>The new tag (empty where the server gives none), or null when the archive is the known one.</summary>
    private async Task<string?> FetchAsync(Uri address, string file, string? knownTag, long limit, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, address);
        if (!string.IsNullOrEmpty(knownTag) && EntityTagHeaderValue.TryParse(knownTag, out var known))
        {
            request.Headers.IfNoneMatch.Add(known);
        }

        var have = File.Exists(file) ? new FileInfo(file).Length : 0;
        // Without a strong tag nobody can tell whether the rest belongs to the same archive.
        var canResume = have > 0 && EntityTagHeaderValue.TryParse(ReadText(file + ".etag"), out var partTag) && !partTag.IsWeak;
        if (canResume)
        {
            request.Headers.Range = new RangeHeaderValue(have, null);
            request.Headers.IfRange = new RangeConditionHeaderValue(EntityTagHeaderValue.Parse(ReadText(file + ".etag")!));
        }

        using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken).ConfigureAwait(false);
        switch (response.StatusCode)
        {
            case HttpStatusCode.NotModified:
                return null;
            case HttpStatusCode.RequestedRangeNotSatisfiable:
                File.Delete(file);
                throw new InvalidDataException("the unfinished download did not fit and was thrown away");
            default:
                response.EnsureSuccessStatusCode();
                break;
        }

        var isRest = response.StatusCode == HttpStatusCode.PartialContent && canResume && response.Content.Headers.ContentRange?.From == have;
        if (response.StatusCode == HttpStatusCode.PartialContent && !isRest)
        {
            File.Delete(file);
            throw new InvalidDataException("the server sent another part than asked for");
        }

        var tag = response.Headers.ETag?.ToString() ?? "";
        if (!isRest)
        {
            // The old part first: it must never lie beside another archive's tag.
            File.Delete(file);
            File.WriteAllText(file + ".etag", tag);
        }

        var start = isRest ? have : 0;
        var expected = response.Content.Headers.ContentLength + start;
        if (expected > limit)
        {
            throw new InvalidDataException($"the archive has {expected} bytes, more than {limit}");
        }

        var length = await SaveAsync(response, file, start, limit, cancellationToken).ConfigureAwait(false);
        return expected is null || length == expected ? tag : throw new InvalidDataException($"the download broke off after {length} of {expected} bytes");
    }

    private static async Task<long> SaveAsync(HttpResponseMessage response, string file, long start, long limit, CancellationToken cancellationToken)
    {
        var stream = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        await using var target = new FileStream(file, start > 0 ? FileMode.Append : FileMode.Create, FileAccess.Write);
        var buffer = new byte[128 << 10];
        while (await stream.ReadAsync(buffer, cancellationToken).ConfigureAwait(false) is > 0 and var read)
        {
            await target.WriteAsync(buffer.AsMemory(0, read), cancellationToken).ConfigureAwait(false);
            if (target.Position > limit)
            {
                throw new InvalidDataException($"the archive is larger than {limit} bytes");
            }
        }

        return target.Position;
    }

    private async Task<bool> FetchExploitedAsync(AdvisoryDatabaseBuilder builder, UpdateOptions options, List<FileError> errors, CancellationToken cancellationToken)
    {
        if (options.KnownExploited is not { } address)
        {
            return false;
        }

        try
        {
            builder.AddKnownExploited(await http.GetByteArrayAsync(address, cancellationToken).ConfigureAwait(false), address.ToString());
            return true;
        }
        catch (Exception e) when (e is HttpRequestException or IOException || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            errors.Add(new FileError("advisories", address.ToString(), $"the known-exploited list was not updated: {Line(e)}"));
            return false;
        }
    }

    /// <summary>False when there is no old database to build on, or it cannot be read: then every archive is fetched whole.</summary>
    private static bool TryAddOld(AdvisoryDatabaseBuilder builder, string path, List<FileError> errors)
    {
        if (!File.Exists(path))
        {
            return false;
        }

        try
        {
            using var old = AdvisoryDatabase.Open(path);
            if (!old.Verify())
            {
                throw AdvisoryDatabase.Damaged();
            }

            builder.AddDatabase(old);
            return true;
        }
        catch (InvalidDataException)
        {
            // A damaged or older file is what an update repairs; imports that were only in it are lost, and that is said.
            errors.Add(new FileError("advisories", path, "the old database could not be read and is built anew", "import again what had been imported by hand"));
            return false;
        }
    }

    private static Uri AsDirectory(Uri address) => address.AbsoluteUri.EndsWith('/') ? address : new Uri(address.AbsoluteUri + "/");

    private static string? ReadText(string path) => File.Exists(path) ? File.ReadAllText(path, Encoding.UTF8) : null;

    private static string Line(Exception e) => e.Message.ReplaceLineEndings(" ").TrimEnd('.');
}
