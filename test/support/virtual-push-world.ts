// Virtual payment of the mini-program: the simulator pushes to the webhook over HTTP.
import { afterAll, afterEach, beforeAll } from 'vitest';
import type { Order } from '../../lib/store/orders.ts';
import { listMismatches } from '../../lib/store/pay-notices.ts';
import { control } from './control.ts';
import type { Fields, Format } from './miniapp-push.ts';
import { createMiniappWorld, openAnswer } from './miniapp-world.ts';
import type { Mode } from './official-world.ts';
import { createVirtualBuyers } from './virtual-buyers.ts';
import type { VirtualNotice } from './virtual-controls.ts';

export type VirtualPushWorld = Awaited<ReturnType<typeof createVirtualPushWorld>>;
export type WorldArguments = Parameters<typeof createVirtualPushWorld>;

/** Creates a world whose mini-program sells virtual goods, and whose console has the given mode and format. */
export async function createVirtualPushWorld(
  mode: Mode = 'secure',
  format: Format = 'json',
  settings: Record<string, string> = {},
) {
  const world = await createMiniappWorld(mode, settings);
  await control(world.simulator, 'POST', '/_miniapp', { callbackUrl: world.address.url, mode, format });
  // The function reads its settings at its first request, and buyers restore the settings of the world.
  await world.push({ MsgType: 'event', Event: 'user_enter_tempsession' });
  const buyers = await createVirtualBuyers(world);
  const { wechat } = buyers;
  /** Sends a push that a test wrote, and returns the decrypted answer. */
  const answerTo = async (fields: Fields) => {
    const { statusCode, body = '' } = await world.push({ MsgType: 'event', ...fields }, format);
    if (statusCode !== 200) throw new Error(`status ${statusCode}`);
    return mode === 'plain' ? body : openAnswer(body, format);
  };
  return {
    ...world,
    ...buyers,
    /** Places an order, and pays it: the simulator pushes the delivery. */
    paysOrder: async (
      request: Parameters<typeof buyers.newOrder>[0] = {},
      how: Parameters<typeof wechat.pay>[2] = {},
    ) => {
      const placed = await buyers.newOrder(request);
      return { ...placed, ...(await wechat.pay(placed.person, placed.payment, how)) };
    },
    answerTo,
    /** Sends a push that a test wrote, and returns the ErrCode of the answer. */
    pushed: async (fields: Fields) => codeOf({ status: 200, body: await answerTo(fields) }),
    /** Returns the items without the access token, which the first query fetches. */
    everything: async () =>
      ((await world.everything()) as { pk: string }[]).filter(({ pk }) => !pk.startsWith('TOKEN#')),
    mismatches: async (outTradeNo: string) =>
      (await listMismatches(world.table, outTradeNo)).map(({ reasons }) => reasons),
    /** Counts the bookings of the payment in the log. */
    bookings: (outTradeNo: string) =>
      world.output.filter((line) => line.includes('"order.paid"') && line.includes(outTradeNo)).length,
  };
}

/** Returns the ErrCode of an answer to a push. */
export function codeOf(notice: Pick<VirtualNotice, 'status' | 'body'> | null): number {
  const code = /ErrCode"?[:>](\d+)/.exec(notice?.body ?? '')?.[1];
  if (notice?.status !== 200 || code === undefined) throw new Error(`no ErrCode: ${JSON.stringify(notice)}`);
  return Number(code);
}

/** Returns the delivery push of an order. `change` replaces fields. */
export function deliveryPush(order: Order, change: Fields = {}): Fields {
  const { outTradeNo, openId = '', goods, amountFen } = order;
  return {
    Event: 'xpay_goods_deliver_notify',
    OpenId: openId,
    OutTradeNo: outTradeNo,
    Env: 0,
    WeChatPayInfo: { MchOrderNo: 'C1', TransactionId: `42${outTradeNo}`, PaidTime: 1_796_000_000 },
    GoodsInfo: {
      ProductId: goods!.productId,
      Quantity: goods!.quantity,
      OrigPrice: amountFen,
      ActualPrice: amountFen,
      Attach: 'lesson',
    },
    RetryTimes: 0,
    ...change,
  };
}

/**
 * Creates the world before the tests of a block, ends its faults after each test, and closes it at the end.
 * @param assign receives the world
 */
export function useVirtualPushWorld(assign: (world: VirtualPushWorld) => void, ...args: WorldArguments): void {
  let world: VirtualPushWorld;
  beforeAll(async () => {
    world = await createVirtualPushWorld(...args);
    assign(world);
  });
  afterEach(() => world.wechat.calm());
  afterAll(() => world.close());
}
