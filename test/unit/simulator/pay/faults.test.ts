import { expect, test } from 'vitest';
import { useSimulator, useWechatUser } from '../fixture.ts';
import { apiCall, call, jsapi, orderBody, payCall, planFault, queryOrder } from '../support.ts';
import { signV2, v2Call, v2Order, writeXml } from './support.ts';

const simulator = useSimulator();
const user = useWechatUser(simulator);

test('accepted-5xx returns 502 and creates the order', async () => {
  await planFault(simulator, 'jsapi', 'accepted-5xx');
  const body = orderBody(user);
  const { status, json, headers } = await payCall(simulator, { path: jsapi, body });
  expect([status, json, headers['wechatpay-signature']]).toEqual([502, undefined, undefined]);
  expect((await queryOrder(simulator, body.out_trade_no)).json.trade_state).toBe('NOTPAY');
  await planFault(simulator, 'unifiedorder', 'accepted-5xx');
  const order = v2Order(user);
  expect((await v2Call(simulator, '/pay/unifiedorder', order)).status).toBe(502);
  expect((await queryOrder(simulator, order.out_trade_no)).json.trade_state).toBe('NOTPAY');
});

test('5xx returns 502 and creates no order', async () => {
  await planFault(simulator, 'jsapi', '5xx');
  const body = orderBody(user);
  expect((await payCall(simulator, { path: jsapi, body })).status).toBe(502);
  expect((await queryOrder(simulator, body.out_trade_no)).status).toBe(404);
});

test('accepted-timeout sends no answer and creates the order', async () => {
  await planFault(simulator, 'unifiedorder', 'accepted-timeout');
  const order = v2Order(user);
  const fields = { ...order, appid: 'wx1111111111111111', mch_id: '1900007291', nonce_str: 'x' };
  const body = writeXml({ ...fields, sign: signV2(fields as Record<string, string>) } as Record<string, string>);
  const silent = fetch(`${simulator.url}/pay/unifiedorder`, { method: 'POST', body, signal: AbortSignal.timeout(200) });
  await expect(silent).rejects.toMatchObject({ name: 'TimeoutError' });
  expect((await queryOrder(simulator, order.out_trade_no)).json.trade_state).toBe('NOTPAY');
  expect((await call(simulator, 'GET', '/_log')).json[0]).toMatchObject({ status: null, fault: 'accepted-timeout' });
});

test('accepted-5xx loses the answer of a platform call that took effect', async () => {
  await planFault(simulator, 'set_msg_jump_path', 'accepted-5xx');
  const body = { path: 'pages/order' };
  expect((await apiCall(simulator, 'miniapp', '/wxa/sec/order/set_msg_jump_path', { body })).status).toBe(502);
  expect((await call(simulator, 'GET', '/_merchant/trade')).json).toMatchObject({ messagePath: 'pages/order' });
});
