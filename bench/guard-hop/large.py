#!/usr/bin/env python3
"""Memory and time of the guard with large events of kinds that cost something else: bench/guard-hop/large.py [GUARD] [KILOBYTES]... (100 and 6000).

Events of each kind, three of a megabyte or more and a hundred of smaller ones, in `monitor`, to a guard in extension mode: first only delivered and answered, then with three questions of an interposer (a file, a statement, a command) to each. Prints the longest
delivery, the most that the guard held and what it held after the last answer, MB, the longest question, and the median of further statements, each different, as a function sends them that writes what came in a batch. A guard of its own for each kind.
"""
import http.client, http.server, json, os, socket, struct, subprocess, sys, threading, time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
GUARD = sys.argv[1] if len(sys.argv) > 1 else os.path.join(ROOT, "artifacts/guard/linux-x64/guard")
SIZES = [int(size) for size in sys.argv[2:]] or [100, 6000]
KINDS = {
    "one text": lambda kb: json.dumps({"body": "lorem ipsum dolor " * (55 * kb)}),
    "short texts": lambda kb: json.dumps({"a": [f"{i:x}" for i in range(113 * kb)]}),
    "fields": lambda kb: json.dumps({"i": [{"id": n, "name": f"or {n}", "t": f"x {n};"} for n in range(19 * kb)]}),
    "orders": lambda kb: json.dumps({"i": [{"id": n, "name": f"Customer {n}", "email": f"c{n}@mail.example", "city": ("Leeds", "York", "Hull")[n % 3], "note": f"please ring twice at no. {n}"} for n in range(7 * kb)]}),
    "braces": lambda kb: json.dumps({"body": "{{" * (483 * kb)}),
    "quotes": lambda kb: json.dumps({"body": "' or " * (183 * kb)}),
    "depth": lambda kb: '{"a":' + "[" * (483 * kb) + "]" * (483 * kb) + "}",
}
BATCH = 20  # statements after which a guard has what it needs to be quick
QUESTIONS = ((3, b"/tmp/data/1.txt", b"/tmp/data/1.txt"), (12, b"postgres", b"select name from items where id = $1"), (1, b"/bin/ls", b"ls\0-l\0/tmp/x\0"))


class Platform(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    event, handed, most = b"", 0, 0

    def log_message(self, *_):
        pass

    def do_GET(self):
        if "/extension/" in self.path:
            threading.Event().wait()
        Platform.handed += 1
        if Platform.handed > Platform.most:
            threading.Event().wait()
        self.send_response(200)
        for name, value in (("Lambda-Runtime-Aws-Request-Id", f"id-{Platform.handed}"), ("Lambda-Runtime-Deadline-Ms", "9999999999999"), ("Content-Type", "application/json"), ("Transfer-Encoding", "chunked")):
            self.send_header(name, value)
        self.end_headers()
        # As Lambda's own core sends what is larger than 2 KB.
        self.wfile.write(b"%x\r\n%b\r\n0\r\n\r\n" % (len(self.event), self.event))

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200 if "/extension/" in self.path else 202)
        self.send_header("Lambda-Extension-Identifier", "1")
        self.send_header("Content-Length", "0")
        self.end_headers()


class Channel:
    """Asks as an interposer does (decision 0001)."""

    def __init__(self, upstream, guard):
        self.sequence, deadline = 0, time.monotonic() + 10
        while True:
            self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            try:
                self.socket.connect(f"\0pellicle/127.0.0.1:{upstream}")
                break
            except ConnectionRefusedError:
                self.socket.close()
                if guard.poll() is not None or time.monotonic() > deadline:
                    sys.exit("the guard does not listen")
                time.sleep(0.01)
        self.send(1, struct.pack("<II", os.getpid(), 2))
        answer, descriptors, _, _ = socket.recv_fds(self.socket, 256, 2)
        for descriptor in descriptors:
            os.close(descriptor)
        self.proxy = struct.unpack_from("<I", answer, 16)[0]

    def send(self, kind, body):
        self.socket.send(struct.pack("<IHHII", 0x4C434C50, 1, kind, len(body), self.sequence) + body)

    def ask(self, dimension, *fields):
        self.sequence += 1
        self.send(3, struct.pack("<BBHIQ", dimension, 0, len(fields), os.getpid(), 1) + b"".join(struct.pack("<I", len(field)) + field for field in fields))
        # Who is told to wait gets the answer after it.
        while struct.unpack_from("<H", self.socket.recv(64), 6)[0] != 4:
            pass


def call(connection, method, path, body=None):
    connection.request(method, path, body)
    answer = connection.getresponse()
    return answer, answer.read()


def held(guard, name):
    with open(f"/proc/{guard.pid}/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith(name)) * 1024 / 1e6


def timed(act):
    begun = time.perf_counter()
    result = act()
    return time.perf_counter() - begun, result


def run(upstream, questions):
    Platform.handed, Platform.most = 0, 3 if len(Platform.event) >= 1 << 20 else 100
    guard = subprocess.Popen([GUARD, "extension"], env={**os.environ, "PELLICLE_MODE": "monitor", "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{upstream}"}, stderr=subprocess.DEVNULL)
    try:
        channel = Channel(upstream, guard)
        runtime, delivered, answered = http.client.HTTPConnection("127.0.0.1", channel.proxy), [], [0]
        for _ in range(Platform.most):
            took, (answer, content) = timed(lambda: call(runtime, "GET", "/2018-06-01/runtime/invocation/next"))
            delivered.append(took)
            assert content == Platform.event, "another event came"
            answered += [timed(lambda: channel.ask(*question))[0] for question in questions]
            batch = [timed(lambda: channel.ask(12, b"postgresql", f"insert into orders(id, name) values ({n}, 'no. {n}')".encode()))[0] for n in range(BATCH if questions else 0)]
            call(runtime, "POST", f"/2018-06-01/runtime/invocation/{answer.getheader('Lambda-Runtime-Aws-Request-Id')}/response", b"1")
        # A runtime asks for the next event, and what is given back by then counts as given back.
        runtime.request("GET", "/2018-06-01/runtime/invocation/next")
        while Platform.handed <= Platform.most:
            time.sleep(0.01)
        time.sleep(0.5)  # the last event may still be inspected
        return max(delivered), held(guard, "VmHWM"), held(guard, "VmRSS"), max(answered), sorted(batch)[len(batch) // 2] * 1000 if batch else 0
    finally:
        guard.kill()
        guard.wait()


def main():
    platform = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Platform)
    platform.daemon_threads = True
    threading.Thread(target=platform.serve_forever, daemon=True).start()
    print("| event | bytes | seconds | most MB | afterwards MB | asked: seconds | most MB | afterwards MB | further statements, each ms |\n| --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    for size in SIZES:
        for kind, make in KINDS.items():
            Platform.event = make(size).encode()
            took, most, after, _, _ = run(platform.server_address[1], ())
            _, most_asked, after_asked, asked, each = run(platform.server_address[1], QUESTIONS)
            print(f"| {kind} | {len(Platform.event)} | {took:.2f} | {most:.1f} | {after:.1f} | {asked:.2f} | {most_asked:.1f} | {after_asked:.1f} | {each:.2f} |", flush=True)


main()
