import { loadScanLogin } from '../lib/wiring/deps.ts';
import { pollQrLogin as endpoint } from '../lib/http/api/scan-login.ts';
import { route } from '../lib/http/route.ts';
import { pollQrLogin } from '../lib/scan-login/poll.ts';
import { fresh } from '../lib/secrets/fresh.ts';

const deps = fresh(loadScanLogin);

export const handler = route(endpoint, async ({ path, headers }) =>
  pollQrLogin(await deps(), { ticket: path.ticket, pollToken: headers['x-poll-token'] }),
);
