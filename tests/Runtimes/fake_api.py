"""A small Runtime API that hands out prepared events and keeps everything it is told."""
import http.server
import json
import threading
import time
import uuid

ARN = "arn:aws:lambda:us-east-1:012345678901:function:case:live"


class Request:
    def __init__(self, method, path, headers, body, trailers):
        self.method, self.path, self.headers, self.body, self.trailers = method, path, headers, body, trailers

    @property
    def kind(self):
        return self.path.rsplit("/", 1)[1] if "/init/" not in self.path else "init/error"

    def json(self):
        return json.loads(self.body)


class FakeApi:
    """Serves on a free loopback port. `done` is set when every event has been answered."""

    def __init__(self, events, close_after_answer=False):
        self.events = [event if isinstance(event, tuple) else (event, {}) for event in events]
        self.requests = []
        self.ids = []
        self.connections = 0
        self.changed = threading.Condition()
        self.registered = threading.Event()
        self.stopped = False
        self._close = close_after_answer
        api = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1  # head and body in one packet, else Nagle and delayed acknowledgements cost 40 ms

            def setup(self):
                super().setup()
                api.connections += 1

            def log_message(self, *args):
                pass

            def do_GET(self):
                if self.path == "/2020-01-01/extension/event/next":
                    api.wait_stopped()
                    self.close_connection = True
                    return
                api.record(self, b"", {})
                if self.path == "/2018-06-01/runtime/restore/next":
                    self.answer(200, b"", {})
                    return
                event = api.take()
                if event is None:
                    self.close_connection = True
                    return
                body, headers = event
                self.answer(200, body, headers)

            def do_POST(self):
                body, trailers = self.read_body()
                if self.path == "/2020-01-01/extension/register":
                    self.answer(200, b"{}", {"Lambda-Extension-Identifier": str(uuid.uuid4())})
                    api.registered.set()
                    return
                api.record(self, body, trailers)
                answer = b'{"status":"OK"}'
                self.answer(api.status_of(self.path), answer, {"Content-Type": "application/json"})

            def answer(self, status, body, headers):
                self.send_response(status)
                for name, value in headers.items():
                    # http.server writes latin-1; the platform's headers are UTF-8
                    self.send_header(name, value.encode().decode("latin-1"))
                # The platform's core tells the length of up to 2 KB, and sends more as one chunk.
                chunked = len(body) > 2048
                self.send_header(*(("Transfer-Encoding", "chunked") if chunked else ("Content-Length", str(len(body)))))
                if api._close == "told":
                    self.send_header("Connection", "close")
                elif api._close:
                    self.close_connection = True  # without telling: the client must notice
                self.end_headers()
                self.wfile.write(b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body) if chunked else body)
                self.wfile.flush()

            def read_body(self):
                if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
                    return self.rfile.read(int(self.headers.get("Content-Length", 0))), {}
                chunks, trailers = [], {}
                while True:
                    size = int(self.rfile.readline(), 16)
                    if size == 0:
                        break
                    chunks.append(self.rfile.read(size))
                    self.rfile.readline()
                while (line := self.rfile.readline().strip()):
                    name, _, value = line.decode().partition(":")
                    trailers[name.strip().lower()] = value.strip()
                return b"".join(chunks), trailers

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, request, client_address):
                pass  # a client that was killed

        self.server = Server(("127.0.0.1", 0), Handler)
        self.address = f"127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True)
        self.thread.start()
        self.statuses = {}

    def status_of(self, path):
        return self.statuses.get(path.rsplit("/", 1)[1], 202)

    def take(self):
        with self.changed:
            if len(self.ids) < len(self.events):
                body, extra = self.events[len(self.ids)]
                request_id = str(uuid.uuid4())
                self.ids.append(request_id)
                headers = {
                    "Content-Type": "application/json",
                    "Lambda-Runtime-Aws-Request-Id": request_id,
                    "Lambda-Runtime-Deadline-Ms": str(int(time.time() * 1000) + 30000),
                    "Lambda-Runtime-Invoked-Function-Arn": ARN,
                    "Lambda-Runtime-Trace-Id": f"Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent={len(self.ids):016x};Sampled=0",
                }
                headers.update(extra)
                return (body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()), headers
            self.changed.wait_for(lambda: self.stopped)
            return None

    def wait_stopped(self):
        with self.changed:
            self.changed.wait_for(lambda: self.stopped)

    def record(self, handler, body, trailers):
        headers = {name.lower(): value for name, value in handler.headers.items()}
        with self.changed:
            self.requests.append(Request(handler.command, handler.path, headers, body, trailers))
            self.changed.notify_all()

    @property
    def answers(self):
        return [r for r in self.requests if r.method == "POST"]

    def wait_answered(self, seconds, gone):
        """Until all events are answered and the next is asked for, or the process is gone."""
        def finished():
            return gone() or (self._asked() > len(self.events) and len(self.ids) == len(self.events) == len(self.answered()))

        deadline = time.monotonic() + seconds
        with self.changed:
            while not finished():
                left = deadline - time.monotonic()
                if left <= 0:
                    return False
                self.changed.wait(min(left, 0.05))
        return True

    def answered(self):
        """Ids that a response or an error came for."""
        return {r.path.split("/")[-2] for r in self.requests if r.method == "POST" and "/invocation/" in r.path}

    def _asked(self):
        return sum(1 for r in self.requests if r.path.endswith("/invocation/next"))

    def stop(self):
        with self.changed:
            self.stopped = True
            self.changed.notify_all()
        self.server.shutdown()
        self.server.server_close()
