import { expect } from 'vitest';
import { AppError } from '../../../../../lib/core/errors.ts';
import type { PayV2Deps } from '../../../../../lib/wechat-pay/v2/client.ts';
import { readFields, writeFields } from '../../../../../lib/wechat-pay/v2/fields.ts';
import { signFields } from '../../../../../lib/wechat-pay/v2/sign.ts';
import type { OutboundRequest, OutboundResponse } from '../../../../../lib/core/outbound.ts';
import type { Order } from '../../../../../lib/store/orders.ts';

export const apiV2Key = '192006250b4c09247ec02edce69f6a2d';

type Fields = Record<string, string>;
export type Answer = OutboundResponse | 'timeout' | 'unreachable';

/** Simulates WeChat Pay, which returns the given answers in order. */
export function wechat(...answers: Answer[]) {
  const sent: OutboundRequest[] = [];
  const pausesMs: number[] = [];
  const lines: string[] = [];
  let draws = 0;
  const deps: PayV2Deps & { appId: string } = {
    mchId: '1900000001',
    appId: 'wx_any',
    apiV2Key,
    payBaseUrl: 'http://pay',
    now: () => 1_754_020_800_999,
    randomBytes: (size) => Buffer.alloc(size, (draws += 1)),
    sleep: async (ms) => void pausesMs.push(ms),
    log: { info: (event) => void lines.push(event), warn: (event) => void lines.push(event), error: () => {} },
    send: async (request) => {
      sent.push(request);
      const answer = answers.shift();
      if (answer === undefined) throw new Error('The client sent more requests than expected');
      if (answer === 'timeout') throw new AppError('WECHAT_TIMEOUT', 'late');
      if (answer === 'unreachable') throw new AppError('WECHAT_UNAVAILABLE', 'away');
      return answer;
    },
  };
  return { deps, sent, pausesMs, lines, fieldsOf: (index: number) => readFields(String(sent[index]!.body)) };
}

export const raw = (text: string, status = 200): Answer => ({ status, headers: {}, body: Buffer.from(text) });
export const xml = (fields: Fields): Answer => raw(writeFields(fields));

const genuine = { return_code: 'SUCCESS', return_msg: 'OK', appid: 'wx1', mch_id: '1900000001', nonce_str: 'n' };

/** Returns a signed answer with the given fields. */
export function signed(fields: Fields, key = apiV2Key): Answer {
  const all = { ...genuine, result_code: 'SUCCESS', ...fields };
  return xml({ ...all, sign: signFields(all, key, 'HMAC-SHA256') });
}

export const declined = (code: string, words = 'why'): Answer =>
  signed({ result_code: 'FAIL', err_code: code, err_code_des: words });

export const order: Order = {
  outTradeNo: 'T20250801120000000001',
  sku: 'sku-1',
  description: '咖啡 <大杯> & "甜"',
  kind: 'goods',
  amountFen: 100,
  currency: 'CNY',
  state: 'CREATED',
  createdAt: '2025-08-01T16:30:00.123Z',
  api: 'v2',
  tradeType: 'JSAPI',
  timeExpire: '2025-08-01T18:30:00+00:00',
  notifyUrl: 'https://a.example/pay-notify-v2',
  mchId: '1900000001',
  appId: 'wx1',
  openId: 'oUpF8uMuAJO_M2pxb1Q9zNjWeS6o',
  clientIp: '203.0.113.7',
  requestFingerprint: 'a',
  refundedFen: 0,
  refundingFen: 0,
  refundCount: 0,
};

export const appError = (code: string) => expect.objectContaining({ name: 'AppError', code });
