import { once } from '../lib/core/once.ts';
import { createQrLogin as endpoint } from '../lib/http/api/scan-login.ts';
import { route } from '../lib/http/route.ts';
import { createMiniappQrLogin, createOfficialQrLogin } from '../lib/scan-login/create.ts';
import { fresh } from '../lib/secrets/fresh.ts';
import { loadMiniapp } from '../lib/wiring/apps.ts';
import { loadOfficialQrLogin, loadQrLoginLimit } from '../lib/wiring/scan-login.ts';

const loadLimit = once(loadQrLoginLimit);
const loadOfficial = fresh(loadOfficialQrLogin);
const loadMini = fresh(loadMiniapp);

export const handler = route(endpoint, async ({ address, body: { via } }) => {
  const limit = await loadLimit();
  await limit(address);
  if (via === 'official-account') return createOfficialQrLogin(await loadOfficial());
  return createMiniappQrLogin(await loadMini());
});
