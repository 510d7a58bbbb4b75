import { describe, expect, it } from 'vitest';
import { AppError } from '../../../../lib/core/errors.ts';
import { sendSubscribeMessage } from '../../../../lib/notify/send-subscribe-message.ts';
import { sendTemplateMessage } from '../../../../lib/notify/send-template-message.ts';
import type { OutboundRequest } from '../../../../lib/core/outbound.ts';
import type { WechatApp } from '../../../../lib/wechat/client.ts';

type Answer = number | 'timeout';
type Deps = Parameters<typeof sendTemplateMessage>[0];

/** WeChat, answering with these errcodes one after the other, then with 0. */
function wechat(...answers: Answer[]) {
  const app: WechatApp = { appId: 'wx1', appSecret: 's', settings: 'OFFICIAL' };
  const sent: OutboundRequest[] = [];
  const pausesMs: number[] = [];
  const lines: string[] = [];
  const deps = {
    app,
    accessToken: { withToken: (call: (token: string) => Promise<unknown>) => call('T') } as Deps['accessToken'],
    apiBaseUrl: 'http://api',
    log: {
      info: (event: string, fields: object) => void lines.push(`${event} ${JSON.stringify(fields)}`),
    } as Deps['log'],
    sleep: async (ms: number) => void pausesMs.push(ms),
    send: async (request: OutboundRequest) => {
      sent.push(request);
      const errcode = answers.shift() ?? 0;
      if (errcode === 'timeout') throw new AppError('WECHAT_TIMEOUT', 'late');
      return { status: 200, headers: {}, body: Buffer.from(JSON.stringify({ errcode, errmsg: '' })) };
    },
  };
  return { deps, sent, pausesMs, lines };
}

const paid = { openId: 'o_1', templateId: 'tpl', values: { thing1: '咖啡\n大杯' } };

describe('a template message', () => {
  const message = {
    ...paid,
    clientMsgId: 'order-1-paid',
    url: 'https://a.example/',
    miniProgram: { appId: 'wx2', page: 'p?q=1' },
  };

  it('is sent once, fitted, with an id that keeps it from arriving twice', async () => {
    const { deps, sent, lines } = wechat();
    await expect(sendTemplateMessage(deps, message)).resolves.toBe('sent');
    expect(String(sent[0]!.url)).toBe('http://api/cgi-bin/message/template/send?access_token=T');
    expect(JSON.parse(sent[0]!.body!)).toEqual({
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
  ])('that WeChat answers with %s has the outcome %s, logged and not repeated', async (errcode, outcome) => {
    const { deps, sent, lines } = wechat(errcode);
    await expect(sendTemplateMessage(deps, message)).resolves.toBe(outcome);
    expect(sent).toHaveLength(1);
    expect(lines).toEqual([expect.stringContaining(`"outcome":"${outcome}"`)]);
  });

  it.each<Answer>(['timeout', -1])('is sent once more after %s, with the same id', async (answer) => {
    const { deps, sent } = wechat(answer);
    await expect(sendTemplateMessage(deps, message)).resolves.toBe('sent');
    expect(sent).toHaveLength(2);
    expect(sent[1]!.body).toBe(sent[0]!.body);
  });

  it('is not sent a third time', async () => {
    const { deps, sent } = wechat('timeout', 'timeout');
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
  ])('that cannot be sent for %s is an error: %s', async (errcode, code) => {
    const { deps, sent } = wechat(errcode);
    await expect(sendTemplateMessage(deps, message)).rejects.toMatchObject({ code });
    expect(sent).toHaveLength(1);
  });

  it('with an empty value is refused before WeChat is asked', async () => {
    const { deps, sent } = wechat();
    const empty = { ...message, values: { thing1: ' ' } };
    await expect(sendTemplateMessage(deps, empty)).rejects.toMatchObject({ code: 'PARAM_ERROR' });
    expect(sent).toEqual([]);
  });
});

describe('a subscribe message', () => {
  const message = { ...paid, page: 'pages/order?id=1' };

  it('is sent once, fitted', async () => {
    const { deps, sent } = wechat();
    await expect(sendSubscribeMessage(deps, message)).resolves.toBe('sent');
    expect(String(sent[0]!.url)).toBe('http://api/cgi-bin/message/subscribe/send?access_token=T');
    expect(JSON.parse(sent[0]!.body!)).toEqual({
      touser: 'o_1',
      template_id: 'tpl',
      page: 'pages/order?id=1',
      data: { thing1: { value: '咖啡 大杯' } },
    });
  });

  it.each([43101, 40003])('to somebody who did not ask for it (%i) is an outcome, not an error', async (errcode) => {
    const { deps, sent, lines } = wechat(errcode);
    await expect(sendSubscribeMessage(deps, message)).resolves.toBe('not-subscribed');
    expect(sent).toHaveLength(1);
    expect(lines).toEqual([expect.stringContaining('"outcome":"not-subscribed"')]);
  });

  it('that met another one to the same person waits a second and goes once more', async () => {
    const once = wechat(43108);
    await expect(sendSubscribeMessage(once.deps, message)).resolves.toBe('sent');
    expect(once.pausesMs).toEqual([1_000]);
    const twice = wechat(43108, 43108);
    await expect(sendSubscribeMessage(twice.deps, message)).rejects.toMatchObject({ code: 'WECHAT_UNAVAILABLE' });
    expect(twice.sent).toHaveLength(2);
  });

  it('is not repeated after a time-out: it may have arrived', async () => {
    const { deps, sent } = wechat('timeout');
    await expect(sendSubscribeMessage(deps, message)).rejects.toMatchObject({ code: 'WECHAT_TIMEOUT' });
    expect(sent).toHaveLength(1);
  });

  it.each<[Answer, string]>([
    [43107, 'WECHAT_CONFIG'],
    [40037, 'WECHAT_CONFIG'],
    [47003, 'PARAM_ERROR'],
  ])('that cannot be sent for %s is an error: %s', async (errcode, code) => {
    await expect(sendSubscribeMessage(wechat(errcode).deps, message)).rejects.toMatchObject({ code });
  });
});
