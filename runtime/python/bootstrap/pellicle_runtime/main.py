"""Python runtime: loads the handler, then loops next -> handler -> response or error.

Standard library only, and little of it: every import here is paid at each cold start.
"""
import importlib
import json
import os
import sys

from .api import RuntimeApi, RuntimeApiError
from .context import Invocation, LambdaContext
from .errors import Fault, error_body, xray_cause
from .output import OutputLog, install_logging, unbuffered
from .results import encode

LAYER_ROOT = "/opt/python"
JSON = "application/json"


def prepare_search_path(task_root, runtime_root):
    """Function, then layers, then what the runtime ships; a customer's PYTHONPATH replaces the layers."""
    import site

    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    layer_site = f"{LAYER_ROOT}/lib/{version}/site-packages"
    has_python_path = "PYTHONPATH" in os.environ
    if has_python_path:
        front = [task_root]
        sites = [task_root]
    else:
        front = [task_root, layer_site, LAYER_ROOT, f"/var/lang/lib/{version}/site-packages"]
        sites = [task_root, layer_site, LAYER_ROOT]
    sys.path[0:0] = front
    # addsitedir appends what is not on the path yet and runs .pth files, in this order.
    for directory in sites:
        if os.path.isdir(directory):
            site.addsitedir(directory)
    if not has_python_path:
        os.environ["PYTHONPATH"] = runtime_root


def load_handler(name):
    try:
        module_name, function_name = name.rsplit(".", 1)
    except ValueError as error:
        raise Fault("Runtime.MalformedHandlerName", f"Bad handler '{name}': {error}") from None
    module_name = module_name.replace("/", ".")
    try:
        if module_name.split(".")[0] in sys.builtin_module_names:
            raise Fault(
                "Runtime.BuiltInModuleConflict", f"Cannot use built-in module {module_name} as a handler module"
            )
        module = importlib.import_module(module_name)
    except ImportError as error:
        raise Fault("Runtime.ImportModuleError", f"Unable to import module '{module_name}': {error}") from None
    except SyntaxError as error:
        where = f'  File "{error.filename}" Line {error.lineno}\n    {(error.text or "").rstrip()}\n'
        raise Fault("Runtime.UserCodeSyntaxError", f"Syntax error in module '{module_name}': {error}", [where]) from None
    try:
        return getattr(module, function_name)
    except AttributeError:
        raise Fault(
            "Runtime.HandlerNotFound", f"Handler '{function_name}' missing on module '{module_name}'"
        ) from None


def fail_init(api, log, error):
    body = error_body(error, "")
    log.error(body)
    api.init_error(json.dumps(body).encode(), body["errorType"], xray_cause(error))
    sys.exit(1)


def run_snapshot_hooks(api, log):
    """SnapStart: hooks before the snapshot, wait in it, hooks after the restore."""
    try:
        hooks = importlib.import_module("snapshot_restore_py")
    except ImportError:
        hooks = None
    try:
        pending = hooks.get_before_snapshot() if hooks else []
        while pending:
            function, args, kwargs = pending.pop()  # last registered, first called
            function(*args, **kwargs)
    except Exception as error:
        body = error_body(error, "")
        log.error(body)
        api.init_error(json.dumps(body).encode(), "Runtime.BeforeSnapshotError", None)
        sys.exit(64)
    api.restore_next()
    try:
        for function, args, kwargs in hooks.get_after_restore() if hooks else []:
            function(*args, **kwargs)
    except Exception as error:
        body = error_body(error, "")
        log.error(body)
        api.restore_error(json.dumps(body).encode(), "Runtime.AfterRestoreError")
        sys.exit(65)


def decode(event, content_type):
    if content_type.split(";")[0].strip().lower() not in ("", JSON):
        return event
    try:
        return json.loads(event)
    except ValueError as error:
        raise Fault("Runtime.UnmarshalError", f"Unable to unmarshal input: {error}") from None


def handle(handler, invocation):
    """The answer's body and its content type."""
    event = decode(invocation.body, invocation.content_type)
    result = handler(event, LambdaContext(invocation))
    if isinstance(result, bytes):
        return result, "application/unknown"
    try:
        return encode(result), JSON
    except Exception as error:
        raise Fault("Runtime.MarshalError", f"Unable to marshal response: {error}") from None


def run(api, log, handler):
    while True:
        invocation = Invocation(*api.next())
        log.request_id = invocation.request_id
        if invocation.trace_id:
            os.environ["_X_AMZN_TRACE_ID"] = invocation.trace_id
        else:
            os.environ.pop("_X_AMZN_TRACE_ID", None)
        try:
            body, content_type = handle(handler, invocation)
        except Exception as error:
            details = error_body(error, invocation.request_id)
            log.error(details)
            api.error(invocation.request_id, json.dumps(details).encode(), xray_cause(error))
        else:
            api.respond(invocation.request_id, body, content_type)


def main():
    os.environ.pop("_LAMBDA_TELEMETRY_LOG_FD", None)  # the platform's private log channel; we write to stdout
    sys.stdout = unbuffered(1)
    sys.stderr = unbuffered(2)
    log = OutputLog()
    api = RuntimeApi(os.environ["AWS_LAMBDA_RUNTIME_API"])
    runtime_root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    prepare_search_path(os.environ.get("LAMBDA_TASK_ROOT", "/var/task"), runtime_root)
    # Read after the .pth files ran: they may have changed it.
    name = os.environ.get("_HANDLER", "")
    install_logging(log)
    try:
        handler = load_handler(name)
    except Exception as error:
        fail_init(api, log, error)
    if os.environ.get("AWS_LAMBDA_INITIALIZATION_TYPE") == "snap-start":
        run_snapshot_hooks(api, log)
    try:
        run(api, log, handler)
    except (RuntimeApiError, OSError) as error:
        print(f"the Runtime API failed: {error}", file=sys.stderr)
        sys.exit(1)
