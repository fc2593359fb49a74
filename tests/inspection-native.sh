#!/bin/sh
# The guard's wide vectors with made-up input, under AddressSanitizer and UndefinedBehaviorSanitizer. Prints `N passed, N failed`.
# usage: tests/inspection-native.sh [INPUTS]
set -eu
here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT INT TERM
# gcc: its sanitizers come with it, those of clang are a package of their own.
"${CC:-gcc}" -g -O1 -Wall -Wextra -Werror -Wno-unknown-pragmas -Wno-psabi -Wno-override-init -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer \
    -o "$work/fuzz" "$here/Inspection/Native/fuzz.c"
"$work/fuzz" "${1:-20000}"
