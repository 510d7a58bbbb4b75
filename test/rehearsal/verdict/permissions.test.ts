// After the end-to-end tests: every function could do what it did, and no more.
import { DeleteTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { describe, expect, inject, it } from 'vitest';
import type { Verdict } from '../verdict.ts';

const { doors, keys, verdict } = inject('rehearsal');
const readVerdict = async () => (await (await fetch(verdict)).json()) as Verdict;

describe('the roles of the functions', () => {
  it('allow all that the functions did, signed as AWS wants it', async () => {
    const { refused, passed } = await readVerdict();
    expect(refused).toEqual([]);
    expect(passed.length).toBeGreaterThan(0);
  });

  it('allow what Lambda does in their name: logs, the stream, dead letters', async () => {
    expect((await readVerdict()).refusedToServices).toEqual([]);
  });

  it('were in force: what nobody may is refused, and what is not signed', async () => {
    const { refused: before } = await readVerdict();
    const endpoint = doors['wechat-lambda-dev-wallet']!;
    const client = new DynamoDBClient({ endpoint, region: 'ap-southeast-1', credentials: keys, maxAttempts: 1 });
    const deletion = new DeleteTableCommand({ TableName: 'wechat-lambda-dev' });
    await expect(client.send(deletion)).rejects.toThrow(/AccessDenied|not authorized.*dynamodb:DeleteTable/);
    const headers = { 'x-amz-target': 'DynamoDB_20120810.GetItem' };
    expect((await fetch(endpoint, { method: 'POST', headers, body: '{}' })).status).toBe(400);
    expect((await readVerdict()).refused).toHaveLength(before.length + 2);
  });
});
