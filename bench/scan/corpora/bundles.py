"""Bundles of well-known libraries. Truth: the bundler's own account of the modules it wrote (bundles.mjs).

`bundle` is the corpus that the table of literals was looked at with: older versions of 109 libraries. `blind` is one that nothing was made for: libraries of functions, in versions
from the middle of a line, used as functions use them, and minifiers the table was not learned with."""
import glob, json, os

from .common import NotBuilt, built, run, scan
from .npm import INSTALL

HERE = os.path.dirname(os.path.abspath(__file__))
PLAN = json.load(open(HERE + "/bundles.json"))
BLIND = json.load(open(HERE + "/bundles-blind.json"))


def install(path, packages):
    json.dump({"name": "bundles", "version": "1.0.0", "private": True, "dependencies": packages}, open(path + "/package.json", "w"))
    run(*INSTALL, "--legacy-peer-deps", cwd=path)
    if os.path.exists(path + "/node_modules/esbuild/install.js"):
        run("node", "node_modules/esbuild/install.js", cwd=path)


def split(text):
    at = text.rindex("@")
    return text[:at], text[at + 1:]


def measured(path, plan, kind, well_known):
    """Name and version of each library in each bundle. Yields (inside, found); of `inside` only the well-known ones, where any are given."""
    run("node", "--max-old-space-size=6000", HERE + "/bundles.mjs", path, plan, kind, cwd=path)
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
        wanted = {p for p in inside if not well_known or p[0] in well_known}
        # A library beside the wanted ones is no mistake when it is inside.
        names = {name for name, _ in wanted}
        beside = {name for name, _ in inside} - names
        yield wanted, {p for p in got if p[0] not in beside}


def bundle(kind, all_of_them):
    path = built("bundles", lambda path: install(path, {**PLAN["bundlers"], **PLAN["libraries"]}))
    yield from measured(path, HERE + "/bundles.json", kind, None if all_of_them else PLAN["libraries"])


def blind(kind, all_of_them):
    tools = built("bundles-blind", lambda path: install(path, BLIND["bundlers"]))
    for combo, content in BLIND["combos"].items():
        path = built(f"bundles-blind/{combo}", lambda path: install(path, content["libraries"]))
        json.dump({"combos": {combo: content["lines"]}}, open(path + "/plan.json", "w"))
        yield from measured(path, path + "/plan.json", kind, None if all_of_them else content["libraries"])


CORPORA = {f"{name}{'-all' if every else ''} {kind}": (lambda c=corpus, k=kind, e=every: c(k, e))
           for name, corpus, plan in (("bundle", bundle, PLAN), ("blind", blind, BLIND)) for every in (False, True) for kind in plan["kinds"]}
