// Pushes of an attacker: forged, changed, replayed, or sealed for another account.
import type { LambdaFunctionURLEvent } from 'aws-lambda';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createOfficialQrLogin } from '../../lib/scan-login/create.ts';
import {
  createModeWorld,
  CURRENT_KEY,
  exchangedQuery,
  lastEvent,
  nowS,
  ORIGINAL_ID,
  PREVIOUS_KEY,
  scanXml,
  sealedEvent,
  signedQuery,
  UNKNOWN_KEY,
  type Mode,
  type OfficialWorld,
} from '../support/official-world.ts';
import { ASKER } from '../support/scan-login.ts';

let world: OfficialWorld;

describe.each<Mode>(['compatible', 'secure'])('forged pushes in %s mode', (mode) => {
  beforeAll(async () => {
    world = await createModeWorld(mode);
  });
  afterAll(() => world.close());

  const expectForgeryRejected = async (event: LambdaFunctionURLEvent, qr: { ticket: string; pollToken: string }) => {
    const answer = await world.expectRefused(event);
    expect(answer).toMatchObject({ statusCode: 403, body: 'This is not a push of WeChat for this account' });
    expect(await world.poll(qr)).toMatchObject({ status: 'pending' });
  };

  it('accepts a genuine push that @wecom/crypto sealed, which the tests below change', async () => {
    const qr = await createOfficialQrLogin(world.official, ASKER);
    const answer = await world.send(await sealedEvent(world, scanXml(qr)));
    expect(answer.statusCode).toBe(200);
    expect(await world.poll(qr)).toMatchObject({ status: 'scanned' });
  });

  it.each([
    ['signed as in plain mode', () => signedQuery()],
    ['marked as encrypted', () => `${signedQuery()}&encrypt_type=aes&msg_signature=${'0'.repeat(40)}`],
    ['marked as raw', () => `${signedQuery()}&encrypt_type=raw`],
  ])('rejects a forged plain SCAN %s', async (_, query) => {
    const qr = await createOfficialQrLogin(world.official, ASKER);
    await expectForgeryRejected({ ...(await lastEvent(world)), rawQueryString: query(), body: scanXml(qr) }, qr);
  });

  it('ignores a forged SCAN beside the encrypted part of a genuine push', async () => {
    const [qr, other] = [
      await createOfficialQrLogin(world.official, ASKER),
      await createOfficialQrLogin(world.official, ASKER),
    ];
    const event = await sealedEvent(world, scanXml(other));
    event.body = scanXml(qr).replace('</xml>', `${event.body!.slice('<xml>'.length)}`);
    expect((await world.send(event)).statusCode).toBe(200);
    expect(await world.poll(qr)).toMatchObject({ status: 'pending' });
    expect(await world.poll(other)).toMatchObject({ status: 'scanned' });
  });

  it('rejects a correctly signed ciphertext for another appid', async () => {
    const qr = await createOfficialQrLogin(world.official, ASKER);
    await expectForgeryRejected(await sealedEvent(world, scanXml(qr), { app: 'wx9999999999999999' }), qr);
  });

  it('rejects a correctly signed ciphertext under an unknown key', async () => {
    const qr = await createOfficialQrLogin(world.official, ASKER);
    await expectForgeryRejected(await sealedEvent(world, scanXml(qr), { key: UNKNOWN_KEY }), qr);
  });

  it('rejects a replay after five minutes, and handles an immediate replay once', async () => {
    const qr = await createOfficialQrLogin(world.official, ASKER);
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

  it('rejects a captured SCAN with exchanged timestamp and nonce when the clock reaches the nonce', async () => {
    const qr = await createOfficialQrLogin(world.official, ASKER);
    const exchangedAfterS = 3_700;
    const captured = await sealedEvent(world, scanXml(qr, { ageS: exchangedAfterS }), { exchangedAfterS });
    await expectForgeryRejected(captured, qr);
    // The sealed CreateTime alone makes the difference.
    expect((await world.send(await sealedEvent(world, scanXml(qr), { exchangedAfterS }))).statusCode).toBe(200);
    expect(await world.poll(qr)).toMatchObject({ status: 'scanned' });
  });

  it('rejects a SCAN forged under the exchanged query of a captured push', async () => {
    const qr = await createOfficialQrLogin(world.official, ASKER);
    const event = await lastEvent(world);
    await expectForgeryRejected({ ...event, rawQueryString: exchangedQuery({ ageS: 3_700 }), body: scanXml(qr) }, qr);
    const captured = await sealedEvent(world, scanXml(qr, { ageS: 3_700 }), { exchangedAfterS: 3_700 });
    await expectForgeryRejected({ ...captured, body: (await sealedEvent(world, scanXml(qr))).body! }, qr);
  });

  it('rejects a changed ciphertext', async () => {
    const qr = await createOfficialQrLogin(world.official, ASKER);
    const event = await sealedEvent(world, scanXml(qr));
    event.body = event.body!.replace(
      /(<Encrypt>)(.)/,
      (_, tag: string, first: string) => tag + (first === 'A' ? 'B' : 'A'),
    );
    await expectForgeryRejected(event, qr);
  });

  it('logs the reason of each rejection', () => {
    const text = world.output.join('\n');
    const reasons = ['not encrypted', 'OFFICIAL_AES_KEY does not decrypt it', 'msg_signature', 'too far from'];
    for (const reason of [...reasons, 'sealed CreateTime']) expect(text).toContain(reason);
  });

  it('opens a push under the previous key during a rotation, and replies with that key', async () => {
    for (const aesKey of [PREVIOUS_KEY, CURRENT_KEY]) {
      await world.console({ aesKey });
      const { answer, qr } = await world.scan(await world.phone.newPerson());
      // The phone decrypts the reply with the key of the console.
      expect(answer.push.reply!.content).toContain('确认登录');
      expect(await world.poll(qr)).toMatchObject({ status: 'scanned' });
    }
    await world.console({ aesKey: UNKNOWN_KEY });
    const { answer } = await world.scan(await world.phone.newPerson());
    expect(answer.push).toMatchObject({ status: 403, reply: null });
  });
});

describe('forged pushes in plain mode', () => {
  beforeAll(async () => {
    world = await createModeWorld('plain');
  });
  afterAll(() => world.close());

  it.each([
    ['in the five minutes after the capture', () => signedQuery({ skewS: -200 })],
    ['with exchanged timestamp and nonce when the clock reaches the nonce', () => exchangedQuery({ ageS: 3_700 })],
  ])('do not log in by a SCAN under the query of a captured push %s', async (_, query) => {
    const qr = await createOfficialQrLogin(world.official, ASKER);
    const person = await world.phone.newPerson();
    const forged = scanXml(qr, { openId: person.openIds.official });
    const answer = await world.send({ ...(await lastEvent(world)), rawQueryString: query(), body: forged });
    // The signature of plain mode covers no body, so the push counts as genuine.
    expect(answer.statusCode).toBe(200);
    expect(await world.poll(qr)).toMatchObject({ status: 'pending' });
  });

  it.each(['SCAN', 'subscribe'])('do not log in by a genuine %s either', async (kind) => {
    const person = kind === 'SCAN' ? await world.follower() : await world.phone.newPerson();
    const { qr, answer } = await world.scan(person);
    expect(answer.push.status).toBe(200);
    expect(answer.push.body).not.toContain('确认登录');
    expect(await world.poll(qr)).toMatchObject({ status: 'pending' });
  });
});
