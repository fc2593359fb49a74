using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

namespace Pellicle.Probe;

/// <summary>
/// Several invocations at once: tasks change threads, and what tells whose a task is, is what the runtime client keeps in its flow (<see cref="AsyncLocal{T}"/>) for as long as it handles the event.
/// The interposer learns at each change which invocation the thread works for (decision 0001). What runs in no such flow is nobody's.
/// </summary>
internal static unsafe class FlowWatch
{
    private const int Turn = 3 << 29; // descriptors that no kernel hands out
    private const int NumberOf = Turn + 1;

    private const BindingFlags Any = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance;

    private static readonly ConditionalWeakTable<object, StrongBox<long>> Numbers = new();

    /// <summary>The environment may be given several events at once.</summary>
    private static int wanted = int.TryParse(Environment.GetEnvironmentVariable("AWS_LAMBDA_MAX_CONCURRENCY"), out var most) && most > 1 ? 1 : 0;

    private static volatile bool broken;

    [ThreadStatic]
    private static long told;

    /// <summary>The client is about to ask for an event: its libraries are there, and it keeps nothing yet.</summary>
    internal static void Asks()
    {
        // Several loops may ask at once.
        if (wanted == 0 || Interlocked.Exchange(ref wanted, 0) == 0)
            return;
        try
        {
            if (!AppDomain.CurrentDomain.GetAssemblies().Where(a => a.GetName().Name is { } name && name.StartsWith("Amazon.Lambda.", StringComparison.Ordinal)).SelectMany(Kept).Any(Watch))
                _ = KeptBy(Console.Out, 3).Any(Watch);
        }
        catch (Exception error)
        {
            Failed(error);
        }
    }

    /// <summary>What classes of the client keep in flows.</summary>
    private static IEnumerable<object> Kept(Assembly assembly)
    {
        Type?[] types;
        try
        {
            types = assembly.GetTypes();
        }
        catch (ReflectionTypeLoadException error)
        {
            types = error.Types; // those that refer to libraries that the function does not have
        }
        return types.OfType<Type>().Where(t => !t.ContainsGenericParameters)
            .SelectMany(t => t.GetFields(BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Static))
            .Where(NamesItsRequest).Select(f => f.GetValue(null)).OfType<object>();
    }

    /// <summary>What the client's writer for logs, which stands for standard output, keeps in flows: with its versions that stream no response.</summary>
    private static IEnumerable<object> KeptBy(TextWriter writer, int depth)
    {
        foreach (var field in writer.GetType().GetFields(Any))
        {
            if (NamesItsRequest(field) && field.GetValue(writer) is { } kept)
                yield return kept;
            else if (depth > 0 && typeof(TextWriter).IsAssignableFrom(field.FieldType) && field.GetValue(writer) is TextWriter inner && inner != writer)
            {
                foreach (var its in KeptBy(inner, depth - 1))
                    yield return its;
            }
        }
    }

    private static bool NamesItsRequest(FieldInfo field)
    {
        try
        {
            var type = field.FieldType;
            return type.IsGenericType && type.GetGenericTypeDefinition() == typeof(AsyncLocal<>) && RequestId(type.GetGenericArguments()[0]) is not null;
        }
        catch (Exception error) when (error is TypeLoadException or FileNotFoundException or FileLoadException)
        {
            return false; // of a library that the function does not have
        }
    }

    private static PropertyInfo? RequestId(Type value) =>
        value.GetProperties(Any).FirstOrDefault(p => p.PropertyType == typeof(string) && p.CanRead && p.GetIndexParameters().Length == 0 && p.Name.EndsWith("RequestId", StringComparison.Ordinal));

    private static bool Watch(object kept) =>
        (bool)typeof(FlowWatch).GetMethod(nameof(WatchOne), BindingFlags.NonPublic | BindingFlags.Static)!.MakeGenericMethod(kept.GetType().GetGenericArguments()[0]).Invoke(null, [kept])!;

    /// <summary>Sets the action that an AsyncLocal can be made with; false where it was made with one, or the runtime has none to set.</summary>
    private static bool WatchOne<T>(AsyncLocal<T> kept)
    {
        var changed = typeof(AsyncLocal<T>).GetFields(Any).FirstOrDefault(f => f.FieldType == typeof(Action<AsyncLocalValueChangedArgs<T>>));
        if (changed is null || changed.GetValue(kept) is not null)
            return false;
        changed.SetValue(kept, (Action<AsyncLocalValueChangedArgs<T>>)(change => Works(change.CurrentValue)));
        return true;
    }

    private static void Works(object? value)
    {
        if (broken)
            return;
        try
        {
            var number = value is null ? 0 : Numbers.GetValue(value, Number).Value;
            if (number == told)
                return;
            if (Write(Turn, (byte*)&number, sizeof(long)) < 0)
                broken = true; // no interposer: nobody asks
            told = number;
        }
        catch (Exception error)
        {
            Failed(error); // the runtime ends the process when this throws
        }
    }

    private static StrongBox<long> Number(object value)
    {
        if (RequestId(value.GetType())?.GetValue(value) is not string { Length: > 0 } id)
            return new(0);
        var text = Encoding.UTF8.GetBytes(id);
        fixed (byte* bytes = text)
            return new(Math.Max(0, Write(NumberOf, bytes, text.Length)));
    }

    private static void Failed(Exception error)
    {
        broken = true;
        Console.Error.WriteLine($"pellicle: which of several invocations .NET's tasks work for is not told: {error.Message}");
    }

    [DllImport("libSystem.Native", EntryPoint = "SystemNative_Write")]
    private static extern int Write(nint descriptor, byte* bytes, int count);
}
