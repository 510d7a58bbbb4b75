import { REQUEST_BUDGET_MS } from '../lib/core/deadline.ts';
import { textAnswer, webhook } from '../lib/http/webhook.ts';
import { takeNotification } from '../lib/pay/take-notification.ts';
import { fresh } from '../lib/secrets/fresh.ts';
import { ACCEPTED_ANSWER, failedAnswer } from '../lib/wechat-pay/v2/answer.ts';
import { openPayNotificationV2 } from '../lib/wechat-pay/v2/open-notification.ts';
import { loadPayNotifyV2 } from '../lib/wiring/pay.ts';

const load = fresh(loadPayNotifyV2);

export const handler = webhook(
  'pay-notify-v2',
  async ({ body }) => {
    const deps = (await load()).within(REQUEST_BUDGET_MS);
    await takeNotification(deps, openPayNotificationV2(body, deps));
    return textAnswer(200, ACCEPTED_ANSWER, 'text/xml');
  },
  ({ status, message }) => textAnswer(status, failedAnswer(message), 'text/xml'),
);
