// Recall of a table on the library versions that were not learned from. Usage: node check.mjs WORK [TABLE]
import fs from 'node:fs';
import path from 'node:path';

const work = path.resolve(process.argv[2]);
const table = process.argv[3] ?? new URL('../../src/Scanning/Extractors/Node/Bundles/bundle-signatures.tsv', import.meta.url);
const rows = new Map(fs.readFileSync(table, 'utf8').split('\n').filter(Boolean).map(line => line.split('\t')).map(([name, required, , , ...literals]) => [name, { required: Number(required), literals }]));

let found = 0, all = 0;
const missed = [];
for (const directory of fs.readdirSync(work + '/libs').sort()) {
  const name = directory.startsWith('@') ? directory.replace('+', '/') : directory;
  for (const version of JSON.parse(fs.readFileSync(`${work}/libs/${directory}/plan.json`)).hold) {
    const files = ['node', 'esm'].map(form => `${work}/texts/${directory}/${version}.${form}.js`).filter(file => fs.existsSync(file) && fs.statSync(file).size >= 120);
    if (files.length === 0) continue;
    all++;
    const row = rows.get(name);
    // In every form in which it can be imported.
    if (row?.required > 0 && files.every(file => { const text = fs.readFileSync(file, 'utf8'); return row.literals.filter(literal => text.includes(literal)).length >= row.required; })) found++;
    else missed.push(`${name}@${version}`);
  }
}
fs.writeFileSync(work + '/missed.txt', missed.join('\n') + '\n');
console.log(`${found} of ${all} library versions found: ${((100 * found) / all).toFixed(1)} %`);
