import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { OutboundRequest } from '../../../../../lib/core/outbound.ts';
import { downloadVirtualBill } from '../../../../../lib/wechat-pay/virtual/bills.ts';

const API = 'http://127.0.0.1:9';
const APP_KEY = 'live-key';
const LINK = 'https://files.example.com/bill?sign=abc';
const CREATING = { errcode: 268490011, errmsg: 'data is being made' };
const MAX_BYTES = 1024 * 1024;

/** WeChat answers the calls with `answers`, of which the last repeats, and the link with `file`. */
function wechat(
  answers: object[],
  file: { status: number; body: Buffer } = { status: 200, body: Buffer.from('xlsx') },
) {
  const requests: OutboundRequest[] = [];
  const pauses: number[] = [];
  const send = async (request: OutboundRequest) => {
    requests.push(request);
    if (request.method === 'GET') return { headers: {}, ...file };
    const answer = answers.length > 1 ? answers.shift() : answers[0];
    return { status: 200, headers: {}, body: Buffer.from(JSON.stringify(answer)) };
  };
  const deps = {
    send,
    sleep: async (ms: number) => void pauses.push(ms),
    apiBaseUrl: API,
    app: { appId: 'wx1', appSecret: 'secret', settings: 'MINIAPP' as const },
    accessToken: { withToken: <Result>(use: (token: string) => Promise<Result>) => use('token-1') },
    virtual: { offerId: '1450000001', env: 'live' as const, appKey: APP_KEY },
  };
  return { requests, pauses, download: () => downloadVirtualBill(deps, '2026-11-20') };
}

describe('downloadVirtualBill', () => {
  it('asks for one day by numbers, without an environment, with the signature in the query', async () => {
    const { requests, download } = wechat([{ errcode: 0, errmsg: 'ok', url: LINK, total_cnt: 1 }]);
    await expect(download()).resolves.toEqual(Buffer.from('xlsx'));
    const body = '{"begin_ds":20261120,"end_ds":20261120}';
    expect(requests[0]).toMatchObject({ method: 'POST', body });
    const signed = createHmac('sha256', APP_KEY).update(`/xpay/download_bill&${body}`).digest('hex');
    expect(String(requests[0]!.url)).toBe(`${API}/xpay/download_bill?access_token=token-1&pay_sig=${signed}`);
  });

  it('sends nothing to the host of the file but the link', async () => {
    const { requests, download } = wechat([{ errcode: 0, url: LINK }]);
    await download();
    expect(requests[1]).toEqual({ method: 'GET', url: new URL(LINK), timeoutMs: 15_000 });
    expect(requests).toHaveLength(2);
  });

  it('asks again, after a pause, while WeChat makes the bill', async () => {
    const { requests, pauses, download } = wechat([CREATING, { errcode: 0, url: '' }, { errcode: 0, url: LINK }]);
    await download();
    expect(requests.map(({ method }) => method)).toEqual(['POST', 'POST', 'POST', 'GET']);
    expect(pauses).toEqual([10_000, 10_000]);
  });

  it('gives up after two minutes, and asks the operator to retry', async () => {
    const { pauses, download } = wechat([CREATING]);
    await expect(download()).rejects.toMatchObject({
      code: 'WECHAT_UNAVAILABLE',
      message: 'The bill of virtual payment is not ready: retry in half an hour',
    });
    expect(pauses.reduce((sum, ms) => sum + ms, 0)).toBe(120_000);
  });

  it('returns undefined for a day without data', async () => {
    const { requests, download } = wechat([{ errcode: 268490002, errmsg: '数据不存在' }]);
    await expect(download()).resolves.toBeUndefined();
    expect(requests).toHaveLength(1);
  });

  it.each([
    [{ errcode: 268490002, errmsg: 'invalid begin_ds' }, 'PARAM_ERROR'],
    [{ errcode: 268490003, errmsg: 'sign error' }, 'WECHAT_CONFIG'],
    [{ errcode: 268490015, errmsg: 'freq' }, 'RATE_LIMITED'],
    [{ errcode: 0, url: 'no link' }, 'WECHAT_UNAVAILABLE'],
    [{ errcode: 0, url: 'http://169.254.169.254/latest' }, 'WECHAT_UNAVAILABLE'],
    [{ errcode: 0, url: 'file:///etc/passwd' }, 'WECHAT_UNAVAILABLE'],
  ])('turns %j into %s, without a download', async (answer, code) => {
    const { requests, download } = wechat([answer]);
    await expect(download()).rejects.toMatchObject({ code });
    expect(requests).toHaveLength(1);
  });

  it.each([
    ['an expired link', { status: 403, body: Buffer.from('<Error/>') }],
    ['a redirect', { status: 302, body: Buffer.alloc(0) }],
    ['a file that is too large', { status: 200, body: Buffer.alloc(MAX_BYTES + 1) }],
  ])('rejects %s', async (_, file) => {
    await expect(wechat([{ errcode: 0, url: LINK }], file).download()).rejects.toMatchObject({
      code: 'WECHAT_UNAVAILABLE',
    });
  });

  it('accepts a file of the largest size', async () => {
    const file = { status: 200, body: Buffer.alloc(MAX_BYTES) };
    await expect(wechat([{ errcode: 0, url: LINK }], file).download()).resolves.toHaveLength(MAX_BYTES);
  });
});
