using System.Text.RegularExpressions;
using Pellicle.Domain;

namespace Pellicle.Posture.Checks.Data;

/// <summary>D-10: a database is reached with a password of the configuration instead of Secrets Manager, Parameter Store or IAM.</summary>
internal sealed partial class DatabasePassword : IPostureCheck
{
    public string Id => "D-10";

    public string Title => "a database's password comes from the configuration";

    public string? Lacks(FunctionSubject function) => function.Variables is null ? "kms:Decrypt (variables)" : null;

    public IEnumerable<Finding> Judge(FunctionSubject function, PostureContext context)
    {
        var target = function.Variables!.OrderBy(v => v.Key, StringComparer.Ordinal).FirstOrDefault(v => HostName().IsMatch(v.Key) || Address().IsMatch(v.Value)).Key;
        var passwords = function.Variables!.Where(v => (PasswordName().IsMatch(v.Key) && SensitiveText.IsSecretName(v.Key) && !SensitiveText.IsReference(v.Value)) || (Address().IsMatch(v.Value) && SensitiveText.Describe(v.Value) is not null)).Select(v => v.Key).Order(StringComparer.Ordinal).ToList();
        if (target is not null && passwords.Count > 0)
        {
            yield return Report.Of(
                this,
                function,
                Severity.Medium,
                "variables/database",
                $"`{target}` names a database, and {string.Join(", ", passwords)} hold{(passwords.Count == 1 ? "s" : "")} its password: nobody changes it, and everyone who may read the configuration has it.",
                $"aws secretsmanager create-secret --name {function.Name}/database --secret-string file://secret.json   # read it in the code; grant the role secretsmanager:GetSecretValue on it; remove {string.Join(", ", passwords)}",
                Report.Lambda + "with-secrets-manager.html");
        }
    }

    [GeneratedRegex(@"^(?:.*_)?(?:DB|DATABASE|RDS|PG|POSTGRES|POSTGRESQL|MYSQL|MARIADB|MONGO|MONGODB|REDIS|REDSHIFT|AURORA|ORACLE|MSSQL|SQL|DOCDB|NEPTUNE)_?(?:HOST|HOSTNAME|ENDPOINT|SERVER|URL|URI|ADDRESS|NAME|PROXY)$", RegexOptions.IgnoreCase | RegexOptions.NonBacktracking)]
    private static partial Regex HostName();

    [GeneratedRegex(@"^(?:jdbc:)?(?:postgres(?:ql)?|mysql|mariadb|mongodb(?:\+srv)?|rediss?|sqlserver|oracle|redshift)(?:\+[a-z0-9]+)?:|\.(?:rds|docdb|neptune|redshift|cache)\.(?:[a-z0-9-]+\.)?amazonaws\.com|\.[a-z0-9-]+\.(?:rds|docdb|neptune|redshift)\.amazonaws\.com", RegexOptions.IgnoreCase | RegexOptions.NonBacktracking)]
    private static partial Regex Address();

    [GeneratedRegex(@"passw(?:or)?d|pwd|passphrase|credentials?", RegexOptions.IgnoreCase | RegexOptions.NonBacktracking)]
    private static partial Regex PasswordName();
}
