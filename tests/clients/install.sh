#!/bin/sh
# Installs the clients of others that tests run unchanged (npm's AWS SDK and Lambda runtime client) below artifacts/clients, by their lock file.
# Several may call it at once: one installs, the others wait for it.
set -eu
cd "$(dirname "$0")"
out=../../artifacts/clients/node
mkdir -p "$out"
exec 9>"$out.lock"
flock 9
[ -e "$out/.stamp" ] && [ -z "$(find node -type f -newer "$out/.stamp" -print -quit)" ] && exit 0
cp node/package.json node/package-lock.json "$out/"
# The runtime client is compiled with the headers of the installed Node.js, where they lie beside it; else npm looks for them in the network.
prefix=$(node -p 'require("path").dirname(require("path").dirname(require("fs").realpathSync(process.execPath)))')
[ ! -e "$prefix/include/node/node_version.h" ] || export npm_config_nodedir="$prefix"
(cd "$out" && npm ci --omit=dev --no-audit --no-fund --loglevel=error)
touch "$out/.stamp"
