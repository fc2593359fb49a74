using System.CommandLine;

namespace Pellicle.Cli.Tests;

/// <summary>The contract of ARCHITECTURE section 8: these commands exist, and each explains itself.</summary>
public sealed class CommandTreeTests
{
    [Theory]
    [InlineData("demo")]
    [InlineData("scan")]
    [InlineData("db update")]
    [InlineData("db import")]
    [InlineData("db status")]
    [InlineData("db query")]
    [InlineData("functions list")]
    [InlineData("functions show")]
    [InlineData("layers list")]
    [InlineData("layers show")]
    [InlineData("layers usage")]
    [InlineData("layers remediate")]
    [InlineData("layers diff")]
    [InlineData("account add")]
    [InlineData("account list")]
    [InlineData("account scan")]
    [InlineData("account remove")]
    [InlineData("account policy")]
    [InlineData("account match")]
    [InlineData("account changes")]
    [InlineData("account scope set")]
    [InlineData("account scope list")]
    [InlineData("account scope remove")]
    [InlineData("findings list")]
    [InlineData("findings accept")]
    [InlineData("findings reopen")]
    [InlineData("findings changes")]
    [InlineData("protect")]
    [InlineData("unprotect")]
    [InlineData("status")]
    [InlineData("mode")]
    [InlineData("layer build")]
    [InlineData("layer publish")]
    [InlineData("policy show")]
    [InlineData("policy export")]
    [InlineData("policy import")]
    [InlineData("policy approve")]
    [InlineData("incidents list")]
    [InlineData("incidents show")]
    [InlineData("incidents follow")]
    [InlineData("inspect")]
    [InlineData("versions compare")]
    [InlineData("serve")]
    [InlineData("local")]
    public void Command_exists_and_is_described(string path)
    {
        Command command = CommandTree.Create();
        foreach (var name in path.Split(' '))
        {
            command = command.Subcommands.Single(c => c.Name == name);
        }

        command.Description.ShouldNotBeNullOrWhiteSpace();
        foreach (var option in command.Options)
        {
            option.Description.ShouldNotBeNullOrWhiteSpace($"{path} {option.Name}");
        }
    }

    [Fact]
    public void The_tree_for_a_command_line_holds_the_command_it_names()
    {
        foreach (var command in CommandTree.Create().Subcommands)
        {
            CommandTree.Create(command.Name).Subcommands.ShouldHaveSingleItem().Name.ShouldBe(command.Name);
        }

        CommandTree.Create("no-such-command").Subcommands.Count.ShouldBe(CommandTree.Create().Subcommands.Count);
    }

    [Theory]
    [InlineData("scan")]
    [InlineData("mode f sideways")]
    [InlineData("nonsense")]
    [InlineData("versions compare")]
    public void Wrong_usage_is_an_error(string line) => CommandTree.Create().Parse(line).Errors.ShouldNotBeEmpty();
}
