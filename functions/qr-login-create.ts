import { loadQrLogin } from '../lib/deps.ts';
import { createQrLogin as endpoint } from '../lib/http/api/scan-login.ts';
import { route } from '../lib/http/route.ts';
import { once } from '../lib/once.ts';
import { createQrLogin } from '../lib/scan-login/create.ts';

const deps = once(loadQrLogin);

export const handler = route(endpoint, async () => createQrLogin(await deps()));
