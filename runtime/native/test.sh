#!/bin/sh
# Builds the interposer and its test programs, runs them against a guard of the tests. Prints `N passed, N failed`.
# usage: test.sh [--aarch64|--undefined] [PATTERN...]    patterns of test names; --aarch64 runs what can run under qemu-user,
#        --undefined a library that ends the program where the language says nothing
#        test.sh --fuzz [INPUTS]    the readers of foreign bytes with made-up input, under AddressSanitizer and UndefinedBehaviorSanitizer
set -eu
here=$(cd "$(dirname "$0")" && pwd)
processor=$(uname -m) cc=${CC:-gcc}
if [ "${1:-}" = --fuzz ]; then
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT INT TERM
    "$cc" -std=gnu11 -g -O1 -D_GNU_SOURCE -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer -Wall -Wextra -Werror -Wno-unused-function -Wno-nonnull-compare \
        -o "$work/fuzz" "$here/tests/fuzz.c" "$here/src/path.c" "$here/src/judge.c" "$here/src/channel.c" "$here/src/probe.c" "$here/src/aws.c" "$here/src/loader.c" "$here/src/worker.c" -lpthread
    "$work/fuzz" "${2:-300000}"
    exit
fi
if [ "${1:-}" = --undefined ]; then
    shift
    # A NULL that a program passes is passed on: libc says what becomes of it.
    export PELLICLE_NATIVE_FLAGS="-fsanitize=undefined -fno-sanitize=nonnull-attribute -fsanitize-undefined-trap-on-error"
fi
if [ "${1:-}" = --aarch64 ]; then
    shift
    processor=aarch64 cc=aarch64-linux-gnu-gcc
    export PELLICLE_TEST_RUNNER="qemu-aarch64-static -L /usr/aarch64-linux-gnu"
    # Tests that start no other program: qemu-user does not follow into children.
    [ $# -gt 0 ] || set -- opens_are missing_files writes_ creating_keeps a_link dangling '^entries_are' unlinking known_items prefix_rules full_ring cached_denial probes_ask \
        addresses datagrams ipv6 names_are upstream guards_socket second_names other_libraries an_allocator reaching threads_ fork_storm small_stacks wrapper_ syscall_passes signal_handlers bad_pointers
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT INT TERM
PELLICLE_NATIVE_OUT=$work "$here/build.sh" >&2
"$cc" -O1 -Wall -Wextra -Werror -Wno-nonnull -o "$work/calls" "$here/tests/calls.c" -lresolv
"$cc" -shared -fPIC -o "$work/own.so" "$here/tests/own.c"
"$cc" -O1 -fno-builtin -Wall -Wextra -Werror -DBEFORE_ALL -o "$work/malloc-before-all" "$here/tests/malloc.c"
"$cc" -O1 -fno-builtin -Wall -Wextra -Werror -o "$work/malloc-in-library" "$here/tests/malloc.c" "$work/own.so" -Wl,-rpath,"$work"
[ "$processor" != x86_64 ] || musl-gcc -o "$work/musl" "$here/tests/musl.c" 2>/dev/null || echo "no musl: that test is skipped" >&2
"$cc" -static -o "$work/static" "$here/tests/static.c" 2>/dev/null || echo "no static C library: that test is skipped" >&2
/usr/bin/python3 "$here/tests/run.py" "$work/$processor/libpellicle.so" "$work" "$@"
