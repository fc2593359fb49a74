#!/bin/sh
# Builds libpellicle.so and the wrapper for every processor a compiler is found for, into artifacts/native/<processor>/.
# Fails when a library would need a glibc newer than Amazon Linux 2's (2.26), or anything but libc.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
out=${PELLICLE_NATIVE_OUT:-$here/../../artifacts/native}
newest_glibc=2.26

build() { # processor compiler objdump extra-flags
    processor=$1 compiler=$2 objdump=$3 extra="$4 ${PELLICLE_NATIVE_FLAGS:-}"
    if ! command -v "$compiler" >/dev/null 2>&1; then
        echo "$processor: skipped, $compiler is not installed" >&2
        return 0
    fi
    mkdir -p "$out/$processor"
    library=$out/$processor/libpellicle.so
    # -Bsymbolic-functions: calls between our own hooks stay ours. nodelete: hooks and the audit hook must never vanish.
    # shellcheck disable=SC2086
    "$compiler" -std=gnu11 -O2 -g0 -fPIC -shared -fvisibility=hidden -ftls-model=initial-exec -fno-plt -fstack-protector-strong \
        -Wall -Wextra -Werror -fstack-clash-protection -Wno-nonnull-compare -U_FORTIFY_SOURCE -D_GNU_SOURCE $extra \
        -ffile-prefix-map="$here"=. -o "$library.new" "$here"/src/*.c "$here"/src/*.S \
        -Wl,-soname,libpellicle.so -Wl,-Bsymbolic-functions -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack -Wl,-z,nodelete -Wl,--no-undefined -Wl,--build-id=none -s
    newer=$("$objdump" -T "$library.new" | sed -n 's/.*(\{0,1\}GLIBC_\([0-9.]*\).*/\1/p' | sort -uV | awk -v max="$newest_glibc" '
        { split($1, a, "."); split(max, b, "."); if (a[1] > b[1] || (a[1] == b[1] && a[2] > b[2])) print "GLIBC_" $1 }')
    if [ -n "$newer" ]; then
        echo "$processor: needs symbols newer than GLIBC_$newest_glibc: $newer" >&2
        "$objdump" -T "$library.new" | grep -F "$newer" >&2
        rm -f "$library.new"
        return 1
    fi
    needed=$("$objdump" -p "$library.new" | awk '$1 == "NEEDED" && $2 !~ /^(libc\.so\.6|ld-linux-.*)$/ { print $2 }')
    if [ -n "$needed" ]; then
        echo "$processor: needs $needed beside libc" >&2
        rm -f "$library.new"
        return 1
    fi
    mv "$library.new" "$library"
    # Freestanding: every cold start pays for what comes before its first line.
    # shellcheck disable=SC2086
    "$compiler" -std=gnu11 -O2 -g0 -ffreestanding -fno-stack-protector -fno-tree-loop-distribute-patterns -fno-asynchronous-unwind-tables -Wall -Wextra -Werror -D_GNU_SOURCE \
        -ffile-prefix-map="$here"=. -static -nostdlib -fno-pie -no-pie -o "$out/$processor/wrapper.new" "$here/wrapper/wrapper.c" -Wl,-z,noexecstack -Wl,-z,norelro -Wl,--build-id=none -s
    mv "$out/$processor/wrapper.new" "$out/$processor/wrapper"
    echo "$processor: $library ($(wc -c <"$library") bytes)"
}

build x86_64 "${CC:-gcc}" objdump "-fcf-protection=full -m64"
build aarch64 "${CC_AARCH64:-aarch64-linux-gnu-gcc}" aarch64-linux-gnu-objdump "-mbranch-protection=standard -mno-outline-atomics"
