// A ledger on the real engine, and the flow that reconciles it with the bills of a bill server.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GetCommand, PutCommand, QueryCommand } from '@aws-sdk/lib-dynamodb';
import { redact, type Log } from '../../lib/core/log.ts';
import { runtime } from '../../lib/core/runtime.ts';
import { reconcile } from '../../lib/reconciliation/reconcile.ts';
import { keys } from '../../lib/store/keys.ts';
import { markPaid, putOrder, type Order } from '../../lib/store/orders.ts';
import { writeRefund, type RefundStatus } from '../../lib/store/refunds.ts';
import type { Table } from '../../lib/store/table.ts';
import { APP_ID, fundFlowBill, MCH_ID, OPEN_ID, tradeBill, type Flow, type Payment } from './bill-files.ts';
import { billSettings, startBillServer } from './bill-server.ts';
import { loadReconciliation } from '../../lib/wiring/reconciliation.ts';
import { loadTable } from '../../lib/wiring/table.ts';
import { freshTable, removeDeadline } from './table.ts';

export const DATE = '2026-11-20';
/** 10:30 in Beijing on the next day. */
const NOW = '2026-11-21T02:30:00.000Z';
const LOST_OWNER = '0123456789abcdef';

export type Reconciler = Awaited<ReturnType<typeof createReconciler>>;

export async function createReconciler() {
  const temporary = temporaryFolder();
  const { name, endpoint } = await freshTable();
  const wechat = await startBillServer();
  const endpoints = { TABLE_NAME: name, AWS_ENDPOINT_URL_DYNAMODB: endpoint };
  Object.assign(process.env, endpoints);
  const clock = { now: Date.parse(NOW) };
  const lines: string[] = [];
  const repairs = { orders: [] as string[], refunds: [] as object[], fail: false };
  const outside = { ...runtime, sleep: async () => undefined, log: recordingLog(lines) };
  const { table } = await loadTable(outside);
  removeDeadline(table);
  /** The dependencies of the deployed function. The clock of the flow is replaced, and repairs are only recorded. */
  const load = async (api: 'v3' | 'v2', changed: Record<string, string> = {}) => {
    Object.assign(process.env, endpoints, billSettings(wechat, api), changed);
    return {
      ...(await loadReconciliation(outside)),
      now: () => clock.now,
      recheckOrder: async (outTradeNo: string) => {
        repairs.orders.push(outTradeNo);
        if (repairs.fail) throw new Error('WeChat is unavailable');
      },
      reportRefund: async (refund: object) => void repairs.refunds.push(refund),
    };
  };
  const deps = await load('v3');
  const report = (date = DATE) => JSON.parse(wechat.reports.get(`/reports/bills/${date}.json`)!) as ReportFile;
  const recorded = async (date = DATE) => {
    const query = new QueryCommand({
      TableName: name,
      KeyConditionExpression: 'pk = :pk AND begins_with(sk, :sk)',
      ExpressionAttributeValues: { ':pk': `BILL#${date}`, ':sk': 'DIFF#' },
    });
    return ((await table.client.send(query)).Items ?? []).map(({ pk: _pk, sk: _sk, ...item }) => item);
  };
  return {
    wechat,
    table,
    clock,
    lines,
    repairs,
    deps,
    run: (input: unknown = { date: DATE }) => reconcile(deps, input),
    runV2: async (changed: Record<string, string> = {}) => reconcile(await load('v2', changed), { date: DATE }),
    report,
    recorded,
    /** Offers the bills of the day. */
    offer: (trade: Parameters<typeof tradeBill>[0], flows?: Flow[]) => {
      wechat.offers.trade = [{ text: tradeBill(trade) }];
      wechat.offers.fundFlow = flows ? [{ text: fundFlowBill(flows) }] : [];
    },
    /** Runs the flow and returns its differences, after checking that report and table contain the same. */
    differences: async () => {
      const { differences: count } = await reconcile(deps, { date: DATE });
      const { differences: listed } = report();
      assert.equal(listed.length, count);
      const names = (all: { kind?: unknown; no?: unknown }[]) => all.map(({ kind, no }) => `${kind} ${no}`).toSorted();
      assert.deepEqual(names(await recorded()), names(listed));
      return listed;
    },
    summary: async (date = DATE) =>
      (await table.client.send(new GetCommand({ TableName: name, Key: { pk: `BILL#${date}`, sk: 'BILL' } }))).Item,
    order: (change: Partial<Order> = {}) => order(table, change),
    /** Returns the number of an order that the ledger has lost: its account exists. */
    lostOrderNo: async (end: string) => {
      await table.client.send(
        new PutCommand({ TableName: name, Item: { ...keys.account(LOST_OWNER), id: LOST_OWNER } }),
      );
      return LOST_OWNER + end.padStart(16, '0');
    },
    /** Stores an order that was paid on the day, and returns it as the bill lists it. */
    paidOrder: async (change: Partial<Order> = {}): Promise<Payment & { order: Order }> => {
      const made = await order(table, change);
      const transactionId = `4200${made.outTradeNo.slice(-24)}`;
      const { paidAt = `${DATE}T04:00:00.000Z` } = change;
      await markPaid(table, termsOf(made), { transactionId, paidAt, from: ['NOTPAY'] });
      return { outTradeNo: made.outTradeNo, transactionId, yuan: (made.amountFen / 100).toFixed(2), order: made };
    },
    refund: async (payment: Payment & { order: Order }, amountFen: number, status: RefundStatus = 'SUCCESS') => {
      const outRefundNo = `R${randomBytes(12).toString('hex')}`;
      const refund = {
        outRefundNo,
        outTradeNo: payment.outTradeNo,
        amountFen,
        status,
        source: 'API' as const,
        createdAt: `${DATE}T05:00:00.000Z`,
        changedAt: `${DATE}T05:00:00.000Z`,
      };
      const seen = { order: { ...payment.order, state: 'PAID' as const }, refund: undefined };
      const money = { state: 'PAID' as const, refundedFen: 0, refundingFen: 0, refundCount: 1 };
      if (!(await writeRefund(table, seen, { refund, money, followUpAtMs: undefined })))
        throw new Error('refund not stored');
      return { payment, outRefundNo, refundId: `5030${outRefundNo.slice(-24)}`, yuan: (amountFen / 100).toFixed(2) };
    },
    /** Ends a test. Checks that no temporary file is left and that no log or report contains the openid of the bills. */
    close: () => {
      wechat.close();
      temporary.assertEmpty();
      assert.doesNotMatch([...lines, ...wechat.reports.values()].join('\n'), new RegExp(OPEN_ID));
    },
  };
}

/** Creates a folder for the temporary files of one test. */
function temporaryFolder() {
  const before = process.env['TMPDIR'];
  const folder = mkdtempSync(join(tmpdir(), 'test-bills-'));
  process.env['TMPDIR'] = folder;
  assert.equal(tmpdir(), folder);
  return {
    assertEmpty: () => {
      if (before === undefined) delete process.env['TMPDIR'];
      else process.env['TMPDIR'] = before;
      assert.deepEqual(readdirSync(folder), []);
      // Open files have no name. Only Linux lists them.
      if (existsSync('/proc/self/fd'))
        assert.deepEqual(
          openFiles().filter((path) => path.startsWith(folder)),
          [],
        );
      rmSync(folder, { recursive: true });
    },
  };
}

function openFiles(): string[] {
  return readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      return [readlinkSync(`/proc/self/fd/${fd}`)];
    } catch {
      return [];
    }
  });
}

interface ReportFile {
  date: string;
  api: string;
  madeAt: string;
  bills: Record<'trade' | 'fundFlow', Record<string, number>>;
  differences: { kind: string; no: string; ours?: unknown; theirs?: unknown }[];
  foreign: Record<string, number>;
  fees?: { lines: number; fen: number };
}

function termsOf({ outTradeNo, appId, mchId, amountFen, currency }: Order) {
  return { outTradeNo, appId, mchId, amountFen, currency };
}

async function order(table: Table, change: Partial<Order>): Promise<Order> {
  const made: Order = {
    outTradeNo: randomBytes(16).toString('hex'),
    sku: 'coffee',
    description: 'Coffee',
    kind: 'goods',
    amountFen: 1800,
    currency: 'CNY',
    state: 'NOTPAY',
    createdAt: `${DATE}T03:00:00.000Z`,
    requestFingerprint: 'a',
    api: 'v3',
    tradeType: 'JSAPI',
    timeExpire: `${DATE}T05:00:00+08:00`,
    notifyUrl: 'http://localhost:9/pay-notify',
    mchId: MCH_ID,
    appId: APP_ID,
    refundedFen: 0,
    refundingFen: 0,
    refundCount: 0,
    ...change,
  };
  delete made.paidAt;
  return putOrder(table, made, Date.parse(NOW));
}

function recordingLog(lines: string[]): Log {
  const record = (event: string, fields?: object) => void lines.push(redact({ evt: event, ...fields }));
  return { info: record, warn: record, error: record };
}
