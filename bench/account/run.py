#!/usr/bin/env python3
"""Scans a simulated account and prints how long, how much of it was ours, and whether anything was lost.

usage: bench/account/run.py [--functions N] [--layers N] [--versions N] [--codes N] [--code KB] [--layer KB] [--link MB]

The account (10,000 functions, 400 layers of 5 versions, 300 packages of code) is served by a process of its own, in which 5 % of
the calls are throttled and 1 % fail. Packages have 4 MB, layer versions 0.5 MB; all downloads share a link of 40 MB a second.
"Ours" is processor time of the command, all threads together.
"""
import argparse, concurrent.futures, hashlib, json, os, resource, shutil, subprocess, sys, tempfile, time, urllib.request

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
CLI = os.path.join(ROOT, "artifacts/cli/pellicle")
SIMULATOR = os.path.join(ROOT, "artifacts/bench/account/account-simulator")


def command(home, *arguments, expect=(0,)):
    environment = dict(os.environ, PELLICLE_HOME=home, AWS_ACCESS_KEY_ID="a", AWS_SECRET_ACCESS_KEY="b", AWS_REGION="us-east-1")
    start = time.time()
    with open(os.path.join(home, "err"), "w+") as err:
        process = subprocess.Popen([CLI, *arguments], env=environment, stdout=subprocess.DEVNULL, stderr=err)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        err.seek(0)
        text = err.read()
    if process.returncode not in expect:
        sys.exit(f"{' '.join(arguments)} ended with {process.returncode}: {text[-2000:]}")
    return {"wall": time.time() - start, "cpu": usage.ru_utime + usage.ru_stime, "mb": usage.ru_maxrss / 1024, "said": text.strip().split("\n")[-1], "all": text}


def advisories(directory, count, salt):
    os.makedirs(directory, exist_ok=True)
    for i in range(count):
        ecosystem = "PyPI" if i % 2 else "npm"
        package = (i * 7 + salt) % 3000
        record = {"id": f"SIM-{salt}-{i}", "modified": "2026-01-01T00:00:00Z", "summary": f"simulated {i}", "database_specific": {"severity": ["LOW", "MODERATE", "HIGH", "CRITICAL"][i % 4]},
                  "affected": [{"package": {"ecosystem": ecosystem, "name": f"sim-{package}"}, "ranges": [{"type": "ECOSYSTEM" if i % 2 else "SEMVER", "events": [{"introduced": "0"}, {"fixed": f"2.{i % 10}.0"}]}]}]}
        with open(os.path.join(directory, f"{record['id']}.json"), "w") as f:
            json.dump(record, f)


def serve(directory, *settings):
    process = subprocess.Popen([SIMULATOR, directory, *settings], stdout=subprocess.PIPE, text=True)
    line = process.stdout.readline()
    if not line.startswith("listening on "):
        sys.exit("the simulator did not start")
    return process, line.split()[-1]


def download(url, names):
    """The same downloads and nothing else: six at once, as the scan does. A broken one is tried again."""
    def one(name):
        while True:
            try:
                with urllib.request.urlopen(f"{url}/code/{name}") as answer:
                    hashlib.sha256(answer.read()).digest()
                return
            except Exception as error:  # noqa: BLE001 - broken on purpose, at most a few times
                print(f"    again: {name}: {error}", file=sys.stderr) if os.environ.get("VERBOSE") else None
    start = time.time()
    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        list(pool.map(one, names))
    return time.time() - start


def quota(url):
    """What AWS's own quotas, which cannot be raised, would make of the same calls."""
    calls = json.load(urllib.request.urlopen(f"{url}/stats"))
    aside = ("download", "throttled", "failed", "broken download")
    lambdas = {name: n for name, n in calls.items() if name not in aside and not name.startswith("iam")}
    asked = {"GetFunction": lambdas.pop("GetFunction"), "GetPolicy": lambdas.pop("policy")}
    others = sum(lambdas.values())
    least = max(asked["GetFunction"] / 100, asked["GetPolicy"] / 15, others / 15)
    print(f"    calls: GetFunction {asked['GetFunction']:,}, GetPolicy {asked['GetPolicy']:,}, other Lambda calls {others:,} ({', '.join(f'{k} {v:,}' for k, v in sorted(lambdas.items(), key=lambda i: -i[1])[:6])}), IAM and STS {sum(n for k, n in calls.items() if k.startswith('iam')):,}")
    print(f"    AWS answers 100, 15 and 15 of the first three a second: there the calls alone take {least / 60:.0f} min at least")


def digest(file):
    with open(file) as f:
        report = json.load(f)
    return len(report["targets"]), report["summary"], hashlib.sha256(json.dumps(report, sort_keys=True).encode()).hexdigest()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--functions", type=int, default=10_000)
    parser.add_argument("--layers", type=int, default=400)
    parser.add_argument("--versions", type=int, default=5)
    parser.add_argument("--codes", type=int, default=300)
    parser.add_argument("--code", type=int, default=4000, metavar="KB")
    parser.add_argument("--layer", type=int, default=500, metavar="KB")
    parser.add_argument("--link", type=float, default=40, metavar="MB")
    options = parser.parse_args()
    work = tempfile.mkdtemp(prefix="pellicle-account-bench-")
    running = []
    try:
        size = [f"functions={options.functions}", f"layers={options.layers}", f"versions={options.versions}", f"codes={options.codes}", f"code={options.code}", f"layer={options.layer}", f"megabytes={options.link}"]
        zips = os.path.join(work, "zips")
        bad, bad_url = serve(zips, *size, "throttled=5", "failing=1")
        running.append(bad)
        home = os.path.join(work, "home")
        os.makedirs(home)
        advisories(os.path.join(work, "osv"), 4000, 1)
        command(home, "db", "import", os.path.join(work, "osv"))
        command(home, "account", "add", "sim", "--endpoint-url", bad_url, "--region", "us-east-1")
        first = os.path.join(work, "first.json")
        rows = []

        def row(name, result, note=""):
            rows.append((name, result))
            print(f"{name:<34} {result['wall']:8.1f} s {result['cpu']:8.1f} s {result['mb']:8.0f} MB  {note}", flush=True)

        print(f"{'':<34} {'wall':>10} {'ours':>10} {'memory':>11}")
        scan = command(home, "account", "scan", "sim", "--format", "json", "--output", first)
        row("full scan, 5 % throttled, 1 % fail", scan)
        print(f"    {scan['said']}")
        names = sorted(os.listdir(zips))
        alone = download(bad_url, names)
        print(f"{'the same downloads, nothing else':<34} {alone:8.1f} s   {len(names)} zips, {sum(os.path.getsize(os.path.join(zips, n)) for n in names) / 1e6:.0f} MB: the scan took {scan['wall'] / alone:.2f} times that")
        quota(bad_url)
        again = os.path.join(work, "again.json")
        row("again, nothing changed", command(home, "account", "scan", "sim", "--format", "json", "--output", again))
        row("again, read within an hour", command(home, "account", "scan", "sim", "--max-age", "1"))
        advisories(os.path.join(work, "osv"), 200, 2)
        row("200 new advisories: db import", command(home, "db", "import", os.path.join(work, "osv")))
        match = command(home, "account", "match", "sim")
        row("200 new advisories: match", match, match["said"])
        shutil.rmtree(os.path.join(work, "osv"))
        advisories(os.path.join(work, "osv"), 4000, 3)
        command(home, "db", "import", os.path.join(work, "osv"))
        match = command(home, "account", "match", "sim")
        row("all advisories new: match", match, match["said"])

        # Nothing lost: the same account without faults gives the same report.
        good, good_url = serve(zips, *size, "throttled=0", "failing=0")
        running.append(good)
        other = os.path.join(work, "other")
        os.makedirs(other)
        shutil.rmtree(os.path.join(work, "osv"))
        advisories(os.path.join(work, "osv"), 4000, 1)
        command(other, "db", "import", os.path.join(work, "osv"))
        command(other, "account", "add", "sim", "--endpoint-url", good_url, "--region", "us-east-1")
        clean = os.path.join(work, "clean.json")
        row("full scan, no faults", command(other, "account", "scan", "sim", "--format", "json", "--output", clean))
        a, b, c = digest(first), digest(again), digest(clean)
        # The database's time of building differs; everything else must not.
        def bare(file):
            with open(file) as f:
                report = json.load(f)
            report["advisoryDatabase"] = None
            return hashlib.sha256(json.dumps(report, sort_keys=True).encode()).hexdigest()
        same = bare(first) == bare(again) == bare(clean)
        stats = json.load(urllib.request.urlopen(f"{bad_url}/stats"))
        print(f"{a[0]} targets, {a[1]['packages']} package copies, {sum(a[1]['findings'].values())} findings; faults answered: {stats.get('throttled', 0)} throttled, {stats.get('failed', 0)} failed, {stats.get('broken download', 0)} downloads broken")
        print("nothing lost: the three reports are equal" if same and a[0] == options.functions + options.layers * options.versions else "LOST: the reports differ")
        sys.exit(0 if same else 1)
    finally:
        for process in running:
            process.terminate()
            process.wait()
        shutil.rmtree(work, ignore_errors=True)


main()
