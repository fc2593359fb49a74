namespace Pellicle.Cli.Tests;

public sealed class ProgressLineTests
{
    [Fact]
    public void A_line_fits_the_window_and_is_wiped_at_the_end()
    {
        var output = new StringWriter();
        using (var line = new ProgressLine(output, isTerminal: false, () => 30))
        {
            line.Report("reading " + new string('x', 100));
            output.ToString().ShouldBeEmpty("nothing is written before its time");
            line.Show();
            output.ToString().ShouldBe("\r\u001b[Kreading " + new string('x', 21));
        }

        output.ToString().ShouldEndWith("\r\u001b[K");
    }
}
