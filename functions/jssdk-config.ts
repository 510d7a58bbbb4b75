import { loadJssdk } from '../lib/wiring/deps.ts';
import { jssdkConfig } from '../lib/h5/jssdk-config.ts';
import { getJssdkConfig } from '../lib/http/api/h5.ts';
import { route } from '../lib/http/route.ts';
import { fresh } from '../lib/secrets/fresh.ts';

const deps = fresh(loadJssdk);

export const handler = route(getJssdkConfig, async ({ address, query: { url } }) => {
  const { limit, ...loaded } = await deps();
  await limit(address);
  return jssdkConfig(loaded, url);
});
