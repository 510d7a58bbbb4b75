import { loadPayNotifyV2 } from '../lib/wiring/deps-pay.ts';
import { textAnswer, webhook } from '../lib/http/webhook.ts';
import { takeNotification } from '../lib/pay/take-notification.ts';
import { ACCEPTED, refusal } from '../lib/wechat-pay/v2/answer.ts';
import { openPayNotificationV2 } from '../lib/wechat-pay/v2/open-notification.ts';
import { fresh } from '../lib/secrets/fresh.ts';

const deps = fresh(loadPayNotifyV2);

export const handler = webhook(
  'pay-notify-v2',
  async ({ body }) => {
    const loaded = await deps();
    loaded.hurry();
    await takeNotification(loaded, openPayNotificationV2(body, loaded), { signed: false });
    return textAnswer(200, ACCEPTED, 'text/xml');
  },
  ({ status, message }) => textAnswer(status, refusal(message), 'text/xml'),
);
