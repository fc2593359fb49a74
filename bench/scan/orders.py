"""Version orders against the tools themselves, on pairs of versions that real packages have. Usage: orders.sh [WORKDIR [ECOSYSTEM…]]

Pairs: versions that the advisories beside the repository (../shared/data/advisories) name for one package, at most 60 pairs a package, fixed seed.
For Debian and Red Hat: versions of the Debian packages on this machine. References: dpkg itself, rpm's own library, packaging, RubyGems, Composer and Maven from Debian packages that are unpacked, not installed; semver from npm.
"""
import json, os, random, subprocess, sys, zipfile

from corpora.common import CLI, WORK, NotBuilt, built, debs, run

HERE = os.path.dirname(os.path.abspath(__file__))
DATA = os.path.join(HERE, "../../../shared/data/advisories")
MAX_PAIRS = 60


def pairs(ecosystem):
    """Pairs of one package's versions."""
    random.seed(4)
    versions = {}
    archive = zipfile.ZipFile(f"{DATA}/{ecosystem}/all.zip")
    for name in archive.namelist():
        for affected in json.loads(archive.read(name)).get("affected", []) if name.endswith(".json") else []:
            known = versions.setdefault(affected.get("package", {}).get("name"), set())
            known |= set(affected.get("versions", [])) | {v for r in affected.get("ranges", []) for e in r["events"] for v in e.values()}
    for known in versions.values():
        known = sorted(v for v in known if v != "0" and not any(c in v for c in "\t\n "))
        every = [(a, b) for i, a in enumerate(known) for b in known[i + 1:]]
        yield from random.sample(every, MAX_PAIRS) if len(every) > MAX_PAIRS else every


PYTHON = """import sys
from packaging.version import Version, InvalidVersion
for line in sys.stdin:
    try:
        a, b = map(Version, line.rstrip("\\n").split("\\t"))
    except InvalidVersion:
        print("invalid")
        continue
    print("<" if a < b else ">" if a > b else "=")
"""
RUBY = """require "rubygems"
STDIN.each_line do |line|
  a, b = line.chomp.split("\\t")
  begin
    puts %w[= > <][Gem::Version.new(a) <=> Gem::Version.new(b)]
  rescue ArgumentError
    puts "invalid"
  end
end
"""
NODE = """const semver = require('semver');
for (const line of require('fs').readFileSync(0, 'utf8').split('\\n').filter(Boolean)) {
  const [a, b] = line.split('\\t').map(text => semver.parse(text, { loose: true }));
  console.log(a && b ? '<=>'[semver.compare(a, b, true) + 1] : 'invalid');
}
"""
PHP = """<?php
require $argv[1] . '/usr/share/php/Composer/Semver/autoload.php';
$parser = new Composer\\Semver\\VersionParser;
while (($line = fgets(STDIN)) !== false) {
    try {
        [$a, $b] = array_map([$parser, 'normalize'], explode("\\t", rtrim($line, "\\n")));
    } catch (UnexpectedValueException $e) {
        echo "invalid\\n";
        continue;
    }
    echo Composer\\Semver\\Comparator::lessThan($a, $b) ? '<' : (Composer\\Semver\\Comparator::greaterThan($a, $b) ? '>' : '='), "\\n";
}
"""
JAVA = """import java.io.*;
import org.apache.maven.artifact.versioning.ComparableVersion;
public class Order {
    public static void main(String[] arguments) throws IOException {
        var reader = new BufferedReader(new InputStreamReader(System.in));
        for (String line; (line = reader.readLine()) != null; ) {
            var pair = line.split("\\t", -1);
            int order = new ComparableVersion(pair[0]).compareTo(new ComparableVersion(pair[1]));
            System.out.println(order < 0 ? "<" : order > 0 ? ">" : "=");
        }
    }
}
"""


RPM = """import sys, rpm
def parts(text):
    epoch, _, rest = text.rpartition(":")
    version, dash, release = rest.rpartition("-")
    return (epoch or "0", version, release) if dash else (epoch or "0", rest, "")
for line in sys.stdin:
    a, b = map(parts, line.rstrip("\\n").split("\\t"))
    print("=><"[rpm.labelCompare(a, b)])
"""
DPKG = """while IFS='	' read -r a b; do
  if dpkg --compare-versions "$a" lt "$b"; then echo '<'; elif dpkg --compare-versions "$a" gt "$b"; then echo '>'; else echo '='; fi
done
"""


def written(name, text):
    path = f"{WORK}/{name}"
    open(path, "w").write(text)
    return path


def pypi():
    root = debs("order-python", ["python3-packaging"]) + "/root"
    return [sys.executable, written("order.py", PYTHON)], {"PYTHONPATH": root + "/usr/lib/python3/dist-packages"}


def rubygems():
    root = debs("order-ruby", ["ruby3.1", "libruby3.1", "ruby-rubygems", "rubygems-integration"]) + "/root"
    library = root + "/usr/lib/x86_64-linux-gnu"
    return [root + "/usr/bin/ruby3.1", *(f"-I{root}/usr/lib/{place}" for place in ("ruby/vendor_ruby", "ruby/3.1.0", "x86_64-linux-gnu/ruby/3.1.0")), written("order.rb", RUBY)], {"LD_LIBRARY_PATH": library}


def npm():
    def install(path):
        run("npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", path, "semver@7", cwd=path)
    return ["node", written("order.cjs", NODE)], {"NODE_PATH": built("order-npm", install) + "/node_modules"}


def packagist():
    root = debs("order-php", ["php8.2-cli", "php8.2-common", "php-composer-semver"]) + "/root"
    return [root + "/usr/bin/php8.2", "-n", written("order.php", PHP), root], {}


def maven():
    root = debs("order-maven", ["libmaven3-core-java", "libcommons-lang3-java"]) + "/root/usr/share/java"
    return ["java", "-cp", f"{root}/maven-artifact-3.x.jar:{root}/commons-lang3.jar", written("Order.java", JAVA)], {}


def debian():
    return ["sh", written("order.sh", DPKG)], {}


def red_hat():
    root = debs("order-rpm", ["python3-rpm", "rpm-common", "librpm9", "librpmio9", "librpmbuild9", "librpmsign9", "liblua5.3-0", "libfsverity0", "libpopt0"]) + "/root"
    return ["/usr/bin/python3", written("order-rpm.py", RPM)], {"RPM_CONFIGDIR": root + "/usr/lib/rpm", "LD_LIBRARY_PATH": root + "/usr/lib/x86_64-linux-gnu", "PYTHONPATH": root + "/usr/lib/python3/dist-packages"}


def installed_versions():
    """Versions that Debian's own packages have, beside others as they follow each other: rebuilds, backports, release candidates."""
    random.seed(4)
    known = sorted(set(run("dpkg-query", "-W", "-f", "${Version}\\n").split()))
    for version in known:
        yield from ((version, version + more) for more in ("~rc1", "+b1", ".1", "a", "^git1"))
        yield version, random.choice(known)


REFERENCES = {"Debian": debian, "Red Hat": red_hat, "PyPI": pypi, "RubyGems": rubygems, "npm": npm, "Packagist": packagist, "Maven": maven}


def answers(command, text, env=None):
    done = subprocess.run(command, input=text, capture_output=True, text=True, env={**os.environ, **(env or {})})
    lines = done.stdout.splitlines()
    if done.returncode != 0 or len(lines) != text.count("\n"):
        raise NotBuilt(f"{command[0]}: exit {done.returncode}, {len(lines)} answers: {done.stderr[-200:]}")
    return lines


def main():
    if not os.path.isdir(DATA):
        print("needs ../shared/data beside the repository")
        return 2
    worst = 0
    for ecosystem, reference in REFERENCES.items():
        if sys.argv[2:] and ecosystem not in sys.argv[2:]:
            continue
        try:
            command, env = reference()
            every = [pair for pair in installed_versions() if ecosystem != "Debian" or "^" not in pair[1]] if ecosystem in ("Debian", "Red Hat") else list(pairs(ecosystem))
            text = "".join(f"{a}\t{b}\n" for a, b in every)
            theirs, ours = answers(command, text, env), answers([CLI, "versions", "compare", "--ecosystem", ecosystem], text)
        except (NotBuilt, OSError) as error:
            print(f"{ecosystem:10} not compared: {error}")
            continue
        known = [(pair, a, b) for pair, a, b in zip(every, theirs, ours) if a != "invalid"]
        differ = [entry for entry in known if entry[1] != entry[2]]
        print(f"{ecosystem:10} {len(known):6} pairs, {len(differ)} differ, {len(every) - len(known)} that the tool itself takes for no version", flush=True)
        for (a, b), their, our in differ[:20]:
            print(f"    {a} {their} {b}, here {our}")
        worst = max(worst, len(differ) / max(1, len(known)))
    return 1 if worst > 0.001 else 0


if __name__ == "__main__":
    sys.exit(main())
