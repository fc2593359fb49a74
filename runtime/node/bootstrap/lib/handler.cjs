'use strict';
// Finds the function a handler string names.

const fs = require('node:fs');
const path = require('node:path');
const { createRequire } = require('node:module');
const { pathToFileURL } = require('node:url');
const { Fault } = require('./errors.cjs');
const { isStreaming } = require('./streaming.cjs');

async function loadHandler(taskRoot, name) {
  if (name.includes('..')) {
    throw new Fault(
      'Runtime.MalformedHandlerName',
      `'${name}' is not a valid handler name. Use absolute paths when specifying root directories in handler names.`,
    );
  }
  const file = path.basename(name);
  const directory = name.slice(0, name.indexOf(file));
  const parts = /^([^.]*)\.(.*)$/.exec(file);
  if (parts === null) throw new Fault('Runtime.MalformedHandlerName', 'Bad handler');
  const [, module, property] = parts;

  const loaded = await loadModule(taskRoot, directory, module);
  let handler = nested(loaded, property);
  if (handler === undefined && loaded.default !== undefined && loaded.default !== null) handler = nested(loaded.default, property);
  if (handler === undefined || handler === null) {
    throw new Fault('Runtime.HandlerNotFound', `${name} is undefined or not exported`);
  }
  if (typeof handler !== 'function') throw new Fault('Runtime.HandlerNotFound', `${name} is not a function`);
  if (Number(process.versions.node.split('.')[0]) >= 24 && handler.length >= 3 && !isStreaming(handler)) {
    throw new Fault(
      'Runtime.CallbackHandlerDeprecated',
      'Callback-based handlers are no longer supported from Node.js 24; use an async handler',
    );
  }
  return handler;
}

function nested(object, property) {
  return property.split('.').reduce((value, key) => (value === undefined || value === null ? undefined : value[key]), object);
}

async function loadModule(taskRoot, directory, module) {
  try {
    const base = path.resolve(taskRoot, directory, module);
    for (const extension of ['', '.js', '.mjs', '.cjs']) {
      const file = base + extension;
      if (fs.existsSync(file) && (extension !== '' || fs.statSync(file).isFile())) return await loadFile(file);
    }
    const require = createRequire(path.join(taskRoot, 'handler.cjs'));
    return require(require.resolve(module, { paths: [taskRoot, path.resolve(taskRoot, directory)] }));
  } catch (error) {
    if (error instanceof SyntaxError) throw new Fault('Runtime.UserCodeSyntaxError', String(error), error.stack);
    if (error?.code === 'MODULE_NOT_FOUND' || error?.code === 'ERR_MODULE_NOT_FOUND') {
      throw new Fault('Runtime.ImportModuleError', String(error), error.stack);
    }
    throw error;
  }
}

async function loadFile(file) {
  if (file.endsWith('.mjs') || (!file.endsWith('.cjs') && isModulePackage(path.dirname(file)))) {
    return import(pathToFileURL(file).href);
  }
  return createRequire(file)(file);
}

/** Does the nearest package.json say "type": "module"? */
function isModulePackage(directory) {
  for (let at = directory; ; at = path.dirname(at)) {
    if (path.basename(at) === 'node_modules') return false;
    let text;
    try {
      text = fs.readFileSync(path.join(at, 'package.json'), 'utf8');
    } catch {
      if (path.dirname(at) === at) return false;
      continue;
    }
    try {
      return JSON.parse(text).type === 'module';
    } catch {
      return false; // Node.js itself reports the broken file when the module is loaded
    }
  }
}

module.exports = { loadHandler };
