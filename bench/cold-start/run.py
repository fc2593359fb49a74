"""What the layer adds to a cold start: from the platform's first exec to the runtime's first request for an event.

With the layer, the extension is started first and must register before the runtime starts, as the platform does it; both spans count.
`bare` and `layer` take turns; the difference is taken within each round, and its median is judged. Beside it stands where that median lies with a probability of 95 %:
where this is wide, something else ran or there were few rounds, and the median says little. The legs behind them tell where it goes.
Processor time of all processes is printed beside: it tells more than the clock on a machine that has other work.
"""
import os, shutil, signal, socket, statistics, subprocess, sys, threading, time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tests", "Runtimes"))
import harness  # noqa: E402

LIMITS = {"python": 15.0, "node": 15.0, "dotnet": 15.0, "java": 10.0}  # ms added, issue 5
HANDLERS = {"python": "cases.echo", "node": "cases.echo", "java": "cases.Handlers::echo", "dotnet": "Cases::Cases.Handlers::Echo"}
VARIABLES = ("LD_PRELOAD", "NODE_OPTIONS", "DOTNET_STARTUP_HOOKS", "JAVA_TOOL_OPTIONS", "PELLICLE_CHANNEL", "AWS_LAMBDA_RUNTIME_API")
TIMEOUT = 30


class Platform:
    """Runtime API and Extensions API, only as far as a start needs them. Notes when each first request arrived."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=16)
        self.address = "127.0.0.1:%d" % self.listener.getsockname()[1]
        self.seen, self.changed, self.connections = {}, threading.Condition(), []
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.connections.append(connection)
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        data = b""
        while True:
            while b"\r\n\r\n" not in data:
                try:
                    more = connection.recv(65536)
                except OSError:
                    return
                if not more:
                    return
                data += more
            head, _, data = data.partition(b"\r\n\r\n")
            length = sum(int(line.split(b":")[1]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
            while len(data) < length:
                data += connection.recv(65536)
            data = data[length:]
            path = head.split(b" ")[1]
            kind = "register" if path.endswith(b"/register") else "next" if path.endswith(b"/invocation/next") else path.decode()
            with self.changed:
                self.seen.setdefault(kind, time.perf_counter())
                self.changed.notify_all()
            if kind == "register":
                connection.sendall(b"HTTP/1.1 200 OK\r\nLambda-Extension-Identifier: id\r\nContent-Length: 2\r\n\r\n{}")
            # `next` of runtime and extension stay open: the environment waits.

    def wait(self, kind, process):
        with self.changed:
            if not self.changed.wait_for(lambda: kind in self.seen or process.poll() is not None, TIMEOUT) or kind not in self.seen:
                raise SystemExit(f"no `{kind}` came: exit {process.poll()}, seen {list(self.seen)}")
            return self.seen[kind]

    def close(self):
        self.listener.close()
        for connection in self.connections:
            connection.close()


def environment(language, address):
    return {
        "PATH": "/var/lang/bin:/usr/local/bin:/usr/bin/:/bin:/opt/bin", "LANG": "en_US.UTF-8", "TZ": ":UTC", "_HANDLER": HANDLERS[language],
        "LAMBDA_TASK_ROOT": "/var/task", "LAMBDA_RUNTIME_DIR": "/var/runtime", "AWS_LAMBDA_RUNTIME_API": address,
        "AWS_EXECUTION_ENV": harness.EXECUTION_ENV[language], "AWS_LAMBDA_FUNCTION_NAME": "case", "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512", "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/case", "AWS_LAMBDA_LOG_STREAM_NAME": "2026/11/22/[$LATEST]0",
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand", "AWS_REGION": "us-east-1",
    }


def start(command, env):
    return subprocess.Popen(command, cwd="/var/task", env=env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def once(language, leg):
    """Milliseconds: (extension's exec to its registration, runtime's exec to its first `next`, processor time of both)."""
    platform, processes, processor = Platform(), [], 0.0
    env = environment(language, platform.address)
    try:
        registered = 0.0
        if leg != "bare":
            began = time.perf_counter()
            processes.append(start(["/opt/extensions/pellicle"], env))
            registered = (platform.wait("register", processes[-1]) - began) * 1000
        if leg == "layer":
            env["AWS_LAMBDA_EXEC_WRAPPER"] = "/opt/pellicle/wrapper"
        elif leg == "interposer":
            env.update(LD_PRELOAD="/opt/pellicle/native/libpellicle.so", PELLICLE_CHANNEL="pellicle/" + platform.address)
        began = time.perf_counter()
        processes.append(start(["/var/runtime/bootstrap"], env))
        ready = (platform.wait("next", processes[-1]) - began) * 1000
    finally:
        for process in reversed(processes):  # without the guard the runtime would end by itself
            if process.returncode is not None:
                continue  # it ended by itself, and `wait` has said so
            os.kill(process.pid, signal.SIGKILL)  # Popen.kill reaps what has ended, and its times with it
            _, process.returncode, used = os.wait4(process.pid, 0)
            processor += (used.ru_utime + used.ru_stime) * 1000
        platform.close()
    return registered, ready, processor


def lay_out_layer():
    """/opt as the layer's zip has it."""
    layer = os.path.join(os.environ["PELLICLE_TEST_WORK"], "layer")
    artifacts = os.path.join(ROOT, "artifacts")
    for source, target in (("guard/linux-x64/guard", "extensions/pellicle"), ("native/x86_64/libpellicle.so", "pellicle/native/libpellicle.so"), ("native/x86_64/wrapper", "pellicle/wrapper")):
        os.makedirs(os.path.dirname(os.path.join(layer, target)), exist_ok=True)
        shutil.copy(os.path.join(artifacts, source), os.path.join(layer, target))
    for language in ("node", "dotnet"):
        shutil.copytree(os.path.join(artifacts, "probes", language), os.path.join(layer, "pellicle", language))
    harness.bind(layer, "/opt")


def interval(values):
    """Between these two the median lies with a probability of 95 %, however the values are distributed (the sign test)."""
    ordered, half, off = sorted(values), len(values) / 2, 0.98 * len(values) ** 0.5
    return ordered[max(0, int(half - off) - 1)], ordered[min(len(ordered) - 1, int(half + off))]


def main():
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 41
    languages = sys.argv[2:] or list(LIMITS)
    harness.mount_places()
    lay_out_layer()
    worst = 0
    print(f"{'language':9} {'bare':>9} {'layer':>9} {'ratio':>6} {'added':>9} {'between':>14} {'limit':>6}   {'extension':>11} {'interposer':>11} {'wrapper, probe':>15}   {'processor: bare':>15} {'added':>9}   load {os.getloadavg()[0]:.1f}")
    for language in languages:
        harness.use(language)
        legs = ("bare", "layer", "interposer")
        for leg in legs:
            once(language, leg)  # files into the cache
        results = {leg: [] for leg in legs}
        for number in range(rounds):
            for leg in legs if number % 2 else legs[::-1]:
                results[leg].append(once(language, leg))
        pairs = list(zip(results["bare"], results["layer"], results["interposer"]))
        middle = statistics.median
        bare, layer = middle(b[1] for b, _, _ in pairs), middle(w[0] + w[1] for _, w, _ in pairs)
        differences = [w[0] + w[1] - b[1] for b, w, _ in pairs]
        added, (low, high), extension = middle(differences), interval(differences), middle(w[0] for _, w, _ in pairs)
        interposer, rest = middle(i[1] - b[1] for b, _, i in pairs), middle(w[1] - i[1] for _, w, i in pairs)
        processor, more = middle(b[2] for b, _, _ in pairs), middle(w[2] - b[2] for b, w, _ in pairs)
        worst = max(worst, added - LIMITS[language])
        print(f"{language:9} {bare:7.1f}ms {layer:7.1f}ms {layer / bare:6.2f} {added:+7.1f}ms {low:+5.1f} .. {high:+5.1f} {LIMITS[language]:4.0f}ms   {extension:+9.1f}ms {interposer:+9.1f}ms {rest:+13.1f}ms   {processor:13.1f}ms {more:+7.1f}ms", flush=True)
    return 1 if worst > 0 else 0


sys.exit(main())
