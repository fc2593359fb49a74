"""Standard output, the log lines of the runtime, and the root logger's handler."""
import io
import json
import logging
import os
import sys
import time


def unbuffered(descriptor):
    """As `python -u`: each write is one system call, so nothing is lost when the sandbox is frozen or killed."""
    raw = open(descriptor, "wb", buffering=0, closefd=False)
    return io.TextIOWrapper(raw, encoding="utf-8", errors="backslashreplace", newline="\n", write_through=True)


class OutputLog:
    def __init__(self):
        self.request_id = None
        self.as_json = os.environ.get("AWS_LAMBDA_LOG_FORMAT", "").lower() == "json"

    def error(self, body):
        if self.as_json:
            line = {"timestamp": _timestamp(), "log_level": "ERROR", **body}
            sys.stdout.write(json.dumps(line) + "\n")
            return
        text = f"[ERROR] {body['errorType']}: {body['errorMessage']}"
        if body["stackTrace"]:
            text += "\nTraceback (most recent call last):\n" + "".join(body["stackTrace"]).rstrip("\n")
        sys.stdout.write(text + "\n")


class _RequestIdFilter(logging.Filter):
    def __init__(self, log):
        super().__init__()
        self._log = log

    def filter(self, record):
        record.aws_request_id = self._log.request_id or ""
        return True


class _JsonFormatter(logging.Formatter):
    def format(self, record):
        line = {
            "timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(record.created)),
            "level": record.levelname,
            "message": record.getMessage(),
            "logger": record.name,
        }
        if record.aws_request_id:
            line["requestId"] = record.aws_request_id
        if record.exc_info:
            line["errorType"] = getattr(record.exc_info[0], "__name__", None)
            line["errorMessage"] = str(record.exc_info[1])
            line["stackTrace"] = self.formatException(record.exc_info).splitlines()
        return json.dumps(line, default=str)


class _StdoutHandler(logging.Handler):
    def emit(self, record):
        try:
            sys.stdout.write(self.format(record) + "\n")
        except Exception:
            self.handleError(record)


def install_logging(log):
    handler = _StdoutHandler()
    handler.addFilter(_RequestIdFilter(log))
    if log.as_json:
        handler.setFormatter(_JsonFormatter())
    else:
        formatter = logging.Formatter(
            "[%(levelname)s]\t%(asctime)s.%(msecs)03dZ\t%(aws_request_id)s\t%(message)s", "%Y-%m-%dT%H:%M:%S"
        )
        formatter.converter = time.gmtime
        handler.setFormatter(formatter)
    root = logging.getLogger()
    root.addHandler(handler)
    level = os.environ.get("AWS_LAMBDA_LOG_LEVEL", "").upper()
    if log.as_json and level:
        # The platform's names; Python has no TRACE.
        known = {"TRACE": logging.DEBUG, "FATAL": logging.CRITICAL}.get(level, logging.getLevelName(level))
        if isinstance(known, int):
            root.setLevel(known)


def _timestamp():
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
