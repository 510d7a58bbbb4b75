import { VERSION_CONFLICT, retryOnConflict } from '../core/optimistic-locking.ts';
import type { Runtime } from '../core/runtime.ts';
import { readComplaint, writeComplaint, type Complaint, type ComplaintApiName } from '../store/complaints.ts';
import { ownerOf } from '../store/keys.ts';
import { readOrder } from '../store/orders.ts';
import type { Table } from '../store/table.ts';
import { requireVerified, type Verified } from '../wechat-pay/verified.ts';
import type { WechatComplaint } from '../wechat-pay/complaint.ts';
import { firstAttemptAtMs, nextLookAtMs, withDetails } from './waiting.ts';

export type ComplaintDeps = Pick<Runtime, 'now' | 'sleep' | 'log'> & {
  table: Table;
  /** The API that has the complaints. */
  complaintApi: ComplaintApiName;
  /** Queries a complaint at WeChat. */
  queryComplaint(complaintId: string): Promise<Verified<WechatComplaint>>;
};

/** A complaint after a query: the stored part, and all that WeChat Pay returned. */
export interface FetchedComplaint {
  stored: Complaint;
  live: Verified<WechatComplaint>;
}

/**
 * Queries a complaint and stores its details. The read precedes the query, and the write depends on the read, so that an
 * old answer never replaces a newer answer. A complaint without an item gets one first: its event is the change of an
 * item (lib/events).
 * @throws NOT_FOUND, FORBIDDEN, RATE_LIMITED, WECHAT_CONFIG, INTERNAL, WECHAT_UNAVAILABLE, WECHAT_TIMEOUT
 */
export function fetchDetails(deps: ComplaintDeps, complaintId: string): Promise<FetchedComplaint> {
  const { table, now } = deps;
  return retryOnConflict(deps, async () => {
    const seen = await readComplaint(table, complaintId, 'strong');
    const live = await deps.queryComplaint(complaintId);
    requireVerified(live);
    const stored = seen ?? (await createComplaint(deps, complaintId));
    if (!stored) return VERSION_CONFLICT;
    const next = { ...withDetails(stored, live, now()), ownOrderNos: await findOwnOrders(table, live, stored) };
    const written = await writeComplaint(table, stored, next, nextLookAtMs(next, now()));
    return written ? { stored: written, live } : VERSION_CONFLICT;
  });
}

/**
 * Returns the numbers of the orders that the ledger has. An order that was found once is not read again. The format of a
 * number proves nothing: another stage of this service can share the merchant.
 */
async function findOwnOrders(
  table: Table,
  { orders }: WechatComplaint,
  { ownOrderNos = [] }: Complaint,
): Promise<string[]> {
  const candidates = orders.filter(({ outTradeNo }) => ownerOf(outTradeNo) !== '-');
  const found = await Promise.all(
    candidates.map(async ({ outTradeNo, transactionId }) => {
      if (ownOrderNos.includes(outTradeNo)) return [outTradeNo];
      const order = await readOrder(table, outTradeNo);
      return order && (order.transactionId ?? transactionId) === transactionId ? [outTradeNo] : [];
    }),
  );
  return found.flat();
}

/** Stores a complaint whose notification is missing. @returns undefined on a version conflict */
function createComplaint(deps: ComplaintDeps, complaintId: string): Promise<Complaint | undefined> {
  const { table, now, log, complaintApi } = deps;
  log.info('complaint.found', { complaintId });
  const reportedAt = new Date(now()).toISOString();
  const created = { complaintId, reportedAt, ...(complaintApi === 'virtual' && { api: complaintApi }) };
  return writeComplaint(table, undefined, created, firstAttemptAtMs(now()));
}
