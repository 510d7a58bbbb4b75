import { getHealth as endpoint } from '../lib/http/api/service.ts';
import { route } from '../lib/http/route.ts';

export const handler = route(endpoint, async () => ({ status: 'ok' as const }));
