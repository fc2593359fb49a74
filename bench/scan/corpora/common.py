"""What the corpora share: running tools, building once, zipping, scanning."""
import glob, json, os, re, shutil, subprocess, sys, zipfile

CLI, WORK = os.environ["PELLICLE"], os.path.abspath(sys.argv[1])


class NotBuilt(Exception):
    """A corpus that this machine cannot build: the reason."""


def run(*command, cwd=None, check=True, env=None):
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, errors="replace", env={**os.environ, **env} if env else None)
    if check and done.returncode != 0:
        raise NotBuilt(f"{' '.join(command)[:160]}: exit {done.returncode}: {(done.stderr or done.stdout)[-300:]}")
    return done.stdout


def built(name, build):
    """Directory WORK/name, made by build(path) once; a half-built one does not count."""
    path = f"{WORK}/{name}"
    if not os.path.exists(path + "/.built"):
        shutil.rmtree(path, ignore_errors=True)
        os.makedirs(path)
        build(path)
        open(path + "/.built", "w").close()
    return path


def debs(name, packages):
    """Debian packages unpacked below WORK/name/root; installs nothing. Packages that Debian does not have are left out."""
    def unpack(path):
        known = set(re.findall(r"^Package: (\S+)", run("apt-cache", "show", "--no-all-versions", *packages, check=False), re.M))
        wanted = [package for package in packages if package in known]
        if not wanted:
            raise NotBuilt("none of the Debian packages is known: run apt-get update")
        run("apt-get", "download", *wanted, cwd=path, check=False)
        archives = glob.glob(path + "/*.deb")
        if len(archives) < len(wanted) / 2:
            raise NotBuilt(f"{len(archives)} of {len(wanted)} Debian packages could be downloaded")
        for archive in archives:
            run("dpkg", "-x", archive, path + "/root")
    return built(name, unpack)


def zip_tree(root, target, keep=lambda path: True, prefix=""):
    with zipfile.ZipFile(target, "w") as archive:
        for directory, _, files in os.walk(root):
            for file in sorted(files):
                path = os.path.join(directory, file)
                relative = os.path.relpath(path, root)
                if os.path.isfile(path) and keep(relative):
                    with open(path, "rb") as content:
                        archive.writestr(zipfile.ZipInfo(prefix + relative), content.read())
    # Stored: building a corpus is not what is measured.
    return target


def scan(target):
    """Packages of one target; errors other than the missing database are shown."""
    done = subprocess.run([CLI, "scan", target, "--no-advisories", "--format", "json"], capture_output=True, text=True)
    if not done.stdout:
        raise NotBuilt(done.stderr[-300:])
    result = json.loads(done.stdout)["targets"][0]
    for error in result["errors"]:
        if error["message"] and "no advisory database" not in error["message"]:
            print(f"    error: {os.path.basename(target)} {error['path']}: {error['message']}", file=sys.stderr)
    return result["packages"]


def found(packages, ecosystem, evidence=("installed",)):
    return {(p["name"], p["version"]) for p in packages if p["ecosystem"] == ecosystem and p["evidence"] in evidence}


def pypi(name):
    return re.sub(r"[-_.]+", "-", name).lower()
