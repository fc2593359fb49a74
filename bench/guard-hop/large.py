#!/usr/bin/env python3
"""Memory and time of the guard with events of 5.5 to 8 MB, of kinds that cost something else: bench/guard-hop/large.py [GUARD].

Three of each kind, in `monitor`, through `guard proxy`; prints the seconds of each delivery and the most the guard held, MB. A guard of its own for each kind.
"""
import http.client, http.server, json, os, subprocess, sys, threading, time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
GUARD = sys.argv[1] if len(sys.argv) > 1 else os.path.join(ROOT, "artifacts/guard/linux-x64/guard")
KINDS = {
    "one text": lambda: json.dumps({"body": "lorem ipsum dolor " * 330000}),
    "short texts": lambda: json.dumps({"a": [f"{i:x}" for i in range(900000)]}),
    "fields": lambda: json.dumps({"i": [{"id": n, "name": f"or {n}", "t": f"x {n};"} for n in range(130000)]}),
    "braces": lambda: json.dumps({"body": "{{" * 2900000}),
    "quotes": lambda: json.dumps({"body": "' or " * 1100000}),
    "depth": lambda: '{"a":' + "[" * 2900000 + "]" * 2900000 + "}",
}


class Platform(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    event, handed = b"", 0

    def log_message(self, *_):
        pass

    def do_GET(self):
        Platform.handed += 1
        self.send_response(200)
        for name, value in (("Lambda-Runtime-Aws-Request-Id", f"id-{Platform.handed}"), ("Lambda-Runtime-Deadline-Ms", "9999999999999"), ("Content-Type", "application/json"), ("Content-Length", str(len(self.event)))):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(self.event)

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(202)
        self.send_header("Content-Length", "0")
        self.end_headers()


def call(port, method, path, body=None):
    connection = http.client.HTTPConnection("127.0.0.1", port)
    connection.request(method, path, body)
    answer = connection.getresponse()
    content = answer.read()
    connection.close()
    return answer, content


def main():
    platform = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Platform)
    threading.Thread(target=platform.serve_forever, daemon=True).start()
    print("| event | bytes | seconds | most MB |\n| --- | --- | --- | --- |")
    for kind, make in KINDS.items():
        Platform.event = make().encode()
        guard = subprocess.Popen([GUARD, "proxy", "--listen", "127.0.0.1:0", "--upstream", f"127.0.0.1:{platform.server_address[1]}"], stdout=subprocess.PIPE, text=True, env={**os.environ, "PELLICLE_MODE": "monitor"})
        try:
            port, took = int(guard.stdout.readline().rsplit(":", 1)[-1]), []
            for _ in range(3):
                begun = time.perf_counter()
                answer, content = call(port, "GET", "/2018-06-01/runtime/invocation/next")
                took.append(time.perf_counter() - begun)
                assert content == Platform.event, f"{kind}: another event came"
                call(port, "POST", f"/2018-06-01/runtime/invocation/{answer.getheader('Lambda-Runtime-Aws-Request-Id')}/response", b"1")
            # The next one is asked for as a runtime does: by then the last was inspected.
            call(port, "GET", "/2018-06-01/runtime/invocation/next")
            with open(f"/proc/{guard.pid}/status") as status:
                most = next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) * 1024 / 1e6
            print(f"| {kind} | {len(Platform.event)} | {' '.join(f'{t:.2f}' for t in took)} | {most:.0f} |", flush=True)
        finally:
            guard.kill()
            guard.wait()


main()
