// Unpacks versions of every library into WORK/libs and keeps what matters of them. Usage: node fetch.mjs WORK
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import pacote from 'pacote';
import semver from 'semver';

const work = path.resolve(process.argv[2]);
const options = { registry: execFileSync('npm', ['config', 'get', 'registry']).toString().trim(), cache: work + '/cache' };
const names = fs.readFileSync(new URL('libraries.tsv', import.meta.url), 'utf8').split('\n').filter(Boolean).map(line => line.split('\t')[0]);
const maxBytes = 120e6, maxLines = 4, parallel = 4;
const useless = /\.(map|ts|mts|cts|md|markdown|flow|png|jpg|svg|wasm|html|txt|node|gz|br|tgz|zip|exe)$/i;

/** Versions to learn from (train) and to test with (hold). All releases of 0.x are one line. */
function plan(versions) {
  const lines = [];
  for (const version of versions.filter(v => semver.valid(v) && !semver.prerelease(v)).sort(semver.compare)) {
    const line = semver.major(version);
    if (lines.at(-1)?.line !== line) lines.push({ line, versions: [] });
    lines.at(-1).versions.push(version);
  }
  const train = new Set(), hold = [];
  lines.slice(-maxLines).reverse().forEach(({ versions: own }, age) => {
    train.add(own.at(-1));
    if (age === 0 && own.length > 2) train.add(own[0]);
    if (age < 2 && own.length > 3) hold.push(own[Math.floor(own.length / 2)]);
  });
  if (lines.length > maxLines) hold.push(lines.at(-maxLines - 1).versions.at(-1));
  return { train: [...train], hold: hold.filter(version => !train.has(version)) };
}

function prune(directory) {
  for (const entry of fs.readdirSync(directory, { withFileTypes: true })) {
    const file = path.join(directory, entry.name);
    if (entry.isDirectory() && !/^(tests?|__tests__|docs|examples?|coverage)$/.test(entry.name)) prune(file);
    else if (entry.isDirectory() || useless.test(entry.name)) fs.rmSync(file, { recursive: true });
  }
}

async function fetchLibrary(name) {
  const directory = path.join(work, 'libs', name.replace('/', '+'));
  if (fs.existsSync(directory + '/plan.json')) return;
  const packument = await pacote.packument(name, options);
  const wanted = plan(Object.keys(packument.versions)), got = { train: [], hold: [] };
  for (const kind of ['train', 'hold']) {
    for (const version of wanted[kind]) {
      if ((packument.versions[version].dist?.unpackedSize ?? 0) > maxBytes) continue;
      await pacote.extract(`${name}@${version}`, `${directory}/${version}`, options);
      prune(`${directory}/${version}`);
      got[kind].push(version);
    }
  }
  fs.mkdirSync(directory, { recursive: true });
  fs.writeFileSync(directory + '/plan.json', JSON.stringify(got));
}

let next = 0, failed = 0;
await Promise.all(Array.from({ length: parallel }, async () => {
  while (next < names.length) {
    const name = names[next++];
    try {
      await fetchLibrary(name);
    } catch (error) {
      failed++;
      console.error(`${name}: ${error.message}`);
    }
  }
}));
console.log(`${names.length - failed} of ${names.length} libraries are in ${work}/libs`);
