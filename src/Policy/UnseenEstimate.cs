using Pellicle.Domain;

namespace Pellicle.Policy;

/// <summary>What has been seen of one item in clean invocations.</summary>
public sealed record Observation
{
    /// <summary>Kind.</summary>
    public required Dimension Dimension { get; init; }

    /// <summary>Generalised item (a pattern).</summary>
    public required string Item { get; init; }

    /// <summary>How often it was done.</summary>
    public required long Count { get; init; }

    /// <summary>In how many invocations; 0 when it was only seen while the function started.</summary>
    public required long Invocations { get; init; }

    /// <summary>In how many environments.</summary>
    public required int Environments { get; init; }

    /// <summary>First and last time.</summary>
    public required DateTimeOffset FirstSeen { get; init; }

    /// <summary>Last time.</summary>
    public required DateTimeOffset LastSeen { get; init; }
}

/// <summary>How sure one wants to be.</summary>
public sealed record LearningOptions
{
    /// <summary>A dimension is ready when fewer invocations than this share would still show something new. 0.01: one in a hundred.</summary>
    public double Rate { get; init; } = 0.01;

    /// <summary>Confidence of the upper bound, 0.5 to 0.999999.</summary>
    public double Confidence { get; init; } = 0.95;

    /// <summary>At least so many environments must have been watched.</summary>
    public int Environments { get; init; } = 1;
}

/// <summary>How much of one dimension is still unseen.</summary>
public sealed record UnseenEstimate
{
    /// <summary>Dimension.</summary>
    public required Dimension Dimension { get; init; }

    /// <summary>Known items.</summary>
    public required int Items { get; init; }

    /// <summary>Items seen in exactly one invocation.</summary>
    public required int Singletons { get; init; }

    /// <summary>Clean invocations watched.</summary>
    public required long Invocations { get; init; }

    /// <summary>Estimated share of invocations that would show something new (Good–Turing), 0 to 1.</summary>
    public required double Unseen { get; init; }

    /// <summary>Upper confidence bound of that share, 0 to 1.</summary>
    public required double UpperBound { get; init; }

    /// <summary>Estimated number of items never seen so far (Chao2); a lower bound.</summary>
    public required double MissingItems { get; init; }

    /// <summary>The bound is under the chosen rate.</summary>
    public required bool Ready { get; init; }

    /// <summary>Clean invocations without anything new that would still be needed to be ready; 0 when ready.</summary>
    public required long InvocationsToGo { get; init; }

    /// <summary>
    /// Estimates from the observations of one dimension. An invocation is one sample, an item in it one incidence. Items seen only while the
    /// function starts have no invocation: they are the same at each start and do not count.
    /// </summary>
    public static UnseenEstimate Of(Dimension dimension, IEnumerable<Observation> observations, long invocations, int environments, LearningOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(observations);
        options ??= new LearningOptions();
        int items = 0, singletons = 0, doubletons = 0;
        foreach (var observation in observations)
        {
            if (observation.Dimension != dimension)
            {
                continue;
            }

            items++;
            singletons += observation.Invocations == 1 ? 1 : 0;
            doubletons += observation.Invocations == 2 ? 1 : 0;
        }

        var expected = UpperCount(singletons, options.Confidence);
        var bound = invocations == 0 ? 1 : Math.Min(1, expected / invocations);
        var ready = invocations > 0 && bound <= options.Rate && environments >= options.Environments;
        return new UnseenEstimate
        {
            Dimension = dimension,
            Items = items,
            Singletons = singletons,
            Invocations = invocations,
            Unseen = invocations == 0 ? 1 : Math.Min(1, (double)singletons / invocations),
            UpperBound = bound,
            MissingItems = invocations == 0 ? 0 : (invocations - 1.0) / invocations * singletons * (singletons - 1.0) / (2 * (doubletons + 1.0)),
            Ready = ready,
            InvocationsToGo = bound <= options.Rate ? 0 : (long)Math.Ceiling(expected / options.Rate) - invocations,
        };
    }

    /// <summary>
    /// Upper limit of the mean of a Poisson count: the number of singletons is a sum of many rare, nearly independent indicators. For no
    /// singleton and 95 % this is 3.0, the rule of three.
    /// </summary>
    internal static double UpperCount(int count, double confidence)
    {
        double low = count, high = count + 10 + 10 * Math.Sqrt(count + 1.0);
        for (var step = 0; step < 60; step++)
        {
            var mean = (low + high) / 2;
            (low, high) = AtMost(count, mean) > 1 - confidence ? (mean, high) : (low, mean);
        }

        return high;
    }

    private static double AtMost(int count, double mean)
    {
        // Terms in logarithms, because e^-mean underflows for large means.
        double sum = 0, logTerm = -mean;
        for (var k = 0; k <= count; k++)
        {
            logTerm += k == 0 ? 0 : Math.Log(mean) - Math.Log(k);
            sum += Math.Exp(logTerm);
        }

        return sum;
    }
}
