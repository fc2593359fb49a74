#!/bin/sh
# The tests of the published guard, with the one for arm64 under qemu-user: the same platform, server and channel, and its answers beside those of this processor's guard.
# usage: tests/guard-arm64.sh [FILTER]    a filter of dotnet test
set -eu
root=$(CDPATH= cd -- "$(dirname "$0")/.." && pwd)
guard=$root/artifacts/guard/linux-arm64/guard
skip() { echo "skip: $1"; echo "0 passed, 0 failed, 1 skipped"; exit 0; }
command -v qemu-aarch64-static >/dev/null || skip "qemu-aarch64-static is not installed"
[ "$(uname -m)" = aarch64 ] || "$root/eng/arm64.sh" || skip "Debian's libraries for arm64 cannot be had here"
"$root/eng/build.sh" arm64
# The collector reserves 256 GiB of addresses at its start, for which the emulator writes page tables for seconds; with a limit it reserves five times that.
cat > "$guard-emulated" <<EOF
#!/bin/sh
DOTNET_GCHeapHardLimit=10000000 exec qemu-aarch64-static "$guard" "\$@"
EOF
chmod +x "$guard-emulated"
PELLICLE_TEST_GUARD=$guard-emulated exec dotnet test "$root/tests/Guard" --no-build -nologo -v q --logger "console;verbosity=minimal" \
  --filter "${1:-FullyQualifiedName~BinaryTests|FullyQualifiedName~JudgementTests|FullyQualifiedName~FaultTests|FullyQualifiedName~LifeTests}"
