"""Zips as people deploy them, for speed.sh and layers.sh. Usage: bench/scan/zips.py WORKDIR [NAME…]; prints one path a line. What is there is not built again.

npm      installed npm packages of a web back end, with the function
python   Debian's Python packages with a RECORD each, as pip writes it
java     Debian's jars below lib/
source   the npm packages' files as if they were the customer's own code: every file is read for secrets and bundled libraries
programs two large native programs
small    one source file and three packages, about 200 KB
layers   a function and five layers, in a directory
"""
import base64, glob, hashlib, json, os, shutil, sys, zipfile

os.environ.setdefault("PELLICLE", "unused")
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from corpora.common import WORK, NotBuilt, built, debs, run

NPM = {"@aws-sdk/client-s3": "3.400.0", "@aws-sdk/client-sqs": "^3.400.0", "express": "4.18.2", "lodash": "4.17.20", "axios": "1.4.0", "mongoose": "6.8.0", "typescript": "5.1.6", "winston": "3.8.2", "@middy/core": "4.4.0",
       "jsonwebtoken": "8.5.1", "ajv": "8.12.0", "handlebars": "4.7.7", "pg": "8.10.0", "knex": "2.4.0", "uuid": "9.0.0", "moment": "2.29.4"}
SMALL = {"ms": "2.1.3", "debug": "4.3.4", "semver": "7.5.0", "uuid": "9.0.0"}
PYTHON = ["python3-" + name for name in "numpy botocore boto3 requests urllib3 idna certifi chardet pil cryptography yaml jinja2 markupsafe sqlalchemy lxml pandas pandas-lib dateutil six tz s3transfer jmespath".split()]
JAVA = "libspring-core-java libspring-web-java libspring-context-java libspring-beans-java liblog4j2-java libjackson2-core-java libjackson2-databind-java libguava-java libcommons-lang3-java libhttpclient-java libnetty-java libbcprov-java libh2-java libxalan2-java libclojure-java".split()
HANDLER = "exports.handler = async event => ({ statusCode: 200, body: JSON.stringify(event) });\n"


def deflate(root, target, keep=lambda path: True, prefix=""):
    """What `zip -r` makes: every file deflated, in the order of the directories."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for directory, _, files in os.walk(root):
            for file in sorted(files):
                path = os.path.join(directory, file)
                relative = os.path.relpath(path, root)
                if os.path.isfile(path) and relative != ".built" and keep(relative):
                    archive.write(path, prefix + relative)
    return target


def install(name, packages):
    def npm(path):
        json.dump({"name": name, "version": "1.0.0", "dependencies": packages}, open(path + "/package.json", "w"))
        run("npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error", cwd=path)
        open(path + "/index.js", "w").write(HANDLER)
    return built(name, npm)


def npm(target):
    deflate(install("speed-npm", NPM), target)


def small(target):
    deflate(install("speed-small", SMALL), target)


def source(target):
    deflate(install("speed-npm", NPM) + "/node_modules", target, lambda path: not path.endswith("package.json"), "src/")


def site():
    """Debian's packages have no RECORD and name their metadata the old way; pip's form is made of them."""
    def pack(path):
        root = debs("speed-debs-python", PYTHON) + "/root/usr/lib/python3/dist-packages"
        shutil.copytree(root, path, dirs_exist_ok=True, symlinks=False, ignore_dangling_symlinks=True)
        for info in glob.glob(path + "/*-*.egg-info") + glob.glob(path + "/*-*.dist-info"):
            record(path, info)
    return built("speed-python", pack)


def record(path, info):
    old, metadata = info.endswith(".egg-info"), info + "/PKG-INFO" if os.path.isdir(info) else info
    name, version = os.path.basename(info).rsplit(".", 1)[0].split("-")[:2]
    modules = [entry for entry in os.listdir(path) if entry.lower() in {name.lower().replace("-", "_"), {"pillow": "PIL", "pyyaml": "yaml", "python_dateutil": "dateutil"}.get(name.lower(), "").lower()}]
    if old:
        directory = f"{path}/{name}-{version}.dist-info"
        os.makedirs(directory, exist_ok=True)
        shutil.move(metadata, directory + "/METADATA")
        shutil.rmtree(info, ignore_errors=True)
        info = directory
    rows = []
    for module in modules:
        for root, _, files in os.walk(f"{path}/{module}") if os.path.isdir(f"{path}/{module}") else [(path, [], [module])]:
            for file in files:
                content = open(os.path.join(root, file), "rb").read()
                digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
                rows.append(f"{os.path.relpath(os.path.join(root, file), path)},sha256={digest},{len(content)}")
    open(info + "/RECORD", "w").write("\n".join(rows + [f"{os.path.basename(info)}/RECORD,,", ""]))


def python(target):
    deflate(site(), target)


def jars():
    def pack(path):
        os.makedirs(path + "/lib")
        for jar in glob.glob(debs("speed-debs-java", JAVA) + "/root/usr/share/java/*.jar"):
            if os.path.isfile(jar) and not os.path.islink(jar):
                shutil.copy(jar, path + "/lib")
    return built("speed-java", pack)


def java(target):
    deflate(jars(), target)


def programs(target):
    def pack(path):
        for program in ("node", "chromium"):
            found = shutil.which(program)
            if found:
                real = os.path.realpath(found)
                binary = real if os.path.getsize(real) > 1 << 20 else f"/usr/lib/{program}/{program}"
                if os.path.exists(binary):
                    shutil.copy(binary, path)
        if not os.listdir(path):
            raise NotBuilt("no large program is installed")
    deflate(built("speed-programs", pack), target)


def layers(target):
    """One function, and five layers of which each brings a fifth of the packages."""
    os.makedirs(target, exist_ok=True)
    root = install("speed-npm", NPM)
    names = sorted(os.listdir(root + "/node_modules"))
    for i in range(5):
        mine = {name for name in names[i::5] if not name.startswith(".")}
        deflate(root, f"{target}/layer-{i + 1}.zip", lambda path: path.startswith("node_modules/") and path.split("/")[1] in mine, "nodejs/")
    for function in ("function", "other"):
        deflate(install(f"speed-{function}", {**SMALL, "lodash": "4.17.20"}), f"{target}/{function}.zip")


ALL = {"npm": npm, "python": python, "java": java, "source": source, "programs": programs, "small": small, "layers": layers}


def main():
    os.makedirs(WORK, exist_ok=True)
    for name in sys.argv[2:] or ALL:
        if name not in ALL:
            sys.exit(f"no zip is named {name}: {', '.join(ALL)}")
        target = f"{WORK}/{name}" + ("" if name == "layers" else ".zip")
        if not os.path.exists(target):
            try:
                ALL[name](target + ".new")
                os.rename(target + ".new", target)
            except (NotBuilt, OSError) as error:
                print(f"{name} not built: {error}", file=sys.stderr)
                continue
        print(target)


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    main()
