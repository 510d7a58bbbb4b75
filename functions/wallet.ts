import { getWallet as endpoint } from '../lib/http/api/wallet.ts';
import { route } from '../lib/http/route.ts';
import { getWallet } from '../lib/wallet/get-wallet.ts';
import { fresh } from '../lib/secrets/fresh.ts';
import { loadSessions } from '../lib/wiring/sessions.ts';

const load = fresh(loadSessions);

export const handler = route(endpoint, async ({ token }) => getWallet(await load(), token));
