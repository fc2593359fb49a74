// Stands in for the AWS SDK: writes what is stored to the function's log, and answers as an account with one admin would.
const kept = (what) => ({ promise: async () => console.log(`stored ${JSON.stringify(what)}`) });

class DocumentClient { put(item) { return kept(item); } }
class S3 { putObject({ Body }) { return kept(String(Body)); } }

class Client {
  async send({ input, constructor: { name } }) {
    if (name === 'AdminGetUserCommand') return { UserAttributes: [{ Name: 'custom:is_admin', Value: 'false' }] };
    if (name === 'GetItemCommand') return { Item: { isAdmin: { BOOL: true } } };
    return { Payload: Buffer.from(JSON.stringify({ called: input.FunctionName })) };
  }
}
class Command { constructor(input) { this.input = input; } }

module.exports = {
  DynamoDB: { DocumentClient }, S3, LambdaClient: class extends Client {}, CognitoIdentityProviderClient: class extends Client {}, DynamoDBClient: class extends Client {},
  InvokeCommand: class InvokeCommand extends Command {}, AdminGetUserCommand: class AdminGetUserCommand extends Command {}, GetItemCommand: class GetItemCommand extends Command {},
  v4: () => 'a-name', util: { base64url: { decode: (text) => Buffer.from(text, 'base64url') } },
};
