using Pellicle.Aws;

namespace Pellicle.Protection;

/// <summary>What was done to one function.</summary>
/// <param name="Function">Name.</param>
/// <param name="Changed">False when it was so already.</param>
/// <param name="Refusals">Why nothing was done; empty on success.</param>
/// <param name="Notes">Things to know.</param>
/// <param name="CodeSha256Before">Digest of the code before.</param>
/// <param name="CodeSha256After">Digest after; always the same.</param>
public sealed record ProtectionChange(string Function, bool Changed, IReadOnlyList<Refusal> Refusals, IReadOnlyList<string> Notes, string CodeSha256Before, string CodeSha256After);

/// <summary>Puts the protection layer into functions and takes it out again, through the Lambda API alone.</summary>
public sealed class Protector(LambdaClient lambda, TimeProvider? time = null)
{
    // A deployment may run at the same moment; its revision wins and ours is computed again.
    private const int MaxConflicts = 5;

    /// <summary>Publishes the layer unless its newest version has the same content.</summary>
    /// <returns>ARN of the version to attach.</returns>
    public async Task<string> EnsureLayerAsync(byte[] zip, string architecture, string name = LayerPackage.DefaultName, CancellationToken cancellationToken = default)
    {
        var digest = LayerPackage.CodeSha256(zip);
        await foreach (var version in lambda.ListLayerVersionsAsync(name, cancellationToken).ConfigureAwait(false))
        {
            var detail = await lambda.GetLayerVersionAsync(version.LayerVersionArn, cancellationToken).ConfigureAwait(false);
            if (detail.Content?.CodeSha256 == digest)
            {
                return detail.LayerVersionArn;
            }

            break;
        }

        var published = await lambda.PublishLayerVersionAsync(name, zip, "Pellicle self-protection", null, [architecture], "Apache-2.0", cancellationToken).ConfigureAwait(false);
        return published.LayerVersionArn;
    }

    /// <summary>What protection of a function would change. Changes nothing.</summary>
    public async Task<(FunctionConfiguration Function, AttachPlan Plan)> PlanAsync(string function, AttachSettings settings, CancellationToken cancellationToken = default)
    {
        var before = await lambda.GetConfigurationAsync(function, null, cancellationToken).ConfigureAwait(false);
        return (before, AttachPlan.Attach(before, settings, await FactsAsync(before, cancellationToken).ConfigureAwait(false)));
    }

    /// <summary>Protects one function; changes layers and environment, never code or handler.</summary>
    /// <param name="function">Name or ARN.</param>
    /// <param name="settings">What the function is told.</param>
    /// <param name="issueToken">Asked for an ingest token when the function has none for this server; null leaves it without.</param>
    /// <param name="cancellationToken">Gives up between two calls; the function is then as it was, or protected.</param>
    public Task<ProtectionChange> ProtectAsync(string function, AttachSettings settings, Func<CancellationToken, Task<string>>? issueToken = null, CancellationToken cancellationToken = default) =>
        ChangeAsync(function, async configuration =>
        {
            var facts = await FactsAsync(configuration, cancellationToken).ConfigureAwait(false);
            var plan = AttachPlan.Attach(configuration, settings, facts);
            if (settings.Server is null || issueToken is null || plan.Refusals.Count > 0 || plan.Variables.GetValueOrDefault("PELLICLE_TOKEN") is { Length: > 0 })
            {
                return plan;
            }

            return AttachPlan.Attach(configuration, settings with { Token = await issueToken(cancellationToken).ConfigureAwait(false) }, facts);
        }, cancellationToken);

    /// <summary>Takes the protection out.</summary>
    public Task<ProtectionChange> UnprotectAsync(string function, CancellationToken cancellationToken = default) =>
        ChangeAsync(function, configuration => Task.FromResult(AttachPlan.Detach(configuration)), cancellationToken);

    /// <summary>What the configuration does not say. What the caller may not read stays unknown; Lambda itself then refuses, or the note says it.</summary>
    private async Task<FunctionFacts> FactsAsync(FunctionConfiguration function, CancellationToken cancellationToken)
    {
        var arn = function.UnqualifiedArn;
        return new FunctionFacts
        {
            Bootstrap = RuntimeSupport.IsOsOnly(function.Runtime) ? await IfAllowedAsync(() => BootstrapAsync(arn, cancellationToken)).ConfigureAwait(false) : Bootstrap.Unknown,
            SignedLayersOnly = await IfAllowedAsync(() => SigningAsync(arn, cancellationToken)).ConfigureAwait(false),
            PinnedAliases = await IfAllowedAsync(() => PinnedAsync(arn, cancellationToken)).ConfigureAwait(false) ?? [],
        };
    }

    private async Task<Bootstrap> BootstrapAsync(string function, CancellationToken cancellationToken)
    {
        var detail = await lambda.GetFunctionAsync(function, null, cancellationToken).ConfigureAwait(false);
        if (detail.Code?.Location is not { } location)
        {
            return Bootstrap.Unknown;
        }

        using var http = new HttpClient();
        try
        {
            using var package = new MemoryStream(await http.GetByteArrayAsync(new Uri(location), cancellationToken).ConfigureAwait(false));
            return Bootstraps.Of(package);
        }
        catch (Exception exception) when (exception is HttpRequestException or InvalidDataException)
        {
            return Bootstrap.Unknown; // the plan says that nobody could look
        }
    }

    private async Task<string?> SigningAsync(string function, CancellationToken cancellationToken)
    {
        if (await lambda.GetCodeSigningArnAsync(function, cancellationToken).ConfigureAwait(false) is not { } arn || await lambda.GetCodeSigningConfigAsync(arn, cancellationToken).ConfigureAwait(false) is not { } config)
        {
            return null;
        }

        var rules = config.TryGetProperty("CodeSigningConfig", out var inner) ? inner : config;
        return rules.TryGetProperty("CodeSigningPolicies", out var policies) && policies.TryGetProperty("UntrustedArtifactOnDeployment", out var effect) && effect.GetString() == "Enforce" ? arn : null;
    }

    private async Task<IReadOnlyList<string>?> PinnedAsync(string function, CancellationToken cancellationToken)
    {
        var pinned = new List<string>();
        await foreach (var alias in lambda.ListAliasesAsync(function, cancellationToken).ConfigureAwait(false))
        {
            if (alias.FunctionVersion != "$LATEST")
            {
                pinned.Add(alias.Name);
            }
        }

        return pinned;
    }

    private static async Task<T?> IfAllowedAsync<T>(Func<Task<T>> read)
    {
        try
        {
            return await read().ConfigureAwait(false);
        }
        catch (AwsException exception) when (exception.IsDenied || exception.IsNotFound)
        {
            return default;
        }
    }

    private async Task<ProtectionChange> ChangeAsync(string function, Func<FunctionConfiguration, Task<AttachPlan>> makePlan, CancellationToken cancellationToken)
    {
        try
        {
            return await TryChangeAsync(function, makePlan, cancellationToken).ConfigureAwait(false);
        }
        catch (AwsException exception)
        {
            // One function that cannot be changed does not stop the others.
            return new ProtectionChange(function, false, [Explain(exception)], [], "", "");
        }
    }

    private async Task<ProtectionChange> TryChangeAsync(string function, Func<FunctionConfiguration, Task<AttachPlan>> makePlan, CancellationToken cancellationToken)
    {
        for (var conflicts = 0; ; conflicts++)
        {
            var before = await lambda.WaitUpdatedAsync(function, null, time, cancellationToken).ConfigureAwait(false);
            var plan = await makePlan(before).ConfigureAwait(false);
            if (plan.Refusals.Count > 0 || plan.Unchanged)
            {
                return new ProtectionChange(before.FunctionName, false, plan.Refusals, plan.Unchanged ? [] : plan.Notes, before.CodeSha256, before.CodeSha256);
            }

            try
            {
                await lambda.UpdateConfigurationAsync(function, before.RevisionId, plan.Layers, plan.Variables, null, cancellationToken).ConfigureAwait(false);
            }
            catch (AwsException exception) when (exception.Code is "PreconditionFailedException" or "ResourceConflictException" && conflicts < MaxConflicts)
            {
                continue;
            }

            try
            {
                var after = await lambda.WaitUpdatedAsync(function, null, time, cancellationToken).ConfigureAwait(false);
                return new ProtectionChange(after.FunctionName, true, [], plan.Notes, before.CodeSha256, after.CodeSha256);
            }
            catch (AwsException exception) when (exception.Code == "UpdateFailed")
            {
                await lambda.UpdateConfigurationAsync(function, null, [.. before.Layers.Select(l => l.Arn)], before.Variables, null, cancellationToken).ConfigureAwait(false);
                return new ProtectionChange(before.FunctionName, false, [new($"Lambda could not apply the change: {exception.Text}", "the earlier configuration was put back")], plan.Notes, before.CodeSha256, before.CodeSha256);
            }
        }
    }

    /// <summary>Lambda's answer, with a way out where one is known.</summary>
    internal static Refusal Explain(AwsException exception) => new(
        exception.IsDenied ? $"the caller may not do this: {exception.Text}" : exception.Text,
        exception switch
        {
            { IsDenied: true } => $"allow `lambda:{exception.Operation}` (and `lambda:GetLayerVersion` on the layer) to whoever runs this command",
            { IsNotFound: true } => "list the functions with `pellicle functions list`",
            { Code: "CodeVerificationFailedException" } => "sign the layer with a profile of the function's code signing configuration and give its ARN by --layer-arn",
            _ when exception.Text.Contains("nzipped size", StringComparison.Ordinal) => "function and layers together may have 250 MB unzipped: take files out of the package or its layers, or move the function to a container image",
            _ when exception.Text.Contains("ayer version", StringComparison.Ordinal) => "a layer version that the function uses was deleted; give the function another version of it first",
            { Code: "InvalidParameterValueException" } => "change the function so that Lambda's rule holds, then try again",
            { Code: "PreconditionFailedException" or "ResourceConflictException" } => "something else keeps changing the function; try again when its deployment has ended",
            _ => "try again; nothing was changed",
        });
}
