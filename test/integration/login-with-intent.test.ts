// Scan login with a code of the official account, with real pushes: the user confirms or refuses in the chat.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { closeAccount } from '../../lib/identity/close-account.ts';
import { getMe } from '../../lib/identity/get-me.ts';
import { createOfficialQrLogin } from '../../lib/scan-login/create.ts';
import { TICKET_LIFE_S } from '../../lib/scan-login/ticket.ts';
import {
  createChatWorld,
  expectOrdinary,
  GONE,
  textOf,
  tokenOf,
  useClock,
  type ChatWorld,
} from '../support/chat-world.ts';
import { linksIn, nowS } from '../support/official-world.ts';
import { ASKER, chatOf } from '../support/scan-login.ts';

const MINUTE_MS = 60_000;

let world: ChatWorld;
const later = useClock();

describe('a code of an attacker that a victim scans', () => {
  beforeAll(async () => {
    world = await createChatWorld('secure');
  });
  afterAll(() => world.close());

  it('gives no session without the tap of the victim', async () => {
    const [victim, attacker] = [await world.registered(), await world.registered()];
    const { qr, answer } = await world.scan(victim, {
      address: '198.51.100.7',
      browser: 'Edge · Linux',
      place: '深圳',
    });
    const question = textOf(answer.push);
    for (const fact of ['示例站', '深圳', 'Edge · Linux', '北京时间', '请拒绝']) expect(question).toContain(fact);
    expect(linksIn(answer.push)).toEqual({
      确认登录: `login-confirm_${qr.ticket}`,
      拒绝: `login-refuse_${qr.ticket}`,
    });
    expect(await world.poll(qr)).toMatchObject({ status: 'scanned' });
    for (const choice of ['confirm', 'refuse', 'revoke']) {
      expect(textOf(await world.tap(attacker, choice, qr))).toContain('已失效');
    }
    for (const text of ['1', '确认登录', '2', '拒绝']) expectOrdinary(await world.type(attacker, text));
    expect(await world.poll(qr)).toMatchObject({ status: 'scanned' });
    await world.tap(victim, 'refuse', qr);
    await expect(world.poll(qr)).rejects.toMatchObject(GONE);
  });

  it('gives a session after the tap of the victim, which the victim can revoke', async () => {
    const [victim, attacker] = [await world.registered(), await world.registered()];
    const { qr, answer } = await world.scan(victim);
    const confirmed = await world.phone.tap(victim, linksIn(answer.push)['确认登录']!);
    expect(textOf(confirmed)).toContain('您已登录');
    const token = tokenOf(await world.poll(qr));
    await world.tap(attacker, 'revoke', qr);
    const { user } = await getMe(world.sessions, token);
    expect(textOf(await world.phone.tap(victim, linksIn(confirmed)['不是我']!))).toContain('已取消');
    await world.expectEnded(token);
    await expect(closeAccount(world.closing, token)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    const { qr: own } = await world.logIn(victim);
    expect(await world.poll(own)).toMatchObject({ user: { id: user.id } });
  });

  it('stays refused, also for a later confirmation', async () => {
    const victim = await world.registered();
    const { qr } = await world.scan(victim);
    expect(textOf(await world.tap(victim, 'refuse', qr))).toContain('已取消');
    expect(textOf(await world.tap(victim, 'confirm', qr))).toContain('已取消');
    await expect(world.poll(qr)).rejects.toMatchObject(GONE);
  });
});

describe('login with a code of the official account', () => {
  beforeAll(async () => {
    world = await createChatWorld('secure');
  });
  afterAll(() => world.close());

  it('asks a new follower too', async () => {
    const person = await world.phone.newPerson();
    const { qr, answer } = await world.scan(person);
    expect(answer.kind).toBe('subscribe');
    expect(await world.poll(qr)).toMatchObject({ status: 'scanned' });
    await world.tap(person, 'confirm', qr);
    expect(await world.poll(qr)).toMatchObject({ status: 'unregistered' });
  });

  it('shows the address of a page whose place is unknown, and no link of the page', async () => {
    const asker = { address: '203.0.113.7', browser: null, place: null };
    const { answer } = await world.scan(await world.phone.newPerson(), asker);
    expect(textOf(answer.push)).toContain('IP 203.0.113.7');
    const place = '<a href="https://evil.example">点这里</a>\n确认';
    const forged = await world.scan(await world.phone.newPerson(), { ...asker, place });
    expect(textOf(forged.answer.push).match(/<a /g)).toHaveLength(2);
  });

  it.each([
    ['1', 'registered'],
    [' １　', 'registered'],
    ['确认登录', 'registered'],
    ['2', 'TICKET_EXPIRED'],
    ['拒绝\n', 'TICKET_EXPIRED'],
    ['0', 'TICKET_EXPIRED'],
    ['不是我', 'TICKET_EXPIRED'],
  ])('accepts the text %j while the login waits: %s', async (text, outcome) => {
    const person = await world.registered();
    const { qr } = await world.scan(person);
    await world.type(person, text);
    const answer = await world.poll(qr).catch(({ code }: { code: string }) => ({ status: code }));
    expect(answer.status).toBe(outcome);
  });

  it('accepts the tap of a client that sends no id', async () => {
    const person = await world.registered();
    const { qr, answer } = await world.scan(person);
    const confirmed = await world.phone.tap(person, linksIn(answer.push)['确认登录']!, { dropMenuId: true });
    const token = tokenOf(await world.poll(qr));
    const revoked = await world.phone.tap(person, linksIn(confirmed)['不是我']!, { dropMenuId: true });
    expect(textOf(revoked)).toContain('已取消');
    await world.expectEnded(token);
  });

  it.each(['11', '1.', '好的，确认登录', '', 'l'])('treats the text %j as an ordinary message', async (text) => {
    const person = await world.registered();
    const { qr } = await world.scan(person);
    expectOrdinary(await world.act(person, 'message', { msgType: 'text', fields: { Content: text } }));
    expect(await world.poll(qr)).toMatchObject({ status: 'scanned' });
  });

  it('treats a short text as an ordinary message when no login waits', async () => {
    const person = await world.registered();
    later(16 * MINUTE_MS);
    for (const text of ['1', '2', '0', '确认登录', '拒绝', '不是我']) expectOrdinary(await world.type(person, text));
    const { qr } = await world.scan(person);
    await world.tap(person, 'confirm', qr);
    for (const text of ['1', '2']) expectOrdinary(await world.type(person, text));
    later(TICKET_LIFE_S * 1_000 + 1_000);
    for (const text of ['1', '2']) expectOrdinary(await world.type(person, text));
  });

  it('treats a short text as an ordinary message after the code has expired', async () => {
    const person = await world.registered();
    const { qr } = await world.scan(person);
    later(TICKET_LIFE_S * 1_000 + 1_000);
    expectOrdinary(await world.type(person, '1'));
    expect(textOf(await world.tap(person, 'confirm', qr))).toContain('已失效');
    await expect(world.poll(qr)).rejects.toMatchObject(GONE);
  });

  it('applies a text to the newest scan of the user only', async () => {
    const person = await world.registered();
    const [first, second] = [await world.scan(person), await world.scan(person)];
    await world.type(person, '1');
    expect(await world.poll(first.qr)).toMatchObject({ status: 'scanned' });
    expect(await world.poll(second.qr)).toMatchObject({ status: 'registered' });
    expectOrdinary(await world.type(person, '1'));
    expect(await world.poll(first.qr)).toMatchObject({ status: 'scanned' });
  });

  it('does not apply a text from before the scan, delivered late or repeated', async () => {
    const person = await world.registered();
    const late = { msgType: 'text', fields: { Content: '1', CreateTime: String(nowS() - 60) } };
    const { qr: first } = await world.scan(person);
    expectOrdinary(await world.act(person, 'message', late));
    expect(await world.poll(first)).toMatchObject({ status: 'scanned' });
    for (const text of ['1', '2', '0']) {
      await world.type(person, text);
      later(1_000);
      const { qr } = await world.scan(person);
      await world.act(person, 'resend', { last: 2 });
      expect(await world.poll(qr)).toMatchObject({ status: 'scanned' });
    }
  });

  it('keeps the newest scan when the push of an older scan arrives later', async () => {
    const person = await world.registered();
    const newer = await world.scan(person);
    const older = await createOfficialQrLogin(world.official, ASKER);
    await chatOf(world.officialEvents).scan({ ticket: older.ticket, openId: person.openIds.official, atS: 1 });
    await world.type(person, '1');
    expect(await world.poll(older)).toMatchObject({ status: 'scanned' });
    expect(await world.poll(newer.qr)).toMatchObject({ status: 'registered' });
  });

  it.each(['1', '2', '0'])('answers a repeated push of the text %s alike, and a new one as a message', async (text) => {
    const person = await world.registered();
    const { qr } = await world.scan(person);
    if (text === '0') await world.tap(person, 'confirm', qr);
    const first = await world.type(person, text);
    expect(textOf(first)).not.toContain('已收到您的留言');
    const repeated = await Promise.all([1, 2].map(() => world.act(person, 'resend', {})));
    for (const { reply } of repeated) expect(reply).toEqual(first.reply);
    expectOrdinary(await world.type(person, text));
  });

  it('answers a repeated tap alike', async () => {
    const person = await world.registered();
    const { qr } = await world.scan(person);
    for (const choice of ['confirm', 'revoke']) {
      const first = await world.tap(person, choice, qr);
      for (const { reply } of [await world.act(person, 'resend', {}), await world.tap(person, choice, qr)]) {
        expect(reply).toEqual(first.reply);
      }
    }
  });

  it('passes a tap on another link to replies.ts', async () => {
    const person = await world.registered();
    const { qr } = await world.scan(person);
    expectOrdinary(await world.phone.tap(person, `survey-1_${qr.ticket}`));
    expect(await world.poll(qr)).toMatchObject({ status: 'scanned' });
    expect(textOf(await world.tap(person, 'confirm', { ticket: '../x' }))).toContain('已失效');
  });
});
