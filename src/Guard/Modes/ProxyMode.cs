using Pellicle.Domain;
using Pellicle.Guard.Config;
using Pellicle.Guard.Native;
using Pellicle.Guard.RuntimeApi;
using Pellicle.Guard.Telemetry;

namespace Pellicle.Guard.Modes;

/// <summary><c>guard proxy --listen ADDR --upstream ADDR [--policy FILE]</c>: the hop alone, for measuring and for tests.</summary>
internal static class ProxyMode
{
    internal static int Run(ReadOnlySpan<string> arguments)
    {
        string? listen = null, upstream = null, policyFile = null;
        for (var i = 0; i + 1 < arguments.Length; i += 2)
        {
            switch (arguments[i])
            {
                case "--listen":
                    listen = arguments[i + 1];
                    break;
                case "--upstream":
                    upstream = arguments[i + 1];
                    break;
                case "--policy":
                    policyFile = arguments[i + 1];
                    break;
                default:
                    return Program.Usage($"unknown option `{arguments[i]}`");
            }
        }
        if (listen is null || upstream is null || arguments.Length % 2 != 0)
            return Program.Usage("proxy needs --listen and --upstream");
        var problems = new List<string>();
        var settings = Settings.FromEnvironment(problems) with { Upstream = upstream };
        problems.ForEach(Log.Error);
        var holder = new PolicyHolder(settings.Mode, TimeProvider.System);
        var guardian = new Guardian(settings, holder, TimeProvider.System);
        if (policyFile is not null)
        {
            if (PolicyFiles.Load(policyFile, "", needsSignature: false, guardian.Health) is not { } document)
            {
                Log.Error($"cannot use policy `{policyFile}`");
                return 3;
            }
            holder.Set(document, "file");
        }
        try
        {
            var proxy = new Proxy(Settings.ParseAddress(listen), Settings.ParseAddress(upstream), guardian);
            guardian.Proxy = proxy;
            Console.Out.Write($"listening on {proxy.Address}\n");
            Console.Out.Flush();
        }
        catch (Exception error) when (error is IOException or FormatException)
        {
            Log.Error(error.Message);
            return 3;
        }
        Thread.CurrentThread.Join();
        return 0;
    }
}
