// Changes of the table that publish events, and changes that publish none.
import type { DynamoDBRecord } from 'aws-lambda';
import { readService } from '../../../../infra/service/service.ts';
import { keys } from '../../../../lib/store/keys.ts';
import type { Order } from '../../../../lib/store/orders.ts';
import type { Refund, RefundStatus } from '../../../../lib/store/refunds.ts';
import { CONTENT_EVENTS, SILENT_CHECKS } from '../../../support/content-records.ts';
import { recordOf } from '../../../support/stream-records.ts';
import { PUSH_EVENTS, SILENT_PUSHES } from './push-changes.ts';
import { SHIPPING_EVENTS, SILENT_SHIPPING } from './shipping-changes.ts';

export const USER = 'k3v9x2m7q1w8z4t6';
export const OTHER = 'a7d0f5h2j9l4n8p1';
const NO = `${USER}01jd5m2x8r4v7c9q`;
export const PAID_AT = '2026-11-20T03:12:44.000Z';
const OPENID = 'oABCDEFGHIJKLMNOPQRSTUVWXYZ1';

export const order = {
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
export const paid: Order = { ...order, state: 'PAID', transactionId: '4200000001', paidAt: PAID_AT };
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
const account = {
  id: USER,
  username: 'user_1',
  createdAt: PAID_AT,
  revision: 2,
  identities: new Set(['wx1#o1']),
};
const identity = { appId: 'wx1', openId: OPENID };
const mismatch = { transactionId: '4200000001', outTradeNo: NO, reasons: ['amountFen', 'appId'], seenAt: PAID_AT };
const published = { eventType: 'TRANSACTION.SUCCESS', reason: 'form', seenAt: PAID_AT };
const notice = { ...published, id: 'n-1', content: '{}' };
const difference = { date: '2026-11-19', kind: 'amount', no: NO, ours: 1_800, theirs: 1_700 };

export const ofOrder = (before: object | undefined, after: object | undefined) =>
  recordOf(keys.order(NO), before, after);
export const ofRefund = (before: RefundStatus | undefined, status: RefundStatus, more: object = {}) =>
  recordOf(keys.refund('r-1'), before && { ...refund, status: before }, { ...refund, status, ...more });
export const ofIdentity = (before: object | undefined, after: object | undefined) =>
  recordOf(keys.identity('wx1', OPENID), before && { ...identity, ...before }, after && { ...identity, ...after });
export const ofAccount = (before: object | undefined, after: object | undefined) =>
  recordOf(keys.account(USER), before && { ...account, ...before }, after && { ...account, ...after });
const revocation = { appId: 'wx1', openId: OPENID, pushId: 'p-2', cancelled: false, verified: true, at: PAID_AT };
const ofRevocation = (before?: object) =>
  recordOf(keys.revocation('wx1', 'p-2'), before, { ...revocation, revokeInfo: '8', accountId: USER });
const closure = { reason: 'wechat-account-cancelled', openMoney: true };
const WITHDRAWN = { reason: 'authorization-revoked' };
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
export const subscribedAt = { subscribedChangedAt: 1_795_144_360 };

/** Changes that publish an event, with the id and the data of the event. */
export const EVENTS: [string, DynamoDBRecord, string, object][] = [
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
  ['a payment of a closed order', ofOrder({ ...order, state: 'CLOSED' }, paid), `order.paid:${NO}`, { userId: USER }],
  [
    'a payment that is already being refunded',
    ofOrder(order, { ...paid, state: 'REFUNDING' }),
    `order.paid:${NO}`,
    { transactionId: '4200000001' },
  ],
  [
    'a closed order',
    ofOrder(order, { ...order, state: 'CLOSED' }),
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
  ['a phone that the user withdrew', ofRelease(WITHDRAWN), RELEASED, { userId: USER, ...WITHDRAWN }],
  [
    'a withdrawn authorisation',
    ofRevocation(),
    'user.authorization-revoked:wx1:p-2',
    { ...revocation, revoked: ['phone-number'], userId: USER },
  ],
  ['a closed WeChat account', ofAccount({}, { closedAt: PAID_AT, closure }), `user.closed:${USER}`, closure],
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
  ...PUSH_EVENTS,
  ...SHIPPING_EVENTS,
  ...CONTENT_EVENTS,
];

/** Changes that publish no event. */
export const SILENT: [string, DynamoDBRecord][] = [
  ['a new order', ofOrder(undefined, order)],
  ['an order that WeChat accepted', ofOrder({ ...order, state: 'CREATED' }, order)],
  ['an order that was queried', ofOrder(order, { ...order, queriedAtMs: 1 })],
  ['a paid order with a refund in progress', ofOrder(paid, { ...paid, state: 'REFUNDING' })],
  [
    'a closed order whose payer is erased',
    ofOrder({ ...order, state: 'CLOSED' }, { ...order, state: 'CLOSED', openId: undefined }),
  ],
  ['an order that was deleted', ofOrder(paid, undefined)],
  ['a new refund', ofRefund(undefined, 'REQUESTED')],
  ['a refund that WeChat processes', ofRefund('REQUESTED', 'PROCESSING')],
  ['a refund with another reason', ofRefund('SUCCESS', 'SUCCESS', { reason: 'x' })],
  ['a declined refund that is requested again', ofRefund('REFUSED', 'REQUESTED')],
  ['an updated notice', ofNotice(notice)],
  ...SILENT_PUSHES,
  ...SILENT_SHIPPING,
  ...SILENT_CHECKS,
  ['an applied revocation', ofRevocation(revocation)],
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
  ['a deleted identity', ofIdentity({ accountId: USER, registeredAt: PAID_AT, subscribed: true }, undefined)],
  ['a session', recordOf(keys.session('s'), undefined, { accountId: USER })],
  ['the reconciliation of a day', recordOf(keys.bill('2026-11-19'), undefined, { date: '2026-11-19' })],
  ['the balance of a wallet', recordOf(keys.wallet(USER), { balanceFen: 1 }, { balanceFen: 2 })],
  ['an entry of a wallet', recordOf(keys.walletEntry(USER, 'x'), undefined, { amountFen: 1 })],
  ['the record of a merge', recordOf(keys.merge(OTHER, USER), undefined, { intoId: OTHER, fromId: USER })],
  ['an item named like a property of every object', recordOf({ pk: 'X', sk: 'toString' }, undefined, {})],
];

export const filter =
  readService().streamConsumers.find(({ functionName }) => functionName === 'events-publish')?.filterPatterns ?? [];
