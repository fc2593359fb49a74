#!/bin/sh
# The protection layer as it lies at /opt, in $1/layer.
set -eu
root=$(CDPATH= cd -- "$(dirname -- "$0")/../.." && pwd)
"$root/pellicle" layer build --output "$1/layer.zip" >/dev/null
python3 -m zipfile -e "$1/layer.zip" "$1/layer"
rm "$1/layer.zip"
# That tool forgets modes.
chmod -R a+rX "$1/layer"
chmod 755 "$1/layer/extensions/pellicle" "$1/layer/pellicle/wrapper" "$1/layer/pellicle/native/libpellicle.so"
