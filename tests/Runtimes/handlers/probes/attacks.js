'use strict';
// Each way to run a text; prints `name result` or `name code`. The texts carry a word the test's guard looks for.
const vm = require('vm');
const { Worker } = require('worker_threads');
const attempt = (name, run) => {
  try {
    console.log(name, run());
  } catch (error) {
    console.log(name, error.code ?? error);
  }
};
// As node-serialize does it, also in a bundle: a direct eval.
const unserialize = (text) => {
  const object = JSON.parse(text);
  for (const key in object) if (object[key].startsWith('_$$ND_FUNC$$_')) object[key] = eval(`(${object[key].slice(13)})`);
  return object;
};
const serialised = '{"name":"_$$ND_FUNC$$_function(){ return require(\'os\').EOL.length }()"}';

attempt('vm.runInThisContext', () => vm.runInThisContext('"EVIL".length'));
attempt('vm.runInNewContext', () => vm.runInNewContext('"EVIL".length'));
attempt('vm.runInContext', () => vm.runInContext('"EVIL".length', vm.createContext({})));
attempt('vm.compileFunction', () => vm.compileFunction('return "EVIL".length')());
attempt('vm.Script', () => new vm.Script('"EVIL".length').runInThisContext());
attempt('Function', () => Function('return process.pid > 0 && "EVIL".length')());
attempt('new Function', () => new Function('a', 'return process.pid > 0 && "EVIL".length')());
attempt('object', () => new Function({ toString: () => 'return process.pid > 0 && "EVIL".length' })());
attempt('constructor', () => (() => 1).constructor('return process.pid > 0 && "EVIL".length')());
attempt('spelled', () => Function('return this["pro" + "cess"].pid > 0 && "EVIL".length')());
attempt('far', () => Function(`/*${'x'.repeat(10000)}*/ return process.pid > 0 && "EVIL".length`)());
attempt('async', () => Object.getPrototypeOf(async () => 1).constructor('return process.EVIL').name);
attempt('generator', () => Object.getPrototypeOf(function* () {}).constructor('yield process.EVIL').name);
attempt('binding', () => typeof process.binding('EVIL'.length ? 'util' : ''));
attempt('unserialize', () => unserialize(serialised).name);
attempt('unserialize again', () => unserialize(serialised).name);
attempt('unserialize escaped', () => unserialize(serialised.replace('_$$', '\\u005f$$$$')).name);
attempt('module', () => {
  const Module = require('module');
  const made = new Module('/tmp/made.js');
  made._compile('module.exports = "EVIL".length', '/tmp/made.js');
  return made.exports;
});
attempt('worker', () => new Worker('"EVIL".length', { eval: true }).constructor.name);
attempt('worker data', () => new Worker(new URL('data:text/javascript,"EVIL".length')).constructor.name);
