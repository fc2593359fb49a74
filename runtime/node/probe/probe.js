'use strict';
// Language probe for Node.js, loaded by NODE_OPTIONS=--require. It names what the interposer cannot see: code made from
// strings, deserialised functions, internal bindings, calls to AWS before they are encrypted. It asks by opening a path the interposer answers (decision 0001);
// without the interposer or the guard every answer is "no such file", and the program runs as if the probe were not there.

const workers = require('worker_threads');
const SWITCH = 'pellicle.channel';
const SEVERAL = 'pellicle.several';
// A worker may be given an empty environment; what its parent set here it cannot drop.
if (process.env.PELLICLE_CHANNEL || workers.getEnvironmentData(SWITCH)) install();

function install() {
  const { openSync, closeSync, existsSync, writeSync, readFileSync } = require('fs');
  const vm = require('vm');
  const now = Date.now;
  const { apply, construct, defineProperty } = Reflect;
  const NativeError = Error;

  const PIECE = 4096; // bytes of a text the guard looks at (decision 0001)
  const PIECES = 8; // questions about one long text
  const REMEMBERED = 256; // allowed texts remembered, each for
  const REMEMBER_MS = 1000; // so long: the policy may change meanwhile
  const MARKER = '_$$ND_FUNC$$_';
  const ARMED_MS = 60_000;
  const TARGET = 1200; // characters of a request's path and of its query: S3's longest key
  const ABOVE_TLS = 1 << 30; // a descriptor with this bit: what is shown to the interposer before it is encrypted
  const TURN = 3 << 29; // the number of the invocation that this thread turns to, for the interposer
  const NUMBER_OF = TURN + 1; // what a request id's number is
  const CLAIM = TURN + 2; // a path or name that a thread of the pool will use for this turn's invocation
  const RELEASE = TURN + 3; // and has used
  const NEXT = '/2018-06-01/runtime/invocation/next';
  const ANSWER = /\/runtime\/invocation\/([^/]+)\/(?:response|error)$/;
  const REQUEST_ID = 'lambda-runtime-aws-request-id';
  const LOADER_FRAMES = 8; // above the getter, among which the loader's stand when it asks
  const FRAMES = 4; // of ours, at most, between the program and what it called
  // What code must name to reach outside itself, also when it hides the name. Compiled templates and schemas do not.
  const REACHES = /\b(?:process|require|child_process|import|mainModule|binding|dlopen|globalThis|global|constructor|eval|Function|fromCharCode|atob|unescape|Buffer)\b|\\[xu]|\[\s*(?:['"`][^\]]*\+|this\b)|\]\s*\[\s*['"`]/;

  const remembered = new Map();
  const flows = Number(process.env.AWS_LAMBDA_MAX_CONCURRENCY) > 1 || workers.getEnvironmentData(SEVERAL) ? follow() : undefined;

  // Throws when the guard denies; anything else that goes wrong is no reason to stop a program.
  function ask(dimension, item, text) {
    const key = `${flows?.current() ?? ''}/${dimension}/${item}${text === undefined ? '' : `/${text}`}`;
    const time = now();
    if (time - (remembered.get(key) ?? -Infinity) < REMEMBER_MS) return;
    if (text === undefined || text.length <= PIECE) {
      put(dimension, item, text);
    } else {
      for (const piece of pieces(text)) put(dimension, item, piece);
    }
    if (remembered.size >= REMEMBERED) remembered.clear();
    if (key.length < 4 * PIECE) remembered.set(key, time);
  }

  // The beginning, and the surroundings of what reaches outside further on.
  function pieces(text) {
    const found = [text.slice(0, PIECE)];
    let end = PIECE;
    const search = new RegExp(REACHES, 'g');
    search.lastIndex = PIECE - 64;
    for (let match; found.length < PIECES && (match = search.exec(text)); search.lastIndex = end) {
      const start = Math.max(0, match.index - PIECE / 4);
      end = start + PIECE;
      found.push(text.slice(start, end));
    }
    return found;
  }

  function put(dimension, item, text) {
    const limit = NativeError.stackTraceLimit;
    let code;
    try {
      NativeError.stackTraceLimit = 0; // an error is the ordinary answer; its stack would be the dearest part
      const path = `/.pellicle/ask/${dimension}/${encode(item)}`;
      closeSync(openSync(text === undefined ? path : `${path}/${encode(text)}`, 'r'));
    } catch (error) {
      code = error?.code;
    } finally {
      NativeError.stackTraceLimit = limit;
    }
    if (code === 'EACCES') throw denied(dimension, item);
  }

  const encode = (text) => text.replace(/[%/\0]/g, (c) => (c === '/' ? '%2F' : c === '%' ? '%25' : '%00'));

  function denied(dimension, item) {
    const what = dimension === 'aws' ? 'a call to AWS' : dimension === 'deserialize' ? 'a serialised object that runs code' : dimension === 'library' ? 'a native library' : 'code made at run time';
    return Object.assign(new NativeError(`EACCES: ${what} was denied by Pellicle (${item})`), { code: 'EACCES', errno: -13, syscall: dimension });
  }

  // Error reports must read the same with the probe and without.
  function hidden(error, limit = Infinity) {
    try {
      const { stack } = error;
      if (typeof stack === 'string' && stack.includes(__filename)) {
        const lines = stack.split('\n').filter((line) => !line.includes(__filename));
        const frames = lines.length - 1 - lines.findLastIndex((line) => !line.startsWith('    at '));
        if (frames > limit) lines.length -= frames - limit;
        error.stack = lines.join('\n');
      }
    } catch {
      // a frozen error, or one whose stack is an accessor of its own: it is shown as it is
    }
    return error;
  }

  // Our frame would take the place of one of the few lines of a stack.
  function unseen(run) {
    const limit = NativeError.stackTraceLimit;
    try {
      if (typeof limit === 'number') NativeError.stackTraceLimit = limit + FRAMES;
      return run();
    } catch (error) {
      throw hidden(error, limit);
    } finally {
      if (typeof limit === 'number') NativeError.stackTraceLimit = limit;
    }
  }

  function seen(run) {
    try {
      return run();
    } catch (error) {
      throw hidden(error);
    }
  }

  // `runs`: the program's own code runs inside, and must find the limit of stacks as it left it.
  function wrapped(target, check, runs) {
    const call = runs ? seen : unseen;
    return new Proxy(target, {
      apply(_, self, args) {
        args = check(args) ?? args;
        return call(() => apply(target, self, args));
      },
      construct(_, args, newTarget) {
        args = check(args) ?? args;
        return call(() => construct(target, args, newTarget));
      },
    });
  }

  // Keeps the property's own attributes: libraries compare and copy descriptors.
  function replace(object, name, check, runs = false) {
    const descriptor = Object.getOwnPropertyDescriptor(object, name);
    if (typeof descriptor?.value !== 'function' || !descriptor.configurable) return undefined;
    descriptor.value = wrapped(descriptor.value, check, runs);
    defineProperty(object, name, descriptor);
    return descriptor.value;
  }

  // --- Several invocations at once: one thread works for them in turns, and what it does belongs to the flow it is done in. A flow is for the event that it asked for, until that is
  // answered. One that asks again before may be a loop that does not wait for what it began: then a flow is an event's only where the client names its request id
  // in a store of its own (`AsyncLocalStorage.run`), as AWS's does. Whatever else runs is nobody's. To follow each promise costs time: nothing of it is done for one invocation at a time.
  function follow() {
    const hooks = require('async_hooks');
    const { createHook, executionAsyncResource, AsyncLocalStorage } = hooks;
    // What Node.js keeps for one piece of work. Everything else of its own (connections, ports, watchers) may serve another event next.
    const PIECES_OF_WORK = new Set(['PROMISE', 'FSREQCALLBACK', 'FSREQPROMISE', 'GETADDRINFOREQWRAP', 'GETNAMEINFOREQWRAP', 'QUERYWRAP', 'TCPCONNECTWRAP', 'PIPECONNECTWRAP', 'WRITEWRAP',
      'SHUTDOWNWRAP', 'UDPSENDWRAP', 'PROCESSWRAP', 'HTTPCLIENTREQUEST', 'HTTPINCOMINGMESSAGE', 'ZLIB', 'RANDOMBYTESREQUEST', 'PBKDF2REQUEST', 'SCRYPTREQUEST', 'SIGNREQUEST', 'VERIFYREQUEST',
      'CIPHERREQUEST', 'HASHREQUEST', 'DERIVEBITSREQUEST', 'KEYGENREQUEST', 'KEYPAIRGENREQUEST']);
    const carries = (type) => PIECES_OF_WORK.has(type) || !/^[A-Z0-9]+$/.test(type);
    const flowOf = new WeakMap(); // of what was begun
    const events = new Map(); // request id: the flows of an event that was taken and not answered
    const outer = []; // flows that wait for a turn within theirs to end
    const word = new Uint32Array(2);
    const bytes = new Uint8Array(word.buffer);
    let flow; // { number }, of this turn; the number is 0 while the event has not come, and once it is nobody's
    let told = 0;

    function turn(to) {
      flow = to;
      const number = to?.number ?? 0;
      if (number === told) return;
      word[0] = number % 2 ** 32;
      word[1] = number / 2 ** 32;
      try {
        writeSync(TURN, bytes);
        told = number;
      } catch {
        hook.disable(); // no interposer: nobody asks
      }
    }

    function within(to, run) {
      const before = flow;
      turn(to);
      try {
        return run();
      } finally {
        turn(before);
      }
    }

    function asks() {
      if (flow) flow.number = 0;
      turn({ number: 0 });
      flowOf.set(executionAsyncResource(), flow);
      return flow;
    }

    function taken(by, id) {
      let number = 0;
      try {
        if (typeof id === 'string' && id) number = writeSync(NUMBER_OF, id);
      } catch {
        return; // no interposer
      }
      by.number = number;
      events.set(id, [by, { number }]);
      // The request may have been made before it was asked: what reads its answer goes on for the event.
      flowOf.set(executionAsyncResource(), by);
      turn(by);
    }

    function answered(id) {
      for (const one of events.get(id) ?? []) one.number = 0;
      events.delete(id);
      turn(flow);
    }

    // The request id is somewhere in what the client keeps for the handler.
    function named(store) {
      if (typeof store === 'string') return events.get(store)?.[1];
      if (events.size === 0 || typeof store !== 'object' || store === null) return undefined;
      for (const { value } of Object.values(Object.getOwnPropertyDescriptors(store))) {
        if (typeof value === 'string' && events.has(value)) return events.get(value)[1];
      }
      for (const key of Object.getOwnPropertySymbols(store)) {
        const { value } = Object.getOwnPropertyDescriptor(store, key);
        if (typeof value === 'string' && events.has(value)) return events.get(value)[1];
      }
      return undefined;
    }

    const hook = createHook({
      init(id, type, trigger, resource) {
        if (flow !== undefined && carries(type)) flowOf.set(resource, flow);
      },
      before() {
        outer.push(flow);
        turn(flowOf.get(executionAsyncResource()));
      },
      after() {
        const back = outer.pop();
        turn(outer.length > 0 ? back : undefined); // between two turns nothing of the program runs
      },
    }).enable();

    const { run } = AsyncLocalStorage.prototype;
    defineProperty(AsyncLocalStorage.prototype, 'run', {
      ...Object.getOwnPropertyDescriptor(AsyncLocalStorage.prototype, 'run'),
      value: {
        run(store) {
          const event = named(store);
          return event ? within(event, () => seen(() => apply(run, this, arguments))) : apply(run, this, arguments);
        },
      }.run,
    });

    // AWS's client asks by an addon of its own.
    function client(exports) {
      const { next, done, error } = exports;
      if (typeof next !== 'function' || typeof done !== 'function' || typeof error !== 'function') return;
      exports.next = function () {
        const by = asks();
        const event = apply(next, this, arguments);
        Promise.resolve(event).then(({ headers }) => taken(by, headers[REQUEST_ID]), () => {});
        return event;
      };
      for (const [name, send] of [['done', done], ['error', error]]) {
        exports[name] = function (id) {
          answered(decodeURIComponent(id));
          return apply(send, this, arguments);
        };
      }
    }

    // Files and names that are not waited for are opened and looked up by threads of a pool, which know them by their text alone.
    function watchPool(name, calls, isRequest, textsOf) {
      const { noDeprecation } = process;
      process.noDeprecation = true; // programs should not use it
      const binding = process.binding(name);
      process.noDeprecation = noDeprecation;
      for (const call of calls) {
        const real = binding[call];
        if (typeof real !== 'function') continue;
        binding[call] = {
          [call](...args) {
            const request = args.find((arg) => isRequest(arg, binding));
            if (request === undefined) return apply(real, this, args);
            return claimed(textsOf(args), request, () => apply(real, this, args));
          },
        }[call];
      }
    }

    function say(to, texts) {
      for (const text of texts) {
        try {
          writeSync(to, text);
        } catch {
          // no interposer: nobody asks
        }
      }
    }

    function claimed(texts, request, start) {
      const release = () => say(RELEASE, texts);
      say(CLAIM, texts);
      let result;
      try {
        if (typeof request !== 'symbol') {
          const { oncomplete } = request;
          request.oncomplete = function () {
            release();
            return apply(oncomplete, this, arguments);
          };
        }
        result = start();
      } catch (error) {
        release();
        throw error;
      }
      // One that waits is told of a failure all the same, and nobody gets this promise.
      if (typeof request === 'symbol') result.then(release, release);
      return result;
    }

    const isText = (arg) => (typeof arg === 'string' && arg !== '') || (ArrayBuffer.isView(arg) && arg.byteLength > 0);
    watchPool('fs', ['open', 'openFileHandle', 'unlink', 'rename', 'rmdir', 'chmod', 'readdir', 'copyFile', 'link', 'symlink', 'mkdtemp'],
      (arg, { FSReqCallback, kUsePromises }) => arg === kUsePromises || (typeof arg === 'object' && arg instanceof FSReqCallback), (args) => args.slice(0, 2).filter(isText));
    watchPool('cares_wrap', ['getaddrinfo'], (arg, { GetAddrInfoReqWrap }) => arg instanceof GetAddrInfoReqWrap, (args) => args.slice(1, 2).filter(isText));

    workers.setEnvironmentData(SEVERAL, true);
    return { asks, taken, answered, client, current: () => told };
  }

  // --- eval of every kind, and Function where no wrapper of ours is: asked about by the interposer, inside V8.
  existsSync('/.pellicle/engine');

  // --- vm: every text, it is what vm is for. Node's own loader does not come here.
  for (const name of ['runInThisContext', 'runInNewContext', 'runInContext', 'compileFunction', 'Script']) {
    const made = replace(vm, name, (args) => {
      if (typeof args[0] === 'string') ask('code', 'vm', args[0]);
    }, name.startsWith('runIn'));
    if (name === 'Script' && made) defineProperty(made.prototype, 'constructor', { value: made, writable: true, configurable: true });
  }

  // --- Function and its three relatives, which are reachable through any function's `constructor`.
  const askFunction = (args) => {
    const texts = args.map((arg) => (typeof arg === 'string' ? arg : `${arg}`)); // once: a second toString could say something else
    const text = texts.length === 1 ? texts[0] : texts.join('\n');
    if (REACHES.test(text)) ask('code', 'function', text);
    return texts;
  };
  const makers = [function () {}, async function () {}, function* () {}, async function* () {}].map((f) => Object.getPrototypeOf(f));
  for (const prototype of makers) {
    const made = replace(prototype, 'constructor', askFunction);
    if (made && prototype === makers[0]) defineProperty(globalThis, 'Function', { value: made, writable: true, configurable: true });
  }

  // --- node-serialize: JSON whose text values become code by a direct `eval`. A replaced `eval` would no longer see local
  // variables, so it is only touched, for a moment, after such a text was parsed.
  const nativeParse = JSON.parse;
  const nativeEval = globalThis.eval;
  let armed; // { time, payload }
  const guardedEval = {
    get() {
      if (now() - armed.time < ARMED_MS) {
        const { time } = armed;
        armed.time = now() - ARMED_MS + REMEMBER_MS; // denied, the rest of the object is denied as well, but not what runs later
        ask('deserialize', `node:${MARKER}`, armed.payload);
        armed.time = time;
      }
      restoreEval();
      return nativeEval;
    },
    set(value) {
      defineProperty(globalThis, 'eval', { value, writable: true, configurable: true });
    },
    configurable: true,
  };
  const restoreEval = () => defineProperty(globalThis, 'eval', { value: nativeEval, writable: true, configurable: true });
  function arm(payload) {
    // Only the eval we know: once a program has put its own in place, it stays.
    const { value, get } = Object.getOwnPropertyDescriptor(globalThis, 'eval') ?? {};
    if (value !== nativeEval && get !== guardedEval.get) return;
    armed = { time: now(), payload };
    defineProperty(globalThis, 'eval', guardedEval);
  }
  function look(text) {
    let at = text.indexOf(`"${MARKER}`);
    if (at < 0 && text.includes('\\u00')) {
      // JSON may spell any character by its number.
      text = text.replace(/\\u00([2-7][0-9a-f])/gi, (_, hex) => String.fromCharCode(parseInt(hex, 16)));
      at = text.indexOf(`"${MARKER}`);
    }
    // Without a call in it, it is talk about attacks.
    if (at >= 0 && /[(`]|\bnew\b/.test(text.slice(at))) arm(text.slice(at + 1, at + 1 + 1024));
  }
  const parse = {
    parse(text, reviver) {
      if (typeof text === 'object' && text !== null) text = `${text}`; // a Buffer, mostly
      if (typeof text === 'string' && text.length > MARKER.length) look(text);
      if (reviver !== undefined) return apply(nativeParse, JSON, [text, reviver]);
      try {
        return apply(nativeParse, JSON, [text]);
      } catch (error) {
        throw typeof text === 'function' ? hidden(error) : again(text);
      }
    },
  }.parse;
  // Only a failure needs the room for our frames, and text that is no object fails the same way twice.
  function again(text) {
    try {
      return unseen(() => apply(nativeParse, JSON, [text]));
    } catch (error) {
      return error;
    }
  }
  defineProperty(JSON, 'parse', { value: parse, writable: true, configurable: true });

  // --- Modules made from text: `module._compile` where no file is being loaded, `import()` of a `data:` address.
  const { Module } = require('module');
  // An accessor, so that Node's own loader finds its function as ever, without a frame of ours above the program.
  const nativeCompile = Module.prototype._compile;
  const guardedCompile = wrapped(nativeCompile, (args) => {
    if (typeof args[0] === 'string') ask('code', 'compile', args[0]);
  }, true);
  // A module where the function can put files: the event may have brought it.
  const writable = /^\/(?:tmp|var\/tmp|dev\/shm)\//;
  function askSource(file) {
    let text;
    try {
      text = readFileSync(file, 'utf8');
    } catch {
      return; // nor will the loader's text be from there
    }
    ask('tamper', 'source', text);
  }
  // It has no name, and from version 22 on stacks name a function without one after the property that holds it; an accessor does not.
  if (nativeCompile.name === '') defineProperty(nativeCompile, 'name', { value: '_compile', configurable: true });
  // `[eval]` is what Node calls a program on its command line or of a worker.
  const isLoading = (module) => typeof module?.filename === 'string' && !module.loaded && (Module._cache[module.filename] === module || /^\[(?:worker )?eval\]$/.test(module.id));
  defineProperty(Module.prototype, '_compile', {
    get() {
      if (!isLoading(this)) return guardedCompile;
      if (writable.test(this.filename)) askSource(this.filename);
      return nativeCompile;
    },
    set(value) {
      defineProperty(this, '_compile', { value, writable: true, enumerable: true, configurable: true });
    },
    enumerable: true,
    configurable: true,
  });
  // The loader of modules asks an address for its protocol before anything else.
  const protocol = Object.getOwnPropertyDescriptor(URL.prototype, 'protocol');
  const program = /^data:(?:text|application)\/(?:javascript|ecmascript|wasm)\b([^,]*),/i;
  const { get: protocolOf } = protocol;
  defineProperty(URL.prototype, 'protocol', {
    ...protocol,
    get() {
      const value = seen(() => apply(protocolOf, this, []));
      if (value === 'data:') {
        const { href } = this;
        const head = program.exec(href);
        if (head) ask('code', 'import', bodyOf(href.slice(head[0].length), head[1]));
      } else if (value === 'file:' && writable.test(this.pathname) && isImporting()) {
        askSource(decoded(this.pathname));
      }
      return value;
    },
  });
  // Programs ask addresses of files for their protocol, too.
  function isImporting() {
    const limit = NativeError.stackTraceLimit;
    NativeError.stackTraceLimit = LOADER_FRAMES;
    const { stack } = new NativeError();
    NativeError.stackTraceLimit = limit;
    return typeof stack !== 'string' || stack.includes('(node:internal/modules/esm/load:');
  }
  function decoded(text) {
    try {
      return decodeURIComponent(text);
    } catch {
      return text; // no valid escapes, and no file's name either
    }
  }
  function bodyOf(body, parameters) {
    try {
      const text = decodeURIComponent(body);
      return /;\s*base64\s*$/i.test(parameters) ? Buffer.from(text, 'base64').toString() : text;
    } catch {
      return body; // no valid escapes: then it is no program either, and is judged as it stands
    }
  }

  // --- Calls to AWS: every request of `http` and `https` passes `_send` with its head, whatever client or bundle made it. These modules are not loaded for it; when the
  // program does, they ask `diagnostics_channel` for their channels by its property.
  existsSync('/.pellicle/calls');
  const channels = require('diagnostics_channel');
  const loaded = (name) => process.moduleLoadList?.includes(`NativeModule ${name}`);
  let sockets = loaded('net');
  if (sockets) watchSockets();
  if (loaded('_http_outgoing')) {
    watchRequests();
  } else {
    const { channel } = channels;
    channels.channel = function (name) {
      if (typeof name === 'string' && !sockets && name.startsWith('net.')) {
        sockets = true;
        process.nextTick(watchSockets); // it is being loaded
      } else if (typeof name === 'string' && name.startsWith('http.')) {
        channels.channel = channel;
        watchRequests();
      }
      return apply(channel, this, arguments);
    };
  }

  // --- Statements on encrypted connections: the interposer reads them as it does those in clear. Each connection's first bytes tell it whether there is anything to read.
  function watchSockets() {
    const { prototype } = require('net').Socket;
    const { _writeGeneric: send } = prototype;
    const others = new WeakSet();
    prototype._writeGeneric = {
      _writeGeneric(several, data, encoding, done) {
        if (!this.encrypted || this.connecting || others.has(this)) return apply(send, this, arguments);
        let shown;
        try {
          shown = show(this._handle?.fd, several ? data : [{ chunk: data, encoding }]);
        } catch (error) {
          if (error?.code === 'EACCES') return done(error); // a part of the statement has gone
        }
        if (shown) return apply(send, this, [false, shown, 'buffer', done]);
        others.add(this);
        return apply(send, this, arguments);
      },
    }._writeGeneric;
  }

  // What is to be sent in place of the pieces; undefined where nobody reads it.
  function show(fd, pieces) {
    if (!(fd >= 0)) return undefined;
    const limit = NativeError.stackTraceLimit;
    try {
      NativeError.stackTraceLimit = 0;
      const copy = Buffer.concat(pieces.map(({ chunk, encoding }) => (typeof chunk === 'string' ? Buffer.from(chunk, encoding) : chunk)));
      return copy.length === 0 || writeSync(ABOVE_TLS | fd, copy) > 0 ? copy : undefined;
    } finally {
      NativeError.stackTraceLimit = limit;
    }
  }

  function watchRequests() {
    const quiet = process.noDeprecation;
    process.noDeprecation = true; // the name is one that programs should not use
    const { prototype } = require('_http_outgoing').OutgoingMessage;
    process.noDeprecation = quiet;
    const { _send: send } = prototype;
    const unfinished = new WeakMap(); // requests whose body will name the operation
    const refused = new WeakSet();
    prototype._send = {
      _send(data, encoding) {
        if (refused.has(this)) return false;
        if (flows && !this._headerSent && typeof this.path === 'string') followRequest(this);
        try {
          if (!this._headerSent) {
            // Only requests have a path.
            const call = typeof this._header === 'string' && typeof this.path === 'string' ? callOf(this._header, data, encoding) : undefined;
            if (call) unfinished.set(this, call);
          } else if (data?.length && unfinished.has(this)) {
            // In pieces, each comes between its length and a line's end.
            const call = unfinished.get(this);
            const action = actionOf(data, encoding);
            if (action !== undefined || --call.pieces === 0) {
              unfinished.delete(this);
              tell(call, action);
            }
          }
        } catch (error) {
          // Else something that is no request, and the real one says so.
          if (error?.code === 'EACCES') {
            // Told as any other failure of the request: a stream may be writing it, and one that has no listener yet must not go on by itself.
            refused.add(this);
            this.destroy(error);
            return false;
          }
        }
        return apply(send, this, arguments);
      },
    }._send;
  }

  function followRequest(request) {
    if (request.path === NEXT && request.method === 'GET') {
      const by = flows.asks();
      request.prependOnceListener('response', ({ headers }) => flows.taken(by, headers[REQUEST_ID]));
    } else if (request.method === 'POST') {
      const id = ANSWER.exec(request.path)?.[1];
      if (id !== undefined) flows.answered(decodeURIComponent(id));
    }
  }

  // Asks; or returns what is to be asked when the body comes.
  function callOf(head, body, encoding) {
    const host = /\r\nhost: *([^\r]*)/i.exec(head)?.[1] ?? '';
    const name = host.replace(/:\d+$/, '');
    const service = /\r\nauthorization: *AWS4-[^\r]*?Credential=[^\r,]*?\/([^/\r,]+)\/aws4_request/i.exec(head)?.[1]
      ?? /^[A-Z]+ [^ ]*[?&]X-Amz-Credential=[^& ]*?(?:%2F|\/)([^&%/ ]+)(?:%2F|\/)aws4_request/i.exec(head)?.[1]
      ?? (/\.(?:amazonaws\.com|amazonaws\.com\.cn|api\.aws)$/i.test(name) ? name : undefined);
    const request = /^([A-Z]+) ([^ ?]*)(\?[^ ]*)?/.exec(head);
    if (service === undefined || !request || request[1] === 'CONNECT') return undefined;
    const call = { service, host, pieces: PIECES, request: `${request[1]} ${request[2].slice(0, TARGET)}${(request[3] ?? '').slice(0, TARGET)}` };
    const target = /\r\nx-amz-target: *(?:[^\r]*\.)?([^.\r]*)/i.exec(head)?.[1];
    if (target === undefined && /\r\ncontent-type: *application\/x-www-form-urlencoded/i.test(head)) {
      if (!body?.length) return call;
      tell(call, actionOf(body, encoding));
    } else {
      tell(call, target);
    }
    return undefined;
  }

  const actionOf = (body, encoding) => /(?:^|&)Action=([^&]*)/.exec((typeof body === 'string' ? Buffer.from(body, encoding) : Buffer.from(body.buffer, body.byteOffset, body.byteLength)).toString('latin1', 0, PIECE))?.[1];
  // Not remembered: each is a call of its invocation. The interposer remembers operations.
  const tell = ({ service, host, request }, operation) => put('aws', `${service}:${operation ?? request}`, host);

  // `fetch` has a client of its own.
  const native = Object.getOwnPropertyDescriptor(globalThis, 'fetch');
  if (typeof native?.value === 'function') {
    const watched = {
      fetch(input, init) {
        try {
          tellFetch(input, init);
        } catch (error) {
          if (error?.code === 'EACCES') return Promise.reject(error); // as above
        }
        return flows ? followFetch(() => apply(native.value, this, arguments), input, init) : apply(native.value, this, arguments);
      },
    };
    defineProperty(globalThis, 'fetch', { ...native, value: watched.fetch });
  }

  function followFetch(send, input, init) {
    let path;
    try {
      path = new URL(typeof input === 'string' || input instanceof URL ? input : input.url).pathname;
    } catch {
      return send(); // no address: `fetch` says so
    }
    const method = init?.method ?? input.method ?? 'GET';
    const id = method === 'POST' ? ANSWER.exec(path)?.[1] : undefined;
    if (id !== undefined) flows.answered(decodeURIComponent(id));
    if (path !== NEXT || method !== 'GET') return send();
    const by = flows.asks();
    const answer = send();
    answer.then(({ headers }) => flows.taken(by, headers.get(REQUEST_ID)), () => {});
    return answer;
  }

  function tellFetch(input, init) {
    const url = new URL(typeof input === 'string' || input instanceof URL ? input : input.url);
    const headers = [...new Headers(init?.headers ?? input.headers)].map(([name, value]) => `\r\n${name}: ${value}`).join('');
    const body = init?.body instanceof URLSearchParams ? `${init.body}` : init?.body;
    const form = init?.body instanceof URLSearchParams ? '\r\ncontent-type: application/x-www-form-urlencoded' : '';
    const call = callOf(`${init?.method ?? input.method ?? 'GET'} ${url.pathname}${url.search} HTTP/1.1\r\nhost: ${url.host}${headers}${form}\r\n`, typeof body === 'string' || ArrayBuffer.isView(body) ? body : undefined, 'utf8');
    if (call) tell(call); // a body that is made later, if at all
  }

  // --- Internal bindings reach files and processes around the public modules.
  for (const name of ['binding', '_linkedBinding']) {
    replace(process, name, (args) => {
      if (typeof args[0] === 'string') ask('code', `binding:${args[0]}`);
    });
  }
  replace(process, 'dlopen', (args) => {
    if (typeof args[1] === 'string') ask('library', require('path').resolve(args[1]));
  }, true);

  if (flows) {
    const { dlopen } = process;
    defineProperty(process, 'dlopen', {
      ...Object.getOwnPropertyDescriptor(process, 'dlopen'),
      value: {
        dlopen(module, file) {
          const result = apply(dlopen, this, arguments);
          if (/(?:^|\/)rapid-client\.node$/.test(file)) flows.client(module.exports);
          return result;
        },
      }.dlopen,
    });
  }

  // --- Workers whose program is a text.
  workers.setEnvironmentData(SWITCH, true);
  const made = replace(workers, 'Worker', ([program, options, ...more]) => {
    if (typeof program === 'string' && options?.eval) ask('code', 'eval', program);
    else if (program instanceof URL && program.href.startsWith('data:')) ask('code', 'eval', program.href);
    // An environment of its own has no NODE_OPTIONS, and the worker no probe. (As `execArgv` our own arguments could be refused.)
    const env = options?.env;
    if (typeof env !== 'object' || env === null || `${env.NODE_OPTIONS ?? ''}`.includes(__filename)) return undefined;
    const load = `--require ${/\s/.test(__filename) ? JSON.stringify(__filename) : __filename}`;
    return [program, { ...options, env: { ...env, NODE_OPTIONS: env.NODE_OPTIONS ? `${env.NODE_OPTIONS} ${load}` : load } }, ...more];
  }, true);
  if (made) defineProperty(made.prototype, 'constructor', { value: made, writable: true, configurable: true });
  require('module').syncBuiltinESMExports();

  // --- Code that a session of the inspector evaluates. That module is not loaded for it; when the program does, it asks for `isMainThread`, and its sessions begin as all emitters do.
  const EXPRESSIONS = { 'Runtime.evaluate': 'expression', 'Runtime.compileScript': 'expression', 'Debugger.evaluateOnCallFrame': 'expression', 'Runtime.callFunctionOn': 'functionDeclaration', 'Debugger.setScriptSource': 'scriptSource' };
  if (!watchInspector()) {
    const emitters = require('events');
    const { init } = emitters;
    const main = Object.getOwnPropertyDescriptor(workers, 'isMainThread');
    const waiting = () => {
      if (emitters.init === first) emitters.init = init;
      if (watchInspector()) defineProperty(workers, 'isMainThread', main);
    };
    const first = function () {
      if (loaded('inspector')) waiting();
      return apply(init, this, arguments);
    };
    if (main?.configurable && 'value' in main) {
      defineProperty(workers, 'isMainThread', {
        get() {
          if (emitters.init === init) {
            emitters.init = first;
            process.nextTick(waiting);
          }
          return main.value;
        },
        set(value) {
          defineProperty(workers, 'isMainThread', { ...main, value });
        },
        enumerable: main.enumerable,
        configurable: true,
      });
    }
  }
  function watchInspector() {
    if (!loaded('inspector')) return false;
    const check = ([method, parameters]) => {
      const text = parameters?.[EXPRESSIONS[method]];
      if (typeof text === 'string') ask('code', 'eval', text);
    };
    replace(require('inspector').Session.prototype, 'post', check);
    // It has a form of its own that calls the one above as it was.
    if (loaded('inspector/promises')) replace(require('inspector/promises').Session.prototype, 'post', check);
    return true;
  }
}
