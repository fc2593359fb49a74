using System.Globalization;
using Pellicle.Domain;
using Pellicle.Policy;

namespace Pellicle.Guard.Config;

/// <summary>The policy in force. Replaced as a whole; readers take one reference and use it for one decision.</summary>
internal sealed class PolicyHolder(ProtectionMode? modeOverride, TimeProvider time)
{
    private volatile CompiledPolicy _current = new(Effective(new PolicyDocument(), modeOverride));
    private readonly Lock _changing = new();
    private long _freshAt;

    /// <summary>Raised after a change, on the changing thread.</summary>
    internal event Action<CompiledPolicy>? Changed;

    internal CompiledPolicy Current => _current;

    internal PolicyDocument Document => _current.Document;

    internal ProtectionMode Mode => _current.Document.Mode;

    /// <summary>Where the policy came from: <c>built-in</c>, <c>layer</c>, <c>cache</c>, <c>server</c>, <c>file</c>.</summary>
    internal string Origin { get; private set; } = "built-in";

    /// <summary>Seconds since the server confirmed the policy; 0 when no server was ever reached.</summary>
    internal long AgeSeconds => _freshAt == 0 ? 0 : (long)time.GetElapsedTime(_freshAt).TotalSeconds;

    /// <summary>True when both revisions are numbers, as the server's are, and this one is before the other: a policy that was good once and is played back.</summary>
    internal static bool IsOlder(PolicyDocument document, PolicyDocument than) =>
        ulong.TryParse(document.Revision, NumberStyles.None, CultureInfo.InvariantCulture, out var one) && ulong.TryParse(than.Revision, NumberStyles.None, CultureInfo.InvariantCulture, out var other) && one < other;

    internal void Confirmed() => _freshAt = time.GetTimestamp();

    internal void Set(PolicyDocument document, string origin)
    {
        var compiled = new CompiledPolicy(Effective(document, modeOverride));
        lock (_changing)
        {
            Origin = origin;
            _current = compiled;
            Changed?.Invoke(compiled);
        }
    }

    /// <summary>What was kept from before, unless the server's has come meanwhile.</summary>
    internal void SetKept(PolicyDocument document, string origin)
    {
        lock (_changing)
        {
            if (Origin != "server")
                Set(document, origin);
        }
    }

    private static PolicyDocument Effective(PolicyDocument document, ProtectionMode? mode) => mode is null ? document : document with { Mode = mode.Value };
}
