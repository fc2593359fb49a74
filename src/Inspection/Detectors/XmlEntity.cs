using System.Buffers;

namespace Pellicle.Inspection.Detectors;

/// <summary>XML that makes its reader fetch or unfold something. ATTACKS.md row 5.</summary>
internal sealed class XmlEntity : IDetector
{
    private static readonly Literals Marks = new("<!entity", "<!doctype", "<xi:include", "+ADwAIQ-", "<xs:include", "xsi:schemaLocation=\"http", "xsi:noNamespaceSchemaLocation=\"http");

    // Searched for with the processor's vectors; a text's own search goes by characters when it minds no case.
    private static readonly SearchValues<string> Entity = SearchValues.Create(["<!ENTITY"], StringComparison.OrdinalIgnoreCase);
    private static readonly SearchValues<string> DocumentType = SearchValues.Create(["<!DOCTYPE"], StringComparison.OrdinalIgnoreCase);
    private static readonly SearchValues<string> Schema = SearchValues.Create(["<xs:include"], StringComparison.OrdinalIgnoreCase);
    private static readonly SearchValues<string> Include = SearchValues.Create(["<xi:include"], StringComparison.OrdinalIgnoreCase);
    private static readonly SearchValues<string> Address = SearchValues.Create(["http"], StringComparison.OrdinalIgnoreCase);

    public string Id => "xml-entity";

    public IReadOnlyList<Literals> Sets { get; } = [Marks];

    public Match Find(in Subject subject)
    {
        var text = subject.Text;
        if (!subject.Has(Marks))
        {
            return Match.None;
        }

        var entity = text.IndexOfAny(Entity);
        if (entity >= 0)
        {
            var rest = text.Slice(entity, Math.Min(400, text.Length - entity));
            var outside = rest.Contains("SYSTEM", StringComparison.OrdinalIgnoreCase) || rest.Contains("PUBLIC", StringComparison.OrdinalIgnoreCase) || rest.Contains("%", StringComparison.Ordinal);
            return new Match(outside ? 0.96 : 0.9, entity, Math.Min(120, text.Length - entity));
        }

        var doctype = text.IndexOfAny(DocumentType);
        if (doctype >= 0 && text.Slice(doctype, Math.Min(200, text.Length - doctype)).Contains("file:", StringComparison.OrdinalIgnoreCase))
        {
            return new Match(0.95, doctype, Math.Min(120, text.Length - doctype));
        }

        if (doctype >= 0)
        {
            var head = text.Slice(doctype, Math.Min(200, text.Length - doctype));
            var close = head.IndexOf('>');
            head = close > 0 ? head[..close] : head;
            if (head.Contains(" SYSTEM ", StringComparison.OrdinalIgnoreCase) && !head.Contains("about:", StringComparison.OrdinalIgnoreCase))
            {
                return new Match(0.92, doctype, head.Length);
            }
        }

        if (text.StartsWith("<?xml", StringComparison.OrdinalIgnoreCase) && text.Contains("+ADwAIQ-", StringComparison.OrdinalIgnoreCase))
        {
            return new Match(0.92, 0, Math.Min(120, text.Length));
        }

        if (text.IndexOfAny(Schema) is var schema and >= 0 && text[schema..].IndexOfAny(Address) > 0)
        {
            return new Match(text.Length < 512 ? 0.9 : 0.5, schema, 11);
        }

        return text.IndexOfAny(Include) is var include and >= 0 ? new Match(0.92, include, 11) : Match.None;
    }
}
