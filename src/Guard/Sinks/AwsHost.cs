using Pellicle.Policy;

namespace Pellicle.Guard.Sinks;

/// <summary>Which service of AWS a host name belongs to: what every language shows, whatever else is hidden in TLS.</summary>
internal static class AwsHost
{
    // Labels of names that are no service: https://docs.aws.amazon.com/general/latest/gr/rande.html
    private static readonly string[] Others = ["dualstack", "fips", "api", "global", "aws", "runtime", "data", "control", "vpce"];

    /// <summary><c>iam</c> for <c>iam.amazonaws.com:443</c>, the service's name in IAM; null for other hosts.</summary>
    internal static string? Service(string item)
    {
        var name = HostSink.Split(item).Name.TrimEnd('.').ToLowerInvariant();
        var suffix = name.EndsWith(".amazonaws.com", StringComparison.Ordinal) ? 14 : name.EndsWith(".amazonaws.com.cn", StringComparison.Ordinal) ? 17 : name.EndsWith(".api.aws", StringComparison.Ordinal) ? 8 : 0;
        if (suffix == 0)
            return null;
        var labels = name[..^suffix].Split('.');
        for (var i = labels.Length - 1; i >= 0; i--)
        {
            var label = labels[i].EndsWith("-fips", StringComparison.Ordinal) ? labels[i][..^5] : labels[i];
            if (label.Length == 0 || Array.IndexOf(Others, label) >= 0 || IsRegion(label))
                continue;
            return label.StartsWith("s3", StringComparison.Ordinal) ? "s3" : AwsItems.Service(label);
        }
        return null;
    }

    /// <summary><c>eu-west-1</c>, <c>us-gov-east-1</c>.</summary>
    private static bool IsRegion(string label)
    {
        var parts = label.Split('-');
        return parts.Length >= 3 && parts[0].Length == 2 && parts[^1].Length is 1 or 2 && parts[^1].All(char.IsAsciiDigit);
    }
}
