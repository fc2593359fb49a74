#!/bin/sh
# Builds the command line and the simulated account, then measures (run.py says what).
set -eu
cd "$(dirname "$0")/../.."
eng/build.sh cli
dotnet publish bench/account/Account.Bench.csproj -c Release -v q -nologo -o artifacts/bench/account >&2
exec bench/account/run.py "$@"
