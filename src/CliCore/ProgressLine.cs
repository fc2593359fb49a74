using System.Diagnostics;

namespace Pellicle.Cli;

/// <summary>What long work is at, on one line of stderr that is renewed and wiped; nothing where stderr is no terminal, and nothing for short work.</summary>
internal sealed class ProgressLine : IProgress<string>, IDisposable
{
    /// <summary>Work that ends before this shows nothing, in milliseconds.</summary>
    private const int Patience = 600;

    private readonly Lock _gate = new();
    private readonly TextWriter _output;
    private readonly Func<int> _columns;
    private readonly Stopwatch _watch = Stopwatch.StartNew();
    private readonly Timer? _timer;
    private string _text = "";
    private bool _shown;

    public ProgressLine(TextWriter output, bool isTerminal, Func<int> columns)
    {
        (_output, _columns) = (output, columns);
        _timer = isTerminal ? new Timer(_ => Show(), null, Patience, 250) : null;
    }

    /// <summary>A line on this process's stderr.</summary>
    public static ProgressLine OnError() => new(System.Console.Error, !System.Console.IsErrorRedirected, () => System.Console.WindowWidth);

    public void Report(string value)
    {
        lock (_gate)
        {
            _text = value;
        }
    }

    /// <summary>Writes the line as it is now.</summary>
    internal void Show()
    {
        lock (_gate)
        {
            var line = $"{_text} ({_watch.Elapsed.TotalSeconds:0} s)";
            var columns = Math.Max(20, _columns() - 1);
            _output.Write($"\r\u001b[K{(line.Length > columns ? line[..columns] : line)}");
            _output.Flush();
            _shown = true;
        }
    }

    public void Dispose()
    {
        _timer?.Dispose();
        lock (_gate)
        {
            if (_shown)
            {
                _output.Write("\r\u001b[K");
                _output.Flush();
                _shown = false;
            }
        }
    }
}
