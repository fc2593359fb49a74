using System.Globalization;
using System.Net;
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

    private const int StackBytes = 256 * 1024;

    /// <summary>Half a minute: what was needed once (a server's certificate, a rare source) does not stay.</summary>
    private const int ReleaseEveryTicks = 60;

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
        // Processes of the same user may not read or change this one's memory, nor its variables.
        if (Libc.prctl(Libc.PrSetDumpable, 0, 0, 0, 0) != 0)
            Log.Info($"the guard's memory stays open to processes of the same user: errno {Libc.LastError}");
        LoadPolicy();
        var proxy = new Proxy(new IPEndPoint(IPAddress.Loopback, 0), _upstream, _guardian, Identify);
        _guardian.Proxy = proxy;
        var state = new StateRegion(Randomness.Number(), Environment.ProcessId);
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
            _poller.Forged = detail => _guardian.Tamper("policy", detail, "forged-policy", null);
            _guardian.BeforeNext = _reporter.FlushBeforeNext;
            _guardian.Freshen = _poller.Freshen;
        }
        if (_poller is null || !_poller.Start(FirstPolicyBudgetMs))
            KeptPolicy(health);
        _guardian.OnRestored = Restored;
        if (_settings.Credentials is not null)
            RoleCredentials.Scrub();
    }

    /// <summary>The newer of what this sandbox was told last and what came with the layer. The cache lies where the function can write: it must be signed, and not older.</summary>
    private void KeptPolicy(Health health)
    {
        void Forged(string detail) => _guardian.Tamper("policy-cache", detail, "forged-policy", null);
        var packed = PolicyFiles.Load(_settings.PackedPolicyPath, _settings.Key, needsSignature: false, health);
        var cached = PolicyFiles.Load(_settings.CachedPolicyPath, _settings.Key, needsSignature: true, health, _settings.FunctionArn, Forged);
        if (cached is not null && packed is not null && PolicyHolder.IsOlder(cached, packed))
        {
            Forged($"revision {cached.Revision} is before that of the layer, {packed.Revision}");
            cached = null;
        }
        if (cached is not null)
            _holder.SetKept(cached, "cache");
        else if (packed is not null)
            _holder.SetKept(packed, "layer");
    }

    /// <summary>After a snapshot: connections of before lead nowhere, the policy may be old, and the credentials are new.</summary>
    private void Restored()
    {
        _reporter?.Restored();
        _poller?.Restored();
        if (_settings.CredentialsEndpoint is { } endpoint)
            ThreadPool.UnsafeQueueUserWorkItem(_ => LearnSecrets(endpoint.Address, endpoint.Token), null);
    }

    private void LearnSecrets(Uri address, string token)
    {
        try
        {
            var (status, body) = new ExtensionsApi(Settings.ParseAddress($"{address.Host}:{address.Port}")).Get(address.PathAndQuery, token);
            if (status != 200)
                throw new IOException($"status {status}");
            using var json = JsonDocument.Parse(body);
            _guardian.UseSecrets([json.RootElement.GetProperty("SecretAccessKey").GetString() ?? "", json.RootElement.GetProperty("Token").GetString() ?? ""]);
        }
        catch (Exception error)
        {
            _guardian.Fault("credentials of the restored environment", error);
        }
    }

    /// <summary>Who is at the other end is looked up once, beside the traffic.</summary>
    private void Identify(Connection connection) =>
        // A thread for a moment: to start the pool for it would cost a cold start three.
        new Thread(() =>
        {
            try
            {
                _guardian.Identify(connection);
            }
            catch (Exception error)
            {
                _guardian.Fault("peer look-up", error);
            }
        }, StackBytes) { IsBackground = true, Name = "peer" }.Start();

    /// <summary>Registers, waits for SHUTDOWN, keeps house meanwhile.</summary>
    private static int Live(string name, Settings settings, ExtensionMode? mode)
    {
        var api = new ExtensionsApi(Settings.ParseAddress(settings.Upstream));
        if (!api.Register(name))
            return 3;
        if (mode is not null)
        {
            mode._reporter?.Start();
            new Thread(mode.KeepHouse, StackBytes) { IsBackground = true, Name = "house" }.Start();
        }
        while (true)
        {
            var (type, deadlineMs) = api.NextForSure();
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
        // Without the turns it would make before it waits, fifty times a second while the runtime starts.
        var pause = new ManualResetEventSlim(false, spinCount: 0);
        var ticks = 0;
        while (true)
        {
            // During init many files are opened and only noted: empty the ring before it overflows.
            pause.Wait(_guardian.Initialised ? 500 : 20);
            try
            {
                _guardian.State?.Beat(_time.GetUtcNow().ToUnixTimeMilliseconds());
                _guardian.DrainRing();
                _guardian.NoticeSilence();
                if (_guardian.Initialised && ticks++ % ReleaseEveryTicks == 0)
                    Log.Debug($"let go of {OwnMemory.ReleaseCode()} bytes of code that only the start needed");
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
}
