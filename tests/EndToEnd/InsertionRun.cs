using System.Diagnostics;
using Pellicle.Domain;
using Pellicle.Policy;
using Pellicle.Protection;

namespace Pellicle.EndToEnd.Tests;

/// <summary>A stage for tests about getting in and out, with the ordinary layer published.</summary>
public sealed class InsertionRun : IAsyncLifetime
{
    private Stage? _stage;
    private AttachSettings? _settings;

    /// <summary>Protect, with everything on.</summary>
    internal static PolicyDocument Protect { get; } = new() { Mode = ProtectionMode.Protect };

    /// <summary>Protect at the process boundary alone.</summary>
    internal static PolicyDocument Sinks { get; } = Protect with { Events = new EventPolicy { Mode = ProtectionMode.Off } };

    internal Stage Stage => _stage!;

    internal AttachSettings Settings => _settings!;

    public async Task InitializeAsync()
    {
        if (Stage.WhyNot is null)
        {
            _stage = await Stage.StartAsync();
            _settings = await _stage.PublishLayerAsync();
        }
    }

    public async Task DisposeAsync()
    {
        if (_stage is not null)
        {
            await _stage.DisposeAsync();
        }
    }

    /// <summary>Protects a function that must take it.</summary>
    internal async Task<ProtectionChange> ProtectAsync(string name, PolicyDocument? policy = null)
    {
        await Stage.SetPolicyAsync(name, policy ?? Protect);
        var change = await new Protector(Stage.Lambda).ProtectAsync(name, Settings);
        change.Refusals.ShouldBeEmpty();
        change.Changed.ShouldBeTrue();
        return change;
    }

    internal async Task UnprotectAsync(string name) => (await new Protector(Stage.Lambda).UnprotectAsync(name)).Notes.ShouldContain("layers and variables are exactly as before protection");

    internal async Task<string> CallAsync(string name, string value, string op = "shell") => (await Stage.InvokeAsync(name, Events.Make(Events.Default, op, value))).Answer;

    /// <summary>Runs a command against this stage. An exit code that is not told may be 0 or 3.</summary>
    internal Task<string> PellicleAsync(string home, int? expected, params string[] arguments) => PellicleAsync(home, expected, arguments, Stage.Server.Address, Stage.Server.AdminToken!);

    /// <summary>The same with another server.</summary>
    internal async Task<string> PellicleAsync(string home, int? expected, string[] arguments, string server, string token)
    {
        var aws = arguments[0] is "mode" or "layer" or "incidents" ? (string[])[] : ["--endpoint-url", Stage.Local.Address.ToString(), "--region", "us-east-1"];
        var start = new ProcessStartInfo(Path.Combine(Stage.Artifacts, "cli", "pellicle"), [.. arguments, .. aws]) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var (name, value) in new[]
        {
            ("AWS_ACCESS_KEY_ID", "test"), ("AWS_SECRET_ACCESS_KEY", "test"), ("PELLICLE_HOME", home), ("PELLICLE_ARTIFACTS", Stage.Artifacts), ("PELLICLE_SERVER_URL", server), ("PELLICLE_ADMIN_TOKEN", token),
        })
        {
            start.Environment[name] = value;
        }

        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        process.ExitCode.ShouldBe(expected ?? (process.ExitCode == 3 ? 3 : 0), $"pellicle {string.Join(' ', arguments)}\n{await output}{await error}");
        return await output;
    }

    /// <summary>Runs a tool, which must end well.</summary>
    internal static async Task<string> RunAsync(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        process.ExitCode.ShouldBe(0, $"{program} {string.Join(' ', arguments)}\n{await output}{await error}");
        return await output;
    }
}
