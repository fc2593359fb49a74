#!/bin/sh
# Makes an interpreter directory for `pellicle layer build --custom-runtime` from what this machine has installed.
# Usage: eng/interpreter.sh python|node|java|dotnet DIR
# What it makes runs where the C library is at least as new as here; for provided.al2023 run it on Amazon Linux 2023.
set -eu
[ $# = 2 ] || { echo "usage: eng/interpreter.sh python|node|java|dotnet DIR" >&2; exit 2; }
language=$1 out=$2
[ ! -e "$out" ] || { echo "\`$out\` exists already" >&2; exit 2; }

# What programs and libraries need beside the C library, which the platform has.
libraries() { # file...
  ldd "$@" 2>/dev/null | sed -nE 's/.*=> (\/[^ ]+) .*/\1/p' | sort -u | grep -vE '/(libc|libm|libdl|libpthread|librt|libutil|libresolv|libnsl|libanl)\.so' || true
}
with_libraries() { # file...
  mkdir -p "$out/lib"
  for library in $(libraries "$@"); do cp -L "$library" "$out/lib/"; done
}

case $language in
  python)
    python=$(readlink -f "${PYTHON:-/usr/bin/python3}")
    name=$("$python" -c 'import sys; print("python%d.%d" % sys.version_info[:2])')
    library=$("$python" -c 'import sysconfig; print(sysconfig.get_path("stdlib"))')
    mkdir -p "$out/bin" "$out/lib"
    cp "$python" "$out/bin/$name"
    ln -s "$name" "$out/bin/python3"
    cp -RL "$library" "$out/lib/$name"
    # Nothing of it runs in a function. Compiled modules are compared by nothing: the times of files change on the way through a layer.
    (cd "$out/lib/$name" && rm -rf test idlelib tkinter turtledemo ensurepip lib2to3 pydoc_data config-* site-packages dist-packages && find . -name __pycache__ -type d -prune -exec rm -rf {} +)
    "$out/bin/$name" -m compileall -q --invalidation-mode unchecked-hash "$out/lib/$name" || true # some files of the library are broken on purpose
    with_libraries "$out/bin/$name" "$out/lib/$name"/lib-dynload/*.so
    ;;
  node)
    node=$(readlink -f "$(command -v node)")
    mkdir -p "$out/bin"
    cp "$node" "$out/bin/node"
    strip "$out/bin/node" 2>/dev/null || true # as large as it was, then
    with_libraries "$node"
    ;;
  java)
    # A runtime image without what only a compiler or a screen needs.
    jlink --add-modules java.se,jdk.unsupported,jdk.crypto.ec,jdk.zipfs,jdk.naming.dns,jdk.management --strip-debug --no-header-files --no-man-pages --output "$out"
    ;;
  dotnet)
    root=$(dirname "$(readlink -f "$(command -v dotnet)")")
    mkdir -p "$out/shared" "$out/host"
    cp "$root/dotnet" "$out/"
    cp -R "$root/host/fxr" "$out/host/"
    cp -R "$root/shared/Microsoft.NETCore.App" "$out/shared/"
    ;;
  *) echo "unknown language \`$language\`; use python, node, java or dotnet" >&2; exit 2 ;;
esac
du -sm "$out" | awk '{ print $1 " MB in " $2 }' >&2
