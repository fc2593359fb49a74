using System.CommandLine;
using Pellicle.Aws;
using Pellicle.Protection;
using Pellicle.Scanning.Pipeline;

namespace Pellicle.Cli.Commands;

internal static class LayersCommand
{
    public static Command Create() => new("layers", "layer versions as assets") { List(), Show(), Usage(), LayersDiff.Create(), Remediate() };

    private static Command List()
    {
        var command = new Command("list", "lists layer versions, who published them, and how many functions use them");
        var aws = new AwsOptions(command);
        var format = new FormatOption(command);
        command.SetAction(async (result, cancellationToken) =>
        {
            var lambda = aws.Connect(result);
            var users = await UsersAsync(lambda, cancellationToken);
            var rows = new List<(string Arn, string Name, long Version, string Created, int Functions, string State)>();
            var readable = new HashSet<string>();
            await foreach (var layer in lambda.ListLayersAsync(cancellationToken))
            {
                await foreach (var version in lambda.ListLayerVersionsAsync(layer.LayerName, cancellationToken))
                {
                    readable.Add(version.LayerVersionArn);
                    var count = users.GetValueOrDefault(version.LayerVersionArn)?.Count ?? 0;
                    rows.Add((version.LayerVersionArn, layer.LayerName, version.Version, version.CreatedDate ?? "", count, count > 0 ? "in use" : "unused"));
                }
            }

            foreach (var (arn, functions) in users.Where(u => !readable.Contains(u.Key)))
            {
                var parts = arn.Split(':');
                rows.Add((arn, parts[6], long.Parse(parts[7], System.Globalization.CultureInfo.InvariantCulture), "", functions.Count, "in use, not in this account or deleted"));
            }

            rows.Sort((a, b) => string.CompareOrdinal(a.Name, b.Name) is var byName && byName != 0 ? byName : b.Version.CompareTo(a.Version));
            if (format.IsJson(result))
            {
                Output.PrintJson(rows.Select(r => new { arn = r.Arn, name = r.Name, version = r.Version, created = r.Created, functions = users.GetValueOrDefault(r.Arn) ?? [], state = r.State }).ToList());
            }
            else
            {
                Output.PrintTable(["LAYER", "VERSION", "CREATED", "FUNCTIONS", "STATE"], rows.Select(r => (IReadOnlyList<string>)[r.Name, r.Version.ToString(System.Globalization.CultureInfo.InvariantCulture), r.Created, r.Functions.ToString(System.Globalization.CultureInfo.InvariantCulture), r.State]));
            }

            return (int)ExitCode.Done;
        });
        return command;
    }

    private static Command Show()
    {
        var arn = new Argument<string>("ARN") { Description = "layer version" };
        var command = new Command("show", "prints one layer version") { arn };
        var aws = new AwsOptions(command);
        command.SetAction(async (result, cancellationToken) =>
        {
            var lambda = aws.Connect(result);
            var detail = await lambda.GetLayerVersionAsync(result.GetValue(arn)!, cancellationToken);
            var users = await new LayerRepair(lambda, JournalPath(detail.LayerVersionArn)).FindUsersAsync(detail.LayerVersionArn, cancellationToken);
            Output.PrintJson(new
            {
                arn = detail.LayerVersionArn,
                version = detail.Version,
                description = detail.Description,
                created = detail.CreatedDate,
                compatibleRuntimes = detail.CompatibleRuntimes ?? [],
                compatibleArchitectures = detail.CompatibleArchitectures ?? [],
                licence = detail.LicenseInfo,
                codeSha256 = detail.Content?.CodeSha256,
                codeSize = detail.Content?.CodeSize,
                functions = users.Select(u => u.FunctionName).ToList(),
            });
            return (int)ExitCode.Done;
        });
        return command;
    }

    private static Command Usage()
    {
        var what = new Argument<string?>("LAYER") { Description = "layer version ARN, layer ARN, or layer name", Arity = ArgumentArity.ZeroOrOne };
        var package = new Option<string?>("--package") { Description = "only layers that hold this package, for example npm/lodash or npm/lodash@4.17.20", HelpName = "ECOSYSTEM/NAME" };
        var advisory = new Option<string?>("--advisory") { Description = "only layers with a package that this advisory names (CVE, GHSA, ...)", HelpName = "ID" };
        var db = DbCommand.PathOption();
        var command = new Command("usage", "lists the functions that use a layer, or a package through a layer") { what, package, advisory, db };
        var aws = new AwsOptions(command);
        var format = new FormatOption(command);
        command.SetAction(async (result, cancellationToken) =>
        {
            var wanted = result.GetValue(what);
            var (inside, id) = (result.GetValue(package), result.GetValue(advisory));
            if (wanted is null && inside is null && id is null)
            {
                throw new CliException("nothing was named to look for", "give a layer, --package ECOSYSTEM/NAME, or --advisory ID", ExitCode.Usage);
            }

            var lambda = aws.Connect(result);
            var users = (await UsersAsync(lambda, cancellationToken)).Where(u => wanted is null || u.Key == wanted || u.Key.StartsWith(wanted + ":", StringComparison.Ordinal) || u.Key.Split(':')[6] == wanted).ToList();
            var rows = new List<(string Function, string Arn, string Found, bool? Effective)>();
            var incomplete = false;
            if (inside is null && id is null)
            {
                rows.AddRange(users.SelectMany(u => u.Value.Select(f => (f, u.Key, "", (bool?)null))));
            }
            else
            {
                // Scanned as functions, because only there can be told whether the layer's copy loads.
                using var scan = new AccountScan(lambda, id is null ? null : result.GetValue(db)!, null);
                var report = await scan.RunAsync(users.SelectMany(u => u.Value).Distinct(StringComparer.Ordinal).ToList(), cancellationToken);
                foreach (var target in report.Targets)
                {
                    if (target.Errors.FirstOrDefault(e => e.Path != "configuration") is { } error)
                    {
                        incomplete = true;
                        Output.Note($"{target.Name}: {error.Message}");
                    }

                    foreach (var layer in target.Layers.Where(l => users.Any(u => u.Key == l.Arn)))
                    {
                        rows.AddRange(LayerContentsOf(target, layer, inside, id).Select(f => (target.Name, layer.Arn!, f.Purl, (bool?)f.Effective)));
                    }
                }
            }

            rows = [.. rows.Distinct().Order()];
            var detailed = inside is not null || id is not null;
            if (format.IsJson(result))
            {
                Output.PrintJson(rows.Select(r => detailed ? (object)new { function = r.Function, layer = r.Arn, package = r.Found, effective = r.Effective } : new { function = r.Function, layer = r.Arn }).ToList());
            }
            else
            {
                Output.PrintTable(detailed ? ["FUNCTION", "LAYER VERSION", "PACKAGE", "LOADS"] : ["FUNCTION", "LAYER VERSION"], rows.Select(r => (IReadOnlyList<string>)(detailed ? [r.Function, r.Arn, r.Found, r.Effective == true ? "yes" : "no, shadowed"] : [r.Function, r.Arn])));
            }

            return (int)(incomplete ? ExitCode.Incomplete : ExitCode.Done);
        });
        return command;
    }

    /// <summary>Package copies of one layer that match a name (with or without version) and an advisory.</summary>
    private static IEnumerable<(string Purl, bool Effective)> LayerContentsOf(ScanTarget target, ScannedLayer layer, string? package, string? advisory)
    {
        var origin = $"layer:{layer.Name}";
        var vulnerable = advisory is null ? null : target.Findings.Where(f => f.Origin == origin && (Same(f.RuleId, advisory) || f.Aliases.Any(a => Same(a, advisory)))).Select(f => (f.Purl, f.Path)).ToHashSet();
        return target.Packages
            .Where(p => p.Origin == origin && (package is null || Same($"{p.Ecosystem}/{p.Name}", package) || Same($"{p.Ecosystem}/{p.Name}@{p.Version}", package) || Same(p.Purl, package)) && vulnerable?.Contains((p.Purl, p.Path)) != false)
            .Select(p => (p.Purl, p.Effective));

        static bool Same(string a, string b) => a.Equals(b, StringComparison.OrdinalIgnoreCase);
    }

    private static Command Remediate()
    {
        var arn = new Argument<string>("ARN") { Description = "layer version to replace" };
        var content = new Option<string?>("--content") { Description = "directory or zip with the repaired content", HelpName = "DIR|ZIP" };
        var plan = new Option<bool>("--plan") { Description = "print every step, change nothing" };
        var revert = new Option<bool>("--revert") { Description = "take an earlier or interrupted run back" };
        var smoke = new Option<string?>("--smoke-event") { Description = "event to invoke each function with after its change; a function error puts everything back", HelpName = "FILE" };
        var command = new Command("remediate", "publishes a repaired layer version and re-points every function that uses the old one") { arn, content, plan, revert, smoke };
        var aws = new AwsOptions(command);
        command.SetAction(async (result, cancellationToken) =>
        {
            var lambda = aws.Connect(result);
            var old = result.GetValue(arn)!;
            var repair = new LayerRepair(lambda, JournalPath(old), Output.Note);
            if (result.GetValue(revert))
            {
                var journal = await repair.RevertAsync(cancellationToken) ?? throw new CliException("there is no repair of this layer version to take back");
                Output.Note($"{journal.Targets.Count} functions use {journal.OldArn} as before");
                return (int)ExitCode.Done;
            }

            var zip = Zips.Load(result.GetValue(content) ?? throw new CliException("no content was given", "give the repaired layer with --content DIR or --content FILE.zip", ExitCode.Usage));
            if (result.GetValue(plan))
            {
                System.Console.Out.WriteLine($"publish a new version of {old.Split(':')[6]} ({zip.Length} bytes, {LayerPackage.CodeSha256(zip)})");
                foreach (var user in await repair.FindUsersAsync(old, cancellationToken))
                {
                    System.Console.Out.WriteLine($"re-point {user.FunctionName} (revision {user.RevisionId}), wait until the update is Successful{(result.GetValue(smoke) is null ? "" : ", invoke it")}");
                }

                return (int)ExitCode.Done;
            }

            var done = await repair.RunAsync(old, zip, result.GetValue(smoke) is { } file ? SmokeTest(lambda, await File.ReadAllBytesAsync(file, cancellationToken)) : null, cancellationToken);
            System.Console.Out.WriteLine(done.NewArn);
            return (int)ExitCode.Done;
        });
        return command;
    }

    private static Func<string, CancellationToken, Task> SmokeTest(LambdaClient lambda, byte[] payload) => async (function, token) =>
    {
        var answer = await lambda.InvokeAsync(function, payload, null, false, token);
        if (answer.FunctionError is not null)
        {
            throw new CliException($"`{function}` failed after the change: {System.Text.Encoding.UTF8.GetString(answer.Payload.Span)}");
        }
    };

    private static async Task<SortedDictionary<string, List<string>>> UsersAsync(LambdaClient lambda, CancellationToken cancellationToken)
    {
        var users = new SortedDictionary<string, List<string>>(StringComparer.Ordinal);
        await foreach (var function in lambda.ListFunctionsAsync(false, cancellationToken))
        {
            foreach (var layer in function.Layers)
            {
                if (!users.TryGetValue(layer.Arn, out var list))
                {
                    users[layer.Arn] = list = [];
                }

                list.Add(function.FunctionName);
            }
        }

        return users;
    }

    private static string JournalPath(string arn) => Path.Combine(Places.Home, "repairs", arn.Replace(':', '_') + ".json");
}
