#!/bin/sh
# Installs what others wrote and tests run unchanged (npm's AWS SDK and Lambda runtime client, Node.js 24) below artifacts/clients, by their lock files.
# Several may call it at once: one installs, the others wait for it.
set -eu
cd "$(dirname "$0")"
mkdir -p ../../artifacts/clients
exec 9>../../artifacts/clients/.lock
flock 9
# The runtime client is compiled with the headers of the installed Node.js, where they lie beside it; else npm looks for them in the network.
prefix=$(node -p 'require("path").dirname(require("path").dirname(require("fs").realpathSync(process.execPath)))')
[ ! -e "$prefix/include/node/node_version.h" ] || export npm_config_nodedir="$prefix"
# A folder each: what one brings must not be the `node` that compiles another's.
for name in node node24; do
  out=../../artifacts/clients/$name
  mkdir -p "$out"
  [ -e "$out/.stamp" ] && [ -z "$(find $name -type f -newer "$out/.stamp" -print -quit)" ] && continue
  cp "$name/package.json" "$name/package-lock.json" "$out/"
  (cd "$out" && npm ci --omit=dev --no-audit --no-fund --loglevel=error)
  touch "$out/.stamp"
done
