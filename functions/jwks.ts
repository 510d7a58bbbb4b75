import { getJwks as endpoint } from '../lib/http/api/service.ts';
import { route } from '../lib/http/route.ts';
import { publicJwkSet } from '../lib/identity/session-token.ts';
import { secrets } from '../lib/secrets/secrets.ts';

export const handler = route(endpoint, async () => publicJwkSet((await secrets('JWT_SIGNING_KEYS')).JWT_SIGNING_KEYS));
