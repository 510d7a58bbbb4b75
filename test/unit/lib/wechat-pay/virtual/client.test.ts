import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { callVirtual } from '../../../../../lib/wechat-pay/virtual/client.ts';
import { appError, appKey, failed, wechat } from './wechat.ts';

describe('callVirtual', () => {
  it('signs the exact body, and sends the signature in the query only', async () => {
    const { deps, sent } = wechat({ errcode: 0 });
    await callVirtual(deps, 'query_order', { openid: 'o', note: '退款 "€"' });
    const [{ url, method, body }] = sent as [(typeof sent)[0]];
    const signature = createHmac('sha256', appKey)
      .update(`/xpay/query_order&${String(body)}`)
      .digest('hex');
    expect([method, url.pathname, Object.fromEntries(url.searchParams)]).toEqual([
      'POST',
      '/xpay/query_order',
      { access_token: 'TOKEN', pay_sig: signature },
    ]);
    expect(String(body)).toBe('{"openid":"o","note":"退款 \\"€\\""}');
  });

  it('signs a repetition after a busy answer with the same signature', async () => {
    const { deps, sent } = wechat(failed(-1), { errcode: 0 });
    await callVirtual(deps, 'query_order', { openid: 'o' });
    expect(new Set(sent.map(({ url }) => String(url))).size).toBe(1);
    expect(sent).toHaveLength(2);
  });

  it('converts the errcodes of virtual payment', async () => {
    const { deps } = wechat(failed(268490003));
    await expect(callVirtual(deps, 'query_order', {})).rejects.toThrow(appError('WECHAT_CONFIG'));
  });

  it('passes the errcode of a rejected access token to the owner of the token', async () => {
    const { deps, sent } = wechat(failed(40001), { errcode: 0 });
    deps.accessToken.withToken = (call) => call('OLD').catch(() => call('NEW'));
    await callVirtual(deps, 'query_order', {});
    expect(sent.map(({ url }) => url.searchParams.get('access_token'))).toEqual(['OLD', 'NEW']);
  });
});
