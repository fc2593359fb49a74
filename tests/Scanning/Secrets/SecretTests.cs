using System.IO.Hashing;
using System.Security.Cryptography;
using System.Text;
using Pellicle.Scanning.Archives;
using Pellicle.Scanning.Secrets;
using Pellicle.Scanning.Tests.Support;

namespace Pellicle.Scanning.Tests.Secrets;

/// <summary>Every value here is made at run time: none was ever issued, and none stands in the source as a whole.</summary>
public class SecretTests
{
    /// <summary>Text from an alphabet, the same in every run.</summary>
    private static string Random(string alphabet, int length, int seed = 1)
    {
        var text = new StringBuilder();
        for (var block = 0; text.Length < length; block++)
        {
            foreach (var value in SHA256.HashData(Encoding.ASCII.GetBytes($"{seed}/{block}")))
            {
                text.Append(alphabet[value % alphabet.Length]);
            }
        }

        return text.ToString(0, length);
    }

    [Fact]
    public void There_are_more_than_sixty_kinds_with_unique_ids_and_prefixes()
    {
        TokenRules.All.Count.ShouldBeGreaterThan(60);
        TokenRules.All.Select(rule => rule.Id).Distinct().Count().ShouldBe(TokenRules.All.Count);
        TokenRules.All.Select(rule => rule.Prefix).Distinct().Count().ShouldBe(TokenRules.All.Count);
    }

    public static TheoryData<string> Ids => [.. TokenRules.All.Select(rule => rule.Id)];

    /// <summary>One suite for all: a value of the form is found unless its structure check refuses random text, and is never shown.</summary>
    [Theory]
    [MemberData(nameof(Ids))]
    public void Every_rule_is_bounded_and_redacts(string id)
    {
        var rule = TokenRules.All.Single(r => r.Id == id);
        var value = rule.Prefix + Random(rule.Alphabet.Replace(".", "", StringComparison.Ordinal), rule.Max);
        var matches = SecretScanner.Scan($"key = \"{value}\"");
        foreach (var match in matches)
        {
            match.Redacted.ShouldNotContain(value[(rule.Prefix.Length + 1)..]);
        }

        if (rule.IsValid is null || rule.IsValid(value))
        {
            matches.ShouldContain(match => match.Id == id);
        }

        // Glued to other letters it is part of something else.
        SecretScanner.Scan("zz" + value).ShouldNotContain(match => match.Id == id);
        SecretScanner.Scan(rule.Prefix).ShouldBeEmpty();
        SecretScanner.Scan(rule.Prefix + new string('a', rule.Max)).ShouldNotContain(match => match.Id == id && rule.IsValid != null);
    }

    [Fact]
    public void GitHub_tokens_need_their_checksum()
    {
        var body = Random("abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ0123456789", 30);
        var good = "ghp_" + body + TokenRules.Base62(Crc32.HashToUInt32(Encoding.ASCII.GetBytes(body)));
        SecretScanner.Scan($"t = '{good}'").ShouldHaveSingleItem().Id.ShouldBe("github-token");
        SecretScanner.Scan($"t = '{good[..^1]}{(good[^1] == 'a' ? 'b' : 'a')}'").ShouldNotContain(match => match.Id == "github-token");
    }

    [Fact]
    public void AWS_keys_name_their_account() => TokenRules.AwsAccount("ASIAQNZGKIQY56JQ7WML").ShouldBe("029608264753");

    [Theory]
    [InlineData("aws_access_key_id = AKIAIOSFODNN7EXAMPLE")]
    [InlineData("aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")]
    [InlineData("\"integrity\": \"sha512-oGB+UxlgWcgQkgwo8GcEGwemoTFt3FIO9ababBmaGwXIoBKZ+GTy0pP185beGg7Llih/NSHSV2XAs1lnznocSg==\"")]
    [InlineData("password = os.environ['DB_PASSWORD']")]
    [InlineData("postgres://user:${DB_PASSWORD}@db.internal/x")]
    [InlineData("postgres://user:password@localhost/x")]
    [InlineData("token = getTokenFromSecretsManager(secretName)")]
    [InlineData("secretArn: arn:aws:secretsmanager:eu-west-1:123456789012:secret:prod/db-AbCdEf")]
    [InlineData("-----BEGIN PRIVATE KEY-----\n...\n-----END PRIVATE KEY-----")]
    [InlineData("-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----")]
    [InlineData("https://example.com/path:with@sign")]
    [InlineData("postgres://DBuser:secret@DBHost/myDB")]
    [InlineData("http://atslash%2F%40:%2F%40@foo/")]
    [InlineData("\"ClientToken\": \"0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d\"")]
    [InlineData("\"NextToken\": \"eyJNYXJrZXIiOiBudWxsLCAiYm90b190cnVuY2F0ZV9hbW91bnQiOiAyfQ\"")]
    [InlineData("PuTTY-User-Key-File-3: ssh-ed25519\nPrivate-Lines: 1\nnot base64")]
    public void Ordinary_text_is_no_secret(string text) => SecretScanner.Scan(text).ShouldBeEmpty();

    [Fact]
    public void Base64_lines_that_begin_or_end_with_plus_stay_whole()
    {
        // Random keys: about one in ten has such a line.
        for (var i = 0; i < 40; i++)
        {
            using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            var pem = key.ExportPkcs8PrivateKeyPem();
            SecretScanner.Scan(pem).Count.ShouldBe(1, pem);
            var joined = string.Join(" +\n", pem.Split('\n').Select(line => $"\"{line}\\n\""));
            SecretScanner.Scan(joined).Count.ShouldBe(1, joined);
        }
    }

    [Fact]
    public void Private_keys_that_parse_are_found_also_in_string_literals()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var pem = key.ExportPkcs8PrivateKeyPem();
        SecretScanner.Scan(pem).ShouldHaveSingleItem().Id.ShouldBe("private-key");
        SecretScanner.Scan("k = \"" + pem.Replace("\n", "\\n", StringComparison.Ordinal) + "\"").ShouldHaveSingleItem().Id.ShouldBe("private-key");
        SecretScanner.Scan(pem[..80] + "\n-----END PRIVATE KEY-----").ShouldBeEmpty();
    }

    [Fact]
    public void Connection_urls_with_passwords_are_found()
    {
        var password = Random("abcdefgh23456789", 12);
        var match = SecretScanner.Scan($"x = 'postgresql://app:{password}@db.internal:5432/x'").ShouldHaveSingleItem();
        (match.Id, match.Redacted.Contains(password)).ShouldBe(("database-url", false));
    }

    [Fact]
    public void Random_values_count_only_behind_a_telling_name()
    {
        var value = Random("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", 40);
        SecretScanner.Scan($"CLIENT_SECRET = \"{value}\"").ShouldHaveSingleItem().Id.ShouldBe("generic-secret");
        SecretScanner.Scan($"build = \"{value}\"").ShouldBeEmpty();
    }

    [Theory]
    [InlineData("none", "Private key (PuTTY)")]
    [InlineData("aes256-cbc", "Private key (PuTTY, encrypted)")]
    public void PuTTY_keys_are_found(string encryption, string title)
    {
        var text = $"PuTTY-User-Key-File-3: ssh-ed25519\r\nEncryption: {encryption}\r\nComment: k\r\nPublic-Lines: 1\r\nAAAAC3NzaC1lZDI1NTE5AAAAIA==\r\nPrivate-Lines: 1\r\n{Convert.ToBase64String(RandomNumberGenerator.GetBytes(36))}\r\nPrivate-MAC: 00\r\n";
        SecretScanner.Scan(text).ShouldHaveSingleItem().Title.ShouldBe(title);
    }

    [Theory]
    [InlineData("aws_secret_access_key = {0}")]
    [InlineData("\"SecretAccessKey\": \"{0}\"")]
    [InlineData("secretAccessKey: '{0}',")]
    [InlineData("AWS_SECRET_KEY={0}")]
    public void AWS_secret_keys_are_known_by_their_names(string form)
    {
        var value = Random("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", 40);
        SecretScanner.Scan(form.Replace("{0}", value, StringComparison.Ordinal)).ShouldHaveSingleItem().Id.ShouldBe("aws-secret-key");
    }

    [Fact]
    public void Keys_in_folders_of_tests_rank_lower()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var zip = new TestZip().Add("tests/server.pem", key.ExportPkcs8PrivateKeyPem()).Add("server.pem", key.ExportPkcs8PrivateKeyPem());
        zip.Read().Secrets.Select(f => $"{f.Severity} {f.Path}").ShouldBe(["Critical server.pem", "Medium tests/server.pem"]);
    }

    [Fact]
    public void Findings_name_check_origin_and_never_the_value()
    {
        var password = Random("abcdefgh23456789", 12);
        var zip = new TestZip().Add("app.py", $"# x\nU = 'postgresql://app:{password}@db.internal/x'\n").Add(".env", "A=1").Add("package-lock.json", "{}").Add("node_modules/a/index.js", $"'postgresql://app:{password}@db.internal/x'");
        var findings = zip.Read().Secrets;
        findings.Select(f => $"{f.RuleId} {f.Path}").ShouldBe(["D-7 .env", "D-5:database-url app.py"]);
        findings.ShouldAllBe(f => !f.ToString().Contains(password));
        findings[1].Description.ShouldStartWith("line 2");
        zip.Read("layer:x").Secrets.ShouldContain(f => f.RuleId == "D-6:database-url");
    }
}
