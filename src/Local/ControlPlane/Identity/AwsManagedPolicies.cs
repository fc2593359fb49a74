using Pellicle.Local.ControlPlane.State;

namespace Pellicle.Local.ControlPlane.Identity;

/// <summary>The few managed policies that example roles attach.</summary>
internal static class AwsManagedPolicies
{
    private static readonly (string Name, string Path, string Actions)[] Known =
    [
        ("AdministratorAccess", "/", "\"*\""),
        ("PowerUserAccess", "/", "\"*\""),
        ("AWSLambdaBasicExecutionRole", "/service-role/", "[\"logs:CreateLogGroup\",\"logs:CreateLogStream\",\"logs:PutLogEvents\"]"),
        ("AmazonS3ReadOnlyAccess", "/", "[\"s3:Get*\",\"s3:List*\",\"s3:Describe*\",\"s3-object-lambda:Get*\",\"s3-object-lambda:List*\"]"),
        ("AmazonS3FullAccess", "/", "[\"s3:*\",\"s3-object-lambda:*\"]"),
    ];

    public static ManagedPolicyDocument? Find(string arn)
    {
        foreach (var (name, path, actions) in Known)
        {
            if (arn != $"arn:aws:iam::aws:policy{path}{name}")
                continue;
            var statement = name == "PowerUserAccess"
                ? "\"Effect\":\"Allow\",\"NotAction\":[\"iam:*\",\"organizations:*\",\"account:*\"],\"Resource\":\"*\""
                : $"\"Effect\":\"Allow\",\"Action\":{actions},\"Resource\":\"*\"";
            return new ManagedPolicyDocument
            {
                Arn = arn,
                Id = "ANPALOCAL" + name.ToUpperInvariant(),
                Name = name,
                Path = path,
                Document = $"{{\"Version\":\"2012-10-17\",\"Statement\":[{{{statement}}}]}}",
                Created = new DateTimeOffset(2015, 2, 6, 18, 39, 46, TimeSpan.Zero),
            };
        }

        return null;
    }
}
