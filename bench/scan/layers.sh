#!/bin/sh
# A function with five layers beside the scans of each alone, whole processes, nothing remembered; then a second function that uses the
# same layers, with what the first scan remembered. Medians of RUNS (default 7), and the ratios.
# Usage: bench/scan/layers.sh DIRECTORY (as `bench/scan/zips.py WORKDIR layers` makes it); PELLICLE names the program, PELLICLE_DB an advisory file.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
cli=${PELLICLE:-$here/../../artifacts/cli/pellicle}
[ -x "$cli" ] || { echo "no $cli: run eng/build.sh cli, or set PELLICLE" >&2; exit 2; }
[ -f "${1:-}/function.zip" ] || { echo "usage: bench/scan/layers.sh DIRECTORY" >&2; exit 2; }
runs=${RUNS:-7}
out=$(mktemp); home=$(mktemp -d); trap 'rm -rf "$out" "$home"' EXIT
export PELLICLE_HOME="$home"
if [ -n "${PELLICLE_DB:-}" ]; then set_db="--db $PELLICLE_DB"; else set_db=--no-advisories; fi
# shellcheck disable=SC2086 # two words on purpose
scan() {
  began=$(date +%s%N)
  "$cli" scan "$@" $set_db --runtime nodejs20.x --format json --output "$home/report.json" >/dev/null 2>&1
  echo "$(($(date +%s%N) - began))" | awk '{ printf "%.4f\n", $1 / 1e9 }' >>"$out"
}
median() { sort -n "$out" | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }
cold() { : >"$out"; i=0; while [ $i -lt "$runs" ]; do scan "$@" --no-cache; i=$((i + 1)); done; median; }
set -- "$1" "$1"/layer-*.zip
directory=$1; shift
words=; for layer; do words="$words --layer $layer"; done
sum=$(cold "$directory/function.zip"); alone=$sum
for layer; do sum=$(echo "$sum $(cold "$layer")" | awk '{ print $1 + $2 }'); done
# shellcheck disable=SC2086
together=$(cold "$directory/function.zip" $words)
# Each run of the second function starts from what the first left, so its own content is new every time.
: >"$out"; i=0
while [ $i -lt "$runs" ]; do
  rm -rf "$home"/*
  # shellcheck disable=SC2086
  "$cli" scan "$directory/function.zip" $words $set_db --runtime nodejs20.x --format json --output "$home/report.json" >/dev/null 2>&1
  # shellcheck disable=SC2086
  scan "$directory/other.zip" $words
  i=$((i + 1))
done
second=$(median)
echo "function alone $alone s; function and $# layers, each alone: $sum s"
echo "$sum $together" | awk '{ printf "together %.3f s, %.2f of that sum\n", $2, $2 / $1 }'
echo "$alone $second $together" | awk '{ printf "second function with the same layers %.3f s, %.2f of a function alone, %.2f of all that without a memory\n", $2, $2 / $1, $2 / $3 }'
