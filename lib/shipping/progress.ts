import type { ShippingState, Shipment, UploadClaim } from '../store/shipments.ts';
import { withoutContact } from './contacts.ts';

/**
 * The state machine of a shipment. It only moves forward, because reports arrive late, twice or never:
 *
 *   to-ship → shipped → received → settled
 *
 * A report of a later state implies the earlier ones. A refund of the whole order ends the shipment, and states that were
 * reached before the refund may be reported after it. A settled shipment stays settled: a refund takes the money from the
 * merchant's account. The reached state, and whether the order counts as refunded, do not depend on the order of reports.
 */
const ORDER: ShippingState[] = ['to-ship', 'shipped', 'received', 'settled'];

/** A report of WeChat about a shipment. Times are ISO 8601. */
export interface Progress {
  /** `refunded`: the whole order was refunded. */
  state: ShippingState | 'refunded';
  /** Time of the report, for a state whose own time is not known. */
  seenAt: string;
  shippedAt?: string | undefined;
  receivedAt?: string | undefined;
  settledAt?: string | undefined;
  estimatedSettlementAt?: string | undefined;
  confirmReceiveMethod?: string | undefined;
}

/** Returns the shipment after a report; the same shipment when the report is old or repeated. */
export function advance(shipment: Shipment, progress: Progress): Shipment {
  const { state, seenAt } = progress;
  if (state === 'refunded') return isOver(shipment) ? shipment : { ...closed(shipment), refundedAt: seenAt };
  const details = newDetails(shipment, progress);
  const [from, to] = [ORDER.indexOf(shipment.state), ORDER.indexOf(state)];
  if (to <= from) return Object.keys(details).length > 0 ? { ...shipment, ...details } : shipment;
  const reached = (name: ShippingState) => from < ORDER.indexOf(name) && ORDER.indexOf(name) <= to;
  return {
    ...(state === 'settled' ? closed(shipment) : shipment),
    ...details,
    state,
    ...(reached('shipped') && { shippedAt: progress.shippedAt ?? seenAt }),
    ...(reached('received') && { receivedAt: progress.receivedAt ?? seenAt }),
    ...(reached('settled') && { settledAt: progress.settledAt ?? seenAt }),
  };
}

/** Returns the reported details that the shipment does not have. A later estimate replaces an earlier one. */
function newDetails(shipment: Shipment, { estimatedSettlementAt, confirmReceiveMethod }: Progress): Partial<Shipment> {
  const isNew = estimatedSettlementAt !== undefined && estimatedSettlementAt !== shipment.estimatedSettlementAt;
  return {
    ...(isNew && !isOver(shipment) && { estimatedSettlementAt }),
    ...(confirmReceiveMethod !== undefined && shipment.confirmReceiveMethod === undefined && { confirmReceiveMethod }),
  };
}

/**
 * Returns the shipment without a pending upload, because WeChat accepts none after the end, without another end, and
 * without contacts, which serve the upload only.
 */
function closed({ pending: _pending, refundedAt: _refundedAt, ...shipment }: Shipment): Shipment {
  return { ...shipment, parcels: shipment.parcels.map(withoutContact) };
}

/** Whether no further look at the shipment is needed. */
export function isOver({ state, refundedAt }: Pick<Shipment, 'state' | 'refundedAt'>): boolean {
  return state === 'settled' || refundedAt !== undefined;
}

const SECOND_MS = 1_000;
const HOUR_MS = 3_600 * SECOND_MS;
const DAY_MS = 24 * HOUR_MS;
/** An order that is not shipped: WeChat is asked after a day, and the operator is warned after 40 hours. */
export const UNSHIPPED_ALARM_MS = 40 * HOUR_MS;
/** A shipped order: WeChat settles express after ten days, other deliveries after two (both after the day of shipping). */
const UNSETTLED_MS = { express: 15 * DAY_MS, 'same-city': 4 * DAY_MS, pickup: 4 * DAY_MS, virtual: 4 * DAY_MS };
/** Only the caller that claimed an upload sends it, for longer than its calls to WeChat take. */
const CLAIM_MS = 60 * SECOND_MS;
/** An upload is repeated after a tenth of its age. A short outage delays it little, and a long one causes few calls. */
const RETRY_SHARE = 0.1;
const LONGEST_RETRY_MS = HOUR_MS;

/** Whether another caller sends a pending upload at the moment. */
export function isClaimed({ claimedAtMs }: Partial<UploadClaim>, nowMs: number): boolean {
  return claimedAtMs !== undefined && nowMs < claimedAtMs + CLAIM_MS;
}

/**
 * Returns when to look at the shipment next (epoch ms), or undefined for never. `nowMs` is the time of the current look:
 * a shipment that is overdue is looked at once a day. A pending upload is repeated with growing pauses.
 */
export function nextLookAtMs(shipment: Omit<Shipment, 'revision'>, nowMs: number): number | undefined {
  if (isOver(shipment)) return undefined;
  const { pending } = shipment;
  if (pending?.claimedAtMs !== undefined && isClaimed(pending, nowMs)) return pending.claimedAtMs + CLAIM_MS;
  if (pending) return nowMs + Math.min(Math.max(0, nowMs - pending.uploadAtMs) * RETRY_SHARE, LONGEST_RETRY_MS);
  const dueAtMs =
    shipment.state === 'to-ship'
      ? [DAY_MS, UNSHIPPED_ALARM_MS].map((ageMs) => Date.parse(shipment.paidAt) + ageMs)
      : [Date.parse(shipment.shippedAt ?? shipment.paidAt) + UNSETTLED_MS[shipment.delivery]];
  return dueAtMs.find((atMs) => atMs > nowMs) ?? nowMs + DAY_MS;
}
