using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Pellicle.Scanning.Extractors.Node;

internal static class YamlParserExtensions
{
    /// <summary>Moves from a start event to its end event.</summary>
    public static void SkipToEnd(this Parser parser)
    {
        var open = 1;
        while (open > 0 && parser.MoveNext())
        {
            open += parser.Current switch { SequenceStart or MappingStart => 1, SequenceEnd or MappingEnd => -1, _ => 0 };
        }
    }
}
