// Messages in the customer service of the mini-program: answered, forwarded or published, and each reply sent once.
import { DeleteCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { recogniseOrCreate } from '../../lib/identity/recognise.ts';
import { keys } from '../../lib/store/keys.ts';
import { withMetrics } from '../support/metrics.ts';
import { createServiceWorld, SEND, type ServiceWorld } from '../support/service-world.ts';
import { ids, type Person } from '../support/world.ts';

const { appId } = ids.miniapp;
const HOUR_MS = 3_600_000;
const GREETING = expect.objectContaining({ type: 'text', content: expect.stringContaining('「示例站」的客服') });
const HELP = expect.objectContaining({ type: 'text', content: expect.stringContaining('在「示例站」遇到问题') });

let world: ServiceWorld;
let person: Person;

const useWorld = (...options: Parameters<typeof createServiceWorld>) => {
  beforeAll(async () => {
    world = await createServiceWorld(...options);
  });
  beforeEach(async () => {
    person = await world.phone.newPerson();
  });
  afterAll(() => world.close());
};

describe.each([
  ['secure', 'json'],
  ['compatible', 'xml'],
  ['plain', 'json'],
] as const)('a message in %s mode and %s', (mode, format) => {
  useWorld({ mode, format });

  it('with a keyword gets the text of replies.ts after its push was answered', async () => {
    expect(await world.write(person, ' ｈｅｌｐ ')).toMatchObject({ status: 200, body: 'success' });
    expect(await world.received(person)).toEqual([]);
    await world.deliverReplies(person);
    expect(await world.received(person)).toEqual([HELP]);
  });

  it('without a keyword is passed to the customer-service tool, and stores no message', async () => {
    expect((await world.write(person, '你好')).reply).toEqual({ type: 'transfer_customer_service' });
    expect(await world.eventsOfUser(person)).toEqual([]);
  });

  it('of a user who enters the chat is preceded by the greeting', async () => {
    expect(await world.act(person, 'enter-service')).toMatchObject({ status: 200, body: 'success' });
    await world.deliverReplies(person);
    expect(await world.received(person)).toEqual([GREETING]);
  });
});

describe('the first reply of an instance', () => {
  useWorld();

  it('is sent by the next delivery when WeChat issued no access token', async () => {
    await world.write(person, '帮助');
    await world.fault({ target: 'stable_token', action: '5xx', times: 10 });
    await expect(world.deliverReplies(person)).rejects.toMatchObject({ code: 'WECHAT_UNAVAILABLE' });
    await fetch(`${world.simulator.url}/_faults`, { method: 'DELETE' });
    await world.deliverReplies(person);
    expect(await world.received(person)).toEqual([HELP]);
  });
});

describe('the reply to a message', () => {
  useWorld();
  const due = async () => {
    const [event] = await world.eventsOfUser(person);
    return event!;
  };
  const calls = () => world.calls(SEND);

  it('has an event with the key of the message, and neither the event nor the table has the text of the user', async () => {
    await world.write(person, '帮助');
    const { name, data } = await due();
    expect({ name, data }).toEqual({ name: 'mini-program.reply-due', data: { appId, pushId: expect.any(String) } });
    const stored = (await world.everything()).filter((item) => JSON.stringify(item).includes(person.openIds.miniapp));
    expect(stored).toHaveLength(1);
    expect(stored[0]).not.toHaveProperty('content');
  });

  it('is stored once for a repeated push', async () => {
    await world.write(person, '帮助');
    expect(await world.act(person, 'resend', { last: 1 })).toMatchObject({ body: 'success' });
    expect(await world.eventsOfUser(person)).toHaveLength(1);
  });

  it('is stored once for concurrent deliveries of one push, which is handled once', async () => {
    await world.write(person, '帮助');
    const push = world.address.events.at(-1)!;
    const { pushId } = (await due()).data as { pushId: string };
    await world.table.client.send(new DeleteCommand({ TableName: world.table.name, Key: keys.message(appId, pushId) }));
    const before = world.logged('mini-program.push-received').length;
    const answers = await Promise.all(Array.from({ length: 5 }, () => world.send(structuredClone(push))));
    expect(answers.map(({ body }) => body)).toEqual(Array.from({ length: 5 }, () => 'success'));
    expect(await world.eventsOfUser(person)).toHaveLength(1);
    expect(world.logged('mini-program.push-received').length - before).toBe(1);
  });

  it('is sent once by repeated and concurrent deliveries of its event', async () => {
    await world.write(person, '帮助');
    const event = await due();
    await Promise.all(Array.from({ length: 5 }, () => world.deliver(event)));
    await world.deliver(event);
    expect(await world.received(person)).toEqual([HELP]);
  });

  it('is not sent again after a lost response, and counted', async () => {
    await world.write(person, '帮助');
    const [event, before] = [await due(), await calls()];
    await world.fault({ target: 'custom/send', action: 'timeout', times: 1 });
    const [, metrics] = await withMetrics(() =>
      expect(world.deliver(event)).rejects.toMatchObject({ code: 'WECHAT_TIMEOUT' }),
    );
    expect(metrics).toEqual(['mini-program UnconfirmedReplies']);
    await world.deliver(event);
    expect((await calls()) - before).toBe(1);
    expect(world.logged('mini-program.reply-skipped').at(-1)).toMatchObject({ reason: 'taken' });
  });

  it.each(['5xx', 'garbage'])('is not sent again after the unreadable response %s', async (action) => {
    await world.write(person, '帮助');
    const [event, before] = [await due(), await calls()];
    await world.fault({ target: 'custom/send', action, times: 1 });
    await expect(world.deliver(event)).rejects.toMatchObject({ code: 'WECHAT_UNAVAILABLE' });
    await world.deliver(event);
    expect((await calls()) - before).toBe(1);
  });

  it.each([
    ['is busy', { action: 'busy', times: 2 }],
    ['has no quota left', { action: 'errcode', errcode: 45009, times: 1 }],
    ['lacks the permission', { action: 'errcode', errcode: 48001, times: 1 }],
    ['declines a value', { action: 'errcode', errcode: 40007, times: 1 }],
  ])('is sent by the next delivery when WeChat %s', async (_, fault) => {
    await world.write(person, '帮助');
    const event = await due();
    await world.fault({ target: 'custom/send', ...fault });
    await expect(world.deliver(event)).rejects.toMatchObject({ name: 'AppError' });
    expect(await world.received(person)).toEqual([]);
    await world.deliver(event);
    expect(await world.received(person)).toEqual([HELP]);
  });

  it('has the outcome window-closed after 48 hours, without an error', async () => {
    await world.write(person, '帮助');
    await world.advance(48 * HOUR_MS);
    await world.deliverReplies(person);
    expect(world.logged('customer-message.finished').at(-1)).toMatchObject({ outcome: 'window-closed', kind: 'text' });
    expect(await world.received(person)).toEqual([]);
  });

  it('has the outcome limit-reached after two messages to a user who entered, without an error', async () => {
    for (let i = 0; i < 3; i += 1)
      await world.act(person, 'event', { event: 'user_enter_tempsession', fields: { SessionFrom: String(i) } });
    await world.act(person, 'enter-service');
    await world.deliverReplies(person);
    expect(await world.received(person)).toEqual([GREETING, GREETING]);
    expect(world.logged('customer-message.finished').at(-1)).toMatchObject({ outcome: 'limit-reached' });
  });

  it('is skipped for a message that does not exist, and rejected for another app', async () => {
    const unknown = (app: string) => ({
      name: 'mini-program.reply-due' as const,
      id: 'mini-program.reply-due:x',
      at: '2026-11-20T00:00:00.000Z',
      data: { appId: app, pushId: 'unknown' },
    });
    await world.deliver(unknown(appId));
    expect(world.logged('mini-program.reply-skipped').at(-1)).toMatchObject({ reason: 'missing', pushId: 'unknown' });
    await expect(world.deliver(unknown('wx0'))).rejects.toThrow('belongs to another app');
  });
});

describe('a published message', () => {
  useWorld({
    replies: {
      keywords: [
        { exact: ['人工'], reply: { type: 'publish', text: '正在为您转接。' } },
        {
          exact: ['链接'],
          reply: { type: 'link', title: 't', description: 'd', url: 'https://a.b', thumbUrl: 'https://a.b/c' },
        },
      ],
      otherwise: { type: 'publish' },
    },
  });

  it('is an event with the message and the account of the user', async () => {
    const { account } = await recogniseOrCreate(world.base, { appId, openId: person.openIds.miniapp });
    expect(await world.write(person, '你好')).toMatchObject({ status: 200, body: 'success' });
    const [event, ...more] = await world.eventsOfUser(person);
    expect(more).toEqual([]);
    expect(event).toMatchObject({
      name: 'mini-program.message-received',
      data: {
        appId,
        openId: person.openIds.miniapp,
        userId: account.id,
        at: expect.stringMatching(/^20.*Z$/),
        message: {
          kind: 'text',
          text: '你好',
          messageId: expect.stringMatching(/^\d{17,20}$/),
        },
      },
    });
  });

  it.each([
    ['image', { PicUrl: 'https://a.b/p.jpg', MediaId: 'm' }, { picUrl: 'https://a.b/p.jpg', mediaId: 'm' }],
    [
      'miniprogrampage',
      { Title: 't', AppId: 'wx1', PagePath: 'p', ThumbUrl: 'u', ThumbMediaId: 'm' },
      { title: 't', appId: 'wx1', pagePath: 'p', thumbUrl: 'u', thumbMediaId: 'm' },
    ],
  ])('has the content of a message of the kind %s', async (kind, fields, message) => {
    await world.act(person, 'message', { msgType: kind, fields });
    const [event] = await world.eventsOfUser(person);
    expect(event!.data).toMatchObject({ message: { kind, ...message } });
    expect(event!.data).not.toHaveProperty('userId', expect.anything());
  });

  it('is answered with its text too', async () => {
    await world.write(person, '人工');
    const names = (await world.eventsOfUser(person)).map(({ name }) => name);
    expect(names).toEqual(['mini-program.message-received', 'mini-program.reply-due']);
    await world.deliverReplies(person);
    expect(await world.received(person)).toEqual([{ from: 'account', type: 'text', content: '正在为您转接。' }]);
  });

  it('is one event for a repeated push', async () => {
    await world.write(person, '你好');
    await world.act(person, 'resend', { last: 1 });
    expect(await world.eventsOfUser(person)).toHaveLength(1);
  });

  it('can be answered with a link', async () => {
    await world.write(person, '链接');
    await world.deliverReplies(person);
    expect(await world.received(person)).toEqual([expect.objectContaining({ type: 'link', title: 't' })]);
  });
});
