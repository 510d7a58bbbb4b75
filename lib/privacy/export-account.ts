import * as v from 'valibot';
import { AppError } from '../core/errors.ts';
import { userId as userIdSchema } from '../identity/user-id.ts';
import { allIdsOf, readMerges, readStoredAccount, type Account, type EndOfAccount } from '../store/accounts.ts';
import { personOf, readIdentity } from '../store/identities.ts';
import { ageOf } from '../store/keys.ts';
import { readOrderPage } from '../store/order-lists.ts';
import type { Order } from '../store/orders.ts';
import { readRefund, type Refund } from '../store/refunds.ts';
import { readShipments, type Shipment } from '../store/shipments.ts';
import type { Table } from '../store/table.ts';
import { readAllUploads } from '../store/uploads.ts';
import { uploadUrl } from '../uploads/create-upload.ts';
import { readBalance, readEntryPage } from '../store/wallets.ts';

export type ExportDeps = { table: Table; publicBaseUrl: string };

/** One part of the export. The first part also contains the data that do not grow with each purchase. */
export interface AccountPart extends Partial<FirstPart> {
  userId: string;
  /** Newest first, each with its refunds and its shipment. */
  orders: object[];
  walletEntries: object[];
  /** Send it as `cursor` to get the next part; absent in the last part. */
  cursor?: string;
}

interface FirstPart {
  account: object;
  identities: object[];
  merges: object[];
  uploads: object[];
  balanceFen: number;
  notIncluded: Record<string, string>;
}

/**
 * Orders and wallet entries of one part. A Lambda function returns at most 6 MB. An order has about 1 KB, and at most 50
 * refunds of half a KB.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
 */
const ROWS = 100;

const input = v.strictObject(
  { userId: userIdSchema, cursor: v.optional(v.string()) },
  'The input must be {"userId": "…", "cursor"?: "…"}, without other fields',
);

/** The next row: of the orders or the wallet entries of one of the ids of the user, after the row `after`. */
const place = v.strictObject({
  list: v.picklist(['orders', 'entries']),
  id: userIdSchema,
  after: v.optional(v.string()),
});
type Place = v.InferOutput<typeof place>;

/** The personal data that this service stores elsewhere, and where the operator finds them. */
const NOT_INCLUDED = {
  sessions: 'The table finds a session only by its token. A session holds the openid and ends after 7 days.',
  shortLived:
    'Rate counters, login tickets, scans, claims, messages and content checks have no list by user. They expire.',
  secrets: 'Session keys and user tokens of WeChat are secrets and open the WeChat account.',
  logs: 'Logs mask openids, phones and names, and expire.',
  events: 'Events on the bus contain openids. Their consumers keep their own data.',
  bills: 'The bill reports in the bucket contain order numbers and amounts, and no openid of this user alone.',
  wechat: 'WeChat and WeChat Pay keep their own data about the user.',
};

/**
 * Returns the personal data of one user as JSON, for a request of the user. An id that was merged leads to the account that
 * remains, whose former ids are included. A closed account returns what remains of it.
 * @throws PARAM_ERROR; NOT_FOUND for an unknown account
 */
export async function exportAccount(deps: ExportDeps, json: unknown): Promise<AccountPart> {
  const parsed = v.safeParse(input, json);
  if (!parsed.success) throw new AppError('PARAM_ERROR', v.summarize(parsed.issues));
  const { userId, cursor } = parsed.output;
  const account = await readStoredAccount(deps.table, userId, 'strong');
  if (!account) throw new AppError('NOT_FOUND', 'No account has this userId');
  const ids = allIdsOf(account).toSorted();
  const start: Place = cursor === undefined ? { list: 'orders', id: ids[0]! } : readCursor(cursor, ids);
  const rows = await readRows(deps.table, ids, start);
  return { userId: account.id, ...(cursor === undefined && (await readFirstPart(deps, account))), ...rows };
}

/** @throws PARAM_ERROR for a cursor of another account */
function readCursor(cursor: string, ids: string[]): Place {
  try {
    const parsed = v.parse(place, JSON.parse(Buffer.from(cursor, 'base64url').toString()));
    if (ids.includes(parsed.id)) return parsed;
  } catch {
    // Reported below, without the received value.
  }
  throw new AppError('PARAM_ERROR', 'cursor must be the cursor of the part before; begin without a cursor');
}

async function readRows(
  table: Table,
  ids: string[],
  start: Place,
): Promise<Pick<AccountPart, 'orders' | 'walletEntries' | 'cursor'>> {
  const orders: object[] = [];
  const walletEntries: object[] = [];
  let next: Place | undefined = start;
  while (next && orders.length + walletEntries.length < ROWS) {
    const limit = ROWS - orders.length - walletEntries.length;
    const { list, id, after }: Place = next;
    if (list === 'orders') {
      const page = await readOrderPage(table, { accountId: id, before: after, limit });
      const shipments = await readShipments(
        table,
        page.map(({ outTradeNo }) => outTradeNo),
      );
      orders.push(...(await Promise.all(page.map((order) => orderOf(table, order, shipments.get(order.outTradeNo))))));
      next = page.length < limit ? following(ids, next) : { list, id, after: ageOf(page.at(-1)!.outTradeNo) };
    } else {
      const page = await readEntryPage(table, { accountId: id, after, limit });
      walletEntries.push(...page.map((entry) => pick(entry, ENTRY_FIELDS)));
      next = page.length < limit ? following(ids, next) : { list, id, after: page.at(-1)!.id };
    }
  }
  const cursor = next && Buffer.from(JSON.stringify(next)).toString('base64url');
  return { orders, walletEntries, ...(cursor !== undefined && { cursor }) };
}

/** Returns the list after this one: the wallet entries of the same id, or the orders of the next id. */
function following(ids: string[], { list, id }: Place): Place | undefined {
  if (list === 'orders') return { list: 'entries', id };
  const nextId = ids[ids.indexOf(id) + 1];
  return nextId === undefined ? undefined : { list: 'orders', id: nextId };
}

async function readFirstPart(
  { table, publicBaseUrl }: ExportDeps,
  account: Account & EndOfAccount,
): Promise<FirstPart> {
  const ids = allIdsOf(account);
  const people = [...(account.identities ?? [])].map(personOf);
  const [identities, merges, uploads, balances] = await Promise.all([
    Promise.all(people.map((person) => readIdentity(table, person, 'strong'))),
    Promise.all(ids.map((id) => readMerges(table, id))),
    readAllUploads(table, account),
    Promise.all(ids.map((id) => readBalance(table, id))),
  ]);
  return {
    account: {
      ...pick(account, ACCOUNT_FIELDS),
      // Without the id of the user who took the phone over.
      ...(account.phoneRelease && { phoneRelease: { reason: account.phoneRelease.reason } }),
    },
    identities: identities.flatMap((identity) => (identity ? [pick(identity, IDENTITY_FIELDS)] : [])),
    merges: merges.flat().map((merge) => pick(merge, MERGE_FIELDS)),
    uploads: uploads.map((upload) => ({ ...pick(upload, UPLOAD_FIELDS), url: uploadUrl(publicBaseUrl, upload) })),
    balanceFen: balances.reduce((sum, balance) => sum + balance, 0),
    notIncluded: NOT_INCLUDED,
  };
}

async function orderOf(table: Table, order: Order, shipment: Shipment | undefined): Promise<object> {
  const refunds = await Promise.all([...(order.refundNos ?? [])].map((no) => readRefund(table, no)));
  return {
    ...pick(order, ORDER_FIELDS),
    refunds: refunds.flatMap((refund) => (refund ? [pick(refund, REFUND_FIELDS)] : [])),
    ...(shipment && { shipment: pick(shipment, SHIPMENT_FIELDS) }),
  };
}

// Each list names what the user may see. A new attribute of an item is not exported before it is listed.

const ACCOUNT_FIELDS = [
  'id',
  'username',
  'nickname',
  'avatarUrl',
  'pendingAvatar',
  'wechatFields',
  'phone',
  'createdAt',
  'lastActiveAt',
  'unionIds',
  'formerIds',
  'closedAt',
  'closure',
] as const;
const IDENTITY_FIELDS = ['appId', 'openId', 'unionId', 'registeredAt', 'subscribed', 'subscribedChangedAt'] as const;
const MERGE_FIELDS = ['fromId', 'intoId', 'mergedAt', 'unionId', 'identities'] as const;
const UPLOAD_FIELDS = ['uploadId', 'type', 'bytes', 'state', 'createdAt'] as const;
const ORDER_FIELDS = [
  'outTradeNo',
  'sku',
  'description',
  'kind',
  'delivery',
  'amountFen',
  'currency',
  'state',
  'createdAt',
  'tradeType',
  'attach',
  'appId',
  'openId',
  'clientIp',
  'refundedFen',
  'refundingFen',
  'transactionId',
  'paidAt',
  'paidBy',
] as const;
const REFUND_FIELDS = [
  'outRefundNo',
  'refundId',
  'amountFen',
  'status',
  'source',
  'reason',
  'createdAt',
  'changedAt',
  'successAt',
] as const satisfies readonly (keyof Refund)[];
const SHIPMENT_FIELDS = [
  'state',
  'delivery',
  'parcels',
  'shippedAt',
  'receivedAt',
  'estimatedSettlementAt',
  'settledAt',
  'refundedAt',
] as const;
const ENTRY_FIELDS = ['id', 'amountFen', 'outTradeNo', 'at'] as const;

/** Returns the named fields. A set becomes an array, because JSON has no sets. */
function pick<Item extends object>(item: Item, fields: readonly (keyof Item)[]): object {
  return Object.fromEntries(
    fields
      .filter((field) => item[field] !== undefined)
      .map((field) => [field, item[field] instanceof Set ? [...item[field]] : item[field]]),
  );
}
