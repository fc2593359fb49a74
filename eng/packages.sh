#!/bin/sh
# Debian packages that building and running need. Usage: eng/packages.sh demo|arm64|test
# As root they are installed; otherwise the missing ones are named and the exit status is 3.
set -eu
build="clang lld cmake make binutils python3 zlib1g-dev libssl-dev gcc libc6-dev"
arm64="gcc-aarch64-linux-gnu libc6-dev-arm64-cross"
run="nodejs openjdk-17-jdk-headless bubblewrap ca-certificates"
case ${1:-demo} in
  demo) wanted="$build $run" ;;
  arm64) wanted="$build $arm64" ;;
  test) wanted="$build $arm64 $run awscli python3-boto3 python3-pip qemu-user-static musl-tools strace procps mawk postgresql-15 python3-psycopg2 python3-pg8000 python3-pymysql mariadb-server-core libpostgresql-jdbc-java chromium autoconf automake libtool g++ ruby" ;;
  *) echo "usage: eng/packages.sh demo|arm64|test" >&2; exit 2 ;;
esac
missing=""
for package in $wanted; do
  case $package in
    # Another distribution of the same tool serves as well.
    nodejs) command -v node >/dev/null && continue ;;
    python3) [ -x /usr/bin/python3 ] && continue ;;
    python3-pip) python3 -m pip --version >/dev/null 2>&1 && continue ;;
    ruby) command -v ruby >/dev/null && continue ;;
    openjdk-17-jdk-headless) command -v javac >/dev/null && continue ;;
  esac
  [ "$(dpkg-query -W -f '${Status}' "$package" 2>/dev/null)" = "install ok installed" ] || missing="$missing $package"
done
command -v npm >/dev/null || missing="$missing npm"
[ -n "$missing" ] || exit 0
if [ "$(id -u)" = 0 ]; then
  echo "installing Debian packages:$missing" >&2
  export DEBIAN_FRONTEND=noninteractive
  log=$(mktemp)
  { apt-get update -q && apt-get install -y -q --no-install-recommends $missing; } >"$log" 2>&1 || { cat "$log" >&2; rm -f "$log"; exit 3; }
  rm -f "$log"
else
  echo "these Debian packages are missing; install them and try again:" >&2
  echo "  sudo apt-get install$missing" >&2
  exit 3
fi
