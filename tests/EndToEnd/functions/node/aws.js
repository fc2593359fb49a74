// AWS's own clients, bundled into one file as functions deploy them.
export { DynamoDB } from '@aws-sdk/client-dynamodb';
export { Lambda } from '@aws-sdk/client-lambda';
