using System.Text.Json.Nodes;

namespace Pellicle.Local.Environments;

internal static class Json
{
    /// <summary>Adds a member unless its value is null.</summary>
    public static JsonObject With(this JsonObject target, string name, JsonNode? value)
    {
        if (value is not null)
        {
            target[name] = value;
        }
        return target;
    }
}
