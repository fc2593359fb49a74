using System.Reflection;

namespace Pellicle.Runtime;

/// <summary>The serializer a function chose with `[LambdaSerializer(typeof(...))]` on the method or the assembly; any version of Amazon.Lambda.Core.</summary>
internal sealed class CustomerSerializer
{
    private readonly object _serializer;
    private readonly MethodInfo _serialize;
    private readonly MethodInfo _deserialize;

    private CustomerSerializer(object serializer, Type contract)
    {
        _serializer = serializer;
        _serialize = contract.GetMethod("Serialize")!;
        _deserialize = contract.GetMethod("Deserialize")!;
    }

    /// <summary>Null when the function chose none.</summary>
    internal static CustomerSerializer? Find(MethodInfo method)
    {
        var attribute = Attribute(method.CustomAttributes) ?? Attribute(method.DeclaringType!.Assembly.CustomAttributes);
        if (attribute?.ConstructorArguments.FirstOrDefault().Value is not Type type)
        {
            return null;
        }

        var contract = type.GetInterface("Amazon.Lambda.Core.ILambdaSerializer")
            ?? throw new LambdaValidationException($"The type '{type.FullName}' in LambdaSerializer does not implement ILambdaSerializer.");
        return new CustomerSerializer(Activator.CreateInstance(type)!, contract);
    }

    internal object? Deserialize(Stream stream, Type type) =>
        _deserialize.MakeGenericMethod(type).Invoke(_serializer, BindingFlags.DoNotWrapExceptions, null, [stream], null);

    internal void Serialize(object? value, Type type, Stream stream) =>
        _serialize.MakeGenericMethod(type).Invoke(_serializer, BindingFlags.DoNotWrapExceptions, null, [value, stream], null);

    private static CustomAttributeData? Attribute(IEnumerable<CustomAttributeData> attributes) =>
        attributes.FirstOrDefault(attribute => attribute.AttributeType.FullName == "Amazon.Lambda.Core.LambdaSerializerAttribute");
}
