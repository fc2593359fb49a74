#!/bin/sh
# Builds the language runtimes and probes: runtime/build.sh [python|node|java|dotnet|ruby|probes|all]...
# Output: artifacts/runtimes/<language>/ and artifacts/probes/<language>/. Quick when nothing changed.
set -eu
cd "$(dirname -- "$0")/.."
artifacts=$PWD/artifacts
trap 'rm -rf "$artifacts/.stage-$$"' EXIT

# A directory is swapped in whole, so that a running function never sees half of it.
stage() { # name -> sets $stage
  stage=$artifacts/.stage-$$/$1
  rm -rf "$stage"
  mkdir -p "$stage"
}
swap() { # target
  mkdir -p "$(dirname "$1")"
  rm -rf "$1.old"
  [ ! -e "$1" ] || mv "$1" "$1.old"
  mv "$stage" "$1"
  rm -rf "$1.old"
}

# Up to date: the stamp was written for the same sources and the same tool.
fresh() { # target sources tool-version
  stamp=$( (printf '%s\n' "$3"; find $2 -type f ! -path '*/bin/*' ! -path '*/obj/*' | LC_ALL=C sort | xargs sha256sum; sha256sum runtime/build.sh) | sha256sum)
  [ -f "$1/.stamp" ] && [ "$(cat "$1/.stamp")" = "$stamp" ]
}

build_python() {
  target=$artifacts/runtimes/python
  fresh "$target" runtime/python/bootstrap "$(python3 -V 2>&1)" && return
  stage python
  cp -R runtime/python/bootstrap/. "$stage"
  find "$stage" -name __pycache__ -type d -prune -exec rm -rf {} +
  # The runtime directory is read-only in a function: without byte code here, each cold start would compile again.
  for python in python3 python3.9 python3.10 python3.11 python3.12 python3.13 python3.14; do
    if "$python" -c '' 2>/dev/null; then
      "$python" -m compileall -q --invalidation-mode unchecked-hash -s "$stage" -p /var/runtime "$stage/pellicle_runtime"
    fi
  done
  chmod 755 "$stage/bootstrap"
  printf '%s\n' "$stamp" > "$stage/.stamp"
  swap "$target"
}

build_node() {
  target=$artifacts/runtimes/node
  if ! fresh "$target" runtime/node/bootstrap ''; then
    stage node
    cp -R runtime/node/bootstrap/. "$stage"
    chmod 755 "$stage/bootstrap"
    printf '%s\n' "$stamp" > "$stage/.stamp"
    swap "$target"
  fi
}

build_ruby() {
  target=$artifacts/runtimes/ruby
  fresh "$target" runtime/ruby/bootstrap '' && return
  stage ruby
  cp -R runtime/ruby/bootstrap/. "$stage"
  chmod 755 "$stage/bootstrap"
  printf '%s\n' "$stamp" > "$stage/.stamp"
  swap "$target"
}

build_java() {
  target=$artifacts/runtimes/java
  fresh "$target" "runtime/java/bootstrap runtime/java/build" "$(javac -version 2>&1) $(java -version 2>&1)" && return
  stage java
  classes=$artifacts/.stage-$$/classes
  mkdir -p "$stage/lib" "$classes/core" "$classes/runtime" "$classes/task"
  # Old string concatenation: the new one costs start time.
  javac='javac --release 17 -g -XDstringConcat=inline -Xlint:all -Werror'
  $javac -d "$classes/core" $(find runtime/java/bootstrap/core -name '*.java')
  $javac -cp "$classes/core" -d "$classes/runtime" $(find runtime/java/bootstrap/src -name '*.java')
  $javac -cp "$classes/core" -d "$classes/task" $(find runtime/java/build/task -name '*.java')
  jar --create --file "$stage/lib/aws-lambda-java-core-compatible.jar" --date 2000-01-01T00:00:00Z -C "$classes/core" .  2>/dev/null \
    || jar --create --file "$stage/lib/aws-lambda-java-core-compatible.jar" -C "$classes/core" .
  jar --create --file "$stage/lib/pellicle-runtime.jar" --date 2000-01-01T00:00:00Z -C "$classes/runtime" . 2>/dev/null \
    || jar --create --file "$stage/lib/pellicle-runtime.jar" -C "$classes/runtime" .
  # One fixed time: the archive below holds only while the jars have the size and time it was made with.
  touch -d 2000-01-01T00:00:00Z "$stage"/lib/*.jar
  install -m 755 runtime/java/bootstrap/bootstrap "$stage/bootstrap"
  archive_java "$classes/task" || echo 'java: no class archive; functions start without it, only slower' >&2
  printf '%s\n' "$stamp" > "$stage/.stamp"
  swap "$target"
}

# Class data sharing wants the class path it will run with: the training runs with the stage mounted at /var/runtime.
archive_java() { # task
  namespace='unshare -m'
  [ "$(id -u)" = 0 ] || namespace='unshare -rm'
  JAVA_STAGE=$stage JAVA_TASK=$1 JAVA=$(readlink -f "$(command -v java)") TRAINER=$PWD/runtime/java/build/Trainer.java $namespace sh -eu -c '
    mount --bind "$JAVA_STAGE" /mnt
    mount -t tmpfs tmpfs /var
    mkdir /var/runtime /var/tmp
    mount --bind /mnt /var/runtime
    export LAMBDA_TASK_ROOT="$JAVA_TASK"
    cd /var/runtime/lib
    "$JAVA" "$TRAINER" "$JAVA" -XX:+UseSerialGC -XX:ArchiveClassesAtExit=/var/runtime/lib/runtime.jsa -XX:TieredStopAtLevel=1 \
      -classpath /var/runtime/lib/aws-lambda-java-core-compatible.jar:/var/runtime/lib/pellicle-runtime.jar pellicle.runtime.Main training.Handler
    test -s runtime.jsa
  '
}

build_dotnet() {
  target=$artifacts/runtimes/dotnet
  fresh "$target" runtime/dotnet/bootstrap "$(dotnet --version)" && return
  stage dotnet
  dotnet publish runtime/dotnet/bootstrap -c Release -v q -p:PublishDir="$stage/"
  install -m 755 runtime/dotnet/bootstrap/bootstrap "$stage/bootstrap"
  printf '%s\n' "$stamp" > "$stage/.stamp"
  swap "$target"
}

# A probe's directory goes into the layer as it is, so its stamp lies beside it.
build_probe() { # language sources tool-version file
  target=$artifacts/probes/$1
  stamps=$artifacts/probes/.stamps/$1
  fresh "$stamps" "$2" "$3" && [ -f "$target/$4" ] && return
  stage "probe-$1"
  "probe_$1"
  swap "$target"
  mkdir -p "$stamps"
  printf '%s\n' "$stamp" > "$stamps/.stamp"
}

probe_node() { install -m 644 runtime/node/probe/probe.js "$stage/probe.js"; }

probe_dotnet() {
  dotnet publish runtime/dotnet/probe -c Release -v q -p:PublishDir="$stage/"
}

build_probes() {
  build_probe node runtime/node/probe '' probe.js
  build_probe dotnet runtime/dotnet/probe "$(dotnet --version)" Pellicle.Probe.dll
}

[ $# -gt 0 ] || set -- all
for language; do
  case $language in
    python | node | java | dotnet | ruby) "build_$language" ;;
    probes) build_probes ;;
    all) build_python; build_node; build_java; build_dotnet; build_ruby; build_probes ;;
    *) echo "unknown language \`$language\`; use python, node, java, dotnet, ruby, probes or all" >&2; exit 2 ;;
  esac
done
