using System.Runtime.InteropServices;
using Pellicle.Cli.Commands;
using Pellicle.Scanning.Pipeline;
using Pellicle.Scanning.Reports;

namespace Pellicle.Cli;

/// <summary>This process becomes the program that has every command. Same arguments, environment, terminal and process id.</summary>
internal sealed unsafe partial class Handover(string[] args) : IBeyondFiles
{
    private const string Program = "pellicle-cli";

    public void Announce() => throw new CliException(Replace(args));

    public Task<ScanReport> AccountAsync(string name, string? database, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<DeployedFiles> DeployedAsync(IReadOnlyList<string> names, string? database, (string? Profile, string? Region, string? Endpoint) aws, (string? Server, string? Token) server, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task UploadAsync(ScanReport report, (string? Server, string? Token) server, CancellationToken cancellationToken) => throw new NotSupportedException();

    /// <summary>Returns only when the other program cannot be started.</summary>
    public static int Run(string[] args)
    {
        Messages.Fail(Replace(args), "");
        return (int)ExitCode.Incomplete;
    }

    /// <summary>Why it did not happen.</summary>
    private static string Replace(string[] args)
    {
        var path = Path.Combine(AppContext.BaseDirectory, Program);
        // Given back by the end of the process only: it is replaced, or it fails.
        var words = (byte**)NativeMemory.AllocZeroed((nuint)args.Length + 2, (nuint)sizeof(byte*));
        words[0] = (byte*)Marshal.StringToCoTaskMemUTF8(path);
        for (var i = 0; i < args.Length; i++)
        {
            words[i + 1] = (byte*)Marshal.StringToCoTaskMemUTF8(args[i]);
        }

        _ = execv(words[0], words);
        return $"`{path}` cannot be started: {Marshal.GetLastPInvokeErrorMessage()}";
    }

#pragma warning disable IDE1006, SYSLIB1054 // names are those of the C library
    [LibraryImport("libc", SetLastError = true)]
    private static partial int execv(byte* path, byte** arguments);
}
