#!/bin/sh
# The native program and the managed one beside it must say the same: every command that the native one runs itself, with its reports, errors and exit statuses.
# Then: what it does not run itself is handed over whole. Prints "N passed, N failed".
set -u
root=$(cd "$(dirname "$0")/.." && pwd)
native=$root/artifacts/cli/pellicle managed=$root/artifacts/cli/pellicle-cli
if [ -L "$native" ]; then echo "skip: no native program was built, clang and lld are not installed"; echo "0 passed, 0 failed, 1 skipped"; exit 0; fi
passed=0 failed=0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export PELLICLE_ARTIFACTS="$root/artifacts" PELLICLE_HOME="$work/home" NO_COLOR=1
cd "$root" || exit 1
"$managed" db import samples/advisories --db "$work/db" >"$work/log" 2>&1 || { cat "$work/log"; echo "0 passed, 1 failed"; exit 1; }

# same INPUT WORD…: both programs, the same output, talk and status. Reports carry the time to the second.
clock='s/20[0-9][0-9]-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9]\(\.[0-9]*\)\{0,1\}Z/TIME/g; s/urn:uuid:[0-9a-f-]*/UUID/g'
same() {
  input=$1; shift
  "$native" "$@" <"$input" >"$work/1" 2>"$work/2"; a=$?
  "$managed" "$@" <"$input" >"$work/3" 2>"$work/4"; b=$?
  sed -i "$clock" "$work/1" "$work/3"
  if [ $a = $b ] && cmp -s "$work/1" "$work/3" && cmp -s "$work/2" "$work/4"; then passed=$((passed + 1)); else
    failed=$((failed + 1)); echo "FAIL $*: statuses $a and $b"; diff "$work/1" "$work/3" | head -10; diff "$work/2" "$work/4" | head -10
  fi
}

none=/dev/null
functions=$(ls -d samples/functions/*)
for format in table json sarif cyclonedx spdx junit markdown html; do
  # shellcheck disable=SC2086 # one word each
  same $none scan $functions samples/layers/shared-helpers --db "$work/db" --no-cache --format $format
done
for function in $functions; do
  same $none scan "$function" --layer samples/layers/shared-helpers --db "$work/db" --no-cache --format json --fail-on high --only-effective
  same $none scan "$function" --no-advisories --no-cache --runtime python3.11 --env LD_PRELOAD=/opt/x.so --fail-on low
done
cat >"$work/template.yaml" <<'YAML'
Resources:
  Hosts:
    Type: AWS::Serverless::Function
    Properties: { Runtime: python3.8, Handler: index.handler, CodeUri: CODE, Environment: { Variables: { TOKEN: ghp_0123456789abcdefghijABCDEFGHIJ012345 } } }
YAML
sed -i "s|CODE|$root/samples/functions/hosts-python|" "$work/template.yaml"
same $none scan "$work/template.yaml" --db "$work/db" --no-cache --format json
printf 'resources: [' >"$work/bad.yaml"
same $none scan "$work/bad.yaml" --no-advisories
head -c 5000 "$native" >"$work/no.zip"
same $none scan "$work/no.zip" --no-advisories --no-cache
printf 'ignore:\n  - id: GHSA-f23m-r3pf-42rh\n    reason: tried\n    expires: 2020-01-01\n' >"$work/ignore.yaml"
same $none scan samples/functions/documents-node --db "$work/db" --no-cache --ignore-file "$work/ignore.yaml"
same $none scan "$work/missing"
same $none scan
same $none scan --format none x
same $none scan --help
same $none inspect --help
same $none versions compare --help
same $none db query --help
same $none scan samples/functions/hosts-python --db "$work/no-database"
printf '{"id":"1","event":{"queryStringParameters":{"host":"; cat /etc/passwd"}}}\n{"body":"ordinary"}\nno json\n' >"$work/events"
same "$work/events" inspect --lines
same "$work/events" inspect -
same $none inspect "$work/missing"
printf '1.0\t1.0.1\n2\t1\n1\t1\nx\t\n' >"$work/pairs"
for ecosystem in npm PyPI Maven NuGet Go RubyGems crates.io Packagist nowhere; do same "$work/pairs" versions compare --ecosystem $ecosystem; done
printf 'pkg:npm/lodash@4.17.20\npkg:pypi/jinja2@2.0\nnonsense\n' >"$work/purls"
same "$work/purls" db query --lines --db "$work/db"
same $none db query pkg:npm/lodash@4.17.20 --db "$work/db"
"$native" db import samples/advisories --db "$work/db2" >"$work/1"; "$managed" db import samples/advisories --db "$work/db3" >"$work/3"
cmp -s "$work/1" "$work/3" && [ "$(wc -c <"$work/db2")" = "$(wc -c <"$work/db3")" ] && passed=$((passed + 1)) || { failed=$((failed + 1)); echo "FAIL db import"; }
same $none db import "$work/missing" --db "$work/db4"

# Nowhere to write: the report cannot be given, which is said; a home that cannot be made only remembers nothing.
for program in "$native" "$managed"; do
  "$program" scan samples/functions/hosts-python --no-advisories >/dev/full 2>"$work/2"
  if [ $? = 3 ] && [ "$(wc -l <"$work/2")" = 1 ]; then passed=$((passed + 1)); else failed=$((failed + 1)); echo "FAIL full disk:"; cat "$work/2"; fi
  if PELLICLE_HOME= HOME=/proc/nowhere "$program" scan "$work/template.yaml" --no-advisories >"$work/1" 2>"$work/2" && grep -q "in 0 packages" "$work/1"; then passed=$((passed + 1)); else failed=$((failed + 1)); echo "FAIL no home:"; cat "$work/1" "$work/2"; fi
done

# A protection layer that was built here is told as such, the same content of somebody else is a takeover.
mkdir -p "$work/artifacts/layer" "$work/extensions"
printf '#!/bin/sh\nsleep 1\n' >"$work/extensions/watch"
(cd "$work" && python3 -m zipfile -c layer.zip extensions) && cp "$work/layer.zip" "$work/artifacts/layer/pellicle-layer.zip"
same $none scan samples/functions/hosts-python --layer "$work/layer.zip" --no-advisories --no-cache --fail-on low
[ $a = 1 ] && passed=$((passed + 1)) || { failed=$((failed + 1)); echo "FAIL a layer of somebody else passes"; }
PELLICLE_ARTIFACTS=$work/artifacts
same $none scan samples/functions/hosts-python --layer "$work/layer.zip" --no-advisories --no-cache --fail-on low
[ $a = 0 ] && passed=$((passed + 1)) || { failed=$((failed + 1)); echo "FAIL our own layer does not pass"; }
PELLICLE_ARTIFACTS=$root/artifacts

# Handed over: commands that need the network, a server or the whole tree of commands.
same $none --version
same $none --help
same $none db --help
same $none db status --db "$work/db" --format json
same $none nonsense
same $none layers --help
same $none scan account:nowhere --db "$work/db"
same $none scan samples/functions/hosts-python --no-advisories --upload --server http://127.0.0.1:1 --token x
echo "$passed passed, $failed failed"
[ $failed = 0 ]
