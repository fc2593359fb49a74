#!/bin/sh
# Builds the sample functions and layers into artifacts/samples/{functions,layers}/NAME. Quick when nothing has changed.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
out=$here/../artifacts/samples
stamp=$out/.stamp
if [ -f "$stamp" ] && [ -z "$(find "$here" -newer "$stamp" -type f -not -path '*/obj/*' -not -path '*/bin/*' -print -quit)" ]; then exit 0; fi
rm -rf "$out"
mkdir -p "$out/functions" "$out/layers"
log=$out/build.log
run() { "$@" >>"$log" 2>&1 || { cat "$log" >&2; exit 1; }; }

cp -R "$here/functions/hosts-python" "$out/functions/"

cp -R "$here/functions/documents-node" "$out/functions/"
run npm ci --prefix "$out/functions/documents-node" --no-audit --no-fund --ignore-scripts

mkdir -p "$out/functions/greetings-java"
run javac --release 17 -d "$out/functions/greetings-java" "$here"/functions/greetings-java/src/sample/*.java

run dotnet publish "$here/functions/invoices-dotnet/Invoices.csproj" -c Release -v q -nologo -o "$out/functions/invoices-dotnet" \
  -p:BaseIntermediateOutputPath="$out/obj/" -p:OutputPath="$out/bin/"
rm -rf "$out/obj" "$out/bin"

for layer in shared-helpers shared-helpers-repaired; do
  cp -R "$here/layers/shared-helpers" "$out/layers/$layer"
  cp "$here/layers/$layer/nodejs/package.json" "$here/layers/$layer/nodejs/package-lock.json" "$out/layers/$layer/nodejs/"
  run npm ci --prefix "$out/layers/$layer/nodejs" --no-audit --no-fund --ignore-scripts
done
rm -f "$log"
touch "$stamp"
