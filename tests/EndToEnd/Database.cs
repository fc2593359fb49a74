using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Pellicle.EndToEnd.Tests;

/// <summary>PostgreSQL as Debian has it, with a table of users, on loopback, with and without encryption.</summary>
internal sealed class Database : IAsyncDisposable
{
    internal const string Versions = "/usr/lib/postgresql";

    private readonly string _programs;
    private readonly string _directory;

    private Database(string programs, string directory, int port)
    {
        (_programs, _directory) = (programs, directory);
        Address = string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{port}");
    }

    /// <summary>Host and port; user <c>postgres</c> needs no password.</summary>
    public string Address { get; }

    public static async Task<Database> StartAsync()
    {
        var programs = Directory.GetDirectories(Versions).Order(StringComparer.Ordinal).Last() + "/bin";
        var data = Directory.CreateTempSubdirectory("pellicle-database-").FullName;
        int port;
        using (var free = new TcpListener(IPAddress.Loopback, 0))
        {
            free.Start();
            port = ((IPEndPoint)free.LocalEndpoint).Port;
        }

        var database = new Database(programs, data, port);
        await RunAsync("chown", "postgres", data);
        await database.AsItsUserAsync("initdb", "-D", data, "-A", "trust", "-U", "postgres", "--no-sync");
        using (var key = RSA.Create(2048))
        {
            using var certificate = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1).CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddYears(100));
            await File.WriteAllTextAsync($"{data}/server.crt", certificate.ExportCertificatePem());
            await File.WriteAllTextAsync($"{data}/server.key", key.ExportPkcs8PrivateKeyPem());
            File.SetUnixFileMode($"{data}/server.key", UnixFileMode.UserRead);
            await RunAsync("chown", "postgres", $"{data}/server.crt", $"{data}/server.key");
        }

        await database.AsItsUserAsync("pg_ctl", "-D", data, "-w", "-t", "300", "-l", $"{data}/log", "-o", $"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off -c ssl=on", "start");
        await database.AsItsUserAsync("psql", "-h", "127.0.0.1", "-p", $"{port}", "-U", "postgres", "-c", "create table users(name text, password text); insert into users values('anna','a-secret'),('bert','b-secret')");
        return database;
    }

    public async ValueTask DisposeAsync()
    {
        await AsItsUserAsync("pg_ctl", "-D", _directory, "-m", "immediate", "-w", "stop");
        Directory.Delete(_directory, recursive: true);
    }

    /// <summary>It refuses to run as root.</summary>
    private Task AsItsUserAsync(string program, params string[] arguments) => RunAsync("runuser", ["-u", "postgres", "--", $"{_programs}/{program}", .. arguments]);

    private static async Task RunAsync(string program, params string[] arguments)
    {
        // Its output goes to a file of its own: a server that stays would keep a pipe open.
        var start = new ProcessStartInfo(program, arguments) { WorkingDirectory = "/", RedirectStandardInput = true, RedirectStandardError = !arguments.Contains("start"), RedirectStandardOutput = !arguments.Contains("start") };
        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        var said = start.RedirectStandardError ? await process.StandardError.ReadToEndAsync() : "";
        await process.WaitForExitAsync();
        process.ExitCode.ShouldBe(0, $"{program} {string.Join(' ', arguments)}: {said}");
    }
}
