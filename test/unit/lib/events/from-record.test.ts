import type { DynamoDBRecord } from 'aws-lambda';
import { describe, expect, it } from 'vitest';
import { readService } from '../../../../infra/service/service.ts';
import { passes } from '../../../../infra/service/stream-filter.ts';
import { eventsOf } from '../../../../lib/events/from-record.ts';
import { SCHEMAS } from '../../../../lib/events/schemas.ts';
import { keys } from '../../../../lib/store/keys.ts';
import type { Order } from '../../../../lib/store/orders.ts';
import type { Refund, RefundStatus } from '../../../../lib/store/refunds.ts';
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
const difference = { date: '2026-11-19', kind: 'amount', no: NO, ours: 1_800, theirs: 1_700 };

const ofOrder = (before: object | undefined, after: object | undefined) => recordOf(keys.order(NO), before, after);
const ofRefund = (before: RefundStatus | undefined, status: RefundStatus, more: object = {}) =>
  recordOf(keys.refund('r-1'), before && { ...refund, status: before }, { ...refund, status, ...more });
const ofIdentity = (before: object | undefined, after: object | undefined) =>
  recordOf(keys.identity('wx1', OPENID), before && { ...identity, ...before }, after && { ...identity, ...after });
const ofAccount = (before: object | undefined, after: object | undefined) =>
  recordOf(keys.account(USER), before && { ...account, ...before }, after && { ...account, ...after });
const ofMismatch = (before: object | undefined, after: object) => recordOf(keys.payMismatch('x'), before, after);
const ofDifference = (before: object | undefined, after: object) =>
  recordOf(keys.billDifference('2026-11-19', 'amount', NO), before, after);

const refunded = {
  outTradeNo: NO,
  outRefundNo: 'r-1',
  refundId: '5000000001',
  userId: USER,
  amountFen: 2_000,
  source: 'API',
};
const failedId = `order.refund-failed:r-1:${refund.changedAt}`;
const subscribedAt = { subscribedChangedAt: 1_795_144_360 };

/** Each change that is an event: its id and its data. */
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
  ['a payment before the answer', ofOrder({ ...order, state: 'CREATED' }, paid), `order.paid:${NO}`, { sku: 'top-up' }],
  ['a payment after the close', ofOrder({ ...order, state: 'CLOSED' }, paid), `order.paid:${NO}`, { userId: USER }],
  [
    'a payment that is being refunded when we hear of it',
    ofOrder(order, { ...paid, state: 'REFUNDING' }),
    `order.paid:${NO}`,
    { transactionId: '4200000001' },
  ],
  [
    'a close',
    ofOrder(order, { ...order, state: 'CLOSED' }),
    `order.closed:${NO}`,
    { outTradeNo: NO, userId: USER, sku: 'top-up', amountFen: 5_000 },
  ],
  [
    'a refund that arrived',
    ofRefund('PROCESSING', 'SUCCESS', { successAt: PAID_AT }),
    'order.refunded:r-1',
    { ...refunded, successAt: PAID_AT },
  ],
  [
    'a refund that was done before we heard of it',
    ofRefund(undefined, 'SUCCESS', { successAt: PAID_AT, source: 'CONSOLE' }),
    'order.refunded:r-1',
    { source: 'CONSOLE' },
  ],
  [
    'a refund that is stuck',
    ofRefund('PROCESSING', 'ABNORMAL'),
    `${failedId}:ABNORMAL`,
    { ...refunded, status: 'ABNORMAL' },
  ],
  [
    'a stuck refund that arrived after all',
    ofRefund('ABNORMAL', 'SUCCESS', { successAt: PAID_AT }),
    'order.refunded:r-1',
    { successAt: PAID_AT },
  ],
  ['a refund that WeChat closed', ofRefund('PROCESSING', 'CLOSED'), `${failedId}:CLOSED`, { status: 'CLOSED' }],
  [
    'a refund that WeChat did not take',
    ofRefund('REQUESTED', 'REFUSED', { refundId: undefined }),
    `${failedId}:REFUSED`,
    { outRefundNo: 'r-1', status: 'REFUSED' },
  ],
  ['a payment that does not fit', ofMismatch(undefined, mismatch), 'payment.mismatched:4200000001', mismatch],
  [
    'a refund that does not fit',
    ofMismatch(undefined, { ...mismatch, refundId: '5000000001' }),
    'payment.mismatched:5000000001',
    { ...mismatch, refundId: '5000000001' },
  ],
  ['a difference of a bill', ofDifference(undefined, difference), `bill.differed:2026-11-19:amount:${NO}`, difference],
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
  ['a phone', ofAccount({}, { phone: '+8613800006666', revision: 3 }), `user.phone-bound:${USER}:3`, { userId: USER }],
  [
    'a merge',
    ofAccount({ phone: '+8613800006666' }, { mergedInto: OTHER, mergedAt: PAID_AT, revision: 3 }),
    `user.merged:${USER}`,
    { userId: USER, intoUserId: OTHER },
  ],
  ['the end of an account', ofAccount({}, { closedAt: PAID_AT }), `user.closed:${USER}`, { userId: USER }],
  [
    'a follower',
    ofIdentity(undefined, { subscribed: true, ...subscribedAt }),
    `official-account.subscribed:wx1:${OPENID}:1795144360`,
    { appId: 'wx1', openId: OPENID, at: '2026-11-20T03:12:40.000Z' },
  ],
  [
    'a follower less, who has an account',
    ofIdentity({ subscribed: true, accountId: USER }, { subscribed: false, accountId: USER, ...subscribedAt }),
    `official-account.unsubscribed:wx1:${OPENID}:1795144360`,
    { appId: 'wx1', openId: OPENID, userId: USER, at: '2026-11-20T03:12:40.000Z' },
  ],
];

/** Changes that are nobody's business. */
const SILENT: [string, DynamoDBRecord][] = [
  ['a new order', ofOrder(undefined, order)],
  ['an order that WeChat accepted', ofOrder({ ...order, state: 'CREATED' }, order)],
  ['an order that was asked about', ofOrder(order, { ...order, queriedAtMs: 1 })],
  ['a paid order that is given back', ofOrder(paid, { ...paid, state: 'REFUNDING' })],
  [
    'a closed order that forgets its payer',
    ofOrder({ ...order, state: 'CLOSED' }, { ...order, state: 'CLOSED', openId: undefined }),
  ],
  ['an order that was deleted', ofOrder(paid, undefined)],
  ['a new refund', ofRefund(undefined, 'REQUESTED')],
  ['a refund that WeChat works on', ofRefund('REQUESTED', 'PROCESSING')],
  ['a refund that changes in something else', ofRefund('SUCCESS', 'SUCCESS', { reason: 'x' })],
  ['a failed refund that is tried again', ofRefund('REFUSED', 'REQUESTED')],
  ['a mismatch that changes', ofMismatch(mismatch, mismatch)],
  ['a difference that changes', ofDifference(difference, difference)],
  ['a new account', ofAccount(undefined, {})],
  ['a new nickname', ofAccount({ phone: '+8613800006666' }, { phone: '+8613800006666', nickname: 'x' })],
  ['a closed account that is cleaned', ofAccount({ closedAt: PAID_AT }, { closedAt: PAID_AT })],
  ['a merged account that changes', ofAccount({ mergedInto: OTHER }, { mergedInto: OTHER, revision: 9 })],
  ['an identity of somebody who has an account', ofIdentity(undefined, { accountId: USER })],
  [
    'an identity that moved to another account',
    ofIdentity({ accountId: OTHER, registeredAt: PAID_AT }, { accountId: USER, registeredAt: PAID_AT }),
  ],
  ['a follower to be asked about', ofIdentity({ subscribed: true }, { subscribed: true, syncRequestedAtMs: 1 })],
  ['an identity that was freed', ofIdentity({ accountId: USER, registeredAt: PAID_AT, subscribed: true }, undefined)],
  ['a session', recordOf(keys.session('s'), undefined, { accountId: USER })],
  ['the reconciliation of a day', recordOf(keys.bill('2026-11-19'), undefined, { date: '2026-11-19' })],
  ['money in a wallet', recordOf(keys.wallet(USER), { balanceFen: 1 }, { balanceFen: 2 })],
  ['an entry of a wallet', recordOf(keys.walletEntry(USER, 'x'), undefined, { amountFen: 1 })],
  ['the record of a merge', recordOf(keys.merge(OTHER, USER), undefined, { intoId: OTHER, fromId: USER })],
  ['an item whose name every object has', recordOf({ pk: 'X', sk: 'toString' }, undefined, {})],
];

const filter =
  readService().streamConsumers.find(({ functionName }) => functionName === 'events-publish')?.filterPatterns ?? [];

describe('a record of the table', () => {
  it.each(EVENTS)('is an event: %s', (_what, record, id, data) => {
    const [event, ...more] = eventsOf(record);
    expect(event).toMatchObject({ name: id.split(':')[0], id, at: WRITTEN_AT, data });
    expect(more).toEqual([]);
  });

  it('is an event of every kind there is', () => {
    expect(new Set(EVENTS.map(([, , id]) => id.split(':')[0]))).toEqual(new Set(Object.keys(SCHEMAS)));
  });

  it.each(SILENT)('is none: %s', (_what, record) => {
    expect(eventsOf(record)).toEqual([]);
  });

  it('is two when two things happened', () => {
    const record = ofIdentity(undefined, { accountId: USER, registeredAt: PAID_AT, subscribed: true, ...subscribedAt });
    expect(eventsOf(record).map(({ name }) => name)).toEqual(['user.registered', 'official-account.subscribed']);
  });

  it('reaches the function if it is an event, and mostly not if it is none', () => {
    expect(filter).toHaveLength(5);
    expect(EVENTS.filter(([, record]) => !passes(filter, record)).map(([what]) => what)).toEqual([]);
    expect(SILENT.filter(([, record]) => passes(filter, record)).length).toBeLessThan(SILENT.length / 2);
  });

  it('tells another phone, and another refusal, from the first', () => {
    const phone = (before: object, after: string, revision: number) =>
      eventsOf(ofAccount(before, { phone: after, revision }))[0]?.id;
    const first = phone({}, '+8613800006666', 3);
    expect(phone({ phone: '+8613800006666' }, '+8613900007777', 4)).not.toBe(first);
    expect(first).not.toContain('138');
    const refusals = ['2026-11-20T03:00:00.000Z', '2026-11-20T04:00:00.000Z'].map(
      (changedAt) => eventsOf(ofRefund('REQUESTED', 'REFUSED', { changedAt }))[0]?.id,
    );
    expect(new Set(refusals).size).toBe(2);
  });

  it('tells somebody who comes back from who they were', () => {
    const [first] = eventsOf(ofIdentity(undefined, { accountId: USER, registeredAt: PAID_AT }));
    const [second] = eventsOf(ofIdentity(undefined, { accountId: OTHER, registeredAt: WRITTEN_AT }));
    expect(first?.id).not.toBe(second?.id);
  });

  it('says nothing personal beyond the openid', () => {
    const phone = '+8613800006666';
    const record = ofAccount({}, { phone, username: '13800006666', nickname: 'Li', revision: 3 });
    expect(JSON.stringify(eventsOf(record))).not.toMatch(/138|Li/);
  });

  it('is refused when it is not what it should be, without a word of what it holds', () => {
    const broken = () => eventsOf(ofOrder(order, { ...paid, paidAt: 'yesterday-secret' }));
    expect(broken).toThrow('paidAt');
    expect(broken).not.toThrow('secret');
    const undated = { ...ofOrder(order, paid), dynamodb: { ...ofOrder(order, paid).dynamodb } };
    delete undated.dynamodb.ApproximateCreationDateTime;
    expect(() => eventsOf(undated)).toThrow('Invalid time');
  });
});
