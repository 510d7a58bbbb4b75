import type { LambdaFunctionURLEvent } from 'aws-lambda';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createOfficialQrLogin } from '../../lib/scan-login/create.ts';
import {
  createModeWorld,
  CURRENT_KEY,
  lastEvent,
  nowS,
  ORIGINAL_ID,
  otherMode,
  PREVIOUS_KEY,
  resign,
  sealedEvent,
  signedQuery,
  UNKNOWN_KEY,
  type Change,
  type Mode,
  type OfficialWorld,
} from '../support/official-world.ts';
import { ids } from '../support/world.ts';

const { appId } = ids.official;
let world: OfficialWorld;

const SIGNED_BY_QUERY_ALONE: [string, Change] = [
  'signed like a push of plain mode',
  (event) => void (event.rawQueryString = signedQuery()),
];

describe.each<Mode>(['plain', 'compatible', 'secure'])('official-events in %s mode', (mode) => {
  beforeAll(async () => {
    world = await createModeWorld(mode);
  });
  afterAll(() => world.close());

  it('confirms the scan of a new follower and of an existing follower, and names the site', async () => {
    const person = await world.phone.newPerson();
    for (const kind of ['subscribe', 'scan']) {
      const { qr, answer } = await world.scan(person);
      expect(answer).toMatchObject({
        kind,
        push: { status: 200, reply: { content: expect.stringContaining('示例站') } },
      });
      expect(answer.push.reply!.content).toContain('正在登录');
      expect(await world.poll(qr)).toMatchObject({ status: 'unregistered' });
    }
  });

  it('replies in the mode of the push', async () => {
    const { answer } = await world.scan(await world.phone.newPerson());
    expect(answer.push.body.includes('<Encrypt>')).toBe(mode !== 'plain');
    expect(answer.push.body.includes('示例站')).toBe(mode === 'plain');
  });

  it('answers a repeated scan alike and logs in once', async () => {
    const person = await world.phone.newPerson();
    const { qr, answer } = await world.scan(person);
    const repeated = await Promise.all([1, 2].map(() => world.act(person, 'resend', {})));
    for (const { reply } of repeated) expect(reply).toEqual(answer.push.reply);
    await world.poll(qr);
    const late = await world.act(person, 'resend', {});
    expect(late.reply!.content).toContain('正在登录');
    await expect(world.poll(qr)).rejects.toMatchObject({ code: 'TICKET_EXPIRED' });
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
    for (const pk of made) expect(pk.startsWith(`CLAIM#official-push#${appId}#${person.openIds.official}#`)).toBe(true);
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
    const { qr } = await world.scan(await world.phone.newPerson());
    const event = structuredClone(world.address.events.at(-1)!);
    event.body = Buffer.from(event.body!).toString('base64');
    event.isBase64Encoded = true;
    expect((await world.send(event)).statusCode).toBe(200);
    expect(await world.poll(qr)).toMatchObject({ status: 'unregistered' });
  });

  it.each<[string, Change]>([
    ['that is unsigned', (event) => void (event.rawQueryString = 'openid=x')],
    [
      'with a changed nonce',
      (event) => void (event.rawQueryString = event.rawQueryString.replace('nonce=', 'nonce=x')),
    ],
    ['without a body', (event) => void delete event.body],
    ['with a DOCTYPE', (event) => void (event.body = `<!DOCTYPE xml [<!ENTITY e "x">]>${event.body}`)],
    [
      'with an entity',
      (event) => void (event.body = event.body!.replace('<xml>', '<!ENTITY e SYSTEM "file:///etc/passwd"><xml>')),
    ],
    ['that is not XML', (event) => void (event.body = '{"a":1}')],
    ['larger than 64 KiB', (event) => void (event.body = 'x'.repeat(70_000))],
    ['signed with another token', (event) => resign(event, { by: 'BBBBB' })],
    // Plain mode cannot detect this push.
    ...(mode === 'plain' ? [] : [SIGNED_BY_QUERY_ALONE]),
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

describe.each<Mode>(['compatible', 'secure'])('forged pushes in %s mode', (mode) => {
  beforeAll(async () => {
    world = await createModeWorld(mode);
  });
  afterAll(() => world.close());

  /** A SCAN event that would log `openId` in on the page with this code. */
  const scanXml = ({ ticket }: { ticket: string }, openId = 'o_attacker') =>
    `<xml><ToUserName>${ORIGINAL_ID}</ToUserName><FromUserName>${openId}</FromUserName>` +
    `<CreateTime>${nowS()}</CreateTime><MsgType>event</MsgType><Event>SCAN</Event><EventKey>login:${ticket}</EventKey></xml>`;

  const expectForgeryRejected = async (event: LambdaFunctionURLEvent, qr: { ticket: string; pollToken: string }) => {
    const answer = await world.expectRefused(event);
    expect(answer).toMatchObject({ statusCode: 403, body: 'This is not a push of WeChat for this account' });
    expect(await world.poll(qr)).toEqual({ status: 'pending' });
  };

  it('accepts a genuine push that @wecom/crypto sealed, which the tests below change', async () => {
    const qr = await createOfficialQrLogin(world.official);
    const answer = await world.send(await sealedEvent(world, scanXml(qr)));
    expect(answer.statusCode).toBe(200);
    expect(await world.poll(qr)).toMatchObject({ status: 'unregistered' });
  });

  it.each([
    ['signed as in plain mode', () => signedQuery()],
    ['marked as encrypted', () => `${signedQuery()}&encrypt_type=aes&msg_signature=${'0'.repeat(40)}`],
    ['marked as raw', () => `${signedQuery()}&encrypt_type=raw`],
  ])('rejects a forged plain SCAN %s', async (_, query) => {
    const qr = await createOfficialQrLogin(world.official);
    await expectForgeryRejected({ ...(await lastEvent(world)), rawQueryString: query(), body: scanXml(qr) }, qr);
  });

  it('ignores a forged SCAN beside the encrypted part of a genuine push', async () => {
    const [qr, other] = [await createOfficialQrLogin(world.official), await createOfficialQrLogin(world.official)];
    const event = await sealedEvent(world, scanXml(other));
    event.body = scanXml(qr).replace('</xml>', `${event.body!.slice('<xml>'.length)}`);
    expect((await world.send(event)).statusCode).toBe(200);
    expect(await world.poll(qr)).toEqual({ status: 'pending' });
    expect(await world.poll(other)).toMatchObject({ status: 'unregistered' });
  });

  it('rejects a correctly signed ciphertext for another appid', async () => {
    const qr = await createOfficialQrLogin(world.official);
    await expectForgeryRejected(await sealedEvent(world, scanXml(qr), { app: 'wx9999999999999999' }), qr);
  });

  it('rejects a correctly signed ciphertext under an unknown key', async () => {
    const qr = await createOfficialQrLogin(world.official);
    await expectForgeryRejected(await sealedEvent(world, scanXml(qr), { key: UNKNOWN_KEY }), qr);
  });

  it('rejects a replay after five minutes, and handles an immediate replay once', async () => {
    const qr = await createOfficialQrLogin(world.official);
    await expectForgeryRejected(await sealedEvent(world, scanXml(qr), { skewS: -301 }), qr);
    const text =
      `<xml><ToUserName>${ORIGINAL_ID}</ToUserName><FromUserName>o_1</FromUserName><CreateTime>${nowS()}</CreateTime>` +
      '<MsgType>text</MsgType><Content>hi</Content><MsgId>90071992547409930</MsgId></xml>';
    const captured = await sealedEvent(world, text);
    for (let i = 0; i < 3; i += 1) expect((await world.send(captured)).statusCode).toBe(200);
    // WeChat may encrypt a repeated message anew. It is still the same message.
    expect((await world.send(await sealedEvent(world, text))).statusCode).toBe(200);
    expect(world.taken('text')).toBe(1);
  });

  it('rejects a changed ciphertext', async () => {
    const qr = await createOfficialQrLogin(world.official);
    const event = await sealedEvent(world, scanXml(qr));
    event.body = event.body!.replace(
      /(<Encrypt>)(.)/,
      (_, tag: string, first: string) => tag + (first === 'A' ? 'B' : 'A'),
    );
    await expectForgeryRejected(event, qr);
  });

  it('logs the reason of each rejection', () => {
    const text = world.output.join('\n');
    for (const reason of ['not encrypted', 'OFFICIAL_AES_KEY does not decrypt it', 'msg_signature', 'too far from']) {
      expect(text).toContain(reason);
    }
  });

  it('opens a push under the previous key during a rotation, and replies with that key', async () => {
    for (const aesKey of [PREVIOUS_KEY, CURRENT_KEY]) {
      await world.console({ aesKey });
      const { answer, qr } = await world.scan(await world.phone.newPerson());
      // The phone decrypts the reply with the key of the console.
      expect(answer.push.reply!.content).toContain('正在登录');
      expect(await world.poll(qr)).toMatchObject({ status: 'unregistered' });
    }
    await world.console({ aesKey: UNKNOWN_KEY });
    const { answer } = await world.scan(await world.phone.newPerson());
    expect(answer.push).toMatchObject({ status: 403, reply: null });
  });
});
