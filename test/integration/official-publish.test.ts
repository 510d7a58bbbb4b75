// Messages to the official account that replies.ts publishes for a customer service of the team.
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { eventsOf } from '../../lib/events/from-record.ts';
import type { Replies } from '../../lib/official-account/reply-to.ts';
import { createChatWorld, textOf, type ChatWorld } from '../support/chat-world.ts';
import { recordOf } from '../support/stream-records.ts';
import { ids, type Person } from '../support/world.ts';

const REPLIES = '../../lib/official-account/replies.ts';
const replies: Partial<Replies> = {
  keywords: [
    { exact: ['人工'], reply: { type: 'publish', text: '正在为您转接。' } },
    { exact: ['客服'], reply: { type: 'transfer_customer_service' } },
  ],
  otherwise: { type: 'publish' },
};

let world: ChatWorld;
let person: Person;
/** Returns the events of the stored messages of the user. */
const events = async () => {
  const items = (await world.everything()) as { pk: string; sk: string; openId?: string }[];
  const own = items.filter(({ sk, openId }) => sk === 'MESSAGE' && openId === person.openIds.official);
  return own.flatMap(({ pk, sk, ...item }) => eventsOf(recordOf({ pk, sk }, undefined, item)));
};

describe('a message to the official account', () => {
  beforeAll(async () => {
    const original = await vi.importActual<{ replies(siteName: string): Replies }>(REPLIES);
    vi.doMock(REPLIES, () => ({ replies: (siteName: string) => ({ ...original.replies(siteName), ...replies }) }));
    world = await createChatWorld('secure');
  });
  beforeEach(async () => {
    person = await world.registered();
  });
  afterAll(async () => {
    vi.doUnmock(REPLIES);
    await world.close();
  });

  it('is published once with the account of the user, and answered success', async () => {
    expect(await world.type(person, '你好')).toMatchObject({ status: 200, body: 'success' });
    expect(await world.act(person, 'resend', { last: 1 })).toMatchObject({ body: 'success' });
    const [event, ...more] = await events();
    expect(more).toEqual([]);
    expect(event).toMatchObject({
      name: 'official-account.message-received',
      data: {
        appId: ids.official.appId,
        openId: person.openIds.official,
        userId: expect.stringMatching(/^[0-9a-z]{16}$/),
        message: {
          kind: 'text',
          text: '你好',
          messageId: expect.any(String),
        },
      },
    });
  });

  it('is published and answered with the text, also when its push is repeated', async () => {
    expect(textOf(await world.type(person, '人工'))).toBe('正在为您转接。');
    expect(textOf(await world.act(person, 'resend', { last: 1 }))).toBe('正在为您转接。');
    expect(await events()).toHaveLength(1);
  });

  it('has no second effect when its push arrives again five times at once', async () => {
    await world.type(person, '帮帮我');
    const push = world.address.events.at(-1)!;
    const before = world.taken('text');
    await Promise.all(Array.from({ length: 5 }, () => world.send(structuredClone(push))));
    expect(await events()).toHaveLength(1);
    expect(world.taken('text')).toBe(before);
  });

  it.each([
    ['voice', { MediaId: 'm', Format: 'amr' }, { mediaId: 'm', format: 'amr' }],
    ['video', { MediaId: 'm', ThumbMediaId: 't' }, { mediaId: 'm', thumbMediaId: 't' }],
    [
      'location',
      { Location_X: '23.1', Location_Y: '113.3', Scale: '20', Label: '广州' },
      { place: { x: '23.1', y: '113.3', scale: '20', label: '广州' } },
    ],
    [
      'link',
      { Title: 't', Description: 'd', Url: 'https://a.b' },
      { title: 't', description: 'd', url: 'https://a.b' },
    ],
  ])('of the kind %s is published with its content', async (kind, fields, message) => {
    await world.act(person, 'message', { msgType: kind, fields });
    expect((await events())[0]!.data).toMatchObject({ message: { kind, ...message } });
  });

  it('is passed to the customer service of WeChat without an event', async () => {
    expect((await world.type(person, '客服')).body).not.toBe('success');
    expect(await events()).toEqual([]);
  });

  it('is not published when it decides about a login', async () => {
    await world.logIn(person);
    await world.type(person, '0');
    expect(await events()).toEqual([]);
  });
});
