using System.Text.Json;
using Pellicle.Aws;
using Pellicle.Cli.Commands;
using Pellicle.Domain;
using Pellicle.Posture;
using Pellicle.Scanning.Pipeline;

namespace Pellicle.Cli;

/// <summary>Scans deployed functions with their layers: downloads each zip once per digest, adds the posture checks.</summary>
internal sealed class AccountScan(LambdaClient lambda, string? database, string? store) : IDisposable
{
    private readonly Dictionary<string, string> _zips = [];

    private readonly string _downloads = Directory.CreateTempSubdirectory("pellicle-scan-").FullName;

    /// <summary>Scans functions by name.</summary>
    public async Task<ScanReport> RunAsync(IReadOnlyList<string> functions, CancellationToken cancellationToken)
    {
        var targets = new List<TargetRequest>();
        foreach (var function in functions)
        {
            targets.Add(await TargetAsync(function, cancellationToken));
        }

        using var advisories = database is null ? null : DbCommand.Open(database);
        return Scanner.Scan(new ScanRequest { Targets = targets, Database = advisories, Store = new InventoryStore(store) }, cancellationToken);
    }

    /// <summary>Fetches what <c>function:NAME</c> or <c>layer:ARN</c> names. The files stay until this object is disposed.</summary>
    public async Task<TargetRequest> RequestAsync(string target, CancellationToken cancellationToken)
    {
        var name = target[(target.IndexOf(':', StringComparison.Ordinal) + 1)..];
        if (target.StartsWith("function:", StringComparison.Ordinal))
        {
            return await TargetAsync(name, cancellationToken);
        }

        var detail = await lambda.GetLayerVersionAsync(name, cancellationToken);
        return new TargetRequest { Kind = "layer", Name = detail.LayerVersionArn.Split(':')[6], Arn = detail.LayerVersionArn, Source = await DownloadAsync(detail.Content?.Location, detail.Content?.CodeSha256 ?? name, cancellationToken) };
    }

    /// <summary>Removes what was downloaded.</summary>
    public void Dispose() => Directory.Delete(_downloads, recursive: true);

    private async Task<TargetRequest> TargetAsync(string name, CancellationToken cancellationToken)
    {
        var function = await lambda.GetFunctionAsync(name, null, cancellationToken);
        var configuration = function.Configuration;
        if (configuration.PackageType == "Image")
        {
            throw new CliException($"`{name}` is a container image", "scan its image file system as a directory");
        }

        var layers = new List<LayerRequest>();
        foreach (var layer in configuration.Layers)
        {
            var detail = await lambda.GetLayerVersionAsync(layer.Arn, cancellationToken);
            layers.Add(new LayerRequest(layer.Name, await DownloadAsync(detail.Content?.Location, detail.Content?.CodeSha256 ?? layer.Arn, cancellationToken), layer.Arn));
        }

        return new TargetRequest
        {
            Kind = "function",
            Name = configuration.FunctionName,
            Arn = configuration.UnqualifiedArn,
            Runtime = configuration.Runtime,
            Handler = configuration.Handler,
            Environment = configuration.Variables,
            Source = await DownloadAsync(function.Code?.Location, configuration.CodeSha256, cancellationToken),
            Layers = layers,
            MoreFindings = await PostureAsync(configuration, cancellationToken),
        };
    }

    private async Task<IReadOnlyList<Finding>> PostureAsync(FunctionConfiguration configuration, CancellationToken cancellationToken)
    {
        var policies = new Dictionary<string, JsonElement>();
        if (await lambda.GetPolicyAsync(configuration.FunctionName, null, cancellationToken) is { } policy)
        {
            policies[""] = JsonSerializer.Deserialize<JsonElement>(policy);
        }

        return AllChecks.Judge(new FunctionSubject { Name = configuration.FunctionName, Arn = configuration.UnqualifiedArn, Runtime = configuration.Runtime, Variables = configuration.Variables, ResourcePolicies = policies });
    }

    private async Task<ContentSource> DownloadAsync(string? location, string codeSha256, CancellationToken cancellationToken)
    {
        if (_zips.TryGetValue(codeSha256, out var known))
        {
            return ContentSource.File(known, Hex(codeSha256));
        }

        var path = Path.Combine(_downloads, $"{_zips.Count}.zip");
        await using (var source = await lambda.Http.DownloadAsync(new Uri(location ?? throw new CliException("Lambda gave no address for the code")), cancellationToken))
        await using (var file = File.Create(path))
        {
            await source.CopyToAsync(file, cancellationToken);
        }

        _zips[codeSha256] = path;
        return ContentSource.File(path, Hex(codeSha256));
    }

    private static string? Hex(string codeSha256)
    {
        var bytes = new byte[33];
        return Convert.TryFromBase64String(codeSha256, bytes, out var length) && length == 32 ? Convert.ToHexStringLower(bytes.AsSpan(0, 32)) : null;
    }
}
