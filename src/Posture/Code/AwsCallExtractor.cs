using System.Text.RegularExpressions;
using Pellicle.Posture.Identity;

namespace Pellicle.Posture.Code;

/// <summary>
/// Finds AWS calls in the files of a package: Python, JavaScript, and the names that compiled .NET, Java and Go code keeps. It errs towards
/// "used": a method name counts when any file of the package makes a client of its service, so that no needed grant is called unused.
/// </summary>
public static partial class AwsCallExtractor
{
    /// <summary>Files larger than this are not read, and their language is not judged.</summary>
    public const int MaxFileBytes = 8 * 1024 * 1024;

    /// <summary>Programs larger than this are not read: Go links everything into one file.</summary>
    public const int MaxProgramBytes = 64 * 1024 * 1024;

    private const string Program = "program";

    private static readonly string[] SdkFolders =
    [
        "botocore/", "boto3/", "s3transfer/", "aiobotocore/", "node_modules/aws-sdk/", "node_modules/@aws-sdk/", "node_modules/@smithy/", "software/amazon/awssdk/", "com/amazonaws/services/", "AWSSDK.",
    ];

    // High-level helpers whose name is no method of the API.
    private static readonly Dictionary<string, (string Names, string Actions)[]> Helpers = new(StringComparer.Ordinal)
    {
        ["s3"] =
        [
            ("upload_file upload_fileobj upload uploadFile UploadFile UploadDirectory TransferUtility", "s3:PutObject s3:AbortMultipartUpload s3:GetObject s3:ListBucket"),
            ("download_file download_fileobj downloadFile DownloadFile DownloadDirectory", "s3:GetObject s3:ListBucket"),
            ("copy", "s3:GetObject s3:PutObject"),
        ],
        ["dynamodb"] =
        [
            ("get GetCommand", "dynamodb:GetItem"), ("put PutCommand", "dynamodb:PutItem"), ("update UpdateCommand", "dynamodb:UpdateItem"), ("delete DeleteCommand", "dynamodb:DeleteItem"),
            ("batchGet BatchGetCommand", "dynamodb:BatchGetItem"), ("batchWrite BatchWriteCommand batch_writer", "dynamodb:BatchWriteItem"),
            ("transactGet TransactGetCommand", "dynamodb:GetItem"), ("transactWrite TransactWriteCommand", "dynamodb:ConditionCheckItem dynamodb:PutItem dynamodb:UpdateItem dynamodb:DeleteItem"),
        ],
    };

    // Objects of the S3 resource of boto3 have methods with everyday names: they count only where such a resource is made.
    private static readonly (string Names, string Actions)[] S3Resource = [("get load", "s3:GetObject"), ("put", "s3:PutObject"), ("delete delete_objects", "s3:DeleteObject"), ("all filter limit", "s3:ListBucket")];

    /// <summary>Calls in the files given. Compiled files are passed as Latin-1 text.</summary>
    public static CodeCalls Extract(IEnumerable<(string Path, string Text)> files)
    {
        ArgumentNullException.ThrowIfNull(files);
        var found = new Dictionary<string, string>(StringComparer.Ordinal);
        var services = new HashSet<string>(StringComparer.Ordinal);
        var opaque = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        var languages = new HashSet<string>(StringComparer.Ordinal);
        var s3Resource = false;
        foreach (var (path, text) in files)
        {
            if (LanguageOf(path) is not { } language || SdkFolders.Any(f => path.StartsWith(f, StringComparison.Ordinal) || path.Contains("/" + f, StringComparison.Ordinal)))
            {
                continue;
            }

            if (language == Program)
            {
                Programs(path, text, services, opaque, languages, found);
                continue;
            }

            languages.Add(language);
            foreach (var name in language is "python" or "javascript" ? Used(text) : Identifier().Matches(text).Select(m => m.Value))
            {
                found.TryAdd(name, path);
            }

            switch (language)
            {
                case "python":
                    Python(text, services, opaque);
                    s3Resource |= S3ResourceCall().IsMatch(text);
                    break;
                case "javascript":
                    JavaScript(text, services);
                    break;
                default:
                    Compiled(text, services, opaque);
                    break;
            }
        }

        var actions = new SortedDictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var (name, place) in found)
        {
            var method = Plain(name);
            foreach (var service in services)
            {
                Add(Actions.OfMethod(service, method), place);
                if (Helpers.TryGetValue(service, out var helpers))
                {
                    Add(helpers.Where(h => h.Names.Split(' ').Contains(name, StringComparer.Ordinal)).SelectMany(h => h.Actions.Split(' ')), place);
                }
            }

            if (s3Resource)
            {
                Add(S3Resource.Where(h => h.Names.Split(' ').Contains(name, StringComparer.Ordinal)).SelectMany(h => h.Actions.Split(' ')), place);
            }
        }

        ImpliedCalls.Add(actions);
        return new CodeCalls(actions, opaque, languages);

        void Add(IEnumerable<string> more, string path)
        {
            foreach (var action in more)
            {
                actions.TryAdd(action, path);
            }
        }
    }

    /// <summary>Language of a file that is worth reading, or null.</summary>
    public static string? LanguageOf(string path) => Path.GetExtension(path) switch
    {
        ".py" => "python",
        ".js" or ".mjs" or ".cjs" or ".ts" => "javascript",
        ".dll" or ".cs" => "dotnet",
        ".class" or ".java" or ".kt" => "java",
        // What a custom runtime starts, and the handler of go1.x by its usual name.
        "" when path is "bootstrap" or "main" or "bin/bootstrap" => Program,
        _ => null,
    };

    /// <summary>Most bytes of a file that are read.</summary>
    public static long MaxBytesOf(string path) => LanguageOf(path) == Program ? MaxProgramBytes : MaxFileBytes;

    /// <summary>Go programs keep the names of the functions they link, stripped or not. Of any other program, or a script, nothing is known.</summary>
    private static void Programs(string path, string text, HashSet<string> services, HashSet<string> opaque, HashSet<string> languages, Dictionary<string, string> found)
    {
        if (!text.Contains("Go buildinf:", StringComparison.Ordinal))
        {
            opaque.Add("*");
            return;
        }

        languages.Add("go");
        foreach (Match match in GoCall().Matches(text))
        {
            var service = match.Groups[1].Value;
            foreach (var known in Actions.Services.Where(s => s.Java == service || s.Boto.Contains(service, StringComparer.Ordinal) || s.Packages.Any(p => p.Replace("-", "", StringComparison.Ordinal) == service)))
            {
                services.Add(known.Prefix);
            }

            var name = match.Groups[2].Value;
            name = name.StartsWith("Presign", StringComparison.Ordinal) ? name[7..] : name;
            found.TryAdd(name.EndsWith("WithContext", StringComparison.Ordinal) ? name[..^11] : name.EndsWith("Request", StringComparison.Ordinal) ? name[..^7] : name, path);
        }

        // The transfer manager calls S3 by itself.
        if (text.Contains("feature/s3/manager.(*Uploader)", StringComparison.Ordinal) || text.Contains("s3manager.(*Uploader)", StringComparison.Ordinal) || text.Contains("feature/s3/transfermanager.(*", StringComparison.Ordinal))
        {
            services.Add("s3");
            found.TryAdd("TransferUtility", path);
        }

        if (text.Contains("feature/s3/manager.(*Downloader)", StringComparison.Ordinal) || text.Contains("s3manager.(*Downloader)", StringComparison.Ordinal))
        {
            services.Add("s3");
            found.TryAdd("DownloadFile", path);
        }
    }

    /// <summary>Names that are called, constructed or passed as the name of an operation.</summary>
    private static IEnumerable<string> Used(string text) => Call().Matches(text).Select(m => m.Groups[1].Value).Concat(Quoted().Matches(text).Select(m => m.Groups[1].Value));

    private static string Plain(string name) =>
        name.EndsWith("Command", StringComparison.Ordinal) ? name[..^7] : name.EndsWith("Async", StringComparison.Ordinal) ? name[..^5] : name.EndsWith("Request", StringComparison.Ordinal) ? name[..^7] : name;

    private static void Python(string text, HashSet<string> services, HashSet<string> opaque)
    {
        foreach (Match match in BotoClient().Matches(text))
        {
            foreach (var service in Actions.Services.Where(s => s.Boto.Contains(match.Groups[2].Value, StringComparer.Ordinal)))
            {
                services.Add(service.Prefix);
                if (match.Groups[1].Value == "resource" && service.Prefix is not ("s3" or "dynamodb" or "sqs" or "sns"))
                {
                    opaque.Add(service.Prefix);
                }
            }
        }

        if (BotoUnknownClient().IsMatch(text) || (services.Count > 0 && text.Contains("getattr(", StringComparison.Ordinal) && text.Contains("boto3", StringComparison.Ordinal)))
        {
            opaque.Add("*");
        }
    }

    private static void JavaScript(string text, HashSet<string> services)
    {
        foreach (Match match in SdkPackage().Matches(text))
        {
            services.UnionWith(Actions.Services.Where(s => s.Packages.Contains(match.Groups[1].Value, StringComparer.Ordinal)).Select(s => s.Prefix));
        }

        foreach (Match match in SdkClass().Matches(text))
        {
            var name = match.Groups.Values.Skip(1).First(g => g.Success).Value;
            services.UnionWith(Actions.Services.Where(s => s.Classes.Contains(name, StringComparer.OrdinalIgnoreCase) || s.Boto.Contains(name, StringComparer.OrdinalIgnoreCase) || s.Packages.Contains(name, StringComparer.OrdinalIgnoreCase)).Select(s => s.Prefix));
        }
    }

    private static void Compiled(string text, HashSet<string> services, HashSet<string> opaque)
    {
        foreach (var service in Actions.Services)
        {
            if (text.Contains($"{service.DotNet}Client", StringComparison.Ordinal) || text.Contains($"I{service.DotNet}", StringComparison.Ordinal)
                || text.Contains($"awssdk/services/{service.Java}/", StringComparison.Ordinal) || text.Contains($"awssdk.services.{service.Java}.", StringComparison.Ordinal)
                || text.Contains($"com/amazonaws/services/{service.Java}/", StringComparison.Ordinal) || text.Contains($"com.amazonaws.services.{service.Java}.", StringComparison.Ordinal))
            {
                services.Add(service.Prefix);
            }
        }

        // Object mappers call what they need by themselves.
        if (text.Contains("DynamoDBContext", StringComparison.Ordinal) || text.Contains("dynamodb/enhanced", StringComparison.Ordinal) || text.Contains("dynamodbv2/datamodeling", StringComparison.Ordinal))
        {
            opaque.Add("dynamodb");
        }
    }

    [GeneratedRegex(@"\.(client|resource)\(\s*(?:service_name\s*=\s*)?['""]([a-z0-9-]+)['""]", RegexOptions.NonBacktracking)]
    private static partial Regex BotoClient();

    [GeneratedRegex(@"(?:boto3|[sS]ession(?:\(\))?)\.(?:client|resource)\(\s*(?:service_name\s*=\s*)?[A-Za-z_f*]", RegexOptions.NonBacktracking)]
    private static partial Regex BotoUnknownClient();

    [GeneratedRegex(@"\.resource\(\s*['""]s3['""]", RegexOptions.NonBacktracking)]
    private static partial Regex S3ResourceCall();

    [GeneratedRegex(@"@aws-sdk/(?:client-)?([a-z0-9-]+)", RegexOptions.NonBacktracking)]
    private static partial Regex SdkPackage();

    // `new AWS.S3(`, `aws-sdk/clients/s3`, and `new S3Client(`, which bundles keep.
    [GeneratedRegex(@"(?:AWS|aws)\.([A-Z][A-Za-z0-9]+)|aws-sdk/clients/([a-z0-9]+)|new ([A-Z][A-Za-z0-9]+)Client\b", RegexOptions.NonBacktracking)]
    private static partial Regex SdkClass();

    [GeneratedRegex(@"github\.com/aws/aws-sdk-go(?:-v2)?/service/([a-z0-9]+)\.\(\*[A-Za-z0-9]+\)\.([A-Z][A-Za-z0-9]{2,60})", RegexOptions.NonBacktracking)]
    private static partial Regex GoCall();

    [GeneratedRegex(@"\b([A-Za-z][A-Za-z0-9_]{2,60})\s*\(", RegexOptions.NonBacktracking)]
    private static partial Regex Call();

    [GeneratedRegex(@"\(\s*['""]([A-Za-z][A-Za-z0-9_]{2,60})['""]", RegexOptions.NonBacktracking)]
    private static partial Regex Quoted();

    [GeneratedRegex("[A-Za-z][A-Za-z0-9_]{2,60}", RegexOptions.NonBacktracking)]
    private static partial Regex Identifier();
}
