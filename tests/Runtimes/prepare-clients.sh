#!/bin/sh
# The handlers as they are built against the clients that lie in $PELLICLE_CLIENTS, in $1/clients.
set -eu
cd "$(dirname -- "$0")"
clients=${PELLICLE_CLIENTS:?a folder with installed clients, see bench/clients/README.md}
mkdir -p "$1/clients"
cp -R handlers/python handlers/node handlers/ruby "$1/clients/"
if [ -d "$clients/java" ]; then
  mkdir "$1/clients/java"
  javac -g -cp "$clients/java/lib/*" -d "$1/clients/java" $(find handlers-src/java -name '*.java')
fi
if [ -d "$clients/dotnet" ]; then
  # In a copy: objects built with the client must not be taken for those of the other tests.
  cp -R handlers-src/dotnet "$1/clients/dotnet-src"
  rm -rf "$1/clients/dotnet-src/bin" "$1/clients/dotnet-src/obj"
  LambdaClient=$clients/dotnet EnablePreviewFeatures=true dotnet publish "$1/clients/dotnet-src" -c Release -v q -p:PublishDir="$1/clients/dotnet/"
fi
