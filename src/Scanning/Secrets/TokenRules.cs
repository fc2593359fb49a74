using System.Globalization;
using System.IO.Hashing;
using System.Text;

namespace Pellicle.Scanning.Secrets;

/// <summary>A token that its own prefix announces.</summary>
/// <param name="Id">Stable id, for example <c>github-token</c>.</param>
/// <param name="Title">For people.</param>
/// <param name="Prefix">Text every such token starts with; public, so it may be shown.</param>
/// <param name="Alphabet">Characters of the rest.</param>
/// <param name="Min">Fewest characters after the prefix.</param>
/// <param name="Max">Most.</param>
/// <param name="IsValid">Structure check on the whole token; null where the form says all.</param>
internal sealed record TokenRule(string Id, string Title, string Prefix, string Alphabet, int Min, int Max, Func<string, bool>? IsValid = null);

/// <summary>The table of announced tokens. Forms as the issuers publish them for secret scanning.</summary>
internal static class TokenRules
{
    private const string Digits = "0123456789", Lower = "abcdefghijklmnopqrstuvwxyz", Upper = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    private const string Hex = Digits + "abcdef", Word = Digits + Lower + Upper, Url = Word + "_-", Base64 = Word + "+/=", Base32 = Upper + "234567", Dotted = Url + ".";

    public static IReadOnlyList<TokenRule> All { get; } =
    [
        new("aws-access-key", "AWS access key id", "AKIA", Base32, 16, 16, IsAwsKey),
        new("aws-temporary-key", "AWS temporary access key id", "ASIA", Base32, 16, 16, IsAwsKey),
        new("aws-bedrock-key", "Amazon Bedrock API key", "ABSKQmVkcm9ja0FQSUtleS", Base64, 80, 240),
        new("github-token", "GitHub personal access token", "ghp_", Word, 36, 36, HasGitHubChecksum),
        new("github-oauth", "GitHub OAuth token", "gho_", Word, 36, 36, HasGitHubChecksum),
        new("github-user-token", "GitHub app user token", "ghu_", Word, 36, 36, HasGitHubChecksum),
        new("github-server-token", "GitHub app server token", "ghs_", Word, 36, 36, HasGitHubChecksum),
        new("github-refresh-token", "GitHub refresh token", "ghr_", Word, 36, 76, HasGitHubChecksum),
        new("github-fine-grained", "GitHub fine-grained token", "github_pat_", Word + "_", 82, 82, token => token[33] == '_'),
        new("gitlab-token", "GitLab personal access token", "glpat-", Dotted, 20, 60, IsMixed),
        new("gitlab-trigger", "GitLab trigger token", "glptt-", Hex, 40, 40, IsMixed),
        new("gitlab-deploy", "GitLab deploy token", "gldt-", Url, 20, 40, IsMixed),
        new("gitlab-runner", "GitLab runner token", "glrt-", Dotted, 20, 60, IsMixed),
        new("slack-bot", "Slack bot token", "xoxb-", Url, 30, 120, HasSlackNumbers),
        new("slack-user", "Slack user token", "xoxp-", Url, 30, 120, HasSlackNumbers),
        new("slack-workspace", "Slack workspace token", "xoxa-", Url, 30, 120, HasSlackNumbers),
        new("slack-refresh", "Slack refresh token", "xoxe-", Url, 30, 180, IsMixed),
        new("slack-app", "Slack app token", "xapp-", Url, 40, 160, IsMixed),
        new("slack-webhook", "Slack incoming webhook", "https://hooks.slack.com/services/T", Word + "/", 30, 80, url => url.Count(c => c == '/') == 6),
        new("discord-webhook", "Discord webhook", "https://discord.com/api/webhooks/", Url + "/", 70, 120),
        new("stripe-live", "Stripe live secret key", "sk_live_", Word, 24, 110, IsMixed),
        new("stripe-restricted", "Stripe live restricted key", "rk_live_", Word, 24, 110, IsMixed),
        new("stripe-webhook", "Stripe webhook secret", "whsec_", Word, 32, 64, IsMixed),
        new("google-api-key", "Google API key", "AIza", Url, 35, 35, IsMixed),
        new("google-client-secret", "Google OAuth client secret", "GOCSPX-", Url, 28, 28, IsMixed),
        new("google-oauth", "Google OAuth access token", "ya29.", Url, 60, 400, IsMixed),
        new("sendgrid-key", "SendGrid API key", "SG.", Dotted, 66, 66, key => key.Split('.') is [_, { Length: 22 }, { Length: 43 }]),
        new("npm-token", "npm access token", "npm_", Word, 36, 36, IsMixed),
        new("pypi-token", "PyPI API token", "pypi-AgEIcHlwaS5vcmc", Url, 50, 300),
        new("rubygems-key", "RubyGems API key", "rubygems_", Hex, 48, 48, IsMixed),
        new("cargo-token", "crates.io token", "cio", Word, 32, 32, IsMixed),
        new("nuget-key", "NuGet API key", "oy2", Lower + Digits, 43, 43, IsMixed),
        new("docker-token", "Docker Hub token", "dckr_pat_", Url, 27, 27, IsMixed),
        new("shopify-token", "Shopify access token", "shpat_", Hex, 32, 32, IsMixed),
        new("shopify-custom", "Shopify custom app token", "shpca_", Hex, 32, 32, IsMixed),
        new("shopify-private", "Shopify private app token", "shppa_", Hex, 32, 32, IsMixed),
        new("shopify-secret", "Shopify shared secret", "shpss_", Hex, 32, 32, IsMixed),
        new("square-token", "Square access token", "sq0atp-", Url, 22, 22, IsMixed),
        new("square-secret", "Square OAuth secret", "sq0csp-", Url, 43, 43, IsMixed),
        new("digitalocean-token", "DigitalOcean token", "dop_v1_", Hex, 64, 64, IsMixed),
        new("digitalocean-oauth", "DigitalOcean OAuth token", "doo_v1_", Hex, 64, 64, IsMixed),
        new("databricks-token", "Databricks token", "dapi", Hex, 32, 32, IsMixed),
        new("vault-token", "HashiCorp Vault service token", "hvs.", Url, 90, 160, IsMixed),
        new("vault-batch", "HashiCorp Vault batch token", "hvb.", Url, 130, 300, IsMixed),
        new("newrelic-key", "New Relic user key", "NRAK-", Upper + Digits, 27, 27, IsMixed),
        new("newrelic-insights", "New Relic insights key", "NRII-", Url, 32, 32, IsMixed),
        new("openai-project", "OpenAI project key", "sk-proj-", Url, 60, 220, key => key.Contains("T3BlbkFJ", StringComparison.Ordinal)),
        new("openai-service", "OpenAI service key", "sk-svcacct-", Url, 60, 220, key => key.Contains("T3BlbkFJ", StringComparison.Ordinal)),
        new("anthropic-key", "Anthropic API key", "sk-ant-", Url, 80, 140, IsMixed),
        new("huggingface-token", "Hugging Face token", "hf_", Word, 34, 34, IsMixed),
        new("replicate-token", "Replicate token", "r8_", Word, 37, 37, IsMixed),
        new("linear-key", "Linear API key", "lin_api_", Word, 40, 40, IsMixed),
        new("notion-token", "Notion token", "ntn_", Word, 43, 50, IsMixed),
        new("postman-key", "Postman API key", "PMAK-", Hex + "-", 59, 59, IsMixed),
        new("pulumi-token", "Pulumi token", "pul-", Hex, 40, 40, IsMixed),
        new("doppler-token", "Doppler token", "dp.pt.", Word, 43, 43, IsMixed),
        new("grafana-token", "Grafana service account token", "glsa_", Word + "_", 41, 41, HasGrafanaChecksum),
        new("planetscale-password", "PlanetScale password", "pscale_pw_", Dotted, 32, 64, IsMixed),
        new("planetscale-token", "PlanetScale token", "pscale_tkn_", Dotted, 32, 64, IsMixed),
        new("atlassian-token", "Atlassian API token", "ATATT3", Url + "=", 180, 200, IsMixed),
        new("dynatrace-token", "Dynatrace token", "dt0c01.", Dotted, 89, 89, IsMixed),
        new("sentry-org-token", "Sentry organisation token", "sntrys_", Base64 + "_-", 80, 400, IsMixed),
        new("sentry-user-token", "Sentry user token", "sntryu_", Hex, 64, 64, IsMixed),
        new("artifactory-key", "Artifactory API key", "AKCp", Word, 69, 69, IsMixed),
        new("airtable-token", "Airtable token", "pat", Dotted, 79, 79, key => key.Split('.') is [{ Length: 17 }, { Length: 64 } secret] && secret.All(Uri.IsHexDigit)),
        new("figma-token", "Figma token", "figd_", Url, 40, 60, IsMixed),
        new("supabase-token", "Supabase token", "sbp_", Hex, 40, 40, IsMixed),
        new("prefect-key", "Prefect key", "pnu_", Word, 36, 36, IsMixed),
        new("typeform-token", "Typeform token", "tfp_", Dotted, 59, 70, IsMixed),
        new("age-key", "age identity", "AGE-SECRET-KEY-1", Upper + Digits, 58, 58),
        new("circleci-token", "CircleCI token", "CCIPAT_", Word + "_", 40, 80, IsMixed),
        new("buildkite-token", "Buildkite token", "bkua_", Hex, 40, 40, IsMixed),
        new("mailgun-key", "Mailgun key", "key-", Hex, 32, 32, IsMixed),
        new("brevo-key", "Brevo API key", "xkeysib-", Hex + Word + "-", 81, 81, IsMixed),
        new("jwt", "JSON Web Token", "eyJ", Dotted, 40, 4000, IsJwt),
    ];

    /// <summary>Account number in an access key id (base32 of the first bytes after the prefix; holds for keys issued since 2019).</summary>
    public static string? AwsAccount(string key)
    {
        ulong value = 0;
        foreach (var c in key.AsSpan(4, 10))
        {
            var digit = Base32.IndexOf(c, StringComparison.Ordinal);
            if (digit < 0)
            {
                return null;
            }

            value = (value << 5) | (uint)digit;
        }

        // 50 bits read; the number is bits 1 to 40 of the first 48.
        var account = ((value >> 2) & 0x7FFFFFFFFF80) >> 7;
        return account < 1_000_000_000_000 ? account.ToString("D12", CultureInfo.InvariantCulture) : null;
    }

    /// <summary>Last six characters: CRC-32 of the others in base 62 (GitHub's published token format).</summary>
    internal static bool HasGitHubChecksum(string token)
    {
        var body = token[(token.IndexOf('_', StringComparison.Ordinal) + 1)..];
        return body.Length >= 12 && Base62(Crc32.HashToUInt32(Encoding.ASCII.GetBytes(body[..^6]))) == body[^6..];
    }

    internal static string Base62(uint value)
    {
        const string alphabet = Digits + Upper + Lower;
        Span<char> text = ['0', '0', '0', '0', '0', '0'];
        for (var i = 5; i >= 0; i--, value /= 62)
        {
            text[i] = alphabet[(int)(value % 62)];
        }

        return text.ToString();
    }

    private static bool HasGrafanaChecksum(string token) =>
        token.Split('_') is [var kind, { Length: 32 } body, { Length: 8 } sum] && uint.TryParse(sum, NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var stated) && Crc32.HashToUInt32(Encoding.ASCII.GetBytes($"{kind}_{body}")) == stated;

    private static bool IsAwsKey(string key) => !key.EndsWith("EXAMPLE", StringComparison.Ordinal) && AwsAccount(key) is not null && IsMixed(key);

    private static bool HasSlackNumbers(string token) => token.Split('-') is [_, { Length: >= 9 } team, ..] && team.All(char.IsAsciiDigit) && IsMixed(token);

    /// <summary>Random text has digits and letters and many different ones; placeholders do not.</summary>
    internal static bool IsMixed(string token) => token.Any(char.IsAsciiDigit) && token.Any(char.IsAsciiLetter) && Entropy(token) >= 3.0;

    /// <summary>Shannon entropy, bits a character.</summary>
    internal static double Entropy(ReadOnlySpan<char> text)
    {
        Span<int> counts = stackalloc int[128];
        foreach (var c in text)
        {
            counts[c & 0x7F]++;
        }

        var entropy = 0.0;
        foreach (var count in counts)
        {
            if (count > 0)
            {
                var share = (double)count / text.Length;
                entropy -= share * Math.Log2(share);
            }
        }

        return entropy;
    }

    private static bool IsJwt(string token)
    {
        if (token.Split('.') is not [var header, var payload, { Length: >= 20 }])
        {
            return false;
        }

        using var first = Part(header);
        using var second = Part(payload);
        return first is not null && second is not null && first.RootElement.TryGetProperty("alg", out var algorithm) && algorithm.ToString() is not ("none" or "")
            // The token of jwt.io's front page stands in countless documents.
            && !second.RootElement.ToString().Contains("John Doe", StringComparison.Ordinal);

        static System.Text.Json.JsonDocument? Part(string text)
        {
            try
            {
                return Extractors.Json.ParseObject(System.Buffers.Text.Base64Url.DecodeFromChars(text));
            }
            catch (FormatException)
            {
                return null;
            }
        }
    }
}
