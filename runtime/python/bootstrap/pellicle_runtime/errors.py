"""Errors in the form the platform and the caller expect."""
import json
import os
import traceback

MAX_CAUSE_BYTES = 16384  # the service crops at 64 KiB; common HTTP servers take 32 KiB of headers in all


class Fault(Exception):
    """An error of the runtime itself, with the platform's name for it."""

    def __init__(self, error_type, message, stack=()):
        super().__init__(message)
        self.error_type = error_type
        self.stack = list(stack)


def error_body(error, request_id):
    if isinstance(error, Fault):
        error_type, stack = error.error_type, error.stack
    else:
        error_type, stack = type(error).__name__, traceback.format_list(_user_frames(error))
    return {"errorMessage": _message(error), "errorType": error_type, "requestId": request_id, "stackTrace": stack}


def xray_cause(error):
    """ASCII JSON for the header Lambda-Runtime-Function-XRay-Error-Cause, or None when it would not fit."""
    frames = [] if isinstance(error, Fault) else _user_frames(error)
    error_type = error.error_type if isinstance(error, Fault) else type(error).__name__
    cause = {
        "working_directory": os.getcwd(),
        "exceptions": [
            {
                "type": error_type,
                "message": _message(error),
                "stack": [{"path": f.filename, "line": f.lineno, "label": f.name} for f in frames],
            }
        ],
        "paths": sorted({f.filename for f in frames}),
    }
    text = json.dumps(cause)
    return text if len(text) <= MAX_CAUSE_BYTES else None


def _message(error):
    try:
        return str(error)
    except Exception as broken:  # a __str__ of the customer's that raises must not cost the report
        return f"<no message: {type(broken).__name__}>"


def _user_frames(error):
    """Without our own frames and the import machinery at the top."""
    ours = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    frames = traceback.extract_tb(error.__traceback__)
    for index, frame in enumerate(frames):
        if not frame.filename.startswith((ours + os.sep, "<frozen importlib")) and not frame.filename.endswith(
            os.path.join("importlib", "__init__.py")
        ):
            return frames[index:]
    return []
