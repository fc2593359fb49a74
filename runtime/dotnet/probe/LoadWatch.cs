using System.Reflection;
using System.Runtime.CompilerServices;

namespace Pellicle.Probe;

/// <summary>Sees assemblies come: those made from bytes, or from a file in a writable place, are asked about, and two libraries start a watch of their own.</summary>
internal static class LoadWatch
{
    /// <summary>Class and event source have the same name.</summary>
    internal const string FormatterSource = "System.Runtime.Serialization.Formatters.Binary.BinaryFormatterEventSource";

    /// <summary>Where a file may be one that was just written.</summary>
    private static readonly string[] Writable = ["/tmp/", "/var/tmp/", "/dev/shm/", "/mnt/"];

    [ThreadStatic]
    private static bool inside; // what this class loads is not looked at

    internal static void Start() => AppDomain.CurrentDomain.AssemblyLoad += Loaded;

    private static void Loaded(object? sender, AssemblyLoadEventArgs loaded)
    {
        var assembly = loaded.LoadedAssembly;
        if (inside || assembly.IsDynamic)
            return;
        inside = true;
        try
        {
            var name = assembly.FullName ?? "";
            if (assembly.Location.Length == 0)
                Made(assembly, name, "from memory");
            else if (name.StartsWith("System.Net.Http,", StringComparison.Ordinal))
                WatchHttp();
            else if (name.StartsWith("System.Runtime.Serialization.Formatters,", StringComparison.Ordinal))
                WatchFormatter(assembly);
            else if (Array.Exists(Writable, p => assembly.Location.StartsWith(p, StringComparison.Ordinal)))
                Made(assembly, name, $"from `{assembly.Location}`");
        }
        finally
        {
            inside = false;
        }
    }

    private static void Made(Assembly assembly, string name, string from)
    {
        // In a program packed into one file no assembly has a place.
        if (typeof(object).Assembly.Location.Length == 0 || Question.Allows("code", "assembly", name))
            return;
        var what = $"the assembly `{name}`, which was loaded {from}";
        if (!Withheld.Empty(assembly))
            Stop(what);
        Console.Error.WriteLine($"pellicle: denied {what}: its code was taken out");
    }

    /// <summary>The runtime swallows what its observers throw, so that a denial in one of them can only end the process, as a fatal error does.</summary>
    internal static void Stop(string what) => Environment.FailFast($"Pellicle denied {what}");

    // Methods of their own: their types are loaded only when they run.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void WatchHttp() => HttpWatch.Start();

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void WatchFormatter(Assembly assembly)
    {
        // Since .NET 9 the runtime's own formatter only refuses; this type comes with one that works.
        if (assembly.GetType(FormatterSource) is not null)
            FormatterWatch.Start();
    }
}
