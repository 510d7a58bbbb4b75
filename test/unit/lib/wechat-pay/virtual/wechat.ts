import { expect } from 'vitest';
import { AppError } from '../../../../../lib/core/errors.ts';
import type { OutboundRequest } from '../../../../../lib/core/outbound.ts';
import type { Order } from '../../../../../lib/store/orders.ts';
import type { VirtualDeps } from '../../../../../lib/wechat-pay/virtual/client.ts';

export const appKey = '12345';

type Answer = object | 'timeout';

/** Simulates WeChat, which returns the given answers in order. */
export function wechat(...answers: Answer[]) {
  const sent: OutboundRequest[] = [];
  const deps: VirtualDeps = {
    app: { appId: 'wx1', appSecret: 'secret', settings: 'MINIAPP' },
    accessToken: { withToken: (call) => call('TOKEN') },
    apiBaseUrl: 'http://api',
    sleep: async () => undefined,
    virtual: { offerId: '1450000001', env: 'live', appKey },
    send: async (request) => {
      sent.push(request);
      const answer = answers.shift();
      if (answer === undefined) throw new Error('The client sent more requests than expected');
      if (answer === 'timeout') throw new AppError('WECHAT_TIMEOUT', 'late');
      return { status: 200, headers: {}, body: Buffer.from(JSON.stringify(answer)) };
    },
  };
  return { deps, sent, bodyOf: (index: number) => JSON.parse(String(sent[index]!.body)) as Record<string, unknown> };
}

/** A paid order as WeChat returns it. Fields of `change` replace the defaults. */
export const record = (change: object = {}): object => ({
  errcode: 0,
  order: {
    order_id: 'order-00000001',
    wx_order_id: 'VPO1',
    wxpay_order_id: '4500000138202612010000000001',
    status: 2,
    order_type: 0,
    env_type: 1,
    order_fee: 600,
    paid_fee: 600,
    left_fee: 600,
    paid_time: 1_790_000_000,
    ...change,
  },
});

export const failed = (errcode: number, errmsg = 'x'): object => ({ errcode, errmsg });

export const order: Order = {
  outTradeNo: 'order-00000001',
  sku: 'lesson',
  description: 'Lesson',
  kind: 'goods',
  amountFen: 600,
  currency: 'CNY',
  state: 'PAID',
  createdAt: '2026-11-20T00:00:00.000Z',
  api: 'virtual',
  tradeType: 'VIRTUAL',
  timeExpire: '2026-11-20T02:00:00+00:00',
  notifyUrl: '',
  mchId: '1450000001',
  appId: 'wx1',
  openId: 'oBuyer',
  env: 'live',
  goods: { productId: 'lesson', unitFen: 300, quantity: 2 },
  transactionId: '4500000138202612010000000001',
  requestFingerprint: 'a',
  refundedFen: 0,
  refundingFen: 0,
  refundCount: 0,
};

export const appError = (code: string) => expect.objectContaining({ name: 'AppError', code });
