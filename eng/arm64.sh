#!/bin/sh
# What compiling the guard for arm64 needs of Debian's arm64 packages, laid below artifacts/arm64: headers and static libraries, nothing that runs.
# The packages come from the system's own sources, checked by apt; the system and its list of processors stay as they are. Quick when they lie there.
# usage: eng/arm64.sh      needs apt and dpkg; no root
set -eu
cd "$(dirname "$0")/.."
wanted="libc6-dev linux-libc-dev libgcc-12-dev libssl-dev zlib1g-dev"
out=$PWD/artifacts/arm64
if [ "$(cat "$out/.packages" 2>/dev/null)" = "$wanted" ]; then exit 0; fi
rm -rf "$out"
mkdir -p "$out/apt/lists/partial" "$out/apt/cache/archives/partial" "$out/apt/packages" "$out/sysroot"
: > "$out/apt/status"
arm64() {
  apt-get -q -o APT::Architecture=arm64 -o APT::Architectures::=arm64 -o APT::Sandbox::User=root -o Acquire::Languages=none \
    -o Dir::State="$out/apt" -o Dir::State::lists="$out/apt/lists" -o Dir::State::status="$out/apt/status" -o Dir::Cache="$out/apt/cache" "$@"
}
echo "fetching Debian's arm64 libraries: $wanted" >&2
log=$out/fetch.log
{ arm64 update && (cd "$out/apt/packages" && arm64 download $wanted); } >"$log" 2>&1 || { cat "$log" >&2; exit 3; }
for package in "$out"/apt/packages/*.deb; do dpkg-deb -x "$package" "$out/sysroot"; done
rm -rf "$out/apt"
echo "$wanted" > "$out/.packages"
