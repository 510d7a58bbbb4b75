import { loadPayNotify } from '../lib/wiring/deps-pay.ts';
import { payFailure, webhook } from '../lib/http/webhook.ts';
import { takeNotification } from '../lib/pay/take-notification.ts';
import { openPayNotification } from '../lib/wechat-pay/v3/open-notification.ts';
import { fresh } from '../lib/secrets/fresh.ts';

const deps = fresh(loadPayNotify);

export const handler = webhook(
  'pay-notify',
  async (request) => {
    const loaded = await deps();
    loaded.hurry();
    const notification = await openPayNotification(request, { ...loaded, nowMs: loaded.now() });
    await takeNotification(loaded, notification, { signed: true });
    return { statusCode: 204 };
  },
  payFailure,
);
