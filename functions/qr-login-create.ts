import { loadMiniappToken, loadQrLogin, loadQrLoginLimit } from '../lib/wiring/deps.ts';
import { createQrLogin as endpoint } from '../lib/http/api/scan-login.ts';
import { route } from '../lib/http/route.ts';
import { once } from '../lib/core/once.ts';
import { createMiniappLogin, createQrLogin } from '../lib/scan-login/create.ts';
import { fresh } from '../lib/secrets/fresh.ts';

const limit = once(loadQrLoginLimit);
const official = fresh(loadQrLogin);
const miniapp = fresh(loadMiniappToken);

export const handler = route(endpoint, async ({ address, body: { via } }) => {
  await (
    await limit()
  )(address);
  return via === 'official-account' ? createQrLogin(await official()) : createMiniappLogin(await miniapp());
});
