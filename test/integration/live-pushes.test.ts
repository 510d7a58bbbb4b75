// Pushes of the live platform that differ from its documentation.
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi, type MockInstance } from 'vitest';
import { readIdentity } from '../../lib/store/identities.ts';
import { createChatWorld, textOf, type ChatWorld } from '../support/chat-world.ts';
import { lastEvent, linksIn, signedQuery, type Mode } from '../support/official-world.ts';
import { ids, type Person } from '../support/world.ts';

const { appId } = ids.official;
const FAULT_TEXT = '该公众号提供的服务出现故障，请稍后再试';
const SUCCESS = { status: 200, body: 'success' };
let world: ChatWorld;
let stdout: MockInstance<typeof process.stdout.write>;

beforeEach(() => {
  stdout = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  return () => stdout.mockRestore();
});

const vary = (action: string, times?: number) => world.faults('official-push', action, times);
const newFollower = () => world.phone.newPerson({ follows: true });
const identityOf = ({ openIds }: Person) => readIdentity(world.table, { appId, openId: openIds.official }, 'strong');
/** Returns the pushes that the function counted since the test began, by metric. */
const counted = (name: string) =>
  stdout.mock.calls.filter(([line]) => String(line).includes('"_aws"') && String(line).includes(`"${name}":1`)).length;
const linesWith = (text: string) => world.output.filter((line) => line.includes(text));
const lastPush = () => structuredClone(world.address.events.at(-1)!);

describe.each<Mode>(['plain', 'compatible', 'secure'])('a push of the live platform in %s mode', (mode) => {
  beforeAll(async () => {
    world = await createChatWorld(mode);
  });
  afterAll(() => world.close());

  it.each([
    ['a CDATA section', '<![CDATA[x]]>'],
    ['the end of a CDATA section', '帮助]]>'],
    ['an ill-formed element', 'a</status><b c="d">'],
    ['a forged sender', ']]></Content><FromUserName>o_x</FromUserName><Content><![CDATA['],
    ['control characters', 'a\u0002b\u0010'],
  ])('replies to a text with %s', async (_, text) => {
    const before = world.taken('text');
    const push = await world.type(await newFollower(), text);
    expect(textOf(push)).toContain('已收到您的留言');
    expect(world.taken('text') - before).toBe(1);
    expect(counted('UnreadablePushes')).toBe(0);
  });

  it('handles a text once whether WeChat escapes it or not', async () => {
    const before = world.taken('text');
    await vary('escaped-text');
    const person = await newFollower();
    expect(textOf(await world.type(person, 'a]]>b'))).toContain('已收到您的留言');
    await world.act(person, 'resend', {});
    expect(world.taken('text') - before).toBe(1);
  });

  it.each([
    ['whose link title ends its section', { MsgType: 'link', Title: '我的密码]]></x>', Url: 'u', MsgId: '1' }],
    ['without a sender', { FromUserName: '' }],
    ['with two senders', { FromUserName: ['o_1', 'o_2'] }],
    ['without an event', { Event: '' }],
    ['with an event of 65 letters', { Event: 'x'.repeat(65) }],
    ['with a MsgId of 65 digits', { MsgType: 'text', MsgId: '1'.repeat(65) }],
    ['without a time', { CreateTime: 'now' }],
    ['about no user', { Event: 'user_authorization_cancellation' }],
  ])('answers success to an unreadable push %s, counts it, and stores nothing', async (_, fields) => {
    const person = await newFollower();
    const before = await world.everything();
    expect(await world.act(person, 'event', { event: 'VIEW', fields })).toMatchObject({ ...SUCCESS, reply: null });
    expect(counted('UnreadablePushes')).toBe(1);
    const received = world.address.events.length;
    await world.simulator.advanceClock(60_000);
    expect(world.address.events).toHaveLength(received);
    expect(await world.everything()).toEqual(before);
  });

  it('logs the reason of an unreadable push, and nothing of its content', () => {
    const lines = linesWith('official-account.push-unreadable');
    expect(lines.length).toBeGreaterThan(5);
    for (const line of lines) {
      expect(line).toMatch(/^\{"evt":"official-account.push-unreadable","reason":"[\w <>,.]+"\}$/);
    }
    expect(world.output.join('\n')).not.toContain('我的密码');
  });

  it('answers success to a push of an unknown type, and counts and handles it once', async () => {
    const person = await newFollower();
    const before = world.taken('other');
    const unknown = [
      { event: 'poi_check_notify' },
      { event: 'x', fields: { MsgType: 'device_text', MsgId: '1', Content: 'x' } },
    ];
    for (const body of unknown) {
      expect(await world.act(person, 'event', body)).toMatchObject(SUCCESS);
      expect(await world.act(person, 'resend', {})).toMatchObject(SUCCESS);
    }
    expect(counted('UnknownPushes')).toBe(2);
    expect(linesWith('"evt":"official-account.push-unknown","type":"message","name":"device_text"')).toHaveLength(1);
    expect(world.taken('other') - before).toBe(2);
  });

  it('handles fifteen messages with one MsgId', async () => {
    const before = world.taken('text');
    const people = await Promise.all(Array.from({ length: 15 }, newFollower));
    await world.type(people[0]!, '你好');
    await vary('shared-msg-id', 14);
    await Promise.all(people.slice(1).map((person) => world.type(person, '你好')));
    expect(world.taken('text') - before).toBe(15);
    await Promise.all(people.map((person) => world.act(person, 'resend', {})));
    expect(world.taken('text') - before).toBe(15);
  });

  it('handles each event of one second once', async () => {
    const person = await newFollower();
    const before = world.taken('other');
    const card = { CardId: 'p1', UnionId: 'u' };
    const article = (id: string) => ({ publish_id: id, publish_status: 0, article_detail: { count: 1 } });
    const events = [
      { event: 'user_get_card', fields: { ...card, UserCardCode: '1' } },
      { event: 'user_get_card', fields: { ...card, UserCardCode: '2' } },
      { event: 'PUBLISHJOBFINISH', fields: { PublishEventInfo: article('1') } },
      { event: 'PUBLISHJOBFINISH', fields: { PublishEventInfo: article('2') } },
      { event: 'wxa_media_check', fields: { trace_id: 'a' } },
      { event: 'wxa_media_check', fields: { trace_id: 'b' } },
    ];
    await world.act(person, 'event', { event: 'VIEW' });
    await vary('same-second', events.length);
    for (const event of events) await world.act(person, 'event', event);
    await world.act(person, 'resend', { last: events.length });
    expect(world.taken('other') - before).toBe(events.length);
  });

  it('does not flip the follow when pushes of one second are repeated, and applies a new push', async () => {
    const person = await world.phone.newPerson();
    const subscribe = (fields: object) => world.act(person, 'event', { event: 'subscribe', fields });
    await subscribe({ EventKey: '' });
    const first = lastPush();
    await vary('same-second', 2);
    await world.act(person, 'unfollow', {});
    const second = lastPush();
    for (const repeated of [first, second, first]) {
      expect(await world.send(repeated)).toMatchObject({ statusCode: 200 });
      expect(await identityOf(person)).toMatchObject({ subscribed: false });
    }
    await subscribe({ EventKey: 'last_trade_no_1' });
    expect(await identityOf(person)).toMatchObject({ subscribed: true });
    for (const repeated of [first, second]) await world.send(repeated);
    const { subscribed, subscribedPushes } = (await identityOf(person))!;
    expect([subscribed, subscribedPushes?.size]).toEqual([true, 3]);
  });

  it('answers 4xx to forged, stale and unsigned pushes, also unreadable ones, and counts none', async () => {
    await world.act(await newFollower(), 'event', { event: 'VIEW', fields: { FromUserName: '' } });
    const unreadable = lastPush();
    for (const query of ['', signedQuery({ by: 'BBBBB' }), signedQuery({ skewS: -301 })]) {
      await world.expectRefused({ ...unreadable, rawQueryString: query });
      await world.expectRefused({ ...unreadable, rawQueryString: query, body: '<xml>' });
    }
    expect(counted('UnreadablePushes')).toBe(1);
  });
});

describe('a signed push in plain mode', () => {
  beforeAll(async () => {
    world = await createChatWorld('plain');
  });
  afterAll(() => world.close());

  it.each([
    ['without a body', undefined],
    ['with a DOCTYPE', '<!DOCTYPE xml [<!ENTITY e "x">]><xml><MsgType>&e;</MsgType></xml>'],
    ['with an entity', '<!ENTITY e SYSTEM "file:///etc/passwd"><xml><MsgType>&e;</MsgType></xml>'],
    ['that is JSON', '{"MsgType":"text"}'],
    ['that is cut', '<xml><MsgType>text'],
  ])('%s is answered with success, counted, and stores nothing', async (_, body) => {
    const event = { ...(await lastEvent(world)), rawQueryString: signedQuery() };
    delete event.body;
    const before = await world.everything();
    expect(await world.send({ ...event, ...(body && { body }) })).toMatchObject({ statusCode: 200, body: 'success' });
    expect(counted('UnreadablePushes')).toBe(1);
    expect(await world.everything()).toEqual(before);
  });
});

describe('the letter case of a push', () => {
  beforeAll(async () => {
    world = await createChatWorld('secure');
  });
  afterAll(() => world.close());

  it.each(['lower-case', 'upper-case', 'mixed-case'])('logs in by a scan in %s letters', async (variant) => {
    for (const person of [await world.phone.newPerson(), await newFollower()]) {
      await vary(variant, 3);
      const { qr, answer } = await world.scan(person);
      expect(await world.poll(qr)).toMatchObject({ status: 'scanned' });
      const repeated = await world.send(lastPush());
      expect(repeated.statusCode).toBe(200);
      await world.phone.tap(person, linksIn(answer.push)['确认登录']!);
      expect(await world.poll(qr)).toMatchObject({ status: 'unregistered' });
      expect(textOf(await world.type(person, 'Help'))).toContain('扫描二维码');
    }
  });

  it.each(['lower-case', 'upper-case', 'mixed-case'])(
    'follows, unfollows and clicks in %s letters',
    async (variant) => {
      const person = await world.phone.newPerson();
      await vary(variant, 3);
      expect(textOf(await world.act(person, 'event', { event: 'subscribe' }))).toContain('欢迎关注');
      expect(textOf(await world.act(person, 'menu-click', { key: 'HELP' }))).toContain('扫描二维码');
      await world.act(person, 'unfollow', {});
      expect(await identityOf(person)).toMatchObject({ subscribed: false });
    },
  );

  it('keeps the case of keys', async () => {
    await vary('lower-case');
    expect(await world.act(await newFollower(), 'menu-click', { key: 'help' })).toMatchObject(SUCCESS);
  });
});

describe('a text reply of more than 2,047 bytes', () => {
  afterAll(() => world.close());

  it('about a login is cut before its links, which work', async () => {
    world = await createChatWorld('secure', { SITE_NAME: '站'.repeat(600) });
    const person = await newFollower();
    const { answer, qr } = await world.scan(person);
    const shown = textOf(answer.push);
    expect(Buffer.byteLength(shown)).toBeLessThanOrEqual(2_047);
    expect(shown).not.toBe(FAULT_TEXT);
    await world.phone.tap(person, linksIn(answer.push)['确认登录']!);
    expect(await world.poll(qr)).toMatchObject({ status: 'unregistered' });
    await world.close();
  });

  it('is rejected when the replies load, with the name of the text', async () => {
    world = await createChatWorld('secure', { SITE_NAME: '站'.repeat(700) });
    expect(await world.type(await newFollower(), '你好')).toMatchObject({ status: 503, reply: null });
    expect(
      linesWith('The text loginCancelled of lib/official-account/replies.ts has 2157 bytes').length,
    ).toBeGreaterThan(0);
  });
});
