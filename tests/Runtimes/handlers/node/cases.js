'use strict';
// Handlers of the table in run.py.

exports.echo = async (event) => event;
exports.big = async (event) => 'x'.repeat(event.size);
exports.raises = async () => {
  throw new TypeError('böse 💥');
};
exports.throwsNow = () => {
  throw new RangeError('now');
};
exports.throwsText = async () => {
  throw 'just text'; // eslint-disable-line no-throw-literal
};
exports.callback = (event, context, callback) => setTimeout(() => callback(null, { called: event }), 5);
exports.callbackError = (event, context, callback) => callback(new Error('told'));
exports.noWait = (event, context, callback) => {
  context.callbackWaitsForEmptyEventLoop = false;
  setInterval(() => {}, 1000);
  callback(null, 'left a timer');
};
exports.waits = (event, context, callback) => {
  const order = ['called'];
  setTimeout(() => order.push('timer'), 30);
  callback(null, order);
};
exports.forgets = () => {};
exports.never = () => new Promise(() => {});
exports.rejectsAside = () => {
  Promise.reject(new Error('aside'));
  return new Promise((resolve) => setTimeout(resolve, 2000));
};
exports.throwsAside = () => {
  setTimeout(() => {
    throw new Error('later');
  }, 1);
  return new Promise((resolve) => setTimeout(resolve, 2000));
};
exports.exits = () => process.exit(7);
exports.circular = async () => {
  const value = {};
  value.self = value;
  return value;
};
exports.nothing = async () => undefined;
exports.thenable = () => ({ then: (resolve) => resolve('thenable') });
exports.succeed = (event, context) => context.succeed('ok');
exports.fail = (event, context) => context.fail(new Error('failed'));
exports.done = (event, context) => context.done(null, 'done');
exports.log = async () => {
  console.log('printed %s', 'text\nsecond');
  console.error('bad');
  return null;
};
exports.notFunction = 5;
exports.deep = { er: { handler: async () => 'deep' } };
exports.showContext = async (event, context) => ({
  id: context.awsRequestId,
  arn: context.invokedFunctionArn,
  name: context.functionName,
  version: context.functionVersion,
  memory: context.memoryLimitInMB,
  group: context.logGroupName,
  stream: context.logStreamName,
  remaining: context.getRemainingTimeInMillis(),
  tenant: context.tenantId,
  identity: context.identity,
  client: context.clientContext,
  trace: process.env._X_AMZN_TRACE_ID,
});
exports.meets = async (event, context) => {
  const fs = require('node:fs');
  fs.writeFileSync(`${event.place}/${context.awsRequestId}`, '');
  const end = Date.now() + 20000;
  while (fs.readdirSync(event.place).length < event.count && Date.now() < end) await new Promise((resolve) => setTimeout(resolve, 5));
  return { mine: event.mine, met: Math.min(fs.readdirSync(event.place).length, event.count) };
};
exports.environment = async () => ({ env: process.env, argv: process.execArgv });
exports.layer = async () => require('layered');

const { streamifyResponse, HttpResponseStream } = globalThis.awslambda;
exports.stream = streamifyResponse(async (event, stream) => {
  stream.setContentType('text/plain');
  stream.write('eins ');
  stream.write('zwei');
  stream.end();
});
exports.streamBig = streamifyResponse(async (event, stream) => {
  const { pipeline } = require('node:stream/promises');
  const { Readable } = require('node:stream');
  await pipeline(Readable.from((function* () {
    for (let i = 0; i < event.count; i++) yield Buffer.alloc(65536, i & 255);
  })()), stream);
});
exports.streamHttp = streamifyResponse(async (event, stream) => {
  const http = HttpResponseStream.from(stream, { statusCode: 201, headers: { a: 'b' }, cookies: ['c=d'] });
  http.write('body');
  http.end();
});
exports.streamFailsEarly = streamifyResponse(async () => {
  throw new Error('early');
});
exports.streamFailsLate = streamifyResponse(async (event, stream) => {
  stream.write('part');
  await new Promise((resolve) => setTimeout(resolve, 20));
  throw new Error('late');
});
exports.streamDestroyed = streamifyResponse(async (event, stream) => {
  stream.write('part');
  await new Promise((resolve) => setTimeout(resolve, 20));
  stream.destroy(new Error('torn'));
});
