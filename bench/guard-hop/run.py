#!/usr/bin/env python3
"""What the guard adds to one invocation, against what a bare loopback hop adds: next + response, all legs taking turns in one run.

usage: bench/guard-hop/run.py [GUARD] [INVOCATIONS] [CASE]

Legs: direct; a bare TCP relay and a bare HTTP relay (bench/guard-hop/hop.c); the guard in every mode. `hops` is what a leg adds at the
median over what the bare TCP relay adds. CPU is the leg's own, from the scheduler: other load on the machine disturbs it less than time.
Everything runs on one core (PELLICLE_BENCH_CPUS=0,1 for more): with two, where the scheduler happens to put a leg's processes changes its
median by half. Resident is after the whole run. Needs a C compiler. Bodies: an event and a response of 1 KB, an API event with one long
text of 100 KB, a batch of 100 KB in small records, a response of 100 KB; a tenth of the invocations each for those of 100 KB.
"""
import glob, json, os, subprocess, sys, tempfile, time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
GUARD = sys.argv[1] if len(sys.argv) > 1 else os.path.join(ROOT, "artifacts/guard/linux-x64/guard")
COUNT = int(sys.argv[2]) if len(sys.argv) > 2 else 20000
MODES = ("off", "monitor", "protect")
# Of the right size and kind, so that responses are searched for them.
SECRETS = {"AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "AWS_SESSION_TOKEN": "IQoJb3JpZ2luX2VjEKj" + "bench/+Token9" * 60}
FOX = "The quick brown fox jumps over the lazy dog. "


def api_event(body_bytes):
    event = {"version": "2.0", "routeKey": "$default", "rawPath": "/items", "rawQueryString": "name=report.txt", "headers": {"host": "abc.example.com", "accept": "text/html"},
             "queryStringParameters": {"name": "report.txt"}, "requestContext": {"http": {"method": "GET", "path": "/items", "sourceIp": "192.0.2.1"}}, "body": "", "isBase64Encoded": False}
    event["body"] = (FOX * (body_bytes // len(FOX) + 1))[:body_bytes - len(json.dumps(event))]
    return json.dumps(event)


def queue_event(total_bytes):
    records = []
    while len(json.dumps({"Records": records})) < total_bytes:
        n = len(records)
        body = json.dumps({"order": n, "customer": f"Customer {n}", "total": n * 1.5, "comment": FOX})
        records.append({"messageId": f"059f36b4-87a3-44ab-83d2-{n:012d}", "receiptHandle": "AQEBwJnKyrHigUMZj6rYigCgxlaS3SLy0a", "body": body, "attributes": {"ApproximateReceiveCount": "1", "SentTimestamp": "1545082649183"},
                        "messageAttributes": {}, "eventSource": "aws:sqs", "eventSourceARN": "arn:aws:sqs:us-east-2:123456789012:my-queue", "awsRegion": "us-east-2"})
    return json.dumps({"Records": records})


CASES = (("1 KB", api_event(1024), 1024, COUNT), ("100 KB, one text", api_event(102400), 1024, COUNT // 10), ("100 KB, records", queue_event(102400), 1024, COUNT // 10),
         ("1 KB in, 100 KB out", api_event(1024), 102400, COUNT // 10))


def cpu_us(process):
    total = 0
    for path in glob.glob(f"/proc/{process.pid}/task/*/schedstat"):
        with open(path) as file:
            total += int(file.read().split()[0])
    return total / 1000


def started(arguments, env=None):
    begun = time.perf_counter()
    process = subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True, env=env)
    port = int(process.stdout.readline().rsplit(":", 1)[-1])
    return process, port, (time.perf_counter() - begun) * 1000


def resident(process):
    with open(f"/proc/{process.pid}/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmRSS")) / 1024


def run(hop, folder, title, event, response, count):
    path = os.path.join(folder, "event.json")
    with open(path, "w") as file:
        file.write(event)
    platform, upstream, _ = started([hop, "platform", path])
    legs = {"tcp relay": started([hop, "tcp", str(upstream)]), "http relay": started([hop, "http", str(upstream)])}
    for mode in MODES:
        legs["guard " + mode] = started([GUARD, "proxy", "--listen", "127.0.0.1:0", "--upstream", f"127.0.0.1:{upstream}"], {**os.environ, **SECRETS, "PELLICLE_MODE": mode})
    try:
        each = 100
        rounds = max(1, count // each)
        names = [f"direct={upstream}"] + [f"{name}={leg[1]}" for name, leg in legs.items()]
        before = {name: cpu_us(leg[0]) for name, leg in legs.items()}
        loop = subprocess.Popen([hop, "loop", str(response), str(rounds), str(each), *names], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        lines = [loop.stdout.readline() for _ in names]
        times = {line.rsplit(" ", 2)[0]: [float(x) for x in line.rsplit(" ", 2)[1:]] for line in lines}
        made = rounds * (each + 1) + 200
        base, bare = times["direct"][0], times["tcp relay"][0] - times["direct"][0]
        bare_cpu = (cpu_us(legs["tcp relay"][0]) - before["tcp relay"]) / made
        for name, (middle, late) in times.items():
            if name == "direct":
                print(f"| {title} | {name} | {middle:.0f} | {late:.0f} | | | | | | |")
                continue
            process, _, ready = legs[name]
            cpu = (cpu_us(process) - before[name]) / made
            print(f"| {title} | {name} | {middle:.0f} | {late:.0f} | {middle - base:.0f} | {(middle - base) / bare:.2f} | {cpu:.1f} | {cpu / bare_cpu:.2f} | {ready:.1f} | {resident(process):.1f} |")
        loop.communicate("\n")
    finally:
        for process in [platform, *(leg[0] for leg in legs.values())]:
            process.kill()
            process.wait()


def main():
    os.sched_setaffinity(0, {int(cpu) for cpu in os.environ.get("PELLICLE_BENCH_CPUS", str(max(os.sched_getaffinity(0)))).split(",")})
    with tempfile.TemporaryDirectory() as folder:
        hop = os.path.join(folder, "hop")
        subprocess.run([os.environ.get("CC", "cc"), "-O2", "-pthread", "-o", hop, os.path.join(HERE, "hop.c")], check=True)
        print("| body | leg | p50 µs | p99 µs | added µs | hops | CPU µs | CPU hops | ready ms | resident MiB |\n| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |")
        for case in (c for c in CASES if len(sys.argv) < 4 or c[0] == sys.argv[3]):
            run(hop, folder, *case)


main()
