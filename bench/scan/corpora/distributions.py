"""The Debian packages of this machine. Truth: dpkg-query, by installed package and by source package."""
import os, zipfile
from urllib.parse import unquote

from .common import WORK, NotBuilt, run, scan

STATUS = "/var/lib/dpkg/status"


def packages(binary):
    if not os.path.exists(STATUS):
        raise NotBuilt("no dpkg database on this machine")
    target = f"{WORK}/dpkg.zip"
    with zipfile.ZipFile(target, "w") as archive:
        archive.write(STATUS, "var/lib/dpkg/status")
        archive.write("/etc/os-release", "etc/os-release")
    fields = "${db:Status-Status} ${Package} ${Version}\\n" if binary else "${db:Status-Status} ${source:Package} ${source:Version}\\n"
    truth = {tuple(line.split()[1:]) for line in run("dpkg-query", "-W", "-f", fields).splitlines() if line.startswith("installed ")}
    found = [p for p in scan(target) if p["ecosystem"].split(":")[0] in ("Debian", "Ubuntu")]
    name, version = (lambda p: unquote(p["purl"].split("?")[0].split("@")[0].split("/")[-1])), (lambda p: unquote(p["purl"].split("?")[0].split("@")[1]))
    yield truth, {(name(p), version(p)) if binary else (p["name"], p["version"]) for p in found}


CORPORA = {"distribution packages": lambda: packages(True), "distribution sources": lambda: packages(False)}
