import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  createModeWorld,
  CURRENT_KEY,
  lastEvent,
  nowS,
  otherMode,
  resign,
  signedQuery,
  type Change,
  type Mode,
  type OfficialWorld,
} from '../support/official-world.ts';
import { readIdentity } from '../../lib/store/identities.ts';
import { ids } from '../support/world.ts';

const { appId } = ids.official;
let world: OfficialWorld;

const SIGNED_BY_QUERY_ALONE: [string, Change] = [
  'signed like a push of plain mode',
  (event) => void (event.rawQueryString = signedQuery()),
];

/** Bodies that are malformed, also before an encrypted part is found in them. */
const MALFORMED: [string, Change][] = [
  ['without a body', (event) => void delete event.body],
  ['with a DOCTYPE', (event) => void (event.body = `<!DOCTYPE xml [<!ENTITY e "x">]>${event.body}`)],
  [
    'with an entity',
    (event) => void (event.body = event.body!.replace('<xml>', '<!ENTITY e SYSTEM "file:///etc/passwd"><xml>')),
  ],
  ['that is not XML', (event) => void (event.body = '{"a":1}')],
];

describe.each<Mode>(['plain', 'compatible', 'secure'])('official-events in %s mode', (mode) => {
  const isSealed = mode !== 'plain';
  beforeAll(async () => {
    world = await createModeWorld(mode);
  });
  afterAll(() => world.close());

  it(`${isSealed ? 'records' : 'rejects'} the scan of a new and of an existing follower, and names the site`, async () => {
    const person = await world.phone.newPerson();
    for (const kind of ['subscribe', 'scan']) {
      const { qr, answer } = await world.scan(person);
      expect(answer).toMatchObject({
        kind,
        push: { status: 200, reply: { content: expect.stringContaining('示例站') } },
      });
      expect(answer.push.reply!.content).toContain(isSealed ? '确认登录' : '已失效');
      expect(await world.poll(qr)).toMatchObject({ status: isSealed ? 'scanned' : 'pending' });
    }
    const stored = await readIdentity(world.table, { appId, openId: person.openIds.official }, 'strong');
    // The table stream copies the follow of a recorded scan to the identity.
    expect(stored?.subscribed).toBe(isSealed ? undefined : true);
  });

  it('replies in the mode of the push', async () => {
    const { answer } = await world.scan(await world.phone.newPerson());
    expect(answer.push.body.includes('<Encrypt>')).toBe(isSealed);
    expect(answer.push.body.includes('示例站')).toBe(!isSealed);
  });

  it('answers a repeated scan alike', async () => {
    const person = await world.phone.newPerson();
    const { answer } = await world.scan(person);
    const repeated = await Promise.all([1, 2].map(() => world.act(person, 'resend', {})));
    for (const { reply } of repeated) expect(reply).toEqual(answer.push.reply);
  });

  it('answers a repeated message alike and handles it once', async () => {
    const person = await world.follower();
    const before = world.taken('text');
    const first = await world.act(person, 'message', { text: '帮助' });
    expect(first.reply!.content).toContain('示例站');
    const repeated = await Promise.all([1, 2].map(() => world.act(person, 'resend', {})));
    for (const { reply } of repeated) expect(reply).toEqual(first.reply);
    expect(world.taken('text') - before).toBe(1);
    await world.act(person, 'message', { text: '帮助' });
    expect(world.taken('text') - before).toBe(2);
  });

  it('stores a claim for a click and for a report, and none for idempotent scans and follows', async () => {
    const before = await world.claims();
    const person = await world.follower();
    await world.scan(person);
    await world.act(person, 'unfollow', {});
    expect(await world.claims()).toEqual(before);
    await world.scan(person);
    await world.act(person, 'menu-click', { key: 'HELP' });
    await world.act(person, 'event', { event: 'TEMPLATESENDJOBFINISH', fields: { MsgID: '1', Status: 'success' } });
    const made = (await world.claims()).filter((pk) => !before.includes(pk));
    expect(made).toHaveLength(2);
    for (const pk of made) expect(pk).toMatch(new RegExp(`^CLAIM#official-push#${appId}#[\\w-]{43}$`));
  });

  it('welcomes a follower without a login code, and replies to messages and clicks', async () => {
    const person = await world.phone.newPerson();
    const greeted = await world.act(person, 'event', { event: 'subscribe', fields: { EventKey: '' } });
    expect(greeted.reply!.content).toContain('欢迎关注「示例站」');
    const paid = await world.act(person, 'event', { event: 'subscribe', fields: { EventKey: 'last_trade_no_1' } });
    expect(paid.reply).toEqual(greeted.reply);
    const unknown = await world.act(person, 'message', { text: '你好' });
    expect(unknown.reply!.content).toContain('帮助');
    const picture = { msgType: 'image', fields: { PicUrl: 'http://p.example', MediaId: 'm' } };
    expect((await world.act(person, 'message', picture)).reply).toEqual(unknown.reply);
    const help = await world.act(person, 'message', { text: 'help' });
    expect((await world.act(person, 'menu-click', { key: 'HELP' })).reply).toEqual(help.reply);
  });

  it('answers success to a push that needs no reply', async () => {
    const person = await world.follower();
    const list = { TemplateId: 'A', SubscribeStatusString: 'accept' };
    for (const [action, body] of [
      ['menu-click', { key: 'UNKNOWN' }],
      ['event', { event: 'VIEW', fields: { EventKey: `https://a.example/${'x'.repeat(3_000)}` } }],
      ['event', { event: 'LOCATION', fields: { Latitude: '1', Longitude: '2', Precision: '3' } }],
      ['event', { event: 'subscribe_msg_popup_event', fields: { SubscribeMsgPopupEvent: { List: [list, list] } } }],
      ['event', { event: 'user_info_modified', fields: { OpenID: person.openIds.official, AppID: appId } }],
      ['event', { event: 'user_authorization_revoke', fields: { OpenID: person.openIds.official, RevokeInfo: '1' } }],
      ['event', { event: 'unknown_event' }],
      ['unfollow', {}],
    ] as const) {
      expect(await world.act(person, action, body), JSON.stringify(body)).toMatchObject({
        status: 200,
        body: 'success',
      });
    }
  });

  it('returns the echostr as plain text, and only for a signed address check', async () => {
    const get = await lastEvent(world);
    get.requestContext.http.method = 'GET';
    delete get.body;
    const answer = await world.send({ ...get, rawQueryString: `${signedQuery()}&echostr=%3Cb%3E1` });
    expect(answer).toMatchObject({
      statusCode: 200,
      body: '<b>1',
      headers: { 'content-type': 'text/plain; charset=utf-8' },
    });
    for (const query of [
      'echostr=abc',
      `${signedQuery({ by: 'BBBBB' })}&echostr=abc`,
      `${signedQuery({ skewS: -301 })}&echostr=abc`,
    ]) {
      const unsigned = await world.send({ ...get, rawQueryString: query });
      expect(unsigned.statusCode).toBe(403);
      expect(unsigned.body).not.toContain('abc');
    }
  });

  it('accepts a body in base64', async () => {
    const event = await lastEvent(world);
    const plain = await world.send(event);
    event.body = Buffer.from(event.body!).toString('base64');
    event.isBase64Encoded = true;
    const answer = await world.send(event);
    expect([plain.statusCode, answer.statusCode]).toEqual([200, 200]);
  });

  it.each([
    ['as text', false],
    ['in base64', true],
  ])('answers 413 to a body of more than 32 KiB %s, whatever its signature, and stores nothing', async (_, encoded) => {
    const event = await lastEvent(world);
    const send = (bytes: number) => {
      const body = Buffer.from(event.body!.padEnd(bytes)).toString(encoded ? 'base64' : 'utf8');
      return { ...event, body, isBase64Encoded: encoded };
    };
    expect((await world.send(send(32 * 1_024))).statusCode).toBe(200);
    expect(await world.expectRefused(send(32 * 1_024 + 1))).toMatchObject({ statusCode: 413 });
    expect(await world.expectRefused({ ...send(32 * 1_024 + 1), rawQueryString: '' })).toMatchObject({
      statusCode: 413,
    });
  });

  it.each<[string, Change]>([
    ['that is unsigned', (event) => void (event.rawQueryString = 'openid=x')],
    [
      'with a changed nonce',
      (event) => void (event.rawQueryString = event.rawQueryString.replace('nonce=', 'nonce=x')),
    ],
    ['with a second timestamp', (event) => void (event.rawQueryString += `&timestamp=${nowS()}`)],
    [
      'with a timestamp in exponent form',
      (event) => void (event.rawQueryString = event.rawQueryString.replace(/(timestamp=)\d+/, '$11.8e9')),
    ],
    ['signed with another token', (event) => resign(event, { by: 'BBBBB' })],
    // In plain mode the query authenticates the push.
    ...(mode === 'plain' ? [] : [SIGNED_BY_QUERY_ALONE, ...MALFORMED]),
    ['replayed after five minutes', (event) => resign(event, { skewS: -301 })],
    ['from the future', (event) => resign(event, { skewS: 310 })],
    ['of another mode', (event) => void (event.rawQueryString = otherMode(event, mode))],
  ])('rejects a push %s, and stores nothing', async (_, change) => {
    const event = await lastEvent(world);
    change(event);
    await world.expectRefused(event);
  });

  it('logs no openid, no key, no signature and no message text', async () => {
    await world.act(await world.follower(), 'message', { text: '我的密码是9527' });
    const text = world.output.join('\n');
    expect(text).not.toBe('');
    expect(text).not.toMatch(/\bo[\w-]{27}\b/);
    const signatures = world.address.events.flatMap(({ rawQueryString }) =>
      [...rawQueryString.matchAll(/signature=(\w+)/g)].map(([, signature]) => signature!),
    );
    expect(signatures.filter((signature) => text.includes(signature))).toEqual([]);
    for (const secret of [ids.official.token, CURRENT_KEY, '9527']) expect(text).not.toContain(secret);
  });
});
