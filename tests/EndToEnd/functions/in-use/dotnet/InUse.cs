using System.Runtime.CompilerServices;
using System.Text;

namespace InUse;

/// <summary>Uses one of its packages at once, a second when asked, a third never.</summary>
public class Handler
{
    public Stream Handle(Stream input)
    {
        var asked = new StreamReader(input).ReadToEnd().Contains("more", StringComparison.Ordinal);
        return new MemoryStream(Encoding.UTF8.GetBytes($"\"{Used.Thing.Name()}{(asked ? " " + Later() : "")}\""));
    }

    // Compiled when it is called first, and its assembly is loaded then.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static string Later() => global::Later.Thing.Name();
}
