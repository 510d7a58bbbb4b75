// A mini-program that sells virtual goods.
import { createHmac } from 'node:crypto';
import { expect } from 'vitest';
import { useMiniappReceiver, useSimulator, useWechatUser } from '../fixture.ts';
import type { TestSimulator } from '../fixture.ts';
import { virtual } from '../settings.ts';
import { appToken, call, logIn, phoneAction } from '../support.ts';
import type { User } from '../support.ts';

export const accepted = { status: 200, body: '{"ErrCode":0,"ErrMsg":"success"}' };
export const rejected = { status: 200, body: '{"ErrCode":1,"ErrMsg":"later"}' };

export const hmac = (key: string, text: string) => createHmac('sha256', key).update(text).digest('hex');

let last = 10_000_000;
export const newNumber = () => `order-${(last += 1)}`;

/** Starts a simulator whose mini-program receives pushes, with a buyer. */
export function useVirtualShop(mode: 'plain' | 'secure' = 'plain') {
  const simulator: TestSimulator = useSimulator({ miniapp: { token: 'BBBBB', mode, aesKey: 'k'.repeat(43) } });
  const receiver = useMiniappReceiver(simulator);
  const user: User = useWechatUser(simulator);

  /** Builds what the backend signs for `wx.requestVirtualPayment`. */
  const request = (sessionKey: string, changes: object = {}, appKey = virtual.liveAppKey) => {
    const signData = JSON.stringify({
      offerId: virtual.offerId,
      buyQuantity: 3,
      env: 0,
      currencyType: 'CNY',
      productId: 'top-up',
      goodsPrice: 100,
      outTradeNo: newNumber(),
      attach: 'a',
      ...changes,
    });
    const paySig = hmac(appKey, `requestVirtualPayment&${signData}`);
    return { mode: 'short_series_goods', signData, paySig, signature: hmac(sessionKey, signData) };
  };
  const pay = async (payment: object, how: object = {}) =>
    phoneAction(simulator, user, 'pay', { virtual: payment, ...how });
  /** Logs in and pays for three goods. */
  const buy = async (changes: object = {}, how: object = {}, appKey?: string) => {
    const { session_key: key } = await logIn(simulator, user);
    const outTradeNo = newNumber();
    const { status, json } = await pay(request(key, { outTradeNo, ...changes }, appKey), how);
    expect([200, 403]).toContain(status);
    return { outTradeNo, ...json };
  };
  const post = async (name: string, body: object, appKey = virtual.liveAppKey) => {
    const text = JSON.stringify(body);
    const pay_sig = hmac(appKey, `/xpay/${name}&${text}`);
    const query = new URLSearchParams({ access_token: await appToken(simulator, 'miniapp'), pay_sig });
    return (await call(simulator, 'POST', `/xpay/${name}?${query}`, text)).json;
  };
  const about = (key: object) => ({ openid: user.openIds.miniapp, env: 0, ...key });
  const refundBody = (outTradeNo: string, more: object = {}) => ({
    ...about({ order_id: outTradeNo }),
    refund_order_id: `refund-${outTradeNo}`,
    left_fee: 300,
    refund_fee: 300,
    biz_meta: '',
    refund_reason: '5',
    req_from: '1',
    ...more,
  });
  const act = async (action: string, body: object) =>
    call(simulator, 'POST', '/_merchant/virtual', { action, ...body });
  return {
    simulator,
    receiver,
    user,
    request,
    pay,
    buy,
    post,
    about,
    refundBody,
    act,
    query: async (key: object) => post('query_order', about(key)),
    refund: async (outTradeNo: string, more?: object) => post('refund_order', refundBody(outTradeNo, more)),
    show: async () => (await call(simulator, 'GET', '/_merchant/virtual')).json,
    pushes: (event: string) =>
      receiver.received.map(({ body }) => JSON.parse(body)).filter(({ Event }) => Event === event),
  };
}
