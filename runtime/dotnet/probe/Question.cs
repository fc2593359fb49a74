using System.Runtime.InteropServices;
using System.Text;

namespace Pellicle.Probe;

/// <summary>Asks the guard by naming a path; the interposer answers (decision 0001). Without either all is allowed.</summary>
internal static unsafe class Question
{
    private const int AccessDenied = 13; // EACCES on Linux, the only platform of Lambda

    private static volatile bool broken;

    /// <summary>From now on each call to AWS is asked about (decision 0014).</summary>
    internal static void TellsCalls() => Safely("/.pellicle/calls\0");

    /// <summary>False when the guard denies. A probe that cannot ask says so once and lets the program go on.</summary>
    internal static bool Allows(string dimension, string item, string? second = null) =>
        Safely($"/.pellicle/ask/{dimension}/{Encode(item)}{(second is null ? "" : "/" + Encode(second))}\0");

    private static bool Safely(string path)
    {
        if (broken)
            return true;
        try
        {
            return Ask(path);
        }
        catch (Exception error) when (error is DllNotFoundException or EntryPointNotFoundException or BadImageFormatException)
        {
            broken = true;
            Console.Error.WriteLine($"pellicle: .NET probe is off: {error.Message}");
            return true;
        }
    }

    private static bool Ask(string path)
    {
        fixed (byte* bytes = Encoding.UTF8.GetBytes(path))
        {
            // The runtime's own library and not File: "no such file" is the ordinary answer, and an exception for it costs a hundred times more.
            return Access(bytes, 0) >= 0 || Marshal.GetLastPInvokeError() != AccessDenied;
        }
    }

    private static string Encode(string text) =>
        text.Replace("%", "%25", StringComparison.Ordinal).Replace("/", "%2F", StringComparison.Ordinal).Replace("\0", "%00", StringComparison.Ordinal);

    [DllImport("libSystem.Native", EntryPoint = "SystemNative_Access", SetLastError = true)]
    private static extern int Access(byte* path, int mode);
}
