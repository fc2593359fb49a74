using System.Globalization;
using Pellicle.Posture;

namespace Pellicle.Cli;

/// <summary>Fetches newer tables of facts for the posture checks. A table that cannot be fetched or used leaves the old one in place.</summary>
internal static class TableUpdate
{
    /// <summary>Environment variable with the base address.</summary>
    public const string Variable = "PELLICLE_TABLES";

    private const int MaxBytes = 8 << 20;

    /// <summary>Address from the environment, or null.</summary>
    public static Uri? DefaultAddress => Uri.TryCreate(Environment.GetEnvironmentVariable(Variable), UriKind.Absolute, out var address) ? address : null;

    /// <summary>Fetches every table; returns what went wrong.</summary>
    public static async Task<IReadOnlyList<string>> RunAsync(HttpClient http, Uri address, string folder, TextWriter output, CancellationToken cancellationToken)
    {
        var errors = new List<string>();
        var root = new Uri(address.AbsoluteUri.TrimEnd('/') + "/");
        Directory.CreateDirectory(folder);
        foreach (var name in PostureTables.Names)
        {
            var place = new Uri(root, $"{name}.tsv");
            try
            {
                var text = await FetchAsync(http, place, cancellationToken);
                if (PostureTables.WhyNot(name, text) is { } why)
                {
                    errors.Add($"{place} is not used: {why}");
                    continue;
                }

                var file = Path.Combine(folder, $"{name}.tsv");
                var temporary = $"{file}.{Guid.NewGuid():N}";
                await File.WriteAllTextAsync(temporary, text, cancellationToken);
                File.Move(temporary, file, overwrite: true);
                await output.WriteLineAsync($"table {name}: fetched");
            }
            catch (Exception exception) when (exception is HttpRequestException or IOException or InvalidDataException || (exception is OperationCanceledException && !cancellationToken.IsCancellationRequested))
            {
                errors.Add($"table {name} was not updated: {exception.Message.ReplaceLineEndings(" ")}");
            }
        }

        return errors;
    }

    private static async Task<string> FetchAsync(HttpClient http, Uri place, CancellationToken cancellationToken)
    {
        using var response = await http.GetAsync(place, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        response.EnsureSuccessStatusCode();
        await using var stream = await response.Content.ReadAsStreamAsync(cancellationToken);
        using var content = new MemoryStream();
        var buffer = new byte[64 << 10];
        while (await stream.ReadAsync(buffer, cancellationToken) is > 0 and var read)
        {
            content.Write(buffer, 0, read);
            if (content.Length > MaxBytes)
            {
                throw new InvalidDataException(string.Create(CultureInfo.InvariantCulture, $"{place} is larger than {MaxBytes} bytes"));
            }
        }

        return System.Text.Encoding.UTF8.GetString(content.GetBuffer(), 0, (int)content.Length);
    }
}
