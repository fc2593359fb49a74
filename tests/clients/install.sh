#!/bin/sh
# Installs the clients of others that tests run unchanged (npm's AWS SDK and Lambda runtime client) below artifacts/clients, by their lock file.
set -eu
cd "$(dirname "$0")"
out=../../artifacts/clients/node
[ -e "$out/.stamp" ] && [ -z "$(find node -type f -newer "$out/.stamp" -print -quit)" ] && exit 0
mkdir -p "$out"
cp node/package.json node/package-lock.json "$out/"
(cd "$out" && npm ci --omit=dev --no-audit --no-fund --loglevel=error)
touch "$out/.stamp"
