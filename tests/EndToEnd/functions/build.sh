#!/bin/sh
# Builds the victims into DIR/{python,node,java,dotnet,ruby}, and what attackers send them into DIR/gifts. Usage: build.sh DIR
set -eu
here=$(cd "$(dirname "$0")" && pwd)
out=$1
artifacts=${PELLICLE_ARTIFACTS:-$here/../../../artifacts}
if [ -f "$out/.stamp" ] && [ -z "$(find "$here" -newer "$out/.stamp" -type f -not -path '*/obj/*' -not -path '*/bin/*' -print -quit)" ]; then exit 0; fi
rm -rf "$out"
mkdir -p "$out/gifts"
gcc -shared -fPIC -Wall -Werror -o "$out/hook.so" "$here/hook.c"
gcc -shared -fPIC -Wall -Werror -s -o "$out/library.so" "$here/library.c"
base64 -w0 "$out/library.so" >"$out/gifts/library"
gcc -static -Wall -Werror -o "$out/raw" "$here/raw.c"
for language in python node java dotnet ruby; do
  mkdir -p "$out/$language"
  cp -R "$here/data" "$here/http.sh" "$here/script.sh" "$here/switch.sh" "$here/survivor.sh" "$here/processes.sh" "$out/raw" "$out/$language/"
  cp "$out/hook.so" "$out/library.so" "$out/$language/data/"
  mkdir "$out/$language/data/hooks"
done
cp "$here/python/handler.py" "$out/python/"
cp "$here/node/index.js" "$out/node/"
cp "$here/ruby/handler.rb" "$out/ruby/"
# AWS's clients as functions deploy them: in one file.
"$here/../../clients/install.sh"
clients=$here/../../../artifacts/clients/node/node_modules
NODE_PATH=$clients "$clients/.bin/esbuild" "$here/node/aws.js" --bundle --minify --platform=node --format=cjs --outfile="$out/node/aws.js" --log-level=warning
# Clients of a database, by others: Debian's, npm's, NuGet's.
mkdir -p "$out/node/node_modules" "$out/java/lib"
for module in pg pg-connection-string pg-int8 pg-pool pg-protocol pg-types pgpass postgres-array postgres-bytea postgres-date postgres-interval split2 xtend; do
  cp -R "$artifacts/clients/node/node_modules/$module" "$out/node/node_modules/"
done
cp -R /usr/lib/python3/dist-packages/psycopg2 /usr/lib/python3/dist-packages/pg8000 "$out/python/"
cp /usr/share/java/postgresql.jar "$out/java/lib/"
# What a child is told to load before its own program.
echo 'print("loaded-it")' >"$out/python/data/hooks/sitecustomize.py"
echo 'console.log("loaded-it");' >"$out/node/data/hooks/first.js"
echo 'puts "loaded-it"' >"$out/ruby/data/hooks/first.rb"
javac --release 17 -cp "$artifacts/runtimes/java/lib/aws-lambda-java-core-compatible.jar" -d "$out/java" "$here"/java/src/*/*.java $(find "$here/java/aws" -name '*.java')
for project in dotnet/Victim dotnet-gift/Gift; do
  dotnet build "$here/$project.csproj" -c Release -v q -nologo -o "$out/build" -p:BaseIntermediateOutputPath="$out/obj/$project/"
  case $project in
    dotnet/*) cp "$out/build/Victim.dll" "$out/build/Victim.deps.json" "$out/build/Victim.runtimeconfig.json" "$out"/build/*Sqlite*.dll "$out"/build/AWSSDK.*.dll "$out"/build/Npgsql.dll "$out"/build/Microsoft.Extensions.*.dll "$out"/build/SQLitePCL*.dll "$out/build/runtimes/linux-x64/native/libe_sqlite3.so" "$out/dotnet/" ;;
    *) base64 -w0 "$out/build/Gift.dll" >"$out/gifts/assembly" && cp "$out/build/Gift.dll" "$out/dotnet/data/hooks/hook.dll" ;;
  esac
done
# A function compiled by the interpreter that reads it.
python3 -c "import base64, marshal; print(base64.b64encode(marshal.dumps(compile('import os; found = os.popen(\"id\").read()', 'sent', 'exec'))).decode(), end='')" >"$out/gifts/marshal"
java -cp "$out/java" "$here/java/Serialize.java" >"$out/gifts/object"
# A class that the function does not have, and one that it defines itself.
javac --release 17 -d "$out/build/sent" "$here/java/Sent.java"
base64 -w0 "$out/build/sent/Sent.class" >"$out/gifts/class"
javac --release 17 -d "$out/build/hook" "$here/java/Hook.java"
printf 'Premain-Class: Hook\n' >"$out/build/hook/MANIFEST"
jar cfm "$out/java/data/hooks/hook.jar" "$out/build/hook/MANIFEST" -C "$out/build/hook" Hook.class
javac --release 17 -d "$out/build/own" "$here/java/Own.java"
cp "$out/build/own/Own.class" "$out/java/data/own.bin"
javac --release 17 -d "$out/build/hidden" "$here/java/Hidden.java" "$here/java/OwnHidden.java"
base64 -w0 "$out/build/hidden/victim/Hidden.class" >"$out/gifts/hidden"
cp "$out/build/hidden/victim/OwnHidden.class" "$out/java/data/own-hidden.bin"
rm -rf "$out/build" "$out/obj"
touch "$out/.stamp"
