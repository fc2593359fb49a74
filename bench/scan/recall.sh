#!/bin/sh
# Packages found against ground truth that other tools give. Builds what it can from the registries (npm, NuGet, Debian) and prints
# one line a corpus: recall and precision. Usage: bench/scan/recall.sh [WORKDIR] [CORPUS…]; a given WORKDIR is kept and reused.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
cli=${PELLICLE:-$here/../../artifacts/cli/pellicle}
[ -x "$cli" ] || { echo "no $cli: run eng/build.sh cli, or set PELLICLE" >&2; exit 2; }
command -v python3 >/dev/null || { echo "python3 is needed" >&2; exit 2; }
if [ $# -gt 0 ]; then work=$1; shift; mkdir -p "$work"; else work=$(mktemp -d); trap 'rm -rf "$work"' EXIT; fi
status=0
PELLICLE=$cli python3 "$here/recall.py" "$work" "$@" || status=$?
exit $status
