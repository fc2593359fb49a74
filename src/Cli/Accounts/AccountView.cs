using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Pellicle.Aws;
using Pellicle.Domain;
using Pellicle.Posture;
using Pellicle.Posture.Code;

namespace Pellicle.Cli.Accounts;

/// <summary>An account as the checks see it: functions with their roles, layers and what the code calls.</summary>
internal sealed class AccountView
{
    private static readonly Dictionary<string, string> None = [];

    private readonly Inventory _inventory;
    private readonly IReadOnlyDictionary<string, IReadOnlyList<string>> _users;
    private readonly RegionSubject _region;
    private readonly Func<string, CodeCalls?> _calls;
    private readonly IReadOnlyDictionary<string, CodeCalls> _seen;
    private readonly IReadOnlyDictionary<string, string> _missing;
    private readonly AccountStore _store;
    private readonly Dictionary<string, FunctionRow> _rows;
    private readonly Dictionary<string, RoleSubject> _roles;
    private readonly IReadOnlyList<RoleSubject> _allRoles;
    private readonly Dictionary<string, string> _roleDigests;
    private readonly ConcurrentDictionary<string, (CodeCalls? Calls, string Digest)> _roleCalls = new(StringComparer.Ordinal);

    public AccountView(Inventory inventory, IReadOnlyDictionary<string, IReadOnlyList<string>> users, IReadOnlyList<FunctionRow> rows, Func<string, CodeCalls?> calls, IReadOnlyDictionary<string, CodeCalls> seen, IReadOnlyDictionary<string, string> missing, AccountStore store)
    {
        (_inventory, _users, _calls, _seen, _missing, _store) = (inventory, users, calls, seen, missing, store);
        _region = Subjects.RegionOf(inventory.Surroundings);
        _rows = rows.ToDictionary(r => r.Name, StringComparer.Ordinal);
        _roles = inventory.Roles.ToDictionary(r => r.Key, r => Subjects.Of(r.Value), StringComparer.Ordinal);
        _allRoles = [.. _roles.Values.OrderBy(r => r.Arn, StringComparer.Ordinal)];
        _roleDigests = inventory.Roles.ToDictionary(r => r.Key, r => Hash(JsonSerializer.SerializeToUtf8Bytes(r.Value)), StringComparer.Ordinal);
        // A log group concerns its own function only; the rest of the surroundings may concern any.
        var around = JsonSerializer.SerializeToUtf8Bytes(inventory.Surroundings is null ? null : inventory.Surroundings with { LogGroups = null, Gaps = [] });
        SharedDigest = Hash(Encoding.UTF8.GetBytes(string.Join('\n', _roleDigests.OrderBy(d => d.Key, StringComparer.Ordinal).Select(d => d.Value).Append(Hash(around)))));
    }

    /// <summary>Changes when any role does, or what lies around the functions: some checks look at all of them.</summary>
    public string SharedDigest { get; }

    public TargetOrder OrderOf(FunctionRow row) => Order(row.Name, row.Arn, row.Runtime, row.Handler, _missing.ContainsKey(row.Name) ? null : row.Code, row.Layers, row.Environment?.Variables ?? None) with { Architecture = row.Architecture };

    /// <summary>A published version. Its variables are not in the list of versions, so only paths that Lambda sets decide what loads.</summary>
    public TargetOrder OrderOf(FunctionRow row, VersionRow version) =>
        Order($"{row.Name}:{version.Version}", $"{row.Arn}:{version.Version}", version.Runtime, version.Handler, _missing.ContainsKey($"{row.Name}:{version.Version}") ? null : version.Code, version.Layers, None);

    public TargetOrder OrderOf(LayerInventory layer) => new() { Kind = "layer", Name = layer.Arn.Split(':')[6], Arn = layer.Arn, Code = _missing.ContainsKey(layer.Arn) ? null : AccountScan.Hex(layer.CodeSha256) };

    /// <summary>Everything a function's posture depends on besides its own configuration.</summary>
    public string DigestOf(FunctionRow row)
    {
        var text = new StringBuilder();
        text.AppendLine(row.Environment?.Error?.GetRawText()).AppendLine(_missing.GetValueOrDefault(row.Name)).AppendLine(row.Role is null ? "" : _roleDigests.GetValueOrDefault(row.Role));
        if (_inventory.Surroundings?.LogGroups is { } groups)
        {
            text.Append(groups.GetValueOrDefault(row.LogGroup)).AppendLine();
        }

        if (row.Role is { } role)
        {
            text.AppendLine(CallsOf(role).Digest).AppendJoin(',', UsersOf(role) ?? ["?"]).AppendLine();
        }

        foreach (var layer in row.Layers)
        {
            text.Append(layer.Arn).Append(' ').AppendLine(_inventory.Layers.TryGetValue(layer.Arn, out var found) ? DigestOf(found) : "");
        }

        return Hash(Encoding.UTF8.GetBytes(text.ToString()));
    }

    public string DigestOf(LayerInventory layer) => Hash(JsonSerializer.SerializeToUtf8Bytes(layer)) + _missing.GetValueOrDefault(layer.Arn);

    public (IReadOnlyList<Finding> Findings, IReadOnlyList<FileError> Errors, IReadOnlyList<NotJudged> Lacks) Posture(FunctionRow row, PostureContext context)
    {
        var result = AllChecks.Judge(SubjectOf(row), context with { Roles = _allRoles });
        var errors = result.NotJudged.Where(n => n.IsPermission).GroupBy(n => n.Lacks, n => n.Check, StringComparer.Ordinal)
            .Select(g => new FileError("function", "configuration", $"not judged for lack of {g.Key}: {string.Join(", ", g)}", "grant it: `pellicle account policy` prints the policy")).ToList();
        errors.AddRange(Errors(row.Name, row.Layers));
        // What no permission would show: code that cannot be followed.
        return (result.Findings, errors, [.. result.NotJudged.Where(n => !n.IsPermission && !n.Lacks.StartsWith(RegionSubject.EndpointThatServes, StringComparison.Ordinal))]);
    }

    public (IReadOnlyList<Finding> Findings, IReadOnlyList<FileError> Errors, IReadOnlyList<NotJudged> Lacks) Posture(LayerInventory layer, PostureContext context)
    {
        var origin = $"layer:{layer.Arn.Split(':')[6]}";
        var result = AllChecks.Judge(Subjects.Of(layer), context);
        List<FileError> errors = [.. result.NotJudged.Select(n => new FileError(origin, "configuration", $"not judged for lack of {n.Lacks}: {n.Check}", "grant it: `pellicle account policy` prints the policy"))];
        if (_missing.TryGetValue(layer.Arn, out var why))
        {
            errors.Add(new FileError(origin, "", why));
        }

        return (result.Findings, errors, []);
    }

    public IReadOnlyList<FileError> Errors(TargetOrder order) => _missing.TryGetValue(order.Name, out var why) ? [new FileError("function", "", why)] : [];

    public FunctionSubject SubjectOf(FunctionRow row)
    {
        var stored = _store.Function(row.Name)!.Inventory;
        var function = stored with { Configuration = stored.Configuration with { Environment = row.Environment } };
        var subject = Subjects.Of(function, _inventory, _region, _roles, row.Role is { } role ? _users.GetValueOrDefault(role) : null);
        return row.Role is { } own ? subject with { RoleCalls = CallsOf(own).Calls } : subject;
    }

    private TargetOrder Order(string name, string arn, string? runtime, string? handler, string? code, IReadOnlyList<LayerReference> layers, IReadOnlyDictionary<string, string> variables) => new()
    {
        Kind = "function", Name = name, Arn = arn, Runtime = runtime, Handler = handler, Code = code, Variables = variables,
        Layers = [.. layers.Where(l => !_missing.ContainsKey(l.Arn)).Select(l => AccountScan.Hex(_inventory.Layers.GetValueOrDefault(l.Arn)?.CodeSha256) is { } hex ? new OrderedLayer(l.Name, l.Arn, hex) : null).OfType<OrderedLayer>()],
    };

    private List<FileError> Errors(string function, IReadOnlyList<LayerReference> layers)
    {
        var errors = new List<FileError>();
        if (_missing.TryGetValue(function, out var why))
        {
            errors.Add(new FileError("function", "", why, why.StartsWith("a container", StringComparison.Ordinal) ? "scan its image file system as a directory" : ""));
        }

        errors.AddRange(layers.Where(l => _missing.ContainsKey(l.Arn)).Select(l => new FileError($"layer:{l.Name}", "", _missing[l.Arn])));
        return errors;
    }

    private IReadOnlyList<string>? UsersOf(string role) => _inventory.Complete ? _users.GetValueOrDefault(role) : null;

    /// <summary>What one function of a role does not call, another may; null when some of the code is missing.</summary>
    private (CodeCalls? Calls, string Digest) CallsOf(string role) => _roleCalls.GetOrAdd(role, r =>
    {
        var parts = UsersOf(r)?.Select(u => RowOf(u) is { } row ? CallsOf(row) : null).ToList();
        var union = parts is null || parts.Contains(null) ? null
            : parts.Exists(p => p!.Languages.Count == 0) ? CodeCalls.Union(parts!) with { Languages = new HashSet<string>() }
            : CodeCalls.Union(parts!);
        var text = union is null ? "?" : $"{string.Join(',', union.Actions.Select(a => $"{a.Key}={a.Value}"))} {string.Join(',', union.OpaqueServices.Order(StringComparer.Ordinal))} {string.Join(',', union.Languages.Order(StringComparer.Ordinal))}";
        return (union, Hash(Encoding.UTF8.GetBytes(text)));
    });

    /// <summary>A function outside the scope is as the last scan that covered it saw it.</summary>
    private FunctionRow? RowOf(string name) => _rows.TryGetValue(name, out var row) ? row : _store.Function(name) is { } stored ? FunctionRow.Of(stored.Inventory, "", versions: false) : null;

    /// <summary>Calls of a function with its layers, and what Lambda does in its name.</summary>
    private CodeCalls? CallsOf(FunctionRow row)
    {
        var parts = new List<CodeCalls> { row.Needs };
        foreach (var hex in row.Layers.Select(l => AccountScan.Hex((_inventory.Layers.GetValueOrDefault(l.Arn) ?? _store.Layer(l.Arn))?.CodeSha256)).Prepend(row.Code))
        {
            if (hex is null || _calls(hex) is not { } found)
            {
                return null;
            }

            parts.Add(found);
        }

        if (_seen.TryGetValue(row.Arn, out var watched))
        {
            parts.Add(watched.Beside(CodeCalls.Union(parts)));
        }

        // Layers alone do not tell in which language the function is written.
        return CodeCalls.Union(parts) with { Languages = parts[1].Languages };
    }

    private static string Hash(ReadOnlySpan<byte> bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));
}
