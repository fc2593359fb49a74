"""Runs one bootstrap in its documented places (/var/runtime, /var/lang, /opt) against the fake Runtime API.

Must run inside a mount namespace of its own (run.sh makes it): it mounts over /var and /opt.
"""
import contextlib
import os
import shutil
import signal
import struct
import subprocess
import tempfile
from pathlib import Path

from fake_api import FakeApi

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
WORK = Path(os.environ["PELLICLE_TEST_WORK"])  # made and removed by run.sh
TIMEOUT = 60  # seconds; only a hang comes near it

EXECUTION_ENV = {"python": None, "node": None, "java": "AWS_Lambda_java17", "dotnet": "AWS_Lambda_dotnet10", "ruby": "AWS_Lambda_ruby3.2"}


class Outcome:
    def __init__(self, api, stdout, stderr, code, hung, frames=None):
        self.api, self.stdout, self.stderr, self.code, self.hung, self.frames = api, stdout, stderr, code, hung, frames

    @property
    def answers(self):
        return self.api.answers

    @property
    def only(self):
        assert len(self.answers) == 1, f"{len(self.answers)} answers; {self}"
        return self.answers[0]

    def __str__(self):
        told = [(r.path, r.body[:300]) for r in self.answers]
        return f"exit {self.code}{' (hung)' if self.hung else ''}\ntold {told}\nstdout {self.stdout[-1500:]}\nstderr {self.stderr[-1500:]}"


def mount_places():
    for place in ("/var", "/opt"):
        subprocess.run(["mount", "-t", "tmpfs", "tmpfs", place], check=True)
    if os.path.isdir("/tmp/.pellicle"):  # a policy that another guard of this machine kept there
        subprocess.run(["mount", "-t", "tmpfs", "tmpfs", "/tmp/.pellicle"], check=True)
    for directory in ("/var/lang/bin", "/var/runtime", "/var/task", "/var/tmp"):
        os.makedirs(directory)
    python = subprocess.run(
        ["python3", "-c", "import sys; print(sys.executable)"], capture_output=True, text=True, check=True
    ).stdout.strip()
    version = subprocess.run(
        [python, "-c", "import sys; print('python%d.%d' % sys.version_info[:2])"], capture_output=True, text=True, check=True
    ).stdout.strip()
    # Scripts and not links: dotnet and java find their home through their own path.
    for name, target in ((version, python), ("node", shutil.which("node")), ("java", shutil.which("java")), ("dotnet", shutil.which("dotnet")), ("ruby", shutil.which("ruby"))):
        if target:
            os.symlink(os.path.realpath(target), f"/var/lang/bin/{name}")
    node_major = subprocess.run(["node", "-p", "process.versions.node.split('.')[0]"], capture_output=True, text=True).stdout.strip()
    EXECUTION_ENV["python"] = f"AWS_Lambda_{version}"
    EXECUTION_ENV["node"] = f"AWS_Lambda_nodejs{node_major}.x"


def bind(source, target):
    os.makedirs(target, exist_ok=True)
    if os.path.ismount(target):
        subprocess.run(["umount", "-l", target], check=True)  # a worker that was just killed may still lie on it
    subprocess.run(["mount", "--bind", str(source), target], check=True)


def use(language, task=None, runtime=None):
    bind(runtime or ROOT / "artifacts" / "runtimes" / language, "/var/runtime")
    bind(task or WORK / "tasks" / language, "/var/task")


def write_task(files):
    """A task directory of its own for cases about files."""
    directory = Path(tempfile.mkdtemp(dir=WORK))
    for name, text in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return directory


def run(language, handler, events=(), env=None, task=None, opt=None, statuses=None, close=False, runtime=None, layer=None, log_descriptor=False, timeout=TIMEOUT):
    """Starts the runtime, waits until it has answered every event (or is gone), stops it.

    With a protection layer (a directory) as /opt, its extension runs first, as on the platform. With `log_descriptor` the runtime finds the platform's private log channel.
    """
    use(language, task, runtime)
    bind(layer or write_task(opt or {}), "/opt")
    return start(language, handler, events, env, statuses, close, layer, log_descriptor, timeout)


def start(language, handler, events, env=None, statuses=None, close=False, layer=None, log_descriptor=False, timeout=TIMEOUT, own_tmp=False):
    """`run` with what is mounted already; several at a time are several environments, and need each its own /tmp."""
    api = FakeApi(list(events), close_after_answer=close)
    api.statuses = statuses or {}
    environment = {
        "PATH": "/var/lang/bin:/usr/local/bin:/usr/bin/:/bin:/opt/bin",
        "LANG": "en_US.UTF-8",
        "TZ": ":UTC",
        "_HANDLER": handler,
        "LAMBDA_TASK_ROOT": "/var/task",
        "LAMBDA_RUNTIME_DIR": "/var/runtime",
        "AWS_LAMBDA_RUNTIME_API": api.address,
        "AWS_EXECUTION_ENV": EXECUTION_ENV[language],
        "AWS_LAMBDA_FUNCTION_NAME": "case",
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256",
        "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/case",
        "AWS_LAMBDA_LOG_STREAM_NAME": "2026/11/22/[$LATEST]0",
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_REGION": "us-east-1",
    }
    environment.update(env or {})
    environment = {name: value for name, value in environment.items() if value is not None}
    out, err = tempfile.TemporaryFile(dir=WORK), tempfile.TemporaryFile(dir=WORK)
    guard = start_guard(api, environment) if layer else None
    log = tempfile.TemporaryFile(dir=WORK) if log_descriptor else None
    if log:
        environment["_LAMBDA_TELEMETRY_LOG_FD"] = str(log.fileno())
    command = ["/var/runtime/bootstrap"]
    if own_tmp:
        command = ["/usr/bin/unshare", "-m", "/bin/sh", "-c", "mount -t tmpfs tmpfs /tmp && exec /var/runtime/bootstrap"]
    process = subprocess.Popen(command, cwd="/var/task", env=environment, stdin=subprocess.DEVNULL, stdout=out, stderr=err, start_new_session=True, pass_fds=(log.fileno(),) if log else ())
    try:
        answered = api.wait_answered(timeout, lambda: process.poll() is not None)
        code = process.poll()
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # its workers too
        process.wait()
        api.stop()
        if guard:
            guard.kill()
            guard.wait()
    out.seek(0), err.seek(0)
    return Outcome(api, out.read().decode(errors="replace"), err.read().decode(errors="replace"), code, not answered, frames_of(log) if log else None)


def frames_of(log):
    """Type and text of every record of the private log channel; its times are left out."""
    log.seek(0)
    data, frames = log.read(), []
    while data:
        kind, length, _ = struct.unpack(">IIQ", data[:16])
        assert kind >> 16 == 0xA55A and len(data) >= 16 + length, data[:100]
        frames.append((f"{kind:x}", data[16:16 + length].decode(errors="replace")))
        data = data[16 + length:]
    return frames


def start_guard(api, environment):
    """The extension listens before it registers; after that the runtime may start."""
    hidden = ("_HANDLER", "LAMBDA_TASK_ROOT", "LAMBDA_RUNTIME_DIR", "AWS_EXECUTION_ENV", "AWS_LAMBDA_LOG_GROUP_NAME", "AWS_LAMBDA_LOG_STREAM_NAME")
    told = open(WORK / "guard.log", "ab")
    guard = subprocess.Popen(["/opt/extensions/pellicle"], cwd="/", env={n: v for n, v in environment.items() if n not in hidden}, stdin=subprocess.DEVNULL, stdout=told, stderr=told)
    told.close()
    if not api.registered.wait(TIMEOUT):
        guard.kill()
        raise AssertionError(f"the guard did not register: {(WORK / 'guard.log').read_text()[-1500:]}")
    return guard


def shell(language, env, wrapper=None):
    """Runs only the start script, with the wrapper as the program it hands over to."""
    use(language)
    environment = {"PATH": "/usr/bin:/bin", "LAMBDA_TASK_ROOT": "/var/task", "AWS_EXECUTION_ENV": EXECUTION_ENV[language]}
    environment.update({name: value for name, value in env.items() if value is not None})
    for name, value in env.items():
        if value is None:
            environment.pop(name, None)
    return subprocess.run(["/var/runtime/bootstrap"], cwd="/", env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=TIMEOUT)
