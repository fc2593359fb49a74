"""Lock files of Node.js, each written by its own tool. Truth: what the same tool installed."""
import glob, json, os, shutil

from .common import NotBuilt, built, found, run, scan

PROJECT = {"name": "corpus", "version": "1.0.0", "license": "MIT", "dependencies": {
    "express": "4.18.2", "lodash": "4.17.20", "old-lodash": "npm:lodash@3.10.1", "axios": "1.4.0", "jsonwebtoken": "8.5.1", "ws": "8.5.0", "chalk": "4.1.0", "winston": "3.8.0", "@middy/core": "4.4.0", "semver": "7.3.5", "ajv": "8.11.0"}}
NPM = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]


def tools(path):
    json.dump({"private": True}, open(path + "/package.json", "w"))
    run("npm", "install", *NPM, "--prefix", path, "yarn@1.22.22", "@yarnpkg/cli-dist@4", "pnpm@9.15.9", "bun@1.1.40", cwd=path)


def bun(path):
    """The program for any x86-64 machine."""
    program = f"{path}/node_modules/@oven/bun-linux-x64-baseline/bin/bun"
    if not os.path.exists(program):
        raise NotBuilt("npm has no program of bun for this machine")
    os.chmod(program, 0o755)
    return program


FORMS = {
    "npm version 1": ("package-lock.json", lambda at: ["npm", "install", *NPM, "--lockfile-version=1"]),
    "npm version 2": ("package-lock.json", lambda at: ["npm", "install", *NPM, "--lockfile-version=2"]),
    "npm version 3": ("package-lock.json", lambda at: ["npm", "install", *NPM, "--lockfile-version=3"]),
    "yarn 1": ("yarn.lock", lambda at: ["node", f"{at}/node_modules/yarn/bin/yarn.js", "install", "--ignore-scripts", "--non-interactive", "--silent"]),
    "yarn 4": ("yarn.lock", lambda at: ["node", f"{at}/node_modules/@yarnpkg/cli-dist/bin/yarn.js", "install"]),
    "pnpm": ("pnpm-lock.yaml", lambda at: ["node", f"{at}/node_modules/pnpm/bin/pnpm.cjs", "install", "--ignore-scripts"]),
    "bun": ("bun.lock", lambda at: [bun(at), "install", "--ignore-scripts", "--save-text-lockfile"]),
    "bun binary": ("bun.lockb", lambda at: [bun(at), "install", "--ignore-scripts"]),
}


def installed(path):
    """Manifests at the top of each installed package."""
    for file in glob.glob(path + "/node_modules/**/package.json", recursive=True) + glob.glob(path + "/node_modules/.pnpm/*/node_modules/**/package.json", recursive=True):
        place = file.split("/node_modules/")[-1].split("/")
        if len(place) == (3 if place[0].startswith("@") else 2):
            manifest = json.load(open(file))
            if manifest.get("name") and manifest.get("version"):
                yield manifest["name"], manifest["version"]


def lock(form):
    file, command = FORMS[form]

    def install(path):
        json.dump(PROJECT, open(path + "/package.json", "w"))
        if form == "yarn 4":
            # Else it looks for a project in the directories above.
            open(path + "/yarn.lock", "w").close()
        run(*command(built("lock-tools", tools)), cwd=path, env={"YARN_ENABLE_SCRIPTS": "0", "YARN_NODE_LINKER": "node-modules", "HOME": path})
    path = built("lock-" + form.replace(" ", "-"), install)
    alone = path + ".alone"
    shutil.rmtree(alone, ignore_errors=True)
    os.makedirs(alone)
    shutil.copy(f"{path}/{file}", alone)
    yield set(installed(path)), found(scan(alone), "npm", ("declared",))


CORPORA = {f"lock {form}": (lambda f=form: lock(f)) for form in FORMS}
