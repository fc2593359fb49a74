#!/usr/bin/env python3
"""What the guard adds to one invocation with a 1 KB event: next + response, direct and through the hop, alternating in one run.

usage: bench/guard-hop/run.py [GUARD] [INVOCATIONS]      prints a table; ratios are against the direct loop of the same run
"""
import os, socket, subprocess, sys, threading, time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
GUARD = sys.argv[1] if len(sys.argv) > 1 else os.path.join(ROOT, "artifacts/guard/linux-x64/guard")
COUNT = int(sys.argv[2]) if len(sys.argv) > 2 else 2000
EVENT = (b'{"version":"2.0","rawPath":"/items","headers":{"host":"abc.example.com","accept":"text/html"},"queryStringParameters":{"name":"report.txt"},'
         b'"requestContext":{"http":{"method":"GET","path":"/items"}},"body":"' + b"The quick brown fox jumps over the lazy dog. " * 17 + b'"}')


def serve(connection):
    stream, number = connection.makefile("rb"), 0
    while line := stream.readline():
        length = 0
        while (header := stream.readline()) not in (b"\r\n", b""):
            if header.lower().startswith(b"content-length:"):
                length = int(header.split(b":")[1])
        stream.read(length)
        if b"/next" in line:
            number += 1
            connection.sendall(b"HTTP/1.1 200 OK\r\nLambda-Runtime-Aws-Request-Id: id%d\r\nContent-Length: %d\r\n\r\n" % (number, len(EVENT)) + EVENT)
        else:
            connection.sendall(b'HTTP/1.1 202 Accepted\r\nContent-Length: 16\r\n\r\n{"status":"OK"}\n')


def platform():
    listener = socket.create_server(("127.0.0.1", 0))

    def accept():
        while True:
            connection, _ = listener.accept()
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=serve, args=(connection,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    return listener.getsockname()[1]


def read(connection):
    data = b""
    while b"\r\n\r\n" not in data:
        data += connection.recv(65536)
    head, _, body = data.partition(b"\r\n\r\n")
    fields = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:])
    while len(body) < int(fields[b"content-length"]):
        body += connection.recv(65536)
    return fields


def loop(port, count):
    times = []
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        body = b'"' + b"y" * 1000 + b'"'
        for _ in range(count):
            start = time.perf_counter()
            connection.sendall(b"GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: x\r\n\r\n")
            request_id = read(connection)[b"lambda-runtime-aws-request-id"]
            connection.sendall(b"POST /2018-06-01/runtime/invocation/" + request_id + b"/response HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
            read(connection)
            times.append((time.perf_counter() - start) * 1e6)
    return times


def main():
    upstream = platform()
    guards, results = {}, {"direct": []}
    for mode in ("off", "monitor", "protect"):
        start = time.perf_counter()
        process = subprocess.Popen([GUARD, "proxy", "--listen", "127.0.0.1:0", "--upstream", f"127.0.0.1:{upstream}"], stdout=subprocess.PIPE, text=True, env={**os.environ, "PELLICLE_MODE": mode})
        port = int(process.stdout.readline().rsplit(":", 1)[1])
        guards[mode] = (process, port, (time.perf_counter() - start) * 1000)
        results[mode] = []
    try:
        for _ in range(5):
            results["direct"] += loop(upstream, COUNT // 5)
            for mode, (_, port, _) in guards.items():
                results[mode] += loop(port, COUNT // 5)
        base = sorted(results["direct"])[COUNT // 2]
        print("| leg | p50 µs | p99 µs | added µs (p50) | ratio | ready ms | resident MiB |\n| --- | --- | --- | --- | --- | --- | --- |")
        for leg, times in results.items():
            times.sort()
            extra = ("", "")
            if leg in guards:
                process, _, ready = guards[leg]
                resident = next(int(line.split()[1]) for line in open(f"/proc/{process.pid}/status") if line.startswith("VmRSS"))
                extra = (f"{ready:.1f}", f"{resident / 1024:.1f}")
            middle = times[len(times) // 2]
            print(f"| {leg} | {middle:.0f} | {times[len(times) * 99 // 100]:.0f} | {middle - base:.0f} | {middle / base:.2f} | {extra[0]} | {extra[1]} |")
    finally:
        for process, _, _ in guards.values():
            process.kill()
            process.wait()


main()
