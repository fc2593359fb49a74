using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Pellicle.Guard.Channel;
using Pellicle.Guard.Config;
using Pellicle.Guard.Native;
using Pellicle.Guard.RuntimeApi;
using Pellicle.Guard.Server;
using Pellicle.Guard.Telemetry;

namespace Pellicle.Guard.Modes;

/// <summary>The long-running guard of one environment. Never exits by itself: an extension that ends fails the function.</summary>
internal sealed class ExtensionMode
{
    /// <summary>What the server may cost the init phase; after that the cached or packed policy serves until the next poll.</summary>
    private const int FirstPolicyBudgetMs = 1000;

    private const int ShutdownReserveMs = 300;
    private readonly Settings _settings;
    private readonly TimeProvider _time = TimeProvider.System;
    private readonly PolicyHolder _holder;
    private readonly Guardian _guardian;
    private readonly IPEndPoint _upstream;
    private PolicyPoller? _poller;
    private Reporter? _reporter;

    private ExtensionMode(Settings settings)
    {
        _settings = settings;
        _upstream = Settings.ParseAddress(settings.Upstream);
        _holder = new PolicyHolder(settings.Mode, _time);
        _guardian = new Guardian(settings, _holder, _time);
    }

    internal static int Run(string name)
    {
        var problems = new List<string>();
        var settings = Settings.FromEnvironment(problems);
        problems.ForEach(Log.Error);
        if (settings.Upstream.Length == 0)
            return Program.Usage($"`{Settings.RuntimeApiVariable}` is not set: the extension runs inside Lambda only");
        ExtensionMode? mode = null;
        try
        {
            mode = new ExtensionMode(settings);
            mode.Listen();
        }
        catch (Exception error)
        {
            // Without proxy and channel the wrapper starts the runtime unchanged; the extension itself must still register and live.
            Log.Error($"not protecting: {error.Message}");
        }
        return Live(name, settings, mode);
    }

    /// <summary>Order matters: policy, then sockets, then registration; the runtime is started after that.</summary>
    private void Listen()
    {
        LoadPolicy();
        var proxy = new Proxy(new IPEndPoint(IPAddress.Loopback, 0), _upstream, _guardian, Identify);
        _guardian.Proxy = proxy;
        Span<byte> seed = stackalloc byte[8];
        RandomBytes(seed);
        var state = new StateRegion(BitConverter.ToUInt64(seed), Environment.ProcessId);
        var ring = new Ring(_time);
        state.Beat(_time.GetUtcNow().ToUnixTimeMilliseconds());
        _guardian.AttachChannel(state, ring, _upstream, proxy.Address.Port);
        _ = new ChannelServer(_settings.ChannelName, state.Descriptor, ring.Descriptor, proxy.Address.Port, _guardian);
        if (!state.Sealed)
            Log.Info("the kernel has no F_SEAL_FUTURE_WRITE: the state region is protected by its read-only descriptor alone");
        Log.Debug($"listening on {proxy.Address}, mode {_holder.Mode}, policy from {_holder.Origin}");
    }

    private void LoadPolicy()
    {
        var health = _guardian.Health;
        if (_settings.Server is not null)
        {
            _poller = new PolicyPoller(_settings, _holder, health, _time, () => _guardian.FunctionArn.Length > 0 ? _guardian.FunctionArn : _settings.FunctionArn);
            _reporter = new Reporter(_guardian, _time);
            _guardian.BeforeNext = _reporter.FlushBeforeNext;
            _guardian.Freshen = _poller.Freshen;
        }
        if (_poller is null || !_poller.Ask(FirstPolicyBudgetMs))
        {
            if (PolicyFiles.Load(_settings.CachedPolicyPath, _settings.Key, needsSignature: true, health) is { } cached)
                _holder.Set(cached, "cache");
            else if (PolicyFiles.Load(_settings.PackedPolicyPath, _settings.Key, needsSignature: false, health) is { } packed)
                _holder.Set(packed, "layer");
        }
    }

    /// <summary>Who is at the other end is looked up once, beside the traffic.</summary>
    private void Identify(Connection connection) =>
        ThreadPool.UnsafeQueueUserWorkItem(static state =>
        {
            try
            {
                state.Guardian.Identified(state.Connection, PeerFinder.Find(state.Connection.ClientPort, state.Port));
            }
            catch (Exception error)
            {
                state.Guardian.Fault("peer look-up", error);
            }
        }, (Guardian: _guardian, Connection: connection, Port: _guardian.Proxy?.Address.Port ?? 0), preferLocal: false);

    /// <summary>Registers, waits for SHUTDOWN, keeps house meanwhile.</summary>
    private static int Live(string name, Settings settings, ExtensionMode? mode)
    {
        var api = new ExtensionsApi(Settings.ParseAddress(settings.Upstream));
        if (!api.Register(name))
            return 3;
        if (mode is not null)
        {
            mode._poller?.Start();
            mode._reporter?.Start();
            new Thread(mode.KeepHouse, 256 * 1024) { IsBackground = true, Name = "house" }.Start();
        }
        while (true)
        {
            var (type, deadlineMs) = api.Next();
            if (type != "SHUTDOWN")
            {
                if (type is null)
                    return 3; // the platform is gone: nobody to serve
                continue;
            }
            mode?.Shutdown(deadlineMs);
            return 0;
        }
    }

    private void KeepHouse()
    {
        var pause = new ManualResetEventSlim(false);
        while (true)
        {
            // During init many files are opened and only noted: empty the ring before it overflows.
            pause.Wait(_guardian.Initialised ? 500 : 20);
            try
            {
                _guardian.State?.Beat(_time.GetUtcNow().ToUnixTimeMilliseconds());
                _guardian.DrainRing();
            }
            catch (Exception error)
            {
                _guardian.Fault("housekeeping", error);
            }
        }
    }

    private void Shutdown(long deadlineMs)
    {
        var left = deadlineMs - _time.GetUtcNow().ToUnixTimeMilliseconds() - ShutdownReserveMs;
        _poller?.Stop();
        // A wrong clock must not cost the flush or the deadline: stay between sensible bounds.
        _reporter?.Shutdown((int)Math.Clamp(left, 100, 1200));
    }

    private static void RandomBytes(Span<byte> into)
    {
        // Not from OpenSSL, whose start costs more than the guard's.
        using var random = File.OpenRead("/dev/urandom");
        random.ReadExactly(into);
    }
}
