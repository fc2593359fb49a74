"""Runtime API client: HTTP/1.1 over one kept connection.

Written over a socket because http.client (through email.parser) costs more to import than all the rest of the start.
"""
import socket
import sys

from . import VERSION

ROOT = "/2018-06-01/runtime"
MAX_HEADER_BYTES = 1 << 20  # the service allows 1 MB of request line and headers
USER_AGENT = f"pellicle-python/{sys.version_info.major}.{sys.version_info.minor}.{sys.version_info.micro}-{VERSION}"


class RuntimeApiError(Exception):
    """The Runtime API refused a call or spoke something that is not HTTP."""


class _Stale(Exception):
    """A kept connection turned out to be closed before any byte of the answer."""


class RuntimeApi:
    def __init__(self, address):
        host, separator, port = address.rpartition(":")
        if not separator or not port.isdigit():
            raise RuntimeApiError(f"AWS_LAMBDA_RUNTIME_API is not host:port: `{address}`")
        self._address = (host.strip("[]"), int(port))
        self._host = address
        self._socket = None
        self._reader = None

    def next(self):
        """The headers (names in lower case) and the body of the next event. Waits without limit: the sandbox may be frozen in here."""
        status, headers, body = self._call("GET", f"{ROOT}/invocation/next", (), b"")
        if status != 200:
            raise RuntimeApiError(f"next answered {status}: {_text(body)}")
        return headers, body

    def respond(self, request_id, body, content_type):
        self._report(f"{ROOT}/invocation/{request_id}/response", (("Content-Type", content_type),), body)

    def error(self, request_id, body, cause):
        headers = [("Content-Type", "application/json")]
        if cause:
            headers.append(("Lambda-Runtime-Function-XRay-Error-Cause", cause))
        self._report(f"{ROOT}/invocation/{request_id}/error", headers, body)

    def init_error(self, body, error_type, cause):
        headers = [("Content-Type", "application/json"), ("Lambda-Runtime-Function-Error-Type", _header_text(error_type))]
        if cause:
            headers.append(("Lambda-Runtime-Function-XRay-Error-Cause", cause))
        self._report(f"{ROOT}/init/error", headers, body)

    def restore_next(self):
        status, _, body = self._call("GET", f"{ROOT}/restore/next", (), b"")
        if status != 200:
            raise RuntimeApiError(f"restore/next answered {status}: {_text(body)}")

    def restore_error(self, body, error_type):
        headers = (("Content-Type", "application/json"), ("Lambda-Runtime-Function-Error-Type", error_type))
        self._report(f"{ROOT}/restore/error", headers, body)

    def _report(self, path, headers, body):
        status, _, answer = self._call("POST", path, headers, body)
        if status >= 500:
            raise RuntimeApiError(f"{path} answered {status}: {_text(answer)}")
        if status != 202:
            # 400, 403 and 413 end this invocation on the platform's side; the next one is not affected.
            print(f"the Runtime API refused {path}: {status} {_text(answer)}", file=sys.stderr)

    def _call(self, method, path, headers, body):
        lines = [f"{method} {path} HTTP/1.1", f"Host: {self._host}", f"User-Agent: {USER_AGENT}"]
        lines.extend(f"{name}: {value}" for name, value in headers)
        if method == "POST":
            lines.append(f"Content-Length: {len(body)}")
        head = ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", "replace")
        reused = self._socket is not None
        try:
            return self._exchange(head, body)
        except (_Stale, BrokenPipeError, ConnectionResetError):
            self._close()
            if not reused:
                raise RuntimeApiError(f"the connection was closed before {method} {path} was answered") from None
        return self._exchange(head, body)

    def _exchange(self, head, body):
        if self._socket is None:
            self._socket = socket.create_connection(self._address)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._reader = self._socket.makefile("rb", 65536)
        # One packet for small bodies; no copy of large ones.
        if len(body) <= 16384:
            self._socket.sendall(head + body)
        else:
            self._socket.sendall(head)
            self._socket.sendall(body)
        status, headers = self._read_head()
        while 100 <= status < 200:
            status, headers = self._read_head()
        content = self._read_body(status, headers)
        if headers.get("connection", "").lower() == "close":
            self._close()
        return status, headers, content

    def _read_head(self):
        line = self._reader.readline(MAX_HEADER_BYTES)
        if not line:
            raise _Stale
        parts = line.split(None, 2)
        if len(parts) < 2 or not parts[0].startswith(b"HTTP/1.") or not parts[1].isdigit():
            raise RuntimeApiError(f"not an HTTP answer: {line[:80]!r}")
        headers = {}
        size = 0
        while True:
            line = self._reader.readline(MAX_HEADER_BYTES)
            size += len(line)
            if line in (b"\r\n", b"\n"):
                return int(parts[1]), headers
            if not line.endswith(b"\n") or size > MAX_HEADER_BYTES:
                raise RuntimeApiError("the answer's headers are cut off or too long")
            name, _, value = line.partition(b":")
            # Client context and identity may hold any UTF-8 text.
            headers[name.strip().decode("latin-1").lower()] = value.strip().decode("utf-8", "replace")

    def _read_body(self, status, headers):
        if status in (204, 304):
            return b""
        if headers.get("transfer-encoding", "").lower() == "chunked":
            chunks = []
            while True:
                size = int(self._reader.readline(1024).split(b";")[0], 16)
                if size == 0:
                    while self._reader.readline(MAX_HEADER_BYTES) not in (b"\r\n", b"\n", b""):
                        pass
                    return b"".join(chunks)
                chunks.append(self._read_exactly(size))
                self._reader.readline(1024)
        if "content-length" in headers:
            return self._read_exactly(int(headers["content-length"]))
        content = self._reader.read()
        self._close()
        return content

    def _read_exactly(self, size):
        content = self._reader.read(size)
        if len(content) != size:
            raise RuntimeApiError(f"the body ended after {len(content)} of {size} bytes")
        return content

    def _close(self):
        if self._socket is not None:
            self._reader.close()
            self._socket.close()
            self._socket = self._reader = None


def _text(body):
    return body[:200].decode("utf-8", "replace")


def _header_text(value):
    return value.replace("\r", " ").replace("\n", " ")
