import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { getMe } from '../../lib/identity/get-me.ts';
import { randomSessionId } from '../../lib/identity/open-session.ts';
import { register } from '../../lib/identity/register.ts';
import { createOfficialQrLogin } from '../../lib/scan-login/create.ts';
import { pollQrLogin } from '../../lib/scan-login/poll.ts';
import { recordScan } from '../../lib/scan-login/record-scan.ts';
import { sceneOf, TICKET_LIFE_S } from '../../lib/scan-login/ticket.ts';
import { createWorld, ids, type World } from '../support/world.ts';

const { appId } = ids.official;
const GONE = { code: 'TICKET_EXPIRED', message: 'This QR code has expired; create a new one' };

describe('scan login with a code of the official account', () => {
  let world: World;
  beforeAll(async () => {
    world = await createWorld();
  });
  afterAll(() => world.simulator.close());

  const create = () => createOfficialQrLogin(world.official);
  const poll = ({ ticket, pollToken }: { ticket: string; pollToken: string }) =>
    pollQrLogin(world.sessions, { ticket, pollToken });
  const scan = (ticket: string, openId: string, from = appId) =>
    recordScan(world.base, { appId: from, openId, scene: sceneOf(ticket) });
  const registeredOpenId = async () => {
    const { openIds } = await world.phone.newPerson();
    const token = await world.sessions.tokens.signRegistration({ appId, openId: openIds.official, sid: randomSessionId(world.base) });
    return { openId: openIds.official, answer: await register(world.sessions, token) };
  };

  it('is pending until a scan', async () => {
    const qr = await create();
    expect(qr).toMatchObject({ expiresIn: TICKET_LIFE_S, content: expect.stringMatching(/^http/) });
    expect(await poll(qr)).toEqual({ status: 'pending' });
    expect(await poll(qr)).toEqual({ status: 'pending' });
  });

  it('returns a registration token for an unknown user, and the token creates an account', async () => {
    const qr = await create();
    await scan(qr.ticket, 'o-unknown-1');
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
      await scan(ticket, 'o-automatic');
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
    await scan(qr.ticket, openId);
    expect(await poll(qr)).toMatchObject({ status: 'registered', user: { id: answer.user.id } });
  });

  it('returns the success to exactly one of a hundred concurrent polls', async () => {
    const { openId } = await registeredOpenId();
    const qr = await create();
    await scan(qr.ticket, openId);
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
    expect(await poll(qr)).toEqual({ status: 'pending' });
  });

  it('does not collect a scanned ticket with the wrong poll token', async () => {
    const { openId } = await registeredOpenId();
    const qr = await create();
    await scan(qr.ticket, openId);
    await expect(poll({ ...qr, pollToken: 'wrong' })).rejects.toMatchObject(GONE);
    expect(await poll(qr)).toMatchObject({ status: 'registered' });
  });

  it('gives the ticket to one of four concurrent scans', async () => {
    const qr = await create();
    const outcomes = await Promise.all(['o-a', 'o-b', 'o-c', 'o-d'].map((openId) => scan(qr.ticket, openId)));
    expect(outcomes.filter((outcome) => outcome === 'moved')).toHaveLength(1);
    expect(await poll(qr)).toMatchObject({ status: 'unregistered' });
  });

  it('accepts a repeated push, and never reopens a collected ticket', async () => {
    const qr = await create();
    expect(await scan(qr.ticket, 'o-same')).toBe('moved');
    expect(await scan(qr.ticket, 'o-same')).toBe('repeated');
    await poll(qr);
    expect(await scan(qr.ticket, 'o-same')).toBe('repeated');
    expect(await scan(qr.ticket, 'o-other')).toBe('rejected');
    await expect(poll(qr)).rejects.toMatchObject(GONE);
  });

  it('changes nothing for an unknown or expired ticket, another app or a foreign scene', async () => {
    const qr = await create();
    expect(await scan('A'.repeat(22), 'o-x')).toBe('rejected');
    expect(await scan(qr.ticket, 'o-x', ids.miniapp.appId)).toBe('rejected');
    expect(await recordScan(world.base, { appId, openId: 'o-x', scene: 'poster_1' })).toBe('foreign');
    world.clock.offsetMs = TICKET_LIFE_S * 1_000 + 1_000;
    expect(await scan(qr.ticket, 'o-x')).toBe('rejected');
    world.clock.offsetMs = 0;
    expect(await poll(qr)).toEqual({ status: 'pending' });
  });

  it('creates one account when a registration token is sent three times concurrently', async () => {
    const token = await world.sessions.tokens.signRegistration({ appId, openId: 'o-twice', sid: randomSessionId(world.base) });
    const answers = await Promise.all([1, 2, 3].map(() => register(world.sessions, token)));
    expect(new Set(answers.map(({ user }) => user.id)).size).toBe(1);
  });

  it('rejects a session token as a registration token, and a registration token as a session token', async () => {
    const { answer } = await registeredOpenId();
    await expect(register(world.sessions, answer.token)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    const registration = await world.sessions.tokens.signRegistration({ appId, openId: 'o-y', sid: randomSessionId(world.base) });
    await expect(getMe(world.sessions, registration)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  });

  it('renews the access token and retries once when WeChat rejects it', async () => {
    await world.faults('qrcode/create', 'token-expired');
    expect(await poll(await create())).toEqual({ status: 'pending' });
  });
});
