import { describe, expect, it } from 'vitest';
import { sendCustomerMessage } from '../../../../lib/notify/send-customer-message.ts';
import type { CustomerMessage } from '../../../../lib/wechat/customer-message.ts';
import { wechat, type Answer } from './wechat.ts';

const to = { openId: 'o_1' };
const link = { type: 'link', title: 't', description: 'd', url: 'https://a.b', thumbUrl: 'https://a.b/c' } as const;
const card = { type: 'miniprogram', title: 't', pagePath: 'p?q=1', thumbMediaId: 'm' } as const;

describe('sendCustomerMessage', () => {
  it.each<['MINIAPP' | 'OFFICIAL', CustomerMessage, object]>([
    ['MINIAPP', '你好', { msgtype: 'text', text: { content: '你好' } }],
    ['MINIAPP', { type: 'image', mediaId: 'm' }, { msgtype: 'image', image: { media_id: 'm' } }],
    [
      'MINIAPP',
      link,
      { msgtype: 'link', link: { title: 't', description: 'd', url: 'https://a.b', thumb_url: 'https://a.b/c' } },
    ],
    [
      'OFFICIAL',
      link,
      {
        msgtype: 'news',
        news: { articles: [{ title: 't', description: 'd', url: 'https://a.b', picurl: 'https://a.b/c' }] },
      },
    ],
    [
      'MINIAPP',
      card,
      { msgtype: 'miniprogrampage', miniprogrampage: { title: 't', pagepath: 'p?q=1', thumb_media_id: 'm' } },
    ],
    [
      'OFFICIAL',
      { ...card, appId: 'wx2' },
      {
        msgtype: 'miniprogrampage',
        miniprogrampage: { title: 't', appid: 'wx2', pagepath: 'p?q=1', thumb_media_id: 'm' },
      },
    ],
  ])('sends by %s the message %o', async (settings, message, content) => {
    const { deps, sent, lines } = wechat([], settings);
    await expect(sendCustomerMessage(deps, { ...to, message })).resolves.toBe('sent');
    expect(sent.map(({ url }) => String(url))).toEqual(['http://api/cgi-bin/message/custom/send?access_token=T']);
    expect(JSON.parse(String(sent[0]!.body))).toEqual({ touser: 'o_1', ...content });
    expect(lines).toEqual([expect.stringContaining('"outcome":"sent"')]);
  });

  it('cuts a text to 2,047 bytes, at a whole character', async () => {
    const { deps, sent } = wechat();
    await sendCustomerMessage(deps, { ...to, message: '汉'.repeat(700) });
    expect(JSON.parse(String(sent[0]!.body)).text.content).toBe('汉'.repeat(682));
  });

  it('rejects an empty text without a call to WeChat', async () => {
    const { deps, sent } = wechat();
    await expect(sendCustomerMessage(deps, { ...to, message: '' })).rejects.toMatchObject({ code: 'PARAM_ERROR' });
    expect(sent).toEqual([]);
  });

  it.each<[number, string]>([
    [45015, 'window-closed'],
    [45047, 'limit-reached'],
    [40003, 'unreachable'],
    [43004, 'unreachable'],
    [50005, 'unreachable'],
    [43019, 'opted-out'],
    [48002, 'opted-out'],
  ])('for errcode %i returns and logs the outcome %s without a retry', async (errcode, outcome) => {
    const { deps, sent, lines } = wechat([errcode]);
    await expect(sendCustomerMessage(deps, { ...to, message: 'hi' })).resolves.toBe(outcome);
    expect(sent).toHaveLength(1);
    expect(lines).toEqual([expect.stringContaining(`"outcome":"${outcome}"`)]);
  });

  it.each<[Answer, string]>([
    [45002, 'PARAM_ERROR'],
    [45003, 'PARAM_ERROR'],
    [45006, 'PARAM_ERROR'],
    [40007, 'PARAM_ERROR'],
    [40013, 'PARAM_ERROR'],
    [48001, 'WECHAT_CONFIG'],
    [45009, 'RATE_LIMITED'],
    ['timeout', 'WECHAT_TIMEOUT'],
  ])('for %s throws %s, without a second message', async (answer, code) => {
    const { deps, sent } = wechat([answer]);
    await expect(sendCustomerMessage(deps, { ...to, message: 'hi' })).rejects.toMatchObject({ code });
    expect(sent).toHaveLength(1);
  });

  it('repeats a call once when WeChat is busy, which means that it sent nothing', async () => {
    const { deps, sent } = wechat([-1]);
    await expect(sendCustomerMessage(deps, { ...to, message: 'hi' })).resolves.toBe('sent');
    expect(sent).toHaveLength(2);
  });
});
