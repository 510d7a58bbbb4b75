// Days of many lines, reconciled by the deployed bundle. `npm run bench` runs a million.
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { BatchWriteCommand, PutCommand, DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { clientSettings } from '../../infra/service/table.ts';
import { inBatches } from '../../lib/reconciliation/in-batches.ts';
import { keys, paidEntry } from '../../lib/store/keys.ts';
import { measureBills } from '../bench/bills.ts';
import { ledgerItem, ledgerNumbers, DAY, expectedOf, makeDay, ownersOfUnknown } from '../support/bill-day.ts';
import { startBillServer } from '../support/bill-server.ts';
import { runBills } from '../support/run-bills.ts';
import { freshTable } from '../support/table.ts';

let wechat: Awaited<ReturnType<typeof startBillServer>>;
beforeAll(async () => void (wechat = await startBillServer()));
afterAll(() => wechat.close());

it('reconciles 50 000 lines within 200 MB', async () => {
  const { answer, peakMb, progress } = await measureBills(50_000, { memoryMb: 256 });
  expect(answer).toEqual({ date: DAY, ...expectedOf(50_000), report: `bills/${DAY}.json` });
  expect(peakMb).toBeLessThan(200);
  // One per bill.
  expect(progress).toBe(2);
});

// Fewer lines, because the engine takes about a millisecond for each of these writes and reads.
it('compares 2 000 lines with the ledger of the real engine, and the ledger with the lines', async () => {
  const { name: tableName, endpoint } = await freshTable();
  await fill({ tableName, endpoint }, 2_000);
  const { trade, fundFlow } = await makeDay(2_000);
  Object.assign(wechat.offers, { trade: [trade], fundFlow: [fundFlow] });
  const { answer } = await runBills(wechat, { tableName, endpoint });
  expect(answer).toEqual({ date: DAY, ...expectedOf(2_000), report: `bills/${DAY}.json` });

  // With half of the bill, the other orders of the ledger are missing in it.
  const half = await makeDay(1_000);
  Object.assign(wechat.offers, { trade: [half.trade], fundFlow: [half.fundFlow] });
  const missing = [...ledgerNumbers(2_000)].length - [...ledgerNumbers(1_000)].length;
  const differences = expectedOf(1_000).differences + missing;
  expect((await runBills(wechat, { tableName, endpoint })).answer).toMatchObject({ lines: 2_000, differences });
});

it('reconciles the bill of API v2 with the settings of API v2 alone', async () => {
  const { name: tableName, endpoint } = await freshTable();
  const { trade } = await makeDay(40);
  Object.assign(wechat.offers, { v2: [trade] });
  const { answer } = await runBills(wechat, { tableName, endpoint }, { api: 'v2' });
  // The table is empty, so no account owns any of the orders.
  expect(answer).toMatchObject({ lines: 40, foreign: 40, differences: 0 });
  expect(wechat.reports.get(`/reports/bills/${DAY}.json`)).toContain('"api": "v2"');
});

async function fill({ tableName, endpoint }: { tableName: string; endpoint: string }, lines: number): Promise<void> {
  const client = DynamoDBDocumentClient.from(new DynamoDBClient(clientSettings(endpoint)));
  for (const id of ownersOfUnknown(lines)) {
    await client.send(new PutCommand({ TableName: tableName, Item: { ...keys.account(id), id } }));
  }
  await inBatches(ledgerNumbers(lines, { refunds: true }), { size: 25, inFlight: 4 }, async (numbers) => {
    const items = numbers.map((no) => {
      const item = ledgerItem(no)!;
      const key = no.startsWith('R')
        ? keys.refund(no)
        : { ...keys.order(no), ...paidEntry(no, String(item['paidAt'])) };
      return { PutRequest: { Item: { ...key, ...item } } };
    });
    await client.send(new BatchWriteCommand({ RequestItems: { [tableName]: items } }));
  });
}
