#!/bin/sh
# Whole process, cold start, beside unzip -t and sha256sum of the same zip in the same run: medians of RUNS (default 7), and the ratios.
# Cold scans remember nothing; "again" is a scan of content that was read before.
# Usage: bench/scan/speed.sh ZIP… (bench/scan/zips.py makes some); PELLICLE names the program, PELLICLE_DB a compiled advisory file (without one: inventory only).
set -eu
here=$(cd "$(dirname "$0")" && pwd)
cli=${PELLICLE:-$here/../../artifacts/cli/pellicle}
[ -x "$cli" ] || { echo "no $cli: run eng/build.sh cli, or set PELLICLE" >&2; exit 2; }
[ $# -gt 0 ] || { echo "usage: bench/scan/speed.sh ZIP…" >&2; exit 2; }
runs=${RUNS:-7}
out=$(mktemp); one=$(mktemp); home=$(mktemp -d); trap 'rm -rf "$out" "$one" "$home"' EXIT
export PELLICLE_HOME="$home"
# time NAME COMMAND…: one line "seconds user+system KB" a run
measure() { /usr/bin/time -f '%e %U %S %M' -o "$one" "$@" >/dev/null 2>&1 || true; tail -1 "$one"; }
median() { sort -n "$out" | awk -v c="$1" '{ v[NR] = $c } END { print v[int((NR + 1) / 2)] }'; }
sample() { : >"$out"; i=0; while [ $i -lt "$runs" ]; do measure "$@" >>"$out"; i=$((i + 1)); done; }
sample "$cli" --version
echo "pellicle --version: $(median 1) s, $(median 4) KB (limit 0.08 s)"
if [ -n "${PELLICLE_DB:-}" ]; then set_db="--db $PELLICLE_DB"; else set_db=--no-advisories; fi
printf '%-28s %9s %9s %9s %9s %9s %9s %9s %9s\n' zip 'scan s' 'cpu s' MB 'again s' 'unzip -t' sha256sum 'of unzip' 'of sha'
for zip in "$@"; do
  # shellcheck disable=SC2086 # two words on purpose
  sample "$cli" scan "$zip" $set_db --no-cache --format json --output /dev/null
  scan=$(median 1); cpu=$(awk '{ print $2 + $3 }' "$out" | sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'); kb=$(median 4)
  # shellcheck disable=SC2086
  measure "$cli" scan "$zip" $set_db --format json --output /dev/null >/dev/null
  # shellcheck disable=SC2086
  again=$(sample "$cli" scan "$zip" $set_db --format json --output /dev/null; median 1)
  sample unzip -tqq "$zip"; unzip=$(median 1)
  sample sha256sum "$zip"; sha=$(median 1)
  awk -v z="$(basename "$zip")" -v s="$scan" -v c="$cpu" -v k="$kb" -v g="$again" -v u="$unzip" -v h="$sha" 'BEGIN { printf "%-28s %9.2f %9.2f %9.0f %9.2f %9.2f %9.2f %9.2f %9.2f\n", z, s, c, k / 1024, g, u, h, (u > 0 ? s / u : 0), (h > 0 ? s / h : 0) }'
done
