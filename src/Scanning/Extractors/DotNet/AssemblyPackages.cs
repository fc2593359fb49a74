using System.Globalization;

namespace Pellicle.Scanning.Extractors.DotNet;

/// <summary>What an assembly says about itself.</summary>
/// <param name="Name">Simple name.</param>
/// <param name="Version">Informational version, cleaned; else file or assembly version.</param>
/// <param name="FileVersion">As written; empty where absent.</param>
/// <param name="AssemblyVersion">The version that references name.</param>
internal sealed record AssemblyIdentity(string Name, string Version, string FileVersion, Version AssemblyVersion);

/// <summary>Package id and version of an assembly, where they differ from its own. Read from published packages.</summary>
internal static class AssemblyPackages
{
    // Assembly=Package.
    private static readonly Dictionary<string, string> Names = """
        ICSharpCode.SharpZipLib=SharpZipLib Renci.SshNet=SSH.NET Humanizer=Humanizer.Core Microsoft.Data.Sqlite=Microsoft.Data.Sqlite.Core SQLitePCLRaw.batteries_v2=SQLitePCLRaw.bundle_e_sqlite3 Oracle.ManagedDataAccess=Oracle.ManagedDataAccess.Core
        Microsoft.Practices.Unity=Unity nunit.framework=NUnit Ionic.Zip=DotNetZip CommandLine=CommandLineParser itextsharp=iTextSharp BouncyCastle.Crypto=Portable.BouncyCastle ZstdSharp=ZstdSharp.Port System.Data.SQLite=System.Data.SQLite.Core
        EntityFramework.SqlServer=EntityFramework System.Web.Mvc=Microsoft.AspNet.Mvc System.Web.Http=Microsoft.AspNet.WebApi.Core System.Net.Http.Formatting=Microsoft.AspNet.WebApi.Client System.Web.Razor=Microsoft.AspNet.Razor
        System.Web.WebPages=Microsoft.AspNet.WebPages Microsoft.WindowsAzure.Storage=WindowsAzure.Storage Microsoft.Practices.ServiceLocation=CommonServiceLocator Handlebars=Handlebars.Net zxing=ZXing.Net WebDriver=Selenium.WebDriver WebDriver.Support=Selenium.Support
        Nest=NEST PhoneNumbers=libphonenumber-csharp NPOI.Core=NPOI NPOI.OOXML=NPOI NPOI.OpenXml4Net=NPOI NPOI.OpenXmlFormats=NPOI Microsoft.Scripting=DynamicLanguageRuntime Microsoft.Dynamic=DynamicLanguageRuntime itext.kernel=itext7 itext.io=itext7 itext.layout=itext7
        itext.forms=itext7 itext.sign=itext7 itext.barcodes=itext7 itext.pdfa=itext7 itext.styledxmlparser=itext7 itext.svg=itext7 itext.commons=itext7.commons PdfSharp=PDFsharp Jose=jose-jwt NCrontab=ncrontab NATS.Client.Core=NATS.Client.Core
        BCrypt-Net-Next=BCrypt.Net-Next Fluid=Fluid.Core GraphQLParser=GraphQL-Parser xunit.core=xunit.extensibility.core xunit.execution.dotnet=xunit.extensibility.execution xunit.execution.desktop=xunit.extensibility.execution StarkbankEcdsa=starkbank-ecdsa
        Microsoft.EntityFrameworkCore.Sqlite=Microsoft.EntityFrameworkCore.Sqlite.Core Microsoft.CodeAnalysis=Microsoft.CodeAnalysis.Common Microsoft.Azure.Cosmos.Client=Microsoft.Azure.Cosmos Microsoft.Azure.WebJobs.Host=Microsoft.Azure.WebJobs
        Microsoft.ServiceBus=WindowsAzure.ServiceBus System.Web.Optimization=Microsoft.AspNet.Web.Optimization Antlr3.Runtime=Antlr Microsoft.Xrm.Sdk=Microsoft.CrmSdk.CoreAssemblies MoonSharp.Interpreter=MoonSharp OpenCvSharp=OpenCvSharp4 UglyToad.PdfPig=PdfPig
        Enyim.Caching=EnyimMemcachedCore Microsoft.ML.Core=Microsoft.ML Microsoft.ML.Data=Microsoft.ML
        """.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Select(pair => pair.Split('=')).ToDictionary(pair => pair[0], pair => pair[1], StringComparer.OrdinalIgnoreCase);

    // Assembly (`*` any of the runtime's own), its file version, the package's version: these assemblies were numbered by builds of the runtime.
    private static readonly Dictionary<(string Name, string FileVersion), string> Builds = """
        * 4.6.24705.01 4.3.0
        * 4.6.25519.03 4.4.0
        * 4.6.26515.06 4.5.0
        * 4.700.19.46214 4.6.0
        * 4.700.19.56404 4.7.0
        System.IO.Packaging 8.0.1024.46610 8.0.1
        System.Buffers 4.6.28619.01 4.5.1
        System.Memory 4.6.26606.05 4.5.1
        System.Memory 4.6.27617.02 4.5.3
        System.Memory 4.6.28619.01 4.5.4
        System.Memory 4.6.31308.01 4.5.5
        System.Net.Http 4.6.26907.01 4.3.4
        System.Text.RegularExpressions 4.6.27618.01 4.3.1
        System.Data.SqlClient 4.6.27110.04 4.6.0
        System.Data.SqlClient 4.700.22.51706 4.8.5
        System.Text.Json 4.700.20.21406 4.7.2
        System.Text.Encodings.Web 4.700.21.11602 4.7.2
        Microsoft.Extensions.Logging.Abstractions 8.0.324.11423 8.0.1
        Microsoft.Extensions.Logging.Abstractions 8.0.1024.46610 8.0.2
        Microsoft.Extensions.Logging.Abstractions 8.0.1325.6609 8.0.3
        Microsoft.Extensions.DependencyInjection.Abstractions 8.0.1024.46610 8.0.2
        """.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split(' ')).ToDictionary(row => (row[0], row[1]), row => row[2]);

    // What build servers put behind a released version.
    private static readonly string[] BuildMarks = ["-main-", "-master-", "-rtm", "-servicing", "-.NET", "-release-"];

    public static string Name(string assembly) => Names.GetValueOrDefault(assembly, assembly);

    /// <summary>The package's version; null where the assembly only tells a build of the runtime that is in no table.</summary>
    public static string? Version(AssemblyIdentity assembly)
    {
        var isRuntimes = assembly.Name.StartsWith("System.", StringComparison.Ordinal) || assembly.Name.StartsWith("Microsoft.Win32.", StringComparison.Ordinal) || assembly.Name.StartsWith("Microsoft.Bcl.", StringComparison.Ordinal);
        var extends = isRuntimes || assembly.Name.StartsWith("Microsoft.Extensions.", StringComparison.Ordinal);
        if (!extends)
        {
            return assembly.Version;
        }

        if (Builds.TryGetValue((assembly.Name, assembly.FileVersion), out var known) || (isRuntimes && Builds.TryGetValue(("*", assembly.FileVersion), out known)))
        {
            return known;
        }

        // Since .NET 5 a package that was serviced counts up its assembly version: 6.0.0.1 is 6.0.1, also where it was built with runtime 6.0.16.
        if (assembly.AssemblyVersion is { Major: >= 5, Minor: 0, Build: 0, Revision: > 0 } served)
        {
            return $"{served.Major}.0.{served.Revision}";
        }

        if (assembly.Name == "System.Runtime.CompilerServices.Unsafe" && assembly.AssemblyVersion is { Major: 4, Build: 4 } early)
        {
            return early.Revision == 0 ? "4.5.0" : "4.5.2";
        }

        // Until .NET 8 packages counted their own services: one that only a later runtime's build tells has a smaller number, which nothing in it says.
        if (assembly.AssemblyVersion is { Major: >= 5 and <= 8, Minor: 0, Build: 0, Revision: 0 } && assembly.Version.Split('.') is [_, "0", var patch] && patch != "0" && assembly.FileVersion.StartsWith($"{assembly.AssemblyVersion.Major}.0.{patch}", StringComparison.Ordinal)
            && assembly.FileVersion.Split('.') is [_, _, { Length: > 2 } build, _] && build.Length == patch.Length + 2)
        {
            return null;
        }

        return isRuntimes && (assembly.FileVersion.StartsWith("4.6.2", StringComparison.Ordinal) || assembly.FileVersion.StartsWith("4.6.3", StringComparison.Ordinal) || assembly.FileVersion.StartsWith("4.700.", StringComparison.Ordinal)) ? null : assembly.Version;
    }

    /// <summary>Without build metadata, marks of a build server and a fourth number that is 0 or a build's; null where it is no version.</summary>
    public static string? Clean(string? text)
    {
        var version = (text?.Split('+', ' ', '@', ',')[0] ?? "").TrimEnd('.');
        foreach (var mark in BuildMarks)
        {
            var at = version.IndexOf(mark, StringComparison.OrdinalIgnoreCase);
            version = at > 0 ? version[..at] : version;
        }

        var dash = version.IndexOf('-', StringComparison.Ordinal);
        if (dash > 0 && (version.AsSpan(dash + 1) is "dev" or "local" or "ci" || (version.Length - dash - 1 == 40 && !version.AsSpan(dash + 1).ContainsAnyExcept("0123456789abcdef"))))
        {
            // A build's own word or the commit it was made from: no released version ends so.
            version = version[..dash];
            dash = -1;
        }

        var (core, label) = dash > 0 ? (version[..dash], version[dash..]) : (version, "");
        var parts = core.Split('.');
        if (parts.Length > 3 && (parts.Length > 4 || parts[3] == "0" || !ushort.TryParse(parts[3], NumberStyles.None, CultureInfo.InvariantCulture, out _)))
        {
            core = string.Join('.', parts[..3]);
        }

        return core.Length > 0 && char.IsAsciiDigit(core[0]) ? core + label : null;
    }
}
