#!/bin/sh
# Builds the .NET handlers into $1/dotnet.
set -eu
cd "$(dirname -- "$0")"
dotnet publish handlers-src/dotnet -c Release -v q -p:PublishDir="$1/dotnet/"
