// Calls to AWS by every client of Node.js's own, against a server of this process: prints each one's outcome, then what arrived.
import { createServer, get, request } from 'http';

const scope = (service) => `AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260101/us-east-1/${service}/aws4_request, SignedHeaders=host, Signature=0`;
const form = 'application/x-www-form-urlencoded; charset=utf-8';
const arrived = [];
const server = createServer((question, answer) => {
  arrived.push(`${question.method} ${question.url}`);
  question.resume().on('end', () => answer.end('{}'));
}).listen(0, '127.0.0.1', run);

const send = (method, path, headers, ...pieces) => new Promise((resolve, reject) => {
  const made = request({ port: server.address().port, host: '127.0.0.1', method, path, headers, agent: false }, (answer) => answer.resume().on('end', resolve)).on('error', reject);
  const last = pieces.pop();
  for (const piece of pieces) made.write(piece);
  made.end(last);
});

async function run() {
  const address = `http://127.0.0.1:${server.address().port}`;
  const dynamo = (operation) => ({ Host: 'dynamodb.us-east-1.amazonaws.com', Authorization: scope('dynamodb'), 'X-Amz-Target': `DynamoDB_20120810.${operation}` });
  const attempts = {
    target: () => send('POST', '/get', dynamo('GetItem'), '{}'),
    'target-evil': () => send('POST', '/evil', dynamo('EVIL'), '{}'),
    'raw-headers-evil': () => send('POST', '/evil', Object.entries(dynamo('EVIL')).flat(), Buffer.from('{}')),
    form: () => send('POST', '/form', { Authorization: scope('sqs'), 'Content-Type': form }, 'Version=1&Action=SendMessage'),
    'form-evil': () => send('POST', '/evil', { Authorization: scope('sqs'), 'Content-Type': form }, Buffer.from('Action=EVIL&x=1')),
    'form-later': () => new Promise((resolve, reject) => {
      const made = request({ port: server.address().port, host: '127.0.0.1', method: 'POST', path: '/later', headers: { Authorization: scope('sqs'), 'Content-Type': form }, agent: false }, (answer) => answer.resume().on('end', resolve)).on('error', reject);
      made.flushHeaders();
      made.end('Action=DeleteMessage');
    }),
    path: () => send('PUT', '/bucket/a%20key?acl', { Authorization: scope('s3') }),
    presigned: () => send('GET', '/key?X-Amz-Credential=A%2F1%2Fr%2Fs3%2Faws4_request', {}),
    unsigned: () => send('POST', '/unsigned', { Host: 'dynamodb.us-east-1.amazonaws.com' }),
    elsewhere: () => new Promise((resolve, reject) => get(`${address}/articles`, { agent: false }, (answer) => answer.resume().on('end', resolve)).on('error', reject)),
    bearer: () => send('GET', '/bearer', { Authorization: 'Bearer dynamodb/aws4_request' }),
    fetch: () => fetch(`${address}/fetch`, { method: 'POST', headers: { Authorization: scope('dynamodb'), 'X-Amz-Target': 'DynamoDB_20120810.Query' }, body: '{}' }),
    'fetch-evil': () => fetch(`${address}/evil`, { method: 'POST', headers: { Authorization: scope('dynamodb'), 'X-Amz-Target': 'DynamoDB_20120810.EVIL' }, body: '{}' }),
    'fetch-form': () => fetch(`${address}/form`, { method: 'POST', headers: { Authorization: scope('sns') }, body: new URLSearchParams({ Action: 'Publish' }) }),
    'fetch-request': () => fetch(new Request(`${address}/key`, { headers: { Authorization: scope('s3') } })),
    'fetch-wrong': () => fetch(),
  };
  for (const [name, attempt] of Object.entries(attempts)) {
    try {
      await attempt();
      console.log(name, 'ok');
    } catch (error) {
      console.log(name, error.code ?? error.name);
    }
  }
  console.log(`arrived ${arrived.join(',')}`);
  server.close();
  server.closeAllConnections();
}
