using System.Net;

namespace Pellicle.Cli.Tests.Support;

/// <summary>Listens on a free port; <see cref="HttpListener"/> has no way to ask for any.</summary>
internal static class Loopback
{
    /// <summary>A started listener and its address, with a slash at the end. One that could not start is of no further use: each port gets a new one.</summary>
    public static HttpListener Listen(out string address)
    {
        for (var port = 20_000 + (Environment.ProcessId % 20_000); ; port++)
        {
            var listener = new HttpListener();
            listener.Prefixes.Add(address = $"http://127.0.0.1:{port}/");
            try
            {
                listener.Start();
                return listener;
            }
            catch (HttpListenerException) when (port < IPEndPoint.MaxPort)
            {
                // Taken: the next one.
            }
        }
    }

    /// <summary>Hands every request to <paramref name="handle"/>, many at once, until the listener is closed.</summary>
    public static async Task ServeAsync(HttpListener listener, Func<HttpListenerContext, Task> handle)
    {
        while (listener.IsListening)
        {
            HttpListenerContext context;
            try
            {
                context = await listener.GetContextAsync();
            }
            catch (Exception exception) when (exception is HttpListenerException or ObjectDisposedException)
            {
                return;
            }

            _ = handle(context);
        }
    }

    /// <summary>The same request for another server.</summary>
    public static HttpRequestMessage Copy(HttpListenerRequest from, byte[] body, Uri server)
    {
        var request = new HttpRequestMessage(new HttpMethod(from.HttpMethod), new Uri(server, from.RawUrl!));
        if (body.Length > 0)
        {
            request.Content = new ByteArrayContent(body);
            request.Content.Headers.TryAddWithoutValidation("Content-Type", from.ContentType);
        }

        foreach (var name in from.Headers.AllKeys.OfType<string>().Where(n => n is not ("Host" or "Content-Type" or "Content-Length")))
        {
            request.Headers.TryAddWithoutValidation(name, from.Headers[name]);
        }

        return request;
    }
}
