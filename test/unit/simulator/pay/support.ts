// The merchant's side of API v2, written from the protocol alone: no code of the simulator.
import { createDecipheriv, createHash, createHmac, randomUUID } from 'node:crypto';
import { XMLParser } from 'fast-xml-parser';
import type { Simulator } from '../../../../infra/simulator/simulator.ts';
import { useReceiver, useSimulator, useWechatUser } from '../fixture.ts';
import type { TestSimulator } from '../fixture.ts';
import { settings } from '../settings.ts';
import { call, payCall, phoneAction } from '../support.ts';
import type { Target, User } from '../support.ts';

export type Fields = Record<string, string>;

export const v2Key = '192006250b4c09247ec02edce69f6a2d';
export const accepted =
  '<xml><return_code><![CDATA[SUCCESS]]></return_code><return_msg><![CDATA[OK]]></return_msg></xml>';

const parser = new XMLParser({ parseTagValue: false, trimValues: false });

/**
 * Signs the fields for API v2; v2-sign.test.ts checks it against official vectors.
 * @see https://pay.weixin.qq.com/doc/v2/merchant/4011985891
 */
export function signV2(fields: Fields, { key = v2Key, type = fields.sign_type ?? 'MD5' } = {}): string {
  const pairs = Object.entries(fields).filter(([name, value]) => name !== 'sign' && value !== '');
  pairs.sort(([one], [other]) => (one < other ? -1 : 1));
  const text = `${pairs.map(([name, value]) => `${name}=${value}`).join('&')}&key=${key}`;
  const hash = type === 'MD5' ? createHash('md5') : createHmac('sha256', key);
  return hash.update(text).digest('hex').toUpperCase();
}

export function readXml(text: string): Fields {
  const { xml } = parser.parse(text) as { xml: Fields };
  return Object.fromEntries(Object.entries(xml).filter(([name]) => !name.startsWith('#')));
}

export function writeXml(fields: Fields): string {
  const elements = Object.entries(fields).map(([name, value]) => `<${name}><![CDATA[${value}]]></${name}>`);
  return `<xml>${elements.join('')}</xml>`;
}

/** Sends one correctly signed API v2 request; undefined fields are left out. */
export async function v2Call(simulator: Target, path: string, about: Record<string, string | undefined> = {}) {
  const base = { appid: settings.miniapp.appId, mch_id: settings.pay.mchId, nonce_str: randomUUID().slice(0, 30) };
  const given = Object.entries({ ...base, ...about }).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value]],
  );
  const fields = Object.fromEntries(given) as Fields;
  const signed = { ...fields, sign: fields.sign ?? signV2(fields) };
  const answer = await call(simulator, 'POST', path, writeXml(signed));
  return { ...answer, xml: answer.text.startsWith('<xml>') ? readXml(answer.text) : {} };
}

/** A valid unifiedorder. */
export function v2Order(user: User, more: Record<string, string | undefined> = {}) {
  return {
    body: '一杯咖啡',
    out_trade_no: `V${randomUUID().slice(0, 18)}`,
    total_fee: '1800',
    spbill_create_ip: '203.0.113.7',
    notify_url: 'https://example.com/pay-notify-v2',
    trade_type: 'JSAPI',
    openid: user.openIds.miniapp,
    ...more,
  };
}

/**
 * Decrypts `req_info` of a refund notification.
 * @see https://pay.weixin.qq.com/doc/v2/merchant/4011935223
 */
export function openReqInfo(reqInfo: string, key = v2Key): Fields {
  const decipher = createDecipheriv('aes-256-ecb', createHash('md5').update(key).digest('hex'), null);
  const xml = decipher.update(reqInfo, 'base64', 'utf8') + decipher.final('utf8');
  const { root } = parser.parse(xml) as { root: Fields };
  return Object.fromEntries(Object.entries(root).filter(([name]) => !name.startsWith('#')));
}

export const refunds = '/v3/refund/domestic/refunds';

/** Refunds 7 of the 18 yuan of an order, unless `more` changes it; the refund has ended when this resolves. */
export async function refundOrder(
  simulator: Target & Pick<Simulator, 'advanceClock'>,
  outTradeNo: string,
  more: object = {},
) {
  const amount = { refund: 700, total: 1800, currency: 'CNY' };
  const body = { out_trade_no: outTradeNo, out_refund_no: 'R1', amount, ...more };
  const { json } = await payCall(simulator, { path: refunds, body });
  await simulator.advanceClock(1_000);
  return json;
}

/** Creates an API v2 order and pays it. */
export async function payV2Order(simulator: Target, user: User, more: Record<string, string | undefined> = {}) {
  const order = v2Order(user, more);
  const { prepay_id: prepayId } = (await v2Call(simulator, '/pay/unifiedorder', order)).xml;
  const { transactionId, notify } = (await phoneAction(simulator, user, 'pay', { prepayId })).json;
  return { order, transactionId, notify };
}

/**
 * Starts a simulator with a user and two receivers: `receiver` at the refund callback URL of the merchant platform, and
 * `paymentReceiver` for the notifications of payments.
 */
export function useMerchant() {
  const clock = { scope: 'test', now: () => simulator.now() } as const;
  const receiver = useReceiver(clock, { status: 200, body: accepted });
  const paymentReceiver = useReceiver(clock);
  const simulator: TestSimulator = useSimulator(() => ({ pay: { refundCallbackUrl: receiver.url } }));
  return { simulator, receiver, paymentReceiver, user: useWechatUser(simulator) };
}
