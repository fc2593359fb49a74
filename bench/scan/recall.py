"""Recall and precision of `pellicle scan` against what package managers themselves say. See recall.sh."""
import glob, json, os, re, shutil, subprocess, sys, zipfile
from concurrent.futures import ThreadPoolExecutor
from importlib import metadata

CLI, WORK = os.environ["PELLICLE"], os.path.abspath(sys.argv[1])
WANTED = sys.argv[2:]
NPM = ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"]

NPM_TREES = {
    "npm-web": {"express": "4.18.2", "webpack": "5.88.0", "@aws-sdk/client-s3": "3.400.0", "lodash": "4.17.20", "old-lodash": "npm:lodash@3.10.1", "axios": "1.4.0", "typescript": "5.1.6", "eslint": "8.40.0"},
    "npm-large": {"aws-sdk": "2.1400.0", "@nestjs/core": "9.4.0", "@nestjs/common": "9.4.0", "@nestjs/platform-express": "9.4.0", "mongoose": "6.8.0", "sequelize": "6.28.0", "jest": "29.5.0", "request": "2.88.2", "@babel/core": "7.21.0", "react-dom": "18.2.0", "react": "18.2.0", "next": "13.2.0", "gatsby-cli": "5.8.0"},
    "npm-bundled-deps": {"express": "4.17.1", "serverless-http": "3.1.0", "pino": "8.0.0", "@middy/core": "4.4.0", "knex": "2.4.0", "redis": "4.6.0", "jsonwebtoken": "8.5.1", "sharp": "0.32.0", "npm": "9.6.0"},
}

EXTRA, COUNT = [], {}

# Libraries that functions bundle most; each becomes one bundle per bundler.
BUNDLED = {
    "lodash": "4.17.20", "moment": "2.29.1", "axios": "1.6.0", "express": "4.18.2", "jquery": "3.6.0", "react": "18.2.0", "react-dom": "18.2.0", "vue": "3.3.4", "handlebars": "4.7.7", "underscore": "1.13.1",
    "uuid": "8.3.2", "ajv": "8.11.0", "bluebird": "3.7.2", "js-yaml": "3.14.0", "ejs": "3.1.8", "mustache": "4.2.0", "node-forge": "1.3.0", "aws-sdk": "2.1400.0", "validator": "13.7.0", "marked": "4.0.10",
    "dompurify": "2.3.8", "chart.js": "3.9.1", "backbone": "1.4.0", "crypto-js": "4.1.1", "jsonwebtoken": "8.5.1", "minimist": "1.2.5", "semver": "7.3.5", "qs": "6.5.2", "node-fetch": "2.6.6", "ws": "8.5.0",
    "xml2js": "0.4.23", "follow-redirects": "1.14.7", "async": "3.2.3", "dayjs": "1.11.0", "yargs": "17.5.0", "tar": "6.1.0", "glob-parent": "5.1.1", "ini": "1.3.5", "json5": "2.2.0", "path-to-regexp": "6.2.0",
    "mongoose": "6.8.0", "@aws-sdk/client-s3": "3.400.0", "zod": "3.21.0", "graphql": "16.6.0", "pino": "8.0.0", "winston": "3.8.0", "joi": "17.9.0", "fast-xml-parser": "4.2.0", "socket.io-client": "4.5.0", "ramda": "0.28.0",
    "rxjs": "7.8.0", "immutable": "4.0.0", "luxon": "3.2.0", "cookie": "0.5.0", "debug": "4.3.4",
}
BUNDLERS = {"esbuild": "0.21.5", "webpack": "5.91.0", "webpack-cli": "5.1.4", "@vercel/ncc": "0.38.1"}

DOTNET = {"Newtonsoft.Json": "12.0.3", "Serilog.AspNetCore": "6.0.1", "Dapper": "2.1.35", "AWSSDK.S3": "3.7.300", "Amazon.Lambda.Core": "2.2.0", "Npgsql": "8.0.0", "AutoMapper": "12.0.0", "MediatR": "12.0.0", "Polly": "8.0.0", "YamlDotNet": "13.0.0"}

DEBS = {
    "python-debian": """python3-requests python3-urllib3 python3-certifi python3-idna python3-chardet python3-jinja2 python3-markupsafe python3-werkzeug python3-flask python3-django python3-numpy python3-pandas python3-yaml
        python3-cryptography python3-cffi python3-boto3 python3-botocore python3-s3transfer python3-jmespath python3-dateutil python3-six python3-sqlalchemy python3-paramiko python3-bcrypt python3-nacl python3-aiohttp python3-multidict
        python3-yarl python3-pil python3-lxml python3-bs4 python3-redis python3-pymysql python3-psycopg2 python3-tornado python3-httpx python3-attr python3-jsonschema python3-docutils python3-pygments python3-setuptools python3-pip
        python3-wheel python3-babel python3-simplejson python3-msgpack python3-protobuf python3-grpcio python3-scipy python3-matplotlib python3-click python3-rich python3-pydantic python3-fastapi python3-starlette python3-uvicorn""".split(),
    "java-debian": """libjackson2-databind-java libjackson2-core-java libjackson2-annotations-java libguava-java libcommons-lang3-java libcommons-io-java libhttpclient-java libhttpcore-java liblog4j2-java liblogback-java libslf4j-java
        libspring-core-java libspring-beans-java libspring-context-java libspring-web-java libnetty-java libyaml-snake-java libgoogle-gson-java libcommons-compress-java libcommons-fileupload-java libcommons-collections3-java
        libcommons-collections4-java libcommons-beanutils-java libxstream-java velocity libprotobuf-java libokhttp-java libokio-java libjoda-time-java libbcprov-java libbcpkix-java libpostgresql-jdbc-java libh2-java libmariadb-java
        libjetty9-java libtomcat9-java libcommons-text-java libcommons-codec-java libcommons-logging-java libjsoup-java libdom4j-java libxerces2-java libxalan2-java libhibernate-validator-java libservlet-api-java libjaxb-api-java
        libpdfbox2-java libplexus-utils2-java libmaven3-core-java junit4 libmockito-java libhamcrest-java libjsr305-java libcglib-java libasm-java libantlr4-runtime-java groovy scala-library libjson-simple-java libjettison-java
        libc3p0-java libhikaricp-java libcaffeine-java libfreemarker-java libxml-security-java libaxis-java libactivation-java libmail-java libzookeeper-java""".split(),
    "ruby-debian": """ruby-rack ruby-nokogiri ruby-activesupport ruby-activerecord ruby-sinatra ruby-json ruby-i18n ruby-tzinfo ruby-concurrent ruby-addressable ruby-public-suffix ruby-faraday ruby-mime-types ruby-mini-mime ruby-rest-client
        ruby-redis ruby-pg ruby-mysql2 ruby-sqlite3 ruby-bcrypt ruby-jwt ruby-haml ruby-tilt ruby-thor ruby-multi-json ruby-builder ruby-mustermann ruby-ffi ruby-aws-sdk-core ruby-oj ruby-excon ruby-zip ruby-sequel ruby-ox ruby-hashie""".split(),
    "php-debian": ["phpmyadmin", "composer"],
    "go-debian": ["rclone", "restic", "gh", "hugo", "golang-1.19-go"],
}


def run(*command, cwd=None, check=True):
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True)
    if check and done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)[:200]}: exit {done.returncode}: {(done.stderr or done.stdout)[-400:]}")
    return done.stdout


def built(path, build):
    """Runs build(path) once; a half-built directory does not count."""
    if not os.path.exists(path + "/.built"):
        shutil.rmtree(path, ignore_errors=True)
        os.makedirs(path)
        build(path)
        open(path + "/.built", "w").close()
    return path


def zip_tree(root, target, keep=lambda path: True):
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for directory, _, files in os.walk(root):
            for file in files:
                path = os.path.join(directory, file)
                relative = os.path.relpath(path, root)
                if os.path.isfile(path) and keep(relative):
                    archive.writestr(zipfile.ZipInfo(relative), open(path, "rb").read(), zipfile.ZIP_DEFLATED)


def scan(target):
    done = subprocess.run([CLI, "scan", target, "--no-advisories", "--format", "json"], capture_output=True, text=True)
    if not done.stdout:
        raise RuntimeError(done.stderr)
    result = json.loads(done.stdout)["targets"][0]
    for error in result["errors"]:
        if error["message"] and "no advisory database" not in error["message"]:
            print(f"    error: {os.path.basename(target)} {error['path']}: {error['message']}", file=sys.stderr)
    return result["packages"]


def found(packages, ecosystem, evidence=("installed",)):
    return {(p["name"], p["version"]) for p in packages if p["ecosystem"] == ecosystem and p["evidence"] in evidence}


def pypi(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def debs(name):
    def unpack(path):
        for package in DEBS[name]:
            run("apt-get", "download", package, cwd=path, check=False)
        archives = glob.glob(path + "/*.deb")
        if not archives:
            raise RuntimeError("no package could be downloaded")
        for archive in archives:
            run("dpkg", "-x", archive, path + "/root")
    return built(f"{WORK}/{name}", unpack)


# Each corpus yields (truth, found) pairs of sets of (name, version).

def npm_tree(name):
    def install(path):
        json.dump({"name": "corpus", "version": "1.0.0", "dependencies": NPM_TREES[name]}, open(path + "/package.json", "w"))
        run(*NPM, cwd=path)
        zip_tree(path, path + ".zip")
    path = built(f"{WORK}/{name}", install)
    truth = {(node["name"], node["version"]) for node in json.loads(run("npm", "query", "*", cwd=path)) if node.get("location") and node.get("version")}
    yield truth, found(scan(path + ".zip"), "npm")


def esm(name):
    safe = re.sub(r"\W", "_", name)
    return f"import * as {safe} from '{name}'; export const handler = async () => Object.keys({safe}).map(k => {safe}[k]);"


def bundle_corpus():
    def build(path):
        json.dump({"name": "bundles", "version": "1.0.0", "dependencies": {**BUNDLERS, **BUNDLED}}, open(path + "/package.json", "w"))
        run(*NPM, cwd=path)
        run("node", "node_modules/esbuild/install.js", cwd=path)
        def one(name):
            safe = name.replace("/", "_")
            open(f"{path}/{safe}.cjs", "w").write(f"const m = require('{name}'); exports.handler = async () => m;")
            esbuild = ["node_modules/.bin/esbuild", safe + ".cjs", "--bundle", "--platform=node", "--log-level=error", "--external:pg-hstore", "--external:aws-crt", "--external:@aws-sdk/signature-v4-crt"]
            run(*esbuild, f"--outfile=out/esbuild/{safe}.js", cwd=path, check=False)
            run(*esbuild, "--minify", f"--outfile=out/esbuild-min/{safe}.js", cwd=path, check=False)
            run("node_modules/.bin/ncc", "build", safe + ".cjs", "-o", f"out/ncc/{safe}", cwd=path, check=False)
            for mode in ("development", "production"):
                run("node_modules/.bin/webpack", "--mode", mode, "--target", "node", "--entry", f"./{safe}.cjs", "-o", f"out/webpack-{mode}/{safe}", *(["--devtool", "source-map"] if mode == "development" else []), cwd=path, check=False)

        with ThreadPoolExecutor(2) as pool:
            list(pool.map(one, BUNDLED))
    return built(f"{WORK}/bundles", build)


def bundles(kind):
    """One bundle a library: the library itself must be found. The other truth (what else is inside) is the bundler's secret."""
    path = bundle_corpus()
    for name, version in BUNDLED.items():
        safe = name.replace("/", "_")
        out = f"{path}/out/{kind}/{safe}" + (".js" if kind.startswith("esbuild") else "")
        if not os.path.exists(out):
            print(f"    {kind} could not bundle {name}", file=sys.stderr)
            continue
        target = out
        if os.path.isfile(out):
            target = f"{path}/out/{kind}/{safe}.dir"
            os.makedirs(target, exist_ok=True)
            shutil.copy(out, target + "/index.js")
        packages = {p["name"]: p["version"] for p in scan(target) if p["ecosystem"] == "npm"}
        # What is really inside: the path comments of esbuild's readable bundle of the same entry.
        readable = f"{path}/out/esbuild/{safe}.js"
        inside = set(re.findall(r"node_modules/((?:@[^/\s\"']+/)?[^/\s\"']+)/", open(readable).read())) | {name} if os.path.exists(readable) else None
        EXTRA.extend((kind, name, p) for p in packages if inside is not None and p not in inside)
        COUNT[kind] = COUNT.get(kind, 0) + len(packages)
        yield {(name, version)}, {(name, packages[name])} if name in packages else set()


def dotnet(single):
    def publish(path):
        references = "".join(f'<PackageReference Include="{n}" Version="{v}" />' for n, v in DOTNET.items())
        open(path + "/fn.csproj", "w").write(f'<Project Sdk="Microsoft.NET.Sdk"><PropertyGroup><OutputType>Exe</OutputType><TargetFramework>net10.0</TargetFramework><NuGetAudit>false</NuGetAudit><ImplicitUsings>enable</ImplicitUsings></PropertyGroup><ItemGroup>{references}</ItemGroup></Project>')
        open(path + "/Program.cs", "w").write("Console.WriteLine(1);")
        # Stand alone: no settings of a repository above.
        for file in ("Directory.Build.props", "Directory.Packages.props", "Directory.Build.targets"):
            open(f"{path}/{file}", "w").write("<Project />")
        extra = ["-r", "linux-x64", "--self-contained", "false", "-p:PublishSingleFile=true"] if single else []
        run("dotnet", "publish", "fn.csproj", "-c", "Release", "-o", path + "/out", "-v", "q", *extra, cwd=path)
    path = built(f"{WORK}/dotnet-{'single' if single else 'publish'}", publish)
    assets = json.load(open(path + "/obj/project.assets.json"))
    # What has something to run: packages of reference assemblies, build files and analyzers leave nothing in the output.
    used = set()
    for target in assets["targets"].values():
        for key, entry in target.items():
            files = [f for kind in ("runtime", "native", "runtimeTargets") for f in entry.get(kind, {}) if not f.endswith("_._")]
            if entry["type"] == "package" and files:
                used.add(tuple(key.split("/")))
    yield used, found(scan(path + "/out"), "NuGet", ("installed", "binary"))


def python_env(site):
    truth = {(pypi(d.metadata["Name"]), d.version) for d in metadata.distributions(path=[site]) if d.metadata["Name"]}
    zipped = f"{WORK}/{site.strip('/').replace('/', '_')}.zip"
    if not os.path.exists(zipped):
        zip_tree(site, zipped)
    yield truth, found(scan(zipped), "PyPI")


def python_pyenv():
    for site in sorted(glob.glob(os.path.expanduser("~/.pyenv/versions/*/lib/python3.*/site-packages"))):
        yield from python_env(site)


def python_debian():
    yield from python_env(debs("python-debian") + "/root/usr/lib/python3/dist-packages")


def python_stripped():
    """The same packages without their metadata, as size-saving build scripts leave them; names only, versions as the code says."""
    site = debs("python-debian") + "/root/usr/lib/python3/dist-packages"
    zipped = f"{WORK}/python-stripped.zip"
    zip_tree(site, zipped, lambda path: not re.search(r"\.(dist|egg)-info(/|$)", path))
    truth = {pypi(d.metadata["Name"]) for d in metadata.distributions(path=[site])}
    yield {(n, "") for n in truth}, {(n, "") for n, _ in found(scan(zipped), "PyPI")}


def java_debian():
    """Debian lists every jar by its coordinates below maven-repo: the truth. One zip with lib/ARTIFACT-VERSION.jar each."""
    root = debs("java-debian") + "/root/usr/share"
    truth, zipped = set(), f"{WORK}/java-debian.zip"
    with zipfile.ZipFile(zipped, "w", zipfile.ZIP_STORED) as archive:
        for jar in sorted(glob.glob(root + "/maven-repo/**/*.jar", recursive=True)):
            *group, artifact, version, file = os.path.relpath(jar, root + "/maven-repo").split("/")
            real = os.path.realpath(jar) if os.path.exists(jar) else jar.replace(os.path.dirname(jar), root + "/java")
            # Debian adds names of its own beside the published version.
            if version == "debian" or version.endswith(".x") or not os.path.isfile(real) or file != f"{artifact}-{version}.jar":
                continue
            with zipfile.ZipFile(real) as inner:
                if not any(n.endswith(".class") for n in inner.namelist()):
                    continue
            truth.add((f"{'.'.join(group)}:{artifact}", version))
            if f"lib/{file}" not in archive.namelist():
                archive.write(real, f"lib/{file}")
    yield truth, found(scan(zipped), "Maven")


def go_debian():
    root = debs("go-debian") + "/root"
    go = root + "/usr/lib/go-1.19/bin/go"
    for binary in sorted(glob.glob(root + "/usr/bin/*") + [go]):
        if not os.path.isfile(binary) or os.path.islink(binary):
            continue
        lines = run(go, "version", "-m", binary, check=False).splitlines()
        truth = set()
        for fields in (line.split("\t") for line in lines[1:]):
            if len(fields) > 3 and fields[1] in ("dep", "=>"):
                truth.discard(last if fields[1] == "=>" else None)
                last = (fields[2], fields[3].lstrip("v"))
                truth.add(last)
        if lines and "go1" in lines[0]:
            truth.add(("stdlib", re.search(r"go(\d[\d.]*)", lines[0].rsplit(":", 1)[1])[1]))
        directory = f"{WORK}/go-{os.path.basename(binary)}"
        os.makedirs(directory, exist_ok=True)
        shutil.copyfile(binary, directory + "/bootstrap")  # without the executable bit
        yield truth, {(n, v.lstrip("v")) for n, v in found(scan(directory), "Go", ("binary", "installed")) if v}


def ruby_debian():
    """Truth: name and version each gemspec assigns, read from its text."""
    root = debs("ruby-debian") + "/root"
    truth = set()
    for spec in glob.glob(root + "/**/specifications/*.gemspec", recursive=True):
        text = open(spec).read()
        name, version = re.search(r's\.name = "([^"]+)', text), re.search(r's\.version = "([^"]+)', text)
        if name and version:
            truth.add((name[1], version[1]))
    zipped = f"{WORK}/ruby-debian.zip"
    zip_tree(root, zipped)
    yield truth, found(scan(zipped), "RubyGems")


CORPORA = {
    **{name: (lambda n=name: npm_tree(n)) for name in NPM_TREES},
    **{f"bundle {kind}": (lambda k=kind: bundles(k)) for kind in ("esbuild", "esbuild-min", "ncc", "webpack-development", "webpack-production")},
    "dotnet publish": lambda: dotnet(False), "dotnet single file": lambda: dotnet(True),
    "python pyenv": python_pyenv, "python debian": python_debian, "python stripped": python_stripped,
    "java debian": java_debian, "go debian": go_debian, "ruby debian": ruby_debian,
}


def main():
    verbose = os.environ.get("VERBOSE")
    low = 0
    print(f"{'corpus':24} {'truth':>6} {'recall':>8} {'precision':>10} {'version right':>14}")
    for name, corpus in CORPORA.items():
        if WANTED and not any(name.startswith(w) for w in WANTED):
            continue
        try:
            truth, got = set(), set()
            for i, (expected, actual) in enumerate(corpus()):
                truth |= {(i, *t) for t in expected}
                got |= {(i, *t) for t in actual}
        except (RuntimeError, OSError, KeyError) as error:
            print(f"{name:24} not built: {error}")
            continue
        names = {(t[0], t[1].lower()) for t in truth}
        bundle = name.startswith("bundle")
        hit = {t for t in truth if t in got} if not bundle else {t for t in truth if (t[0], t[1]) in {g[:2] for g in got}}
        right = len(truth & got)
        low_hit = {(t[0], t[1].lower(), t[2]) for t in got}
        if not bundle:
            hit = {t for t in truth if (t[0], t[1].lower(), t[2]) in low_hit}
        precise = [g for g in got if (g[0], g[1].lower(), g[2]) in {(t[0], t[1].lower(), t[2]) for t in truth}]
        recall = len(hit) / max(1, len(truth))
        extra = [e for e in EXTRA if bundle and e[0] == name.split()[1]]
        precision = f"{100 - 100 * len(extra) / max(1, COUNT[name.split()[1]]):9.1f}%" if bundle else f"{100 * len(precise) / max(1, len(got)):9.1f}%"
        print(f"{name:24} {len(truth):6} {100 * recall:7.1f}% {precision:>10} {100 * right / max(1, len(truth)):13.1f}%")
        low += recall < (0.9 if bundle or name == "python stripped" else 0.99)
        if verbose:
            print("    missed:", sorted(t[1:] for t in truth - hit)[:80])
            if bundle:
                print("    extra: ", extra)
            else:
                print("    extra: ", sorted(g[1:] for g in got if g not in precise)[:80])
    return 1 if low else 0


if __name__ == "__main__":
    sys.exit(main())
