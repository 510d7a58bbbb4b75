// Runs after the end-to-end tests and checks the calls that the IAM proxies recorded.
import { DeleteTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { describe, expect, inject, it } from 'vitest';
import type { Verdict } from '../verdict.ts';

const { proxies, keys, verdict } = inject('rehearsal');
const readVerdict = async () => (await (await fetch(verdict)).json()) as Verdict;

describe('the roles of the functions', () => {
  it('allow every call of the functions, and every call has a valid signature', async () => {
    const { denied, allowed } = await readVerdict();
    expect(denied).toEqual([]);
    expect(allowed.length).toBeGreaterThan(0);
  });

  it('allow the accesses of Lambda itself: logs, the stream, dead letters', async () => {
    expect((await readVerdict()).deniedToServices).toEqual([]);
  });

  it('are in force: an unlisted action and an unsigned request are denied', async () => {
    const { denied: before } = await readVerdict();
    const endpoint = proxies['wechat-lambda-dev-wallet']!;
    const client = new DynamoDBClient({ endpoint, region: 'ap-southeast-1', credentials: keys, maxAttempts: 1 });
    const deletion = new DeleteTableCommand({ TableName: 'wechat-lambda-dev' });
    await expect(client.send(deletion)).rejects.toThrow(/AccessDenied|not authorized.*dynamodb:DeleteTable/);
    const headers = { 'x-amz-target': 'DynamoDB_20120810.GetItem' };
    expect((await fetch(endpoint, { method: 'POST', headers, body: '{}' })).status).toBe(400);
    expect((await readVerdict()).denied).toHaveLength(before.length + 2);
  });
});
