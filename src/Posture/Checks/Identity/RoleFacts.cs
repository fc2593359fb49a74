using System.Runtime.CompilerServices;
using Pellicle.Posture.Code;
using Pellicle.Posture.Identity;

namespace Pellicle.Posture.Checks.Identity;

/// <summary>What follows from a role and the calls of its functions: worked out once, however many functions share the role.</summary>
internal sealed class RoleFacts
{
    private static readonly ConditionalWeakTable<RoleSubject, RoleFacts> Known = [];

    private readonly CodeCalls? _calls;
    private readonly Lazy<string?> _proposal;
    private readonly Lazy<IReadOnlyDictionary<RiskClass, IReadOnlyList<string>>> _unused;

    private RoleFacts(RoleSubject role, CodeCalls? calls)
    {
        _calls = calls;
        _proposal = new(() => PolicyProposal.For(role, calls));
        _unused = new(() => calls is not null && Permissions.Of(role) is { } permissions ? Sort(permissions, calls) : new Dictionary<RiskClass, IReadOnlyList<string>>());
    }

    /// <summary>The least-privilege policy, or null.</summary>
    public string? Proposal => _proposal.Value;

    /// <summary>Facts of a role.</summary>
    public static RoleFacts Of(RoleSubject role, CodeCalls? calls)
    {
        if (Known.TryGetValue(role, out var facts) && ReferenceEquals(facts._calls, calls))
        {
            return facts;
        }

        facts = new RoleFacts(role, calls);
        Known.AddOrUpdate(role, facts);
        return facts;
    }

    /// <summary>Granted actions of a class that no code calls, sorted.</summary>
    public IReadOnlyList<string> Unused(RiskClass risk) => _unused.Value.GetValueOrDefault(risk, []);

    private static Dictionary<RiskClass, IReadOnlyList<string>> Sort(Permissions permissions, CodeCalls calls) => permissions.Granted
        .Where(a => !PlatformNeeds.Ordinary.Contains(a.Name) && !calls.Actions.ContainsKey(a.Name) && a.Name[..a.Name.IndexOf(':', StringComparison.Ordinal)] is var service && Actions.KnowsService(service) && !calls.OpaqueServices.Contains(service))
        .Select(a => (a.Name, Risk: Risks.Of(a))).Where(a => a.Risk is not null)
        .GroupBy(a => a.Risk!.Value, a => a.Name).ToDictionary(g => g.Key, IReadOnlyList<string> (g) => [.. g.Order(StringComparer.Ordinal)]);
}
