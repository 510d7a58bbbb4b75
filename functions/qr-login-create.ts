import { once } from '../lib/core/once.ts';
import { createQrLogin as endpoint } from '../lib/http/api/scan-login.ts';
import { route } from '../lib/http/route.ts';
import { describeBrowser } from '../lib/http/user-agent.ts';
import { createMiniappQrLogin, createOfficialQrLogin } from '../lib/scan-login/create.ts';
import { fresh } from '../lib/secrets/fresh.ts';
import { loadMiniapp } from '../lib/wiring/apps.ts';
import { loadOfficialQrLogin, loadQrLoginLimit } from '../lib/wiring/scan-login.ts';

const loadLimit = once(loadQrLoginLimit);
const loadOfficial = fresh(loadOfficialQrLogin);
const loadMini = fresh(loadMiniapp);

export const handler = route(endpoint, async ({ address, userAgent, body: { via } }) => {
  const limit = await loadLimit();
  await limit(address);
  const asker = { address, browser: describeBrowser(userAgent), place: null };
  if (via === 'official-account') return createOfficialQrLogin(await loadOfficial(), asker);
  return createMiniappQrLogin(await loadMini(), asker);
});
