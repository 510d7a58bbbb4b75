import { badSetting, settings } from '../lib/config.ts';
import { loadSessions } from '../lib/deps.ts';
import { pollQrLogin as endpoint } from '../lib/http/api/scan-login.ts';
import { route } from '../lib/http/route.ts';
import { once } from '../lib/once.ts';
import { pollQrLogin } from '../lib/scan-login/poll.ts';

const deps = once(async () => ({ ...(await loadSessions()), register: await loadRegister() }));

export const handler = route(endpoint, async ({ path, headers }) =>
  pollQrLogin(await deps(), { ticket: path.ticket, pollToken: headers['x-poll-token'] }),
);

async function loadRegister(): Promise<'ask' | 'auto'> {
  const { SCAN_LOGIN_REGISTER: register } = await settings('SCAN_LOGIN_REGISTER');
  if (register === 'ask' || register === 'auto') return register;
  throw badSetting('SCAN_LOGIN_REGISTER', 'must be ask or auto');
}
