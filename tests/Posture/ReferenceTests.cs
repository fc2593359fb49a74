using System.Text.Json;
using Pellicle.Posture.Checks.Supply;

namespace Pellicle.Posture.Tests;

/// <summary>Our tables against the sources they were made from, where those are at hand.</summary>
public sealed class ReferenceTests
{
    [ReferenceFact]
    public void The_runtime_table_has_every_runtime_and_date()
    {
        using var document = JsonDocument.Parse(File.ReadAllText(Path.Combine(ReferenceFactAttribute.Folder!, "lambda-runtimes.json")));
        foreach (var runtime in document.RootElement.EnumerateArray())
        {
            Runtimes.Find(runtime.GetProperty("id").GetString()!)!.Deprecated.ToString("yyyy-MM-dd", null).ShouldBe(runtime.GetProperty("deprecated").GetString());
        }
    }

    /// <summary>AWS's own policies: what is ordinary for a function raises nothing, what is wide raises what it is.</summary>
    [ReferenceTheory]
    [InlineData("AWSLambdaBasicExecutionRole", "")]
    [InlineData("AWSLambdaVPCAccessExecutionRole", "")]
    [InlineData("AWSXRayDaemonWriteAccess", "")]
    [InlineData("AWSLambdaSQSQueueExecutionRole", "I-3 I-6 I-9")]
    [InlineData("AmazonS3ReadOnlyAccess", "I-3 I-5 I-6")]
    [InlineData("AmazonS3FullAccess", "I-2")]
    [InlineData("AmazonDynamoDBFullAccess", "I-2")]
    [InlineData("AWSLambda_FullAccess", "I-2 I-13")]
    [InlineData("IAMFullAccess", "I-2 I-12 I-13")]
    [InlineData("AmazonEC2FullAccess", "I-2")]
    [InlineData("ReadOnlyAccess", "I-3 I-5 I-6")]
    [InlineData("SecurityAudit", "I-5")]
    public void Managed_policies_are_judged_by_what_they_grant(string name, string expected)
    {
        using var document = JsonDocument.Parse(File.ReadAllText(Path.Combine(ReferenceFactAttribute.Folder!, "managed-policies.json")));
        var policy = document.RootElement.GetProperty(name).GetProperty("document").Clone();
        var role = Fixtures.Role(Fixtures.Allow("dynamodb:GetItem", "arn:aws:dynamodb:eu-central-1:123456789012:table/orders"));
        role = role with { Policies = [.. role.Policies!, new PolicySubject($"arn:aws:iam::aws:policy/{name}", false, policy)] };
        var found = AllChecks.Judge(Fixtures.Good with { Role = role }, Fixtures.Context).Findings.Select(f => f.RuleId).Distinct().ToList();
        if (expected.Length == 0)
        {
            found.ShouldBeEmpty();
        }
        else
        {
            found.ShouldBe([.. found.Union(expected.Split(' '))], ignoreOrder: true);
            found.ShouldNotContain("I-1");
        }
    }
}

/// <summary>As <see cref="ReferenceFactAttribute"/>, for tables.</summary>
internal sealed class ReferenceTheoryAttribute : TheoryAttribute
{
    public ReferenceTheoryAttribute() => Skip = ReferenceFactAttribute.Folder is null ? "../shared/data/reference is not beside the repository" : null;
}

/// <summary>Skipped, visibly, where the reference data does not lie beside the repository.</summary>
internal sealed class ReferenceFactAttribute : FactAttribute
{
    public ReferenceFactAttribute() => Skip = Folder is null ? "../shared/data/reference is not beside the repository" : null;

    public static string? Folder { get; } = Find();

    private static string? Find()
    {
        for (var directory = new DirectoryInfo(AppContext.BaseDirectory); directory is not null; directory = directory.Parent)
        {
            if (File.Exists(Path.Combine(directory.FullName, "Pellicle.slnx")))
            {
                var folder = Path.Combine(directory.FullName, "..", "shared", "data", "reference");
                return Directory.Exists(folder) ? folder : null;
            }
        }

        return null;
    }
}
