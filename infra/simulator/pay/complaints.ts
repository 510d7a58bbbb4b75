import { beijingDigits } from '../beijing-time.ts';
import type { Clock } from '../clock.ts';
import { ControlError } from '../control-error.ts';
import type { DeliveryResult } from '../deliver.ts';
import type { IssuedSecrets } from '../issued-secrets.ts';
import { digits } from '../random.ts';
import { LOG_OF_ACTION } from './complaint-log.ts';
import type { Complaint, ComplaintAction, LogDetails, NewComplaint } from './complaint-log.ts';
import { PayError } from './error.ts';
import type { Refund } from './ledger.ts';
import { refundedAt, refundStatusOf, refundSum } from './refunds.ts';

interface ComplaintWorld {
  clock: Clock;
  secrets: IssuedSecrets;
  /** The address of the notifications; the merchant gets none without it. */
  callbackUrl?: string | undefined;
  notifyComplaint: (about: {
    url: string;
    complaintId: string;
    action: ComplaintAction;
  }) => Promise<DeliveryResult | null>;
}

/** The notification about one action: null if the merchant has no address, or if a fault dropped it. */
export type ComplaintNotice = Promise<DeliveryResult | null>;

/**
 * The complaints of all buyers about the merchant. A complaint is PENDING until the merchant responds, then PROCESSING, and
 * PROCESSED once the merchant completes it, its refund arrives or is rejected, or the buyer cancels it.
 * @see https://pay.weixin.qq.com/doc/v3/merchant/4012533436
 */
export class Complaints {
  callbackUrl: string | undefined;
  readonly #world: ComplaintWorld;
  readonly #complaints = new Map<string, Complaint>();

  constructor(world: ComplaintWorld) {
    this.#world = world;
    this.callbackUrl = world.callbackUrl;
  }

  /** Oldest first. */
  all(): Complaint[] {
    return [...this.#complaints.values()];
  }

  find(complaintId: string): Complaint {
    const complaint = this.#complaints.get(complaintId);
    if (!complaint) throw new PayError(404, 'RESOURCE_NOT_EXISTS', '投诉单不存在');
    return complaint;
  }

  /** Whether a complaint about this order is open; WeChat does not settle the order meanwhile. */
  isInComplaint(outTradeNo: string): boolean {
    return this.all().some(({ order, state }) => order.terms.outTradeNo === outTradeNo && state !== 'PROCESSED');
  }

  /** Files a complaint of the buyer of a paid order. */
  file({ order, text, phone, refundFen }: NewComplaint): { complaint: Complaint; notice: ComplaintNotice } {
    if (this.isInComplaint(order.terms.outTradeNo))
      throw new ControlError(
        409,
        'COMPLAINT_OPEN',
        'the order has an open complaint: see POST /_merchant/complaints/{id}',
      );
    const { clock, secrets } = this.#world;
    const now = clock.now();
    if (phone !== undefined) secrets.record(phone);
    const complaint: Complaint = {
      complaintId: `2002018${beijingDigits(now).slice(0, 8)}${digits(12)}`,
      order,
      createdAt: now,
      text: this.#record(text),
      phone,
      refundFen,
      state: 'PENDING',
      buyerWaits: false,
      isRefundApproved: false,
      times: 1,
      inPlatformService: false,
      history: [],
    };
    this.#complaints.set(complaint.complaintId, complaint);
    return { complaint, notice: this.#report(complaint, 'CREATE_COMPLAINT', { text }) };
  }

  /** The merchant replies to the buyer. */
  respond(complaint: Complaint, details: LogDetails): void {
    assertOpen(complaint);
    complaint.state = 'PROCESSING';
    complaint.buyerWaits = false;
    this.#reportLater(complaint, 'MERCHANT_RESPONSE', details);
  }

  /** The merchant ends the complaint. */
  complete(complaint: Complaint): void {
    assertOpen(complaint);
    close(complaint);
    this.#reportLater(complaint, 'MERCHANT_CONFIRM_COMPLETE');
  }

  /** The merchant approves the refund that the buyer asks for; the complaint ends when the refund arrives. */
  approveRefund(complaint: Complaint): void {
    assertRefundable(complaint);
    complaint.isRefundApproved = true;
    complaint.state = 'PROCESSING';
    this.#reportLater(complaint, 'MERCHANT_APPROVE_REFUND');
    if (isRefunded(complaint)) this.#receiveRefund(complaint);
  }

  /** The merchant rejects the refund, which ends the complaint. */
  rejectRefund(complaint: Complaint, details: LogDetails): void {
    assertRefundable(complaint);
    close(complaint);
    this.#reportLater(complaint, 'MERCHANT_REJECT_REFUND', details);
  }

  /** Follows the refunds of orders with an open complaint. */
  followRefund(refund: Refund): void {
    const complaint = this.all().find(({ order, state }) => order === refund.order && state !== 'PROCESSED');
    if (!complaint) return;
    const status = refundStatusOf(refund);
    const isWhole = refundSum(refund.order) === refund.order.terms.totalFen;
    if (status === 'PROCESSING' && isWhole) this.#reportLater(complaint, 'SELLER_REFUND');
    if (status === 'SUCCESS' && isRefunded(complaint)) this.#receiveRefund(complaint);
  }

  /** The buyer or the platform acts. */
  act(complaint: Complaint, action: ComplaintAction, text?: string): ComplaintNotice {
    const continues = action === 'CONTINUE_COMPLAINT';
    if (continues === (complaint.state !== 'PROCESSED')) {
      const must = continues ? 'must be PROCESSED' : 'must not be PROCESSED';
      throw new ControlError(409, 'COMPLAINT_STATE', `the complaint is ${complaint.state} and ${must}`);
    }
    if (continues) Object.assign(complaint, { state: 'PENDING', times: complaint.times + 1, isRefundApproved: false });
    if (action === 'USER_RESPONSE') complaint.buyerWaits = true;
    if (action === 'USER_APPLY_PLATFORM_SERVICE') complaint.inPlatformService = true;
    if (action === 'USER_CANCEL_PLATFORM_SERVICE' || action === 'PLATFORM_SERVICE_FINISHED')
      complaint.inPlatformService = false;
    return this.#report(complaint, action, text === undefined ? {} : { text: this.#record(text) });
  }

  /** The buyer withdraws the complaint. WeChat documents no notification about it. */
  cancel(complaint: Complaint): void {
    if (complaint.state === 'PROCESSED') throw new ControlError(409, 'COMPLAINT_STATE', 'the complaint is PROCESSED');
    close(complaint);
    this.#write(complaint, ['投诉人', 'USER_REVOKE_COMPLAINT'], {});
  }

  /** Records the words of a buyer; short words also occur in unrelated text. */
  #record(text: string): string {
    return text.length < 6 ? text : this.#world.secrets.record(text);
  }

  #receiveRefund(complaint: Complaint): void {
    if (complaint.isRefundApproved) close(complaint);
    this.#reportLater(complaint, 'REFUND_SUCCESS');
  }

  /** Reports after the answer of the call that caused the action. */
  #reportLater(complaint: Complaint, action: ComplaintAction, details: LogDetails = {}): void {
    this.#write(complaint, LOG_OF_ACTION[action], details);
    const { clock } = this.#world;
    clock.schedule(clock.now(), async () => void (await this.#notify(complaint, action)));
  }

  #report(complaint: Complaint, action: ComplaintAction, details: LogDetails): ComplaintNotice {
    this.#write(complaint, LOG_OF_ACTION[action], details);
    return this.#notify(complaint, action);
  }

  async #notify({ complaintId }: Complaint, action: ComplaintAction): ComplaintNotice {
    const url = this.callbackUrl;
    return url === undefined ? null : this.#world.notifyComplaint({ url, complaintId, action });
  }

  #write(complaint: Complaint, [operator, type]: readonly [string, string], details: LogDetails): void {
    const at = this.#world.clock.now();
    complaint.history.push({
      logId: `3002853${beijingDigits(at).slice(0, 8)}${digits(12)}`,
      at,
      operator,
      type,
      ...details,
    });
  }
}

/** Whether the whole order is refunded. */
export function isFullyRefunded({ order }: Complaint): boolean {
  return successfulFen(order.refunds) === order.terms.totalFen;
}

/** Whether the amount that the buyer asks for was refunded since the complaint, or the whole order. */
function isRefunded(complaint: Complaint): boolean {
  const { order, createdAt, refundFen = order.terms.totalFen } = complaint;
  const since = order.refunds.filter((refund) => (refundedAt(refund) ?? 0) >= createdAt);
  return isFullyRefunded(complaint) || successfulFen(since) >= refundFen;
}

function successfulFen(refunds: Refund[]): number {
  const done = refunds.filter((refund) => refundStatusOf(refund) === 'SUCCESS');
  return done.reduce((sum, { terms }) => sum + terms.refundFen, 0);
}

function close(complaint: Complaint): void {
  Object.assign(complaint, { state: 'PROCESSED', buyerWaits: false, inPlatformService: false });
}

function assertOpen({ state }: Complaint): void {
  if (state === 'PROCESSED') throw new PayError(400, 'INVALID_REQUEST', '投诉单已处理完成，不支持该操作');
}

function assertRefundable(complaint: Complaint): void {
  assertOpen(complaint);
  if (complaint.refundFen === undefined) throw new PayError(400, 'INVALID_REQUEST', '投诉单不是申请退款单');
  if (complaint.isRefundApproved) throw new PayError(400, 'INVALID_REQUEST', '退款申请已审批');
}
