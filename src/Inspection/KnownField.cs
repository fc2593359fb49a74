
namespace Pellicle.Inspection;

/// <summary>Families of sources that share a form.</summary>
[Flags]
internal enum SourceGroup : byte
{
    None = 0,
    Http = 1,
    Records = 2,
    EventBridge = 4,
    Streams = 8,
    Cognito = 16,
    Other = 32,

    /// <summary>Beside <see cref="Http"/>: a load balancer hands parameters on as they came.</summary>
    Balancer = 64,
}

/// <summary>
/// A place in an event that has a meaning known beforehand, as a tree that is walked along with the document. Names are compared
/// in full: a member that only looks like a platform field to a hash or by its last name would go uninspected.
/// </summary>
internal sealed class KnownField
{
    private readonly Dictionary<string, KnownField> _members = new(StringComparer.Ordinal);

    /// <summary>The named members by the length of their names.</summary>
    private (byte[] Name, KnownField Field)[][] _byLength = [];

    /// <summary>Any member that has no field of its own.</summary>
    private KnownField? _any;

    private KnownField? _element;

    /// <summary>What paths of encoded texts below the elements of a list end in.</summary>
    private static readonly string[] EncodedNames = ["data", ".key", "s3Key", "alue", "lues"];

    /// <summary>Written by the platform in these sources: nobody outside chooses its text, nor that of anything below.</summary>
    public SourceGroup Platform { get; private set; }

    /// <summary>How its text is wrapped, and in which sources.</summary>
    public FieldEncoding Encoding { get; private set; }

    public SourceGroup EncodedIn { get; private set; }

    public KnownField? Element => _element;

    public KnownField? Member(ReadOnlySpan<byte> name)
    {
        if (name.Length < _byLength.Length)
        {
            foreach (var (known, field) in _byLength[name.Length])
            {
                if (name.SequenceEqual(known))
                {
                    return field;
                }
            }
        }

        return _any;
    }

    /// <summary>Adds fields below a common path; <c>[]</c> is any element, <c>*</c> any member.</summary>
    public KnownField Add(SourceGroup platform, string below, params ReadOnlySpan<string> paths)
    {
        foreach (var path in paths)
        {
            At(below.Length == 0 ? path : $"{below}.{path}").Platform |= platform;
        }

        return this;
    }

    public KnownField Encoded(SourceGroup group, FieldEncoding encoding, params ReadOnlySpan<string> paths)
    {
        foreach (var path in paths)
        {
            // INVARIANT: as is_telling in Native/clean.c, which passes by elements of lists that have no such name.
            var name = path.EndsWith("[]", StringComparison.Ordinal) ? path[..^2] : path;
            if (name.Contains("[]", StringComparison.Ordinal) && !EncodedNames.Any(end => name.EndsWith(end, StringComparison.Ordinal)))
            {
                throw new ArgumentException($"encoded texts of records are not called so: {path}", nameof(paths));
            }

            var field = At(path);
            field.Encoding = encoding;
            field.EncodedIn = group;
        }

        return this;
    }

    private KnownField At(string path)
    {
        var field = this;
        foreach (var step in path.Replace("[]", ".[]", StringComparison.Ordinal).Split('.'))
        {
            field = step switch
            {
                "[]" => field._element ??= new KnownField(),
                "*" => field._any ??= new KnownField(),
                _ => field.Named(step),
            };
        }

        return field;
    }

    private KnownField Named(string name)
    {
        if (!_members.TryGetValue(name, out var field))
        {
            _members[name] = field = new KnownField();
            var bytes = System.Text.Encoding.UTF8.GetBytes(name);
            if (bytes.Length >= _byLength.Length)
            {
                _byLength = [.. _byLength, .. Enumerable.Repeat<(byte[], KnownField)[]>([], bytes.Length + 1 - _byLength.Length)];
            }

            _byLength[bytes.Length] = [.. _byLength[bytes.Length], (bytes, field)];
        }

        return field;
    }
}
