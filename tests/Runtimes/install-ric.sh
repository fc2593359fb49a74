#!/bin/sh
# Installs npm's aws-lambda-ric into $1, for PELLICLE_AWS_LAMBDA_RIC. Takes minutes: it compiles libcurl.
# Needs Debian's autoconf automake libtool cmake g++ make python3.
set -eu
for tool in npm autoconf automake libtoolize cmake g++ make python3; do
  command -v "$tool" >/dev/null || { echo "$tool is not installed" >&2; exit 1; }
done
mkdir -p "$1"
cd "$1"
[ -f package.json ] || echo '{"private":true}' > package.json
npm install --no-audit --no-fund aws-lambda-ric
