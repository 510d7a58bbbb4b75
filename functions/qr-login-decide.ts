import { decideQrLogin as endpoint } from '../lib/http/api/scan-login.ts';
import { route } from '../lib/http/route.ts';
import { decideQrLogin } from '../lib/scan-login/decide.ts';
import { fresh } from '../lib/secrets/fresh.ts';
import { loadQrLoginDecision } from '../lib/wiring/scan-login.ts';

const load = fresh(loadQrLoginDecision);

export const handler = route(endpoint, async ({ token, path: { ticket }, body: { decision } }) =>
  decideQrLogin(await load(), { token, ticket, decision }),
);
