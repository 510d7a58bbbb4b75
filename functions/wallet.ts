import { loadSessions } from '../lib/wiring/deps.ts';
import { getWallet } from '../lib/http/api/wallet.ts';
import { route } from '../lib/http/route.ts';
import { readWallet } from '../lib/wallet/get-wallet.ts';
import { fresh } from '../lib/secrets/fresh.ts';

const deps = fresh(loadSessions);

export const handler = route(getWallet, async ({ token }) => readWallet(await deps(), token));
