import { pollQrLogin as endpoint } from '../lib/http/api/scan-login.ts';
import { route } from '../lib/http/route.ts';
import { pollQrLogin } from '../lib/scan-login/poll.ts';
import { fresh } from '../lib/secrets/fresh.ts';
import { loadQrLoginPoll } from '../lib/wiring/scan-login.ts';

const load = fresh(loadQrLoginPoll);

export const handler = route(endpoint, async ({ clientFacts, path, headers }) => {
  const { limit, clientOf, ...deps } = await load();
  const poll = { ticket: path.ticket, pollToken: headers['x-poll-token'] };
  return limit(clientOf(clientFacts).address, () => pollQrLogin(deps, poll));
});
