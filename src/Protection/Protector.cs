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

    /// <summary>Protects one function; changes layers and environment, never code or handler.</summary>
    public Task<ProtectionChange> ProtectAsync(string function, AttachSettings settings, CancellationToken cancellationToken = default) =>
        ChangeAsync(function, configuration => AttachPlan.Attach(configuration, settings), cancellationToken);

    /// <summary>Takes the protection out.</summary>
    public Task<ProtectionChange> UnprotectAsync(string function, string layerName = LayerPackage.DefaultName, CancellationToken cancellationToken = default) =>
        ChangeAsync(function, configuration => AttachPlan.Detach(configuration, layerName), cancellationToken);

    private async Task<ProtectionChange> ChangeAsync(string function, Func<FunctionConfiguration, AttachPlan> makePlan, CancellationToken cancellationToken)
    {
        for (var conflicts = 0; ; conflicts++)
        {
            var before = await lambda.WaitUpdatedAsync(function, null, time, cancellationToken).ConfigureAwait(false);
            var plan = makePlan(before);
            if (plan.Refusals.Count > 0 || plan.Unchanged)
            {
                return new ProtectionChange(before.FunctionName, false, plan.Refusals, plan.Notes, before.CodeSha256, before.CodeSha256);
            }

            try
            {
                await lambda.UpdateConfigurationAsync(function, before.RevisionId, plan.Layers, plan.Variables, null, cancellationToken).ConfigureAwait(false);
            }
            catch (AwsException exception) when (exception.Code is "PreconditionFailedException" or "ResourceConflictException" && conflicts < MaxConflicts)
            {
                continue;
            }
            catch (AwsException exception) when (exception.Code == "InvalidParameterValueException")
            {
                return new ProtectionChange(before.FunctionName, false, [new(exception.Text, "change the function so that Lambda's limit holds, then protect it again")], plan.Notes, before.CodeSha256, before.CodeSha256);
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
}
