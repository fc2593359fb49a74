"""Go programs. Truth: `go version -m`."""
import glob, os, re, shutil

from .common import NotBuilt, WORK, built, debs, found, run, scan

TOOLS = ["golang-1.19-go", "golang-1.19-src", "rclone", "restic", "gh", "hugo", "golang-github-spf13-cobra-dev", "golang-github-spf13-pflag-dev", "golang-github-sirupsen-logrus-dev", "golang-github-pkg-errors-dev", "golang-gopkg-yaml.v3-dev",
         "golang-github-gorilla-mux-dev", "golang-golang-x-text-dev", "golang-github-google-uuid-dev", "golang-golang-x-sys-dev", "golang-github-burntsushi-toml-dev"]

MODULES = {"github.com/spf13/pflag": "v1.0.5", "github.com/sirupsen/logrus": "v1.9.0", "github.com/pkg/errors": "v0.9.1", "gopkg.in/yaml.v3": "v3.0.1", "github.com/gorilla/mux": "v1.8.0", "golang.org/x/text": "v0.7.0", "github.com/google/uuid": "v1.3.0",
           "golang.org/x/sys": "v0.3.0", "github.com/BurntSushi/toml": "v1.2.0"}

IMPORTS = ["github.com/spf13/pflag", "github.com/sirupsen/logrus", "github.com/pkg/errors", "gopkg.in/yaml.v3", "github.com/gorilla/mux", "golang.org/x/text/language", "github.com/google/uuid", "github.com/BurntSushi/toml"]


def root():
    path = debs("go-debian", TOOLS) + "/root"
    # The compiler finds its library through links that another package's files are behind.
    return path


def environment(path):
    goroot = path + "/usr/lib/go-1.19"
    for name in ("src", "api", "misc", "test", "lib"):
        link, real = f"{goroot}/{name}", f"{path}/usr/share/go-1.19/{name}"
        if os.path.islink(link) and os.path.isdir(real) and not os.path.exists(link):
            os.remove(link)
            os.symlink(real, link)
    return {"GOROOT": goroot, "GOFLAGS": "-mod=vendor", "GOPROXY": "off", "GO111MODULE": "on", "GOPATH": f"{WORK}/gopath", "GOCACHE": f"{WORK}/gocache", "GOTOOLCHAIN": "local"}


def program(flags, name):
    """A program with vendored modules, built offline; scanned without the executable bit."""
    def build(path):
        deb = root()
        source = deb + "/usr/share/gocode/src/"
        present = {module: version for module, version in MODULES.items() if os.path.isdir(source + module)}
        os.makedirs(path + "/vendor")
        lines = []
        for module, version in sorted(present.items()):
            shutil.copytree(source + module, f"{path}/vendor/{module}", ignore=shutil.ignore_patterns("*_test.go", "testdata"))
            lines += [f"# {module} {version}", "## explicit; go 1.17"]
            for directory, _, files in sorted(os.walk(f"{path}/vendor/{module}")):
                if any(f.endswith(".go") for f in files):
                    lines.append(os.path.relpath(directory, path + "/vendor"))
        open(path + "/vendor/modules.txt", "w").write("\n".join(lines) + "\n")
        open(path + "/go.mod", "w").write("module example.com/fn\n\ngo 1.17\n\nrequire (\n" + "".join(f"\t{m} {v}\n" for m, v in sorted(present.items())) + ")\n")
        used = [i for i in IMPORTS if any(i == m or i.startswith(m + "/") for m in present)]
        open(path + "/main.go", "w").write("package main\n\nimport (\n" + "".join(f'\t_ "{i}"\n' for i in used) + ")\n\nfunc main() { println(1) }\n")
        run(deb + "/usr/lib/go-1.19/bin/go", "build", *flags, "-o", path + "/out/bootstrap", ".", cwd=path, env=environment(deb))
    yield one(built(name, build) + "/out/bootstrap")


def truth(binary):
    """Modules, with replacements in place, and the standard library."""
    lines = run(root() + "/usr/lib/go-1.19/bin/go", "version", "-m", binary, check=False, env=environment(root())).splitlines()
    modules, last = set(), None
    for fields in (line.split("\t") for line in lines[1:]):
        if len(fields) > 3 and fields[1] in ("dep", "=>"):
            modules.discard(last if fields[1] == "=>" else None)
            last = (fields[2], fields[3].lstrip("v"))
            modules.add(last)
    version = re.search(r": go(\d[\d.]*)", lines[0]) if lines else None
    if not version:
        return None
    return modules | {("stdlib", version[1])}


def one(binary):
    expected = truth(binary)
    if expected is None:
        raise NotBuilt(f"go version does not know {binary}")
    directory = f"{WORK}/go-{abs(hash(binary))}"
    os.makedirs(directory, exist_ok=True)
    shutil.copyfile(binary, directory + "/bootstrap")
    result = expected, {(n, v.lstrip("v")) for n, v in found(scan(directory), "Go", ("binary", "installed")) if v}
    shutil.rmtree(directory)
    return result


def debian():
    for binary in sorted(glob.glob(root() + "/usr/bin/*") + glob.glob(root() + "/usr/lib/go-1.19/bin/*") + glob.glob(root() + "/usr/lib/go-1.19/pkg/tool/*/*")):
        if os.path.isfile(binary) and not os.path.islink(binary):
            os.chmod(binary, 0o755)
            if truth(binary) is not None:
                yield one(binary)


CORPORA = {"go debian": debian, "go modules": lambda: program([], "go-plain"), "go stripped": lambda: program(["-ldflags", "-s -w", "-trimpath"], "go-stripped"), "go pie": lambda: program(["-buildmode=pie", "-ldflags", "-s -w"], "go-pie")}
