using System.Globalization;
using System.Text.Json;
using Pellicle.Domain;

namespace Pellicle.Policy;

/// <summary>Turns JSON into a document and collects every error on the way. Unknown members are errors: a misspelt `failClosed` must not pass.</summary>
internal sealed class PolicyReader
{
    public const int MaxRules = 1000;
    public const int MaxItems = 100_000;
    public const int MaxErrors = 100;

    private readonly List<string> _errors = [];

    public static PolicyParseResult Read(JsonElement root)
    {
        var reader = new PolicyReader();
        var document = reader.Document(root);
        return new PolicyParseResult(reader._errors.Count == 0 ? document : null, reader._errors);
    }

    public static string EffectName(Effect effect) => effect switch { Effect.Allow => "allow", Effect.Report => "report", Effect.Deny => "deny" };

    public static string BuiltinName(Effect effect) => effect switch { Effect.Allow => "off", Effect.Report => "report", Effect.Deny => "deny" };

    public static string StageName(ProfileStage stage) => stage switch
    {
        ProfileStage.Learn => "learn", ProfileStage.Shadow => "shadow", ProfileStage.Canary => "canary", ProfileStage.Protect => "protect",
    };

    private PolicyDocument? Document(JsonElement root)
    {
        if (!Object(root, "document", ["schemaVersion", "id", "function", "revision", "mode", "failClosed", "pollSeconds", "events", "builtin", "rules", "canaryShare", "profile"], out var m))
        {
            return null;
        }

        var version = Number(m, "schemaVersion", required: true, 1, 1, 1);
        var empty = new PolicyDocument();
        return new PolicyDocument
        {
            Id = Text(m, "id", "id", 200) ?? empty.Id,
            Function = Text(m, "function", "function", 512) ?? empty.Function,
            Revision = Text(m, "revision", "revision", 200) ?? empty.Revision,
            Mode = Choice<ProtectionMode>(m, "mode", "mode", ["off", "monitor", "protect"]) ?? empty.Mode,
            FailClosed = Boolean(m, "failClosed") ?? empty.FailClosed,
            PollSeconds = (int)Number(m, "pollSeconds", false, empty.PollSeconds, 1, 3600, whole: true),
            Events = m.TryGetValue("events", out var events) ? Events(events) : empty.Events,
            Builtin = m.TryGetValue("builtin", out var builtin) ? Builtin(builtin) : empty.Builtin,
            Rules = m.TryGetValue("rules", out var rules) ? Rules(rules) : empty.Rules,
            CanaryShare = Number(m, "canaryShare", false, empty.CanaryShare, 0, 1),
            Profile = m.TryGetValue("profile", out var profile) ? Profile(profile) : empty.Profile,
        };
    }

    private EventPolicy Events(JsonElement element)
    {
        if (!Object(element, "events", ["mode", "threshold", "suppress"], out var m))
        {
            return new EventPolicy();
        }

        var suppressions = new List<EventSuppression>();
        foreach (var (item, place) in Array(m, "suppress", "events.suppress", MaxRules))
        {
            if (!Object(item, place, ["detector", "field", "reason"], out var s))
            {
                continue;
            }

            var detector = Required(s, "detector", place);
            var reason = Required(s, "reason", place);
            suppressions.Add(new EventSuppression(detector, Text(s, "field", $"{place}.field", 1000) ?? "*", reason));
        }

        return new EventPolicy
        {
            Mode = Choice<ProtectionMode>(m, "mode", "events.mode", ["off", "monitor", "protect"]),
            Threshold = (int)Number(m, "threshold", false, EventPolicy.DefaultThreshold, 1, 100, whole: true, "events.threshold"),
            Suppress = suppressions,
        };
    }

    private Dictionary<string, Effect> Builtin(JsonElement element)
    {
        var switches = new Dictionary<string, Effect>(StringComparer.Ordinal);
        if (!Object(element, "builtin", null, out var m))
        {
            return switches;
        }

        foreach (var (id, value) in m)
        {
            if (BuiltinRules.Find(id) is null)
            {
                Error($"builtin.{id}", $"there is no built-in rule `{id}`; there are {string.Join(", ", BuiltinRules.All.Select(r => r.Id))}");
            }
            else if (Choice(value, $"builtin.{id}", ["off", "report", "deny"]) is { } index)
            {
                switches[id] = (Effect)index;
            }
        }

        return switches;
    }

    private List<PolicyRule> Rules(JsonElement element)
    {
        var rules = new List<PolicyRule>();
        var ids = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (item, place) in Array(element, "rules", MaxRules))
        {
            if (!Object(item, place, ["id", "dimension", "effect", "items", "description"], out var m))
            {
                continue;
            }

            var id = Required(m, "id", place);
            if (id.Length > 0 && !ids.Add(id))
            {
                Error($"{place}.id", $"`{id}` is used twice");
            }

            if (id.StartsWith("builtin:", StringComparison.Ordinal) || id.StartsWith("profile:", StringComparison.Ordinal))
            {
                Error($"{place}.id", "must not start with `builtin:` or `profile:`");
            }

            var name = Required(m, "dimension", place);
            if (!DimensionNames.TryParse(name, out Dimension dimension) && name.Length > 0)
            {
                UnknownDimension($"{place}.dimension", name);
            }

            var effect = Choice<Effect>(m, "effect", $"{place}.effect", ["allow", "report", "deny"]);
            if (effect is null && !m.ContainsKey("effect"))
            {
                Error($"{place}.effect", "is missing");
            }

            var items = Items(m, $"{place}.items");
            if (items.Count == 0)
            {
                Error($"{place}.items", "must name at least one item");
            }

            rules.Add(new PolicyRule { Id = id, Dimension = dimension, Effect = effect ?? Effect.Deny, Items = items, Description = Text(m, "description", $"{place}.description", 4000, empty: true) ?? "" });
        }

        return rules;
    }

    private Dictionary<Dimension, DimensionProfile> Profile(JsonElement element)
    {
        var profiles = new Dictionary<Dimension, DimensionProfile>();
        if (!Object(element, "profile", null, out var m))
        {
            return profiles;
        }

        foreach (var (name, value) in m)
        {
            var place = $"profile.{name}";
            if (!DimensionNames.TryParse(name, out Dimension dimension))
            {
                UnknownDimension(place, name);
                continue;
            }

            if (Object(value, place, ["stage", "items"], out var p))
            {
                var stage = Choice<ProfileStage>(p, "stage", $"{place}.stage", ["learn", "shadow", "canary", "protect"]);
                if (stage is null && !p.ContainsKey("stage"))
                {
                    Error($"{place}.stage", "is missing");
                }

                profiles[dimension] = new DimensionProfile(stage ?? ProfileStage.Learn, Items(p, $"{place}.items"));
            }
        }

        return profiles;
    }

    private List<string> Items(Dictionary<string, JsonElement> m, string place)
    {
        var items = new List<string>();
        foreach (var (item, itemPlace) in Array(m, "items", place, MaxItems))
        {
            if (item.ValueKind != JsonValueKind.String || item.GetString() is not { Length: > 0 and <= ItemPattern.MaxLength } text)
            {
                Error(itemPlace, $"must be a text of 1 to {ItemPattern.MaxLength} characters");
            }
            else
            {
                items.Add(text);
            }
        }

        return items;
    }

    private bool Object(JsonElement element, string place, string[]? known, out Dictionary<string, JsonElement> members)
    {
        members = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
        if (element.ValueKind != JsonValueKind.Object)
        {
            Error(place, "must be an object");
            return false;
        }

        foreach (var property in element.EnumerateObject())
        {
            if (!members.TryAdd(property.Name, property.Value))
            {
                Error(place, $"has `{property.Name}` twice");
            }
            else if (known is not null && !known.Contains(property.Name))
            {
                Error(place, $"has no member `{property.Name}`; it has {string.Join(", ", known)}");
            }
        }

        return true;
    }

    private IEnumerable<(JsonElement Item, string Place)> Array(Dictionary<string, JsonElement> m, string name, string place, int max) =>
        m.TryGetValue(name, out var element) ? Array(element, place, max) : [];

    private IEnumerable<(JsonElement Item, string Place)> Array(JsonElement element, string place, int max)
    {
        if (element.ValueKind != JsonValueKind.Array)
        {
            Error(place, "must be a list");
            return [];
        }

        if (element.GetArrayLength() > max)
        {
            Error(place, $"has more than {max} entries");
            return [];
        }

        return element.EnumerateArray().Select((item, i) => (item, string.Create(CultureInfo.InvariantCulture, $"{place}[{i}]")));
    }

    private string Required(Dictionary<string, JsonElement> m, string name, string place)
    {
        if (!m.ContainsKey(name))
        {
            Error($"{place}.{name}", "is missing");
            return "";
        }

        return Text(m, name, $"{place}.{name}", 1000) ?? "";
    }

    private string? Text(Dictionary<string, JsonElement> m, string name, string place, int max, bool empty = false)
    {
        if (!m.TryGetValue(name, out var element))
        {
            return null;
        }

        if (element.ValueKind != JsonValueKind.String)
        {
            Error(place, "must be a text");
            return null;
        }

        var text = element.GetString()!;
        if ((text.Length == 0 && !empty && name != "revision") || text.Length > max)
        {
            Error(place, $"must have 1 to {max} characters");
        }

        return text;
    }

    private bool? Boolean(Dictionary<string, JsonElement> m, string name)
    {
        if (!m.TryGetValue(name, out var element))
        {
            return null;
        }

        if (element.ValueKind is JsonValueKind.True or JsonValueKind.False)
        {
            return element.GetBoolean();
        }

        Error(name, "must be true or false");
        return null;
    }

    private double Number(Dictionary<string, JsonElement> m, string name, bool required, double value, double min, double max, bool whole = false, string? place = null)
    {
        if (!m.TryGetValue(name, out var element))
        {
            if (required)
            {
                Error(name, "is missing");
            }

            return value;
        }

        if (element.ValueKind != JsonValueKind.Number || !element.TryGetDouble(out var number) || !(number >= min && number <= max) || (whole && number != Math.Floor(number)))
        {
            Error(place ?? name, min == max
                ? string.Create(CultureInfo.InvariantCulture, $"must be {min}")
                : string.Create(CultureInfo.InvariantCulture, $"must be a {(whole ? "whole " : "")}number from {min} to {max}"));
            return value;
        }

        return number;
    }

    private T? Choice<T>(Dictionary<string, JsonElement> m, string name, string place, string[] names) where T : struct, Enum =>
        m.TryGetValue(name, out var element) && Choice(element, place, names) is { } index ? Enum.GetValues<T>()[index] : null;

    private int? Choice(JsonElement element, string place, string[] names)
    {
        var index = element.ValueKind == JsonValueKind.String ? System.Array.IndexOf(names, element.GetString()) : -1;
        if (index >= 0)
        {
            return index;
        }

        Error(place, $"must be one of {string.Join(", ", names)}");
        return null;
    }

    private void UnknownDimension(string place, string name) =>
        Error(place, $"there is no dimension `{name}`; there are {string.Join(", ", DimensionNames.All.Select(d => d.Name()))}");

    private void Error(string place, string message)
    {
        if (_errors.Count < MaxErrors)
        {
            _errors.Add($"{place}: {message}");
        }
    }
}
