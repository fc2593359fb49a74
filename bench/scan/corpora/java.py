"""Jars. Truth: Debian lists every jar by its published coordinates below /usr/share/maven-repo."""
import functools, glob, io, json, os, re, subprocess, zipfile

from .common import CLI, WORK, NotBuilt, built, debs, found, run, scan

TITLE = re.compile(r"^lib[a-z0-9.+-]+-java$")


def packages():
    """All of Debian's libraries for Java that are not documentation, a fixed share of them, and some that do not match the pattern."""
    names = sorted(n for n in run("apt-cache", "pkgnames", "lib").split() if TITLE.match(n) and "doc" not in n)
    well_known = """libjackson2-databind-java libjackson2-core-java libjackson2-annotations-java libguava-java libcommons-lang3-java libcommons-io-java libhttpclient-java libhttpcore-java liblog4j2-java liblogback-java libslf4j-java
        libspring-core-java libspring-beans-java libspring-context-java libspring-web-java libnetty-java libyaml-snake-java libgoogle-gson-java libcommons-compress-java libcommons-fileupload-java libcommons-collections3-java
        libcommons-collections4-java libcommons-beanutils-java libxstream-java velocity libprotobuf-java libokhttp-java libokio-java libjoda-time-java libbcprov-java libbcpkix-java libpostgresql-jdbc-java libh2-java libmariadb-java
        libjetty9-java libtomcat9-java libcommons-text-java libcommons-codec-java libcommons-logging-java libjsoup-java libdom4j-java libxerces2-java libxalan2-java libhibernate-validator-java libservlet-api-java libjaxb-api-java
        libpdfbox2-java libplexus-utils2-java libmaven3-core-java junit4 libmockito-java libhamcrest-java libjsr305-java libcglib-java libasm-java libantlr4-runtime-java groovy scala-library libjson-simple-java libjettison-java
        libc3p0-java libhikaricp-java libcaffeine-java libfreemarker-java libxml-security-java libaxis-java libactivation-java libmail-java libzookeeper-java""".split()
    return sorted(set(names[::3] + well_known))


@functools.cache
def jars():
    """(group:artifact, version, jar, file name) of the jars that hold classes."""
    root = debs("java-debian", packages()) + "/root/usr/share"
    listed = {}
    for jar in sorted(glob.glob(root + "/maven-repo/**/*.jar", recursive=True)):
        *group, artifact, version, file = os.path.relpath(jar, root + "/maven-repo").split("/")
        real = os.path.realpath(jar) if os.path.exists(jar) else jar.replace(os.path.dirname(jar), root + "/java")
        # Debian adds versions of its own beside the published one.
        if version == "debian" or version.endswith(".x") or not os.path.isfile(real) or file != f"{artifact}-{version}.jar" or not zipfile.is_zipfile(real):
            continue
        with zipfile.ZipFile(real) as inner:
            if any(n.endswith(".class") for n in inner.namelist()):
                listed.setdefault(real, []).append((f"{'.'.join(group)}:{artifact}", version, real, file))
    # One jar under several coordinates: those of its own pom are the ones it can be known by.
    return [jar for same in listed.values() for jar in ([jar for jar in same if is_own(jar)] if len(same) > 1 else same)[:1] or same]


def is_own(jar):
    """True when the jar's own pom.properties says what Debian lists it as."""
    name, version, real, _ = jar
    group, artifact = name.split(":")
    with zipfile.ZipFile(real) as inner:
        path = f"META-INF/maven/{group}/{artifact}/pom.properties"
        return path in inner.namelist() and re.search(rf"^version={re.escape(version)}\s*$", inner.read(path).decode(errors="replace"), re.M) is not None


@functools.cache
def published():
    """group:artifact of every advisory for Maven beside the repository: coordinates that anybody may know."""
    names = set()
    archive = os.path.join(os.path.dirname(__file__), "../../../../shared/data/advisories/Maven/all.zip")
    if os.path.exists(archive):
        with zipfile.ZipFile(archive) as records:
            for record in records.namelist():
                names |= {affected.get("package", {}).get("name") for affected in json.loads(records.read(record)).get("affected", [])}
    return names


def says_its_group(jar):
    """True when anything in the jar, or an advisory, names the owner of its group. Of the others only Debian's own list outside the jar knows."""
    name, _, real, _ = jar
    group, artifact = name.split(":")
    owner = ".".join(group.split(".")[:2])
    with zipfile.ZipFile(real) as inner:
        manifest = inner.read("META-INF/MANIFEST.MF").decode(errors="replace") if "META-INF/MANIFEST.MF" in inner.namelist() else ""
        return group == artifact or name in published() or owner in manifest or any(n.startswith(owner.replace(".", "/") + "/") or n.startswith(f"META-INF/maven/{group}/") for n in inner.namelist())


def flat(stated=True):
    """lib/ARTIFACT-VERSION.jar each, as build tools lay a function out."""
    truth, zipped, seen = set(), f"{WORK}/java-debian.zip", {}
    with zipfile.ZipFile(zipped, "w", zipfile.ZIP_STORED) as archive:
        for name, version, real, file in jars():
            # One file name can carry one artifact only.
            if seen.setdefault(file, name) != name or says_its_group((name, version, real, file)) != stated:
                continue
            truth.add((name, version))
            archive.write(real, f"lib/{file}") if f"lib/{file}" not in archive.namelist() else None
    packages = scan(zipped)
    print_confidence(truth, packages)
    yield truth, found(packages, "Maven")


@functools.cache
def bare():
    """A zip of the jars of Maven's builds as other build tools would have made them, without poms; and what they are. The descriptor of Maven's plugins stays: without it they are none."""
    truth, seen, target = set(), set(), f"{WORK}/java-without-poms.zip"
    with zipfile.ZipFile(target, "w") as archive:
        for name, version, real, file in filter(is_own, jars()):
            if file in seen:
                continue
            seen.add(file)
            truth.add((name, version))
            stripped = io.BytesIO()
            with zipfile.ZipFile(real) as inner, zipfile.ZipFile(stripped, "w") as bare:
                for entry in inner.namelist():
                    if (not entry.startswith("META-INF/maven/") or entry == "META-INF/maven/plugin.xml") and not entry.endswith((".jar", "/")) and entry not in bare.NameToInfo:
                        # Names of classes are looked at, their code is not.
                        bare.writestr(entry, b"" if entry.endswith(".class") else inner.read(entry))
            archive.writestr(f"lib/{file}", stripped.getvalue())
    return target, truth


def without_poms():
    """The group is all guessed or known."""
    target, truth = bare()
    packages = scan(target)
    print_confidence(truth, packages)
    yield truth, found(packages, "Maven")


def advisories():
    """What the jars' poms bring to light, and the same jars without them: the advisories that matter."""
    archive = os.path.join(os.path.dirname(__file__), "../../../../shared/data/advisories")
    database = f"{WORK}/java-advisories.db"
    if not os.path.isdir(archive):
        raise NotBuilt("no advisories beside the repository")
    run(CLI, "db", "import", archive + "/Maven/all.zip", "--db", database)
    target, _ = bare()
    stated = f"{WORK}/java-with-poms.zip"
    with zipfile.ZipFile(target) as names, zipfile.ZipFile(stated, "w") as archive:
        for _, _, real, file in filter(is_own, jars()):
            if f"lib/{file}" in names.NameToInfo and f"lib/{file}" not in archive.NameToInfo:
                archive.write(real, f"lib/{file}")
    yield matched(stated, database), matched(target, database)


def matched(target, database):
    """Advisory and jar of each finding in a library itself, not in what it carries inside."""
    done = json.loads(subprocess.run([CLI, "scan", target, "--db", database, "--format", "json", "--no-cache"], capture_output=True, text=True).stdout)["targets"][0]
    own = {(p["purl"], p["path"]) for p in done["packages"] if p["evidence"] == "installed"}
    return {(f["ruleId"], f["path"].split("!/")[0]) for f in done["findings"] if f["kind"] in ("vulnerability", "malware") and (f["purl"], f["path"]) in own}


def print_confidence(truth, packages):
    """How many are right of those that were told in one way: what the confidence in the report should be."""
    if os.environ.get("VERBOSE"):
        for way in sorted({(p["method"], p["confidence"]) for p in packages}):
            same = [(p["name"], p["version"]) in truth for p in packages if (p["method"], p["confidence"]) == way]
            print(f"    {way[0]} {way[1]}: {sum(same)} of {len(same)} right ({sum(same) / len(same):.2f})")


def with_pom():
    """Jars that carry their own pom.properties: what Maven builds."""
    return filter(is_own, jars())


def nested():
    """A boot jar (BOOT-INF/lib) and a war in an ear, in the zip: jars in jars."""
    chosen = list(with_pom())
    boot, war, ear = io.BytesIO(), io.BytesIO(), io.BytesIO()
    with zipfile.ZipFile(boot, "w") as archive:
        archive.writestr("META-INF/MANIFEST.MF", "Manifest-Version: 1.0\nMain-Class: org.springframework.boot.loader.JarLauncher\n")
        for _, _, real, file in chosen[::2]:
            archive.write(real, "BOOT-INF/lib/" + file)
    with zipfile.ZipFile(war, "w") as archive:
        for _, _, real, file in chosen[1::2]:
            archive.write(real, "WEB-INF/lib/" + file)
    with zipfile.ZipFile(ear, "w") as archive:
        archive.writestr("web.war", war.getvalue())
    with zipfile.ZipFile(f"{WORK}/java-nested.zip", "w") as archive:
        archive.writestr("app.jar", boot.getvalue())
        archive.writestr("app.ear", ear.getvalue())
    # A jar may shade others: only its own coordinates are asked for, the others are bundled.
    yield {(n, v) for n, v, _, _ in chosen}, found(scan(f"{WORK}/java-nested.zip"), "Maven")


def shaded(exploded):
    """All in one jar, and the same unpacked at the root of the zip: the poms are what is left."""
    # As much as Lambda's limit of 250 MB allows.
    chosen, size = [], 0
    for jar in with_pom():
        size += os.path.getsize(jar[2])
        if size < 100 << 20:
            chosen.append(jar)
    data = io.BytesIO()
    truth = set()
    with zipfile.ZipFile(data, "w") as archive:
        for name, _, real, _ in chosen:
            with zipfile.ZipFile(real) as inner:
                for entry in inner.namelist():
                    if not entry.endswith("/") and entry not in archive.NameToInfo and entry != "META-INF/MANIFEST.MF":
                        archive.writestr(entry, inner.read(entry))
                        if entry.endswith("/pom.properties"):
                            values = dict(map(str.strip, line.split("=", 1)) for line in inner.read(entry).decode(errors="replace").splitlines() if "=" in line and not line.startswith("#"))
                            # A few leave the group out; the path has it too.
                            group = entry.split("/")[2] if values.get("groupId", "none") == "none" else values["groupId"]
                            truth.add((f"{group}:{values.get('artifactId')}", values.get("version")))
        archive.writestr("META-INF/MANIFEST.MF", "Manifest-Version: 1.0\n")
    target = f"{WORK}/java-{'exploded' if exploded else 'shaded'}.zip"
    if exploded:
        open(target, "wb").write(data.getvalue())
    else:
        with zipfile.ZipFile(target, "w") as archive:
            archive.writestr("lib/function-all.jar", data.getvalue())
    yield truth, found(scan(target), "Maven", ("installed", "bundled"))


CORPORA = {"java debian": flat, "java debian unstated": lambda: flat(False), "java without poms": without_poms, "java advisories": advisories, "java nested": nested, "java shaded": lambda: shaded(False), "java exploded": lambda: shaded(True)}
