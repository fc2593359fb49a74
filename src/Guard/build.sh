#!/bin/sh
# Publishes the guard as one static binary: artifacts/guard/RID/guard. Quick when nothing changed.
# usage: src/Guard/build.sh [linux-x64|linux-arm64]      needs clang lld cmake make binutils python3 zlib1g-dev libssl-dev; for arm64 on another processor what eng/arm64.sh fetches
set -eu
rid=${1:-linux-x64}
root=$(CDPATH= cd -- "$(dirname -- "$0")/../.." && pwd)
out=$root/artifacts/guard/$rid
# A change of any source, project or property file makes the binary stale; so does another stamp (a file that was removed).
stamp=$(cd "$root" && find src/Guard src/Policy src/Inspection src/Domain Directory.Build.props Directory.Build.targets Directory.Packages.props global.json eng/arm64.cmake eng/arm64.sh \
    \( -name bin -o -name obj \) -prune -o -type f \( -name '*.cs' -o -name '*.csproj' -o -name '*.props' -o -name '*.json' -o -name '*.txt' -o -name '*.py' -o -name '*.sh' -o -name '*.c' -o -name '*.targets' -o -name '*.cmake' \) -print0 | sort -z | xargs -0 sha256sum | sha256sum | cut -d' ' -f1)
if [ -x "$out/guard" ] && [ "$(cat "$out/.stamp" 2>/dev/null)" = "$stamp" ]; then
    exit 0
fi
for tool in clang ld.lld cmake make objdump python3; do
    command -v "$tool" >/dev/null || { echo "guard: \`$tool\` is missing; install the packages clang lld cmake make binutils python3 zlib1g-dev libssl-dev" >&2; exit 3; }
done
staging=$root/artifacts/guard/.$rid.$$
trap 'rm -rf "$staging"' EXIT
# Another processor's objects lie apart: builds for this one stay as they are.
if [ "$rid" = linux-arm64 ]; then
    set -- --artifacts-path "$root/artifacts/arm64/build"
    if [ "$(uname -m)" != aarch64 ]; then
        "$root/eng/arm64.sh"
        SYSROOT=$root/artifacts/arm64/sysroot CMAKE_TOOLCHAIN_FILE=$root/eng/arm64.cmake
        export SYSROOT CMAKE_TOOLCHAIN_FILE
        set -- "$@" "-p:SysRoot=$SYSROOT"
    fi
else
    set --
fi
dotnet publish "$root/src/Guard" -c Release -r "$rid" -o "$staging" -v q -nologo "$@" >&2
mkdir -p "$out"
# Renamed into place: a running guard keeps its file.
mv -f "$staging/guard" "$out/guard"
printf '%s\n' "$stamp" > "$out/.stamp"
