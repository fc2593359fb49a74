using System.Reflection;
using System.Runtime.CompilerServices;

namespace Pellicle.Probe;

/// <summary>Sees assemblies come: those made from bytes are asked about, and two libraries start a watch of their own.</summary>
internal static class LoadWatch
{
    [ThreadStatic]
    private static bool inside; // what this class loads is not looked at

    internal static void Start() => AppDomain.CurrentDomain.AssemblyLoad += (_, loaded) => Loaded(loaded.LoadedAssembly);

    private static void Loaded(Assembly assembly)
    {
        if (inside)
            return;
        inside = true;
        try
        {
            Look(assembly);
        }
        finally
        {
            inside = false;
        }
    }

    private static void Look(Assembly assembly)
    {
        if (assembly.IsDynamic)
            return;
        if (assembly.Location.Length == 0)
        {
            // In a program packed into one file no assembly has a place.
            if (typeof(object).Assembly.Location.Length != 0 && !Question.Allows("code", "assembly", assembly.FullName))
                throw new UnauthorizedAccessException($"Pellicle denied the assembly `{assembly.GetName().Name}`, which was loaded from memory");
            return;
        }
        switch (assembly.GetName().Name)
        {
            case "System.Net.Http":
                WatchHttp();
                break;
            case "System.Runtime.Serialization.Formatters" when assembly.GetType("System.Runtime.Serialization.Formatters.Binary.BinaryFormatterEventSource") is not null:
                WatchFormatter();
                break;
        }
    }

    // Methods of their own: their types are loaded only when they run.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void WatchHttp() => HttpWatch.Start();

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void WatchFormatter() => FormatterWatch.Start();
}
