import { loadClosing } from '../lib/wiring/deps.ts';
import { closeAccount as endpoint } from '../lib/http/api/identity.ts';
import { route } from '../lib/http/route.ts';
import { closeOwnAccount } from '../lib/identity/close-account.ts';
import { fresh } from '../lib/secrets/fresh.ts';

const deps = fresh(loadClosing);

export const handler = route(endpoint, async ({ token }) => closeOwnAccount(await deps(), token));
