import { REQUEST_BUDGET_MS } from '../lib/core/deadline.ts';
import { payFailure, webhook } from '../lib/http/webhook.ts';
import { takeNotificationV3 } from '../lib/pay/take-notification-v3.ts';
import { fresh } from '../lib/secrets/fresh.ts';
import { openPayNotification } from '../lib/wechat-pay/v3/open-notification.ts';
import { loadPayNotify } from '../lib/wiring/pay.ts';

const load = fresh(loadPayNotify);

export const handler = webhook(
  'pay-notify',
  async (request) => {
    const deps = (await load()).within(REQUEST_BUDGET_MS);
    await takeNotificationV3(deps, await openPayNotification(request, { ...deps, nowMs: deps.now() }));
    return { statusCode: 204 };
  },
  payFailure,
);
