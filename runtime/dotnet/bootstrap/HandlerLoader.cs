using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.Loader;
using System.Text.Json;

namespace Pellicle.Runtime;

/// <summary>The handler string, or what it names, cannot be used.</summary>
internal sealed class LambdaValidationException(string message) : Exception(message);

/// <summary>Finds what `Assembly::Namespace.Type::Method` names.</summary>
internal static class HandlerLoader
{
    internal static Handler Load(string name, string taskRoot)
    {
        var parts = name.Split("::");
        if (parts.Length != 3 || parts.Any(string.IsNullOrWhiteSpace))
        {
            throw new LambdaValidationException($"Invalid lambda function handler: '{name}'. The valid format is 'ASSEMBLY::TYPE::METHOD'.");
        }

        // The function's deps file names what lies in the package; whatever it does not name is looked for beside it.
        AssemblyLoadContext.Default.Resolving += (context, wanted) =>
        {
            var file = Path.Combine(taskRoot, wanted.Name + ".dll");
            return File.Exists(file) ? context.LoadFromAssemblyPath(file) : null;
        };
        Assembly assembly;
        try
        {
            assembly = AssemblyLoadContext.Default.LoadFromAssemblyName(new AssemblyName(parts[0]));
        }
        catch (FileNotFoundException)
        {
            throw new LambdaValidationException(
                $"Could not find the specified handler assembly with the file name '{parts[0]}'. The assembly should be located in the root of your uploaded .zip file.");
        }

        var type = assembly.GetType(parts[1])
            ?? throw new LambdaValidationException($"Unable to load type '{parts[1]}' from assembly '{parts[0]}'.");
        var method = FindMethod(type, parts[2]);
        if (!method.IsStatic && type.IsAbstract)
        {
            throw new LambdaValidationException($"The type '{parts[1]}' is abstract and has no instance method to call.");
        }

        if (!method.IsStatic && type.GetConstructor(Type.EmptyTypes) is null)
        {
            throw new LambdaValidationException($"The type '{parts[1]}' has no public constructor without parameters.");
        }

        RuntimeHelpers.RunClassConstructor(type.TypeHandle);
        return new Handler(method, method.IsStatic ? null : Activator.CreateInstance(type), CustomerSerializer.Find(method));
    }

    private static MethodInfo FindMethod(Type type, string name)
    {
        const BindingFlags Any = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.FlattenHierarchy;
        var methods = type.GetMethods(Any).Where(method => method.Name == name || method.ToString() == name).ToArray();
        // An override and what it overrides are one; an overload is not.
        methods = methods.Length > 1 && methods.Where(m => m.DeclaringType == type).ToArray() is { Length: 1 } own ? own : methods;
        var method = methods switch
        {
            [] => throw new LambdaValidationException($"Unable to find method '{name}' in type '{type.FullName}' from assembly '{type.Assembly.GetName().Name}'."),
            [var only] => only,
            _ => throw new LambdaValidationException($"The method '{name}' of type '{type.FullName}' is overloaded; name it with its signature, for example '{methods[0]}'."),
        };
        var parameters = method.GetParameters();
        if (parameters.Length > 2 || (parameters.Length == 2 && !Handler.IsContext(parameters[1].ParameterType)))
        {
            throw new LambdaValidationException($"The method '{name}' must take at most an event and an ILambdaContext.");
        }

        if (method.ContainsGenericParameters)
        {
            throw new LambdaValidationException($"The method '{name}' is generic and cannot be a handler.");
        }

        if (method.ReturnType == typeof(void) && method.IsDefined(typeof(AsyncStateMachineAttribute)))
        {
            throw new LambdaValidationException($"The method '{name}' is 'async void', which cannot be awaited; return a Task.");
        }

        return method;
    }
}

/// <summary>A function's handler, whatever its shape.</summary>
internal sealed class Handler(MethodInfo method, object? target, CustomerSerializer? serializer)
{
    private static readonly JsonSerializerOptions _json = new() { PropertyNameCaseInsensitive = true };
    private readonly ParameterInfo[] _parameters = method.GetParameters();
    private readonly MethodInvoker _invoker = MethodInvoker.Create(method);

    internal static bool IsContext(Type type) => type.FullName == "Amazon.Lambda.Core.ILambdaContext";

    internal async ValueTask<ReadOnlyMemory<byte>> InvokeAsync(RuntimeAnswer invocation)
    {
        var arguments = new object?[_parameters.Length];
        for (var i = 0; i < arguments.Length; i++)
        {
            var type = _parameters[i].ParameterType;
            arguments[i] = IsContext(type) ? ContextProxy.Create(type, invocation) : Read(invocation.Body, type);
        }

        var (result, resultType) = await CompleteAsync(_invoker.Invoke(target, arguments)).ConfigureAwait(false);
        return await WriteAsync(result, resultType).ConfigureAwait(false);
    }

    private object? Read(byte[] body, Type type)
    {
        if (typeof(Stream).IsAssignableFrom(type) && type.IsAssignableFrom(typeof(MemoryStream)))
        {
            return new MemoryStream(body, writable: false);
        }

        return serializer is not null ? serializer.Deserialize(new MemoryStream(body, writable: false), type) : JsonSerializer.Deserialize(body, type, _json);
    }

    private async ValueTask<(object? Result, Type Type)> CompleteAsync(object? returned)
    {
        var type = method.ReturnType;
        if (returned is null || type == typeof(void))
        {
            return (returned, type);
        }

        var isGenericValueTask = type.IsGenericType && type.GetGenericTypeDefinition() == typeof(ValueTask<>);
        var task = returned switch
        {
            Task known => known,
            ValueTask plain => plain.AsTask(),
            _ when isGenericValueTask => (Task)type.GetMethod(nameof(ValueTask<object>.AsTask))!.Invoke(returned, null)!,
            _ => null,
        };
        if (task is null)
        {
            return (returned, type);
        }

        await task.ConfigureAwait(false);
        if (!type.IsGenericType)
        {
            return (null, typeof(void));
        }

        // The declared type counts, as for a synchronous handler; the object's own type may be an inner one of the compiler.
        var property = (isGenericValueTask ? task.GetType() : type).GetProperty(nameof(Task<object>.Result))!;
        return (property.GetValue(task), type.GetGenericArguments()[0]);
    }

    private async ValueTask<ReadOnlyMemory<byte>> WriteAsync(object? result, Type type)
    {
        if (type == typeof(void))
        {
            return "null"u8.ToArray();
        }

        var output = new MemoryStream();
        if (result is Stream stream)
        {
            await using (stream.ConfigureAwait(false))
            {
                if (stream.CanSeek)
                {
                    stream.Position = 0;
                }

                await stream.CopyToAsync(output).ConfigureAwait(false);
            }
        }
        else if (typeof(Stream).IsAssignableFrom(type))
        {
            return default; // no stream, no bytes
        }
        else if (serializer is not null)
        {
            serializer.Serialize(result, type, output);
        }
        else
        {
            JsonSerializer.Serialize(output, result, type, _json);
        }

        return output.ToArray();
    }
}
