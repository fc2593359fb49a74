using System.Net;
using Pellicle.Domain;
using Pellicle.Guard.Config;
using Pellicle.Guard.RuntimeApi;
using Pellicle.Policy;

namespace Pellicle.Guard.Tests.Support;

/// <summary>Proxy and guardian before a fake platform.</summary>
internal sealed class Hop : IDisposable
{
    internal Hop(ProtectionMode mode, Func<Settings, Settings>? change = null, TimeProvider? time = null)
    {
        var settings = new Settings { Upstream = Platform.Address.ToString() };
        settings = change?.Invoke(settings) ?? settings;
        Policy = new PolicyHolder(null, time ?? TimeProvider.System);
        Policy.Set(new PolicyDocument { Mode = mode }, "test");
        Guardian = new Guardian(settings, Policy, time ?? TimeProvider.System);
        Proxy = new Proxy(new IPEndPoint(IPAddress.Loopback, 0), Platform.Address, Guardian);
        Guardian.Proxy = Proxy;
    }

    internal FakePlatform Platform { get; } = new();

    internal PolicyHolder Policy { get; }

    internal Guardian Guardian { get; }

    internal Proxy Proxy { get; }

    internal FakeRuntime Runtime() => new(Proxy.Address);

    public void Dispose()
    {
        Proxy.Dispose();
        Platform.Dispose();
    }
}
