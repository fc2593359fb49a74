#!/bin/sh
# Packages found against ground truth that package managers, compilers and bundlers give. Builds what it can from npm, NuGet and Debian
# (nothing is installed on the machine) and prints one line a corpus: recall, precision, versions. VERBOSE=1 lists what was missed. Usage: bench/scan/recall.sh [WORKDIR] [CORPUS…]; a given WORKDIR is kept and reused.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
cli=${PELLICLE:-$here/../../artifacts/cli/pellicle}
[ -x "$cli" ] || { echo "no $cli: run eng/build.sh cli, or set PELLICLE" >&2; exit 2; }
command -v python3 >/dev/null || { echo "python3 is needed" >&2; exit 2; }
if [ $# -gt 0 ]; then work=$1; shift; mkdir -p "$work"; else work=$(mktemp -d); trap 'rm -rf "$work"' EXIT; fi
status=0
PELLICLE=$cli python3 "$here/recall.py" "$work" "$@" || status=$?
exit $status
