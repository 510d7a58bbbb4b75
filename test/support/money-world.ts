import { randomUUID } from 'node:crypto';
import type { LambdaFunctionURLEvent } from 'aws-lambda';
import { vi } from 'vitest';
import { prepay, type Payment } from '../../lib/pay/prepay.ts';
import { readOrderPage } from '../../lib/store/order-lists.ts';
import type { Order, PayApiName, TradeType } from '../../lib/store/orders.ts';
import type { Refund } from '../../lib/store/refunds.ts';
import { recordConsole } from './console.ts';
import { createBuyers } from './buyers.ts';
import { tryControl } from './control.ts';
import { serveFunctionUrl, type Handler } from './function-url.ts';
import type { Fault } from './money-variants.ts';
import { virtualControls, type ConsoleOrder } from './virtual-controls.ts';
import { createWorld, ids } from './world.ts';

/** An order as the merchant platform shows it. */
export interface MerchantOrder {
  outTradeNo: string;
  state: string;
  transactionId?: string;
  /** Whether WeChat has the report that virtual goods were delivered. */
  isProvided?: boolean;
  refunds: { outRefundNo: string; amountFen: number; status: string }[];
}

/** The amount of every order. */
export const AMOUNT = 1800;
/** `env` of the sandbox. */
const SANDBOX = 1;
const STATUS_OF = { running: 'PROCESSING', done: 'SUCCESS', failed: 'CLOSED' };

/** How the buyer pays. Only virtual payment has other ways than WeChat Pay. */
export type PayBy = 'wechat' | 'apple' | 'sandbox';

/** A notification that a webhook received. */
interface Notice {
  to: string;
  event: LambdaFunctionURLEvent;
}

export type MoneyWorld = Awaited<ReturnType<typeof createMoneyWorld>>;
export type Life = Awaited<ReturnType<MoneyWorld['newLife']>>;

/**
 * Creates a world in which WeChat Pay calls both webhooks over HTTP. The flows, the webhooks and the simulator share one
 * clock, which only moves forward.
 */
export async function createMoneyWorld() {
  vi.useFakeTimers({ toFake: ['Date'] });
  const handlers: Partial<Record<PayApiName, Handler>> = {};
  const received: Notice[] = [];
  const outage = { active: false };
  const unavailable: Handler = async () => ({ statusCode: 503 });
  const serve = async (api: PayApiName) => {
    const address = await serveFunctionUrl(() => (event, context) => {
      received.push({ to: address.url, event });
      return (outage.active ? unavailable : handlers[api]!)(event, context);
    });
    return address;
  };
  const [v3, v2, virtual] = await Promise.all([serve('v3'), serve('v2'), serve('virtual')]);
  const world = await createWorld({ notifyUrls: { v3: v3.url, v2: v2.url } });
  Object.assign(process.env, world.settings);
  recordConsole(world.lines);
  vi.resetModules();
  handlers.v3 = (await import('../../functions/pay-notify.ts')).handler as unknown as Handler;
  handlers.v2 = (await import('../../functions/pay-notify-v2.ts')).handler as unknown as Handler;
  handlers.virtual = (await import('../../functions/miniapp-events.ts')).handler as unknown as Handler;
  const sleep = async (ms: number) => void vi.setSystemTime(Date.now() + ms);
  const v3Deps = await world.payWith({ api: 'v3', sleep });
  const deps = { v3: v3Deps, v2: await world.payWith({ api: 'v2', sleep }), virtual: v3Deps };
  const settings = { VIRTUAL_PAY_ENV: 'sandbox', VIRTUAL_PAY_APP_KEY: ids.virtual.sandboxAppKey };
  const sandbox = await world.payWith({ sleep, settings });
  const wechat = virtualControls(world.simulator);
  const buyers = await createBuyers(world);

  const control = (method: string, path: string, body?: object) => tryControl(world.simulator, method, path, body);

  await control('POST', '/_miniapp', { callbackUrl: virtual.url });

  /** Sends a notification again that a webhook received, as it was. */
  async function resend({ to, event }: Notice): Promise<void> {
    const sent = Object.entries(event.headers).filter(([name]) => /^(content-type|wechatpay-)/.test(name));
    const headers = Object.fromEntries(sent) as Record<string, string>;
    await fetch(`${to}?${event.rawQueryString}`, { method: 'POST', headers, body: event.body ?? '' });
  }

  return {
    ...world,
    outage,
    plan: (fault: Fault) => control('POST', '/_faults', fault),
    cancelFaults: () => control('DELETE', '/_faults'),
    /** Ends the faults, so that WeChat Pay behaves as usual. */
    calm: async () => {
      outage.active = false;
      await control('DELETE', '/_faults');
    },
    /** Moves the clock, and delivers every notification that is due. */
    advance: async (ms: number) => {
      vi.setSystemTime(Date.now() + ms);
      await world.simulator.advanceClock(0);
    },
    /** Refunds in the merchant platform. Apple refunds the whole payment that it received. */
    refundByHand: async ({ outTradeNo, api, paidBy }: Order, amountFen: number) => {
      if (api !== 'virtual') return control('POST', '/_merchant/refunds', { outTradeNo, amountFen });
      const action = paidBy === 'apple' ? 'apple-refund' : 'console-refund';
      return control('POST', '/_merchant/virtual', { action, outTradeNo, amountFen });
    },
    endRefund: async ({ api }: Order, outRefundNo: string, status: string) => {
      if (api !== 'virtual')
        return control('POST', `/_merchant/refunds/${encodeURIComponent(outRefundNo)}`, { status });
      const state = status === 'CLOSED' ? 'failed' : 'done';
      return control('POST', '/_merchant/virtual', { action: 'settle-refund', refundOrderId: outRefundNo, state });
    },
    /** Returns an order as the merchant platform shows it, live orders only. */
    merchantOrder: async ({ outTradeNo, api }: Order): Promise<MerchantOrder | undefined> => {
      if (api === 'virtual') return asMerchantOrder(await wechat.orderOf(outTradeNo));
      const orders = (await control('GET', '/_merchant/orders')) as MerchantOrder[];
      return orders.find((order) => order.outTradeNo === outTradeNo);
    },
    /** Starts the life of one order of a new buyer. */
    newLife: async (api: PayApiName, tradeType: TradeType, payBy: PayBy = 'wechat') => {
      const { person, token, user } = await buyers.loggedIn();
      const idempotencyKey = randomUUID();
      received.length = 0;
      let payment: Payment | undefined;
      /** The ledger as an earlier check of this life read it. */
      const past: { order?: Order; refunds: Map<string, Refund> } = { refunds: new Map() };
      return {
        deps: deps[api],
        past,
        /** Places the order, or repeats the request. */
        order: async () => {
          const purchase = api === 'virtual' ? { sku: 'top-up', amountFen: AMOUNT } : { sku: 'coffee' };
          const request = { ...purchase, token, tradeType, address: '203.0.113.7', idempotencyKey };
          ({ payment } = await prepay(payBy === 'sandbox' ? sandbox : deps[api], request));
        },
        stored: async (): Promise<Order | undefined> =>
          (await readOrderPage(world.table, { accountId: user.id, limit: 1 }))[0],
        /** @returns whether WeChat has the payment of this call */
        pay: async (): Promise<boolean> => {
          if (!payment) return false;
          const answer = await control('POST', `/_phone/users/${person.id}/pay`, phonePayment(payment, payBy));
          return 'transactionId' in (answer as object);
        },
        /** Counts the notifications of this life. */
        received: () => received.length,
        /** Delivers copies of one earlier notification of this life at once. */
        replay: async (pick: number, copies: number) => {
          const notice = received[pick % Math.max(received.length, 1)];
          if (notice) await Promise.all(Array.from({ length: copies }, () => resend(notice)));
        },
      };
    },
    close: async () => {
      vi.useRealTimers();
      await world.simulator.close();
      await Promise.all([v3.close(), v2.close(), virtual.close()]);
    },
  };
}

/** Returns what the phone gets from the page of the buyer. */
function phonePayment(payment: Payment, payBy: PayBy): object {
  if ('paySig' in payment) return { virtual: payment, apple: payBy === 'apple' };
  return 'package' in payment ? { prepayId: payment.package } : payment;
}

/** A payment in the sandbox moves no money. */
function asMerchantOrder(order: ConsoleOrder | undefined): MerchantOrder | undefined {
  if (!order || order.env === SANDBOX) return undefined;
  const { outTradeNo, status, transactionId, isProvided, refunds } = order;
  return {
    outTradeNo,
    state: String(status),
    ...(transactionId !== undefined && { transactionId, isProvided }),
    refunds: refunds.map(({ refundOrderId, wxRefundId, amountFen, state }) => ({
      outRefundNo: refundOrderId ?? wxRefundId,
      amountFen,
      status: STATUS_OF[state],
    })),
  };
}
