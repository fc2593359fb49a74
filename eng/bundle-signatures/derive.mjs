// Chooses the literals that tell libraries apart and writes the table. Usage: node --max-old-space-size=12000 derive.mjs WORK train|all [TABLE]
// With "train", versions marked "hold" are left out, and the table goes to WORK: check.mjs measures it on them.
import fs from 'node:fs';
import path from 'node:path';
import { locate } from './locate.mjs';
import { MAX, MIN, tokens, versionPlaces } from './tokens.mjs';

const [work, learn] = [path.resolve(process.argv[2]), process.argv[3]];
const table = process.argv[4] ?? (learn === 'all' ? new URL('../../src/Scanning/Extractors/Node/Bundles/bundle-signatures.tsv', import.meta.url) : work + '/bundle-signatures.tsv');
const millions = new Map(fs.readFileSync(new URL('libraries.tsv', import.meta.url), 'utf8').split('\n').filter(Boolean).map(line => line.split('\t')).map(([name, count]) => [name, Number(count)]));
const downloads = name => millions.get(name) ?? 0;

// Limits found by trying: more literals for larger libraries, of which a bundle may hold a part.
const MAX_PACKAGES = 12, MAX_CANDIDATES = 220, NEAR_VERSION = 2500, CONTAINED = 0.6, SAME = 0.85;

function load() {
  const libraries = new Map();
  for (const directory of fs.readdirSync(work + '/texts').sort()) {
    const name = directory.startsWith('@') ? directory.replace('+', '/') : directory;
    const plan = JSON.parse(fs.readFileSync(`${work}/libs/${directory}/plan.json`));
    const library = { name, texts: [], all: new Set() };
    const files = versions => versions.flatMap(version => ['node', 'esm'].map(form => ({ version, path: `${work}/texts/${directory}/${version}.${form}.js` }))).filter(file => fs.existsSync(file.path) && fs.statSync(file.path).size >= 120);
    for (const file of files(learn === 'all' ? [...plan.train, ...plan.hold] : plan.train)) {
      const text = fs.readFileSync(file.path, 'utf8'), cache = file.path.replace(/\.js$/, '.tokens');
      const own = fs.existsSync(cache) ? new Map(JSON.parse(fs.readFileSync(cache, 'utf8'))) : tokens(text);
      if (!fs.existsSync(cache)) fs.writeFileSync(cache, JSON.stringify([...own]));
      if (own.size > 0) library.texts.push({ path: file.path, library, size: text.length, tokens: own, places: versionPlaces(text, file.version) });
      for (const literal of own.keys()) library.all.add(literal);
    }
    library.size = Math.max(...library.texts.map(text => text.size));
    if (library.texts.length > 0) libraries.set(name, library);
  }
  return libraries;
}

/** Sentences tell more than patterns, patterns more than names; longer more than shorter. */
function score(literal, kind) {
  const base = kind === 's' ? (/ /.test(literal) ? 6 : /[^a-zA-Z]/.test(literal) ? 4 : 3) : kind === 'r' ? 5 : 2;
  return base + (Math.min(literal.length, MAX) / MAX) * 2;
}

/** No versions, numbers, hashes or encoded data, no pieces of code (they are in readable bundles of anything), nothing that the table's own marks would break. */
const usable = literal => !(/[;]|\{$|^\}|\breturn\b|\bfunction\b|=>|\bvar \b|\barguments\b/.test(literal) || /\t|\|\|/.test(literal) || (literal !== literal.trim() && literal.trim().length < MIN) || /^\d[\d.\-a-z]*$/.test(literal) || /^[\d., ]+$/.test(literal) || /\d+\.\d+\.\d+/.test(literal) || /^[a-f0-9]{8,}$/i.test(literal)
  || (/^[A-Za-z0-9+/]{28}$/.test(literal) && /\d/.test(literal) && /[A-Z]/.test(literal) && /[a-z]/.test(literal)));

function addCandidates(library, packagesOf) {
  const candidates = new Map();
  const put = (literal, points) => {
    const texts = library.texts.filter(text => text.tokens.has(literal)), { kind } = texts[0].tokens.get(literal);
    candidates.set(literal, { literal, kind, texts, points: points + score(literal, kind) - 3 * (packagesOf.get(literal).length - 1) });
  };
  const best = () => [...candidates.values()].sort((a, b) => b.points - a.points || (a.literal < b.literal ? -1 : 1));
  for (const literal of library.all) if (usable(literal) && packagesOf.get(literal).length <= MAX_PACKAGES) put(literal, (6 * library.texts.filter(text => text.tokens.has(literal)).length) / library.texts.length);
  library.candidates = best().slice(0, MAX_CANDIDATES);
  const rest = best().slice(MAX_CANDIDATES), kept = new Set(library.candidates.map(candidate => candidate.literal));
  const keep = candidate => { if (!kept.has(candidate.literal)) { kept.add(candidate.literal); library.candidates.push(candidate); } };
  for (const text of library.texts) {
    if (library.candidates.filter(candidate => candidate.texts.includes(text)).length < 12) rest.filter(candidate => candidate.texts.includes(text)).slice(0, 20).forEach(keep);
    for (const { pos } of text.places.slice(0, 3)) {
      const distance = candidate => Math.abs(text.tokens.get(candidate.literal).pos - pos);
      rest.filter(candidate => candidate.texts.includes(text) && distance(candidate) < NEAR_VERSION && packagesOf.get(candidate.literal).length <= 2).sort((a, b) => distance(a) - distance(b)).slice(0, 6).forEach(keep);
    }
  }
}

/** Packages whose text holds most of this library's: those that are another's parts or vendored copies of it. */
function addContainers(library, libraries, where) {
  const share = new Map();
  for (const text of library.texts) {
    const own = library.candidates.filter(candidate => candidate.texts.includes(text)).slice(0, 150), counts = new Map();
    for (const { literal } of own) for (const other of where.get(literal)) if (other !== library.name) counts.set(other, (counts.get(other) ?? 0) + 1);
    if (own.length >= 3) for (const [other, count] of counts) share.set(other, Math.max(share.get(other) ?? 0, count / own.length));
  }
  library.share = other => share.get(other) ?? 0;
  library.containers = new Set([...share].filter(([, part]) => part >= CONTAINED).map(([other]) => other));
  library.copies = new Set([...library.containers].filter(other => downloads(other) * 3 < downloads(library.name) && (share.get(other) >= SAME || libraries.get(other).size > 2 * library.size)));
}

/** Literals that together cover every version of the library, spread over its text; never two of one place. */
function choose(library, allowed) {
  const candidates = library.candidates.filter(candidate => allowed(candidate.literal));
  const cap = library.size > 300e3 ? 40 : library.size > 60e3 ? 24 : 12, enough = library.size > 60e3 ? 10 : 6;
  const covered = new Map(library.texts.map(text => [text, 0])), chosen = [], used = new Set(), places = new Set(), zones = new Map();
  const placesOf = ({ literal, texts }) => texts.map(text => `${text.path}:${text.tokens.get(literal).pos}`);
  while (chosen.length < cap) {
    let best = null;
    for (const candidate of candidates) {
      if (used.has(candidate)) continue;
      if (placesOf(candidate).some(place => places.has(place)) || chosen.some(({ literal }) => literal.includes(candidate.literal) || candidate.literal.includes(literal))) { used.add(candidate); continue; }
      const first = candidate.texts[0], zone = Math.floor((first.tokens.get(candidate.literal).pos / Math.max(1, first.size)) * cap);
      const gain = candidate.texts.reduce((sum, text) => sum + (covered.get(text) < enough ? 1 : 0.15), 0);
      const points = gain * 10 + score(candidate.literal, candidate.kind) - (candidate.kind === 'p' ? 12 : 0) - (zones.get(zone) ?? 0) * 4;
      if (!best || points > best.points) best = { candidate, points, zone };
    }
    if (!best) break;
    used.add(best.candidate);
    chosen.push(best.candidate);
    placesOf(best.candidate).forEach(place => places.add(place));
    zones.set(best.zone, (zones.get(best.zone) ?? 0) + 1);
    for (const text of best.candidate.texts) covered.set(text, covered.get(text) + 1);
    if (chosen.length >= Math.max(enough, cap * 0.7) && [...covered.values()].every(count => count >= enough)) break;
  }
  return { chosen, covered };
}

function addNearVersion(library, chosen, allowed) {
  for (const text of library.texts.filter(own => own.places.length > 0).slice(0, 3)) {
    for (const { pos } of text.places.slice(0, 2)) {
      const distance = candidate => Math.abs(text.tokens.get(candidate.literal).pos - pos);
      const nearest = library.candidates.filter(candidate => candidate.texts.includes(text) && allowed(candidate.literal)).sort((a, b) => distance(a) - distance(b))[0];
      if (nearest && !chosen.includes(nearest) && chosen.length < 48) chosen.push(nearest);
    }
  }
}

function row(library, where, dropped) {
  const others = literal => [...where.get(literal)].filter(other => other !== library.name && dropped.get(other) !== library.name && !library.copies.has(other));
  const unique = literal => others(literal).length === 0;
  let { chosen, covered } = choose(library, unique), shared = false;
  if ([...covered.values()].filter(count => count >= 2).length < library.texts.length * 0.9 && library.containers.size > 0) {
    const more = choose(library, literal => others(literal).every(other => library.containers.has(other)));
    if (more.chosen.length > chosen.length) ({ chosen, covered } = more), shared = true;
  }
  if (chosen.length === 0) return null;
  addNearVersion(library, chosen, unique);
  const counts = [...covered.values()].filter(count => count > 0).sort((a, b) => a - b), low = counts[Math.floor(counts.length * 0.1)];
  const required = (low >= 5 && chosen.length >= 6) || (chosen.length >= 8 && low >= 3) ? 2 : 1;
  // One alone must be unmistakable.
  const kept = required === 2 ? chosen : chosen.filter(({ literal, kind }) => kind !== 'p' && literal.length >= 12 && score(literal, kind) >= 5);
  if (kept.length === 0) return null;
  // In a function nothing of a browser's half is bundled.
  if (library.name.endsWith('-browser')) return null;
  const explaining = [...new Set([...library.copies, ...(shared ? library.containers : [])])].filter(other => !dropped.has(other) && kept.filter(({ literal }) => where.get(literal).has(other)).length >= required);
  // What three others hold too tells nothing.
  if (required === 1 && explaining.length >= 3) return null;
  return { library, name: library.name, required: kept.length >= 12 ? 2 : required, unless: explaining.sort((a, b) => downloads(b) - downloads(a)).slice(0, 6), literals: kept.map(({ literal }) => literal) };
}

/** What stands before the version, the commonest first, with twice the distance seen to the library's nearest literal. */
function versionKinds({ library, literals }) {
  const kinds = new Map(), told = library.texts.filter(text => text.places.length > 0);
  for (const { path: file, places } of told) {
    const text = fs.readFileSync(file, 'utf8'), positions = [];
    for (const literal of literals) for (let at = text.indexOf(literal); at >= 0; at = text.indexOf(literal, at + 1)) positions.push(at);
    if (positions.length === 0) continue;
    for (const { kind, pos } of places) {
      const entry = kinds.get(kind) ?? { count: 0, distance: 0 };
      kinds.set(kind, { count: entry.count + 1, distance: Math.max(entry.distance, Math.min(...positions.map(position => Math.abs(position - pos)))) });
    }
  }
  return [...kinds]
    .filter(([kind, { count }]) => !/\t|\|/.test(kind) && (kind[0] !== '~' || (count >= told.length * 0.5 && /[/@ v]$/.test(kind))))
    // A minified name says little: only close by.
    .map(([kind, { count, distance }]) => (kind === '=' || kind === ':' ? { kind, count: count / 10, distance: Math.min(distance, NEAR_VERSION) } : { kind, count, distance }))
    .sort((a, b) => b.count - a.count).slice(0, 4)
    .map(({ kind, distance }) => `${kind}|${Math.min(200_000, Math.max(500, Math.ceil((distance * 2) / 500) * 500))}`).join('||');
}

const libraries = load();
const packagesOf = new Map();
for (const library of libraries.values()) for (const literal of library.all) packagesOf.set(literal, [...(packagesOf.get(literal) ?? []), library.name]);
for (const library of libraries.values()) addCandidates(library, packagesOf);

const where = new Map([...libraries.values()].flatMap(library => library.candidates.map(candidate => [candidate.literal, new Set()])));
locate([...where.keys()], [...libraries.values()].flatMap(library => library.texts), (literal, text) => where.get(literal).add(text.library.name));
for (const library of libraries.values()) addContainers(library, libraries, where);

// Of two that are nearly the same text, the one used more speaks for both.
const dropped = new Map();
for (const library of [...libraries.values()].sort((a, b) => downloads(a.name) - downloads(b.name))) {
  const more = other => downloads(other) > downloads(library.name) || (downloads(other) === downloads(library.name) && other < library.name);
  const twin = [...library.containers].find(other => !dropped.has(other) && library.share(other) >= SAME && libraries.get(other).share(library.name) >= SAME && more(other));
  if (twin) dropped.set(library.name, twin);
}

const rows = [...libraries.values()].filter(library => !dropped.has(library.name)).map(library => row(library, where, dropped)).filter(Boolean);
const named = new Set(rows.map(found => found.name));
const lines = [
  ...rows.map(found => [found.name, found.required, found.unless.join(' '), versionKinds(found), ...found.literals].join('\t')),
  ...[...libraries.keys()].filter(name => !named.has(name)).map(name => `${name}\t0`),
].sort();
fs.writeFileSync(table, lines.join('\n') + '\n');
console.log(`${rows.length} libraries with ${rows.reduce((sum, found) => sum + found.literals.length, 0)} literals, ${lines.length - rows.length} names without`);
