import { beijingDay, beijingDigits } from '../beijing-time.ts';
import type { Clock } from '../clock.ts';
import { ControlError } from '../control-error.ts';
import type { IssuedSecrets } from '../issued-secrets.ts';
import { LOG_OF_ACTION } from '../pay/complaint-log.ts';
import type { ComplaintAction } from '../pay/complaint-log.ts';
import { PlatformError } from '../platform/error.ts';
import { digits } from '../random.ts';
import type { VirtualComplaint } from './ledger.ts';
import type { Notice } from './pushes.ts';

interface ComplaintWorld {
  clock: Clock;
  secrets: IssuedSecrets;
  notifyComplaint: (complaint: VirtualComplaint) => Promise<Notice | null>;
}

/**
 * The complaints of buyers about virtual goods. A complaint is PENDING until the merchant responds, then PROCESSING, and
 * PROCESSED once the merchant completes it.
 * @see https://developers.weixin.qq.com/miniprogram/dev/server/API/VirtualPayment/api_get_complaint_list
 */
export class VirtualComplaints {
  readonly #world: ComplaintWorld;
  readonly #complaints: VirtualComplaint[] = [];

  constructor(world: ComplaintWorld) {
    this.#world = world;
  }

  /** Oldest first. */
  all(): VirtualComplaint[] {
    return [...this.#complaints];
  }

  /** The complaints of the days from `first` to `last`, as `beijingDay` numbers them. */
  ofDays(first: number, last: number): VirtualComplaint[] {
    return this.#complaints.filter(({ createdAt }) => {
      const day = beijingDay(createdAt);
      return day >= first && day <= last;
    });
  }

  /** @throws PlatformError 268490002 */
  find(complaintId: unknown): VirtualComplaint {
    const complaint = this.#complaints.find((one) => one.complaintId === complaintId);
    if (!complaint) throw new PlatformError(268490002, '数据不存在');
    return complaint;
  }

  /** Files a complaint of the buyer of a paid order. */
  file(about: Pick<VirtualComplaint, 'order' | 'text' | 'phone' | 'refundFen'>) {
    const { order, text, phone = '' } = about;
    if (this.#complaints.some((one) => one.order === order && one.state !== 'PROCESSED'))
      throw new ControlError(409, 'COMPLAINT_OPEN', 'the order has an open complaint');
    const { clock, secrets } = this.#world;
    secrets.record(phone);
    // Short words also occur in unrelated text.
    if (text.length >= 6) secrets.record(text);
    const createdAt = clock.now();
    const complaintId = `2002018${beijingDigits(createdAt).slice(0, 8)}${digits(12)}`;
    const complaint: VirtualComplaint = { ...about, complaintId, createdAt, state: 'PENDING', history: [] };
    this.#complaints.push(complaint);
    this.#write(complaint, 'CREATE_COMPLAINT', text);
    return { complaint, notice: this.#world.notifyComplaint(complaint) };
  }

  /** The merchant replies to the buyer. @throws PlatformError 268490002 */
  respond(complaint: VirtualComplaint, text: string): void {
    assertOpen(complaint);
    complaint.state = 'PROCESSING';
    this.#write(complaint, 'MERCHANT_RESPONSE', text);
  }

  /** The merchant ends the complaint. @throws PlatformError 268490002 */
  complete(complaint: VirtualComplaint): void {
    assertOpen(complaint);
    complaint.state = 'PROCESSED';
    this.#write(complaint, 'MERCHANT_CONFIRM_COMPLETE');
  }

  #write({ history }: VirtualComplaint, action: ComplaintAction, text?: string): void {
    const at = this.#world.clock.now();
    const [operator, type] = LOG_OF_ACTION[action];
    const logId = `3002853${beijingDigits(at).slice(0, 8)}${digits(12)}`;
    history.push({ logId, at, operator, type, ...(text !== undefined && { text }) });
  }
}

function assertOpen({ state }: VirtualComplaint): void {
  if (state === 'PROCESSED') throw new PlatformError(268490002, '投诉单已处理完成，不支持该操作');
}
