using Pellicle.Local.ControlPlane.Functions;
using Pellicle.Local.ControlPlane.Http;
using Pellicle.Local.ControlPlane.State;
using Pellicle.Local.Invocation;

namespace Pellicle.Local.ControlPlane.Invocations;

/// <summary>Finds what an invocation runs, and says why it cannot.</summary>
internal static class Target
{
    public static FunctionSnapshot Resolve(Plane plane, FunctionReference reference)
    {
        var function = plane.Find(reference);
        var name = reference.Qualifier ?? FunctionVersion.Latest;
        if (function.Aliases.FirstOrDefault(a => a.Name == name) is { } alias)
            name = Choose(alias);
        var version = name == FunctionVersion.Latest
            ? function.Latest
            : function.Versions.FirstOrDefault(v => v.Version == name) ?? throw reference.NotFound();
        if (version.Pending || (function.Latest.Pending && version.Version != FunctionVersion.Latest))
            throw ApiException.Conflict("The operation cannot be performed at this time. The function is currently in the following state: Pending");
        if (function.ReservedConcurrency == 0)
            throw ApiException.Throttled("ReservedFunctionConcurrentInvocationLimitExceeded");

        var serving = version.Serving ?? version;
        var settings = serving.Settings;
        return new FunctionSnapshot
        {
            Arn = reference.Arn,
            Name = function.Name,
            Version = version.Version,
            ConfigurationRevision = serving.ConfigurationRevision,
            Runtime = settings.Runtime,
            Handler = settings.Handler,
            CodeZip = plane.Code.PathOf(settings.Code.Sha256),
            CodeSha256 = settings.Code.Sha256,
            Layers = [.. settings.Layers.Select(l => new LayerContent(l.Arn, l.Code.Sha256, plane.Code.PathOf(l.Code.Sha256)))],
            Environment = settings.Environment ?? [],
            MemorySize = settings.MemorySize,
            Timeout = settings.Timeout,
            EphemeralStorage = settings.EphemeralStorage,
            Region = reference.Region,
            AccountId = Call.AccountId,
            ReservedConcurrency = function.ReservedConcurrency,
        };
    }

    // The additional version gets its weight of the calls, the main one the rest.
    private static string Choose(AliasDocument alias)
    {
        var draw = Random.Shared.NextDouble();
        foreach (var (version, weight) in alias.Weights ?? [])
        {
            if (draw < weight)
                return version;
            draw -= weight;
        }

        return alias.FunctionVersion;
    }
}
