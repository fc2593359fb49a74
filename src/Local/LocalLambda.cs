using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Logging;
using Pellicle.Local.ControlPlane;
using Pellicle.Local.ControlPlane.Functions;
using Pellicle.Local.ControlPlane.Http;
using Pellicle.Local.ControlPlane.Identity;
using Pellicle.Local.ControlPlane.Invocations;
using Pellicle.Local.ControlPlane.Layers;
using Pellicle.Local.Invocation;

namespace Pellicle.Local;

/// <summary>A running local Lambda: the control-plane API over HTTP and the environments that run its functions.</summary>
public sealed class LocalLambda : IAsyncDisposable
{
    private readonly WebApplication _application;
    private readonly Plane _plane;
    private readonly EventQueue _events;

    private LocalLambda(WebApplication application, Plane plane, EventQueue events) =>
        (_application, _plane, _events) = (application, plane, events);

    /// <summary>Where the API answers; what goes after <c>--endpoint-url</c>.</summary>
    public Uri Address => _plane.Address;

    /// <summary>Starts to answer. Throws when the data directory is in use or damaged, or an address cannot be bound.</summary>
    public static Task<LocalLambda> StartAsync(LocalLambdaOptions options, CancellationToken cancellationToken) =>
        StartAsync(options, CreateInvoker, cancellationToken);

    internal static async Task<LocalLambda> StartAsync(
        LocalLambdaOptions options, Func<LocalLambdaOptions, IInvoker> createInvoker, CancellationToken cancellationToken)
    {
        var plane = new Plane(options, createInvoker(options));
        WebApplication? application = null;
        try
        {
            var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ApplicationName = "Pellicle.Local" });
            builder.Logging.ClearProviders();
            builder.Services.AddSingleton(options.LoggerFactory);
            builder.Services.AddRoutingCore();
            builder.WebHost.UseUrls(options.Urls);
            builder.WebHost.ConfigureKestrel(kestrel =>
            {
                kestrel.AddServerHeader = false;
                // Each operation has its own limit and its own error for it.
                kestrel.Limits.MaxRequestBodySize = null;
                kestrel.Limits.MaxRequestHeadersTotalSize = 1024 * 1024;
                kestrel.Limits.MaxRequestLineSize = 64 * 1024;
            });
            application = builder.Build();
            var events = new EventQueue(plane);
            Map(application, plane, events, out var resume);
            await application.StartAsync(cancellationToken);
            var addresses = application.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses;
            plane.Address = new Uri(addresses.First());
            resume();
            return new LocalLambda(application, plane, events);
        }
        catch
        {
            if (application is not null)
                await application.DisposeAsync();
            await plane.DisposeAsync();
            throw;
        }
    }

    /// <summary>Stops answering, then ends all environments.</summary>
    public async ValueTask DisposeAsync()
    {
        await _events.StopAsync();
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(2), _plane.Time);
        await _application.StopAsync(patience.Token);
        await _application.DisposeAsync();
        await _plane.DisposeAsync();
    }

    private static IInvoker CreateInvoker(LocalLambdaOptions options) => new Environments.EnvironmentPool(options);

    private static void Map(WebApplication application, Plane plane, EventQueue events, out Action resume)
    {
        var urls = new UrlFront(plane);
        application.Use(async (http, next) =>
        {
            if (!await urls.TryServeAsync(http))
                await next(http);
        });
        application.UseRouting();

        var routes = new Routes(application, plane.Logger);
        var transitions = new Transitions(plane);
        var downloads = new Downloads(plane);
        var mappings = new EventSourceMappingOperations(plane);
        downloads.Map(application);
        new QueryApi(plane).Map(application);
        new FunctionOperations(plane, transitions, downloads).Map(routes);
        new AliasOperations(plane).Map(routes);
        new PermissionOperations(plane).Map(routes);
        new TagOperations(plane).Map(routes);
        new SettingOperations(plane).Map(routes);
        new UrlOperations(plane).Map(routes);
        new LayerOperations(plane, downloads).Map(routes);
        new InvokeOperations(plane, events).Map(routes);
        mappings.Map(routes);
        routes.Fallback();
        resume = () =>
        {
            transitions.Resume();
            mappings.Resume();
            events.Resume();
        };
    }
}
