import {
  DescribeTableCommand,
  DescribeTimeToLiveCommand,
  DynamoDBClient,
  PutItemCommand,
} from '@aws-sdk/client-dynamodb';
import { describe, expect, it } from 'vitest';
import { createTable } from '../../../infra/service/table.ts';
import { freshTable } from '../../support/table.ts';

const connect = (endpoint: string) =>
  new DynamoDBClient({
    endpoint,
    region: 'ap-southeast-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });

describe('table on the local engine', () => {
  it('has the keys, the index, the stream and the expiry of infra/table.yml', async () => {
    const { name, endpoint } = await freshTable({ withStream: true });
    const client = connect(endpoint);
    const { Table } = await client.send(new DescribeTableCommand({ TableName: name }));
    expect(Table).toMatchObject({
      TableStatus: 'ACTIVE',
      KeySchema: [
        { AttributeName: 'pk', KeyType: 'HASH' },
        { AttributeName: 'sk', KeyType: 'RANGE' },
      ],
      GlobalSecondaryIndexes: [
        { IndexName: 'follow-ups', Projection: { ProjectionType: 'KEYS_ONLY' } },
        { IndexName: 'paid-on-day', Projection: { ProjectionType: 'KEYS_ONLY' } },
      ],
      StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_AND_OLD_IMAGES' },
    });
    const ttl = await client.send(new DescribeTimeToLiveCommand({ TableName: name }));
    expect(ttl.TimeToLiveDescription).toMatchObject({ AttributeName: 'expiresAt', TimeToLiveStatus: 'ENABLED' });
  });

  it('keeps its items when it is created a second time', async () => {
    const { name, endpoint } = await freshTable();
    const client = connect(endpoint);
    await client.send(new PutItemCommand({ TableName: name, Item: { pk: { S: 'A' }, sk: { S: 'A' } } }));
    await createTable(endpoint, name);
    const { Table } = await client.send(new DescribeTableCommand({ TableName: name }));
    expect(Table?.ItemCount).toBe(1);
  });

  it('has another name for each caller of freshTable', async () => {
    expect((await freshTable()).name).not.toBe((await freshTable()).name);
  });
});
