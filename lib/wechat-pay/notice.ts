import { createHash } from 'node:crypto';
import type { AppError } from '../core/errors.ts';

/** The merchant of this service, and the applications of its orders. */
export interface OwnMerchant {
  mchId: string;
  appIds: string[];
}

/**
 * A genuine notification that no flow handles. `reason`: an unknown event type, the form of another product, the number
 * of another merchant, or a failed payment.
 */
export interface Notice {
  id: string;
  eventType: string;
  reason: 'event-type' | 'form' | 'merchant' | 'failed-payment';
  content: string;
}

/** The notice of a payment or refund of another merchant, to store if the ledger has no order with this number. */
export interface ForeignNotice extends Notice {
  outTradeNo: string;
}

/** An authentic notification that our keys or readers cannot open. WeChat Pay must repeat it. */
export interface Unreadable {
  kind: 'unreadable';
  error: AppError;
}

/**
 * Fields that only notifications of other products contain: of partners, combined orders, profit sharing, and payments
 * by contract (papay). Those notifications can have the event types of ordinary payments and refunds.
 */
const OTHER_FORM =
  /^(sp_|sub_|combine_)|^(receivers?|out_order_no|contract_(id|code|state)|out_contract_code|plan_id|change_type)$/;

/** Returns whether the content has the form of another product than an ordinary payment or refund. */
export function isOtherForm(content: Record<string, unknown>): boolean {
  return Object.entries(content).some(([name, value]) => OTHER_FORM.test(name) && value !== null && value !== '');
}

/**
 * Returns a notice, whose id is derived from its content.
 * @param identity the part of the content that is equal in each delivery; the whole content if absent
 */
export function noticeOf(
  eventType: string,
  reason: Notice['reason'],
  content: string,
  identity = content,
): Notice & { kind: 'other' } {
  const id = createHash('sha256').update(`${eventType}\n${identity}`).digest('base64url');
  // The text of WeChat is bounded, because an item and an event contain it.
  return { kind: 'other', id, eventType: eventType.slice(0, 64), reason, content };
}
