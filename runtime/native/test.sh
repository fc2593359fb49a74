#!/bin/sh
# Builds the interposer and its test programs, runs them against a guard of the tests. Arguments: patterns of test names.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT INT TERM
PELLICLE_NATIVE_OUT=$work "$here/build.sh" >&2
cc=${CC:-gcc}
"$cc" -O1 -Wall -Wextra -Werror -Wno-nonnull -o "$work/calls" "$here/tests/calls.c"
"$cc" -shared -fPIC -o "$work/own.so" "$here/tests/own.c"
"$cc" -static -o "$work/static" "$here/tests/static.c" 2>/dev/null || echo "no static C library: that test is skipped" >&2
/usr/bin/python3 "$here/tests/run.py" "$work/$(uname -m)/libpellicle.so" "$work" "$@"
