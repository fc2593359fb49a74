using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Text.Json;
using System.Xml.Linq;

namespace Pellicle.Aws;

/// <summary>
/// Reads what lies around the functions of an inventory: log groups, networks, trails, recorders, APIs, queues. A service is asked only where a
/// function needs it. A denied or failing call becomes a gap; the run goes on.
/// </summary>
public sealed class SurroundingsReader(AwsHttp http, int parallelism = 8)
{
    private const int MaxIdsInOneCall = 100;

    private readonly OtherServices _services = new(http);
    private readonly ConcurrentDictionary<string, byte> _notServed = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, (string Cost, string Reason, bool Denied, ConcurrentBag<string> Subjects)> _gaps = new(StringComparer.Ordinal);

    /// <summary>Reads. Never throws for what AWS answers.</summary>
    public async Task<Surroundings> ReadAsync(Inventory inventory, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(inventory);
        var functions = inventory.Functions.Select(f => f.Configuration).ToList();
        if (functions.Count == 0)
        {
            return new Surroundings();
        }

        var subnets = functions.SelectMany(f => VpcPart(f, "SubnetIds")).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).ToList();
        var groups = functions.SelectMany(f => VpcPart(f, "SecurityGroupIds")).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).ToList();
        var queues = inventory.Functions.SelectMany(f => f.EventSourceMappings ?? []).Select(m => Text(m, "EventSourceArn")).OfType<string>().Where(a => Part(a, 2) == "sqs").Distinct(StringComparer.Ordinal).ToList();
        var result = new Surroundings
        {
            Subnets = subnets.Count == 0 ? new Dictionary<string, SubnetInventory>() : await SubnetsAsync(subnets, cancellationToken).ConfigureAwait(false),
            SecurityGroups = groups.Count == 0 ? new Dictionary<string, SecurityGroupInventory>() : await GroupsAsync(groups, cancellationToken).ConfigureAwait(false),
            LogGroups = await LogGroupsAsync(functions, cancellationToken).ConfigureAwait(false),
            Trails = await TrailsAsync(cancellationToken).ConfigureAwait(false),
            Recorders = await RecordersAsync(cancellationToken).ConfigureAwait(false),
            Routes = await RoutesAsync(inventory, cancellationToken).ConfigureAwait(false),
            Queues = await QueuesAsync(queues, cancellationToken).ConfigureAwait(false),
        };
        return result with
        {
            NotServed = [.. _notServed.Keys.Order(StringComparer.Ordinal)],
            Gaps = [.. _gaps.OrderBy(g => g.Key, StringComparer.Ordinal).Select(g => new InventoryGap(g.Key, g.Value.Cost, g.Value.Reason, g.Value.Denied, [.. g.Value.Subjects.Where(s => s.Length > 0).Order(StringComparer.Ordinal).Take(5)], g.Value.Subjects.Count))],
        };
    }

    /// <summary>Log group of a function.</summary>
    public static string LogGroupOf(FunctionConfiguration function)
    {
        ArgumentNullException.ThrowIfNull(function);
        return function.Other?.GetValueOrDefault("LoggingConfig") is { ValueKind: JsonValueKind.Object } logging && Text(logging, "LogGroup") is { Length: > 0 } group ? group : $"/aws/lambda/{function.FunctionName}";
    }

    private Task<IReadOnlyDictionary<string, SubnetInventory>?> SubnetsAsync(List<string> ids, CancellationToken cancellationToken) => TryAsync(
        "ec2:DescribeSubnets",
        "zones of functions in a VPC (N-2, N-4)",
        async () =>
        {
            var found = new Dictionary<string, SubnetInventory>(StringComparer.Ordinal);
            foreach (var chunk in ids.Chunk(MaxIdsInOneCall))
            {
                foreach (var item in await _services.Ec2Async("DescribeSubnets", "subnetSet", Filter("subnet-id", chunk), cancellationToken).ConfigureAwait(false))
                {
                    found[Text(item, "subnetId")] = new SubnetInventory(Text(item, "availabilityZone"), Tags(item));
                }
            }

            return (IReadOnlyDictionary<string, SubnetInventory>?)found;
        });

    private Task<IReadOnlyDictionary<string, SecurityGroupInventory>?> GroupsAsync(List<string> ids, CancellationToken cancellationToken) => TryAsync(
        "ec2:DescribeSecurityGroups",
        "what security groups let out (N-3, N-4)",
        async () =>
        {
            var found = new Dictionary<string, SecurityGroupInventory>(StringComparer.Ordinal);
            foreach (var chunk in ids.Chunk(MaxIdsInOneCall))
            {
                foreach (var item in await _services.Ec2Async("DescribeSecurityGroups", "securityGroupInfo", Filter("group-id", chunk), cancellationToken).ConfigureAwait(false))
                {
                    found[Text(item, "groupId")] = new SecurityGroupInventory([.. (item.Element("ipPermissionsEgress")?.Elements("item") ?? []).Select(Egress)], Tags(item));
                }
            }

            return (IReadOnlyDictionary<string, SecurityGroupInventory>?)found;
        });

    // A filter, unlike a list of ids, does not fail as a whole for one that is gone.
    private static IEnumerable<(string Name, string Value)> Filter(string name, string[] values) => values.Select((v, i) => ($"Filter.1.Value.{i + 1}", v)).Prepend(("Filter.1.Name", name));

    private static EgressInventory Egress(XElement item) => new(
        Text(item, "ipProtocol"),
        int.TryParse(Text(item, "fromPort"), CultureInfo.InvariantCulture, out var from) ? from : null,
        int.TryParse(Text(item, "toPort"), CultureInfo.InvariantCulture, out var to) ? to : null,
        [.. (item.Element("ipRanges")?.Elements("item") ?? []).Select(r => Text(r, "cidrIp")), .. (item.Element("ipv6Ranges")?.Elements("item") ?? []).Select(r => Text(r, "cidrIpv6"))]);

    private static Dictionary<string, string> Tags(XElement item) =>
        (item.Element("tagSet")?.Elements("item") ?? []).GroupBy(t => Text(t, "key"), StringComparer.Ordinal).ToDictionary(g => g.Key, g => Text(g.First(), "value"), StringComparer.Ordinal);

    /// <summary>One listing for all functions with the usual name, one question for each other group.</summary>
    private Task<IReadOnlyDictionary<string, LogGroupInventory>?> LogGroupsAsync(List<FunctionConfiguration> functions, CancellationToken cancellationToken) => TryAsync(
        "logs:DescribeLogGroups",
        "log groups, their retention and keys (L-1, L-2)",
        async () =>
        {
            var wanted = functions.Select(LogGroupOf).ToHashSet(StringComparer.Ordinal);
            var found = new Dictionary<string, LogGroupInventory>(StringComparer.Ordinal);
            const string usual = "/aws/lambda/";
            // A few functions are asked for one by one; many groups of other names besides would make the list long.
            var prefixes = wanted.Count(w => w.StartsWith(usual, StringComparison.Ordinal)) > 10 ? wanted.Where(w => !w.StartsWith(usual, StringComparison.Ordinal)).Append(usual) : wanted;
            foreach (var prefix in prefixes.Order(StringComparer.Ordinal))
            {
                string? token = null;
                do
                {
                    var page = await _services.TargetAsync("logs", "Logs_20140328.DescribeLogGroups", token is null ? new { logGroupNamePrefix = prefix, limit = 50 } : (object)new { logGroupNamePrefix = prefix, limit = 50, nextToken = token }, cancellationToken).ConfigureAwait(false);
                    foreach (var group in List(page, "logGroups"))
                    {
                        if (Text(group, "logGroupName") is { } name && wanted.Contains(name))
                        {
                            found[name] = new LogGroupInventory(group.TryGetProperty("retentionInDays", out var days) && days.TryGetInt32(out var n) ? n : null, Text(group, "kmsKeyId"));
                        }
                    }

                    token = Text(page, "nextToken");
                }
                while (!string.IsNullOrEmpty(token));
            }

            return (IReadOnlyDictionary<string, LogGroupInventory>?)found;
        });

    private async Task<IReadOnlyList<TrailInventory>?> TrailsAsync(CancellationToken cancellationToken)
    {
        const string cost = "whether invocations are recorded (L-5)";
        const string prefix = "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.";
        var list = await TryAsync("cloudtrail:DescribeTrails", cost, async () => (object)await _services.TargetAsync("cloudtrail", prefix + "DescribeTrails", new { includeShadowTrails = true }, cancellationToken).ConfigureAwait(false)).ConfigureAwait(false);
        if (list is not JsonElement answer)
        {
            return null;
        }

        var trails = new List<TrailInventory>();
        foreach (var arn in List(answer, "trailList").Select(t => Text(t, "TrailARN")).OfType<string>().Distinct(StringComparer.Ordinal))
        {
            var status = await TryAsync("cloudtrail:GetTrailStatus", cost, async () => (object)await _services.TargetAsync("cloudtrail", prefix + "GetTrailStatus", new { Name = arn }, cancellationToken).ConfigureAwait(false), arn).ConfigureAwait(false);
            var selectors = await TryAsync("cloudtrail:GetEventSelectors", cost, async () => (object)await _services.TargetAsync("cloudtrail", prefix + "GetEventSelectors", new { TrailName = arn }, cancellationToken).ConfigureAwait(false), arn).ConfigureAwait(false);
            if (status is not JsonElement state || selectors is not JsonElement chosen)
            {
                // The trail that could not be read may be the one that records.
                return null;
            }

            trails.Add(new TrailInventory(arn, state.TryGetProperty("IsLogging", out var on) && on.ValueKind == JsonValueKind.True, List(chosen, "EventSelectors"), List(chosen, "AdvancedEventSelectors")));
        }

        return trails;
    }

    private async Task<IReadOnlyList<RecorderInventory>?> RecordersAsync(CancellationToken cancellationToken)
    {
        const string cost = "whether AWS Config records functions (L-7)";
        var list = await TryAsync("config:DescribeConfigurationRecorders", cost, async () => (object)await _services.TargetAsync("config", "StarlingDoveService.DescribeConfigurationRecorders", new { }, cancellationToken).ConfigureAwait(false)).ConfigureAwait(false);
        var states = list is null ? null : await TryAsync("config:DescribeConfigurationRecorderStatus", cost, async () => (object)await _services.TargetAsync("config", "StarlingDoveService.DescribeConfigurationRecorderStatus", new { }, cancellationToken).ConfigureAwait(false)).ConfigureAwait(false);
        if (list is not JsonElement recorders || states is not JsonElement status)
        {
            return null;
        }

        var running = List(status, "ConfigurationRecordersStatus").Where(s => s.TryGetProperty("recording", out var on) && on.ValueKind == JsonValueKind.True).Select(s => Text(s, "name")).ToHashSet(StringComparer.Ordinal);
        return [.. List(recorders, "ConfigurationRecorders").Select(r => new RecorderInventory(Text(r, "name") ?? "", running.Contains(Text(r, "name")), r.TryGetProperty("recordingGroup", out var group) ? group : null))];
    }

    private async Task<IReadOnlyList<RouteInventory>?> RoutesAsync(Inventory inventory, CancellationToken cancellationToken)
    {
        var reader = new RouteReader(http, _services);
        var sources = RouteReader.SourcesOf(inventory);
        var apis = sources.ApiIds.Count == 0 ? [] : await TryAsync("apigateway:GET", "routes of APIs that call functions (E-8)", () => reader.ApisAsync(sources.ApiIds, cancellationToken)).ConfigureAwait(false);
        var balancers = sources.TargetGroups.Count == 0 ? [] : await TryAsync("elasticloadbalancing:DescribeTargetGroups", "load balancers that call functions (E-8)", () => reader.BalancersAsync(sources.TargetGroups, cancellationToken)).ConfigureAwait(false);
        return apis is null || balancers is null ? null : [.. apis, .. balancers];
    }

    private async Task<IReadOnlyDictionary<string, int>> QueuesAsync(List<string> arns, CancellationToken cancellationToken)
    {
        var found = new ConcurrentDictionary<string, int>(StringComparer.Ordinal);
        await Parallel.ForEachAsync(arns, new ParallelOptions { MaxDegreeOfParallelism = parallelism, CancellationToken = cancellationToken }, async (arn, token) =>
        {
            var answer = await TryAsync(
                "sqs:GetQueueAttributes",
                "timeouts of queues that feed functions (S-8)",
                async () => (object)await _services.TargetAsync("sqs", "AmazonSQS.GetQueueAttributes", new { QueueUrl = QueueUrl(arn), AttributeNames = new[] { "VisibilityTimeout" } }, token, "1.0").ConfigureAwait(false),
                arn).ConfigureAwait(false);
            if (answer is JsonElement { ValueKind: JsonValueKind.Object } read && read.TryGetProperty("Attributes", out var attributes) && int.TryParse(Text(attributes, "VisibilityTimeout"), CultureInfo.InvariantCulture, out var seconds))
            {
                found[arn] = seconds;
            }
        }).ConfigureAwait(false);
        return found;
    }

    private string QueueUrl(string arn) => new Uri(http.Settings.AddressOf("sqs"), $"/{Part(arn, 4)}/{Part(arn, 5)}").ToString();

    private async Task<T?> TryAsync<T>(string permission, string cost, Func<Task<T?>> call, string subject = "")
        where T : class
    {
        var service = permission.Split(':')[0];
        if (_notServed.ContainsKey(service))
        {
            return null;
        }

        try
        {
            return await call().ConfigureAwait(false);
        }
        catch (AwsException exception) when (http.Settings.Endpoint is not null && IsUnknown(exception))
        {
            _notServed.TryAdd(service, 0);
        }
        catch (Exception exception) when (exception is AwsException or JsonException)
        {
            var refused = exception as AwsException;
            _gaps.GetOrAdd(permission, _ => (cost, refused?.Text ?? exception.Message, refused?.IsDenied == true, [])).Subjects.Add(subject);
        }

        return null;
    }

    /// <summary>An endpoint of its own may have Lambda alone.</summary>
    private static bool IsUnknown(AwsException exception) =>
        exception.Status is HttpStatusCode.NotImplemented or HttpStatusCode.MethodNotAllowed
        || exception.Code is "InvalidAction" or "UnknownOperationException" or "UnknownOperation" or "NotImplemented" or "UnreadableAnswer"
        || (exception.Status == HttpStatusCode.NotFound && exception.Code.StartsWith("Http", StringComparison.Ordinal));

    private static IEnumerable<string> VpcPart(FunctionConfiguration function, string name) =>
        function.Other?.GetValueOrDefault("VpcConfig") is { ValueKind: JsonValueKind.Object } vpc ? List(vpc, name).Where(e => e.ValueKind == JsonValueKind.String).Select(e => e.GetString()!) : [];

    private static List<JsonElement> List(JsonElement element, string name) => element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var list) && list.ValueKind == JsonValueKind.Array ? [.. list.EnumerateArray()] : [];

    private static string Text(XElement element, string name) => element.Element(name)?.Value ?? "";

    private static string? Text(JsonElement element, string name) => element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static string Part(string arn, int index) => arn.Split(':') is { } parts && parts.Length > index ? parts[index] : "";
}
