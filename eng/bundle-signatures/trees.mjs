// Adds the packages of installed trees to what is compared. Usage: node trees.mjs WORK NODE_MODULES…
import fs from 'node:fs';
import path from 'node:path';

const [work, ...roots] = process.argv.slice(2).map(argument => path.resolve(argument));
const packages = new Map();

function walk(directory) {
  for (const entry of fs.readdirSync(directory).filter(name => !name.startsWith('.'))) {
    const names = entry.startsWith('@') ? fs.readdirSync(path.join(directory, entry)).map(name => `${entry}/${name}`) : [entry];
    for (const name of names) {
      const own = path.join(directory, name);
      if (fs.existsSync(own + '/package.json')) {
        const manifest = JSON.parse(fs.readFileSync(own + '/package.json'));
        if (manifest.name === name && manifest.version && !/^(@types\/|typescript$|@?esbuild)/.test(name)) {
          packages.set(name, (packages.get(name) ?? new Map()).set(manifest.version, own));
        }
      }
      if (fs.existsSync(own + '/node_modules')) walk(own + '/node_modules');
    }
  }
}

roots.forEach(walk);
let added = 0;
for (const [name, versions] of packages) {
  const directory = path.join(work, 'libs', name.replace('/', '+'));
  if (fs.existsSync(directory + '/plan.json')) continue;
  fs.mkdirSync(directory, { recursive: true });
  for (const [version, own] of versions) fs.symlinkSync(own, `${directory}/${version}`);
  fs.writeFileSync(directory + '/plan.json', JSON.stringify({ train: [...versions.keys()], hold: [] }));
  added++;
}
console.log(`${added} packages added`);
