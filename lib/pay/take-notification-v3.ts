import { takeComplaint } from '../complaints/take-complaint.ts';
import type { ComplaintDeps } from '../complaints/fetch-details.ts';
import type { PayNotification } from '../wechat-pay/v3/open-notification.ts';
import type { RefundDeps } from './follow-refund.ts';
import { takeNotification } from './take-notification.ts';

/**
 * Takes one genuine notification of API v3: books its payment or refund, or stores its complaint. The webhook
 * acknowledges the notification afterwards.
 * @throws ORDER_STATE_CONFLICT, NOT_CONFIGURED, INTERNAL as takeNotification
 */
export async function takeNotificationV3(
  deps: RefundDeps & ComplaintDeps,
  notification: PayNotification,
): Promise<void> {
  if (notification.kind === 'complaint') await takeComplaint(deps, notification.complaint);
  else await takeNotification(deps, notification);
}
