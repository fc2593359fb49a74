#!/usr/bin/env python3
"""Runs a whole guard (extension mode: policy, batches, channel, hop) at full speed and watches what it holds.

usage: bench/soak/run.py [SECONDS] [GUARD]        60 seconds, and longer where the machine is busy; a judged run takes 1800

One event in a hundred is hostile, a client of the channel asks like an interposer, and in every minute the server is slow for a while and then away. Memory, descriptors and threads are read every half second. Growth is what the last third holds more at its least than the middle third did
at its least; a sawtooth of the collector is none. Of resident memory only the guard's own counts: pages of its binary come and go as the system has need of memory. Exit status 1 when it grew by more than 1 MiB (2 MiB in less than a minute, when the heap still finds its size), descriptors by more than 4 or threads by more than 2: the
two connections to the server and a worker of the pool come and go. What is lost with an invocation or a connection would be thousands, or a hundred.
"""
import http.server, json, os, socket, struct, subprocess, sys, tempfile, threading, time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
SECONDS = float(sys.argv[1]) if len(sys.argv) > 1 else 60
GUARD = sys.argv[2] if len(sys.argv) > 2 else os.path.join(ROOT, "artifacts/guard/linux-x64/guard")
LEAST = 90  # samples: a machine that is busy with other things takes longer for them
POLICY = json.dumps({"schemaVersion": 1, "id": "soak", "mode": "monitor", "revision": "1"}).encode()
batches = incidents = dropped = 0
ending = threading.Event()


class Server(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, status, body=b"", **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def away(self):
        return time.monotonic() % 60 > 50

    def slow(self):
        return time.monotonic() % 60 > 30

    def do_GET(self):
        if self.away():
            self.answer(503)
        elif self.headers.get("If-None-Match") == '"1"':
            self.answer(304)
        else:
            self.answer(200, POLICY, ETag='"1"')

    def do_POST(self):
        global batches, incidents, dropped
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.away():
            self.answer(503)
            return
        if self.slow():
            time.sleep(0.05)
        batches += 1
        incidents += len(body["incidents"])
        dropped = body["health"]["spoolDropped"]
        self.answer(202)

    def log_message(self, *_):
        pass


def event(query):
    return json.dumps({"version": "2.0", "rawPath": "/items", "queryStringParameters": {"name": query}, "requestContext": {"http": {"method": "GET", "path": "/items"}}, "body": "The quick brown fox. " * 40})


def ask(upstream):
    """What an interposer asks, packet by packet (decision 0001); the items go round, as those of a function do."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as channel:
        channel.connect(f"\0pellicle/127.0.0.1:{upstream}")
        packet = lambda kind, sequence, body: struct.pack("<IHHII", 0x4C434C50, 1, kind, len(body), sequence) + body
        field = lambda text: struct.pack("<I", len(text)) + text
        channel.send(packet(1, 0, struct.pack("<II", os.getpid(), 1)))
        _, descriptors, _, _ = socket.recv_fds(channel, 256, 2)
        for descriptor in descriptors:
            os.close(descriptor)
        sequence = 1
        while not ending.wait(0.002):
            path = f"/tmp/data/{sequence % 300}.txt".encode()
            channel.send(packet(3, sequence, struct.pack("<BBHIQ", 3, 0, 2, os.getpid(), 1) + field(path) + field(path)))
            channel.recv(64)
            sequence += 1


def started(arguments, env=None, output=subprocess.PIPE):
    process = subprocess.Popen(arguments, stdout=output, text=True, env=env)
    return process, int(process.stdout.readline()) if output else 0


def held(pid):
    with open(f"/proc/{pid}/status") as file:
        status = dict(line.split(":", 1) for line in file)
    resident, file = (int(status[name].split()[0]) for name in ("VmRSS", "RssFile"))
    return resident, resident - file, len(os.listdir(f"/proc/{pid}/fd")), int(status["Threads"])


def await_channel(upstream, guard):
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline and guard.poll() is None:
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as channel:
            try:
                channel.connect(f"\0pellicle/127.0.0.1:{upstream}")
                channel.send(struct.pack("<IHHIIII", 0x4C434C50, 1, 1, 8, 0, os.getpid(), 2))
                return struct.unpack_from("<I", channel.recv(256), 16)[0]
            except ConnectionRefusedError:
                time.sleep(0.01)
    sys.exit("the guard does not listen")


def main():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory() as folder:
        hop = os.path.join(folder, "hop")
        subprocess.run([os.environ.get("CC", "cc"), "-O2", "-pthread", "-o", hop, os.path.join(ROOT, "bench/guard-hop/hop.c")], check=True)
        paths = [os.path.join(folder, name) for name in ("benign.json", "hostile.json")]
        for path, query in zip(paths, ("report.txt", "x; cat /etc/passwd")):
            with open(path, "w") as file:
                file.write(event(query))
        platform, upstream = started([hop, "platform", paths[0], "100", paths[1]])
        environment = {**os.environ, "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{upstream}", "PELLICLE_SERVER": f"http://127.0.0.1:{server.server_port}", "PELLICLE_TOKEN": "soak",
                       "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE"}
        environment.pop("PELLICLE_MODE", None)
        # It keeps its policy in /tmp: one of its own, where that can be had. Opened before, as the program itself may lie below the old one.
        own = ["unshare", "-m", "sh", "-c", 'exec 3<"$0" && mount -t tmpfs none /tmp && exec /proc/self/fd/3 extension', GUARD] if os.geteuid() == 0 else [GUARD, "extension"]
        guard, _ = started(own, environment, None)
        failed = False
        try:
            port = await_channel(upstream, guard)
            asker = threading.Thread(target=ask, args=(upstream,), daemon=True)
            asker.start()
            samples, invocations, begun = [], 0, time.monotonic()
            while (passed := time.monotonic() - begun) < SECONDS or len(samples) < LEAST:
                # One run of the loop is 2 000 invocations over a new connection.
                loop = subprocess.Popen([hop, "loop", "1024", "10", "180", f"g={port}"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
                if not loop.stdout.readline():
                    sys.exit("the loop ended early: an invocation was lost or answered wrongly")
                samples.append((passed, *held(guard.pid)))
                loop.communicate("\n")
                invocations += 2010
            ending.set()
            asker.join()
            if not incidents:
                sys.exit("no hostile event was reported")
            third = len(samples) // 3
            middle, last = samples[third:2 * third], samples[2 * third:]
            names = ("resident KiB", "own of it KiB", "descriptors", "threads")
            print(f"{invocations} invocations in {passed:.0f} s, {len(samples)} samples; {batches} batches, {incidents} incidents arrived, {dropped} dropped")
            print("| | start | middle, least | last, least | most |\n| --- | --- | --- | --- | --- |")
            for i, name in enumerate(names, 1):
                least = [min(s[i] for s in part) for part in (middle, last)]
                print(f"| {name} | {samples[0][i]} | {least[0]} | {least[1]} | {max(s[i] for s in samples)} |")
                failed |= least[1] - least[0] > (float("inf"), 1024 if SECONDS >= 60 else 2048, 4, 2)[i - 1]
        finally:
            for process in (guard, platform):
                process.kill()
                process.wait()
    print("1 passed, 0 failed" if not failed else "0 passed, 1 failed")
    return 1 if failed else 0


sys.exit(main())
