using System.Text.Encodings.Web;
using System.Text.Json;
using Spectre.Console;

namespace Pellicle.Cli;

/// <summary>Results on stdout, and talk that has colours; plain talk is <see cref="Messages"/>.</summary>
internal static class Output
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { WriteIndented = true, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static readonly Lazy<IAnsiConsole> Talk = new(() => Create(System.Console.Error, System.Console.IsErrorRedirected));

    private static readonly Lazy<IAnsiConsole> Result = new(() => Create(System.Console.Out, System.Console.IsOutputRedirected));

    /// <summary>Colours for people at a terminal only; <c>NO_COLOR</c> turns them off there too.</summary>
    private static IAnsiConsole Create(TextWriter writer, bool redirected)
    {
        var plain = redirected || Environment.GetEnvironmentVariable("NO_COLOR") is { Length: > 0 };
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(writer), Ansi = plain ? AnsiSupport.No : AnsiSupport.Detect, ColorSystem = plain ? ColorSystemSupport.NoColors : ColorSystemSupport.Detect });
        if (redirected)
        {
            // No window to fit in: lines stay whole.
            console.Profile.Width = 400;
        }

        return console;
    }

    /// <summary>Console for progress and remarks.</summary>
    public static IAnsiConsole Error => Talk.Value;

    /// <summary>Console for results that people read.</summary>
    public static IAnsiConsole Out => Result.Value;

    public static void PrintJson(object value) => System.Console.Out.WriteLine(JsonSerializer.Serialize(value, value.GetType(), Json));

    public static void PrintJson(JsonElement value) => System.Console.Out.WriteLine(JsonSerializer.Serialize(value, Json));

    /// <summary>Prints rows under headings, as wide as they need; where the window is narrower, the widest columns wrap and the others stay whole.</summary>
    public static void PrintTable(IReadOnlyList<string> headings, IEnumerable<IReadOnlyList<string>> rows)
    {
        var all = rows.ToList();
        var widths = ColumnWidths([.. headings.Select((heading, i) => Math.Max(heading.Length, all.Count == 0 ? 0 : all.Max(row => row[i].Length)))], Out.Profile.Width);
        var table = new Table { Border = TableBorder.None, ShowRowSeparators = false };
        for (var i = 0; i < headings.Count; i++)
        {
            table.AddColumn(new TableColumn(new Text(headings[i], new Style(decoration: Decoration.Bold))) { Width = widths[i], Padding = new Padding(0, 0, ColumnGap, 0) });
        }

        foreach (var row in all)
        {
            table.AddRow(row.Select(cell => new Text(cell)));
        }

        Out.Write(table);
    }

    private const int ColumnGap = 2;

    /// <summary>Takes what is too much from the widest column, one character at a time, so that several wide columns share the loss; no column falls below 12.</summary>
    internal static int[] ColumnWidths(int[] natural, int window)
    {
        var widths = natural.ToArray();
        var excess = widths.Sum() + (ColumnGap * widths.Length) - window;
        while (excess > 0 && widths.Max() > 12)
        {
            widths[Array.IndexOf(widths, widths.Max())]--;
            excess--;
        }

        return widths;
    }

    /// <summary>A heading between parts of a result, with a free line before it.</summary>
    public static void Heading(string text)
    {
        Out.WriteLine();
        Out.Write(new Text(text + "\n", new Style(decoration: Decoration.Bold)));
    }

    public static void Say(string text) => Out.Write(new Text(text + "\n"));
}
