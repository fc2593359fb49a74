using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Pellicle.Local.ControlPlane.Http;

namespace Pellicle.Local.ControlPlane.Functions;

/// <summary>Signed links to zips, as presigned S3 links are: readable by anyone who has one, for ten minutes.</summary>
internal sealed class Downloads(Plane plane)
{
    private static readonly TimeSpan Validity = TimeSpan.FromMinutes(10);

    // Links do not outlive the process: a new one has a new key.
    private readonly byte[] _key = RandomNumberGenerator.GetBytes(32);

    public void Map(IEndpointRouteBuilder endpoints) =>
        endpoints.MapMethods("code/{hash}", ["GET", "HEAD"], (RequestDelegate)ServeAsync);

    public string LinkTo(string sha256)
    {
        var hash = Convert.ToHexStringLower(Convert.FromBase64String(sha256));
        var expires = (plane.Now + Validity).ToUnixTimeSeconds();
        return new Uri(plane.Address, string.Create(CultureInfo.InvariantCulture, $"code/{hash}?Expires={expires}&Signature={Sign(hash, expires)}")).ToString();
    }

    private async Task ServeAsync(HttpContext http)
    {
        var hash = (string)http.Request.RouteValues["hash"]!;
        var valid = long.TryParse(http.Request.Query["Expires"], NumberStyles.None, CultureInfo.InvariantCulture, out var expires)
            && CryptographicOperations.FixedTimeEquals(
                Encoding.ASCII.GetBytes(Sign(hash, expires)), Encoding.ASCII.GetBytes(http.Request.Query["Signature"].ToString()));
        if (!valid || plane.Now.ToUnixTimeSeconds() >= expires)
        {
            await RefuseAsync(http, 403, valid ? "AccessDenied" : "SignatureDoesNotMatch", valid ? "Request has expired" : "The signature does not match.");
            return;
        }

        var path = plane.Code.PathOf(Convert.ToBase64String(Convert.FromHexString(hash)));
        if (!File.Exists(path))
        {
            await RefuseAsync(http, 404, "NoSuchKey", "The specified key does not exist.");
            return;
        }

        http.Response.ContentType = "application/zip";
        http.Response.ContentLength = new FileInfo(path).Length;
        if (HttpMethods.IsGet(http.Request.Method))
            await http.Response.SendFileAsync(path, http.RequestAborted);
    }

    private static Task RefuseAsync(HttpContext http, int status, string code, string message)
    {
        http.Response.StatusCode = status;
        http.Response.ContentType = "application/xml";
        return http.Response.WriteAsync($"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{code}</Code><Message>{message}</Message></Error>");
    }

    private string Sign(string hash, long expires) =>
        Convert.ToHexStringLower(HMACSHA256.HashData(_key, Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{hash}\n{expires}"))));
}
