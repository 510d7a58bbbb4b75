import { createQrLogin as endpoint } from '../lib/http/api/scan-login.ts';
import { route } from '../lib/http/route.ts';
import { describeBrowser } from '../lib/http/user-agent.ts';
import { createMiniappQrLogin, createOfficialQrLogin } from '../lib/scan-login/create.ts';
import { fresh } from '../lib/secrets/fresh.ts';
import { loadMiniappQrLogin, loadOfficialQrLogin } from '../lib/wiring/scan-login.ts';

const loadOfficial = fresh(loadOfficialQrLogin);
const loadMini = fresh(loadMiniappQrLogin);

export const handler = route(endpoint, async ({ clientFacts, body: { via } }) => {
  const browser = describeBrowser(clientFacts.headers['user-agent'] ?? '');
  if (via === 'official-account') {
    const { limit, clientOf, ...deps } = await loadOfficial();
    const client = clientOf(clientFacts);
    return limit(client.address, () => createOfficialQrLogin(deps, { ...client, browser }));
  }
  const { limit, clientOf, ...deps } = await loadMini();
  const client = clientOf(clientFacts);
  return limit(client.address, () => createMiniappQrLogin(deps, { ...client, browser }));
});
