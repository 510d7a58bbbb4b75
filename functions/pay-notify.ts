import { loadTable } from '../lib/deps.ts';
import { payFailure, webhook } from '../lib/http/webhook.ts';
import { once } from '../lib/once.ts';
import { loadApiV3Key, loadPlatformKeys } from '../lib/pay/merchant.ts';
import { takeNotification } from '../lib/pay/take-notification.ts';
import { openPayNotification } from '../lib/pay/v3/open-notification.ts';

const deps = once(async () => ({
  ...(await loadTable()),
  ...(await loadPlatformKeys()),
  apiV3Key: await loadApiV3Key(),
}));

export const handler = webhook(
  'pay-notify',
  async (request) => {
    const loaded = await deps();
    await takeNotification(loaded, openPayNotification(request, { ...loaded, nowMs: loaded.now() }));
    return { statusCode: 204 };
  },
  payFailure,
);
