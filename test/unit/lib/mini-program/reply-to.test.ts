import { describe, expect, it } from 'vitest';
import { replies } from '../../../../lib/mini-program/replies.ts';
import { checkReplies, replyTo, type MiniappReplies } from '../../../../lib/mini-program/reply-to.ts';
import type { MiniappPushContent } from '../../../../lib/wechat/miniapp-push-content.ts';

const some: MiniappReplies = {
  greeting: 'welcome',
  keywords: [
    { contains: ['退款'], reply: { type: 'publish' } },
    { exact: ['Help'], reply: 'exact' },
  ],
  otherwise: { type: 'transfer_customer_service' },
};
const text = (content: string): MiniappPushContent => ({ type: 'message', msgId: '1', kind: 'text', text: content });
const enter: MiniappPushContent = { type: 'event', event: 'user_enter_tempsession', sessionFrom: '' };

describe('replyTo of the mini-program', () => {
  it.each<[string, MiniappPushContent, unknown]>([
    ['a keyword', text('ｈｅｌｐ '), 'exact'],
    ['a part of a text', text('我要退款'), { type: 'publish' }],
    ['any other text', text('你好'), some.otherwise],
    ['a picture', { type: 'message', msgId: '1', kind: 'image', picUrl: '', mediaId: '' }, some.otherwise],
    ['an entry into the chat', enter, 'welcome'],
    ['a message of an unknown type', { type: 'message', msgId: '1', kind: 'other', name: 'x' }, undefined],
    ['another event', { type: 'event', event: 'other', name: 'x' }, undefined],
  ])('returns the reply to %s', (_, content, reply) => {
    expect(replyTo(content, some)).toEqual(reply);
  });

  it('returns undefined for a push without a reply', () => {
    for (const content of [text('你好'), enter]) expect(replyTo(content, { keywords: [] })).toBeUndefined();
  });
});

describe('checkReplies of the mini-program', () => {
  const tooLong = '汉'.repeat(683);

  it('accepts the replies of this project', () => {
    const own = replies('站'.repeat(60));
    expect(checkReplies(own)).toBe(own);
  });

  it.each<[string, Partial<MiniappReplies>]>([
    ['greeting', { greeting: tooLong }],
    ['keywords[0]', { keywords: [{ exact: ['a'], reply: tooLong }] }],
    ['otherwise', { otherwise: { type: 'publish', text: tooLong } }],
  ])('rejects a text of 2,049 bytes as %s', (entry, change) => {
    expect(() => checkReplies({ ...some, ...change })).toThrow(
      expect.objectContaining({
        code: 'NOT_CONFIGURED',
        message: `The text ${entry} of lib/mini-program/replies.ts has 2049 bytes; shorten it to 2047 bytes of UTF-8`,
      }),
    );
  });
});
