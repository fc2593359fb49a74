namespace Pellicle.Inspection.Tests.Recipes;

public sealed class FormulaInjectionTests
{
    [Fact]
    public void It_names_what_it_looks_for()
    {
        var detector = new FormulaInjection();
        detector.Sets.ShouldHaveSingleItem().Values.ShouldContain("=cmd|");
        Inspector.DetectorIds.ShouldNotContain(detector.Id);
    }
}
