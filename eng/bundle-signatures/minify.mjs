// Bundles and minifies each library alone, other packages left out: WORK/libs/NAME/VERSION becomes WORK/texts/NAME/VERSION.{node,esm}.js. Usage: node minify.mjs WORK
import fs from 'node:fs';
import path from 'node:path';
import * as esbuild from 'esbuild';

const work = path.resolve(process.argv[2]);
const maxBytes = 25e6;

const isScript = file => /\.[cm]?js$/.test(file) && fs.existsSync(file) && fs.statSync(file).isFile();

function mainFile(directory, manifest) {
  for (const name of [manifest.main, manifest.module, manifest.browser, 'index.js', 'index.mjs', 'index.cjs'].filter(name => typeof name === 'string')) {
    const file = ['', '.js', '.cjs', '.mjs', '/index.js'].map(suffix => path.join(directory, name + suffix)).find(isScript);
    if (file) return file;
  }
}

function exported(directory, manifest, conditions) {
  let entry = manifest.exports;
  if (entry && typeof entry === 'object' && '.' in entry) entry = entry['.'];
  for (let depth = 0; depth < 8 && entry && typeof entry === 'object'; depth++) {
    entry = Array.isArray(entry) ? entry[0] : entry[Object.keys(entry).find(key => conditions.includes(key))];
  }
  return typeof entry === 'string' && isScript(path.join(directory, entry)) ? path.join(directory, entry) : undefined;
}

const leaveOut = {
  name: 'leave-out',
  setup(build) {
    build.onResolve({ filter: /^[^./]/ }, found => (found.kind === 'entry-point' ? null : { path: found.path, external: true }));
    build.onResolve({ filter: /\.(css|node|wasm|html|scss|less|svg)$/ }, found => ({ path: found.path, external: true }));
  },
};

async function minify(library, version) {
  const directory = path.join(work, 'libs', library, version), out = path.join(work, 'texts', library);
  if (fs.existsSync(`${out}/${version}.done`)) return;
  fs.mkdirSync(out, { recursive: true });
  const manifest = JSON.parse(fs.readFileSync(directory + '/package.json'));
  const entries = {
    node: exported(directory, manifest, ['node', 'require', 'default', 'import']) ?? mainFile(directory, manifest),
    esm: exported(directory, manifest, ['import', 'module', 'node', 'default']) ?? (typeof manifest.module === 'string' && isScript(path.join(directory, manifest.module)) ? path.join(directory, manifest.module) : undefined),
  };
  if (entries.esm === entries.node) delete entries.esm;
  for (const [form, entry] of Object.entries(entries).filter(([, entry]) => entry)) {
    try {
      const { outputFiles } = await esbuild.build({ entryPoints: [entry], bundle: true, minify: true, write: false, platform: 'node', format: form === 'esm' ? 'esm' : 'cjs', logLevel: 'silent', charset: 'utf8', legalComments: 'none', target: 'es2022', plugins: [leaveOut], loader: { '.js': 'jsx' }, tsconfigRaw: '{}' });
      if (outputFiles[0].text.length < maxBytes) fs.writeFileSync(`${out}/${version}.${form}.js`, outputFiles[0].text);
    } catch (error) {
      console.error(`${library} ${version} ${form}: ${String(error.message).split('\n')[0]}`);
    }
  }
  fs.writeFileSync(`${out}/${version}.done`, '');
}

for (const library of fs.readdirSync(work + '/libs').sort()) {
  const { train, hold } = JSON.parse(fs.readFileSync(path.join(work, 'libs', library, 'plan.json')));
  for (const version of [...train, ...hold]) await minify(library, version);
}
