using System.Text.Json;
using System.Xml.Linq;

namespace Pellicle.Aws;

/// <summary>Reads the routes of APIs and load balancers that a function's policy lets call it.</summary>
internal sealed class RouteReader(AwsHttp http, OtherServices services)
{
    private readonly QueryClient _balancers = new(http, "elasticloadbalancing", "2015-12-01", global: false);

    /// <summary>APIs and target groups that resource policies name; <c>*</c> among the APIs means that all of the region may be meant.</summary>
    public static (IReadOnlySet<string> ApiIds, IReadOnlySet<string> TargetGroups) SourcesOf(Inventory inventory)
    {
        var (apis, groups) = (new HashSet<string>(StringComparer.Ordinal), new HashSet<string>(StringComparer.Ordinal));
        foreach (var statement in inventory.Functions.SelectMany(f => f.Policies?.Values ?? []).SelectMany(p => List(p, "Statement")))
        {
            var principal = statement.TryGetProperty("Principal", out var who) ? who.GetRawText() : "";
            var sources = Sources(statement).ToList();
            if (principal.Contains("\"apigateway.amazonaws.com\"", StringComparison.Ordinal))
            {
                apis.UnionWith(sources.DefaultIfEmpty("*").Select(s => s.Split(':') is { Length: > 5 } parts && parts[2] == "execute-api" && parts[5].Split('/')[0] is { Length: > 0 } id && !id.Contains('*', StringComparison.Ordinal) ? id : "*"));
            }
            else if (principal.Contains("\"elasticloadbalancing.amazonaws.com\"", StringComparison.Ordinal))
            {
                groups.UnionWith(sources.Where(s => s.Contains(":targetgroup/", StringComparison.Ordinal) && !s.Contains('*', StringComparison.Ordinal)));
            }
        }

        return (apis, groups);
    }

    /// <summary>Routes of APIs. An id is first looked for among the REST APIs, then among the HTTP APIs; one that is gone has no routes.</summary>
    public async Task<IReadOnlyList<RouteInventory>?> ApisAsync(IReadOnlySet<string> ids, CancellationToken cancellationToken)
    {
        var all = new SortedSet<string>(ids.Where(i => i != "*"), StringComparer.Ordinal);
        if (ids.Contains("*"))
        {
            all.UnionWith((await PagesAsync("GetRestApis", "/restapis", [], new() { ["limit"] = "500" }, "item", "position", cancellationToken).ConfigureAwait(false)).Select(a => Text(a, "id") ?? ""));
            all.UnionWith((await PagesAsync("GetApis", "/v2/apis", [], [], "items", "nextToken", cancellationToken).ConfigureAwait(false)).Select(a => Text(a, "apiId") ?? ""));
            all.Remove("");
        }

        var routes = new List<RouteInventory>();
        foreach (var id in all)
        {
            routes.AddRange(await FoundAsync(() => RestAsync(id, cancellationToken)).ConfigureAwait(false) ?? await FoundAsync(() => HttpAsync(id, cancellationToken)).ConfigureAwait(false) ?? []);
        }

        return routes;
    }

    /// <summary>Listeners of load balancers that forward to the target groups of functions.</summary>
    public async Task<IReadOnlyList<RouteInventory>?> BalancersAsync(IReadOnlySet<string> groups, CancellationToken cancellationToken)
    {
        var routes = new List<RouteInventory>();
        foreach (var group in groups.Order(StringComparer.Ordinal))
        {
            var answer = await FoundAsync(async () => (XElement?)await _balancers.CallAsync("DescribeTargetGroups", cancellationToken, ("TargetGroupArns.member.1", group)).ConfigureAwait(false)).ConfigureAwait(false);
            var balancers = answer?.Element("TargetGroups")?.Elements("member").SelectMany(g => g.Element("LoadBalancerArns")?.Elements("member") ?? []).Select(b => b.Value).ToList() ?? [];
            var health = balancers.Count == 0 ? null : await _balancers.CallAsync("DescribeTargetHealth", cancellationToken, ("TargetGroupArn", group)).ConfigureAwait(false);
            var function = health?.Element("TargetHealthDescriptions")?.Elements("member").Select(m => m.Element("Target")?.Element("Id")?.Value).FirstOrDefault(i => i?.StartsWith("arn:", StringComparison.Ordinal) == true);
            foreach (var balancer in function is null ? [] : balancers)
            {
                routes.AddRange(await ListenersAsync(balancer, group, function!, cancellationToken).ConfigureAwait(false));
            }
        }

        return routes;
    }

    private async Task<List<RouteInventory>> ListenersAsync(string balancer, string group, string function, CancellationToken cancellationToken)
    {
        var routes = new List<RouteInventory>();
        var described = await _balancers.CallAsync("DescribeLoadBalancers", cancellationToken, ("LoadBalancerArns.member.1", balancer)).ConfigureAwait(false);
        if (described.Element("LoadBalancers")?.Elements("member").Any(b => b.Element("Scheme")?.Value == "internal") == true)
        {
            return routes;
        }

        foreach (var listener in (await _balancers.CallAsync("DescribeListeners", cancellationToken, ("LoadBalancerArn", balancer)).ConfigureAwait(false)).Element("Listeners")?.Elements("member").Select(l => l.Element("ListenerArn")?.Value).OfType<string>() ?? [])
        {
            var rules = await _balancers.CallAsync("DescribeRules", cancellationToken, ("ListenerArn", listener)).ConfigureAwait(false);
            foreach (var rule in rules.Element("Rules")?.Elements("member") ?? [])
            {
                var actions = rule.Element("Actions")?.Elements("member").ToList() ?? [];
                if (actions.Any(a => a.Descendants("TargetGroupArn").Any(t => t.Value == group)))
                {
                    var check = actions.Select(a => a.Element("Type")?.Value ?? "").FirstOrDefault(t => t.StartsWith("authenticate-", StringComparison.Ordinal) || t == "jwt-validation") ?? "";
                    routes.Add(new RouteInventory(
                        $"load balancer {balancer.Split('/').ElementAtOrDefault(2)}",
                        $"rule {rule.Element("Priority")?.Value} of a listener",
                        function,
                        check,
                        false,
                        $"aws elbv2 modify-rule --rule-arn {rule.Element("RuleArn")?.Value} --actions file://actions.json   # an authenticate-oidc or authenticate-cognito action before the forward"));
                }
            }
        }

        return routes;
    }

    private async Task<List<RouteInventory>?> RestAsync(string id, CancellationToken cancellationToken)
    {
        var values = new Dictionary<string, string> { ["{Api}"] = id };
        var api = await services.GetAsync("apigateway", "GetRestApi", "/restapis/{Api}", values, new Dictionary<string, string>(), cancellationToken).ConfigureAwait(false);
        // A private API is reached from VPCs only.
        if (List(api.TryGetProperty("endpointConfiguration", out var endpoint) ? endpoint : default, "types").Any(t => t.GetString() == "PRIVATE"))
        {
            return [];
        }

        // A policy of its own decides before any route does.
        var policy = ApiPolicy.Parse(Text(api, "policy"));

        var routes = new List<RouteInventory>();
        foreach (var resource in await PagesAsync("GetResources", "/restapis/{Api}/resources", values, new() { ["embed"] = "methods", ["limit"] = "500" }, "item", "position", cancellationToken).ConfigureAwait(false))
        {
            if (!resource.TryGetProperty("resourceMethods", out var methods) || methods.ValueKind != JsonValueKind.Object)
            {
                continue;
            }

            foreach (var method in methods.EnumerateObject().Where(m => m.Value.ValueKind == JsonValueKind.Object))
            {
                if (method.Value.TryGetProperty("methodIntegration", out var integration) && FunctionOf(Text(integration, "uri")) is { } function)
                {
                    var type = Text(method.Value, "authorizationType") ?? "NONE";
                    routes.Add(new RouteInventory(
                        $"REST API {id}",
                        $"{method.Name} {Text(resource, "path")}",
                        function,
                        type != "NONE" ? type : policy?.AdmitsEveryone(method.Name, Text(resource, "path") ?? "/") == false ? "resource policy" : "",
                        method.Value.TryGetProperty("apiKeyRequired", out var key) && key.ValueKind == JsonValueKind.True,
                        $"aws apigateway update-method --rest-api-id {id} --resource-id {Text(resource, "id")} --http-method {method.Name} --patch-operations op=replace,path=/authorizationType,value=AWS_IAM && aws apigateway create-deployment --rest-api-id {id} --stage-name STAGE"));
                }
            }
        }

        return routes;
    }

    private async Task<List<RouteInventory>?> HttpAsync(string id, CancellationToken cancellationToken)
    {
        var values = new Dictionary<string, string> { ["{Api}"] = id };
        var functions = (await PagesAsync("GetIntegrations", "/v2/apis/{Api}/integrations", values, [], "items", "nextToken", cancellationToken).ConfigureAwait(false))
            .Select(i => (Id: Text(i, "integrationId"), Function: FunctionOf(Text(i, "integrationUri")))).Where(i => i is { Id: not null, Function: not null }).ToDictionary(i => $"integrations/{i.Id}", i => i.Function!, StringComparer.Ordinal);
        var routes = await PagesAsync("GetRoutes", "/v2/apis/{Api}/routes", values, [], "items", "nextToken", cancellationToken).ConfigureAwait(false);
        // Messages of a WebSocket come through its connection: who may connect is asked there, once.
        var connect = routes.Find(r => Text(r, "routeKey") == "$connect");
        return
        [
            .. from route in routes
               let target = Text(route, "target") ?? ""
               where functions.ContainsKey(target)
               let gate = connect.ValueKind == JsonValueKind.Object ? connect : route
               let type = Text(gate, "authorizationType") ?? "NONE"
               select new RouteInventory(
                   connect.ValueKind == JsonValueKind.Object ? $"WebSocket API {id}" : $"HTTP API {id}",
                   Text(route, "routeKey") ?? "",
                   functions[target],
                   type == "NONE" ? "" : type,
                   gate.TryGetProperty("apiKeyRequired", out var key) && key.ValueKind == JsonValueKind.True,
                   $"aws apigatewayv2 update-route --api-id {id} --route-id {Text(gate, "routeId")} --authorization-type AWS_IAM"),
        ];
    }

    private async Task<List<JsonElement>> PagesAsync(string operation, string path, Dictionary<string, string> values, Dictionary<string, string> query, string member, string token, CancellationToken cancellationToken)
    {
        var items = new List<JsonElement>();
        var asked = new Dictionary<string, string>(query, StringComparer.Ordinal);
        for (; ; )
        {
            var page = await services.GetAsync("apigateway", operation, path, values, asked, cancellationToken).ConfigureAwait(false);
            items.AddRange(List(page, member));
            if (Text(page, token) is not { Length: > 0 } next)
            {
                return items;
            }

            asked[token] = next;
        }
    }

    /// <summary>Null for what is gone.</summary>
    private static async Task<T?> FoundAsync<T>(Func<Task<T?>> call)
        where T : class
    {
        try
        {
            return await call().ConfigureAwait(false);
        }
        catch (AwsException exception) when (exception.Code is "NotFoundException" or "TargetGroupNotFound" or "TargetGroupNotFoundException")
        {
            return null;
        }
    }

    /// <summary>ARN of the function in an integration's address: as it stands, or inside the path that API Gateway calls.</summary>
    private static string? FunctionOf(string? uri)
    {
        var start = uri?.IndexOf("arn:", uri.StartsWith("arn:", StringComparison.Ordinal) && uri.Contains("/functions/", StringComparison.Ordinal) ? 4 : 0, StringComparison.Ordinal) ?? -1;
        return start >= 0 && uri![start..].Split('/')[0] is var arn && arn.Contains(":lambda:", StringComparison.Ordinal) && arn.Contains(":function:", StringComparison.Ordinal) ? arn : null;
    }

    private static IEnumerable<string> Sources(JsonElement statement) =>
        statement.TryGetProperty("Condition", out var block) && block.ValueKind == JsonValueKind.Object
            ? block.EnumerateObject().Where(o => o.Value.ValueKind == JsonValueKind.Object).SelectMany(o => o.Value.EnumerateObject()).Where(k => k.Name.Equals("aws:SourceArn", StringComparison.OrdinalIgnoreCase))
                .SelectMany(k => k.Value.ValueKind == JsonValueKind.Array ? k.Value.EnumerateArray().Select(v => v.GetString() ?? "") : [k.Value.GetString() ?? ""])
            : [];

    private static List<JsonElement> List(JsonElement element, string name) => element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var list) ? list.ValueKind == JsonValueKind.Array ? [.. list.EnumerateArray()] : list.ValueKind == JsonValueKind.Object ? [list] : [] : [];

    private static string? Text(JsonElement element, string name) => element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
