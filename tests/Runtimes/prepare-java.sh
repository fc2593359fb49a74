#!/bin/sh
# Compiles the Java handlers into $1/java.
set -eu
cd "$(dirname -- "$0")"
mkdir -p "$1/java"
javac -g -cp ../../artifacts/runtimes/java/lib/aws-lambda-java-core-compatible.jar -d "$1/java" $(find handlers-src/java -name '*.java')
