import * as v from 'valibot';
import { DELIVERIES } from '../core/delivery.ts';
import { miniappMessage, officialMessage } from './message-schemas.ts';

const text = v.pipe(v.string(), v.minLength(1));
const fen = v.pipe(v.number(), v.safeInteger());
const time = v.pipe(v.string(), v.isoTimestamp());

const refund = {
  outTradeNo: text,
  outRefundNo: text,
  userId: text,
  amountFen: fen,
  attach: v.optional(text),
  source: v.picklist(['API', 'CONSOLE']),
};
const content = {
  checkId: text,
  userId: text,
  kind: v.picklist(['nickname', 'avatar', 'upload', 'own']),
  uploadId: v.optional(text),
  subject: v.optional(text),
  label: v.optional(text),
  at: time,
};
const shipment = {
  outTradeNo: text,
  userId: text,
  sku: text,
  amountFen: fen,
  attach: v.optional(text),
};
const sender = { appId: text, openId: text, userId: v.optional(text), at: time };

/**
 * The data of each event, and when the event is published. Consumers rely on the data: fields may be added, but not
 * changed or removed. README.md repeats each comment, with an example.
 */
export const SCHEMAS = {
  /**
   * WeChat received the payment of an order. Each paid order has one such event, also if the order was closed before.
   */
  'order.paid': v.object({
    outTradeNo: text,
    userId: text,
    sku: text,
    kind: v.picklist(['goods', 'wallet-topup']),
    amountFen: fen,
    attach: v.optional(text),
    currency: text,
    transactionId: text,
    paidAt: time,
  }),
  /** An order was closed unpaid. A payment that was under way may still arrive. */
  'order.closed': v.object({ outTradeNo: text, userId: text, sku: text, amountFen: fen, attach: v.optional(text) }),
  /** The buyer received a refund, which may be a part of the payment. */
  'order.refunded': v.object({ ...refund, refundId: text, successAt: time }),
  /** A refund did not reach the buyer. An ABNORMAL refund may still succeed. */
  'order.refund-failed': v.object({
    ...refund,
    refundId: v.optional(text),
    status: v.picklist(['CLOSED', 'ABNORMAL', 'REFUSED']),
  }),
  /** A genuine payment or refund does not match the ledger. An operator has to examine it. */
  'payment.mismatched': v.object({
    transactionId: text,
    refundId: v.optional(text),
    outTradeNo: text,
    reasons: v.array(text),
    seenAt: time,
  }),
  /**
   * WeChat has the shipping information of a whole order. Parcels of a partial shipment have no event of their own.
   */
  'order.shipped': v.object({
    ...shipment,
    delivery: v.picklist(DELIVERIES),
    parcels: v.array(v.object({ carrier: text, trackingNo: text })),
    shippedAt: time,
  }),
  /** The buyer confirmed the receipt of a shipped order, or WeChat did after some days. */
  'order.received': v.object({ ...shipment, receivedAt: time }),
  /** WeChat settled the payment of a received order: the merchant has the money. */
  'order.settled': v.object({ ...shipment, settledAt: time }),
  /**
   * WeChat limits the payments of the mini-program, usually because orders are not shipped. `message` is WeChat's
   * sentence. A push in plain mode is not `verified`: an attacker may have sent it.
   */
  'payment.limited': v.object({ appId: text, message: v.string(), verified: v.boolean(), pushId: text, at: time }),
  /**
   * A buyer complained at WeChat about an order. `userId` is absent if the order belongs to another system of the
   * merchant. The details are read with the operator function `complaints`.
   */
  'payment.complained': v.object({
    complaintId: text,
    outTradeNo: v.optional(text),
    transactionId: v.optional(text),
    userId: v.optional(text),
    amountFen: v.optional(fen),
    problemType: v.optional(text),
    refundFen: v.optional(fen),
    complainedAt: time,
  }),
  /**
   * A genuine payment notification has no flow here: it has an unknown event type (`event-type`), the form of another
   * product (`form`), or names another merchant (`merchant`), or reports a failed payment (`failed-payment`). The
   * item `NOTICE#<noticeId>` holds its content for 90 days.
   */
  'payment.notice-stored': v.object({ noticeId: text, eventType: text, reason: text, seenAt: time }),
  /**
   * A line of WeChat's daily bill differs from the ledger, or one of the two lacks the line. `no` is the number of the
   * order or the refund. The kinds `virtual-count` and `virtual-amount` are about totals of virtual payment, and `no` is
   * the offer id.
   */
  'bill.differed': v.object({
    date: v.pipe(v.string(), v.isoDate()),
    kind: text,
    no: text,
    ours: v.optional(v.union([v.string(), v.number()])),
    theirs: v.optional(v.union([v.string(), v.number()])),
  }),
  /** A WeChat user without an account got one. */
  'user.registered': v.object({ userId: text, appId: text, openId: text }),
  /** An account got a phone, which replaces a former one. The number is personal data and is not published. */
  'user.phone-bound': v.object({ userId: text }),
  /**
   * An account lost its phone: another user took the number over (`takenOverBy`), an operator released it, or the
   * user withdrew it at WeChat. A closed or merged account has no such event.
   */
  'user.phone-released': v.object({
    userId: text,
    reason: v.picklist(['taken-over', 'operator', 'authorization-revoked']),
    takenOverBy: v.optional(text),
  }),
  /** Two accounts of one user were merged: `userId` into `intoUserId`, which remains. */
  'user.merged': v.object({ userId: text, intoUserId: text }),
  /**
   * A user closed the account, or closed the WeChat account (`reason`). With `openMoney`, the wallet holds money or
   * an order is not settled: an operator has to refund it.
   */
  'user.closed': v.object({
    userId: text,
    reason: v.optional(v.literal('wechat-account-cancelled')),
    openMoney: v.optional(v.boolean()),
  }),
  /**
   * A user withdrew authorisations, or closed the WeChat account (`cancelled`). The service deletes its data;
   * consumers must delete their copies. The event of a push in plain mode is not `verified`: an attacker may have
   * sent it.
   */
  'user.authorization-revoked': v.object({
    userId: v.optional(text),
    appId: text,
    openId: text,
    revoked: v.array(text),
    cancelled: v.boolean(),
    verified: v.boolean(),
    pushId: text,
    at: time,
  }),
  /** A WeChat user followed the official account. `userId` is present if the user has an account. */
  'official-account.subscribed': v.object(sender),
  /** A WeChat user unfollowed the official account. */
  'official-account.unsubscribed': v.object(sender),
  /**
   * A WeChat user scanned a QR code of the official account with a scene, such as a channel code. `follow` is whether
   * the user followed the account with this scan. The scan of a login code has no event.
   */
  'official-account.scene-scanned': v.object({ ...sender, scene: text, follow: v.boolean() }),
  /**
   * A user wrote to the official account, and the reply of `replies.ts` is `{ type: "publish" }`. `menuId` is the id
   * of a tapped link.
   */
  'official-account.message-received': v.object({ ...sender, message: officialMessage }),
  /**
   * A user wrote to the customer service of the mini-program, and the reply of `replies.ts` is `{ type: "publish" }`.
   */
  'mini-program.message-received': v.object({ ...sender, message: miniappMessage }),
  /**
   * A message in the customer service of the mini-program has an automatic reply. The function `miniapp-reply` sends
   * it; the item `MESSAGE#<appId>#<pushId>` holds it.
   */
  'mini-program.reply-due': v.object({ appId: text, pushId: text }),
  /**
   * Content of a user was refused after it was accepted: a nickname or an avatar was removed, an upload was deleted,
   * or a team's own content (`subject`) must be removed. `label` is the kind of the content, as WeChat numbers it. A
   * nickname that is refused at once has no such event.
   */
  'content.refused': v.object(content),
  /**
   * Neither WeChat's answer nor its push decides about content of a user: an upload stays hidden, an avatar stays
   * visible, and a team decides about its own content (`subject`). An operator decides with `content-decide`; a late
   * verdict of WeChat still counts.
   */
  'content.held': v.object(content),
  /**
   * A team's own content (`subject`) passed a check whose result was not known at once. A part of the profile and an
   * upload have no such event.
   */
  'content.passed': v.object({ checkId: text, userId: text, subject: text, at: time }),
};

export type EventName = keyof typeof SCHEMAS;
type EventData<Name extends EventName> = v.InferOutput<(typeof SCHEMAS)[Name]>;

/** One event. It may arrive more than once, always with the same `id`; `at` is the time of the write. */
export interface DomainEvent<Name extends EventName = EventName> {
  name: Name;
  id: string;
  at: string;
  data: EventData<Name>;
}

/** The `source` of every event on the bus. */
export const SOURCE = 'wechat-lambda';

/** Returns the schema of the `detail` of an event on the bus, whose `detail-type` is `name`. */
export function detailSchema<Name extends EventName>(name: Name) {
  return v.object({ id: text, at: time, data: SCHEMAS[name] });
}

/**
 * Parses a value by the schema and returns the result.
 * @throws Error that names the field and never contains its value
 */
export function parseBySchema<Schema extends v.GenericSchema>(schema: Schema, value: unknown): v.InferOutput<Schema> {
  const { success, issues, output } = v.safeParse(schema, value);
  if (success) return output;
  const [issue] = issues;
  throw new Error(`${v.getDotPath(issue) ?? 'The whole value'} is not ${issue.expected ?? issue.type}`);
}
