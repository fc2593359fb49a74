using System.Text;

namespace Pellicle.Guard;

/// <summary>
/// How long invocations take, by kind of event, and which callers make them run away: a caller whose requests again and again take many times as long as
/// others of their kind is refused for a while (denial of wallet, regular expressions that explode). Callers are known from HTTP events only.
/// </summary>
internal sealed class Pace(TimeProvider time)
{
    /// <summary>As many of a kind must have been answered before one of them is long.</summary>
    internal const int Enough = 20;

    /// <summary>Times as long as is usual, and this long at least.</summary>
    internal const int Times = 10;
    internal static readonly TimeSpan Least = TimeSpan.FromSeconds(1);

    /// <summary>So many run-away requests within the time refuse their caller for as long.</summary>
    internal const int Strikes = 3;
    internal static readonly TimeSpan Memory = TimeSpan.FromMinutes(1);

    private const int MaxKinds = 256;
    private const int MaxCallers = 256;
    private const int LookedAt = 16 * 1024;

    private readonly Dictionary<string, (double UsualMs, int Count)> _kinds = new(StringComparer.Ordinal);
    private readonly Dictionary<string, List<DateTimeOffset>> _strikes = new(StringComparer.Ordinal);
    private readonly Lock _lock = new();

    /// <summary>The caller's address as the platform wrote it; empty when there is none.</summary>
    internal static string Caller(ReadOnlySpan<byte> json)
    {
        var front = json[..Math.Min(json.Length, LookedAt)];
        var context = front.IndexOf("\"requestContext\""u8);
        var name = context < 0 ? -1 : front[context..].IndexOf("\"sourceIp\""u8);
        if (name < 0)
            return "";
        var rest = front[(context + name + 10)..];
        var open = rest.IndexOf((byte)'"');
        if (open is < 0 or > 4)
            return "";
        rest = rest[(open + 1)..];
        var close = rest.IndexOf((byte)'"');
        return close is > 1 and < 46 ? Encoding.ASCII.GetString(rest[..close]) : "";
    }

    /// <summary>An invocation ended, or was given up. Says how many times longer than usual it took, 0 when that is nothing to speak of.</summary>
    internal int Ended(string kind, string caller, TimeSpan took)
    {
        lock (_lock)
        {
            if (!_kinds.TryGetValue(kind, out var known))
            {
                if (_kinds.Count < MaxKinds)
                    _kinds[kind] = (took.TotalMilliseconds, 1);
                return 0;
            }
            if (known.Count < Enough || took < Least || took.TotalMilliseconds < known.UsualMs * Times)
            {
                // What runs away does not become usual.
                _kinds[kind] = (known.UsualMs + ((took.TotalMilliseconds - known.UsualMs) / Math.Min(known.Count + 1, 100)), Math.Min(known.Count + 1, int.MaxValue - 1));
                return 0;
            }
            if (caller.Length > 0 && (_strikes.ContainsKey(caller) || _strikes.Count < MaxCallers || Forget()))
            {
                if (!_strikes.TryGetValue(caller, out var strikes))
                    _strikes[caller] = strikes = [];
                strikes.Add(time.GetUtcNow());
            }
            return (int)Math.Min(took.TotalMilliseconds / Math.Max(known.UsualMs, 1), int.MaxValue);
        }
    }

    /// <summary>Someone has run-away requests to his name: only then does a caller matter.</summary>
    internal bool Watches
    {
        get
        {
            lock (_lock)
                return _strikes.Count > 0;
        }
    }

    internal bool IsRefused(string caller)
    {
        lock (_lock)
        {
            if (caller.Length == 0 || !_strikes.TryGetValue(caller, out var strikes))
                return false;
            strikes.RemoveAll(IsOver);
            if (strikes.Count == 0)
                _strikes.Remove(caller);
            return strikes.Count >= Strikes;
        }
    }

    // A strike from the future is over as well: the clock was wrong and was set back, and nobody is refused until it comes there again.
    private bool IsOver(DateTimeOffset strike) => (time.GetUtcNow() - strike).Duration() > Memory;

    private bool Forget()
    {
        foreach (var caller in _strikes.Where(s => s.Value.TrueForAll(IsOver)).Select(s => s.Key).ToList())
            _strikes.Remove(caller);
        return _strikes.Count < MaxCallers;
    }
}
