import { getJssdkConfig } from '../lib/h5/jssdk-config.ts';
import { getJssdkConfig as endpoint } from '../lib/http/api/h5.ts';
import { route } from '../lib/http/route.ts';
import { fresh } from '../lib/secrets/fresh.ts';
import { loadJssdk } from '../lib/wiring/h5.ts';

const load = fresh(loadJssdk);

export const handler = route(endpoint, async ({ clientFacts, query: { url } }) => {
  const { limit, clientOf, ...deps } = await load();
  return limit(clientOf(clientFacts).address, () => getJssdkConfig(deps, url));
});
