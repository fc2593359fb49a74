using System.CommandLine;
using System.Globalization;
using Pellicle.Aws;
using Pellicle.Cli.Layers;
using Pellicle.Protection;
using Pellicle.Scanning.Pipeline;

namespace Pellicle.Cli.Commands;

/// <summary><c>layers remediate</c>: a repaired version in place of a vulnerable one, in every function, with a way back.</summary>
internal static class LayersRemediate
{
    public static Command Create()
    {
        var arn = new Argument<string>("ARN") { Description = "layer version to replace" };
        var content = new Option<string?>("--content") { Description = "directory or zip with the repaired content, or s3://BUCKET/KEY", HelpName = "DIR|ZIP" };
        var build = new Option<string?>("--build") { Description = "folder with package.json, requirements.txt, a .NET project or pom.xml: builds the content with npm, pip, dotnet or mvn, raised to the fixed versions", HelpName = "DIR" };
        var plan = new Option<bool>("--plan") { Description = "print every step, change nothing" };
        var revert = new Option<bool>("--revert") { Description = "take an earlier or interrupted run back" };
        var smoke = new Option<string?>("--smoke-event") { Description = "event to invoke each function with after its change; a function error puts everything back", HelpName = "FILE" };
        var db = DbCommand.PathOption();
        var command = new Command("remediate", "publishes a repaired layer version and re-points every function that uses the old one") { arn, content, build, plan, revert, smoke, db };
        var aws = new AwsOptions(command);
        command.SetAction(async (result, cancellationToken) =>
        {
            var lambda = aws.Connect(result);
            var old = Check(result.GetValue(arn)!);
            var repair = new LayerRepair(lambda, JournalPath(old), Messages.Note);
            try
            {
                if (result.GetValue(revert))
                {
                    var journal = await repair.RevertAsync(cancellationToken) ?? throw new CliException("there is no repair of this layer version to take back");
                    Messages.Note($"{journal.Targets.Count} functions are as before: {journal.OldArn}");
                    return (int)ExitCode.Done;
                }

                using var work = new WorkDirectory();
                var database = File.Exists(result.GetValue(db)) ? result.GetValue(db) : null;
                var (layer, proposals) = result.GetValue(plan) || result.GetValue(build) is not null ? await ProposeAsync(lambda, old, database, cancellationToken) : (null, []);
                var zip = await ContentAsync(lambda, old, result.GetValue(content), result.GetValue(build), layer, proposals ?? [], repair, aws.Http(result), work.Path, result.GetValue(plan), cancellationToken);
                if (result.GetValue(plan))
                {
                    await PrintPlanAsync(repair, old, zip, proposals, result.GetValue(smoke), cancellationToken);
                    return (int)ExitCode.Done;
                }

                var test = result.GetValue(smoke) is { } file ? SmokeTest(lambda, await File.ReadAllBytesAsync(file, cancellationToken)) : null;
                var done = await repair.RunAsync(old, zip!, test, cancellationToken);
                await NotePinnedAsync(repair, old, done.Targets.Select(t => t.Function), cancellationToken);
                var users = done.Targets.Count(t => t.Step == RepairStep.Verified);
                Messages.Note($"{users} {(users == 1 ? "function uses" : "functions use")} the new version; back with `pellicle layers remediate {old} --revert`");
                System.Console.Out.WriteLine(done.NewArn);
                return (int)ExitCode.Done;
            }
            catch (LayerRepairException exception)
            {
                throw new CliException(exception.Message, exception.Hint);
            }
            catch (InvalidDataException exception)
            {
                throw new CliException(exception.Message, "compare the functions with what they should be, then remove the file");
            }
            catch (OperationCanceledException)
            {
                Messages.Note($"interrupted; go on with `pellicle layers remediate {old}`, or take it back with --revert");
                throw;
            }
        });
        return command;
    }

    private static string Check(string arn) =>
        arn.Split(':') is { Length: 8 } parts && parts[5] == "layer" && long.TryParse(parts[7], NumberStyles.None, CultureInfo.InvariantCulture, out _)
            ? arn
            : throw new CliException($"`{arn}` is not the ARN of a layer version", "arn:aws:lambda:REGION:ACCOUNT:layer:NAME:VERSION; see `pellicle layers list`", ExitCode.Usage);

    /// <summary>The layer version as it is, and smallest fixed versions; null without an advisory database.</summary>
    private static async Task<(ScanTarget Layer, IReadOnlyList<FixProposal>? Proposals)> ProposeAsync(LambdaClient lambda, string arn, string? database, CancellationToken cancellationToken)
    {
        using var scan = new AccountScan(lambda, database, null);
        var request = await scan.RequestAsync($"layer:{arn}", cancellationToken);
        using var advisories = database is null ? null : DbCommand.Open(database);
        var layer = Scanner.Scan(new ScanRequest { Targets = [request], Database = advisories, MatchAdvisories = advisories is not null }, cancellationToken).Targets[0];
        return (layer, advisories is null ? null : FixProposals.Of(layer, advisories));
    }

    private static async Task<byte[]?> ContentAsync(LambdaClient lambda, string old, string? content, string? build, ScanTarget? layer, IReadOnlyList<FixProposal> proposals, LayerRepair repair, AwsHttp http, string work, bool planned, CancellationToken cancellationToken)
    {
        if (content is not null && build is not null)
        {
            throw new CliException("--content and --build exclude each other", "", ExitCode.Usage);
        }

        if (content?.StartsWith("s3://", StringComparison.Ordinal) == true)
        {
            var parts = content["s3://".Length..].Split('/', 2);
            return parts is [{ Length: > 0 } bucket, { Length: > 0 } key] ? await new S3Client(http).GetObjectAsync(bucket, key, cancellationToken) : throw new CliException($"`{content}` is not s3://BUCKET/KEY", "", ExitCode.Usage);
        }

        if (build is not null)
        {
            // What was built once is what a run that was killed goes on with: a second build may differ.
            return repair.KeptContent ?? Zips.Load(await LayerBuild.RunAsync(Path.GetFullPath(build), await lambda.GetLayerVersionAsync(old, cancellationToken), layer, proposals, work, Messages.Note, cancellationToken));
        }

        return content is not null ? Zips.Load(content)
            : repair.KeptContent ?? (planned ? null : throw new CliException("no content was given", "give the repaired layer with --content DIR|ZIP, or build it with --build DIR; --plan shows what has to change", ExitCode.Usage));
    }

    private static async Task PrintPlanAsync(LayerRepair repair, string old, byte[]? zip, IReadOnlyList<FixProposal>? proposals, string? smoke, CancellationToken cancellationToken)
    {
        Output.Heading($"Packages of {Name(old)} to raise");
        if (proposals is null)
        {
            Output.Say("unknown: there is no advisory database; make one with `pellicle db update`");
        }
        else if (proposals.Count == 0)
        {
            Output.Say("none: no advisory names a package of it");
        }
        else
        {
            Output.PrintTable(["PACKAGE", "NOW", "SMALLEST FIXED", "REPAIRS", "REMAINS"], proposals.Select(p => (IReadOnlyList<string>)[$"{p.Ecosystem}/{p.Package}", p.Version, p.Fixed ?? "none known", Some(p.Repairs), Some(p.Remain)]));
        }

        var users = await repair.FindUsersAsync(old, cancellationToken);
        Output.Heading("Steps");
        var steps = new List<string> { zip is null ? "give the repaired content (--content or --build)" : string.Create(CultureInfo.InvariantCulture, $"publish a new version of {old.Split(':')[6]} ({zip.Length:N0} bytes, {LayerPackage.CodeSha256(zip)})") };
        steps.AddRange(users.Select(u => $"re-point {u.FunctionName}, if its revision is still {u.RevisionId}; wait until the update is Successful{(smoke is null ? "" : "; invoke it")}"));
        for (var i = 0; i < steps.Count; i++)
        {
            Output.Say($"{i + 1,3}  {steps[i]}");
        }

        Output.Say(users.Count == 0 ? "     no function uses this version" : "     on any failure: every function back to the old version, the new one deleted");
        await NotePinnedAsync(repair, old, users.Select(u => u.FunctionName), cancellationToken);
    }

    /// <summary>Published versions do not change: what an alias sends to one keeps the old layer until a version is published and the alias moved. Both are the owner's to decide.</summary>
    private static async Task NotePinnedAsync(LayerRepair repair, string arn, IEnumerable<string> functions, CancellationToken cancellationToken)
    {
        foreach (var pinned in await repair.FindPinnedAsync(arn, functions, cancellationToken))
        {
            if (pinned.Aliases.Count == 0)
            {
                Messages.Note($"version {pinned.Version} of {pinned.Function} keeps {Name(arn)}: published versions do not change; no alias names it");
                continue;
            }

            Messages.Note($"alias {string.Join(", ", pinned.Aliases)} of {pinned.Function} sends calls to version {pinned.Version}, which keeps {Name(arn)}");
            Messages.Note(pinned.SameCode
                ? $"  $LATEST has the same code; to move it there: {string.Join(" && ", pinned.Aliases.Select((a, i) => i == 0 ? $"aws lambda update-alias --function-name {pinned.Function} --name {a} --function-version $(aws lambda publish-version --function-name {pinned.Function} --query Version --output text)" : $"aws lambda update-alias --function-name {pinned.Function} --name {a} --function-version $(aws lambda get-alias --function-name {pinned.Function} --name {pinned.Aliases[0]} --query FunctionVersion --output text)"))}"
                : $"  $LATEST has other code than version {pinned.Version}: publishing it would release that too. Release it as you usually do, or build version {pinned.Version} again with the new layer");
        }
    }

    private static Func<string, CancellationToken, Task> SmokeTest(LambdaClient lambda, byte[] payload) => async (function, token) =>
    {
        var answer = await lambda.InvokeAsync(function, payload, null, false, token);
        if (answer.FunctionError is not null)
        {
            throw new CliException($"`{function}` failed after the change: {System.Text.Encoding.UTF8.GetString(answer.Payload.Span)}");
        }
    };

    private static string Some(IReadOnlyList<string> ids) => ids.Count switch { 0 => "-", <= 2 => string.Join(", ", ids), _ => $"{string.Join(", ", ids.Take(2))} and {ids.Count - 2} more" };

    private static string Name(string arn) => string.Join(':', arn.Split(':').Skip(6));

    private static string JournalPath(string arn) => Path.Combine(Places.Home, "repairs", arn.Replace(':', '_') + ".json");

    private sealed class WorkDirectory : IDisposable
    {
        public string Path { get; } = Directory.CreateTempSubdirectory("pellicle-layer-").FullName;

        public void Dispose() => Directory.Delete(Path, recursive: true);
    }
}
