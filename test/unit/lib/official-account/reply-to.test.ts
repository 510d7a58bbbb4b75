import { describe, expect, it } from 'vitest';
import { replies } from '../../../../lib/official-account/replies.ts';
import { checkReplies, replyTo, type Replies } from '../../../../lib/official-account/reply-to.ts';
import type { PushContent } from '../../../../lib/wechat/push-content.ts';

const some: Replies = {
  loginScanned: () => 'scanned',
  loginDone: () => 'done',
  loginCancelled: 'cancelled',
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
const text = (content: string): PushContent => ({ type: 'message', msgId: '1', kind: 'text', text: content });

describe('replyTo, text messages', () => {
  it.each([
    ['帮助', 'exact'],
    [' help\n', 'exact'],
    ['ｈｅｌｐ', 'exact'],
    ['please help me', 'contains'],
    ['我要退款', 'contains'],
    ['开发票', 'exact'],
    ['你好', 'default'],
    ['', 'default'],
  ])('answers %j with the reply %s', (content, reply) => {
    expect(replyTo(text(content), some)).toBe(reply);
  });

  it('returns undefined when no keyword matches and no default exists', () => {
    expect(replyTo(text('你好'), { ...some, otherwise: undefined })).toBeUndefined();
  });
});

describe('replyTo, other pushes', () => {
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
    [{ type: 'message', msgId: '1', kind: 'other', name: 'x' }, undefined],
    [{ type: 'event', event: 'subscribe', scene: 'channel' }, 'welcome'],
    [{ type: 'event', event: 'scan', scene: 'channel' }, undefined],
  ])('answers %j with %j', (content, reply) => {
    expect(replyTo(content, some)).toEqual(reply);
  });
});

describe('the default replies', () => {
  const defaults = replies('示例站');

  it('name the site in the greeting and in the replies to a login', () => {
    const page = { time: '2026-11-20 14:03', place: '上海', browser: 'Chrome' };
    const [scanned, done] = [defaults.loginScanned(page), defaults.loginDone(page)];
    for (const reply of [scanned, done, defaults.loginCancelled, defaults.loginExpired, defaults.greeting]) {
      expect(reply).toContain('示例站');
    }
    for (const fact of Object.values(page)) {
      expect(scanned).toContain(fact);
      expect(done).toContain(fact);
    }
  });

  it('answer 帮助 and HELP alike, and mention 帮助 in the reply to other texts', () => {
    expect(replyTo(text('帮助'), defaults)).toBe(replyTo(text('HELP'), defaults));
    expect(replyTo(text('帮助'), defaults)).not.toBe(defaults.otherwise);
    expect(defaults.otherwise).toContain('帮助');
  });
});

describe('checkReplies', () => {
  // 3 bytes each.
  const [longest, tooLong] = ['汉'.repeat(682), '汉'.repeat(683)];

  it('accepts the replies of this project', () => {
    const own = replies('站'.repeat(60));
    expect(checkReplies(own)).toBe(own);
  });

  it('accepts a text of 2,046 bytes, and replies of other types', () => {
    const greeting = { type: 'image', mediaId: 'm' } as const;
    expect(() => checkReplies({ ...some, greeting, otherwise: longest })).not.toThrow();
  });

  it.each<[string, Partial<Replies>]>([
    ['loginCancelled', { loginCancelled: tooLong }],
    ['loginExpired', { loginExpired: tooLong }],
    ['greeting', { greeting: tooLong }],
    [
      'keywords[1]',
      {
        keywords: [
          { exact: ['a'], reply: longest },
          { exact: ['b'], reply: tooLong },
        ],
      },
    ],
    ['menu.HELP', { menu: { HELP: tooLong } }],
    ['otherwise', { otherwise: tooLong }],
    ['otherwise', { otherwise: { type: 'publish', text: tooLong } }],
  ])('rejects a text of 2,049 bytes as %s', (entry, change) => {
    expect(() => checkReplies({ ...some, ...change })).toThrow(
      expect.objectContaining({
        code: 'NOT_CONFIGURED',
        message: `The text ${entry} of lib/official-account/replies.ts has 2049 bytes; shorten it to 2047 bytes of UTF-8`,
      }),
    );
  });
});
