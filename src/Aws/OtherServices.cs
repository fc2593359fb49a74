using System.Net;
using System.Text;
using System.Text.Json;
using System.Xml;
using System.Xml.Linq;

namespace Pellicle.Aws;

/// <summary>The three protocols of the services around Lambda: JSON with a target header, REST with JSON, and EC2's form of the query protocol.</summary>
internal sealed class OtherServices(AwsHttp http)
{
    /// <summary>Calls a service whose operation is named in a header.</summary>
    public Task<JsonElement> TargetAsync(string service, string target, object input, CancellationToken cancellationToken, string version = "1.1") => http.SendJsonAsync(
        new AwsCall
        {
            Operation = target[(target.LastIndexOf('.') + 1)..],
            Service = service,
            Method = "POST",
            Address = http.Settings.AddressOf(service),
            Path = "/",
            Headers = new Dictionary<string, string> { ["X-Amz-Target"] = target },
            Body = JsonSerializer.SerializeToUtf8Bytes(input),
            ContentType = $"application/x-amz-json-{version}",
        },
        cancellationToken);

    /// <summary>Gets a REST resource; <paramref name="path"/> has place holders in braces.</summary>
    public Task<JsonElement> GetAsync(string service, string operation, string path, IReadOnlyDictionary<string, string> values, IReadOnlyDictionary<string, string> query, CancellationToken cancellationToken) => http.SendJsonAsync(
        new AwsCall { Operation = operation, Service = service, Method = "GET", Address = http.Settings.AddressOf(service), Path = path, PathValues = values, Query = query, Headers = new Dictionary<string, string> { ["Accept"] = "application/json" } },
        cancellationToken);

    /// <summary>Items of a paged EC2 list, without namespaces.</summary>
    public async Task<IReadOnlyList<XElement>> Ec2Async(string action, string set, IEnumerable<(string Name, string Value)> fields, CancellationToken cancellationToken)
    {
        var items = new List<XElement>();
        var given = fields.ToList();
        for (var token = ""; ;)
        {
            var form = string.Join('&', new[] { ("Action", action), ("Version", "2016-11-15") }.Concat(given).Concat(token.Length > 0 ? [("NextToken", token)] : []).Select(f => $"{f.Item1}={Uri.EscapeDataString(f.Item2)}"));
            using var response = await http.SendAsync(
                new AwsCall { Operation = action, Service = "ec2", Method = "POST", Address = http.Settings.AddressOf("ec2"), Path = "/", Body = Encoding.UTF8.GetBytes(form), ContentType = "application/x-www-form-urlencoded; charset=utf-8" },
                cancellationToken).ConfigureAwait(false);
            var root = Parse(action, await response.Content.ReadAsStringAsync(cancellationToken).ConfigureAwait(false));
            items.AddRange(root.Element(set)?.Elements("item") ?? []);
            token = root.Element("nextToken")?.Value ?? "";
            if (token.Length == 0)
            {
                return items;
            }
        }
    }

    private static XElement Parse(string action, string text)
    {
        try
        {
            var root = XElement.Parse(text);
            foreach (var element in root.DescendantsAndSelf())
            {
                element.Name = element.Name.LocalName;
            }

            return root;
        }
        catch (XmlException exception)
        {
            throw new AwsException(action, "UnreadableAnswer", $"the answer is no XML: {exception.Message}", HttpStatusCode.OK);
        }
    }
}
