#!/bin/sh
# Tests of the language runtimes: tests/Runtimes/run.sh [python|node|java|dotnet|ruby|probes|ric|layer]...; prints "N passed, N failed".
# `clients` compares clients that were installed elsewhere: bench/clients/run.sh.
# Runs in a mount namespace, so that each runtime lies where Lambda has it: /var/runtime, /var/lang, /var/task, /opt.
set -eu
here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)
[ $# -gt 0 ] || set -- python node java dotnet ruby probes ric layer
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export PELLICLE_TEST_WORK="$work" PYTHONDONTWRITEBYTECODE=1
mkdir "$work/tasks"
# The comparison with and without the layer runs every language's functions.
case " $* " in *" layer"*) compare="python node java dotnet" ;; *" clients"* | *" ruby"*) compare=layer ;; *) compare= ;; esac
for part in "$@" $compare; do
  part=${part%%:*}
  [ ! -x "$here/prepare-$part.sh" ] || [ -d "$work/tasks/$part" ] || "$here/prepare-$part.sh" "$work/tasks"
  [ ! -d "$here/handlers/$part" ] || [ -d "$work/tasks/$part" ] || cp -R "$here/handlers/$part" "$work/tasks/$part"
done
if [ "$(id -u)" = 0 ]; then namespace='unshare -m'; else namespace='unshare -rm'; fi
# python3 may be a shim that needs its own place; resolved before /var and /opt are covered
python=$(python3 -c 'import sys; print(sys.executable)')
$namespace "$python" "$here/run.py" "$@"
