import { loadSessions } from '../lib/deps.ts';
import { getWallet } from '../lib/http/api/wallet.ts';
import { route } from '../lib/http/route.ts';
import { once } from '../lib/once.ts';
import { readWallet } from '../lib/wallet/read-wallet.ts';

const deps = once(loadSessions);

export const handler = route(getWallet, async ({ token }) => readWallet(await deps(), token));
