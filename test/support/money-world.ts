import { randomUUID } from 'node:crypto';
import type { LambdaFunctionURLEvent } from 'aws-lambda';
import { vi } from 'vitest';
import { prepay, type Payment } from '../../lib/pay/prepay.ts';
import { readOrderPage } from '../../lib/store/order-lists.ts';
import type { Order, MerchantApiName, TradeType } from '../../lib/store/orders.ts';
import type { Refund } from '../../lib/store/refunds.ts';
import { recordConsole } from './console.ts';
import { createBuyers } from './buyers.ts';
import { tryControl } from './control.ts';
import { serveFunctionUrl, type Handler } from './function-url.ts';
import type { Fault } from './money-variants.ts';
import { createWorld } from './world.ts';

/** An order as the merchant platform shows it. */
export interface MerchantOrder {
  outTradeNo: string;
  state: string;
  transactionId?: string;
  refunds: { outRefundNo: string; amountFen: number; status: string }[];
}

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
  const handlers: Partial<Record<MerchantApiName, Handler>> = {};
  const received: Notice[] = [];
  const outage = { active: false };
  const unavailable: Handler = async () => ({ statusCode: 503 });
  const serve = async (api: MerchantApiName) => {
    const address = await serveFunctionUrl(() => (event, context) => {
      received.push({ to: address.url, event });
      return (outage.active ? unavailable : handlers[api]!)(event, context);
    });
    return address;
  };
  const [v3, v2] = await Promise.all([serve('v3'), serve('v2')]);
  const world = await createWorld({ notifyUrls: { v3: v3.url, v2: v2.url } });
  Object.assign(process.env, world.settings);
  recordConsole(world.lines);
  vi.resetModules();
  handlers.v3 = (await import('../../functions/pay-notify.ts')).handler as unknown as Handler;
  handlers.v2 = (await import('../../functions/pay-notify-v2.ts')).handler as unknown as Handler;
  const sleep = async (ms: number) => void vi.setSystemTime(Date.now() + ms);
  const deps = { v3: await world.payWith({ api: 'v3', sleep }), v2: await world.payWith({ api: 'v2', sleep }) };
  const buyers = await createBuyers(world);

  const control = (method: string, path: string, body?: object) => tryControl(world.simulator, method, path, body);

  /** Sends a notification again that a webhook received, as it was. */
  async function resend({ to, event }: Notice): Promise<void> {
    const sent = Object.entries(event.headers).filter(([name]) => /^(content-type|wechatpay-)/.test(name));
    const headers = Object.fromEntries(sent) as Record<string, string>;
    await fetch(to, { method: 'POST', headers, body: event.body ?? '' });
  }

  return {
    ...world,
    outage,
    plan: (fault: Fault) => control('POST', '/_faults', fault),
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
    refundByHand: (outTradeNo: string, amountFen: number) =>
      control('POST', '/_merchant/refunds', { outTradeNo, amountFen }),
    endRefund: (outRefundNo: string, status: string) =>
      control('POST', `/_merchant/refunds/${encodeURIComponent(outRefundNo)}`, { status }),
    merchantOrder: async (outTradeNo: string): Promise<MerchantOrder | undefined> =>
      ((await control('GET', '/_merchant/orders')) as MerchantOrder[]).find((order) => order.outTradeNo === outTradeNo),
    /** Starts the life of one order of a new buyer. */
    newLife: async (api: MerchantApiName, tradeType: TradeType) => {
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
          const address = '203.0.113.7';
          ({ payment } = await prepay(deps[api], { token, sku: 'coffee', tradeType, address, idempotencyKey }));
        },
        stored: async (): Promise<Order | undefined> =>
          (await readOrderPage(world.table, { accountId: user.id, limit: 1 }))[0],
        pay: async () => {
          if (!payment) return;
          const handle = 'package' in payment ? { prepayId: payment.package } : payment;
          await control('POST', `/_phone/users/${person.id}/pay`, handle);
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
      await Promise.all([v3.close(), v2.close()]);
    },
  };
}
