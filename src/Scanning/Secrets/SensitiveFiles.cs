namespace Pellicle.Scanning.Secrets;

/// <summary>Files that a deployment should not hold (check D-7), by name; and the credentials that the well-known ones among them carry.</summary>
internal static class SensitiveFiles
{
    /// <summary>What the file is, or null for an ordinary one.</summary>
    public static string? Describe(ScanPath path) => path.FileName switch
    {
        ".env" or ".envrc" => "environment file",
        ".npmrc" or ".yarnrc.yml" => "npm configuration",
        ".pypirc" => "PyPI credentials file",
        ".netrc" or "_netrc" => "netrc credentials file",
        ".git-credentials" => "git credentials",
        ".dockercfg" => "Docker credentials",
        "config.json" when path.EndsWith(".docker/config.json") => "Docker credentials",
        "credentials" when path.EndsWith(".aws/credentials") => "AWS credentials file",
        "id_rsa" or "id_dsa" or "id_ecdsa" or "id_ed25519" => "SSH private key",
        ".pgpass" or ".my.cnf" => "database credentials file",
        ".htpasswd" => "password file",
        "kubeconfig" => "Kubernetes credentials",
        "config" when path.EndsWith(".kube/config") => "Kubernetes credentials",
        "config" when path.EndsWith(".git/config") => "git repository",
        ".bash_history" or ".zsh_history" or ".python_history" or ".node_repl_history" => "shell history",
        "terraform.tfstate" or "terraform.tfstate.backup" => "Terraform state",
        _ => path.Extension switch
        {
            ".tfstate" or ".tfvars" => "Terraform state or variables",
            ".pfx" or ".p12" or ".jks" or ".keystore" => "key store",
            ".kdbx" => "password database",
            ".ppk" => "PuTTY private key",
            _ => path.FileName.StartsWith(".env.") && !path.FileName.EndsWith(".example") && !path.FileName.EndsWith(".sample") && !path.FileName.EndsWith(".template") ? "environment file" : null,
        },
    };

    /// <summary>Credentials in the fixed forms of these files: <c>_authToken=</c>, <c>password X</c>, <c>password = X</c>, <c>"auth": "X"</c>.</summary>
    public static IReadOnlyList<SecretMatch> Scan(ScanPath path, string text)
    {
        var found = new List<SecretMatch>();
        var line = 0;
        foreach (var raw in text.AsSpan().EnumerateLines())
        {
            line++;
            var match = path.FileName switch
            {
                ".npmrc" => Value(raw, "_authToken=") ?? Value(raw, "_password=") ?? Value(raw, "_auth="),
                ".netrc" or "_netrc" => Value(raw, "password "),
                ".pypirc" => Value(raw, "password:") ?? Value(raw, "password =") ?? Value(raw, "password="),
                "config.json" or ".dockercfg" => Value(raw, "\"auth\":"),
                ".git-credentials" => Value(raw, "://"),
                _ => null,
            };
            if (match is { Length: >= 6 } value && !SecretScanner.IsPlaceholder(value) && !value.StartsWith('$'))
            {
                found.Add(new SecretMatch("credentials-file", $"Credential in {path.FileName}", line, $"{value.Length} characters"));
            }
        }

        return found;
    }

    private static string? Value(ReadOnlySpan<char> line, string key)
    {
        var at = line.IndexOf(key, StringComparison.Ordinal);
        return at < 0 || line.TrimStart().StartsWith("#") ? null : line[(at + key.Length)..].Trim(" \t\"',").ToString();
    }
}
