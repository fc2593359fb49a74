namespace Pellicle.Aws;

/// <summary>
/// Calls of Lambda's control plane that one account may make in one region, a second: the developer guide's quotas, which cannot be raised. All calls but GetFunction,
/// GetPolicy and invocations share one. The account's own deployments live from the same.
/// </summary>
public static class LambdaQuotas
{
    /// <summary>GetFunction, a second.</summary>
    public const double GetFunction = 100;

    /// <summary>GetPolicy, a second.</summary>
    public const double GetPolicy = 15;

    /// <summary>All other calls together, a second.</summary>
    public const double Others = 15;

    // What is left is for whoever works in the account meanwhile.
    private const double Share = 0.8;

    /// <summary>Quota of a kind of call (see <see cref="AwsHttp.CallsByKind"/>); infinite for other services.</summary>
    public static double Of(string kind) => kind switch { "GetFunction" => GetFunction, "GetPolicy" => GetPolicy, "lambda" => Others, _ => double.PositiveInfinity };

    /// <summary>The least time that these calls take on AWS, with the whole quota.</summary>
    public static TimeSpan LeastTime(IReadOnlyDictionary<string, long> calls)
    {
        ArgumentNullException.ThrowIfNull(calls);
        return TimeSpan.FromSeconds(calls.Select(c => c.Value / Of(c.Key)).DefaultIfEmpty(0).Max());
    }

    internal static double ShareOf(string kind) => Of(kind) * Share;
}
