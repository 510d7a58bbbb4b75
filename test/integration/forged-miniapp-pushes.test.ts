// Pushes of an attacker: forged, changed, replayed, or sealed for another app.
import * as wecom from '@wecom/crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  envelope,
  functionUrlEvent,
  nowS,
  OPEN_ID,
  PREVIOUS_KEY,
  pushRequest,
  pushText,
  sha1,
  signedQuery,
  type Fields,
  type Format,
} from '../support/miniapp-push.ts';
import { createMiniappWorld, openAnswer, type MiniappWorld } from '../support/miniapp-world.ts';
import type { Mode } from '../support/official-world.ts';
import { createVirtualPushWorld, deliveryPush, type VirtualPushWorld } from '../support/virtual-push-world.ts';
import { ids } from '../support/world.ts';

const ENTER: Fields = { MsgType: 'event', Event: 'user_enter_tempsession', SessionFrom: 'genuine' };
const FORGED: Fields = { ...ENTER, SessionFrom: 'forged' };
/** The distance from now at which the clock reaches the nonce of a captured push. */
const LATER_S = 3_700;
let world: MiniappWorld;

/** The sealed text of an older push. The nonce and the timestamp of the captured push are exchanged. */
const replayed = (fields: Fields) =>
  functionUrlEvent(
    pushRequest(pushText('json', { CreateTime: nowS() - LATER_S, ...fields }), { nonce: String(nowS() - LATER_S) }),
  );

describe.each<[Mode, Format]>([
  ['compatible', 'json'],
  ['compatible', 'xml'],
  ['secure', 'json'],
  ['secure', 'xml'],
])('forged pushes of the mini-program in %s mode, as %s', (mode, format) => {
  beforeAll(async () => {
    world = await createMiniappWorld(mode);
  });
  afterAll(() => world.close());

  const seal = (fields: Fields, options: Parameters<typeof pushRequest>[1] = {}) =>
    pushRequest(pushText(format, fields), { mode, format, ...options });
  const expectRejected = async (request: { rawQueryString: string; body: string }) => {
    const before = world.passedOn('user_enter_tempsession');
    const answer = await world.expectRefused(functionUrlEvent(request));
    expect(answer).toMatchObject({ statusCode: 403, body: 'This is not a push of WeChat for this account' });
    expect(world.passedOn('user_enter_tempsession')).toBe(before);
  };

  it('accepts a genuine push that @wecom/crypto sealed, which the tests below change', async () => {
    const before = world.passedOn('user_enter_tempsession');
    expect(await world.send(functionUrlEvent(seal(ENTER)))).toMatchObject({ statusCode: 200, body: 'success' });
    expect(world.passedOn('user_enter_tempsession') - before).toBe(1);
  });

  it('rejects a plain push under the query of a plain push', () =>
    expectRejected(pushRequest(pushText(format, FORGED), { mode: 'plain' })));

  it('rejects a plain push that is marked as encrypted', async () => {
    const { rawQueryString, body } = pushRequest(pushText(format, FORGED), { mode: 'plain' });
    const marked = `${rawQueryString}&encrypt_type=aes&msg_signature=${'0'.repeat(40)}`;
    await expectRejected({ rawQueryString: marked, body });
  });

  it.each([
    ['for another app', { app: 'wx9999999999999999' }],
    ['for the official account', { app: ids.official.appId }],
    ['under an unknown key', { key: 'x'.repeat(43) }],
    ['under the key of the official account', { key: ids.official.aesKey }],
    ['signed with the token of the official account', { signedWith: ids.official.token }],
    ['replayed after five minutes', { skewS: -301 }],
    // A minute more than the limit, because the clock runs during the test.
    ['from the future', { skewS: 360 }],
  ])('rejects a ciphertext %s', (_, options) => expectRejected(seal(FORGED, options)));

  it('rejects a changed ciphertext', async () => {
    const { rawQueryString } = seal(ENTER);
    const { body } = seal(FORGED);
    await expectRejected({ rawQueryString, body });
  });

  it('rejects a push whose nonce took the first blocks of the ciphertext', async () => {
    const nonce = '4';
    const isBetween = (part: string) => part > `${nonce}A` && part < ids.miniapp.token;
    const parts = () => {
      const encrypted = wecom.encrypt(ids.miniapp.aesKey, pushText(format, FORGED), ids.miniapp.appId);
      return [encrypted, encrypted.slice(0, 128), encrypted.slice(128)] as const;
    };
    let [encrypted, taken, rest] = parts();
    // The signed parts are sorted. Only in this order does the shift keep their concatenation, and so the signature.
    while (!isBetween(encrypted) || !isBetween(rest)) [encrypted, taken, rest] = parts();
    const query = new URLSearchParams(signedQuery([encrypted], { nonce }));
    query.set('nonce', nonce + taken);
    const { timestamp, msg_signature: signature } = Object.fromEntries(query);
    expect(sha1(ids.miniapp.token, timestamp!, nonce + taken, rest)).toBe(signature);
    await expectRejected({ rawQueryString: String(query), body: envelope(rest, format) });
    expect(world.output.at(-1)).toContain('its timestamp or nonce is malformed');
  });

  it('ignores a forged push beside the ciphertext of a genuine push', async () => {
    const encrypted = wecom.encrypt(
      ids.miniapp.aesKey,
      pushText(format, { ...ENTER, SessionFrom: 'sealed' }),
      ids.miniapp.appId,
    );
    const body = envelope(
      encrypted,
      format,
      pushText(format, { ...FORGED, Event: 'forged_event', Extra: { Encrypt: 'QUJD' } }),
    );
    const answer = await world.send(functionUrlEvent({ rawQueryString: signedQuery([encrypted]), body }));
    expect(answer).toMatchObject({ statusCode: 200, body: 'success' });
    expect(world.output.join('\n')).not.toContain('forged_event');
  });

  it.each([
    '"Encrypt":"QUJD"',
    '","Encrypt":"QUJD","x":"',
    '<Encrypt>QUJD</Encrypt>',
    ']]></Content><Encrypt>QUJD</Encrypt>',
  ])('reads the last Encrypt if the text of a user in compatible mode contains %s', async (Content) => {
    const text = { MsgType: 'text', Content, MsgId: '1' };
    const encrypted = wecom.encrypt(ids.miniapp.aesKey, pushText(format, { ...text, Filler: mode }), ids.miniapp.appId);
    const before = world.passedOn('text');
    const request = {
      rawQueryString: signedQuery([encrypted]),
      body: envelope(encrypted, format, pushText(format, text)),
    };
    const { statusCode, body = '' } = await world.send(functionUrlEvent(request));
    expect(statusCode).toBe(200);
    expect(openAnswer(body, format)).toContain('transfer_customer_service');
    expect(world.passedOn('text') - before).toBe(1);
  });

  it('rejects its own answer as a push', async () => {
    const { body = '' } = await world.push({ MsgType: 'event', Event: 'xpay_refund_notify' }, format);
    expect(openAnswer(body, format)).toContain('ErrCode');
    const read = (name: string) => new RegExp(`${name}"?[:>](?:<!\\[CDATA\\[|")?([\\w+/=]+)`).exec(body)![1]!;
    const query = { msg_signature: read('MsgSignature'), timestamp: read('TimeStamp'), nonce: read('Nonce') };
    const rawQueryString = String(new URLSearchParams({ ...query, encrypt_type: 'aes' }));
    for (const sent of [body, envelope(read('Encrypt'), format)]) await expectRejected({ rawQueryString, body: sent });
  });

  it('opens a push under the previous key during a rotation, and answers with that key', async () => {
    const event = { MsgType: 'event', Event: 'xpay_refund_notify' };
    for (const key of [PREVIOUS_KEY, ids.miniapp.aesKey]) {
      const { body = '' } = await world.send(functionUrlEvent(seal(event, { key })));
      expect(openAnswer(body, format, key)).toContain('ErrCode');
    }
  });

  it('reads the sealed text in the format of the text, whatever the format of the envelope', async () => {
    const text = pushText(format === 'json' ? 'xml' : 'json', { ...ENTER, SessionFrom: `other ${mode} ${format}` });
    const before = world.passedOn('user_enter_tempsession');
    const answer = await world.send(functionUrlEvent(pushRequest(text, { format })));
    expect(answer).toMatchObject({ statusCode: 200, body: 'success' });
    expect(world.passedOn('user_enter_tempsession') - before).toBe(1);
  });

  it('rejects bodies without a ciphertext at their end', async () => {
    const { rawQueryString, body } = seal(FORGED);
    for (const sent of [
      '',
      '{}',
      '[]',
      'null',
      '<xml></xml>',
      body.slice(0, -1),
      `${body}x`,
      `x${body}`,
      body.replace('Encrypt', 'encrypt'),
    ]) {
      await expectRejected({ rawQueryString, body: sent });
    }
  });
});

describe.each<[Mode, Format]>([
  ['compatible', 'json'],
  ['compatible', 'xml'],
  ['secure', 'json'],
  ['secure', 'xml'],
])('forged deliveries of virtual payment in %s mode, as %s', (mode, format) => {
  let shop: VirtualPushWorld;
  beforeAll(async () => {
    shop = await createVirtualPushWorld(mode, format);
  });
  afterAll(() => shop.close());

  /** Returns an unpaid order, and the text of the push that would book it. */
  const unpaid = async () => {
    const order = await shop.stored((await shop.newOrder()).outTradeNo);
    return { order, text: pushText(format, { MsgType: 'event', ...deliveryPush(order) }) };
  };
  const expectUnpaid = async ({ outTradeNo }: { outTradeNo: string }) =>
    expect((await shop.stored(outTradeNo)).state).toBe('NOTPAY');

  it.each([
    ['for another app', { app: 'wx9999999999999999' }],
    ['under an unknown key', { key: 'x'.repeat(43) }],
    ['under the key of the official account', { key: ids.official.aesKey }],
    ['signed with the token of the official account', { signedWith: ids.official.token }],
    ['replayed after five minutes', { skewS: -301 }],
    ['as a plain push', { mode: 'plain' as const }],
  ])('books no delivery %s', async (_, options) => {
    const { order, text } = await unpaid();
    await shop.expectRefused(functionUrlEvent(pushRequest(text, { mode, format, ...options })));
    await expectUnpaid(order);
  });

  it('books no delivery whose ciphertext was exchanged', async () => {
    const [mine, other] = [await unpaid(), await unpaid()];
    const { rawQueryString } = pushRequest(other.text, { mode, format });
    const { body } = pushRequest(mine.text, { mode, format });
    await shop.expectRefused(functionUrlEvent({ rawQueryString, body }));
    await expectUnpaid(mine.order);
  });

  it('books no delivery in plain text beside the ciphertext of another push', async () => {
    const { order, text } = await unpaid();
    const encrypted = wecom.encrypt(ids.miniapp.aesKey, pushText(format, ENTER), ids.miniapp.appId);
    const body = envelope(encrypted, format, text);
    const answer = await shop.send(functionUrlEvent({ rawQueryString: signedQuery([encrypted]), body }));
    expect(answer).toMatchObject({ statusCode: 200, body: 'success' });
    await expectUnpaid(order);
  });

  it('books the genuine push that the tests above change', async () => {
    const { order, text } = await unpaid();
    const answer = await shop.send(functionUrlEvent(pushRequest(text, { mode, format })));
    expect(openAnswer(answer.body!, format)).toContain('success');
    expect((await shop.stored(order.outTradeNo)).state).toBe('PAID');
  });
});

describe('replays of the mini-program', () => {
  beforeAll(async () => {
    world = await createMiniappWorld('secure');
  });
  afterAll(() => world.close());

  it('handles a captured push once in the five minutes after the capture', async () => {
    const captured = functionUrlEvent(pushRequest(pushText('json', ENTER), { skewS: -200 }));
    for (let i = 0; i < 3; i += 1) expect((await world.send(captured)).statusCode).toBe(200);
    expect(world.passedOn('user_enter_tempsession')).toBe(1);
  });

  it('rejects a captured message and event with exchanged timestamp and nonce when the clock reaches the nonce', async () => {
    for (const fields of [
      ENTER,
      { MsgType: 'text', Content: 'x', MsgId: '1' },
      { ...ENTER, Event: 'user_authorization_revoke', OpenID: OPEN_ID },
    ]) {
      expect(await world.expectRefused(replayed(fields))).toMatchObject({ statusCode: 403 });
      // The sealed CreateTime alone makes the difference.
      expect((await world.send(replayed({ ...fields, CreateTime: nowS() }))).statusCode).toBe(200);
    }
    expect(world.output.join('\n')).toContain('its sealed CreateTime is more than an hour from the current time');
  });

  it.each(['xpay_refund_notify', 'xpay_later', 'trade_manage_order_settlement', 'wxa_media_check'])(
    'accepts a %s with a CreateTime of days ago, because WeChat repeats it for hours',
    async (Event) => {
      const fields = { MsgType: 'event', Event, trace_id: 't', CreateTime: nowS() - 3 * 86_400 };
      expect((await world.push(fields)).statusCode).toBe(200);
      const forged = pushRequest(pushText('json', fields), { skewS: -301 });
      expect(await world.expectRefused(functionUrlEvent(forged))).toMatchObject({ statusCode: 403 });
    },
  );
});
