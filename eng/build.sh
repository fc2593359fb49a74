#!/bin/sh
# Builds what is missing or older than its sources. Usage: eng/build.sh cli|protection|samples|all|arm64    (all: what this processor needs)
set -eu
cd "$(dirname "$0")/.."
out=artifacts
mkdir -p $out

# newer STAMP DIR...: true when a source is newer than the stamp, or the stamp is absent
newer() {
  stamp=$1; shift
  [ ! -e "$stamp" ] && return 0
  [ -n "$(find "$@" -type f -newer "$stamp" -not -path '*/obj/*' -not -path '*/bin/*' -print -quit)" ]
}

step() {
  name=$1; shift
  echo "building $name" >&2
  log=$out/$(echo "$name" | tr ' ' '-').log
  "$@" >"$log" 2>&1 || { tail -60 "$log" >&2; echo "building $name failed; the whole log is $log" >&2; exit 3; }
}

cli() {
  if newer $out/cli/.stamp src Directory.Build.props Directory.Packages.props; then
    step cli dotnet publish src/Cli/Cli.csproj -c Release -r linux-x64 --self-contained false -v q -nologo -o $out/cli
    # The program people start: native, for commands that need only files; without the compiler's tools they start slower, that is all.
    if command -v clang >/dev/null && command -v ld.lld >/dev/null; then
      step "native command line" dotnet publish src/CliNative/CliNative.csproj -c Release -r linux-x64 -v q -nologo -o $out/.native-cli
      mv -f $out/.native-cli/pellicle $out/cli/pellicle
      rm -rf $out/.native-cli
    else
      echo "clang and lld are not installed: commands take a tenth of a second longer to start" >&2
      ln -sf pellicle-cli $out/cli/pellicle
    fi
    touch $out/cli/.stamp
  fi
}

protection() {
  if newer $out/guard/linux-x64/guard src/Guard src/Policy src/Inspection src/Domain; then step guard src/Guard/build.sh; fi
  if newer $out/native/x86_64/wrapper runtime/native; then step "native interposer" runtime/native/build.sh; fi
  if newer $out/.runtimes.stamp runtime/build.sh runtime/python runtime/node runtime/java runtime/dotnet; then step "runtimes and probes" runtime/build.sh all; touch $out/.runtimes.stamp; fi
}

# The guard for arm64, by a cross compiler; its interposer and wrapper come with `protection`.
arm64() {
  protection
  if newer $out/guard/linux-arm64/guard src/Guard src/Policy src/Inspection src/Domain; then step "guard for arm64" src/Guard/build.sh linux-arm64; fi
  [ -e $out/native/aarch64/libpellicle.so ] || { echo "the interposer for arm64 is missing: install gcc-aarch64-linux-gnu and libc6-dev-arm64-cross (eng/packages.sh arm64), and remove $out/native" >&2; exit 3; }
}

samples() { if newer $out/samples/.stamp samples; then step samples samples/build.sh; fi; }

case ${1:-all} in
  cli) cli ;;
  protection) protection ;;
  samples) samples ;;
  all) cli; protection; samples ;;
  arm64) arm64 ;;
  *) echo "usage: eng/build.sh cli|protection|samples|all|arm64" >&2; exit 2 ;;
esac
