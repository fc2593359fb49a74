// What libraries do with functions, contexts and JSON; the output must be the same with the probe and without.
const vm = require('vm');
const util = require('util');
const show = (name, value) => console.log(name, util.inspect(value));
const stack = (run) => {
  try {
    run();
  } catch (error) {
    return error.stack;
  }
};
const deep = (n, run) => (n === 0 ? run() : deep(n - 1, run));

show('global', Function('return this')() === globalThis);
show('names', [Function.name, Function.length, JSON.parse.name, JSON.parse.length, vm.Script.name, process.binding.name]);
show('instances', [(() => 1) instanceof Function, Function instanceof Function, Object.getPrototypeOf(Function) === Function.prototype, (() => 1).constructor === Function]);
show('constructors', [async () => 1, function* () {}].map((f) => f.constructor.name));
class Callable extends Function {
  constructor() {
    super('return 7');
  }
}
show('subclass', [new Callable()(), new Callable() instanceof Callable, new Callable() instanceof Function, Callable.name]);
show('reflect', Reflect.construct(Function, ['a', 'return a'], Callable) instanceof Callable);
show('template', new Function('data', 'with (data) { return `${name}!` }')({ name: 'x' }));
show('source', String(new Function('a', 'b', 'return a + b')));
show('descriptor', Object.getOwnPropertyDescriptor(globalThis, 'eval').value === eval);
show('flags', ['Function', 'JSON'].map((n) => ({ ...Object.getOwnPropertyDescriptor(globalThis, n), value: 0 })));
show('local eval', (() => { const local = 41; return eval('local + 1'); })());
show('assigned eval', (() => { eval('var made = 5'); return made; })());
show('strict eval', (() => { 'use strict'; eval('var hidden = 5'); return typeof hidden; })());
show('indirect eval', (0, eval)('typeof show'));
const context = vm.createContext({ x: 2 });
show('context', vm.runInContext('x *= 21; x', context));
show('script', [new vm.Script('1', { filename: 'f.js' }) instanceof vm.Script, vm.Script.prototype.constructor === vm.Script]);
show('foreign', vm.runInContext('[] instanceof Array', context));
show('json', JSON.parse('{"a":[1,{"b":null}]}', (key, value) => (typeof value === 'number' ? value + 1 : value)));
show('json text', JSON.parse({ toString: () => '{"t":1}' }));
show('marker in data', JSON.parse('{"note":"_$$ND_FUNC$$_ is how an attack begins"}'));
show('after marker', (() => { const local = 1; return eval('local') + JSON.parse('1'); })());
show('json stack', stack(() => JSON.parse('{"a":')));
show('json stack, deep', stack(() => deep(20, () => JSON.parse('nope'))));
show('json stack, undefined', stack(() => JSON.parse(undefined)));
show('json stack, object', stack(() => JSON.parse({})));
show('json buffer', JSON.parse(Buffer.from('{"b":"\\u005f"}')));
show('function stack', stack(() => new Function('a b c(')));
show('script stack', stack(() => new vm.Script('a b', { filename: 'bad.js' })).split('\n').slice(0, 6));
show('binding stack', stack(() => process.binding('no such binding')));
