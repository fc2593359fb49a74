#!/bin/sh
# Cold start with and without the layer, in turns, per language: bench/cold-start/run.sh [ROUNDS] [LANGUAGE]...
# Runs in a mount namespace of its own, with runtime, function and layer where Lambda has them.
set -eu
here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)
root=$here/../..
for needed in artifacts/guard/linux-x64/guard artifacts/runtimes artifacts/probes artifacts/native/x86_64/libpellicle.so artifacts/native/x86_64/wrapper; do
  [ -e "$root/$needed" ] || { echo "$needed is missing; run eng/build.sh protection" >&2; exit 3; }
done
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export PELLICLE_TEST_WORK="$work" PYTHONDONTWRITEBYTECODE=1
mkdir "$work/tasks"
cp -R "$root/tests/Runtimes/handlers/." "$work/tasks/"
for language in java dotnet; do
  # The compiled handlers stay for the next run.
  kept=$root/artifacts/bench/cold-start/$language
  [ -d "$kept" ] || { mkdir -p "${kept%/*}"; "$root/tests/Runtimes/prepare-$language.sh" "${kept%/*}" >&2; }
  cp -R "$kept" "$work/tasks/$language"
done
if [ "$(id -u)" = 0 ]; then namespace='unshare -m'; else namespace='unshare -rm'; fi
python=$(python3 -c 'import sys; print(sys.executable)')
$namespace "$python" "$here/run.py" "$@"
