// The merchant's side of API v2, written from the protocol alone: no code of the simulator.
import { createDecipheriv, createHash, createHmac, randomUUID } from 'node:crypto';
import { XMLParser } from 'fast-xml-parser';
import { startSimulator } from '../../../../infra/simulator/simulator.ts';
import type { Simulator } from '../../../../infra/simulator/simulator.ts';
import { call, newPerson, payCall, settings, start, startReceiver } from '../support.ts';
import type { Person } from '../support.ts';

export type Fields = Record<string, string>;

export const v2Key = '192006250b4c09247ec02edce69f6a2d';
export const accepted =
  '<xml><return_code><![CDATA[SUCCESS]]></return_code><return_msg><![CDATA[OK]]></return_msg></xml>';

const parser = new XMLParser({ parseTagValue: false, trimValues: false });

/** Pay 5.2, checked against the vectors of pay 6.1 in its own test. */
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

/** One correctly signed v2 request; a field that is undefined is left out. */
export async function v2Call(simulator: Simulator, path: string, about: Record<string, string | undefined> = {}) {
  const base = { appid: settings.miniapp.appId, mch_id: settings.pay.mchId, nonce_str: randomUUID().slice(0, 30) };
  const given = Object.entries({ ...base, ...about }).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value]],
  );
  const fields = Object.fromEntries(given) as Fields;
  const signed = { ...fields, sign: fields.sign ?? signV2(fields) };
  const answer = await call(simulator, 'POST', path, writeXml(signed));
  return { ...answer, xml: answer.text.startsWith('<xml>') ? readXml(answer.text) : {} };
}

/** A unifiedorder that obeys every rule. */
export function v2Order(person: Person, more: Record<string, string | undefined> = {}) {
  return {
    body: '一杯咖啡',
    out_trade_no: `V${randomUUID().slice(0, 18)}`,
    total_fee: '1800',
    spbill_create_ip: '203.0.113.7',
    notify_url: 'https://example.com/pay-notify-v2',
    trade_type: 'JSAPI',
    openid: person.openIds.miniapp,
    ...more,
  };
}

/** Opens `req_info` (pay 5.8). */
export function openReqInfo(reqInfo: string, key = v2Key): Fields {
  const decipher = createDecipheriv('aes-256-ecb', createHash('md5').update(key).digest('hex'), null);
  const xml = decipher.update(reqInfo, 'base64', 'utf8') + decipher.final('utf8');
  const { root } = parser.parse(xml) as { root: Fields };
  return Object.fromEntries(Object.entries(root).filter(([name]) => !name.startsWith('#')));
}

export const refunds = '/v3/refund/domestic/refunds';

export const queryV3 = (simulator: Simulator, outTradeNo: string) =>
  payCall(simulator, {
    method: 'GET',
    path: `/v3/pay/transactions/out-trade-no/${outTradeNo}?mchid=${settings.pay.mchId}`,
  });

export const plan = (simulator: Simulator, target: string, action: string, times = 1) =>
  call(simulator, 'POST', '/_faults', { target, action, times });

/**
 * A simulator whose merchant platform tells of refunds to a receiver that accepts them, somebody to pay, and another
 * receiver for the notifications of payments, which are not looked at.
 */
export async function startMerchant() {
  const idle = await start();
  const [receiver, till] = [await startReceiver(idle), await startReceiver(idle)];
  await idle.close();
  const simulator = await startSimulator({ ...settings, pay: { ...settings.pay, refundCallbackUrl: receiver.url } });
  receiver.answer = () => ({ status: 200, body: accepted });
  const close = async () => {
    await simulator.close();
    receiver.close();
    till.close();
  };
  return { simulator, receiver, till, person: await newPerson(simulator), close };
}
