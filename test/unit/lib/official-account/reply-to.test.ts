import { describe, expect, it } from 'vitest';
import { replies } from '../../../../lib/official-account/replies.ts';
import { replyTo, type Replies } from '../../../../lib/official-account/reply-to.ts';
import type { PushContent } from '../../../../lib/wechat/push-content.ts';

const some: Replies = {
  loginScanned: 'scanned',
  loginExpired: 'expired',
  greeting: 'welcome',
  keywords: [
    { contains: ['help', '退款'], reply: 'contains' },
    { exact: ['帮助', 'Help'], contains: ['发票'], reply: 'exact' },
    { contains: ['发票'], reply: 'later' },
  ],
  menu: { KEY: { type: 'image', mediaId: 'm' } },
  otherwise: 'default',
};
const text = (said: string): PushContent => ({ type: 'message', msgId: '1', kind: 'text', text: said });

describe('the reply to a text', () => {
  it.each([
    ['帮助', 'exact'],
    [' help\n', 'exact'],
    ['ｈｅｌｐ', 'exact'],
    ['please help me', 'contains'],
    ['我要退款', 'contains'],
    ['开发票', 'exact'],
    ['你好', 'default'],
    ['', 'default'],
  ])('%j is %s', (said, reply) => {
    expect(replyTo(text(said), some)).toBe(reply);
  });

  it('is none when there is no default', () => {
    expect(replyTo(text('你好'), { ...some, otherwise: undefined })).toBeUndefined();
  });
});

describe('the reply to anything else', () => {
  it.each<[PushContent, unknown]>([
    [{ type: 'message', msgId: '1', kind: 'image', picUrl: '', mediaId: '' }, 'default'],
    [{ type: 'event', event: 'subscribe' }, 'welcome'],
    [
      { type: 'event', event: 'click', key: 'KEY' },
      { type: 'image', mediaId: 'm' },
    ],
    [
      { type: 'event', event: 'scancode_waitmsg', key: 'KEY', scanType: '', scanResult: '' },
      { type: 'image', mediaId: 'm' },
    ],
    [{ type: 'event', event: 'click', key: 'constructor' }, undefined],
    [{ type: 'event', event: 'view', url: 'KEY' }, undefined],
    [{ type: 'event', event: 'other', name: 'x' }, undefined],
  ])('%j', (content, reply) => {
    expect(replyTo(content, some)).toEqual(reply);
  });
});

describe('the replies that are shipped', () => {
  const shipped = replies('示例站');

  it('name the site where somebody logs in or arrives', () => {
    for (const reply of [shipped.loginScanned, shipped.loginExpired, shipped.greeting])
      expect(reply).toContain('示例站');
  });

  it('help whoever asks, and point everybody else to it', () => {
    expect(replyTo(text('帮助'), shipped)).toBe(replyTo(text('HELP'), shipped));
    expect(replyTo(text('帮助'), shipped)).not.toBe(shipped.otherwise);
    expect(shipped.otherwise).toContain('帮助');
  });
});
