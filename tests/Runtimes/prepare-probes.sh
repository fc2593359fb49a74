#!/bin/sh
# Compiles the programs of the probe cases into $1/probes.
set -eu
cd "$(dirname -- "$0")"
mkdir -p "$1/probes/java" "$1/probes/dotnet"
cp handlers/probes/* "$1/probes/"
javac -d "$1/probes/java" $(find handlers-src/probes/java -name '*.java')
dotnet publish handlers-src/probes/dotnet -c Release -v q -p:PublishDir="$1/probes/dotnet/"
