using System.Net;
using System.Text;
using System.Xml;
using System.Xml.Linq;

namespace Pellicle.Aws;

/// <summary>The query protocol of the older services: a form goes in, XML comes out.</summary>
internal sealed class QueryClient(AwsHttp http, string service, string version, bool global)
{
    private readonly Uri _address = http.Settings.AddressOf(service, global);

    /// <summary>Calls one action and returns its <c>…Result</c> element, without namespaces.</summary>
    public async Task<XElement> CallAsync(string action, CancellationToken cancellationToken, params (string Name, string? Value)[] fields)
    {
        var form = new StringBuilder($"Action={action}&Version={version}");
        foreach (var (name, value) in fields.Where(f => f.Value is not null))
        {
            form.Append('&').Append(name).Append('=').Append(Uri.EscapeDataString(value!));
        }

        using var response = await http.SendAsync(
            new AwsCall
            {
                Operation = action,
                Service = service,
                Method = "POST",
                Address = _address,
                Path = "/",
                Region = global ? http.Settings.GlobalRegion : null,
                Body = Encoding.UTF8.GetBytes(form.ToString()),
                ContentType = "application/x-www-form-urlencoded; charset=utf-8",
            },
            cancellationToken).ConfigureAwait(false);
        var text = await response.Content.ReadAsStringAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            var root = XElement.Parse(text);
            foreach (var element in root.DescendantsAndSelf())
            {
                element.Name = element.Name.LocalName;
            }

            return root.Element(action + "Result") ?? new XElement(action + "Result");
        }
        catch (XmlException exception)
        {
            throw new AwsException(action, "UnreadableAnswer", $"{_address.Authority} answered no XML: {exception.Message}", HttpStatusCode.OK);
        }
    }

    /// <summary>Items of a paged list.</summary>
    public async Task<IReadOnlyList<XElement>> ListAsync(string action, string member, CancellationToken cancellationToken, params (string Name, string? Value)[] fields)
    {
        var items = new List<XElement>();
        string? marker = null;
        do
        {
            var page = await CallAsync(action, cancellationToken, [.. fields, ("Marker", marker)]).ConfigureAwait(false);
            items.AddRange(page.Element(member)?.Elements("member") ?? []);
            marker = page.Element("IsTruncated")?.Value == "true" ? page.Element("Marker")?.Value : null;
        }
        while (!string.IsNullOrEmpty(marker));

        return items;
    }
}
