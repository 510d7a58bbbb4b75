import { getHealth } from '../lib/http/api/service.ts';
import { route } from '../lib/http/route.ts';

export const handler = route(getHealth, async () => ({ status: 'ok' as const }));
