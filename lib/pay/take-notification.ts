import { recordNotice } from '../store/pay-notices.ts';
import { settlePayment, type SettleDeps } from './settle.ts';
import type { PayNotification } from './v3/open-notification.ts';

/**
 * One genuine notification, made durable before it is acknowledged. A kind that no flow takes in is kept as it came.
 * @throws ORDER_STATE_CONFLICT when a payment does not fit our books
 */
export async function takeNotification(deps: SettleDeps, notification: PayNotification): Promise<void> {
  if (notification.kind === 'payment') {
    await settlePayment(deps, notification.transaction);
    return;
  }
  const { id, eventType, plaintext } = notification;
  await recordNotice(deps.table, { id, eventType, plaintext, seenAt: new Date(deps.now()).toISOString() });
  deps.log.warn('pay.notice-kept', { id, eventType });
}
