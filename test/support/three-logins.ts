// One user who logs in three ways, over HTTP. The user followed the official account before the deployment, so no push
// reports the follow, and a login with `snsapi_base` returns no unionid.
import { expect, inject } from 'vitest';
import { api, phone } from './client.ts';

type Person = Awaited<ReturnType<typeof phone.newPerson>>;
/** The headers of a logged-in client. */
type Session = Record<string, string>;

// Both throw for a failed login, because its requests would look like those of a user with several accounts.
const bearer = (token: unknown): Session => {
  if (typeof token !== 'string') throw new Error('The login returned no token');
  return { authorization: `Bearer ${token}` };
};
const cookieOf = ({ status, headers }: { status: number; headers: Headers }) => {
  const cookie = headers.get('set-cookie')?.split('; ')[0];
  if (!cookie) throw new Error(`The answer ${status} to ${headers.get('location')} has no cookie`);
  return cookie;
};

/** Logs in by a scan, and registers if the scan led to no account. Runs `beforePoll` before the page collects the login. */
export async function scan(person: Person, beforePoll = async () => undefined as void) {
  const qr = (await api('POST', '/qr-login')).body;
  await phone.act(person, 'scan', { content: qr.content });
  await phone.act(person, 'tap', { menuId: `login-confirm_${qr.ticket}` });
  await beforePoll();
  const headers = { 'x-poll-token': qr.pollToken };
  const { status, token, registrationToken } = (await api('GET', `/qr-login/${qr.ticket}`, { headers })).body;
  if (status === 'registered') return { status, session: bearer(token) };
  const registered = await api('POST', '/register', { body: { registrationToken } });
  return { status, session: bearer(registered.body.token) };
}

export const LOGINS: Record<string, (person: Person) => Promise<Session>> = {
  'mini-program': async (person) => {
    const { body } = await api('POST', '/miniapp/login', { body: { code: await phone.loginCode(person) } });
    return bearer(body.token);
  },
  H5: async (person) => {
    const { http } = inject('stack');
    const departure = await api('GET', `/oauth/authorize?${new URLSearchParams({ redirect: `${http}/health` })}`);
    const { location } = await phone.act(person, 'open', { url: departure.headers.get('location')! });
    const headers = { cookie: cookieOf(departure) };
    return { cookie: cookieOf(await api('GET', location.slice(http.length), { headers })) };
  },
  scan: async (person) => (await scan(person)).session,
};

/** Expects that all sessions belong to one account soon. The table stream merges the accounts after the logins. */
export async function expectOneAccount(sessions: Session[]): Promise<void> {
  const countAccounts = async () => {
    const answers = await Promise.all(sessions.map((headers) => api('GET', '/me', { headers })));
    expect(answers.map(({ status }) => status)).toEqual(sessions.map(() => 200));
    return new Set(answers.map(({ body }) => body.user.id)).size;
  };
  await expect.poll(countAccounts, { timeout: 60_000, interval: 500 }).toBe(1);
}

export const ORDERS = [
  ['mini-program', 'H5', 'scan'],
  ['mini-program', 'scan', 'H5'],
  ['H5', 'mini-program', 'scan'],
  ['H5', 'scan', 'mini-program'],
  ['scan', 'mini-program', 'H5'],
  ['scan', 'H5', 'mini-program'],
];
