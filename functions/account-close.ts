import { closeAccount as endpoint } from '../lib/http/api/account.ts';
import { route } from '../lib/http/route.ts';
import { closeAccount } from '../lib/identity/close-account.ts';
import { fresh } from '../lib/secrets/fresh.ts';
import { loadAccountClosing } from '../lib/wiring/identity.ts';

const load = fresh(loadAccountClosing);

export const handler = route(endpoint, async ({ token }) => closeAccount(await load(), token));
