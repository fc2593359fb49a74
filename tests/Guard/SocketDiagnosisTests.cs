using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Pellicle.Guard.Native;

namespace Pellicle.Guard.Tests;

/// <summary>What the kernel says about a socket, against what its descriptor says.</summary>
public class SocketDiagnosisTests
{
    [Theory]
    [InlineData(AddressFamily.InterNetwork)]
    [InlineData(AddressFamily.InterNetworkV6)] // as Java connects: a socket for both, with an address of the old kind
    public void A_socket_is_found_by_its_ports(AddressFamily family)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        using var client = new Socket(family, SocketType.Stream, ProtocolType.Tcp);
        if (family == AddressFamily.InterNetworkV6)
            client.DualMode = true;
        client.Connect(new IPEndPoint(IPAddress.Loopback, port));
        using var accepted = listener.AcceptSocket();
        var own = File.ResolveLinkTarget($"/proc/self/fd/{client.Handle.ToInt64().ToString(CultureInfo.InvariantCulture)}", returnFinalTarget: false)!.Name;
        var clientPort = ((IPEndPoint)client.LocalEndPoint!).Port;
        // Kernels without inet_diag give no answer; then the table of all sockets is read.
        if (SocketDiagnosis.Inode(clientPort, port) is { } inode)
            own.ShouldBe($"socket:[{inode}]");
        PeerFinder.Find(clientPort, port).ShouldBe(Environment.ProcessId);
    }

    [Fact]
    public void A_process_that_opens_and_closes_files_all_the_time_is_found()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        // Descriptors below the socket's, which the look at this process meets first.
        var files = Enumerable.Range(0, 64).Select(_ => File.OpenHandle("/dev/null")).ToArray();
        using var client = new TcpClient();
        client.Connect(IPAddress.Loopback, port);
        using var accepted = listener.AcceptSocket();
        var done = false;
        var churn = new Thread(() =>
        {
            while (!Volatile.Read(ref done))
            {
                for (var i = 0; i < files.Length; i++)
                    files[i].Dispose();
                for (var i = 0; i < files.Length; i++)
                    files[i] = File.OpenHandle("/dev/null");
            }
        });
        churn.Start();
        try
        {
            for (var i = 0; i < 100; i++)
                PeerFinder.Find(((IPEndPoint)client.Client.LocalEndPoint!).Port, port).ShouldBe(Environment.ProcessId, $"look {i}");
        }
        finally
        {
            Volatile.Write(ref done, true);
            churn.Join();
            foreach (var file in files)
                file.Dispose();
        }
    }

    [Fact]
    public void Who_is_likely_is_looked_at_and_not_believed()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        using var client = new TcpClient();
        client.Connect(IPAddress.Loopback, port);
        using var accepted = listener.AcceptSocket();
        var clientPort = ((IPEndPoint)client.Client.LocalEndPoint!).Port;
        using var other = System.Diagnostics.Process.Start("sleep", "600");
        try
        {
            // Nobody, one that runs and has other descriptors, one that cannot be: whoever has it is found all the same.
            PeerFinder.Find(clientPort, port, 0, other.Id, int.MaxValue).ShouldBe(Environment.ProcessId);
            PeerFinder.Find(clientPort, port, other.Id, Environment.ProcessId).ShouldBe(Environment.ProcessId);
            PeerFinder.Find(1, 2, Environment.ProcessId).ShouldBe(0);
        }
        finally
        {
            other.Kill();
            other.WaitForExit();
        }
    }

    [Fact]
    public void Nobody_is_found_where_nobody_is() => PeerFinder.Find(1, 2).ShouldBe(0);
}
