// Builds the bundles that recall.py measures, in a directory where npm has installed bundlers and libraries; writes one JSON line a bundle:
// which packages, by the bundler's own account of what it wrote, are inside. Usage: node bundles.mjs DIR PLAN [KIND…]
import fs from 'node:fs';
import path from 'node:path';
import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';

const root = path.resolve(process.argv[2]);
const require = createRequire(root + '/index.js');
const [esbuild, webpack, { rollup }] = [require('esbuild'), require('webpack'), require('rollup')];
const commonjs = require('@rollup/plugin-commonjs'), resolve = require('@rollup/plugin-node-resolve'), json = require('@rollup/plugin-json'), terser = require('@rollup/plugin-terser');
const Terser = require('terser-webpack-plugin');
const ncc = require('@vercel/ncc');
const combos = JSON.parse(fs.readFileSync(process.argv[3])).combos;
const wanted = process.argv.slice(4);

/** name@version of the package a module belongs to; null for the function's own code. */
function owner(file) {
  const at = file.lastIndexOf('node_modules/');
  if (at < 0) return null;
  const parts = file.slice(at + 13).split('/');
  const name = parts[0].startsWith('@') ? parts[0] + '/' + parts[1] : parts[0];
  // The nearest manifest tells the version; of a relative path it lies below the root.
  const manifest = path.join(path.resolve(root, file.slice(0, at + 13)), name, 'package.json');
  if (!fs.existsSync(manifest)) return null;
  const own = JSON.parse(fs.readFileSync(manifest));
  return `${own.name ?? name}@${own.version}`;
}

const external = ['fastly:env', 'pg-native', 'aws-crt', '@aws-sdk/signature-v4-crt', 'pg-hstore', 'better-sqlite3', 'sqlite3', 'mysql', 'mysql2', 'oracledb', 'tedious', 'pg-query-stream', 'kerberos', 'mongodb-client-encryption', 'snappy', 'socks', 'aws4', '@mongodb-js/zstd', 'gcp-metadata', '@aws-sdk/credential-providers', 'canvas', 'bufferutil', 'utf-8-validate', 'pnpapi', 'fsevents', 'encoding', 'jsdom', 'chokidar', 'libsql', 'mssql', 'better-sqlite3', 'dtrace-provider', 'reflect-metadata/lite', '@nestjs/platform-express', '@nestjs/microservices', '@nestjs/microservices/microservices-module', '@nestjs/websockets', '@nestjs/websockets/socket-module'];
const entry = combo => `${root}/entries/${combo}.js`;

async function withEsbuild(combo, out, options) {
  const done = await esbuild.build({ entryPoints: [entry(combo)], bundle: true, platform: 'node', outfile: `${out}/index.js`, metafile: true, logLevel: 'silent', external, ...options });
  const output = Object.entries(done.metafile.outputs).find(([name]) => name.endsWith('.js'))[1];
  return Object.entries(output.inputs).filter(([name, of]) => of.bytesInOutput > 0 && !name.startsWith('(disabled)')).map(([name]) => owner(name));
}

function withWebpack(combo, out, options) {
  return new Promise((done, fail) => webpack({
    mode: 'production', target: 'node', context: root, entry: entry(combo), output: { path: out, filename: 'index.js', library: { type: 'commonjs2' } },
    externals: external.map(name => ({ [name]: `commonjs ${name}` })).reduce((a, b) => ({ ...a, ...b })), performance: false, ...options,
  }, (error, stats) => {
    if (error || stats.hasErrors()) return fail(error ?? new Error(stats.toString({ all: false, errors: true }).slice(0, 400)));
    const modules = new Set();
    // Of concatenated modules the parts count; the parts themselves are listed as orphans too.
    const walk = (list, inside) => { for (const module of list ?? []) { if (module.name && module.moduleType !== 'runtime' && (inside || !module.orphan)) { modules.add(module.nameForCondition ?? module.name.split('!').pop()); walk(module.modules, true); } } };
    walk(stats.toJson({ all: false, modules: true, nestedModules: true, dependentModules: true, nameForCondition: true, ids: true, modulesSpace: Infinity, nestedModulesSpace: Infinity, groupModulesByPath: false, groupModulesByType: false, groupModulesByAttributes: false, groupModulesByCacheStatus: false, groupModulesByExtension: false, groupModulesByLayer: false }).modules, false);
    done([...modules].filter(name => !name.startsWith('external ')).map(owner));
  }));
}

async function withRollup(combo, out) {
  const bundle = await rollup({ input: entry(combo), external: id => external.includes(id) || id.startsWith('node:'), onwarn() {}, plugins: [resolve({ preferBuiltins: true, exportConditions: ['node'] }), commonjs({ ignoreDynamicRequires: true }), json(), terser({ format: { comments: false } })] });
  const { output } = await bundle.write({ file: `${out}/index.js`, format: 'cjs', inlineDynamicImports: true });
  await bundle.close();
  return Object.entries(output[0].modules).filter(([, of]) => of.renderedLength > 0).map(([name]) => owner(name.replace(/^\0/, '').replace(/\?.*$/, '')));
}

async function withNcc(combo, out, options) {
  const { code } = await ncc(entry(combo), { externals: external, quiet: true, cache: false, sourceMap: false, target: 'es2020', ...options });
  fs.writeFileSync(`${out}/index.js`, code);
  // ncc does not tell; what esbuild reaches from the same entry stands for it.
  return withEsbuild(combo, `${out}.truth`, { mainFields: ['main'], conditions: ['node'] });
}

/** Bundles as esbuild lays modules out, minified by another tool. */
async function minifiedBy(minify, combo, out) {
  const inside = await withEsbuild(combo, out, {});
  fs.writeFileSync(`${out}/index.js`, await minify(fs.readFileSync(`${out}/index.js`, 'utf8')));
  return inside;
}

async function withRolldown(combo, out) {
  const { rolldown } = require('rolldown');
  const bundle = await rolldown({ input: entry(combo), platform: 'node', external: id => external.includes(id), onLog() {} });
  const { output } = await bundle.write({ file: `${out}/index.js`, format: 'cjs', minify: true, legalComments: 'none', codeSplitting: false });
  return Object.entries(output[0].modules).filter(([, of]) => of.renderedLength > 0).map(([name]) => owner(name.replace(/^\0/, '').replace(/\?.*$/, '')));
}

/** bun tells nothing; what esbuild reaches from the same entry stands for it. */
async function withBun(combo, out) {
  const bun = path.join(path.dirname(require.resolve('@oven/bun-linux-x64/package.json')), 'bin/bun');
  fs.chmodSync(bun, 0o755);
  execFileSync(bun, ['build', entry(combo), '--target=node', '--minify', `--outfile=${out}/index.js`, ...external.flatMap(name => ['--external', name])], { stdio: 'pipe', env: { ...process.env, BUN_INSTALL_CACHE_DIR: `${out}.truth`, DO_NOT_TRACK: '1' } });
  return withEsbuild(combo, `${out}.truth`, { mainFields: ['module', 'main'] });
}

const bare = { optimization: { minimize: true, minimizer: [new Terser({ extractComments: false, terserOptions: { format: { comments: false } } })] } };
const kinds = {
  'esbuild': (c, o) => withEsbuild(c, o, {}),
  'esbuild-min': (c, o) => withEsbuild(c, o, { minify: true }),
  'esbuild-bare': (c, o) => withEsbuild(c, o, { minify: true, legalComments: 'none' }),
  'esbuild-map': (c, o) => withEsbuild(c, o, { minify: true, legalComments: 'none', sourcemap: true }),
  'webpack-bare': (c, o) => withWebpack(c, o, bare),
  'webpack-licence': (c, o) => withWebpack(c, o, {}),
  'webpack-map': (c, o) => withWebpack(c, o, { ...bare, devtool: 'source-map' }),
  'webpack-dev': (c, o) => withWebpack(c, o, { mode: 'development' }),
  'ncc': (c, o) => withNcc(c, o, {}),
  'ncc-min': (c, o) => withNcc(c, o, { minify: true }),
  'rollup-bare': (c, o) => withRollup(c, o),
  'rolldown-bare': (c, o) => withRolldown(c, o),
  'swc-bare': (c, o) => minifiedBy(async text => (await require('@swc/core').minify(text, { compress: true, mangle: true, format: { comments: false } })).code, c, o),
  'terser-bare': (c, o) => minifiedBy(async text => (await require('terser').minify(text, { format: { comments: false } })).code, c, o),
  'bun-min': (c, o) => withBun(c, o),
};

fs.mkdirSync(root + '/entries', { recursive: true });
for (const [combo, lines] of Object.entries(combos)) fs.writeFileSync(entry(combo), lines.join('\n') + '\n');
for (const [kind, build] of Object.entries(kinds)) {
  for (const combo of Object.keys(combos)) {
    const out = `${root}/out/${kind}/${combo}`;
    if (fs.existsSync(out + '.json') || (wanted.length > 0 && !wanted.includes(kind))) continue;
    fs.mkdirSync(out, { recursive: true });
    try {
      const inside = [...new Set((await build(combo, out)).filter(Boolean))].sort();
      fs.rmSync(out + '.truth', { recursive: true, force: true });
      fs.writeFileSync(out + '.json', JSON.stringify({ kind, combo, inside }));
    } catch (error) {
      console.error(`${kind} ${combo}: ${String(error.message ?? error).slice(0, 300)}`);
      fs.writeFileSync(out + '.json', JSON.stringify({ kind, combo, error: String(error.message ?? error).slice(0, 300) }));
    }
  }
}
process.exit(0);
