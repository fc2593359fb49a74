"""Bundles of well-known libraries. Truth: the bundler's own account of the modules it wrote (bundles.mjs)."""
import glob, json, os, re

from .common import NotBuilt, built, run, scan
from .npm import INSTALL

HERE = os.path.dirname(os.path.abspath(__file__))
PLAN = json.load(open(HERE + "/bundles.json"))
KINDS = re.findall(r"^  '([a-z-]+)': \(c, o\)", open(HERE + "/bundles.mjs").read(), re.M)


def install(path):
    json.dump({"name": "bundles", "version": "1.0.0", "private": True, "dependencies": {**PLAN["bundlers"], **PLAN["libraries"]}}, open(path + "/package.json", "w"))
    run(*INSTALL, cwd=path)
    run("node", "node_modules/esbuild/install.js", cwd=path)


def split(text):
    at = text.rindex("@")
    return text[:at], text[at + 1:]


def bundle(kind, well_known):
    """Name and version of each library in each bundle. Yields (inside, found); of `inside` only the well-known ones, where asked."""
    path = built("bundles", install)
    run("node", "--max-old-space-size=6000", HERE + "/bundles.mjs", path, kind, cwd=path)
    made = sorted(glob.glob(f"{path}/out/{kind}/*.json"))
    if not made:
        raise NotBuilt(f"no bundle of kind {kind}")
    for file in made:
        account = json.load(open(file))
        if "error" in account:
            print(f"    {kind} {account['combo']} was not built: {account['error']}")
            continue
        inside = {split(text) for text in account["inside"]}
        got = {(p["name"], p["version"]) for p in scan(file[:-5]) if p["ecosystem"] == "npm"}
        wanted = {p for p in inside if not well_known or p[0] in PLAN["libraries"]}
        # A library beside the wanted ones is no mistake when it is inside.
        names = {name for name, _ in wanted}
        beside = {name for name, _ in inside} - names
        yield wanted, {p for p in got if p[0] not in beside}


CORPORA = {**{f"bundle {kind}": (lambda k=kind: bundle(k, True)) for kind in KINDS}, **{f"bundle-all {kind}": (lambda k=kind: bundle(k, False)) for kind in KINDS}}
