#!/bin/sh
# Builds functions that have more packages than they use into DIR/{java,dotnet}, and a layer's packages into DIR/java-layer. Usage: build.sh DIR
set -eu
here=$(cd "$(dirname "$0")" && pwd)
out=$1
if [ -f "$out/.stamp" ] && [ -z "$(find "$here" -newer "$out/.stamp" -type f -not -path '*/obj/*' -not -path '*/bin/*' -print -quit)" ]; then exit 0; fi
rm -rf "$out"
mkdir -p "$out/java/lib" "$out/java-layer/java/lib" "$out/classes"
for name in used later never shared; do
  mkdir -p "$out/build/$name/META-INF/maven/org.example/$name" "$out/sources/$name"
  printf 'package %s;\npublic class Thing { public static String name() { return "%s"; } }\n' $name $name >"$out/sources/$name/Thing.java"
  javac --release 17 -d "$out/build/$name" "$out/sources/$name/Thing.java"
  cp -R "$out/build/$name/$name" "$out/classes/"
  printf 'groupId=org.example\nartifactId=%s\nversion=1.0\n' $name >"$out/build/$name/META-INF/maven/org.example/$name/pom.properties"
  jar --create --file "$out/build/$name-1.0.jar" -C "$out/build/$name" .
done
mv "$out/build/shared-1.0.jar" "$out/java-layer/java/lib/"
mv "$out/build"/*.jar "$out/java/lib/"
javac --release 17 -cp "$out/classes" -d "$out/java" "$here/java/Handler.java"
dotnet build "$here/dotnet/InUse.csproj" -c Release -v q -nologo -o "$out/built" -p:ArtifactsPath="$out/obj"
mkdir "$out/dotnet"
cp "$out/built"/*.dll "$out/built/InUse.deps.json" "$out/built/InUse.runtimeconfig.json" "$out/dotnet/"
# As if they had come from a registry; the first is the function itself.
sed -i '0,/"type": "project"/!s/"type": "project"/"type": "package"/' "$out/dotnet/InUse.deps.json"
rm -rf "$out/build" "$out/sources" "$out/classes" "$out/built" "$out/obj"
touch "$out/.stamp"
