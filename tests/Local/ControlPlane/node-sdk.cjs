// npm's @aws-sdk/client-lambda, unchanged, through a function's life. Usage: node node-sdk.cjs ENDPOINT CLIENTS ZIP
'use strict';
const assert = require('node:assert');
const fs = require('node:fs');
const { createRequire } = require('node:module');
const [endpoint, clients, zip] = process.argv.slice(2);
const sdk = createRequire(clients + '/')('@aws-sdk/client-lambda');
const client = new sdk.LambdaClient({ endpoint, region: 'eu-west-1', credentials: { accessKeyId: 'a', secretAccessKey: 'b' }, maxAttempts: 1 });
const send = (name, input = {}) => client.send(new sdk[name + 'Command'](input));
const fails = async (error, status, name, input) => {
  const e = await send(name, input).then(() => assert.fail(`${name} did not fail`), e => e);
  assert.equal(e.name, error, `${name}: ${e.name}: ${e.message}`);
  assert.equal(e.$metadata.httpStatusCode, status, name);
  return e;
};
const text = bytes => Buffer.from(bytes).toString();
const Role = 'arn:aws:iam::123456789012:role/r';
const FunctionName = 'f';

(async () => {
  const ZipFile = fs.readFileSync(zip);
  const layer = await send('PublishLayerVersion', { LayerName: 'lib', Content: { ZipFile }, CompatibleRuntimes: ['nodejs20.x'], LicenseInfo: 'MIT' });
  assert.equal(layer.Version, 1);
  assert.equal((await send('GetLayerVersion', { LayerName: 'lib', VersionNumber: 1 })).Content.CodeSize, ZipFile.length);
  assert.equal((await send('GetLayerVersionByArn', { Arn: layer.LayerVersionArn })).LicenseInfo, 'MIT');
  assert.deepEqual((await send('ListLayers')).Layers.map(l => l.LayerName), ['lib']);
  assert.deepEqual((await send('ListLayerVersions', { LayerName: 'lib' })).LayerVersions.map(v => v.Version), [1]);

  const created = await send('CreateFunction', { FunctionName, Role, Runtime: 'nodejs20.x', Handler: 'app.h', Code: { ZipFile }, Layers: [layer.LayerVersionArn], Environment: { Variables: { AB: 'ä' } }, Tags: { team: 'a' } });
  assert.equal(created.State, 'Pending');
  await sdk.waitUntilFunctionActiveV2({ client, maxWaitTime: 20 }, { FunctionName });
  const got = await send('GetFunction', { FunctionName });
  assert.deepEqual([got.Configuration.State, got.Configuration.Environment.Variables.AB, got.Tags.team, got.Code.RepositoryType], ['Active', 'ä', 'a', 'S3']);
  assert.deepEqual(Buffer.from(await (await fetch(got.Code.Location)).arrayBuffer()), ZipFile);
  assert.equal((await send('GetFunctionConfiguration', { FunctionName })).CodeSha256, created.CodeSha256);

  const invoked = await send('Invoke', { FunctionName, Payload: Buffer.from('{"a":1}'), LogType: 'Tail' });
  assert.deepEqual([invoked.StatusCode, text(invoked.Payload), invoked.ExecutedVersion, Buffer.from(invoked.LogResult, 'base64').toString()], [200, '{"a":1}', '$LATEST', 'line']);
  assert.equal((await send('Invoke', { FunctionName, InvocationType: 'Event', Payload: '{}' })).StatusCode, 202);
  assert.equal((await send('Invoke', { FunctionName, InvocationType: 'DryRun' })).StatusCode, 204);
  const chunks = [];
  for await (const event of (await send('InvokeWithResponseStream', { FunctionName, LogType: 'Tail' })).EventStream) chunks.push(event);
  assert.deepEqual(chunks.slice(0, -1).map(c => text(c.PayloadChunk.Payload)), ['one', 'two']);
  assert.equal(chunks.at(-1).InvokeComplete.LogResult, 'dGFpbA==');

  const revision = (await send('GetFunctionConfiguration', { FunctionName })).RevisionId;
  const updated = await send('UpdateFunctionConfiguration', { FunctionName, RevisionId: revision, Timeout: 9, Layers: [], Environment: { Variables: {} } });
  assert.notEqual(updated.RevisionId, revision);
  await fails('PreconditionFailedException', 412, 'UpdateFunctionConfiguration', { FunctionName, RevisionId: revision, Timeout: 10 });
  await sdk.waitUntilFunctionUpdatedV2({ client, maxWaitTime: 20 }, { FunctionName });
  await send('UpdateFunctionCode', { FunctionName, ZipFile, Publish: false, DryRun: true });
  await send('UpdateFunctionCode', { FunctionName, ZipFile });
  await sdk.waitUntilFunctionUpdatedV2({ client, maxWaitTime: 20 }, { FunctionName });
  assert.equal((await send('PublishVersion', { FunctionName, Description: 'one' })).Version, '1');
  assert.deepEqual((await send('ListVersionsByFunction', { FunctionName })).Versions.map(v => v.Version), ['$LATEST', '1']);

  for (const Name of ['live', 'blue']) await send('CreateAlias', { FunctionName, Name, FunctionVersion: '1' });
  assert.equal((await send('UpdateAlias', { FunctionName, Name: 'live', Description: 'd' })).Description, 'd');
  assert.equal((await send('GetAlias', { FunctionName, Name: 'live' })).FunctionVersion, '1');
  assert.deepEqual((await send('ListAliases', { FunctionName })).Aliases.map(a => a.Name).sort(), ['blue', 'live']);
  await send('DeleteAlias', { FunctionName, Name: 'blue' });

  const statement = JSON.parse((await send('AddPermission', { FunctionName, StatementId: 's', Action: 'lambda:InvokeFunction', Principal: 's3.amazonaws.com', SourceAccount: '123456789012' })).Statement);
  assert.equal(statement.Condition.StringEquals['AWS:SourceAccount'], '123456789012');
  assert.equal(JSON.parse((await send('GetPolicy', { FunctionName })).Policy).Statement.length, 1);
  await send('RemovePermission', { FunctionName, StatementId: 's' });
  await fails('ResourceNotFoundException', 404, 'GetPolicy', { FunctionName });

  const Resource = created.FunctionArn;
  await send('TagResource', { Resource, Tags: { k: 'v' } });
  assert.deepEqual((await send('ListTags', { Resource })).Tags, { team: 'a', k: 'v' });
  await send('UntagResource', { Resource, TagKeys: ['k'] });

  const url = await send('CreateFunctionUrlConfig', { FunctionName, AuthType: 'NONE', InvokeMode: 'BUFFERED' });
  assert.equal((await send('GetFunctionUrlConfig', { FunctionName })).FunctionUrl, url.FunctionUrl);
  assert.equal((await send('UpdateFunctionUrlConfig', { FunctionName, AuthType: 'AWS_IAM' })).AuthType, 'AWS_IAM');
  assert.equal((await send('ListFunctionUrlConfigs', { FunctionName })).FunctionUrlConfigs.length, 1);
  await send('DeleteFunctionUrlConfig', { FunctionName });
  await fails('ResourceNotFoundException', 404, 'GetFunctionUrlConfig', { FunctionName });

  for (let i = 0; i < 7; i++) await send('CreateFunction', { FunctionName: `g${i}`, Role, Runtime: 'nodejs20.x', Handler: 'app.h', Code: { ZipFile } });
  const names = [];
  let pages = 0;
  for await (const page of sdk.paginateListFunctions({ client, pageSize: 3 }, {})) {
    pages++;
    names.push(...page.Functions.map(f => f.FunctionName));
  }
  assert.deepEqual([pages, names.sort()], [3, ['f', 'g0', 'g1', 'g2', 'g3', 'g4', 'g5', 'g6']]);

  await fails('ResourceConflictException', 409, 'CreateFunction', { FunctionName, Role, Runtime: 'nodejs20.x', Handler: 'a.h', Code: { ZipFile } });
  await fails('InvalidParameterValueException', 400, 'CreateFunction', { FunctionName: 'h', Role, Runtime: 'nodejs20.x', Handler: 'a.h', Code: { ZipFile: Buffer.from('no zip') } });
  await fails('InvalidParameterValueException', 400, 'UpdateFunctionConfiguration', { FunctionName, Layers: ['arn:aws:lambda:eu-west-1:123456789012:layer:none:1'] });
  await fails('ResourceNotFoundException', 404, 'Invoke', { FunctionName: 'none' });
  await fails('InvalidRequestContentException', 400, 'Invoke', { FunctionName, Payload: '{' });
  await send('PutFunctionConcurrency', { FunctionName, ReservedConcurrentExecutions: 0 });
  const throttled = await fails('TooManyRequestsException', 429, 'Invoke', { FunctionName });
  assert.equal(throttled.Reason, 'ReservedFunctionConcurrentInvocationLimitExceeded');
  await send('DeleteFunctionConcurrency', { FunctionName });

  await send('DeleteLayerVersion', { LayerName: 'lib', VersionNumber: 1 });
  await fails('ResourceNotFoundException', 404, 'GetLayerVersion', { LayerName: 'lib', VersionNumber: 1 });
  await send('DeleteFunction', { FunctionName });
  await fails('ResourceNotFoundException', 404, 'GetFunction', { FunctionName });
  console.log('complete');
})().catch(e => { console.error(e); process.exit(1); });
