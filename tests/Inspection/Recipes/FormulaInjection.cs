using Pellicle.Inspection.Detectors;

namespace Pellicle.Inspection.Tests.Recipes;

/// <summary>A cell that a spreadsheet would run when somebody opens the exported table.</summary>
internal sealed class FormulaInjection : IDetector
{
    private static readonly Literals Calls = new("=cmd|", "=HYPERLINK(", "=IMPORTXML(", "=WEBSERVICE(");

    public string Id => "formula-injection";

    public IReadOnlyList<Literals> Sets { get; } = [Calls];

    public Match Find(in Subject subject) => subject.Find(Calls, subject.Text.StartsWith('=') ? 0.92 : 0.5);
}
