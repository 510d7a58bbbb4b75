// Property test: random lives of an order, with lost, repeated, late and failed messages between WeChat and the ledger.
// In the end the ledger agrees with WeChat, and no money has appeared or disappeared.
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AppError } from '../../lib/core/errors.ts';
import { checkOrder, closeAtWechat } from '../../lib/pay/check-order.ts';
import type { PayApi, RefundApi, WechatRefund, Transaction } from '../../lib/wechat-pay/pay-api.ts';
import { errorOfPayCode } from '../../lib/wechat-pay/errors.ts';
import { refundOrder } from '../../lib/pay/refund-order.ts';
import { consoleRefund } from '../../lib/pay/report-refund.ts';
import { sweep } from '../../lib/pay/sweep.ts';
import { takeNotification } from '../../lib/pay/take-notification.ts';
import { putOrder, readOrder, type Order } from '../../lib/store/orders.ts';
import { putReportedRefund, readRefund } from '../../lib/store/refunds.ts';
import { createBuyers } from '../support/buyers.ts';
import { asVerified } from '../support/verified.ts';
import { createWorld, ids, type World } from '../support/world.ts';

const AMOUNT = 1800;
const MINUTE_MS = 60_000;

let world: World;
let ownerId: string;
beforeAll(async () => {
  world = await createWorld();
  ownerId = (await (await createBuyers(world)).loggedIn()).user.id;
});
afterAll(() => world.simulator.close());

type Notice = Parameters<typeof takeNotification>[1];
/** The fate of a call: it succeeds, its request is lost, or its response is lost. */
type Luck = 'fine' | 'request-lost' | 'answer-lost';

/** Simulates WeChat Pay with one order. */
function wechatWith(order: Order) {
  let state: 'NOTPAY' | 'SUCCESS' | 'CLOSED' = 'NOTPAY';
  const refunds = new Map<string, WechatRefund>();
  const notices: Notice[] = [];
  const luck: Luck[] = [];
  const transactionId = `42${order.outTradeNo}`;
  const paidAt = '2026-11-20T00:00:00.000Z';
  const payment = { transactionId, paidAt, amountFen: AMOUNT, currency: 'CNY' };
  const leftFen = () =>
    [...refunds.values()].reduce((sum, { status, amountFen }) => sum - (status === 'CLOSED' ? 0 : amountFen), AMOUNT);
  const currentTransaction = (): Transaction => ({
    appId: order.appId,
    mchId: order.mchId,
    outTradeNo: order.outTradeNo,
    tradeState: state === 'SUCCESS' && refunds.size > 0 ? 'REFUND' : state,
    ...(state === 'SUCCESS' && { payment }),
  });
  const call = async <Answer>(effect: () => Answer): Promise<Answer> => {
    const fate = luck.shift() ?? 'fine';
    if (fate === 'request-lost') throw new AppError('WECHAT_TIMEOUT', 'lost');
    const answer = effect();
    if (fate === 'answer-lost') throw new AppError('WECHAT_TIMEOUT', 'lost');
    return answer;
  };
  const accept = (outRefundNo: string, amountFen: number): WechatRefund => {
    const existing = refunds.get(outRefundNo);
    if (existing) return existing;
    if (state !== 'SUCCESS' || amountFen > leftFen()) throw errorOfPayCode('NOT_ENOUGH', 'fake');
    const fact: WechatRefund = {
      mchId: order.mchId,
      outTradeNo: order.outTradeNo,
      transactionId,
      outRefundNo,
      refundId: `50${outRefundNo}`,
      status: 'PROCESSING',
      amountFen,
      totalFen: AMOUNT,
    };
    refunds.set(outRefundNo, fact);
    return fact;
  };
  const api = {
    query: () => call(() => asVerified(currentTransaction())),
    close: () =>
      call(() => {
        if (state === 'SUCCESS') throw errorOfPayCode('ORDERPAID', 'fake');
        state = 'CLOSED';
      }),
  } as unknown as PayApi;
  const refundApi: RefundApi = {
    query: ({ outRefundNo }) =>
      call(() => {
        const existing = refunds.get(outRefundNo);
        if (!existing) throw errorOfPayCode('RESOURCE_NOT_EXISTS', 'fake');
        return asVerified(existing);
      }),
  };
  return {
    luck,
    notices,
    refunds,
    state: () => state,
    deps: {
      ...world.pay,
      sleep: async () => undefined,
      payApi: async () => api,
      refundApi: async () => refundApi,
      requestRefund: (_: Order, { outRefundNo, amountFen }: { outRefundNo: string; amountFen: number }) =>
        call(() => asVerified(accept(outRefundNo, amountFen))),
    },
    pay: () => {
      if (state !== 'NOTPAY') return;
      state = 'SUCCESS';
      notices.push({ kind: 'payment', transaction: asVerified(currentTransaction()) } as Notice);
    },
    refundByHand: (outRefundNo: string, amountFen: number) => {
      if (state === 'SUCCESS' && amountFen <= leftFen()) accept(outRefundNo, amountFen);
    },
    /** Ends a refund under way, or marks it ABNORMAL, and queues its notification. */
    end: (pick: number, status: WechatRefund['status'], signed: boolean) => {
      const open = [...refunds.values()].filter((fact) => fact.status === 'PROCESSING' || fact.status === 'ABNORMAL');
      const fact = open[pick % Math.max(open.length, 1)];
      if (!fact) return;
      const now = { ...fact, status };
      refunds.set(fact.outRefundNo, now);
      notices.push(
        (signed ? { kind: 'refund', refund: asVerified(now) } : { kind: 'refund-claim', refund: now }) as Notice,
      );
    },
  };
}

type Step =
  | { does: 'pay' | 'close' | 'query' | 'sweep' }
  | { does: 'refund' | 'refund-by-hand'; amountFen: number; number: number }
  | { does: 'end'; pick: number; status: WechatRefund['status']; signed: boolean }
  | { does: 'deliver'; pick: number; copies: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 2, arbitrary: fc.record({ does: fc.constantFrom('pay' as const) }) },
  { weight: 3, arbitrary: fc.record({ does: fc.constantFrom('close' as const, 'query' as const, 'sweep' as const) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      does: fc.constantFrom('refund' as const, 'refund-by-hand' as const),
      amountFen: fc.constantFrom(300, 600, 900, AMOUNT),
      number: fc.integer({ min: 1, max: 5 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      does: fc.constant('end' as const),
      pick: fc.nat(9),
      status: fc.constantFrom<WechatRefund['status']>('SUCCESS', 'SUCCESS', 'CLOSED', 'ABNORMAL'),
      signed: fc.boolean(),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      does: fc.constant('deliver' as const),
      pick: fc.nat(99),
      copies: fc.integer({ min: 1, max: 3 }),
    }),
  },
);
const life = fc.record({
  steps: fc.array(step, { minLength: 5, maxLength: 25 }),
  luck: fc.array(fc.constantFrom<Luck>('fine', 'fine', 'request-lost', 'answer-lost'), { maxLength: 12 }),
});

let lives = 0;
async function newOrder(): Promise<Order> {
  const order: Order = {
    outTradeNo: `${ownerId}m${String((lives += 1)).padStart(15, '0')}`,
    sku: 'coffee',
    requestFingerprint: 'a',
    kind: 'goods',
    description: 'Coffee',
    amountFen: AMOUNT,
    currency: 'CNY',
    state: 'NOTPAY',
    createdAt: new Date(world.base.now()).toISOString(),
    api: 'v3',
    tradeType: 'JSAPI',
    timeExpire: new Date(world.base.now() + 120 * MINUTE_MS).toISOString(),
    notifyUrl: 'https://example.com/',
    mchId: ids.pay.mchId,
    appId: ids.miniapp.appId,
    openId: 'o',
    refundedFen: 0,
    refundingFen: 0,
    refundCount: 0,
  };
  return putOrder(world.table, order, world.base.now() + MINUTE_MS);
}

/** Ignores the errors that a flow may throw: the next step continues from the stored state. */
const survive = (work: Promise<unknown>) =>
  work.catch((error: unknown) => {
    if (!(error instanceof AppError) || error.code === 'INTERNAL') throw error;
  });

describe('ledger', () => {
  it('agrees with WeChat in the end, and never refunds more than was paid', async () => {
    await fc.assert(
      fc.asyncProperty(life, async ({ steps, luck }) => {
        world.clock.offsetMs = 0;
        const order = await newOrder();
        const { outTradeNo } = order;
        const wechat = wechatWith(order);
        wechat.luck.push(...luck);
        const stored = async () => (await readOrder(world.table, outTradeNo))!;
        const act = async (action: Step): Promise<unknown> => {
          const { deps } = wechat;
          if (action.does === 'pay') return wechat.pay();
          if (action.does === 'close') return closeAtWechat(deps, await stored());
          if (action.does === 'query') return checkOrder(deps, await stored());
          if (action.does === 'refund-by-hand')
            return wechat.refundByHand(`H${action.number}x${lives}`, action.amountFen);
          if (action.does === 'end') return wechat.end(action.pick, action.status, action.signed);
          if (action.does === 'refund') {
            const outRefundNo = `R${action.number}x${lives}`;
            return refundOrder(deps, { outTradeNo, outRefundNo, amountFen: action.amountFen });
          }
          if (action.does === 'sweep') {
            world.clock.offsetMs += 30 * MINUTE_MS;
            return sweep(deps);
          }
          if (action.does !== 'deliver') return undefined;
          const notice = wechat.notices[action.pick % Math.max(wechat.notices.length, 1)];
          if (!notice) return undefined;
          return Promise.all(Array.from({ length: action.copies }, () => takeNotification(deps, notice)));
        };
        for (const action of steps) {
          await survive(act(action));
          const { refundedFen, refundingFen, state, transactionId } = await stored();
          expect(Math.min(refundedFen, refundingFen)).toBeGreaterThanOrEqual(0);
          expect(refundedFen).toBeLessThanOrEqual(AMOUNT);
          expect(refundedFen + refundingFen > 0 && transactionId === undefined).toBe(false);
          expect(['PAID', 'REFUNDING', 'REFUNDED'].includes(state) && wechat.state() !== 'SUCCESS').toBe(false);
        }
        // No more faults: every refund ends, the bill reports the unknown refunds, and the sweep runs for four days.
        wechat.luck.length = 0;
        for (const fact of wechat.refunds.values()) {
          await putReportedRefund(world.table, consoleRefund(fact, world.base.now()), world.base.now());
        }
        for (let day = 0; day < 4; day += 1) {
          for (let refund = 0; refund < 20; refund += 1) wechat.end(0, 'SUCCESS', true);
          world.clock.offsetMs += 25 * 60 * MINUTE_MS;
          await sweep(wechat.deps);
        }
        const end = await stored();
        const facts = [...wechat.refunds.values()];
        const back = facts.reduce((sum, { status, amountFen }) => sum + (status === 'SUCCESS' ? amountFen : 0), 0);
        expect(end).toMatchObject({ refundedFen: back, refundingFen: 0 });
        const paidState = back === AMOUNT ? 'REFUNDED' : 'PAID';
        expect(end.state).toBe(wechat.state() === 'SUCCESS' ? paidState : 'CLOSED');
        for (const { outRefundNo, status } of facts) {
          expect(await readRefund(world.table, outRefundNo)).toMatchObject({ status });
        }
      }),
      { numRuns: 60 },
    );
  });
});
