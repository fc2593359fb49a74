"""Rust programs. Truth: cargo's own lock file of what the program links (without build scripts' and macros' crates)."""
import glob, json, os, shutil, zlib

from .common import NotBuilt, built, debs, found, run, scan

CRATES = """serde serde-json serde-derive regex regex-syntax regex-automata memchr aho-corasick itoa ryu log env-logger anyhow thiserror thiserror-impl chrono time num-traits num-integer libc bitflags cfg-if once-cell lazy-static semver uuid base64
    humantime termcolor atty proc-macro2 quote syn unicode-ident autocfg indexmap hashbrown either itertools smallvec bytes hex url percent-encoding form-urlencoded idna unicode-bidi unicode-normalization tinyvec tinyvec-macros matches""".split()

WANTED = ["serde_json", "regex", "log", "anyhow", "semver", "base64", "hex", "url", "itertools", "indexmap", "bytes"]


def program():
    def build(path):
        deb = debs("rust-debian", [f"librust-{name}-dev" for name in CRATES])
        registry = deb + "/root/usr/share/cargo/registry"
        # Every directory of Debian's registry is a package of a "directory source".
        os.makedirs(path + "/.cargo")
        open(path + "/.cargo/config.toml", "w").write(f'[source.crates-io]\nreplace-with = "debian"\n[source.debian]\ndirectory = "{registry}"\n[net]\noffline = true\n')
        present = [c for c in WANTED if glob.glob(f"{registry}/{c.replace('_', '-')}-[0-9]*") or glob.glob(f"{registry}/{c}-[0-9]*")]
        os.makedirs(path + "/src")
        open(path + "/Cargo.toml", "w").write('[package]\nname = "fn"\nversion = "0.1.0"\nedition = "2021"\n[dependencies]\n' + "".join(f'{c} = "*"\n' for c in present))
        body = {"serde_json": 'let v: serde_json::Value = serde_json::from_str(&a).unwrap(); println!("{}", v);', "regex": 'println!("{}", regex::Regex::new(&a).unwrap().is_match(&a));', "semver": 'println!("{}", semver::Version::parse(&a).unwrap());',
                "url": 'println!("{}", url::Url::parse(&a).unwrap());', "base64": "", "hex": 'println!("{:?}", hex::decode(&a).unwrap());', "indexmap": 'let mut m = indexmap::IndexMap::new(); m.insert(a.clone(), 1); println!("{:?}", m);'}
        open(path + "/src/main.rs", "w").write('fn main() { let a = std::env::args().nth(1).unwrap(); ' + " ".join(body.get(c, "") for c in present) + " }\n")
        run("cargo", "build", "--release", "--offline", cwd=path)
    return built("rust-program", build)


def linked(path):
    """Crates that the program links: normal dependencies from the root on, macros left out."""
    data = json.loads(run("cargo", "metadata", "--format-version=1", "--offline", "--filter-platform", "x86_64-unknown-linux-gnu", cwd=path))
    packages = {p["id"]: p for p in data["packages"]}
    nodes = {n["id"]: n for n in data["resolve"]["nodes"]}
    seen, pending = set(), [data["resolve"]["root"]]
    while pending:
        current = pending.pop()
        for dependency in nodes[current]["deps"]:
            normal = any(kind["kind"] is None for kind in dependency["dep_kinds"])
            macro = any("proc-macro" in target["kind"] for target in packages[dependency["pkg"]]["targets"])
            if normal and not macro and dependency["pkg"] not in seen:
                seen.add(dependency["pkg"])
                pending.append(dependency["pkg"])
    return {(packages[i]["name"], packages[i]["version"]) for i in seen}


def auditable():
    """The list that cargo-auditable packs in, written in its documented form into the section with objcopy; stripped, without the executable bit."""
    path = program()
    crates = linked(path)
    listed = {"packages": [{"name": "fn", "version": "0.1.0", "source": "local", "root": True, "dependencies": list(range(1, len(crates) + 1))}] + [{"name": n, "version": v, "source": "crates.io"} for n, v in sorted(crates)]}
    out = path + "/auditable"
    os.makedirs(out, exist_ok=True)
    open(path + "/list", "wb").write(zlib.compress(json.dumps(listed).encode()))
    run("objcopy", "--strip-all", "--add-section", f".dep-v0={path}/list", "--set-section-flags", ".dep-v0=readonly,data", path + "/target/release/fn", out + "/bootstrap")
    os.chmod(out + "/bootstrap", 0o644)
    yield crates, found(scan(out), "crates.io", ("binary",))


def plain():
    """No list: only crates whose panics name their source can be told; of those, all."""
    path = program()
    out = path + "/plain"
    os.makedirs(out, exist_ok=True)
    shutil.copyfile(path + "/target/release/fn", out + "/bootstrap")
    content = open(out + "/bootstrap", "rb").read()
    named = {(n, v) for n, v in linked(path) if f"/{n}-{v}/".encode() in content or f"/{n.replace('_', '-')}-{v}/".encode() in content}
    if not named:
        raise NotBuilt("the program names no crate")
    yield {(n.replace("_", "-"), v) for n, v in named}, {(n.replace("_", "-"), v) for n, v in found(scan(out), "crates.io", ("binary",))}


CORPORA = {"rust auditable": auditable, "rust panic paths": plain}
