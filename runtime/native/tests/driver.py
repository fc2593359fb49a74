"""What every test of the interposer uses: programs run against a guard of the tests, folders of their own, the list of tests."""
import os, shutil, subprocess, sys, tempfile

here = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, here)
from guard import Guard  # noqa: E402

LIBRARY = os.path.abspath(sys.argv[1])  # for the processor of the test programs
WORK = os.path.abspath(sys.argv[2])     # where test.sh built the C programs
ONLY = sys.argv[3:]
CALLS = os.path.join(WORK, "calls")
PYTHON = "/usr/bin/python3"
EPERM, ENOENT, EACCES, EFAULT, ECONNREFUSED = 1, 2, 13, 14, 111
tests, passed, failed, skipped = [], 0, [], []


class Skip(Exception):
    pass


def test(function):
    tests.append(function)
    return function


def environment(guard, **more):
    result = {k: v for k, v in os.environ.items() if k not in ("LD_PRELOAD", "PELLICLE_CHANNEL", "PELLICLE_ROOT")}
    if guard:
        result.update(LD_PRELOAD=LIBRARY, PELLICLE_CHANNEL=guard.name)
    result.update(more)
    return result


RUNNER = os.environ.get("PELLICLE_TEST_RUNNER", "").split()  # for another processor, for example qemu-aarch64-static -L ...


def run(guard, *argv, env=None, timeout=60, stdin=None, cwd=None):
    done = subprocess.run(argv, env=env or environment(guard), stdin=subprocess.DEVNULL if stdin is None else None, input=stdin,
                          capture_output=True, text=True, timeout=timeout, cwd=cwd, errors="replace")
    done.lines = done.stdout.splitlines()
    return done


def calls(guard, *argv, environment_of_its_own=False, **options):
    """Lines that the calls print. environment_of_its_own: a small one, the same with and without a guard."""
    if environment_of_its_own:
        options["env"] = {"PATH": "/usr/bin:/bin", **({"LD_PRELOAD": LIBRARY, "PELLICLE_CHANNEL": guard.name} if guard else {})}
    done = run(guard, *RUNNER, CALLS, *map(str, argv), **options)
    assert done.returncode == 0, f"{argv}: exit {done.returncode}\n{done.stdout}{done.stderr}"
    return done.lines


def equal(actual, expected, what=""):
    assert actual == expected, f"{what}\n  expected {expected!r}\n  actual   {actual!r}"


def deny(*parts, error=0, dimension=None):
    return lambda q: error if (dimension in (None, q.dimension)) and any(p in q.item for p in parts) else None


class Area:
    """A folder of its own, removed at the end."""
    def __enter__(self):
        self.path = os.path.realpath(tempfile.mkdtemp(dir=WORK))
        return self
    def __exit__(self, *_):
        shutil.rmtree(self.path, ignore_errors=True)
    def file(self, name, text="content\n", mode=0o644):
        path = os.path.join(self.path, name)
        with open(path, "w") as f:
            f.write(text)
        os.chmod(path, mode)
        return path
