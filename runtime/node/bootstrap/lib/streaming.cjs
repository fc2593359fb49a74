'use strict';
// Response streaming: the global `awslambda` and the stream handed to a streaming handler.

const { Writable } = require('node:stream');
const { Fault, errorBody } = require('./errors.cjs');

const STREAMING = Symbol.for('aws.lambda.runtime.handler.streaming');
const HTTP_INTEGRATION = 'application/vnd.awslambda.http-integration-response';
const ERROR_TYPE = 'Lambda-Runtime-Function-Error-Type';
const ERROR_BODY = 'Lambda-Runtime-Function-Error-Body';

function isStreaming(handler) {
  return handler[STREAMING] === 'response';
}

function installGlobal() {
  if (process.env.AWS_LAMBDA_NODEJS_NO_GLOBAL_AWSLAMBDA) return;
  globalThis.awslambda = {
    ...globalThis.awslambda,
    streamifyResponse(handler) {
      if (typeof handler !== 'function') {
        throw new Fault('Runtime.MalformedStreamingHandler', 'streamifyResponse takes a function');
      }
      handler[STREAMING] = 'response';
      return handler;
    },
    HttpResponseStream: {
      /** Metadata (status, headers, cookies) goes first, then eight zero bytes, then the body. */
      from(stream, prelude) {
        stream.setContentType(HTTP_INTEGRATION);
        stream.setPrelude(Buffer.concat([Buffer.from(JSON.stringify(prelude)), Buffer.alloc(8)]));
        return stream;
      },
    },
  };
}

class ResponseStream extends Writable {
  #api;
  #path;
  #open = null;
  #contentType = 'application/octet-stream';
  #prelude = null;
  #failure;
  #settled;

  constructor(api, requestId) {
    super();
    this.#api = api;
    this.#path = `/invocation/${requestId}/response`;
    this.settled = new Promise((resolve, reject) => {
      this.#settled = { resolve, reject };
    });
    this.settled.catch(() => {}); // awaited later; must not count as unhandled until then
    this.once('finish', () => this.#settled.resolve())
      .once('error', (error) => this.#settled.reject(error))
      .once('close', () => this.#settled.reject(new Error('the response stream was closed before its end')));
  }

  /** Has anything been sent? From then on errors travel as trailers. */
  get isOpen() {
    return this.#open !== null;
  }

  setContentType(type) {
    if (this.isOpen) throw new Fault('Runtime.InvalidStreamingOperation', 'Cannot set content-type, too late.');
    this.#contentType = type;
  }

  setPrelude(bytes) {
    if (this.isOpen) throw new Fault('Runtime.InvalidStreamingOperation', 'Cannot set the prelude, too late.');
    this.#prelude = bytes;
  }

  /** Ends the answer with an error. True when it could be told in trailers, false when nothing was sent yet. */
  async fail(error) {
    if (!this.isOpen) return false;
    if (this.writableFinished) return true;
    this.#failure = error;
    if (this.destroyed) await this.#open.end(this.#trailers());
    else if (this.writableEnded) await this.settled;
    else await new Promise((resolve, reject) => this.once('error', reject).end(resolve)); // what was written goes first
    return true;
  }

  _write(chunk, _encoding, done) {
    this.#begin();
    if (this.#open.write(chunk)) done();
    else this.#open.onceDrained(done);
  }

  _final(done) {
    this.#begin();
    this.#open.end(this.#trailers()).then(() => done(), done);
  }

  #trailers() {
    if (this.#failure === undefined) return undefined;
    const body = errorBody(this.#failure);
    return { [ERROR_TYPE]: body.errorType, [ERROR_BODY]: Buffer.from(JSON.stringify(body)).toString('base64') };
  }

  #begin() {
    if (this.isOpen) return;
    this.#open = this.#api.openStream(this.#path, {
      'Content-Type': this.#contentType,
      'Lambda-Runtime-Function-Response-Mode': 'streaming',
      Trailer: `${ERROR_TYPE}, ${ERROR_BODY}`,
    });
    if (this.#prelude !== null) this.#open.write(this.#prelude);
  }
}

module.exports = { ResponseStream, installGlobal, isStreaming };
