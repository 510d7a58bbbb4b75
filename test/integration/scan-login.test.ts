import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { getMe } from '../../lib/identity/get-me.ts';
import { randomSessionId } from '../../lib/identity/open-session.ts';
import { register } from '../../lib/identity/register.ts';
import { createOfficialQrLogin } from '../../lib/scan-login/create.ts';
import { pollQrLogin } from '../../lib/scan-login/poll.ts';
import { TICKET_LIFE_S } from '../../lib/scan-login/ticket.ts';
import { ASKER, chatOf } from '../support/scan-login.ts';
import { createWorld, ids, type World } from '../support/world.ts';

const { appId } = ids.official;
const PENDING = { status: 'pending', pollIntervalMs: 2_000 };
const GONE = { code: 'TICKET_EXPIRED', message: 'This QR code has expired; create a new one' };

describe('scan login with a code of the official account', () => {
  let world: World;
  beforeAll(async () => {
    world = await createWorld();
  });
  afterAll(() => world.simulator.close());

  const create = () => createOfficialQrLogin(world.official, ASKER);
  const poll = ({ ticket, pollToken }: { ticket: string; pollToken: string }) =>
    pollQrLogin(world.sessions, { ticket, pollToken });
  const chat = () => chatOf(world.officialEvents);
  const scan = (ticket: string, openId: string) => chat().scan({ ticket, openId });
  const logIn = (ticket: string, openId: string) => chat().logIn({ ticket, openId });
  const registeredOpenId = async () => {
    const { openIds } = await world.phone.newPerson();
    const token = await world.sessions.tokens.signRegistration({
      appId,
      openId: openIds.official,
      sid: randomSessionId(world.base),
    });
    return { openId: openIds.official, answer: await register(world.sessions, token) };
  };

  it('is pending until a scan', async () => {
    const qr = await create();
    expect(qr).toMatchObject({ expiresIn: TICKET_LIFE_S, content: expect.stringMatching(/^http/) });
    expect(await poll(qr)).toEqual(PENDING);
    expect(await poll(qr)).toEqual(PENDING);
  });

  it('returns a registration token for an unknown user, and the token creates an account', async () => {
    const qr = await create();
    await logIn(qr.ticket, 'o-unknown-1');
    const answer = await poll(qr);
    if (answer.status !== 'unregistered') throw new Error(answer.status);
    const session = await register(world.sessions, answer.registrationToken);
    expect(await getMe(world.sessions, session.token)).toEqual({ user: session.user });
    await expect(poll(qr)).rejects.toMatchObject(GONE);
  });

  it('creates an account for an unknown user with the setting auto, and finds it at the next scan', async () => {
    const auto = { ...world.sessions, register: 'auto' as const };
    const seen = [];
    for (let times = 0; times < 2; times += 1) {
      const { ticket, pollToken } = await create();
      await logIn(ticket, 'o-automatic');
      const answer = await pollQrLogin(auto, { ticket, pollToken });
      if (answer.status !== 'registered') throw new Error(answer.status);
      expect(await getMe(world.sessions, answer.token)).toEqual({ user: answer.user });
      seen.push(answer.user.id);
    }
    expect(new Set(seen).size).toBe(1);
  });

  it('logs a known user in', async () => {
    const { openId, answer } = await registeredOpenId();
    const qr = await create();
    await logIn(qr.ticket, openId);
    expect(await poll(qr)).toMatchObject({ status: 'registered', user: { id: answer.user.id } });
  });

  it('returns the success to exactly one of a hundred concurrent polls', async () => {
    const { openId } = await registeredOpenId();
    const qr = await create();
    await logIn(qr.ticket, openId);
    const outcomes = await Promise.allSettled(Array.from({ length: 100 }, () => poll(qr)));
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    const rejections = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []));
    for (const rejection of rejections) expect(rejection).toMatchObject(GONE);
  });

  it('returns one error for a wrong poll token, an unknown ticket and an expired ticket', async () => {
    const qr = await create();
    await expect(poll({ ...qr, pollToken: 'wrong' })).rejects.toMatchObject(GONE);
    await expect(poll({ ...qr, pollToken: '' })).rejects.toMatchObject(GONE);
    await expect(poll({ ...qr, ticket: 'unknown' })).rejects.toMatchObject(GONE);
    world.clock.offsetMs = TICKET_LIFE_S * 1_000 + 1_000;
    await expect(poll(qr)).rejects.toMatchObject(GONE);
    world.clock.offsetMs = 0;
    expect(await poll(qr)).toEqual(PENDING);
  });

  it('does not collect a scanned ticket with the wrong poll token', async () => {
    const { openId } = await registeredOpenId();
    const qr = await create();
    await logIn(qr.ticket, openId);
    await expect(poll({ ...qr, pollToken: 'wrong' })).rejects.toMatchObject(GONE);
    expect(await poll(qr)).toMatchObject({ status: 'registered' });
  });

  it('is scanned until the user who scanned confirms', async () => {
    const qr = await create();
    expect(await scan(qr.ticket, 'o-scanned')).toMatchObject({ moved: true, ticket: { ...ASKER, state: 'scanned' } });
    expect(await poll(qr)).toEqual({ ...PENDING, status: 'scanned' });
    await chat().tap('confirm', { ticket: qr.ticket, openId: 'o-other' });
    expect(await poll(qr)).toEqual({ ...PENDING, status: 'scanned' });
    await chat().tap('confirm', { ticket: qr.ticket, openId: 'o-scanned' });
    expect(await poll(qr)).toMatchObject({ status: 'unregistered' });
  });

  it('gives the ticket to one of four concurrent scans', async () => {
    const qr = await create();
    const users = ['o-a', 'o-b', 'o-c', 'o-d'];
    const outcomes = await Promise.all(users.map((openId) => scan(qr.ticket, openId)));
    expect(outcomes.filter(({ moved }) => moved)).toHaveLength(1);
    expect(outcomes.filter(({ ticket }) => ticket)).toHaveLength(1);
    expect(await poll(qr)).toMatchObject({ status: 'scanned' });
    for (const openId of users) await chat().tap('confirm', { ticket: qr.ticket, openId });
    expect(await poll(qr)).toMatchObject({ status: 'unregistered' });
  });

  it('accepts a repeated push, and never reopens a collected ticket', async () => {
    const qr = await create();
    expect(await scan(qr.ticket, 'o-same')).toMatchObject({ moved: true, ticket: { state: 'scanned' } });
    expect(await scan(qr.ticket, 'o-same')).toMatchObject({ moved: false, ticket: { state: 'scanned' } });
    await logIn(qr.ticket, 'o-same');
    await poll(qr);
    expect(await scan(qr.ticket, 'o-same')).toMatchObject({ moved: false, ticket: { state: 'collected' } });
    expect(await scan(qr.ticket, 'o-other')).toEqual({ moved: false });
    await logIn(qr.ticket, 'o-same');
    await expect(poll(qr)).rejects.toMatchObject(GONE);
  });

  it('changes nothing for an unknown or expired ticket, and for another app', async () => {
    const qr = await create();
    expect(await scan('A'.repeat(22), 'o-x')).toEqual({ moved: false });
    const foreign = { ticket: qr.ticket, openId: 'o-x', appId: ids.miniapp.appId };
    expect(await chat().scan(foreign)).toEqual({ moved: false });
    world.clock.offsetMs = TICKET_LIFE_S * 1_000 + 1_000;
    expect(await scan(qr.ticket, 'o-x')).toEqual({ moved: false });
    world.clock.offsetMs = 0;
    expect(await poll(qr)).toEqual(PENDING);
  });

  it('rejects a confirmation without a scan, and after the lifetime of the code', async () => {
    const [unscanned, late] = [await create(), await create()];
    expect(await chat().tap('confirm', { ticket: unscanned.ticket, openId: 'o-x' })).toBeUndefined();
    expect(await poll(unscanned)).toEqual(PENDING);
    await scan(late.ticket, 'o-late');
    world.clock.offsetMs = TICKET_LIFE_S * 1_000 + 1_000;
    expect(await chat().tap('confirm', { ticket: late.ticket, openId: 'o-late' })).toBeUndefined();
    world.clock.offsetMs = 0;
    expect(await poll(late)).toMatchObject({ status: 'scanned' });
  });

  it('creates one account when a registration token is sent three times concurrently', async () => {
    const token = await world.sessions.tokens.signRegistration({
      appId,
      openId: 'o-twice',
      sid: randomSessionId(world.base),
    });
    const answers = await Promise.all([1, 2, 3].map(() => register(world.sessions, token)));
    expect(new Set(answers.map(({ user }) => user.id)).size).toBe(1);
  });

  it('rejects a session token as a registration token, and a registration token as a session token', async () => {
    const { answer } = await registeredOpenId();
    await expect(register(world.sessions, answer.token)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    const registration = await world.sessions.tokens.signRegistration({
      appId,
      openId: 'o-y',
      sid: randomSessionId(world.base),
    });
    await expect(getMe(world.sessions, registration)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  });

  it('renews the access token and retries once when WeChat rejects it', async () => {
    await world.faults('qrcode/create', 'token-expired');
    expect(await poll(await create())).toEqual(PENDING);
  });
});
