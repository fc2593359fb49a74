namespace Pellicle.Cli.Tests;

public sealed class OutputTests
{
    [Theory]
    [InlineData(new[] { 8, 10 }, 80, new[] { 8, 10 })]
    [InlineData(new[] { 8, 14, 20, 90, 8 }, 100, new[] { 8, 14, 20, 40, 8 })]
    [InlineData(new[] { 8, 60, 60 }, 80, new[] { 8, 33, 33 })]
    [InlineData(new[] { 30, 30 }, 10, new[] { 12, 12 })]
    public void Where_the_window_is_narrow_the_widest_columns_give_way(int[] natural, int window, int[] widths) =>
        Output.ColumnWidths(natural, window).ShouldBe(widths);
}
