// The end of a login by its user, and the modes in which the chat decides no login.
import { PutCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { endSessions } from '../../lib/identity/end-sessions.ts';
import { getMe } from '../../lib/identity/get-me.ts';
import { register } from '../../lib/identity/register.ts';
import { createOfficialQrLogin, type QrLogin } from '../../lib/scan-login/create.ts';
import { pollQrLogin, type PollAnswer } from '../../lib/scan-login/poll.ts';
import { readIdentity } from '../../lib/store/identities.ts';
import { readTicket } from '../../lib/store/tickets.ts';
import type { Table } from '../../lib/store/table.ts';
import {
  createChatWorld,
  expectOrdinary,
  GONE,
  textOf,
  tokenOf,
  useClock,
  type ChatWorld,
} from '../support/chat-world.ts';
import { linksIn } from '../support/official-world.ts';
import { ASKER, chatOf } from '../support/scan-login.ts';
import { ids } from '../support/world.ts';

const { appId } = ids.official;
const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

let world: ChatWorld;
const later = useClock();

describe('the revocation of a login', () => {
  beforeAll(async () => {
    world = await createChatWorld('secure');
  });
  afterAll(() => world.close());

  it('cancels a login that is not collected yet', async () => {
    const person = await world.registered();
    const { qr } = await world.logIn(person);
    await world.tap(person, 'revoke', qr);
    await expect(world.poll(qr)).rejects.toMatchObject(GONE);
  });

  it('fails a poll that collected the login and has not stored its session', async () => {
    const person = await world.registered();
    const { qr } = await world.logIn(person);
    await expect(
      pollWith(
        before('SESSION', () => world.tap(person, 'revoke', qr)),
        qr,
      ),
    ).rejects.toMatchObject(GONE);
    const ticket = (await readTicket(world.table, qr.ticket))!;
    expect(ticket).toMatchObject({ state: 'cancelled', collector: expect.any(String) });
    await expect(world.poll(qr)).rejects.toMatchObject(GONE);
  });

  it('fails a poll after the user ended all sessions, and not the poll of a later login', async () => {
    const person = await world.registered();
    const { qr: earlier } = await world.logIn(person);
    const { qr: other } = await world.logIn(person);
    const { user } = await getMe(world.sessions, tokenOf(await world.poll(other)));
    await endSessions(world.sessions, { userId: user.id });
    await expect(world.poll(earlier)).rejects.toMatchObject(GONE);
    later(1_000);
    const { qr } = await world.logIn(person);
    expect(await getMe(world.sessions, tokenOf(await world.poll(qr)))).toEqual({ user });
  });

  it('fails a registration, and ends the session of a registration', async () => {
    for (const isEarly of [true, false]) {
      const person = await world.phone.newPerson();
      const { qr } = await world.logIn(person);
      const answer = await world.poll(qr);
      if (answer.status !== 'unregistered') throw new Error(answer.status);
      const registration = () => register(world.sessions, answer.registrationToken);
      const token = isEarly ? undefined : (await registration()).token;
      await world.tap(person, 'revoke', qr);
      await expect(registration()).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
      if (token) await world.expectEnded(token);
    }
  });

  it('permits no account for a new user, neither by a registration nor by a poll with the setting auto', async () => {
    const person = await world.phone.newPerson();
    const { qr } = await world.logIn(person);
    const answer = await world.poll(qr);
    if (answer.status !== 'unregistered') throw new Error(answer.status);
    await world.tap(person, 'revoke', qr);
    await expect(register(world.sessions, answer.registrationToken)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    // The poll asks WeChat about the unionid of each new user, and the revocation arrives meanwhile.
    const newcomer = await world.phone.newPerson();
    const { qr: other } = await world.logIn(newcomer);
    const loadOfficialAccount = async () => {
      await world.tap(newcomer, 'revoke', other);
      return world.sessions.loadOfficialAccount();
    };
    const auto = { ...world.sessions, register: 'auto' as const, loadOfficialAccount };
    await expect(pollQrLogin(auto, other)).rejects.toMatchObject(GONE);
    expect((await readTicket(world.table, other.ticket))!.collector).toBeDefined();
    for (const { openIds } of [person, newcomer]) {
      const identity = await readIdentity(world.table, { appId, openId: openIds.official }, 'strong');
      expect(identity?.accountId).toBeUndefined();
    }
  });

  it('ends the session of its login only', async () => {
    const person = await world.registered();
    const [one, other] = [await world.logIn(person), await world.logIn(person)];
    const [token, otherToken] = [tokenOf(await world.poll(one.qr)), tokenOf(await world.poll(other.qr))];
    await world.tap(person, 'revoke', one.qr);
    await world.expectEnded(token);
    expect(await getMe(world.sessions, otherToken)).toMatchObject({ user: {} });
  });

  it('works by a link while the session lives, and by a text for ten minutes', async () => {
    const person = await world.registered();
    for (const [ms, text] of [
      [9 * MINUTE_MS, '0'],
      [9 * MINUTE_MS, '不是我'],
    ] as const) {
      const { qr } = await world.logIn(person);
      const token = tokenOf(await world.poll(qr));
      later(ms);
      expect(textOf(await world.type(person, text))).toContain('已取消');
      await world.expectEnded(token);
      vi.useRealTimers();
    }
    const { qr } = await world.logIn(person);
    const token = tokenOf(await world.poll(qr));
    later(10 * MINUTE_MS + 1_000);
    expectOrdinary(await world.type(person, '0'));
    later(7 * DAY_MS - 11 * MINUTE_MS);
    expect(await getMe(world.sessions, token)).toMatchObject({ user: {} });
    expect(textOf(await world.tap(person, 'revoke', qr))).toContain('已取消');
    await world.expectEnded(token);
  });

  it('ends the session when it is repeated after a crash', async () => {
    const person = await world.registered();
    const { qr } = await world.logIn(person);
    const token = tokenOf(await world.poll(qr));
    const crash = before('SESSION', () => Promise.reject(new Error('crash')));
    const choice = { ticket: qr.ticket, openId: person.openIds.official };
    await expect(chatOf({ ...world.officialEvents, table: crash }).tap('revoke', choice)).rejects.toThrow('crash');
    expect(await getMe(world.sessions, token)).toMatchObject({ user: {} });
    await world.tap(person, 'revoke', qr);
    await world.expectEnded(token);
  });

  it('has one outcome for a hundred concurrent confirmations and refusals', async () => {
    const { openIds } = await world.registered();
    const choice = { ticket: (await createOfficialQrLogin(world.official, ASKER)).ticket, openId: openIds.official };
    const { scan, tap: choose } = chatOf(world.officialEvents);
    await scan(choice);
    const taps = Array.from({ length: 100 }, (_, i) => choose(i % 2 ? 'confirm' : 'refuse', choice));
    const states = (await Promise.all(taps)).map((ticket) => ticket?.state);
    expect(new Set(states).size).toBe(1);
    expect((await readTicket(world.table, choice.ticket))!.state).toBe(states[0]);
  });

  it('ends the login whatever confirmations and polls run concurrently', async () => {
    const { openIds } = await world.registered();
    for (let round = 0; round < 5; round += 1) {
      const qr = await createOfficialQrLogin(world.official, ASKER);
      const choice = { ticket: qr.ticket, openId: openIds.official };
      const { scan, tap: choose } = chatOf(world.officialEvents);
      await scan(choice);
      const polls: Promise<PollAnswer | undefined>[] = [];
      const taps = Array.from({ length: 100 }, (_, i) => {
        polls.push(world.poll(qr).catch(() => undefined));
        return choose(i % 3 === 2 ? 'revoke' : 'confirm', choice);
      });
      await Promise.all(taps);
      const sessions = (await Promise.all(polls)).filter((answer) => answer?.status === 'registered');
      expect(sessions.length).toBeLessThanOrEqual(1);
      for (const answer of sessions) await world.expectEnded(tokenOf(answer!));
      await expect(world.poll(qr)).rejects.toMatchObject(GONE);
    }
  });

  /** Runs `hook` before the first item of a kind is put. */
  function before(kind: string, hook: () => Promise<unknown>): Table {
    const { client } = world.table;
    let isRun = false;
    const send = async (command: object) => {
      if (!isRun && command instanceof PutCommand && command.input.Item?.['sk'] === kind) {
        isRun = true;
        await hook();
      }
      return client.send(command as PutCommand);
    };
    return { ...world.table, client: { send } as unknown as Table['client'] };
  }

  const pollWith = (table: Table, qr: QrLogin) =>
    pollQrLogin({ ...world.sessions, table }, { ticket: qr.ticket, pollToken: qr.pollToken });
});

describe('with SCAN_LOGIN_CONFIRM=scan', () => {
  beforeAll(async () => {
    world = await createChatWorld('secure', { SCAN_LOGIN_CONFIRM: 'scan' });
  });
  afterAll(() => world.close());

  it('logs a new and an existing follower in at the scan, and offers 不是我', async () => {
    const person = await world.phone.newPerson();
    const { qr, answer } = await world.scan(person);
    expect(answer).toMatchObject({
      kind: 'subscribe',
      push: { reply: { content: expect.stringContaining('您已登录') } },
    });
    expect(linksIn(answer.push)).toEqual({ 不是我: `login-revoke_${qr.ticket}` });
    const first = await world.poll(qr);
    if (first.status !== 'unregistered') throw new Error(first.status);
    await register(world.sessions, first.registrationToken);
    for (const revoke of [(code: QrLogin) => world.tap(person, 'revoke', code), () => world.type(person, '0')]) {
      const { qr: code } = await world.scan(person);
      const token = tokenOf(await world.poll(code));
      await revoke(code);
      await world.expectEnded(token);
    }
  });
});

describe('in plain mode, whose signature does not cover the push', () => {
  beforeAll(async () => {
    world = await createChatWorld('plain');
  });
  afterAll(() => world.close());

  it('no push records a scan or decides a login', async () => {
    const person = await world.phone.newPerson();
    const { qr, answer } = await world.scan(person);
    expect(textOf(answer.push)).toContain('已失效');
    expect(await world.poll(qr)).toMatchObject({ status: 'pending' });
    // The scan arrived while the mode was secure.
    await chatOf(world.officialEvents).scan({ ticket: qr.ticket, openId: person.openIds.official });
    for (const choice of ['confirm', 'refuse', 'revoke']) expectOrdinary(await world.tap(person, choice, qr));
    for (const text of ['1', '2', '0']) expectOrdinary(await world.type(person, text));
    expect(await world.poll(qr)).toMatchObject({ status: 'scanned' });
    expect(await readTicket(world.table, qr.ticket)).toMatchObject({ appId, state: 'scanned' });
  });
});
