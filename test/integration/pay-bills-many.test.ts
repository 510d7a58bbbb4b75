// Days of many lines, by the function as it is deployed: `npm run bench` has a million.
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { BatchWriteCommand, DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { clientSettings } from '../../infra/service/table.ts';
import { inBatches } from '../../lib/reconciliation/in-batches.ts';
import { keys, paidEntry } from '../../lib/store/keys.ts';
import { measureBills } from '../bench/bills.ts';
import { bookedItem, bookedNumbers, DAY, expectedOf, makeDay } from '../support/bill-day.ts';
import { startBillServer } from '../support/bill-server.ts';
import { runBills } from '../support/run-bills.ts';
import { freshTable } from '../support/table.ts';

let wechat: Awaited<ReturnType<typeof startBillServer>>;
beforeAll(async () => void (wechat = await startBillServer()));
afterAll(() => wechat.close());

it('50 000 lines take little memory', async () => {
  const { answer, peakMb, progress } = await measureBills(50_000, { memoryMb: 256 });
  expect(answer).toEqual({ date: DAY, ...expectedOf(50_000), report: `bills/${DAY}.json` });
  expect(peakMb).toBeLessThan(200);
  // One for each bill.
  expect(progress).toBe(2);
});

// Writes get slower the more the engine holds: it has fewer lines.
it('5 000 lines agree with books on the real engine, both ways', async () => {
  const { name: tableName, endpoint } = await freshTable();
  await fill({ tableName, endpoint }, 5_000);
  const { trade, fundFlow } = await makeDay(5_000);
  Object.assign(wechat.offers, { trade: [trade], fundFlow: [fundFlow] });
  const { answer } = await runBills(wechat, { tableName, endpoint });
  expect(answer).toEqual({ date: DAY, ...expectedOf(5_000), report: `bills/${DAY}.json` });

  // Half of the day: what is not in the bill any more is missing there, but for the orders that nobody knows.
  const half = await makeDay(2_500);
  Object.assign(wechat.offers, { trade: [half.trade], fundFlow: [half.fundFlow] });
  const missing = [...bookedNumbers(5_000)].length - [...bookedNumbers(2_500)].length;
  const differences = expectedOf(2_500).differences + missing;
  expect((await runBills(wechat, { tableName, endpoint })).answer).toMatchObject({ lines: 5_000, differences });
});

it('the settings of API v2 are enough for its bill', async () => {
  const { name: tableName, endpoint } = await freshTable();
  const { trade } = await makeDay(40);
  Object.assign(wechat.offers, { v2: [trade] });
  const { answer } = await runBills(wechat, { tableName, endpoint }, { api: 'v2' });
  // Two lines of the forty are refunds; nobody knows any of them.
  expect(answer).toMatchObject({ lines: 40, differences: 40 });
  expect(wechat.reports.get(`/reports/bills/${DAY}.json`)).toContain('"api": "v2"');
});

async function fill({ tableName, endpoint }: { tableName: string; endpoint: string }, lines: number): Promise<void> {
  const client = DynamoDBDocumentClient.from(new DynamoDBClient(clientSettings(endpoint)));
  await inBatches(bookedNumbers(lines, { refunds: true }), { size: 25, inFlight: 4 }, async (numbers) => {
    const items = numbers.map((no) => {
      const item = bookedItem(no)!;
      const key = no.startsWith('R')
        ? keys.refund(no)
        : { ...keys.order(no), ...paidEntry(no, String(item['paidAt'])) };
      return { PutRequest: { Item: { ...key, ...item } } };
    });
    await client.send(new BatchWriteCommand({ RequestItems: { [tableName]: items } }));
  });
}
