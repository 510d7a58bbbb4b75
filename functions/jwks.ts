import { settings } from '../lib/config.ts';
import { getJwks } from '../lib/http/api/service.ts';
import { route } from '../lib/http/route.ts';
import { publicJwkSet } from '../lib/identity/session-token.ts';

export const handler = route(getJwks, async () => publicJwkSet((await settings('JWT_SIGNING_KEYS')).JWT_SIGNING_KEYS));
