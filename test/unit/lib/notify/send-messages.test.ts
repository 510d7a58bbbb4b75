import { describe, expect, it } from 'vitest';
import { sendSubscribeMessage } from '../../../../lib/notify/send-subscribe-message.ts';
import { sendTemplateMessage } from '../../../../lib/notify/send-template-message.ts';
import { wechat, type Answer } from './wechat.ts';

const paid = { openId: 'o_1', templateId: 'tpl', values: { thing1: '咖啡\n大杯' } };

describe('sendTemplateMessage', () => {
  const message = {
    ...paid,
    clientMsgId: 'order-1-paid',
    url: 'https://a.example/',
    miniProgram: { appId: 'wx2', page: 'p?q=1' },
  };

  it('sends a fitted message once, with a client_msg_id against duplicates', async () => {
    const { deps, sent, lines } = wechat();
    await expect(sendTemplateMessage(deps, message)).resolves.toBe('sent');
    expect(String(sent[0]!.url)).toBe('http://api/cgi-bin/message/template/send?access_token=T');
    expect(JSON.parse(String(sent[0]!.body))).toEqual({
      touser: 'o_1',
      template_id: 'tpl',
      client_msg_id: 'order-1-paid',
      url: 'https://a.example/',
      miniprogram: { appid: 'wx2', pagepath: 'p?q=1' },
      data: { thing1: { value: '咖啡 大杯' } },
    });
    expect(lines).toEqual([expect.stringContaining('"outcome":"sent"')]);
  });

  it.each<[Answer, string]>([
    [43004, 'not-following'],
    [50005, 'not-following'],
    [40003, 'not-following'],
    [43101, 'opted-out'],
    [43019, 'opted-out'],
    [48002, 'opted-out'],
  ])('for errcode %s returns and logs the outcome %s without a retry', async (errcode, outcome) => {
    const { deps, sent, lines } = wechat([errcode]);
    await expect(sendTemplateMessage(deps, message)).resolves.toBe(outcome);
    expect(sent).toHaveLength(1);
    expect(lines).toEqual([expect.stringContaining(`"outcome":"${outcome}"`)]);
  });

  it.each<Answer>(['timeout', -1])('retries once after %s, with the same client_msg_id', async (answer) => {
    const { deps, sent } = wechat([answer]);
    await expect(sendTemplateMessage(deps, message)).resolves.toBe('sent');
    expect(sent).toHaveLength(2);
    expect(sent[1]!.body).toBe(sent[0]!.body);
  });

  it('sends no third request', async () => {
    const { deps, sent } = wechat(['timeout', 'timeout']);
    await expect(sendTemplateMessage(deps, message)).rejects.toMatchObject({ code: 'WECHAT_TIMEOUT' });
    expect(sent).toHaveLength(2);
  });

  it.each<[Answer, string]>([
    [40037, 'WECHAT_CONFIG'],
    [43116, 'WECHAT_CONFIG'],
    [40165, 'WECHAT_CONFIG'],
    [48001, 'WECHAT_CONFIG'],
    [45009, 'RATE_LIMITED'],
    [47003, 'PARAM_ERROR'],
    [45168, 'PARAM_ERROR'],
  ])('for errcode %s throws %s', async (errcode, code) => {
    const { deps, sent } = wechat([errcode]);
    await expect(sendTemplateMessage(deps, message)).rejects.toMatchObject({ code });
    expect(sent).toHaveLength(1);
  });

  it('rejects an empty value without a call to WeChat', async () => {
    const { deps, sent } = wechat();
    const empty = { ...message, values: { thing1: ' ' } };
    await expect(sendTemplateMessage(deps, empty)).rejects.toMatchObject({ code: 'PARAM_ERROR' });
    expect(sent).toEqual([]);
  });
});

describe('sendSubscribeMessage', () => {
  const message = { ...paid, page: 'pages/order?id=1' };

  it('sends a fitted message once', async () => {
    const { deps, sent } = wechat();
    await expect(sendSubscribeMessage(deps, message)).resolves.toBe('sent');
    expect(String(sent[0]!.url)).toBe('http://api/cgi-bin/message/subscribe/send?access_token=T');
    expect(JSON.parse(String(sent[0]!.body))).toEqual({
      touser: 'o_1',
      template_id: 'tpl',
      page: 'pages/order?id=1',
      data: { thing1: { value: '咖啡 大杯' } },
    });
  });

  it.each([43101, 40003])('for errcode %i returns the outcome not-subscribed instead of an error', async (errcode) => {
    const { deps, sent, lines } = wechat([errcode]);
    await expect(sendSubscribeMessage(deps, message)).resolves.toBe('not-subscribed');
    expect(sent).toHaveLength(1);
    expect(lines).toEqual([expect.stringContaining('"outcome":"not-subscribed"')]);
  });

  it('retries once after a second when WeChat sends another message to the same user (43108)', async () => {
    const once = wechat([43108]);
    await expect(sendSubscribeMessage(once.deps, message)).resolves.toBe('sent');
    expect(once.pausesMs).toEqual([1_000]);
    const twice = wechat([43108, 43108]);
    await expect(sendSubscribeMessage(twice.deps, message)).rejects.toMatchObject({ code: 'WECHAT_UNAVAILABLE' });
    expect(twice.sent).toHaveLength(2);
  });

  it('makes no retry after a timeout, because the message may have arrived', async () => {
    const { deps, sent } = wechat(['timeout']);
    await expect(sendSubscribeMessage(deps, message)).rejects.toMatchObject({ code: 'WECHAT_TIMEOUT' });
    expect(sent).toHaveLength(1);
  });

  it.each<[Answer, string]>([
    [43107, 'WECHAT_CONFIG'],
    [40037, 'WECHAT_CONFIG'],
    [47003, 'PARAM_ERROR'],
  ])('for errcode %s throws %s', async (errcode, code) => {
    await expect(sendSubscribeMessage(wechat([errcode]).deps, message)).rejects.toMatchObject({ code });
  });
});
