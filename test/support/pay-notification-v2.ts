import { createCipheriv, createHash, createHmac, randomUUID } from 'node:crypto';
import type { LambdaFunctionURLEvent } from 'aws-lambda';
import { ids } from './world.ts';

type Fields = Record<string, string>;

/** Returns the function URL event of a POST with this XML body. */
export function xmlEvent(body: string): LambdaFunctionURLEvent {
  return {
    headers: { 'content-type': 'text/xml' },
    body,
    isBase64Encoded: false,
    rawQueryString: '',
    requestContext: { http: { method: 'POST' } },
  } as unknown as LambdaFunctionURLEvent;
}

/** Formats flat XML with each value in CDATA. */
export function xml(fields: Fields): string {
  const elements = Object.entries(fields).map(([name, value]) => `<${name}><![CDATA[${value}]]></${name}>`);
  return `<xml>${elements.join('')}</xml>`;
}

/**
 * Signs fields by the rules of API v2. Shares no code with lib/.
 * @see https://pay.weixin.qq.com/doc/v2/merchant/4011985891
 */
export function signV2(fields: Fields, type: 'MD5' | 'HMAC-SHA256' = 'MD5', key = ids.pay.apiV2Key): string {
  const parts = Object.keys(fields)
    .filter((name) => fields[name] !== '' && name !== 'sign')
    .toSorted()
    .map((name) => `${name}=${fields[name]}`);
  const text = `${parts.join('&')}&key=${key}`;
  const hash = type === 'MD5' ? createHash('md5') : createHmac('sha256', key);
  return hash.update(text).digest('hex').toUpperCase();
}

/** Returns the unsigned fields of a notification about a payment of 18 yuan. `change` replaces fields. */
export function paymentFields(change: Fields): Fields {
  return {
    return_code: 'SUCCESS',
    result_code: 'SUCCESS',
    appid: ids.miniapp.appId,
    mch_id: ids.pay.mchId,
    nonce_str: randomUUID().replaceAll('-', ''),
    openid: 'oGZUI0egBJY1zhBYw2KhdUfwVJJE',
    is_subscribe: 'N',
    trade_type: 'JSAPI',
    bank_type: 'OTHERS',
    total_fee: '1800',
    fee_type: 'CNY',
    cash_fee: '1800',
    transaction_id: '4200000000202611200000000001',
    attach: '',
    time_end: '20261120120005',
    ...change,
  };
}

/** Returns the event of a signed payment notification. `change` replaces fields. */
export function paymentNotice(change: Fields, type: 'MD5' | 'HMAC-SHA256' = 'MD5'): LambdaFunctionURLEvent {
  const fields = paymentFields(change);
  return xmlEvent(xml({ ...fields, sign: signV2(fields, type) }));
}

/**
 * Returns the event of a refund notification, which is encrypted with the API key and unsigned.
 * @see https://pay.weixin.qq.com/doc/v2/merchant/4011935223
 */
export function refundNotice(content: Fields, key = ids.pay.apiV2Key, outside: Fields = {}): LambdaFunctionURLEvent {
  const plain = xml(content)
    .replace(/^<xml>/, '<root>')
    .replace(/<\/xml>$/, '</root>');
  const cipher = createCipheriv('aes-256-ecb', createHash('md5').update(key).digest('hex'), null);
  const sealed = Buffer.concat([cipher.update(plain, 'utf8'), cipher.final()]).toString('base64');
  const fields = { return_code: 'SUCCESS', appid: ids.miniapp.appId, mch_id: ids.pay.mchId, nonce_str: 'n' };
  return xmlEvent(xml({ ...fields, req_info: sealed, ...outside }));
}
