'use strict';
// Runtime API client: HTTP/1.1 over one kept connection. Written over a socket, so that libraries which patch or observe
// node:http see the function's requests only, and so that nothing of ours keeps the event loop alive while a handler runs.

const net = require('node:net');

const ROOT = '/2018-06-01/runtime';
const VERSION = '0.1.0';
const MAX_HEADER_BYTES = 1 << 20; // the service allows 1 MB of request line and headers
const HEADERS_END = Buffer.from('\r\n\r\n');

class RuntimeApiError extends Error {
  constructor(message) {
    super(message);
    this.name = 'RuntimeApiError';
  }
}

/** Reads one answer from the bytes pushed into it. */
class Answer {
  constructor(done) {
    this.done = done;
    this.pending = [];
    this.size = 0;
    this.head = null;
    this.started = false;
  }

  push(bytes) {
    this.started = true;
    this.pending.push(bytes);
    this.size += bytes.length;
    if (this.head === null) {
      if (!this.readHead()) return;
    }
    if (this.head.length >= 0) {
      // Joined once, when all is there: a large event arrives in many pieces.
      if (this.size >= this.head.length) this.finish(this.join().subarray(0, this.head.length));
    } else if (this.head.chunked) {
      this.readChunks();
    }
  }

  end() {
    if (this.head !== null && this.head.length < 0 && !this.head.chunked) this.finish(this.join());
  }

  join() {
    if (this.pending.length !== 1) this.pending = [Buffer.concat(this.pending, this.size)];
    return this.pending[0];
  }

  readHead() {
    const bytes = this.join();
    const end = bytes.indexOf(HEADERS_END);
    if (end < 0) {
      if (bytes.length > MAX_HEADER_BYTES) throw new RuntimeApiError('the headers of an answer are too long');
      return false;
    }
    const lines = bytes.toString('latin1', 0, end).split('\r\n');
    const status = /^HTTP\/1\.[01] (\d{3})/.exec(lines[0]);
    if (status === null) throw new RuntimeApiError(`not an HTTP answer: ${lines[0].slice(0, 80)}`);
    this.pending = [bytes.subarray(end + 4)];
    this.size = this.pending[0].length;
    const headers = Object.create(null);
    for (let i = 1; i < lines.length; i++) {
      const colon = lines[i].indexOf(':');
      // Client context and identity may hold any UTF-8 text.
      headers[lines[i].slice(0, colon).toLowerCase()] = Buffer.from(lines[i].slice(colon + 1).trim(), 'latin1').toString();
    }
    const code = Number(status[1]);
    if (code < 200) return this.readHead(); // 100 Continue and the like: the real head follows
    const chunked = (headers['transfer-encoding'] ?? '').toLowerCase() === 'chunked';
    let length = -1;
    if (code === 204 || code === 304) length = 0;
    else if (!chunked && headers['content-length'] !== undefined) length = Number(headers['content-length']);
    this.head = { status: code, headers, chunked, length };
    return true;
  }

  readChunks() {
    const bytes = this.join();
    const parts = [];
    let at = 0;
    for (;;) {
      const line = bytes.indexOf('\r\n', at, 'latin1');
      if (line < 0) return;
      const size = parseInt(bytes.toString('latin1', at, line), 16);
      if (Number.isNaN(size)) throw new RuntimeApiError('a chunk of an answer has no size');
      if (size === 0) {
        // Trailers, if any, end with an empty line.
        if (bytes.indexOf('\r\n', line + 2, 'latin1') === line + 2 || bytes.indexOf(HEADERS_END, line) >= 0) {
          this.finish(Buffer.concat(parts));
        }
        return;
      }
      if (bytes.length < line + 2 + size + 2) return;
      parts.push(bytes.subarray(line + 2, line + 2 + size));
      at = line + 2 + size + 2;
    }
  }

  finish(body) {
    this.done({ status: this.head.status, headers: this.head.headers, body });
  }
}

class RuntimeApi {
  constructor(address) {
    const colon = address.lastIndexOf(':');
    this.host = address.slice(0, colon).replace(/^\[|\]$/g, '');
    this.port = Number(address.slice(colon + 1));
    if (colon < 0 || !Number.isInteger(this.port) || this.port < 1) {
      throw new RuntimeApiError(`AWS_LAMBDA_RUNTIME_API is not host:port: \`${address}\``);
    }
    this.address = address;
    this.socket = null;
  }

  async next() {
    const answer = await this.call('GET', '/invocation/next', {});
    if (answer.status !== 200) throw new RuntimeApiError(`next answered ${answer.status}: ${answer.body.toString('utf8', 0, 200)}`);
    return answer;
  }

  async restoreNext() {
    const answer = await this.call('GET', '/restore/next', {});
    if (answer.status !== 200) throw new RuntimeApiError(`restore/next answered ${answer.status}`);
  }

  respond(requestId, body) {
    return this.report(`/invocation/${requestId}/response`, { 'Content-Type': 'application/json' }, body);
  }

  error(requestId, body, cause) {
    return this.report(`/invocation/${requestId}/error`, this.errorHeaders(undefined, cause), body);
  }

  initError(body, type, cause) {
    return this.report('/init/error', this.errorHeaders(type, cause), body);
  }

  errorHeaders(type, cause) {
    const headers = { 'Content-Type': 'application/json' };
    if (type !== undefined) headers['Lambda-Runtime-Function-Error-Type'] = type;
    if (cause !== undefined) headers['Lambda-Runtime-Function-XRay-Error-Cause'] = cause;
    return headers;
  }

  async report(path, headers, body) {
    this.check(path, await this.call('POST', path, headers, Buffer.from(body)));
  }

  check(path, answer) {
    const text = answer.body.toString('utf8', 0, 200);
    if (answer.status >= 500) throw new RuntimeApiError(`${path} answered ${answer.status}: ${text}`);
    // 400, 403 and 413 end this invocation on the platform's side; the next one is not affected.
    if (answer.status !== 202) process.stderr.write(`the Runtime API refused ${path}: ${answer.status} ${text}\n`);
  }

  async call(method, path, headers, body) {
    const reused = this.socket !== null;
    const head = this.head(method, path, body === undefined ? headers : { ...headers, 'Content-Length': body.length });
    const send = (socket) => {
      if (body === undefined) socket.write(head);
      else if (body.length <= 16384) socket.write(Buffer.concat([head, body])); // one packet
      else {
        socket.cork();
        socket.write(head);
        socket.write(body);
        socket.uncork();
      }
    };
    try {
      return await this.exchange(send);
    } catch (error) {
      if (!reused || !error.stale) throw error;
      return this.exchange(send); // the kept connection was closed meanwhile
    }
  }

  /** Opens a chunked POST. The stream writes with `write`, and ends with `end(trailers)` or `abort()`. */
  openStream(path, headers) {
    const api = this;
    let socket;
    const answer = this.exchange((connected) => {
      socket = connected;
      socket.write(api.head('POST', path, { ...headers, 'Transfer-Encoding': 'chunked' }));
    });
    answer.catch(() => {}); // the waiter below sees it; a failure before `end` must not count as unhandled
    return {
      write(bytes) {
        if (bytes.length === 0) return true; // an empty chunk would end the body
        socket.cork();
        socket.write(`${bytes.length.toString(16)}\r\n`, 'latin1');
        socket.write(bytes);
        const room = socket.write('\r\n', 'latin1');
        process.nextTick(() => socket.uncork());
        return room || socket.destroyed;
      },
      onceDrained(callback) {
        const done = () => {
          socket.off('drain', done);
          socket.off('close', done);
          callback();
        };
        socket.on('drain', done);
        socket.on('close', done);
      },
      async end(trailers = {}) {
        const lines = Object.entries(trailers).map(([name, value]) => `${name}: ${clean(value)}\r\n`);
        socket.write(`0\r\n${lines.join('')}\r\n`, 'latin1');
        api.check(path, await answer);
      },
    };
  }

  head(method, path, headers) {
    let text = `${method} ${ROOT}${path} HTTP/1.1\r\nHost: ${this.address}\r\nUser-Agent: pellicle-nodejs/${process.versions.node}-${VERSION}\r\n`;
    for (const name in headers) text += `${name}: ${clean(headers[name])}\r\n`;
    return Buffer.from(`${text}\r\n`, 'latin1');
  }

  /** Sends on the kept connection (or a new one) and waits for the answer. One exchange at a time. */
  exchange(send) {
    return new Promise((resolve, reject) => {
      let socket = this.socket;
      const fresh = socket === null;
      if (fresh) {
        socket = net.connect(this.port, this.host);
        socket.setNoDelay(true);
        this.socket = socket;
      }
      const settle = (finish, value) => {
        socket.off('data', onData).off('end', onEnd).off('close', onClose).off('error', onError);
        socket.on('error', ignore);
        finish(value);
      };
      const fail = (error) => {
        error.stale = !fresh && !answer.started;
        if (this.socket === socket) this.socket = null;
        socket.destroy();
        settle(reject, error);
      };
      const answer = new Answer((result) => {
        if ((result.headers.connection ?? '').toLowerCase() === 'close') {
          this.socket = null;
          socket.end();
        }
        socket.unref(); // idle: the handler's own work decides how long the event loop lives
        settle(resolve, result);
      });
      const guarded = (step) => {
        try {
          step();
        } catch (error) {
          fail(error);
        }
      };
      const onData = (bytes) => guarded(() => answer.push(bytes));
      const onEnd = () => guarded(() => answer.end());
      const onClose = () => fail(new RuntimeApiError('the connection was closed before the answer'));
      const onError = (error) => fail(error);
      socket.off('error', ignore);
      socket.on('data', onData).on('end', onEnd).on('close', onClose).on('error', onError);
      socket.ref();
      if (socket.destroyed) onClose();
      else send(socket);
    });
  }
}

function ignore() {} // an idle connection may break; the next exchange notices by itself

function clean(value) {
  return String(value).replace(/[\r\n]/g, ' ');
}

module.exports = { RuntimeApi, RuntimeApiError };
