using System.Text.Json;
using System.Text.Json.Serialization;
using Dapper;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.DataProtection;
using Pellicle.Server.Access;
using Pellicle.Server.Accounts;
using Pellicle.Server.Audit;
using Pellicle.Server.Console;
using Pellicle.Server.Findings;
using Pellicle.Server.Fleet;
using Pellicle.Server.Incidents;
using Pellicle.Server.Ingestion;
using Pellicle.Server.Layers;
using Pellicle.Server.Learning;
using Pellicle.Server.Policies;
using Pellicle.Server.Storage;

namespace Pellicle.Server;

/// <summary>The server: ingestion, API and console in one process, over one database file.</summary>
public sealed class PellicleServer : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly Database _database;

    private PellicleServer(WebApplication app, Database database, string address, string? adminToken)
    {
        (_app, _database) = (app, database);
        (Address, AdminToken) = (address, adminToken);
    }

    /// <summary>Address it answers on, for example <c>http://127.0.0.1:8123</c>.</summary>
    public string Address { get; }

    /// <summary>The admin token: the one given in the options, or the one made at this first start; null when an earlier start made it (only its hash is kept).</summary>
    public string? AdminToken { get; }

    /// <summary>Public key of the policy signatures: base64 SubjectPublicKeyInfo, for <c>PELLICLE_KEY</c> and <c>policy.pub</c>.</summary>
    public string PolicyPublicKey => _app.Services.GetRequiredService<PolicyStore>().PublicKey;

    /// <summary>Starts a server; it answers when the task ends.</summary>
    public static async Task<PellicleServer> StartAsync(ServerOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        PrepareDirectory(options.DataDirectory);
        var database = new Database(new SqliteDialect(Path.Combine(options.DataDirectory, "pellicle.db")));
        WebApplication? app = null;
        try
        {
            await Migrator.RunAsync(database, options.TimeProvider, cancellationToken);
            app = Build(options, database);
            await app.Services.GetRequiredService<PolicyStore>().LoadKeyAsync(cancellationToken);
            var admin = await app.Services.GetRequiredService<Tokens>().EnsureAdminAsync(options.AdminToken, cancellationToken);
            await app.StartAsync(cancellationToken);
            return new PellicleServer(app, database, app.Urls.First(), admin);
        }
        catch
        {
            if (app is not null)
            {
                await app.DisposeAsync();
            }

            database.Dispose();
            throw;
        }
    }

    /// <summary>Makes a token for guards of one account (empty: of all).</summary>
    public async Task<string> CreateIngestTokenAsync(string account, CancellationToken cancellationToken = default) =>
        (await _app.Services.GetRequiredService<Tokens>().CreateAsync("ingest", Roles.Ingest, $"guards {account}".Trim(), account, "server", null, cancellationToken)).Secret;

    /// <summary>Makes an admin token for a person or a program on this machine.</summary>
    public async Task<string> CreateAdminTokenAsync(string name, CancellationToken cancellationToken = default) =>
        (await _app.Services.GetRequiredService<Tokens>().CreateAsync("user", Roles.Admin, name, "", "server", null, cancellationToken)).Secret;

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
        _database.Dispose();
    }

    private static WebApplication Build(ServerOptions options, Database database)
    {
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ContentRootPath = Path.GetFullPath(options.DataDirectory), ApplicationName = typeof(PellicleServer).Assembly.GetName().Name, EnvironmentName = Environments.Production });
        // Nothing of the host's environment or files configures this server, and results belong on stdout: talk goes to stderr.
        builder.Configuration.Sources.Clear();
        builder.Configuration.AddInMemoryCollection();
        builder.Logging.ClearProviders().AddConsole(o => o.LogToStandardErrorThreshold = LogLevel.Trace).SetMinimumLevel(LogLevel.Warning)
            .AddFilter("Microsoft.AspNetCore.DataProtection", LogLevel.Error);
        builder.WebHost.UseUrls(options.Urls.Split(';', StringSplitOptions.RemoveEmptyEntries));
        builder.WebHost.ConfigureKestrel(k =>
        {
            k.AddServerHeader = false;
            k.Limits.MaxRequestBodySize = 64 * 1024 * 1024;
        });
        AddServices(builder.Services, options, database);
        var app = builder.Build();
        Configure(app);
        return app;
    }

    private static void AddServices(IServiceCollection services, ServerOptions options, Database database)
    {
        services.AddSingleton<IHostLifetime, NoSignals>();
        services.AddSingleton(options).AddSingleton(options.TimeProvider).AddSingleton(database);
        services.AddSingleton<AuditLog>().AddSingleton<Tokens>().AddSingleton<FunctionStore>().AddSingleton<PolicyStore>().AddSingleton<IncidentSignal>().AddSingleton<IncidentStore>()
            .AddSingleton<BatchStore>().AddSingleton<ProfileStore>().AddSingleton<ScanStore>().AddSingleton<FindingLife>().AddSingleton<AccountRuns>().AddSingleton<LayerStore>();
        services.AddHostedService<Retention>();
        services.AddHostedService(s => s.GetRequiredService<AccountRuns>());
        services.ConfigureHttpJsonOptions(o =>
        {
            o.SerializerOptions.Converters.Add(new JsonStringEnumConverter(JsonNamingPolicy.CamelCase, allowIntegerValues: false));
            o.SerializerOptions.Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping;
        });
        services.AddProblemDetails();
        services.AddOpenApi("v1");
        services.AddDataProtection().SetApplicationName("pellicle").PersistKeysToFileSystem(new DirectoryInfo(Path.Combine(Path.GetFullPath(options.DataDirectory), "keys")));
        services.AddAuthentication()
            .AddScheme<AuthenticationSchemeOptions, TokenAuthentication>(TokenAuthentication.SchemeName, null)
            .AddCookie(Allow.Cookie, SignIn.Configure);
        services.AddAuthorization(Allow.Configure);
        services.AddConsole();
    }

    private static void Configure(WebApplication app)
    {
        app.UseConsoleHeaders();
        app.UseExceptionHandler();
        app.UseStatusCodePages();
        app.UseAuthentication();
        app.UseAuthorization();
        app.UseAntiforgery();
        app.MapOpenApi("/openapi/{documentName}.json");
        var api = app.MapGroup("/api/v1");
        api.MapGet("/health", HealthAsync).WithTags("health");
        IngestionApi.Map(api);
        FunctionsApi.Map(api);
        PoliciesApi.Map(api);
        LearningApi.Map(api);
        IncidentsApi.Map(api);
        FindingsApi.Map(api);
        LayersApi.Map(api);
        AccountsApi.Map(api);
        AccessApi.Map(api);
        app.MapConsole();
    }

    private static async Task<object> HealthAsync(Database database, TimeProvider time, CancellationToken cancellationToken)
    {
        var migration = await database.ReadAsync(c => c.ExecuteScalarAsync<int>("SELECT MAX(number) FROM migrations"), cancellationToken);
        return new { Status = "ok", Version = typeof(PellicleServer).Assembly.GetName().Version?.ToString(3), Schema = migration, Time = time.GetUtcNow() };
    }

    private static void PrepareDirectory(string directory)
    {
        // The database holds the signing key: for the owner's eyes only.
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(directory);
        }
        else
        {
            Directory.CreateDirectory(directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }

    /// <summary>Signals belong to the program that hosts this server.</summary>
    private sealed class NoSignals : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
