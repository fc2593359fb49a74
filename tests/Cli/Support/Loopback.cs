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
}
