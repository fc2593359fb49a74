'use strict';

const { RuntimeApi } = require('./api.cjs');
const { Fault, errorBody, xrayCause } = require('./errors.cjs');
const { installGlobal, isStreaming, ResponseStream } = require('./streaming.cjs');
const { loadHandler } = require('./handler.cjs');
const { logError, patchConsole, setRequestId } = require('./output.cjs');

const EXIT_UNHANDLED_REJECTION = 128;
const EXIT_UNCAUGHT_EXCEPTION = 129;

let api;
let current = null; // the invocation under way, null during init and while waiting
let initialised = false;
let onIdle = null; // called when the event loop has nothing left to do

async function start() {
  delete process.env._LAMBDA_TELEMETRY_LOG_FD; // the platform's private log channel; we write to stdout
  prepareNodePath();
  patchConsole();
  installGlobal();
  api = new RuntimeApi(process.env.AWS_LAMBDA_RUNTIME_API ?? '');
  process.on('uncaughtException', (error) => die(error, 'Uncaught Exception', EXIT_UNCAUGHT_EXCEPTION));
  process.on('unhandledRejection', (reason, promise) => {
    const error = new Fault('Runtime.UnhandledPromiseRejection', describe(reason), reason?.stack);
    error.reason = reason;
    error.promise = promise;
    die(error, 'Unhandled Promise Rejection', EXIT_UNHANDLED_REJECTION);
  });
  process.on('beforeExit', () => {
    const act = onIdle;
    onIdle = null;
    if (act !== null) setImmediate(act);
  });
  let handler;
  try {
    handler = await loadHandler(process.env.LAMBDA_TASK_ROOT ?? '/var/task', process.env._HANDLER ?? '');
  } catch (error) {
    return die(error, 'Uncaught Exception', EXIT_UNCAUGHT_EXCEPTION);
  }
  if (process.env.AWS_LAMBDA_INITIALIZATION_TYPE === 'snap-start') await api.restoreNext();
  initialised = true;
  loop(handler).catch((error) => {
    process.stderr.write(`the Runtime API failed: ${error.stack}\n`);
    process.exit(1);
  });
}

/** Where the shell did not know the version (custom runtime), NODE_PATH is completed here. */
function prepareNodePath() {
  if (process.env.NODE_PATH !== undefined) return;
  const major = process.versions.node.split('.')[0];
  const root = process.env.LAMBDA_TASK_ROOT ?? '/var/task';
  const runtime = require('node:path').dirname(__dirname);
  process.env.NODE_PATH = [
    `/opt/nodejs/node${major}/node_modules`, '/opt/nodejs/node_modules', `${runtime}/node_modules`, runtime, root,
  ].join(':');
  require('node:module')._initPaths();
}

async function loop(handler) {
  for (;;) {
    const { headers, body } = await api.next();
    const requestId = headers['lambda-runtime-aws-request-id'] ?? '';
    setRequestId(requestId);
    const trace = headers['lambda-runtime-trace-id'];
    if (trace !== undefined) process.env._X_AMZN_TRACE_ID = trace;
    else delete process.env._X_AMZN_TRACE_ID;
    current = { requestId, answered: false };
    if (isStreaming(handler)) await invokeStreaming(handler, headers, body);
    else await invoke(handler, headers, body);
    onIdle = null;
    current = null;
  }
}

/** Calls the handler and sends its answer; resolves when the answer has been taken. */
function invoke(handler, headers, body) {
  const { requestId } = current;
  return new Promise((resolve, reject) => {
    const answer = (error, result, failed) => {
      if (current === null || current.requestId !== requestId || current.answered) return; // only the first answer counts
      onIdle = null;
      (failed ? sendError(error) : sendResult(result)).then(resolve, reject);
    };
    const callback = (error, result) => {
      if (error !== undefined && error !== null) answer(error, undefined, true);
      else if (context.callbackWaitsForEmptyEventLoop) onIdle = () => answer(null, result, false);
      else answer(null, result, false);
    };
    const done = (error, result) => answer(error, result, error !== undefined && error !== null);
    const context = createContext(headers);
    context.done = (error, result) => (context.callbackWaitsForEmptyEventLoop && (error === undefined || error === null)
      ? callback(null, result) : done(error, result));
    context.succeed = (result) => done(null, result);
    context.fail = (error) => done(error ?? 'handled', undefined);

    onIdle = () => answer(null, null, false); // a handler without promise that never calls back has the answer null
    let returned;
    try {
      returned = handler(parse(body), context, callback);
    } catch (error) {
      answer(error, undefined, true);
      return;
    }
    if (typeof returned?.then === 'function') {
      onIdle = () => answer(neverSettled(), undefined, true);
      returned.then((result) => answer(null, result, false), (error) => answer(error, undefined, true));
    }
  });
}

async function invokeStreaming(handler, headers, body) {
  const stream = new ResponseStream(api, current.requestId);
  current.stream = stream;
  const idle = new Promise((_, reject) => {
    onIdle = () => reject(neverSettled());
  });
  try {
    const finished = Promise.resolve(handler(parse(body), stream, createContext(headers))).then(() => stream.settled);
    await Promise.race([finished, idle]);
  } catch (error) {
    onIdle = null;
    logError('Invoke Error', error);
    if (!(await stream.fail(error))) await postError(error);
  }
}

function parse(body) {
  try {
    return JSON.parse(body.toString());
  } catch (error) {
    throw new Fault('Runtime.UnmarshalError', `the event is not JSON: ${error.message}`);
  }
}

function neverSettled() {
  return new Fault('Runtime.NodeJsExit', 'The event loop is empty and the handler has not answered');
}

async function sendResult(result) {
  let text;
  try {
    text = JSON.stringify(result === undefined ? null : result) ?? 'null'; // functions and symbols have no JSON
  } catch (error) {
    return sendError(new Error('Unable to stringify response body as json', { cause: error }));
  }
  current.answered = true;
  await api.respond(current.requestId, text);
}

async function sendError(error) {
  current.answered = true;
  logError('Invoke Error', error);
  await postError(error);
}

function postError(error) {
  return api.error(current.requestId, JSON.stringify(errorBody(error)), xrayCause(error));
}

/** Reports an error nobody caught, to the invocation under way or as an init error, and ends the process. */
function die(error, title, code) {
  process.removeAllListeners('uncaughtException').removeAllListeners('unhandledRejection');
  const quit = () => process.exit(code);
  process.on('uncaughtException', quit).on('unhandledRejection', quit);
  logError(title, error);
  report(error).then(quit, (failure) => {
    process.stderr.write(`the Runtime API failed: ${failure.message}\n`);
    quit();
  });
}

async function report(error) {
  const body = JSON.stringify(errorBody(error));
  if (!initialised) await api.initError(body, errorBody(error).errorType, xrayCause(error));
  else if (current === null) return; // between invocations nobody waits for an answer; the exit itself is seen
  else if (current.stream?.isOpen) await current.stream.fail(error);
  else if (!current.answered) await api.error(current.requestId, body, xrayCause(error));
}

function describe(reason) {
  try {
    return String(reason);
  } catch {
    return typeof reason;
  }
}

function createContext(headers) {
  const deadline = Number(headers['lambda-runtime-deadline-ms'] ?? 0);
  const context = {
    callbackWaitsForEmptyEventLoop: true,
    functionVersion: process.env.AWS_LAMBDA_FUNCTION_VERSION,
    functionName: process.env.AWS_LAMBDA_FUNCTION_NAME,
    memoryLimitInMB: process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: process.env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: process.env.AWS_LAMBDA_LOG_STREAM_NAME,
    clientContext: parseHeader(headers['lambda-runtime-client-context']),
    identity: parseHeader(headers['lambda-runtime-cognito-identity']),
    invokedFunctionArn: headers['lambda-runtime-invoked-function-arn'],
    awsRequestId: headers['lambda-runtime-aws-request-id'],
    getRemainingTimeInMillis: () => deadline - Date.now(),
  };
  if (headers['lambda-runtime-aws-tenant-id'] !== undefined) context.tenantId = headers['lambda-runtime-aws-tenant-id'];
  return context;
}

function parseHeader(text) {
  return text ? JSON.parse(text) : undefined;
}

module.exports = { start };
