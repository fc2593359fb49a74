using Pellicle.Domain;

namespace Pellicle.Posture.Checks.Supply;

/// <summary>R-5: a newer version of the layer exists; or the version in use is deleted or hidden, so that nobody can look into it.</summary>
internal sealed class OldLayer : IPostureCheck
{
    public string Id => "R-5";

    public string Title => "a layer version is old or can no longer be read";

    public string? Lacks(FunctionSubject function) => function.Layers.Any(l => l.Readable is null) ? "lambda:GetLayerVersion" : function.Layers.Any(l => l is { Own: true, Readable: true, Newest: null }) ? "lambda:ListLayerVersions" : null;

    public IEnumerable<Finding> Judge(FunctionSubject function, PostureContext context)
    {
        foreach (var layer in function.Layers)
        {
            if (layer.Readable == false)
            {
                yield return Report.Of(Id, Title, function.Arn, $"layer:{layer.Name}", Severity.Medium, $"layer:{layer.Arn}", $"Version {layer.Version} of `{layer.Name}` is {(layer.Own ? "deleted" : "deleted or hidden by its publisher")}: functions keep it, but nobody can see what runs.", $"aws lambda update-function-configuration --function-name {function.Name} --layers ARN_OF_A_READABLE_VERSION", Report.Lambda + "chapter-layers.html");
            }
            else if (layer.Newest > layer.Version)
            {
                yield return Report.Of(Id, Title, function.Arn, $"layer:{layer.Name}", Severity.Medium, $"layer:{layer.Arn}", $"The function uses version {layer.Version} of `{layer.Name}`; the newest is {layer.Newest}.", $"aws lambda update-function-configuration --function-name {function.Name} --layers {string.Join(' ', function.Layers.Select(l => l.Arn == layer.Arn ? $"{l.Arn[..l.Arn.LastIndexOf(':')]}:{layer.Newest}" : l.Arn))}", Report.Lambda + "chapter-layers.html");
            }
        }
    }
}
