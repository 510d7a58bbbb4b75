import * as v from 'valibot';

const text = v.pipe(v.string(), v.minLength(1));
const fen = v.pipe(v.number(), v.safeInteger());
const time = v.pipe(v.string(), v.isoTimestamp());

const refund = {
  outTradeNo: text,
  outRefundNo: text,
  userId: text,
  amountFen: fen,
  source: v.picklist(['API', 'CONSOLE']),
};
const follower = { appId: text, openId: text, userId: v.optional(text), at: time };

/**
 * What each event says, and when it happens. A consumer keeps to this: fields may be added, none may change or go.
 * Examples: README.md.
 */
export const SCHEMAS = {
  'order.paid': v.pipe(
    v.object({
      outTradeNo: text,
      userId: text,
      sku: text,
      kind: v.picklist(['goods', 'wallet-topup']),
      amountFen: fen,
      currency: text,
      transactionId: text,
      paidAt: time,
    }),
    v.description('WeChat took the money for an order: once in its life, also when it had been closed.'),
  ),
  'order.closed': v.pipe(
    v.object({ outTradeNo: text, userId: text, sku: text, amountFen: fen }),
    v.description('An order came to its end unpaid; a payment that was under way may still come.'),
  ),
  'order.refunded': v.pipe(
    v.object({ ...refund, refundId: text, successAt: time }),
    v.description('The buyer has the money of a refund, which may be a part of what was paid.'),
  ),
  'order.refund-failed': v.pipe(
    v.object({ ...refund, refundId: v.optional(text), status: v.picklist(['CLOSED', 'ABNORMAL', 'REFUSED']) }),
    v.description('A refund did not reach the buyer; one that is ABNORMAL may succeed later.'),
  ),
  'payment.mismatched': v.pipe(
    v.object({
      transactionId: text,
      refundId: v.optional(text),
      outTradeNo: text,
      reasons: v.array(text),
      seenAt: time,
    }),
    v.description('A genuine payment, or refund, does not fit our books, and a person has to look at it.'),
  ),
  'bill.differed': v.pipe(
    v.object({
      date: v.pipe(v.string(), v.isoDate()),
      kind: text,
      no: text,
      ours: v.optional(v.union([v.string(), v.number()])),
      theirs: v.optional(v.union([v.string(), v.number()])),
    }),
    v.description("A line of WeChat's bill of a day differs from our books, or one of the two has no such line."),
  ),
  'user.registered': v.pipe(
    v.object({ userId: text, appId: text, openId: text }),
    v.description('Somebody who had no account has one now.'),
  ),
  'user.phone-bound': v.pipe(
    v.object({ userId: text }),
    v.description('A phone leads to an account now, in place of the one before. It is personal, and not told.'),
  ),
  'user.merged': v.pipe(
    v.object({ userId: text, intoUserId: text }),
    v.description('Two accounts turned out to be one person: the first is gone, the other took over.'),
  ),
  'user.closed': v.pipe(v.object({ userId: text }), v.description('Somebody closed their account.')),
  'official-account.subscribed': v.pipe(
    v.object(follower),
    v.description('Somebody follows the official account; with a userId if they have an account.'),
  ),
  'official-account.unsubscribed': v.pipe(
    v.object(follower),
    v.description('Somebody does not follow the official account any more.'),
  ),
};

export type EventName = keyof typeof SCHEMAS;
type EventData<Name extends EventName> = v.InferOutput<(typeof SCHEMAS)[Name]>;

/** One fact. It may arrive more than once, always with the same `id`; `at` is when it was written. */
export interface DomainEvent<Name extends EventName = EventName> {
  name: Name;
  id: string;
  at: string;
  data: EventData<Name>;
}

/** Who publishes: the `source` of every event on the bus. */
export const SOURCE = 'wechat-lambda';

/** The `detail` of an event on the bus, where `detail-type` is its name. */
export function detailSchema<Name extends EventName>(name: Name) {
  return v.object({ id: text, at: time, data: SCHEMAS[name] });
}

/** The value in the form of the schema. @throws an error that names the field, and never what was in it */
export function parseBySchema<Schema extends v.GenericSchema>(schema: Schema, value: unknown): v.InferOutput<Schema> {
  const { success, issues, output } = v.safeParse(schema, value);
  if (success) return output;
  const [issue] = issues;
  throw new Error(`${v.getDotPath(issue) ?? 'all of it'} is not ${issue.expected ?? issue.type}`);
}
