#!/bin/sh
# Version orders against packaging, RubyGems, semver, Composer and Maven themselves, on pairs of versions of real packages. Downloads Debian packages and one from npm
# (nothing is installed on the machine). Exit 1 when more than one pair in a thousand differs. Usage: bench/scan/orders.sh [WORKDIR [ECOSYSTEM…]]; a given WORKDIR is kept and reused.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
cli=${PELLICLE:-$here/../../artifacts/cli/pellicle}
[ -x "$cli" ] || { echo "no $cli: run eng/build.sh cli, or set PELLICLE" >&2; exit 2; }
command -v python3 >/dev/null || { echo "python3 is needed" >&2; exit 2; }
if [ $# -gt 0 ]; then work=$1; shift; mkdir -p "$work"; else work=$(mktemp -d); trap 'rm -rf "$work"' EXIT; fi
status=0
PELLICLE=$cli python3 "$here/orders.py" "$work" "$@" || status=$?
exit $status
