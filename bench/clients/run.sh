#!/bin/sh
# Runs the runtime clients of DIR with and without the protection layer and compares everything they say: bench/clients/run.sh DIR [python|node|java|dotnet|ruby]... (see README.md).
set -eu
here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)
[ $# -gt 0 ] || { sed -n 2p "$0"; exit 2; }
PELLICLE_CLIENTS=$(CDPATH= cd -- "$1" && pwd)
export PELLICLE_CLIENTS
shift
for language; do set -- "$@" "clients:$language"; shift; done
[ $# -gt 0 ] && set -- "$@" clients:what_was_compared || set -- clients
exec "$here/../../tests/Runtimes/run.sh" "$@"
