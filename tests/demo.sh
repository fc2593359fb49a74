#!/bin/sh
# Runs the demo as a user does and looks at what it leaves behind.
set -u
root=$(cd "$(dirname "$0")/.." && pwd)
passed=0 failed=0
check() { if [ "$2" = 0 ]; then passed=$((passed + 1)); else failed=$((failed + 1)); echo "FAIL $1"; fi; }
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
mounts() { grep -c "$scratch" /proc/self/mountinfo; }
# An environment's processes see mounts of the demo's folder, whatever they are called; other tests on this machine have others.
processes() { grep -ls "$scratch" /proc/[0-9]*/mountinfo | wc -l; }

TMPDIR=$scratch "$root/pellicle" demo --exit >"$scratch/out" 2>"$scratch/err"
check "demo ends well" $?
cat "$scratch/out" "$scratch/err"
grep -q "The circle is closed" "$scratch/out"; check "the circle is closed" $?
[ "$(grep -c 'untouched' "$scratch/out")" = 4 ]; check "four functions keep code and handler" $?
[ "$(ls "$scratch" | grep -vcE '^(out|err)$')" = 0 ]; check "no temporary file is left" $?
[ "$(processes)" = 0 ]; check "no process is left" $?
[ "$(mounts)" = 0 ]; check "no mount is left" $?

# Interrupted in the middle: the same.
/usr/bin/python3 - "$root/pellicle" "$scratch" <<'PY'
import os, signal, subprocess, sys, threading
signal.signal(signal.SIGINT, signal.SIG_DFL)  # a shell that runs this in the background has it ignored, and children inherit that
out = open(sys.argv[2] + "/out", "w")
demo = subprocess.Popen([sys.argv[1], "demo"], stdout=subprocess.PIPE, stderr=open(sys.argv[2] + "/err", "w"), text=True, env={**os.environ, "TMPDIR": sys.argv[2]})
late = threading.Timer(300, demo.kill)
late.start()
for line in demo.stdout:
    out.write(line)
    if line.startswith("4 "):
        environments = subprocess.run(f"grep -ls '{sys.argv[2]}' /proc/[0-9]*/mountinfo | wc -l", shell=True, capture_output=True, text=True).stdout.strip()
        out.write(f"environments' processes: {environments}\n")
        demo.send_signal(signal.SIGINT)
status = demo.wait(60)
late.cancel()
sys.exit(1 if status == -signal.SIGKILL else 0)
PY
check "Ctrl-C ends the demo" $?
grep -q "^environments' processes: [1-9]" "$scratch/out"; check "there were processes to leave" $?
[ "$(ls "$scratch" | grep -vcE '^(out|err)$')" = 0 ]; check "Ctrl-C leaves no temporary file" $?
[ "$(processes)" = 0 ]; check "Ctrl-C leaves no process" $?
[ "$(mounts)" = 0 ]; check "Ctrl-C leaves no mount" $?
echo "$passed passed, $failed failed"
[ $failed = 0 ]
