"""What the interposer adds to a call that the profile allows: the same program with and without it, in turns that change places.
Files lie in memory where they can: what a disk's file system does to make one differs between runs by more than what is measured.
usage: run.py [TURNS] [--filter]    --filter: with the seccomp filter as well"""
import os, subprocess, sys, tempfile

root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(root, "runtime", "native", "tests"))
from guard import Guard  # noqa: E402

LIMIT = 300  # ns added to an allowed call, issue 5
library = os.path.join(root, "artifacts", "native", os.uname().machine, "libpellicle.so")
if not os.path.exists(library):
    sys.exit("build runtime/native first: runtime/native/build.sh")

turns = next((int(a) for a in sys.argv[1:] if a.isdigit()), 7)
with tempfile.TemporaryDirectory(dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else None) as work:
    work = os.path.realpath(work)
    program, read, written = (os.path.join(work, n) for n in ("calls", "a-file-with-a-name-of-usual-length.py", "written"))
    subprocess.run([os.environ.get("CC", "gcc"), "-O2", "-o", program, os.path.join(os.path.dirname(os.path.abspath(__file__)), "calls.c")], check=True)
    open(read, "w").close()
    guard = Guard(mode=2, decide=lambda q: (2, None))
    guard.know("read", read, *(f"/var/task/module{n}.py" for n in range(2000)))
    guard.know("write", written, written + "-moved")
    guard.know("read", work)
    guard.know("host", "127.0.0.1:9")
    plain = {k: v for k, v in os.environ.items() if k != "LD_PRELOAD"}
    covered = {**plain, "LD_PRELOAD": library, "PELLICLE_CHANNEL": guard.name, "PELLICLE_SECCOMP": "1" if "--filter" in sys.argv else "0"}
    off = {**plain, "LD_PRELOAD": library}
    figures = {}
    kinds = [("without", plain), ("with", covered), ("off", off)]
    for turn in range(turns):
        for kind, env in kinds[turn % 3:] + kinds[:turn % 3]:
            for line in subprocess.run([program, read, written, work], env=env, capture_output=True, text=True, check=True).stdout.splitlines():
                name, value = line.split()
                figures.setdefault(name, {}).setdefault(kind, []).append(float(value))
    asked = len(guard.asked())
    print(f"{'call':14} {'without':>9} {'with':>9} {'ratio':>7} {'added':>9}   {'no channel':>10}")
    worst = 0
    for name, by in figures.items():
        without, with_, off_ = (min(by[k]) for k in ("without", "with", "off"))
        worst = max(worst, with_ - without)
        print(f"{name:14} {without:7.0f}ns {with_:7.0f}ns {with_ / without:7.2f} {with_ - without:+7.0f}ns   {off_ - without:+8.0f}ns")
    print(f"questions to the guard: {asked}; most added: {worst:.0f} ns, limit {LIMIT} ns")
    sys.exit(1 if worst > LIMIT or asked > 50 else 0)
