namespace Pellicle.Inspection.Detectors;

/// <summary>Small text helpers that the detectors share.</summary>
internal static class Words
{
    public static bool IsWord(char c) => char.IsAsciiLetterOrDigit(c) || c == '_';
}
