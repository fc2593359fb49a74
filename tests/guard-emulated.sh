#!/bin/sh
# The tests of the published guard, with processors that this machine need not have, under qemu-user: the same platform, server and channel, and its answers beside those of this processor's guard.
# usage: tests/guard-emulated.sh arm64|avx2|sse [FILTER]    avx2: x86_64 without AVX-512; sse: without AVX; a filter of dotnet test
set -eu
root=$(CDPATH= cd -- "$(dirname "$0")/.." && pwd)
skip() { echo "skip: $1"; echo "0 passed, 0 failed, 1 skipped"; exit 0; }
# Features that no program of a user has, and of which the emulator would say that it has none.
case ${1:-} in
  arm64) emulator=qemu-aarch64-static architecture=arm64 machine= ;;
  avx2) emulator=qemu-x86_64-static architecture=x64 machine="-cpu Haswell-noTSX,-pcid,-x2apic,-tsc-deadline,-invpcid" ;;
  sse) emulator=qemu-x86_64-static architecture=x64 machine="-cpu Nehalem" ;;
  *) echo "usage: tests/guard-emulated.sh arm64|avx2|sse [FILTER]" >&2; exit 2 ;;
esac
guard=$root/artifacts/guard/linux-$architecture/guard
command -v $emulator >/dev/null || skip "$emulator is not installed"
case $architecture-$(uname -m) in
  arm64-aarch64) "$root/eng/build.sh" arm64 ;;
  arm64-*) "$root/eng/arm64.sh" || skip "Debian's libraries for arm64 cannot be had here"; "$root/eng/build.sh" arm64 ;;
  x64-x86_64) "$root/eng/build.sh" protection ;;
  *) skip "the guard for x86_64 is not built on this processor" ;;
esac
# The collector reserves 256 GiB of addresses at its start, for which the emulator writes page tables for seconds; with a limit it reserves five times that.
cat > "$guard-emulated-$1" <<EOF
#!/bin/sh
DOTNET_GCHeapHardLimit=10000000 exec $emulator $machine "$guard" "\$@"
EOF
chmod +x "$guard-emulated-$1"
PELLICLE_TEST_GUARD=$guard-emulated-$1 exec dotnet test "$root/tests/Guard" --no-build -nologo -v q --logger "console;verbosity=minimal" \
  --filter "${2:-FullyQualifiedName~BinaryTests|FullyQualifiedName~JudgementTests|FullyQualifiedName~FaultTests|FullyQualifiedName~LifeTests}"
