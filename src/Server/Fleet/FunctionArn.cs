using System.Diagnostics.CodeAnalysis;

namespace Pellicle.Server.Fleet;

/// <summary>ARN of a function without qualifier: the key under which everything about it is kept.</summary>
internal readonly record struct FunctionArn
{
    private FunctionArn(string text, string region, string account, string name) => (Text, Region, Account, Name) = (text, region, account, name);

    public string Text { get; }

    public string Region { get; }

    public string Account { get; }

    public string Name { get; }

    public static bool TryParse([NotNullWhen(true)] string? text, out FunctionArn arn)
    {
        arn = default;
        var parts = text?.Split(':') ?? [];
        if (parts.Length is not (7 or 8) || text!.Length > 256 || parts[0] != "arn" || parts[2] != "lambda" || parts[5] != "function" || parts[3].Length == 0 || parts[4].Length == 0 || parts[6].Length == 0)
        {
            return false;
        }

        arn = new FunctionArn(string.Join(':', parts.Take(7)), parts[3], parts[4], parts[6]);
        return true;
    }

    public override string ToString() => Text;
}
