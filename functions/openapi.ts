import { getOpenapi } from '../lib/http/api/service.ts';
import { buildOpenapi } from '../lib/http/openapi/document.ts';
import { ENDPOINTS } from '../lib/http/openapi/endpoints.ts';
import { route } from '../lib/http/route.ts';
import { once } from '../lib/core/once.ts';

const document = once(async () => buildOpenapi(ENDPOINTS));

export const handler = route(getOpenapi, document);
