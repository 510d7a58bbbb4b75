import { sign } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { getOrder } from '../../lib/pay/get-order.ts';
import type { OutboundResponse } from '../../lib/core/outbound.ts';
import { createBuyers } from '../support/buyers.ts';
import { createWorld, ids, type World } from '../support/world.ts';

let world: World;
let loggedIn: Buyers['loggedIn'];
let newOrder: Buyers['newOrder'];
beforeAll(async () => {
  world = await createWorld();
  ({ loggedIn, newOrder } = await createBuyers(world));
});
afterAll(() => world.simulator.close());

type Buyers = Awaited<ReturnType<typeof createBuyers>>;

describe('getOrder', () => {
  it('detects a payment without a notification, and queries WeChat at most every 5 s', async () => {
    const { order, payment, person, token } = await newOrder();
    const query = `/v3/pay/transactions/out-trade-no/${order.outTradeNo}`;
    const read = async () => (await getOrder(world.pay, { token, outTradeNo: order.outTradeNo })).order.state;
    const states = await Promise.all(Array.from({ length: 10 }, read));
    expect(new Set(states)).toEqual(new Set(['NOTPAY']));
    expect(await world.calls(query)).toBe(1);
    await world.phone.act(person, 'pay', { prepayId: payment.package.slice('prepay_id='.length) });
    expect(await read()).toBe('NOTPAY');
    world.clock.offsetMs = 5_001;
    expect(await read()).toBe('PAID');
    world.clock.offsetMs = 0;
    expect(await world.calls(query)).toBe(2);
  });

  const signed = (body: object): OutboundResponse => {
    const text = JSON.stringify(body);
    const timestamp = String(Math.floor(Date.now() / 1_000));
    const signature = sign('RSA-SHA256', Buffer.from(`${timestamp}\nn\n${text}\n`), ids.platformPrivateKey);
    const headers = {
      'wechatpay-timestamp': timestamp,
      'wechatpay-nonce': 'n',
      'wechatpay-signature': signature.toString('base64'),
      'wechatpay-serial': ids.pay.platformKeyId,
    };
    return { status: 200, headers, body: Buffer.from(text) };
  };

  it.each([
    ['CLOSED', {}, 'CLOSED'],
    ['NOTPAY', {}, 'NOTPAY'],
    ['SOMETHING_NEW', {}, 'NOTPAY'],
    [
      'REFUND',
      { transaction_id: 'refunded', success_time: '2026-11-20T08:00:00+08:00', amount: { total: 1800 } },
      'PAID',
    ],
    ['SUCCESS', { transaction_id: 'cheap', success_time: '2026-11-20T08:00:00+08:00', amount: { total: 1 } }, 'NOTPAY'],
    ['CLOSED', { out_trade_no: 'another order' }, 'NOTPAY'],
  ])('maps the trade state %s with %j to %s', async (tradeState, more, state) => {
    const { order, token } = await newOrder();
    const send = async () =>
      signed({
        appid: ids.miniapp.appId,
        mchid: ids.pay.mchId,
        out_trade_no: order.outTradeNo,
        trade_state: tradeState,
        ...more,
      });
    const read = await getOrder(await world.payWith({ send }), { token, outTradeNo: order.outTradeNo });
    expect(read.order.state).toBe(state);
  });

  it('returns the stored order when the query fails', async () => {
    const { order, token } = await newOrder();
    await world.faults('out-trade-no', '5xx', 2);
    const read = await getOrder(world.pay, { token, outTradeNo: order.outTradeNo });
    expect(read.order.state).toBe('NOTPAY');
  });

  it('throws NOT_FOUND for an order of another account', async () => {
    const { order } = await newOrder();
    const other = await loggedIn();
    for (const outTradeNo of [order.outTradeNo, 'nonsense', other.user.id + '0'.repeat(16)]) {
      const read = getOrder(world.pay, { token: other.token, outTradeNo });
      await expect(read).rejects.toMatchObject({
        code: 'NOT_FOUND',
        message: 'This account has no order with this number',
      });
    }
  });
});
