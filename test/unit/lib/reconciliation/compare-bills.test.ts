// The memory that a comparison keeps: V8 represents the cells of a bill as slices, which keep the text around them.
import { createHash } from 'node:crypto';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { compareTradeBill } from '../../../../lib/reconciliation/compare-bills.ts';
import { createDifferenceRecorder } from '../../../../lib/reconciliation/difference-recorder.ts';
import { noForeignLines } from '../../../../lib/reconciliation/foreign-lines.ts';
import { readTradeBill } from '../../../../lib/reconciliation/trade-bill.ts';
import { noVirtualPayments } from '../../../../lib/reconciliation/virtual-payments.ts';
import type { Table } from '../../../../lib/store/table.ts';
import { APP_ID, MCH_ID, tradeBill } from '../../../support/bill-files.ts';

const CHUNK_BYTES = 64 * 1024;
const LINES = 30_000;
const MAX_BYTES = 200;

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** Returns the bytes of heap that the result of `work` keeps for each line of a bill. */
async function bytesPerLine(work: (lines: number) => Promise<unknown>): Promise<number> {
  await work(1_000);
  collectGarbage();
  const before = process.memoryUsage().heapUsed;
  const kept = await work(LINES);
  collectGarbage();
  const bytes = process.memoryUsage().heapUsed - before;
  expect(kept).toBeDefined();
  return bytes / LINES;
}

/** Compares a bill of `lines` lines with a ledger that contains all of them, or none. */
async function compare(lines: number, { inLedger }: { inLedger: boolean }) {
  const table = ledgerTable(inLedger);
  const report = { add: async () => undefined, end: async () => undefined };
  const recorder = createDifferenceRecorder(
    { table },
    { date: '2026-11-20', report, seenAt: '2026-11-21T02:30:00.000Z' },
  );
  const log = { info: () => undefined, warn: () => undefined, error: () => undefined };
  const repairs = { recheckOrder: async () => undefined, reportRefund: async () => undefined };
  const foreign = noForeignLines();
  const deps = { table, recorder, log, foreign, virtualPayments: noVirtualPayments(), ...repairs };
  const settled = await compareTradeBill(deps, readTradeBill(bill(lines)));
  expect(settled.orders.size + settled.refunds.size).toBe(lines);
  expect(recorder.count()).toBe(inLedger ? 0 : lines);
  return { settled, recorder };
}

/** Generates a bill of payments, and of a refund for each of them. */
async function* bill(lines: number): AsyncGenerator<Buffer> {
  const payments = Array.from({ length: lines / 2 }, (_, index) => {
    const outTradeNo = createHash('md5').update(String(index)).digest('hex');
    return { outTradeNo, transactionId: '4200', yuan: '18.00' };
  });
  const refunds = payments.map((payment) => {
    return { payment, outRefundNo: `R${payment.outTradeNo}`, refundId: '5030', yuan: '18.00' };
  });
  const bytes = Buffer.from(tradeBill({ payments, refunds }));
  for (let from = 0; from < bytes.length; from += CHUNK_BYTES) yield bytes.subarray(from, from + CHUNK_BYTES);
}

interface Request {
  input: { RequestItems?: Record<string, { Keys: { pk: string; sk: string }[] }> };
}

/** Creates a table that contains every account, and every order and refund, or none of them. */
function ledgerTable(inLedger: boolean): Table {
  const item = ({ pk, sk }: { pk: string; sk: string }): object[] => {
    if (sk === 'ACCOUNT') return [{ pk, sk, id: pk.replace('ACCOUNT#', '') }];
    if (!inLedger) return [];
    if (sk !== 'REFUND') {
      const order = { state: 'PAID', appId: APP_ID, mchId: MCH_ID, transactionId: '4200' };
      return [{ pk, sk, ...order, outTradeNo: sk.replace('ORDER#', ''), amountFen: 1_800 }];
    }
    const outRefundNo = pk.replace('REFUND#', '');
    return [{ pk, sk, outRefundNo, outTradeNo: outRefundNo.slice(1), status: 'SUCCESS', amountFen: 1_800 }];
  };
  const send = async ({ input }: Request) => {
    const { Keys = [] } = input.RequestItems?.['ledger'] ?? {};
    return { Responses: { ledger: Keys.flatMap(item) } };
  };
  return { name: 'ledger', client: { send } } as unknown as Table;
}

describe('memory of compareTradeBill', () => {
  it('keeps the order and refund numbers of a bill, and not its text', async () => {
    const settled = async (lines: number) => (await compare(lines, { inLedger: true })).settled;
    expect(await bytesPerLine(settled)).toBeLessThan(MAX_BYTES);
  });

  it('keeps the numbers of recorded differences, and not the text of the bill', async () => {
    const recorder = async (lines: number) => (await compare(lines, { inLedger: false })).recorder;
    expect(await bytesPerLine(recorder)).toBeLessThan(MAX_BYTES);
  });
});
