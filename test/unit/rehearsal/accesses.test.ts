import { describe, expect, it } from 'vitest';
import { accessesOf, type AwsRequest } from '../../rehearsal/iam/accesses.ts';

const PLACE = { region: 'ap-southeast-1', account: '000000000000' };
const TABLE = 'arn:aws:dynamodb:ap-southeast-1:000000000000:table/shop';

const read = (target: string | undefined, input: object = {}, method = 'POST', path = '/') =>
  accessesOf(
    {
      method,
      target: path,
      headers: target === undefined ? {} : { 'x-amz-target': target },
      body: Buffer.from(JSON.stringify(input)),
    },
    PLACE,
  );
const dynamo = (operation: string, input: object) => read(`DynamoDB_20120810.${operation}`, input);
const keyed = (action: string, ...keys: string[]) => ({
  action,
  resource: TABLE,
  context: { 'dynamodb:leadingkeys': keys },
});
const shop = { TableName: 'shop' };
const item = (pk: string) => ({ pk: { S: pk }, sk: { S: 'x' } });

describe('accessesOf, DynamoDB', () => {
  it.each([
    ['GetItem', { ...shop, Key: item('A#1') }, keyed('dynamodb:GetItem', 'A#1')],
    ['PutItem', { ...shop, Item: item('A#1') }, keyed('dynamodb:PutItem', 'A#1')],
    [
      'Query',
      {
        ...shop,
        KeyConditionExpression: 'begins_with(sk, :s) AND #p = :p',
        ExpressionAttributeNames: { '#p': 'pk' },
        ExpressionAttributeValues: { ':p': { S: 'A#1' }, ':s': { S: 'x' } },
      },
      keyed('dynamodb:Query', 'A#1'),
    ],
    [
      'Query',
      {
        ...shop,
        IndexName: 'follow-ups',
        KeyConditionExpression: 'followUpPk = :p AND followUpSk < :now',
        ExpressionAttributeValues: { ':p': { S: 'FOLLOWUP#1' } },
      },
      { ...keyed('dynamodb:Query', 'FOLLOWUP#1'), resource: `${TABLE}/index/follow-ups` },
    ],
    ['Scan', shop, { action: 'dynamodb:Scan', resource: TABLE }],
  ])('returns the action, the resource and the partition key of %s', (operation, input, access) => {
    expect(dynamo(operation, input)).toEqual([access]);
  });

  it('returns one access per action of a transaction, with all keys of that action', () => {
    const TransactItems = [
      { Put: { ...shop, Item: item('A#1') } },
      { Update: { ...shop, Key: item('B#1') } },
      { Delete: { ...shop, Key: item('C#1') } },
      { ConditionCheck: { ...shop, Key: item('D#1') } },
      { Update: { ...shop, Key: item('E#1') } },
    ];
    expect(dynamo('TransactWriteItems', { TransactItems })).toEqual([
      keyed('dynamodb:PutItem', 'A#1'),
      keyed('dynamodb:UpdateItem', 'B#1', 'E#1'),
      keyed('dynamodb:DeleteItem', 'C#1'),
      keyed('dynamodb:ConditionCheckItem', 'D#1'),
    ]);
  });

  it('returns one access for a batch, with all of its keys', () => {
    const reading = { shop: { Keys: [item('A#1'), item('B#1')] } };
    expect(dynamo('BatchGetItem', { RequestItems: reading })).toEqual([keyed('dynamodb:BatchGetItem', 'A#1', 'B#1')]);
    const writing = { shop: [{ PutRequest: { Item: item('A#1') } }, { DeleteRequest: { Key: item('B#1') } }] };
    expect(dynamo('BatchWriteItem', { RequestItems: writing })).toEqual([
      keyed('dynamodb:BatchWriteItem', 'A#1', 'B#1'),
    ]);
  });

  it('throws for an index without an entry in PARTITION_KEYS', () => {
    expect(() => dynamo('Query', { ...shop, IndexName: 'new' })).toThrow(/new/);
  });
});

describe('accessesOf, other services', () => {
  const arn = 'arn:aws:ssm:ap-southeast-1:000000000000:parameter/shop/prod';

  it('returns one access per parameter', () => {
    expect(read('AmazonSSM.GetParameters', { Names: ['/shop/prod/A', '/shop/prod/B'] })).toEqual([
      { action: 'ssm:GetParameters', resource: `${arn}/A` },
      { action: 'ssm:GetParameters', resource: `${arn}/B` },
    ]);
    expect(read('AmazonSSM.GetParametersByPath', { Path: '/shop/prod' })).toEqual([
      { action: 'ssm:GetParametersByPath', resource: arn },
    ]);
  });

  it('returns one access per event bus', () => {
    const Entries = [{ EventBusName: 'shop' }, { EventBusName: 'shop' }, {}];
    expect(read('AWSEvents.PutEvents', { Entries }).map(({ resource }) => resource)).toEqual([
      'arn:aws:events:ap-southeast-1:000000000000:event-bus/shop',
      'arn:aws:events:ap-southeast-1:000000000000:event-bus/default',
    ]);
  });

  it.each([
    ['PUT', '/reports/bills/x.json?x-id=PutObject', {}, ['s3:PutObject']],
    ['PUT', '/reports/bills/x.json', { 'x-amz-tagging': 'a=b' }, ['s3:PutObject', 's3:PutObjectTagging']],
    ['GET', '/reports/bills/x.json', {}, ['s3:GetObject']],
    ['DELETE', '/reports/bills/x.json', {}, ['s3:DeleteObject']],
    ['DELETE', '/reports/bills/x.json?tagging', {}, ['s3:DeleteObjectTagging']],
  ])('returns the accesses of the S3 call %s %s with the headers %j', (method, target, headers, actions) => {
    const request = { method, target, headers, body: Buffer.alloc(0) } as AwsRequest;
    expect(accessesOf(request, PLACE)).toEqual(
      actions.map((action) => ({ action, resource: 'arn:aws:s3:::reports/bills/x.json' })),
    );
  });

  it.each([
    ['a call of a service that no function uses', 'AmazonSQS.SendMessage', 'POST', '/'],
    ['a call on a whole bucket', undefined, 'GET', '/reports'],
    ['an S3 call with another method', undefined, 'POST', '/reports/x'],
  ])('throws for %s', (_, target, method, path) => {
    expect(() => read(target, {}, method, path)).toThrow(/has no IAM action/);
  });
});
