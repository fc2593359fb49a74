"""What PELLICLE_SECCOMP=strict costs (decision 0018): the same program with the plain filter and with the guard answering for system calls that are not libc's, in turns.
A whole guard answers, as an extension before a stand-in for the platform; root, for a mount namespace with its layer at /opt. x86_64.
usage: answered.py [TURNS]"""
import os, socket, struct, subprocess, sys, tempfile, time

here = os.path.dirname(os.path.abspath(__file__))
root = os.path.dirname(os.path.dirname(here))
LAYER = 'mount -t tmpfs none /opt && mkdir -p /opt/extensions /opt/pellicle/native && cp "$GUARD" /opt/extensions/pellicle && cp "$LIBRARY" /opt/pellicle/native/ && cp "$WORK"/* /opt/ && exec "$@"'


def hello(upstream, role):
    """As the wrapper does; whoever says so becomes the runtime."""
    channel = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    channel.connect(f"\0pellicle/127.0.0.1:{upstream}")
    channel.send(struct.pack("<IHHIIII", 0x4C434C50, 1, 1, 8, 0, os.getpid(), role))
    channel.recv(256)


def run(work, seccomp, file):
    """One guard and one runtime; runs within the namespace."""
    platform = subprocess.Popen([f"{work}/hop", "platform", f"{work}/event", "100", f"{work}/event"], stdout=subprocess.PIPE, text=True)
    upstream = int(platform.stdout.readline())
    plain = {k: v for k, v in os.environ.items() if not k.startswith(("PELLICLE_", "LD_PRELOAD"))}
    guard = subprocess.Popen(["/opt/extensions/pellicle"], env={**plain, "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{upstream}", "PELLICLE_MODE": "protect"})
    try:
        deadline = time.monotonic() + 10
        while True:
            try:
                hello(upstream, 1)
                break
            except ConnectionRefusedError:
                if time.monotonic() > deadline:
                    raise
        child = os.fork()
        if child == 0:
            hello(upstream, 2)
            os.execve(f"{work}/answered", [f"{work}/answered", file, f"{work}/static", f"{work}/dynamic"],
                      {**plain, "LD_PRELOAD": "/opt/pellicle/native/libpellicle.so", "PELLICLE_CHANNEL": f"pellicle/127.0.0.1:{upstream}", "PELLICLE_SECCOMP": seccomp})
        if os.waitpid(child, 0)[1]:
            sys.exit("it failed")
    finally:
        for process in (guard, platform):
            process.kill()
            process.wait()


if len(sys.argv) == 5 and sys.argv[1] == "within":
    run(*sys.argv[2:])
    sys.exit()
turns = int(sys.argv[1]) if len(sys.argv) > 1 else 3
with tempfile.TemporaryDirectory(dir="/var/tmp") as work:
    os.chmod(work, 0o755)
    with open(f"{work}/event", "w") as file:
        file.write("{}")
    with open(f"{work}/nothing.c", "w") as file:
        file.write("int main(void) { return 0; }\n")
    for arguments in (["-pthread", "-o", f"{work}/hop", f"{root}/bench/guard-hop/hop.c"], ["-o", f"{work}/answered", f"{here}/answered.c"], ["-static", "-o", f"{work}/static", f"{work}/nothing.c"],
                      ["-o", f"{work}/dynamic", f"{work}/nothing.c"]):
        subprocess.run([os.environ.get("CC", "gcc"), "-O2", *arguments], check=True)
    environment = {**os.environ, "WORK": work, "GUARD": f"{root}/artifacts/guard/linux-x64/guard", "LIBRARY": f"{root}/artifacts/native/x86_64/libpellicle.so"}
    figures = {}
    for turn in range(turns):
        for seccomp in (("1", "strict"), ("strict", "1"))[turn % 2]:
            done = subprocess.run(["unshare", "-m", "sh", "-c", LAYER, "layer", sys.executable, os.path.abspath(__file__), "within", "/opt", seccomp, "/opt/event"], env=environment, capture_output=True, text=True)
            if done.returncode:
                sys.exit(done.stdout + done.stderr)
            for line in done.stdout.splitlines():
                name, value = line.split()
                figures.setdefault(name, {}).setdefault(seccomp, []).append(float(value))
print(f"{'call':14} {'filter':>10} {'strict':>10} {'added':>10}")
for name, by in figures.items():
    plain, strict = min(by["1"]), min(by["strict"])
    print(f"{name:14} {plain:8.2f}us {strict:8.2f}us {strict - plain:+8.2f}us")
