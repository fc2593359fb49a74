'use strict';
// Errors in the form the platform and the caller expect.

const MAX_CAUSE_BYTES = 16384; // the service crops at 64 KiB; common HTTP servers take 32 KiB of headers in all

/** An error of the runtime itself, with the platform's name for it. */
class Fault extends Error {
  constructor(type, message, stack) {
    super(message);
    this.name = type;
    if (stack !== undefined) this.stack = stack;
  }
}

// Not `instanceof`: errors from vm contexts and other realms count too.
function isError(value) {
  return value instanceof Error || Object.prototype.toString.call(value) === '[object Error]';
}

function errorBody(error) {
  try {
    if (isError(error)) {
      return {
        errorType: String(error.name),
        errorMessage: String(error.message),
        trace: String(error.stack ?? '').split('\n'),
      };
    }
    return { errorType: typeof error, errorMessage: String(error), trace: [] };
  } catch (broken) {
    // Symbol.toPrimitive or a getter of the customer's that throws must not cost the report.
    return { errorType: 'handled', errorMessage: `the error could not be read: ${typeof broken}`, trace: [] };
  }
}

/** What is logged: own properties of the error too. */
function errorForLog(error) {
  if (!isError(error)) return errorBody(error);
  const body = errorBody(error);
  const own = {};
  for (const key of Object.keys(error)) own[key] = error[key];
  return { errorType: body.errorType, errorMessage: body.errorMessage, ...own, stack: body.trace };
}

/** ASCII JSON for the header Lambda-Runtime-Function-XRay-Error-Cause, or undefined when it would not fit. */
function xrayCause(error) {
  const body = errorBody(error);
  const stack = [];
  for (const line of body.trace) {
    const match = /^\s+at (?:(.*?) \()?(?:file:\/\/)?(.*?):(\d+):\d+\)?$/.exec(line);
    if (match !== null) stack.push({ path: match[2], line: Number(match[3]), label: match[1] ?? 'anonymous' });
  }
  const text = JSON.stringify({
    working_directory: process.cwd(),
    exceptions: [{ type: body.errorType, message: body.errorMessage, stack }],
    paths: [...new Set(stack.map((frame) => frame.path))],
  }).replace(/[^\x20-\x7e]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
  return text.length <= MAX_CAUSE_BYTES ? text : undefined;
}

module.exports = { Fault, errorBody, errorForLog, isError, xrayCause };
