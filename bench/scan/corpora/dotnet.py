"""Published .NET applications. Truth: project.assets.json, the packages that leave files in the output."""
import glob, json, os, shutil

from .common import built, found, run, scan

PACKAGES = {"Newtonsoft.Json": "13.0.4", "Serilog": "4.4.0", "Serilog.Sinks.Console": "6.1.1", "Dapper": "2.1.86", "AWSSDK.Core": "4.1.0", "AWSSDK.SecurityToken": "4.0.101.10", "Npgsql": "10.0.3", "Polly": "8.9.1", "YamlDotNet": "18.1.0",
            "Spectre.Console": "0.57.2", "AutoMapper": "14.0.0", "NuGet.Versioning": "8.0.0", "Quartz": "4.7.3", "FluentValidation": "12.2.0", "Humanizer.Core": "3.0.10", "NodaTime": "3.3.7", "RestSharp": "114.1.0", "StackExchange.Redis": "3.4.35",
            "MongoDB.Driver": "3.14.0", "Google.Protobuf": "3.36.2", "Grpc.Net.Client": "2.85.0", "log4net": "3.5.0", "NLog": "6.2.2", "CsvHelper": "34.0.0", "HtmlAgilityPack": "1.13.0", "AngleSharp": "1.10.3", "SharpZipLib": "1.4.2",
            "protobuf-net": "3.4.40", "System.IdentityModel.Tokens.Jwt": "8.23.0", "BouncyCastle.Cryptography": "2.7.0", "MailKit": "4.18.2", "SSH.NET": "2026.0.0", "MySqlConnector": "2.6.2", "Microsoft.Data.Sqlite": "10.0.0"}

FORMS = {
    "framework-dependent": [], "self-contained": ["--self-contained", "true"], "single-file": ["--self-contained", "false", "-p:PublishSingleFile=true"],
    "single-file-self": ["--self-contained", "true", "-p:PublishSingleFile=true"], "ready-to-run": ["--self-contained", "false", "-p:PublishReadyToRun=true"],
    "trimmed": ["--self-contained", "true", "-p:PublishTrimmed=true", "-p:TrimMode=partial"],
}


def publish(form):
    def build(path):
        references = "".join(f'<PackageReference Include="{n}" Version="{v}" />' for n, v in PACKAGES.items())
        open(path + "/fn.csproj", "w").write(f'<Project Sdk="Microsoft.NET.Sdk"><PropertyGroup><OutputType>Exe</OutputType><TargetFramework>net10.0</TargetFramework><NuGetAudit>false</NuGetAudit><ImplicitUsings>enable</ImplicitUsings><NoWarn>$(NoWarn);NU1603;IL2104</NoWarn></PropertyGroup><ItemGroup>{references}</ItemGroup></Project>')
        open(path + "/Program.cs", "w").write("Console.WriteLine(1);")
        # Stand alone: no settings of a repository above.
        for file in ("Directory.Build.props", "Directory.Packages.props", "Directory.Build.targets"):
            open(f"{path}/{file}", "w").write("<Project />")
        run("dotnet", "publish", "fn.csproj", "-c", "Release", "-r", "linux-x64", "-o", path + "/out", "-v", "q", "-nologo", *(FORMS[form] or ["--self-contained", "false"]), cwd=path)
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
        left = {os.path.basename(f) for f in glob.glob(path + "/out/*")}
        truth = {key: files for key, files in truth.items() if files & left}
    yield set(truth), packages


def without_deps():
    """deps.json removed: assemblies speak for themselves. A package whose assembly bears another name cannot be told; those are left out of the truth."""
    path = publish("framework-dependent")
    out = f"{path}/bare"
    shutil.rmtree(out, ignore_errors=True)
    shutil.copytree(path + "/out", out)
    for file in glob.glob(out + "/*.deps.json"):
        os.remove(file)
    truth = {(n, v) for (n, v), files in used(path).items() if f"{n}.dll".lower() in {f.lower() for f in files}}
    beside = {n.lower() for n, _ in used(path)} - {n.lower() for n, _ in truth}
    yield truth, {p for p in found(scan(out), "NuGet", ("installed", "binary")) if p[0].lower() not in beside}


CORPORA = {**{f"dotnet {name}": (lambda n=name: form(n)) for name in FORMS}, "dotnet without deps.json": without_deps}
