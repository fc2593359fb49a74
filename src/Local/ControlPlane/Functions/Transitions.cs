using Pellicle.Local.ControlPlane.State;

namespace Pellicle.Local.ControlPlane.Functions;

/// <summary>Finishes what was accepted: Pending becomes Active, InProgress becomes Successful, each with a new revision.</summary>
internal sealed class Transitions(Plane plane)
{
    /// <summary>Takes up what a stopped process left unfinished.</summary>
    public void Resume()
    {
        foreach (var (region, function) in plane.Functions.All())
        {
            if (function.Latest is { Pending: true } or { UpdateInProgress: true })
                Schedule(region, function.Name);
        }
    }

    public void Schedule(string region, string name) => plane.Later(plane.Options.TransitionTime, () =>
    {
        Finish(region, name);
        return Task.CompletedTask;
    });

    private void Finish(string region, string name)
    {
        FunctionVersion latest;
        lock (plane.Gate)
        {
            if (plane.Functions.Find(region, name) is not { Latest: { Pending: true } or { UpdateInProgress: true } } function)
                return;
            latest = function.Latest with { Pending = false, UpdateInProgress = false, Serving = null, RevisionId = Plane.NewRevision() };
            plane.Functions.Put(region, name, function with { Latest = latest });
        }

        plane.Retire(Names.FunctionArn(region, name), latest.Version, latest.ConfigurationRevision);
    }
}
