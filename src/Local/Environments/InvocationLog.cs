using System.Text;
using Microsoft.Extensions.Logging;

namespace Pellicle.Local.Environments;

/// <summary>What an environment's processes print: the last bytes for the caller, whole lines for telemetry and the host's log.</summary>
internal sealed class InvocationLog(ILogger logger, Action<bool, string> line)
{
    /// <summary>The platform returns this much with <c>LogType=Tail</c>.</summary>
    public const int TailBytes = 4096;

    /// <summary>A longer line is cut into several.</summary>
    private const int MaxLineBytes = 256 * 1024;

    private readonly Lock gate = new();
    private readonly byte[] ring = new byte[TailBytes];
    private readonly MemoryStream[] partial = [new(), new()];
    private long written;

    public void Write(bool function, ReadOnlySpan<byte> data)
    {
        lock (gate)
        {
            Keep(data);
            var rest = partial[function ? 0 : 1];
            while (data.IndexOf((byte)'\n') is >= 0 and var at)
            {
                rest.Write(data[..at]);
                data = data[(at + 1)..];
                Flush(function, rest);
            }
            rest.Write(data);
            if (rest.Length > MaxLineBytes)
            {
                Flush(function, rest);
            }
        }
    }

    /// <summary>A line of the platform: only in the log, telemetry has its own events.</summary>
    public void Platform(string text)
    {
        lock (gate)
        {
            EndPartialLines();
            Keep(Encoding.UTF8.GetBytes(text + "\n"));
        }
        logger.LogInformation("{Line}", text);
    }

    /// <summary>Begins the log of an invocation; what was printed in Init belongs to the first.</summary>
    public void Clear()
    {
        lock (gate)
        {
            written = 0;
        }
    }

    public void EndPartialLines()
    {
        lock (gate)
        {
            for (var i = 0; i < 2; i++)
            {
                if (partial[i].Length > 0)
                {
                    Flush(i == 0, partial[i]);
                }
            }
        }
    }

    /// <summary>The last 4 KB with <paramref name="suffix"/> after it.</summary>
    public byte[] Tail(string suffix)
    {
        lock (gate)
        {
            var end = Encoding.UTF8.GetBytes(suffix);
            var size = (int)Math.Min(written, TailBytes);
            var whole = new byte[size + end.Length];
            for (var i = 0; i < size; i++)
            {
                whole[i] = ring[(written - size + i) % TailBytes];
            }
            end.CopyTo(whole, size);
            return whole.Length <= TailBytes ? whole : whole[^TailBytes..];
        }
    }

    private void Keep(ReadOnlySpan<byte> data)
    {
        if (data.Length > TailBytes)
        {
            written += data.Length - TailBytes;
            data = data[^TailBytes..];
        }
        var at = (int)(written % TailBytes);
        var first = Math.Min(data.Length, TailBytes - at);
        data[..first].CopyTo(ring.AsSpan(at));
        data[first..].CopyTo(ring);
        written += data.Length;
    }

    private void Flush(bool function, MemoryStream rest)
    {
        var text = Encoding.UTF8.GetString(rest.GetBuffer(), 0, (int)rest.Length);
        rest.SetLength(0);
        line(function, text);
        logger.LogInformation("{Line}", text);
    }
}
