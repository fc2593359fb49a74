using System.CommandLine;
using System.Security.Cryptography;
using Pellicle.Server;

namespace Pellicle.Cli.Commands;

internal static class ServeCommand
{
    public static Command Create()
    {
        var urls = new Option<string>("--urls") { Description = "address to listen on; port 0 picks a free one", DefaultValueFactory = _ => "http://127.0.0.1:8700" };
        var data = new Option<string>("--data") { Description = "directory of the database and keys", DefaultValueFactory = _ => Path.Combine(Places.Home, "server") };
        var command = new Command("serve", "runs the server: console, API, learning, incidents") { urls, data };
        command.SetAction(async (result, cancellationToken) =>
        {
            var directory = result.GetValue(data)!;
            var token = AdminToken(directory);
            await using var server = await PellicleServer.StartAsync(new ServerOptions { Urls = result.GetValue(urls)!, DataDirectory = directory, AdminToken = token, Accounts = new Accounts.ServedAccounts() }, cancellationToken);
            var address = server.Address.TrimEnd('/');
            new ServerFile(address, token).Save();
            System.Console.Out.WriteLine($"listening on {address}");
            Messages.Note($"sign in at {address} with the token in {TokenFile(directory)}");
            try
            {
                await Wait.ForCancellationAsync(cancellationToken);
            }
            finally
            {
                ServerFile.Remove(address);
            }

            return (int)ExitCode.Done;
        });
        return command;
    }

    /// <summary>The administrator's token of this data directory, made on the first start.</summary>
    public static string AdminToken(string directory)
    {
        Directory.CreateDirectory(directory);
        var file = TokenFile(directory);
        if (!File.Exists(file))
        {
            using var stream = new FileStream(file, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite });
            using var writer = new StreamWriter(stream);
            writer.Write($"pa_{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(20))}");
        }

        return File.ReadAllText(file).Trim();
    }

    private static string TokenFile(string directory) => Path.Combine(directory, "admin-token");
}
