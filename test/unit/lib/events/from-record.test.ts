import { describe, expect, it } from 'vitest';
import { passes } from '../../../../infra/service/stream-filter.ts';
import { eventsOf } from '../../../../lib/events/from-record.ts';
import { SCHEMAS } from '../../../../lib/events/schemas.ts';
import { keys } from '../../../../lib/store/keys.ts';
import type { Order } from '../../../../lib/store/orders.ts';
import type { Refund, RefundStatus } from '../../../../lib/store/refunds.ts';
import { CONTENT_EVENTS, SILENT_CHECKS } from '../../../support/content-records.ts';
import { recordOf, WRITTEN_AT } from '../../../support/stream-records.ts';

const USER = 'k3v9x2m7q1w8z4t6';
const OTHER = 'a7d0f5h2j9l4n8p1';
const NO = `${USER}01jd5m2x8r4v7c9q`;
const PAID_AT = '2026-11-20T03:12:44.000Z';
const OPENID = 'oABCDEFGHIJKLMNOPQRSTUVWXYZ1';

const order = {
  outTradeNo: NO,
  sku: 'top-up',
  description: 'Top-up',
  kind: 'wallet-topup',
  amountFen: 5_000,
  currency: 'CNY',
  state: 'NOTPAY',
  openId: OPENID,
  refundedFen: 0,
} as Order;
const closed: Order = { ...order, state: 'CLOSED' };
const paid: Order = { ...order, state: 'PAID', transactionId: '4200000001', paidAt: PAID_AT };
const refund: Refund = {
  outRefundNo: 'r-1',
  outTradeNo: NO,
  amountFen: 2_000,
  status: 'PROCESSING',
  source: 'API',
  createdAt: '2026-11-20T03:00:00.000Z',
  changedAt: '2026-11-20T03:00:00.000Z',
  refundId: '5000000001',
};
const account = { id: USER, username: 'user_1', createdAt: PAID_AT, revision: 2, identities: new Set(['wx1#o1']) };
const identity = { appId: 'wx1', openId: OPENID };
const mismatch = { transactionId: '4200000001', outTradeNo: NO, reasons: ['amountFen', 'appId'], seenAt: PAID_AT };
const published = { eventType: 'TRANSACTION.SUCCESS', reason: 'form', seenAt: PAID_AT };
const notice = { ...published, id: 'n-1', content: '{}' };
const difference = { date: '2026-11-19', kind: 'amount', no: NO, ours: 1_800, theirs: 1_700 };

const ofOrder = (before: object | undefined, after: object | undefined) => recordOf(keys.order(NO), before, after);
const ofRefund = (before: RefundStatus | undefined, status: RefundStatus, more: object = {}) =>
  recordOf(keys.refund('r-1'), before && { ...refund, status: before }, { ...refund, status, ...more });
const ofIdentity = (before: object | undefined, after: object | undefined) =>
  recordOf(keys.identity('wx1', OPENID), before && { ...identity, ...before }, after && { ...identity, ...after });
const ofAccount = (before: object | undefined, after: object | undefined) =>
  recordOf(keys.account(USER), before && { ...account, ...before }, after && { ...account, ...after });
const scene = { ...identity, accountId: USER, pushId: 'p-1', scene: '0123', follow: false, at: PAID_AT };
const ofScan = recordOf(keys.sceneScan('wx1', 'p-1'), undefined, scene);
const TAKEN = { reason: 'taken-over', takenOverBy: OTHER };
const RELEASED = `user.phone-released:${USER}:2`;
const ofRelease = (phoneRelease: object) => ofAccount({ phone: '+86138' }, { phoneRelease });
const ofMismatch = (before: object | undefined, after: object) => recordOf(keys.payMismatch('o', 'x'), before, after);
const ofNotice = (before?: object) => recordOf(keys.payNotice('n-1'), before, notice);
const ofDifference = (before: object | undefined, after: object) =>
  recordOf(keys.billDifference('2026-11-19', 'amount', NO), before, after);

const [outRefundNo, refundId] = ['r-1', '5000000001'];
const refunded = { outTradeNo: NO, outRefundNo, refundId, userId: USER, amountFen: 2_000, source: 'API' };
const failedId = `order.refund-failed:r-1:${refund.changedAt}`;
const subscribedAt = { subscribedChangedAt: 1_795_144_360 };

/** Changes that publish an event, with the id and the data of the event. */
const EVENTS: [string, DynamoDBRecord, string, object][] = [
  [
    'a payment',
    ofOrder(order, paid),
    `order.paid:${NO}`,
    {
      outTradeNo: NO,
      userId: USER,
      sku: 'top-up',
      kind: 'wallet-topup',
      amountFen: 5_000,
      currency: 'CNY',
      transactionId: '4200000001',
      paidAt: PAID_AT,
    },
  ],
  [
    'a payment before the response to the creation',
    ofOrder({ ...order, state: 'CREATED' }, paid),
    `order.paid:${NO}`,
    { sku: 'top-up' },
  ],
  ['a payment of a closed order', ofOrder(closed, paid), `order.paid:${NO}`, { userId: USER }],
  [
    'a payment that is already being refunded',
    ofOrder(order, { ...paid, state: 'REFUNDING' }),
    `order.paid:${NO}`,
    { transactionId: '4200000001' },
  ],
  [
    'a closed order',
    ofOrder(order, closed),
    `order.closed:${NO}`,
    { outTradeNo: NO, userId: USER, sku: 'top-up', amountFen: 5_000 },
  ],
  [
    'a successful refund',
    ofRefund('PROCESSING', 'SUCCESS', { successAt: PAID_AT }),
    'order.refunded:r-1',
    { ...refunded, successAt: PAID_AT },
  ],
  [
    'a successful refund made in the console',
    ofRefund(undefined, 'SUCCESS', { successAt: PAID_AT, source: 'CONSOLE' }),
    'order.refunded:r-1',
    { source: 'CONSOLE' },
  ],
  [
    'an abnormal refund',
    ofRefund('PROCESSING', 'ABNORMAL'),
    `${failedId}:ABNORMAL`,
    { ...refunded, status: 'ABNORMAL' },
  ],
  [
    'an abnormal refund that succeeds later',
    ofRefund('ABNORMAL', 'SUCCESS', { successAt: PAID_AT }),
    'order.refunded:r-1',
    { successAt: PAID_AT },
  ],
  ['a refund that WeChat closed', ofRefund('PROCESSING', 'CLOSED'), `${failedId}:CLOSED`, { status: 'CLOSED' }],
  [
    'a refund that WeChat declines',
    ofRefund('REQUESTED', 'REFUSED', { refundId: undefined }),
    `${failedId}:REFUSED`,
    { outRefundNo: 'r-1', status: 'REFUSED' },
  ],
  ['a notification without a flow', ofNotice(), 'payment.notice-stored:n-1', { ...published, noticeId: 'n-1' }],
  ['a payment that differs from its order', ofMismatch(undefined, mismatch), 'payment.mismatched:4200000001', mismatch],
  [
    'a refund that differs from its order',
    ofMismatch(undefined, { ...mismatch, refundId: '5000000001' }),
    'payment.mismatched:5000000001',
    { ...mismatch, refundId: '5000000001' },
  ],
  ['a difference in a bill', ofDifference(undefined, difference), `bill.differed:2026-11-19:amount:${NO}`, difference],
  [
    'a registration',
    ofIdentity(undefined, { accountId: USER, registeredAt: PAID_AT }),
    `user.registered:${USER}`,
    { userId: USER, appId: 'wx1', openId: OPENID },
  ],
  [
    'a registration of a follower',
    ofIdentity(
      { subscribed: true, ...subscribedAt },
      { subscribed: true, ...subscribedAt, accountId: USER, registeredAt: PAID_AT },
    ),
    `user.registered:${USER}`,
    { userId: USER },
  ],
  [
    'a bound phone number',
    ofAccount({}, { phone: '+8613800006666', revision: 3 }),
    `user.phone-bound:${USER}:3`,
    { userId: USER },
  ],
  ['a phone that another user took over', ofRelease(TAKEN), RELEASED, { userId: USER, ...TAKEN }],
  ['a phone that an operator released', ofRelease({ reason: 'operator' }), RELEASED, { reason: 'operator' }],
  [
    'a merged account',
    ofAccount({ phone: '+8613800006666' }, { mergedInto: OTHER, mergedAt: PAID_AT, revision: 3 }),
    `user.merged:${USER}`,
    { userId: USER, intoUserId: OTHER },
  ],
  ['a closed account', ofAccount({ phone: '+86138' }, { closedAt: PAID_AT }), `user.closed:${USER}`, { userId: USER }],
  [
    'a new follower',
    ofIdentity(undefined, { subscribed: true, ...subscribedAt }),
    `official-account.subscribed:wx1:${OPENID}:1795144360`,
    { appId: 'wx1', openId: OPENID, at: '2026-11-20T03:12:40.000Z' },
  ],
  [
    'a lost follower who has an account',
    ofIdentity({ subscribed: true, accountId: USER }, { subscribed: false, accountId: USER, ...subscribedAt }),
    `official-account.unsubscribed:wx1:${OPENID}:1795144360`,
    { appId: 'wx1', openId: OPENID, userId: USER, at: '2026-11-20T03:12:40.000Z' },
  ],
  ['a scan of a channel code', ofScan, 'official-account.scene-scanned:wx1:p-1', { userId: USER, follow: false }],
  ...CONTENT_EVENTS,
];

/** Changes that publish no event. */
const SILENT: [string, DynamoDBRecord][] = [
  ['a new order', ofOrder(undefined, order)],
  ['an order that WeChat accepted', ofOrder({ ...order, state: 'CREATED' }, order)],
  ['an order that was queried', ofOrder(order, { ...order, queriedAtMs: 1 })],
  ['a paid order with a refund in progress', ofOrder(paid, { ...paid, state: 'REFUNDING' })],
  ['a closed order whose payer is erased', ofOrder(closed, { ...closed, openId: undefined })],
  ['an order that was deleted', ofOrder(paid, undefined)],
  ['a new refund', ofRefund(undefined, 'REQUESTED')],
  ['a refund that WeChat processes', ofRefund('REQUESTED', 'PROCESSING')],
  ['a refund with another reason', ofRefund('SUCCESS', 'SUCCESS', { reason: 'x' })],
  ['a declined refund that is requested again', ofRefund('REFUSED', 'REQUESTED')],
  ['an updated notice', ofNotice(notice)],
  ['an updated mismatch', ofMismatch(mismatch, mismatch)],
  ['an updated difference', ofDifference(difference, difference)],
  ['a new account', ofAccount(undefined, {})],
  ['a new nickname', ofAccount({ phone: '+8613800006666' }, { phone: '+8613800006666', nickname: 'x' })],
  [
    'a login of an account that lost its phone number',
    ofAccount(
      { phoneRelease: { reason: 'operator' } },
      { phoneRelease: { reason: 'operator' }, lastActiveAt: PAID_AT },
    ),
  ],
  ['an update of a closed account', ofAccount({ closedAt: PAID_AT }, { closedAt: PAID_AT })],
  ['an update of a merged account', ofAccount({ mergedInto: OTHER }, { mergedInto: OTHER, revision: 9 })],
  ['an identity of an existing account', ofIdentity(undefined, { accountId: USER })],
  [
    'an identity that moved to another account',
    ofIdentity({ accountId: OTHER, registeredAt: PAID_AT }, { accountId: USER, registeredAt: PAID_AT }),
  ],
  [
    'a follower with a requested synchronisation',
    ofIdentity({ subscribed: true }, { subscribed: true, syncRequestedAtMs: 1 }),
  ],
  ...SILENT_CHECKS,
  ['a deleted identity', ofIdentity({ accountId: USER, registeredAt: PAID_AT, subscribed: true }, undefined)],
  ['a session', recordOf(keys.session('s'), undefined, { accountId: USER })],
  ['the reconciliation of a day', recordOf(keys.bill('2026-11-19'), undefined, { date: '2026-11-19' })],
  ['the balance of a wallet', recordOf(keys.wallet(USER), { balanceFen: 1 }, { balanceFen: 2 })],
  ['an entry of a wallet', recordOf(keys.walletEntry(USER, 'x'), undefined, { amountFen: 1 })],
  ['the record of a merge', recordOf(keys.merge(OTHER, USER), undefined, { intoId: OTHER, fromId: USER })],
  ['an item named like a property of every object', recordOf({ pk: 'X', sk: 'toString' }, undefined, {})],
];

const filter =
  readService().streamConsumers.find(({ functionName }) => functionName === 'events-publish')?.filterPatterns ?? [];

describe('eventsOf', () => {
  it.each(EVENTS)('returns one event for %s', (_change, record, id, data) => {
    const [event, ...more] = eventsOf(record);
    expect(event).toMatchObject({ name: id.split(':')[0], id, at: WRITTEN_AT, data });
    expect(more).toEqual([]);
  });

  it('returns every event of SCHEMAS for some change', () => {
    expect(new Set(EVENTS.map(([, , id]) => id.split(':')[0]))).toEqual(new Set(Object.keys(SCHEMAS)));
  });

  it.each(SILENT)('returns no event for %s', (_change, record) => {
    expect(eventsOf(record)).toEqual([]);
  });

  it('returns two events for a registration of a new follower', () => {
    const record = ofIdentity(undefined, { accountId: USER, registeredAt: PAID_AT, subscribed: true, ...subscribedAt });
    expect(eventsOf(record).map(({ name }) => name)).toEqual(['user.registered', 'official-account.subscribed']);
  });

  it('receives each record with an event through the stream filter, and fewer than half of the others', () => {
    expect(filter).toHaveLength(5);
    expect(EVENTS.filter(([, record]) => !passes(filter, record)).map(([change]) => change)).toEqual([]);
    expect(SILENT.filter(([, record]) => passes(filter, record)).length).toBeLessThan(SILENT.length / 2);
  });

  it('returns different ids for two phone numbers, and for two declines of a refund', () => {
    const phone = (before: object, after: string, revision: number) =>
      eventsOf(ofAccount(before, { phone: after, revision }))[0]?.id;
    const first = phone({}, '+8613800006666', 3);
    expect(phone({ phone: '+8613800006666' }, '+8613900007777', 4)).not.toBe(first);
    expect(first).not.toContain('138');
    const declines = ['2026-11-20T03:00:00.000Z', '2026-11-20T04:00:00.000Z'].map(
      (changedAt) => eventsOf(ofRefund('REQUESTED', 'REFUSED', { changedAt }))[0]?.id,
    );
    expect(new Set(declines).size).toBe(2);
  });

  it('returns different ids for two registrations of the same identity', () => {
    const [first] = eventsOf(ofIdentity(undefined, { accountId: USER, registeredAt: PAID_AT }));
    const [second] = eventsOf(ofIdentity(undefined, { accountId: OTHER, registeredAt: WRITTEN_AT }));
    expect(first?.id).not.toBe(second?.id);
  });

  it('returns no personal data except the openid', () => {
    const phone = '+8613800006666';
    const record = ofAccount({}, { phone, username: '13800006666', nickname: 'Li', revision: 3 });
    expect(JSON.stringify(eventsOf(record))).not.toMatch(/138|Li/);
    expect(JSON.stringify(CONTENT_EVENTS.map(([, change]) => eventsOf(change)))).not.toMatch(/x\.png|oABC/);
  });

  it('throws for an invalid record with a message that does not quote its values', () => {
    const broken = () => eventsOf(ofOrder(order, { ...paid, paidAt: 'yesterday-secret' }));
    expect(broken).toThrow('paidAt');
    expect(broken).not.toThrow('secret');
    const undated = { ...ofOrder(order, paid), dynamodb: { ...ofOrder(order, paid).dynamodb } };
    delete undated.dynamodb.ApproximateCreationDateTime;
    expect(() => eventsOf(undated)).toThrow('Invalid time');
  });
});
