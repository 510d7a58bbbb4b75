import type { DynamoDBRecord } from 'aws-lambda';
import type { Account, EndOfAccount } from '../store/accounts.ts';
import type { Difference } from '../store/bills.ts';
import { readChange } from '../store/change.ts';
import type { ContentCheck } from '../store/content-checks.ts';
import type { Complaint } from '../store/complaints.ts';
import type { Identity } from '../store/identities.ts';
import { ownerOf } from '../store/keys.ts';
import type { StoredMessage } from '../store/messages.ts';
import type { Order } from '../store/orders.ts';
import type { PayLimit, PayMismatch, PayNotice } from '../store/pay-notices.ts';
import type { Refund } from '../store/refunds.ts';
import type { Revocation } from '../store/revocations.ts';
import type { SceneScan } from '../store/scene-scans.ts';
import type { Shipment } from '../store/shipments.ts';
import { readAuthorisations } from './authorisations.ts';
import { parseBySchema, SCHEMAS, type DomainEvent, type EventName } from './schemas.ts';

/** An event before validation. The name and `key` form its id. Each change has its own id. */
interface Fact {
  name: EventName;
  key: string;
  data: Record<string, unknown>;
}

/**
 * Returns the events of one record of the table's stream. Most records have no event.
 *
 * The stream is the outbox. A flow writes only its state. The events are derived from that write, so no flow can omit
 * an event. Ids are derived from stored values, so that a repeated record returns the same events.
 * @throws Error when the data of an event do not match the schema
 */
export function eventsOf(record: DynamoDBRecord): DomainEvent[] {
  const { entity, before, after, at } = readChange(record);
  const build = Object.hasOwn(BUILDERS, entity) ? BUILDERS[entity] : undefined;
  if (!build || !after) return [];
  return build(after as never, before as never).map(({ name, key, data }) => ({
    name,
    id: `${name}:${key}`,
    at,
    data: parseBySchema(SCHEMAS[name], data),
  }));
}

/**
 * Event builders by kind of item. `after` is the item after the write, `before` the item before it. A new item has no
 * `before`.
 */
const BUILDERS: Record<string, (after: never, before: never) => Fact[]> = {
  ORDER: orderFacts,
  REFUND: refundFacts,
  MISMATCH: mismatchFacts,
  NOTICE: noticeFacts,
  DIFF: differenceFacts,
  IDENTITY: identityFacts,
  ACCOUNT: accountFacts,
  SCENE: sceneFacts,
  REVOCATION: revocationFacts,
  MESSAGE: messageFacts,
  CHECK: checkFacts,
  SHIPMENT: shipmentFacts,
  PAYLIMIT: payLimitFacts,
  COMPLAINT: complaintFacts,
};

function orderFacts(order: Order, before?: Order): Fact[] {
  // A new order has not moved any money.
  if (!before) return [];
  const { outTradeNo: key, sku, amountFen, attach, kind, currency, transactionId, paidAt } = order;
  const data = { outTradeNo: key, userId: ownerOf(key), sku, amountFen, attach };
  if (transactionId !== undefined && before.transactionId === undefined) {
    return [{ name: 'order.paid', key, data: { ...data, kind, currency, transactionId, paidAt } }];
  }
  return order.state === 'CLOSED' && before.state !== 'CLOSED' ? [{ name: 'order.closed', key, data }] : [];
}

function refundFacts(refund: Refund, before?: Refund): Fact[] {
  const { outTradeNo, outRefundNo, refundId, amountFen, source, status, successAt, changedAt, attach } = refund;
  if (status === before?.status) return [];
  const data = { outTradeNo, outRefundNo, refundId, userId: ownerOf(outTradeNo), amountFen, attach, source };
  if (status === 'SUCCESS') return [{ name: 'order.refunded', key: outRefundNo, data: { ...data, successAt } }];
  if (status !== 'CLOSED' && status !== 'ABNORMAL' && status !== 'REFUSED') return [];
  // A refund may fail more than once, because its number is reused or its status becomes ABNORMAL again.
  return [{ name: 'order.refund-failed', key: `${outRefundNo}:${changedAt}:${status}`, data: { ...data, status } }];
}

function mismatchFacts(mismatch: PayMismatch, before?: PayMismatch): Fact[] {
  if (before) return [];
  return [{ name: 'payment.mismatched', key: mismatch.refundId ?? mismatch.transactionId, data: { ...mismatch } }];
}

function noticeFacts({ id: noticeId, eventType, reason, seenAt }: PayNotice, before?: object): Fact[] {
  if (before) return [];
  // The content can be personal, so only the item contains it.
  return [{ name: 'payment.notice-stored', key: noticeId, data: { noticeId, eventType, reason, seenAt } }];
}

function differenceFacts(difference: Difference & { date: string }, before?: object): Fact[] {
  if (before) return [];
  const { date, kind, no } = difference;
  return [{ name: 'bill.differed', key: `${date}:${kind}:${no}`, data: { ...difference } }];
}

function identityFacts(identity: Identity, before?: Identity): Fact[] {
  const { appId, openId, accountId: userId, registeredAt, subscribed } = identity;
  const { subscribedChangedAt = Number.NaN, subscribedPushes: { size = 1 } = {} } = identity;
  const facts: Fact[] = [];
  if (registeredAt !== undefined && registeredAt !== before?.registeredAt) {
    facts.push({ name: 'user.registered', key: String(userId), data: { userId, appId, openId } });
  }
  if (subscribed !== undefined && subscribed !== before?.subscribed) {
    const name = subscribed ? 'official-account.subscribed' : 'official-account.unsubscribed';
    const at = new Date(subscribedChangedAt * 1_000).toISOString();
    // A user can follow twice in one second.
    const key = [appId, openId, subscribedChangedAt, ...(size > 1 ? [size] : [])].join(':');
    facts.push({ name, key, data: { appId, openId, userId, at } });
  }
  return facts;
}

function sceneFacts(scan: SceneScan, before?: object): Fact[] {
  if (before) return [];
  const { appId, openId, accountId: userId, pushId, scene, follow, at } = scan;
  const data = { appId, openId, userId, scene, follow, at };
  return [{ name: 'official-account.scene-scanned', key: `${appId}:${pushId}`, data }];
}

function revocationFacts(revocation: Revocation, before?: object): Fact[] {
  if (before) return [];
  const { accountId: userId, appId, openId, pushId, revokeInfo, cancelled, verified, at } = revocation;
  const revoked = readAuthorisations(revokeInfo);
  const data = { userId, appId, openId, revoked, cancelled, verified, pushId, at };
  return [{ name: 'user.authorization-revoked', key: `${appId}:${pushId}`, data }];
}

function messageFacts(stored: StoredMessage<object, unknown>, before?: object): Fact[] {
  // The claim of a reply changes the item, but is no event.
  if (before) return [];
  const { app, appId, openId, accountId: userId, pushId, content: message, reply, at } = stored;
  const key = `${appId}:${pushId}`;
  const facts: Fact[] = [];
  if (message) facts.push({ name: `${app}.message-received`, key, data: { appId, openId, userId, at, message } });
  if (reply !== undefined) facts.push({ name: 'mini-program.reply-due', key, data: { appId, pushId } });
  return facts;
}

function checkFacts(check: ContentCheck, before?: ContentCheck): Fact[] {
  const { checkId: key, userId, kind, subject, label, state, decidedAt: at } = check;
  if (!before || state === before.state) return [];
  const data = { checkId: key, userId, kind, subject, label, at, ...(kind === 'upload' && { uploadId: key }) };
  switch (state) {
    case 'refused':
      return [{ name: 'content.refused', key, data }];
    case 'review':
      return [{ name: 'content.held', key, data }];
    default:
      return state === 'passed' && kind === 'own' ? [{ name: 'content.passed', key, data }] : [];
  }
}

function accountFacts(account: Account & EndOfAccount, before?: typeof account): Fact[] {
  // A new account has no event: user.registered is published when its identity is linked.
  if (!before) return [];
  const { id: userId, phone, phoneRelease, revision, mergedInto: intoUserId, closedAt, closure } = account;
  const facts: Fact[] = [];
  if (phone !== undefined && phone !== before.phone) {
    // The id contains the revision instead of the phone: even a hash of a phone number can be reversed.
    facts.push({ name: 'user.phone-bound', key: `${userId}:${revision}`, data: { userId } });
  }
  if (phoneRelease !== undefined && phone === undefined && before.phone !== undefined) {
    facts.push({ name: 'user.phone-released', key: `${userId}:${revision}`, data: { userId, ...phoneRelease } });
  }
  if (intoUserId !== undefined && before.mergedInto === undefined) {
    facts.push({ name: 'user.merged', key: userId, data: { userId, intoUserId } });
  }
  if (closedAt !== undefined && before.closedAt === undefined) {
    facts.push({ name: 'user.closed', key: userId, data: { userId, ...closure } });
  }
  return facts;
}

function shipmentFacts(shipment: Shipment, before?: Shipment): Fact[] {
  // A new shipment waits for its upload.
  if (!before) return [];
  const { outTradeNo: key, sku, amountFen, attach, delivery, shippedAt, receivedAt, settledAt } = shipment;
  const data = { outTradeNo: key, userId: ownerOf(key), sku, amountFen, attach };
  const parcels = shipment.parcels.map(({ carrier, trackingNo }) => ({ carrier, trackingNo }));
  const facts: Fact[] = [];
  // A lost push skips a state, whose event is then published with the next one.
  if (shippedAt !== undefined && before.shippedAt === undefined)
    facts.push({ name: 'order.shipped', key, data: { ...data, delivery, parcels, shippedAt } });
  if (receivedAt !== undefined && before.receivedAt === undefined)
    facts.push({ name: 'order.received', key, data: { ...data, receivedAt } });
  if (settledAt !== undefined && before.settledAt === undefined)
    facts.push({ name: 'order.settled', key, data: { ...data, settledAt } });
  return facts;
}

function payLimitFacts({ appId, pushId, message, verified, at }: PayLimit, before?: object): Fact[] {
  if (before) return [];
  return [{ name: 'payment.limited', key: `${appId}:${pushId}`, data: { appId, message, verified, pushId, at } }];
}

function complaintFacts({ complaintId: key, details, ownOrderNos }: Complaint, before?: Complaint): Fact[] {
  if (!details || before?.details) return [];
  const { complainedAt, orders, problemType, refundFen } = details;
  const [order] = orders;
  const userId = order && ownOrderNos?.includes(order.outTradeNo) ? ownerOf(order.outTradeNo) : undefined;
  const data = { complaintId: key, ...order, userId };
  return [{ name: 'payment.complained', key, data: { ...data, problemType, refundFen, complainedAt } }];
}
