import { once } from '../lib/core/once.ts';
import { getOpenapi as endpoint } from '../lib/http/api/service.ts';
import { buildOpenapi } from '../lib/http/openapi/document.ts';
import { ENDPOINTS } from '../lib/http/openapi/endpoints.ts';
import { route } from '../lib/http/route.ts';

const load = once(async () => buildOpenapi(ENDPOINTS));

export const handler = route(endpoint, load);
