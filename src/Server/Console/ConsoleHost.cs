using Pellicle.Server.Access;

namespace Pellicle.Server.Console;

internal static class ConsoleHost
{
    public static IServiceCollection AddConsole(this IServiceCollection services)
    {
        services.AddRazorComponents();
        services.AddAntiforgery();
        services.AddHttpContextAccessor();
        return services;
    }

    public static void MapConsole(this WebApplication app) => SignIn.Map(app);
}
