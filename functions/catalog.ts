import { once } from '../lib/core/once.ts';
import { getCatalog as endpoint } from '../lib/http/api/catalog.ts';
import { route } from '../lib/http/route.ts';
import { loadCatalog } from '../lib/wiring/pay.ts';

const load = once(loadCatalog);

export const handler = route(endpoint, async () => (await load())());
