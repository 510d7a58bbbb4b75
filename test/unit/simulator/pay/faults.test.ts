import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Simulator } from '../../../../infra/simulator/simulator.ts';
import { call, jsapi, newPerson, orderBody, payCall, start } from '../support.ts';
import type { Person } from '../support.ts';
import { plan, queryV3, signV2, v2Call, v2Order, writeXml } from './support.ts';

let simulator: Simulator;
let person: Person;
beforeEach(async () => {
  simulator = await start();
  person = await newPerson(simulator);
});
afterEach(() => simulator.close());

test('accepted-5xx: 502, and the order is there', async () => {
  await plan(simulator, 'jsapi', 'accepted-5xx');
  const body = orderBody(person);
  const { status, json, headers } = await payCall(simulator, { path: jsapi, body });
  expect([status, json, headers['wechatpay-signature']]).toEqual([502, undefined, undefined]);
  expect((await queryV3(simulator, body.out_trade_no)).json.trade_state).toBe('NOTPAY');
  await plan(simulator, 'unifiedorder', 'accepted-5xx');
  const order = v2Order(person);
  expect((await v2Call(simulator, '/pay/unifiedorder', order)).status).toBe(502);
  expect((await queryV3(simulator, order.out_trade_no)).json.trade_state).toBe('NOTPAY');
});

test('5xx: 502, and the order is not there', async () => {
  await plan(simulator, 'jsapi', '5xx');
  const body = orderBody(person);
  expect((await payCall(simulator, { path: jsapi, body })).status).toBe(502);
  expect((await queryV3(simulator, body.out_trade_no)).status).toBe(404);
});

test('accepted-timeout: no answer, and the order is there', async () => {
  await plan(simulator, 'unifiedorder', 'accepted-timeout');
  const order = v2Order(person);
  const fields = { ...order, appid: 'wx1111111111111111', mch_id: '1900007291', nonce_str: 'x' };
  const body = writeXml({ ...fields, sign: signV2(fields as Record<string, string>) } as Record<string, string>);
  const silent = fetch(`${simulator.url}/pay/unifiedorder`, { method: 'POST', body, signal: AbortSignal.timeout(200) });
  await expect(silent).rejects.toMatchObject({ name: 'TimeoutError' });
  expect((await queryV3(simulator, order.out_trade_no)).json.trade_state).toBe('NOTPAY');
  expect((await call(simulator, 'GET', '/_log')).json[0]).toMatchObject({ status: null, fault: 'accepted-timeout' });
});

test('the platform has no such faults: they wait for a call of pay', async () => {
  await plan(simulator, '*', 'accepted-5xx');
  expect((await call(simulator, 'GET', '/cgi-bin/token')).status).toBe(200);
  expect((await payCall(simulator, { path: jsapi, body: orderBody(person) })).status).toBe(502);
});
