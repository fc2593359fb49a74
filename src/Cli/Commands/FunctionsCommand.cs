using System.CommandLine;
using Pellicle.Aws;
using Pellicle.Protection;

namespace Pellicle.Cli.Commands;

internal static class FunctionsCommand
{
    public static Command Create() => new("functions", "functions of an account") { List(), Show() };

    private static Command List()
    {
        var command = new Command("list", "lists functions with runtime, layers and protection");
        var aws = new AwsOptions(command);
        var format = new FormatOption(command);
        command.SetAction(async (result, cancellationToken) =>
        {
            var functions = new List<FunctionConfiguration>();
            await foreach (var function in aws.Connect(result).ListFunctionsAsync(false, cancellationToken))
            {
                functions.Add(function);
            }

            functions.Sort((a, b) => string.CompareOrdinal(a.FunctionName, b.FunctionName));
            if (format.IsJson(result))
            {
                Output.PrintJson(functions.Select(f => new { name = f.FunctionName, arn = f.FunctionArn, runtime = f.Runtime, handler = f.Handler, codeSha256 = f.CodeSha256, layers = f.Layers.Select(l => l.Arn).ToList(), isProtected = AttachPlan.IsProtected(f) }).ToList());
                return (int)ExitCode.Done;
            }

            Output.PrintTable(
                ["FUNCTION", "RUNTIME", "LAYERS", "PROTECTED"],
                functions.Select(f => (IReadOnlyList<string>)[f.FunctionName, f.Runtime ?? "image", string.Join(", ", f.Layers.Select(l => $"{l.Name}:{l.Version}")), AttachPlan.IsProtected(f) ? "yes" : "no"]));
            return (int)ExitCode.Done;
        });
        return command;
    }

    private static Command Show()
    {
        var name = new Argument<string>("FUNCTION") { Description = "name or ARN" };
        var command = new Command("show", "prints one function's configuration (values of variables are not shown)") { name };
        var aws = new AwsOptions(command);
        command.SetAction(async (result, cancellationToken) =>
        {
            var function = await aws.Connect(result).GetConfigurationAsync(result.GetValue(name)!, null, cancellationToken);
            Output.PrintJson(new
            {
                name = function.FunctionName,
                arn = function.FunctionArn,
                runtime = function.Runtime,
                handler = function.Handler,
                role = function.Role,
                codeSha256 = function.CodeSha256,
                timeout = function.Timeout,
                memory = function.MemorySize,
                layers = function.Layers.Select(l => l.Arn).ToList(),
                variables = function.Variables.Keys.Order(StringComparer.Ordinal).ToList(),
                isProtected = AttachPlan.IsProtected(function),
            });
            return (int)ExitCode.Done;
        });
        return command;
    }
}
