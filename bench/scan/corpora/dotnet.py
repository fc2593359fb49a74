"""Published .NET applications. Truth: project.assets.json, the packages that leave files in the output."""
import glob, json, os, re, shutil

from .common import built, found, run, scan

PACKAGES = {"Newtonsoft.Json": "13.0.4", "Serilog": "4.4.0", "Serilog.Sinks.Console": "6.1.1", "Dapper": "2.1.86", "AWSSDK.Core": "4.1.0", "AWSSDK.SecurityToken": "4.0.101.10", "Npgsql": "10.0.3", "Polly": "8.9.1", "YamlDotNet": "18.1.0",
            "Spectre.Console": "0.57.2", "AutoMapper": "14.0.0", "NuGet.Versioning": "8.0.0", "Quartz": "4.7.3", "FluentValidation": "12.2.0", "Humanizer.Core": "3.0.10", "NodaTime": "3.3.7", "RestSharp": "114.1.0", "StackExchange.Redis": "3.4.35",
            "MongoDB.Driver": "3.14.0", "Google.Protobuf": "3.36.2", "Grpc.Net.Client": "2.85.0", "log4net": "3.5.0", "NLog": "6.2.2", "CsvHelper": "34.0.0", "HtmlAgilityPack": "1.13.0", "AngleSharp": "1.10.3", "SharpZipLib": "1.4.2",
            "protobuf-net": "3.4.40", "System.IdentityModel.Tokens.Jwt": "8.23.0", "BouncyCastle.Cryptography": "2.7.0", "MailKit": "4.18.2", "SSH.NET": "2026.0.0", "MySqlConnector": "2.6.2", "Microsoft.Data.Sqlite": "10.0.0"}

# Packages that nothing here was made for: how assemblies speak for themselves is measured on them too.
OTHERS = {"AWSSDK.S3": "4.1.0", "AWSSDK.DynamoDBv2": "4.1.0", "AWSSDK.SQS": "4.0.100.25", "Microsoft.EntityFrameworkCore.SqlServer": "10.0.15", "Npgsql.EntityFrameworkCore.PostgreSQL": "10.0.3",
          "Microsoft.EntityFrameworkCore.Sqlite": "10.0.15", "Refit": "16.4.0", "Flurl.Http": "4.0.2", "Hangfire.Core": "1.8.25", "MassTransit": "9.2.6", "Autofac": "9.3.3", "Swashbuckle.AspNetCore": "11.0.1",
          "OpenTelemetry.Extensions.Hosting": "1.20.1", "OpenTelemetry.Exporter.OpenTelemetryProtocol": "1.20.1", "Sentry": "6.12.1", "Azure.Storage.Blobs": "12.30.1", "Azure.Identity": "1.21.0", "Stripe.net": "53.1.0",
          "Twilio": "8.2.0", "SendGrid": "9.29.3", "NEST": "7.17.5", "Elastic.Clients.Elasticsearch": "9.5.3", "RabbitMQ.Client": "7.2.2", "Confluent.Kafka": "2.16.0", "Ical.Net": "5.2.4", "ClosedXML": "0.95.4", "EPPlus": "8.7.2",
          "DocumentFormat.OpenXml": "3.3.0", "SkiaSharp": "4.155.0", "Magick.NET-Q8-AnyCPU": "15.1.0", "Bogus": "35.6.5", "Mapster": "10.0.14", "ServiceStack.Text": "10.5.0", "NetTopologySuite": "2.6.0", "GraphQL": "8.8.5",
          "Fluid.Core": "2.41.1", "Handlebars.Net": "2.4.3", "DotLiquid": "2.3.260", "Markdig": "1.6.0", "Octokit": "14.0.0", "LibGit2Sharp": "0.32.0", "System.Linq.Async": "7.0.1", "System.Reactive": "7.0.0",
          "Microsoft.IdentityModel.Protocols.OpenIdConnect": "8.23.0", "Microsoft.Data.SqlClient": "7.1.1", "MySql.Data": "26.10.0", "LiteDB": "5.0.21", "Marten": "9.58.0", "Microsoft.Extensions.Http.Polly": "11.0.0",
          "Microsoft.Extensions.Caching.StackExchangeRedis": "11.0.0", "NSubstitute": "6.1.0", "Moq": "4.21.0", "xunit": "2.9.3", "Serilog.AspNetCore": "10.0.0", "Serilog.Sinks.Seq": "9.1.0", "NLog.Extensions.Logging": "6.3.0",
          "Google.Cloud.Storage.V1": "5.0.0", "CommandLineParser": "2.9.1", "System.CommandLine": "3.0.0", "Ardalis.Result": "10.1.0", "OneOf": "3.0.271", "ErrorOr": "2.1.1", "LanguageExt.Core": "4.4.9",
          "Portable.BouncyCastle": "1.9.0", "DotNetZip": "1.16.0", "SharpCompress": "0.50.8", "K4os.Compression.LZ4": "1.3.8", "ZstdSharp.Port": "0.8.8", "Snappier": "1.3.1", "jose-jwt": "5.3.0", "JWT": "7.3.1",
          "BCrypt.Net-Next": "4.2.0", "Isopoh.Cryptography.Argon2": "2.0.0", "HtmlSanitizer": "10.0.1120", "TimeZoneConverter": "8.0.1", "libphonenumber-csharp": "9.0.43", "Ulid": "1.4.1"}

FORMS = {
    "framework-dependent": [], "self-contained": ["--self-contained", "true"], "single-file": ["--self-contained", "false", "-p:PublishSingleFile=true"],
    "single-file-self": ["--self-contained", "true", "-p:PublishSingleFile=true"], "ready-to-run": ["--self-contained", "false", "-p:PublishReadyToRun=true"],
    "trimmed": ["--self-contained", "true", "-p:PublishTrimmed=true", "-p:TrimMode=partial"],
}


def publish(form, packages=PACKAGES):
    def build(path):
        references = "".join(f'<PackageReference Include="{n}" Version="{v}" />' for n, v in packages.items())
        open(path + "/fn.csproj", "w").write(f'<Project Sdk="Microsoft.NET.Sdk"><PropertyGroup><OutputType>Exe</OutputType><TargetFramework>net10.0</TargetFramework><NuGetAudit>false</NuGetAudit><ImplicitUsings>enable</ImplicitUsings><NoWarn>$(NoWarn);NU1603;NU1608;NU1701;IL2104</NoWarn></PropertyGroup><ItemGroup>{references}</ItemGroup></Project>')
        open(path + "/Program.cs", "w").write("Console.WriteLine(1);")
        # Stand alone: no settings of a repository above.
        for file in ("Directory.Build.props", "Directory.Packages.props", "Directory.Build.targets"):
            open(f"{path}/{file}", "w").write("<Project />")
        run("dotnet", "publish", "fn.csproj", "-c", "Release", "-r", "linux-x64", "-o", path + "/out", "-v", "q", "-nologo", *(FORMS.get(form) or ["--self-contained", "false"]), cwd=path)
    return built(f"dotnet-{form}", build)


def used(path):
    """Packages with something to run. Those of reference assemblies, build files and analyzers leave nothing in the output."""
    assets = json.load(open(path + "/obj/project.assets.json"))
    truth = {}
    for target in assets["targets"].values():
        for key, entry in target.items():
            files = [f for kind in ("runtime", "native", "runtimeTargets") for f in entry.get(kind, {}) if not f.endswith("_._")]
            if entry["type"] == "package" and files:
                truth[tuple(key.split("/"))] = {os.path.basename(f) for f in files}
    return truth


def form(name):
    path = publish(name)
    # The runtime itself, where it is packed in, is not in the assets.
    packages = {p for p in found(scan(path + "/out"), "NuGet", ("installed", "binary")) if not p[0].startswith("Microsoft.NETCore.App.")}
    truth = used(path)
    if name == "trimmed":
        truth = left(path, truth)
    yield set(truth), packages


def left(path, truth):
    """Without packages whose files the framework's own replaced."""
    files = {os.path.basename(f) for f in glob.glob(path + "/out/**", recursive=True)}
    return {key: own for key, own in truth.items() if own & files}


def states_nothing(assembly):
    """True for an assembly that bears 1.0.0, which the SDK writes where a build only numbers the package."""
    content = open(assembly, "rb").read()
    label = "ProductVersion".encode("utf-16le")
    value = content[content.rfind(label) + len(label):][:64].decode("utf-16le", errors="replace").lstrip("\0")
    return label in content and re.match(r"1\.0\.0(\.0)?(\+[0-9a-f]{40}|\0|\+)", value) is not None


def without_deps():
    """deps.json removed: assemblies speak for themselves. A package whose assembly bears another name, or that none of its assemblies numbers, cannot be told; those are left out of the truth."""
    for name, packages in (("framework-dependent", PACKAGES), ("others", OTHERS)):
        path = publish(name, packages)
        out = f"{path}/bare"
        shutil.rmtree(out, ignore_errors=True)
        shutil.copytree(path + "/out", out)
        for file in glob.glob(out + "/*.deps.json"):
            os.remove(file)
        all_of = left(path, used(path))
        truth = {(n, v) for (n, v), files in all_of.items() if f"{n}.dll".lower() in {f.lower() for f in files} and (v == "1.0.0" or not any(states_nothing(f) for f in glob.glob(f"{out}/{n}.dll")))}
        untold = {key: files for key, files in all_of.items() if key not in truth}
        beside = {n.lower() for n, _ in untold} | {f[:-4].lower() for files in untold.values() for f in files}
        yield truth, {p for p in found(scan(out), "NuGet", ("installed", "binary")) if p[0].lower() not in beside}


CORPORA = {**{f"dotnet {name}": (lambda n=name: form(n)) for name in FORMS}, "dotnet without deps.json": without_deps}
