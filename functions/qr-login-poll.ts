import { pollQrLogin as endpoint } from '../lib/http/api/scan-login.ts';
import { loginAnswer } from '../lib/http/login-answer.ts';
import { route } from '../lib/http/route.ts';
import { pollQrLogin } from '../lib/scan-login/poll.ts';
import { fresh } from '../lib/secrets/fresh.ts';
import { loadQrLoginPoll } from '../lib/wiring/scan-login.ts';

const load = fresh(loadQrLoginPoll);

export const handler = route(endpoint, async ({ clientFacts, path, query: { cookie }, headers }) => {
  const { limit, clientOf, publicBaseUrl, ...deps } = await load();
  // A browser lets a page of another origin send X-Poll-Token only after CORS permits the origin. Another site can
  // therefore not log a browser in to its own account by `cookie=1`.
  const poll = { ticket: path.ticket, pollToken: headers['x-poll-token'] };
  const answer = await limit(clientOf(clientFacts).address, () => pollQrLogin(deps, poll));
  return loginAnswer(answer, { cookie, publicBaseUrl });
});
