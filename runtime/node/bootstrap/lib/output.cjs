'use strict';
// console writes one log event a line, with time, request id and level, as the managed runtime does.

const util = require('node:util');
const fs = require('node:fs');
const { errorForLog, isError } = require('./errors.cjs');

const LEVELS = ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL'];
const METHODS = { trace: 'TRACE', debug: 'DEBUG', log: 'INFO', info: 'INFO', warn: 'WARN', error: 'ERROR', fatal: 'FATAL' };

let requestId; // of the invocation under way; undefined during init
let asJson = false;

function setRequestId(id) {
  requestId = id;
}

function patchConsole() {
  asJson = (process.env.AWS_LAMBDA_LOG_FORMAT ?? '').toUpperCase() === 'JSON';
  const wanted = LEVELS.indexOf((process.env.AWS_LAMBDA_LOG_LEVEL ?? '').toUpperCase());
  const lowest = asJson && wanted >= 0 ? wanted : 0;
  for (const [method, level] of Object.entries(METHODS)) {
    console[method] = LEVELS.indexOf(level) < lowest ? () => {} : (...args) => write(level, args);
  }
}

function write(level, args) {
  writeLine(asJson ? jsonLine(level, args) : textLine(level, args));
}

function textLine(level, args) {
  // A log event is one line; the platform's consumers show a carriage return as a line break.
  const message = util.format(...args).replace(/\n/g, '\r');
  return `${new Date().toISOString()}\t${requestId}\t${level}\t${message}\n`;
}

function jsonLine(level, args) {
  const line = { timestamp: new Date().toISOString(), level, requestId };
  if (args.length === 1 && !isError(args[0]) && typeof args[0] === 'object' && args[0] !== null) {
    try {
      return `${JSON.stringify({ ...line, message: args[0] }, errorsToo)}\n`;
    } catch {
      // Circular or otherwise not JSON: the text form below.
    }
  }
  line.message = util.format(...args);
  const error = args.find(isError);
  if (error !== undefined) {
    line.errorType = error.name;
    line.errorMessage = error.message;
    line.stackTrace = String(error.stack ?? '').split('\n');
  }
  return `${JSON.stringify(line)}\n`;
}

function errorsToo(_key, value) {
  return isError(value) ? errorForLog(value) : value;
}

function logError(title, error) {
  if (asJson) {
    write('ERROR', [error]);
    return;
  }
  let details;
  try {
    details = JSON.stringify(errorForLog(error));
  } catch {
    details = util.inspect(error);
  }
  writeLine(`${new Date().toISOString()}\t${requestId}\tERROR\t${title} \t${details.replace(/\n/g, '\r')}\n`);
}

/** Synchronous, so that nothing is lost when the sandbox is frozen or the process exits. */
function writeLine(text) {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; ) {
    try {
      at += fs.writeSync(1, bytes, at);
    } catch (error) {
      if (error.code === 'EAGAIN') {
        // Someone made the pipe non-blocking and it is full; let libuv's own queue take the rest.
        process.stdout.write(bytes.subarray(at));
      }
      return; // otherwise the reader is gone, and there is nobody left to tell
    }
  }
}

module.exports = { logError, patchConsole, setRequestId };
