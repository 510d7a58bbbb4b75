// Compile-time rules, which `tsc` checks: unverified content cannot reach the ledger.
import { expectTypeOf, test } from 'vitest';
import type { answerPush as answerMiniappPush } from '../../lib/mini-program/answer-push.ts';
import type { answerPush as answerOfficialPush } from '../../lib/official-account/answer-push.ts';
import type { settlePayment } from '../../lib/pay/settle.ts';
import type { settleRefund } from '../../lib/pay/settle-refund.ts';
import type { takeNotification } from '../../lib/pay/take-notification.ts';
import type { takeNotificationV3 } from '../../lib/pay/take-notification-v3.ts';
import type { takeComplaint } from '../../lib/complaints/take-complaint.ts';
import type { fetchDetails } from '../../lib/complaints/fetch-details.ts';
import type { WechatComplaint } from '../../lib/wechat-pay/complaint.ts';
import type { ComplaintReport, readComplaintReport } from '../../lib/wechat-pay/v3/complaints.ts';
import type { MiniappPush } from '../../lib/wechat/miniapp-push.ts';
import type { OfficialPush } from '../../lib/wechat/official-push.ts';
import type { MiniappPushFacts } from '../../lib/wechat/read-miniapp-push.ts';
import type { PushFacts } from '../../lib/wechat/read-push.ts';
import type { Transaction, WechatRefund } from '../../lib/wechat-pay/pay-api.ts';
import type { readTransactionV2 } from '../../lib/wechat-pay/v2/transaction.ts';
import type { V2Fields } from '../../lib/wechat-pay/v2/fields.ts';
import type { PayNotificationV2 } from '../../lib/wechat-pay/v2/open-notification.ts';
import type { PayNotification } from '../../lib/wechat-pay/v3/open-notification.ts';
import type { readRefundNotice } from '../../lib/wechat-pay/v3/refunds.ts';
import type { readTransaction } from '../../lib/wechat-pay/v3/transaction.ts';
import type { Verified } from '../../lib/wechat-pay/verified.ts';

test('each app accepts opened pushes of its own only', () => {
  expectTypeOf<typeof answerMiniappPush>().parameter(1).toEqualTypeOf<MiniappPush>();
  expectTypeOf<typeof answerOfficialPush>().parameter(1).toEqualTypeOf<OfficialPush>();
  expectTypeOf<MiniappPushFacts & { format: 'json' }>().not.toExtend<MiniappPush>();
  expectTypeOf<PushFacts & { format: 'xml' }>().not.toExtend<OfficialPush>();
  expectTypeOf<OfficialPush>().not.toExtend<MiniappPush>();
  expectTypeOf<MiniappPush>().not.toExtend<OfficialPush>();
});

test('takeNotification accepts opened notifications only', () => {
  expectTypeOf<typeof takeNotification>()
    .parameter(1)
    .toEqualTypeOf<Exclude<PayNotification, { kind: 'complaint' }> | PayNotificationV2>();
  expectTypeOf<typeof takeNotificationV3>().parameter(1).toEqualTypeOf<PayNotification>();
  expectTypeOf<{ kind: 'complaint'; complaint: Verified<ComplaintReport> }>().not.toExtend<PayNotification>();
  expectTypeOf<{ kind: 'payment'; transaction: Verified<Transaction> }>().not.toExtend<PayNotification>();
  expectTypeOf<{ kind: 'refund'; refund: Verified<WechatRefund> }>().not.toExtend<PayNotification>();
  expectTypeOf<{ kind: 'refund-claim'; refund: WechatRefund }>().not.toExtend<PayNotificationV2>();
});

test('settlePayment and settleRefund accept verified content only', () => {
  expectTypeOf<typeof settlePayment>().parameter(1).toEqualTypeOf<Verified<Transaction>>();
  expectTypeOf<typeof settleRefund>().parameter(1).toEqualTypeOf<Verified<WechatRefund>>();
  expectTypeOf<Transaction>().not.toExtend<Verified<Transaction>>();
  expectTypeOf<WechatRefund>().not.toExtend<Verified<WechatRefund>>();
});

test('complaints are stored from verified content only', () => {
  expectTypeOf<typeof takeComplaint>().parameter(1).toEqualTypeOf<Verified<ComplaintReport>>();
  expectTypeOf<typeof readComplaintReport>().parameter(1).toEqualTypeOf<Verified<string>>();
  expectTypeOf<Parameters<typeof fetchDetails>[0]['queryComplaint']>().returns.resolves.toEqualTypeOf<
    Verified<WechatComplaint>
  >();
  expectTypeOf<ComplaintReport>().not.toExtend<Verified<ComplaintReport>>();
});

test('an edited copy of verified content is no verified content', () => {
  const copy = (transaction: Verified<Transaction>) => ({ ...transaction, outTradeNo: 'other' });
  expectTypeOf(copy).returns.not.toExtend<Verified<Transaction>>();
  // @ts-expect-error: verified content cannot be changed
  return (transaction: Verified<Transaction>) => (transaction.outTradeNo = 'other');
});

test('the readers of payments accept verified text and signed fields only', () => {
  expectTypeOf<typeof readTransaction>().parameter(0).toEqualTypeOf<Verified<string>>();
  expectTypeOf<typeof readRefundNotice>().parameter(0).toEqualTypeOf<Verified<string>>();
  expectTypeOf<typeof readTransactionV2>().parameter(0).toEqualTypeOf<Verified<V2Fields>>();
  expectTypeOf<string>().not.toExtend<Verified<string>>();
});

test('the refund of an API v2 notification is a claim, not verified content', () => {
  type Claim = Extract<PayNotificationV2, { kind: 'refund-claim' }>['refund'];
  expectTypeOf<Claim>().not.toExtend<Verified<WechatRefund>>();
  expectTypeOf<Extract<PayNotificationV2, { kind: 'refund' }>>().toBeNever();
});
